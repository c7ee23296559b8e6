"""The shapes that come in and go out at the API door.

They validate what arrives, and `/openapi.json` is made from them.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

_CONTROL = r"\x00-\x1f\x7f-\x9f"

FilledLine = Annotated[str, Field(pattern=rf"^[^{_CONTROL}]*[^\s{_CONTROL}][^{_CONTROL}]*$")]
"""Text on one line that is not blank."""

Line = Annotated[str, Field(pattern=rf"^[^{_CONTROL}]*$")]
"""Text without control characters."""

REQUIRED = ("mobile_phone", "ip_address", "user_agent", "opt_in_number_id")
"""The required fields in the documented order."""


class OptInRequest(BaseModel):
    """A person who opted in, as a site's own backend reports it.

    Fields that are not listed are kept as evidence.
    """

    model_config = ConfigDict(
        extra="allow",
        strict=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
        json_schema_extra={
            "example": {
                "mobile_phone": "+11234567890",
                "ip_address": "192.168.1.1",
                "user_agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36",
                "opt_in_number_id": "num_test",
            }
        },
    )

    mobile_phone: Annotated[str, Field(pattern=r"^\+[1-9][0-9]{6,14}$")]
    """Mobile phone number in E.164 format, such as `+11234567890`."""
    ip_address: Annotated[
        str,
        Field(min_length=1, json_schema_extra={"anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]}),
    ]
    """The person's IP address, IPv4 or IPv6."""
    user_agent: FilledLine
    """The user agent of the person's browser."""
    opt_in_number_id: FilledLine
    """The messaging number that the person opted in to; `num_test` always resolves."""
    first_name: Line | None = None
    """First name."""
    last_name: Line | None = None
    """Last name."""
    source_url: Line | None = None
    """The page on which the person consented."""
    consent_text: str | None = None
    """The wording that the person agreed to."""


_OPT_IN_EXAMPLE: dict[str, Any] = {
    "success": True,
    "message": "User successfully opted in",
    "data": {
        "contact_id": "con_1234567890abcdef",
        "phone_number": "+11234567890",
        "opt_in_status": "active",
        "opted_in_at": "2024-03-28T12:00:00Z",
    },
    "request_id": "req_1234567890abcdef",
}


class OptedInContact(BaseModel):
    """The contact behind an opt-in."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    contact_id: Annotated[str, Field(pattern="^con_[0-9a-f]{16}$")]
    """The contact's id."""
    phone_number: Annotated[str, Field(pattern=r"^\+[1-9][0-9]{6,14}$")]
    """The number in its canonical form."""
    opt_in_status: Literal["active"]
    """Always `active`."""
    opted_in_at: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]
    """When, in UTC."""


class OptedIn(BaseModel):
    """The opt-in is stored."""

    model_config = ConfigDict(
        extra="forbid",
        use_attribute_docstrings=True,
        json_schema_extra={"example": _OPT_IN_EXAMPLE},
    )

    success: Literal[True]
    """Always true."""
    message: str
    """A sentence."""
    data: OptedInContact
    """Whom it is about."""
    request_id: Annotated[str, Field(pattern="^req_[0-9a-f]{16}$")]
    """Names this request, as the header `X-Request-Id` does."""


class HookOptedIn(OptedIn):
    """The opt-in is stored, or was already."""

    duplicate: Literal[True] | None = Field(default=None)
    """Set where the person had opted in before."""


class Refusal(BaseModel):
    """The request was not accepted."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    success: Literal[False]
    """Always false."""
    error: str
    """What is wrong, as a sentence."""
    error_code: str
    """What is wrong, as a code."""
    missing_fields: list[str] | None = Field(default=None)
    """With `MISSING_REQUIRED_FIELD` alone: every field that is missing or blank."""
    request_id: Annotated[str, Field(pattern="^req_[0-9a-f]{16}$")]
    """Names this request, as the header `X-Request-Id` does."""
