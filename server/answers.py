"""Every answer of the doors: the codes with their status and sentence, and the bytes sent."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus

from storage.refusals import SENTENCES

JSON = b"application/json; charset=utf-8"

RETRY_SECONDS = 5
"""What a sender is told to wait while the store is in trouble."""

OFF_SECONDS = 60
"""What a sender is told to wait while the integration is off."""


@dataclass(frozen=True, slots=True)
class Code:
    """One error code of the contract."""

    name: str
    status: int
    sentence: str
    retry_after: int | None = None


def _attempts(name: str, status: int, retry_after: int | None = None) -> Code:
    """A code that attempts in the intake log may have."""
    return Code(name, status, SENTENCES[name], retry_after)


CODES: dict[str, Code] = {
    code.name: code
    for code in (
        _attempts("MALFORMED_REQUEST", 400),
        _attempts("MALFORMED_JSON", 400),
        _attempts("INVALID_PHONE_FORMAT", 400),
        _attempts("INVALID_API_KEY", 401),
        Code("INVALID_SIGNATURE", 403, "The gateway did not sign this request"),
        Code("NOT_FOUND", 404, "There is nothing at this address"),
        _attempts("INTEGRATION_NOT_FOUND", 404),
        Code("METHOD_NOT_ALLOWED", 405, "This method is not allowed here"),
        _attempts("REQUEST_TIMEOUT", 408),
        _attempts("ALREADY_OPTED_IN", 409),
        Code("URL_REGENERATED", 410, "This URL was regenerated and no longer works"),
        Code("INTEGRATION_DELETED", 410, "This integration was deleted"),
        _attempts("PAYLOAD_TOO_LARGE", 413),
        Code("URI_TOO_LONG", 414, "The address is too long"),
        _attempts("UNSUPPORTED_MEDIA_TYPE", 415),
        _attempts("MISSING_REQUIRED_FIELD", 422),
        _attempts("AMBIGUOUS_FIELD", 422),
        _attempts("INVALID_OPT_IN_NUMBER", 422),
        _attempts("INVALID_FIELD", 422),
        _attempts("BLOCKED_NUMBER", 422),
        _attempts("IDEMPOTENCY_MISMATCH", 422),
        _attempts("RATE_LIMITED", 429, 1),
        Code("HEADERS_TOO_LARGE", 431, "The headers are too long or too many"),
        _attempts("INTEGRATION_INACTIVE", 503, OFF_SECONDS),
        Code("STORE_UNAVAILABLE", 503, "Leads cannot be stored right now", RETRY_SECONDS),
        Code("TOO_MANY_CONNECTIONS", 503, "Too many connections", 1),
    )
}
"""The error codes by name."""

UNSTORED = frozenset(
    {
        "MALFORMED_REQUEST",
        "INVALID_API_KEY",
        "INVALID_SIGNATURE",
        "NOT_FOUND",
        "METHOD_NOT_ALLOWED",
        "URL_REGENERATED",
        "INTEGRATION_DELETED",
        "PAYLOAD_TOO_LARGE",
        "URI_TOO_LONG",
        "RATE_LIMITED",
        "HEADERS_TOO_LARGE",
    }
)
"""Codes that are answered without waiting for the store."""

_REASONS = {status.value: status.phrase.encode() for status in HTTPStatus}
_LINES = {status: b"HTTP/1.1 %d %b\r\n" % (status, reason) for status, reason in _REASONS.items()}

_HEAD = (
    b"%bContent-Type: %b\r\nContent-Length: %d\r\nX-Request-Id: req_%016x\r\nDate: %b\r\n%b%b\r\n%b"
)
_CLOSE = b"Connection: close\r\n"


class Answer:
    """One answer: what to say, not yet how the connection goes on."""

    __slots__ = ("body", "code", "content_type", "extra", "request_id", "status")

    def __init__(
        self,
        status: int,
        body: bytes,
        request_id: int,
        *,
        code: str = "",
        content_type: bytes = JSON,
        extra: bytes = b"",
    ) -> None:
        self.status = status
        self.body = body
        self.request_id = request_id
        self.code = code
        """The error code, or empty: what the metrics count by."""
        self.content_type = content_type
        self.extra = extra
        """Further header lines, each with its line end."""

    def encode(self, *, close: bool, without_body: bool = False) -> bytes:
        """The bytes to send.

        Args:
            close: Whether the connection ends with this answer, which is then said.
            without_body: For HEAD: the headers alone.
        """
        body = self.body
        return _HEAD % (
            _LINES[self.status],
            self.content_type,
            len(body),
            self.request_id,
            _date(),
            self.extra,
            _CLOSE if close else b"",
            b"" if without_body else body,
        )


def refusal(
    name: str,
    request_id: int,
    *,
    sentence: str = "",
    missing: Sequence[str] = (),
    retry_after: int | None = None,
    extra: bytes = b"",
) -> Answer:
    """The answer for an error code.

    Args:
        name: The code.
        request_id: The request's.
        sentence: Instead of the code's own sentence.
        missing: Every required field that is missing, the first of which is named.
        retry_after: Seconds, instead of the code's own.
        extra: Further header lines.
    """
    code = CODES[name]
    said: dict[str, object] = {
        "success": False,
        "error": sentence or code.sentence,
        "error_code": name,
    }
    if missing:
        said["error"] = code.sentence + missing[0]
        said["missing_fields"] = list(missing)
    said["request_id"] = f"req_{request_id:016x}"
    wait = code.retry_after if retry_after is None else retry_after
    if wait is not None:
        extra += b"Retry-After: %d\r\n" % wait
    return Answer(code.status, json.dumps(said).encode(), request_id, code=name, extra=extra)


def accepted(
    request_id: int, contact_id: int, phone: str, at: str, *, duplicate: bool = False
) -> Answer:
    """The answer to an opt-in that is stored. Every value in it is the program's own."""
    again = '"duplicate": true, ' if duplicate else ""
    body = (
        '{"success": true, "message": "User successfully opted in", '
        f'"data": {{"contact_id": "con_{contact_id:016x}", "phone_number": "{phone}", '
        f'"opt_in_status": "active", "opted_in_at": "{at}"}}, '
        f'{again}"request_id": "req_{request_id:016x}"}}'
    )
    return Answer(200, body.encode(), request_id)


_date_at = (0, b"")


def _date() -> bytes:
    """The `Date` header, written once a second. Safe in any thread."""
    global _date_at  # noqa: PLW0603 - one value for the whole program, replaced as a whole
    moment = int(time.time())
    known = _date_at
    if known[0] != moment:
        known = _date_at = (moment, formatdate(moment, usegmt=True).encode())
    return known[1]
