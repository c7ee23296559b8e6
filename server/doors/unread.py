"""Requests of known senders whose bodies could not be read whole: what is kept of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.doors.verdict import Refused

if TYPE_CHECKING:
    from server.request import Request

_REASONS = {
    "PAYLOAD_TOO_LARGE": "the body is larger than the setting max_body allows",
    "REQUEST_TIMEOUT": "the body did not arrive in time",
    "MALFORMED_REQUEST": "the body was cut off",
}


def unread(request: Request, code: str) -> Refused:
    """Why a request is refused of whose body there is only the beginning."""
    declared = request.headers.get("Content-Length", "")
    size = f" ({int(declared):,} bytes)" if declared.isdecimal() and len(declared) < 16 else ""
    beginning = "its beginning is kept" if request.body else "nothing of it arrived"
    return Refused(code, f"{_REASONS.get(code, code)}{size}; {beginning}")
