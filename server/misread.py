"""What the parser cannot read, and what can still be said of it."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from aiohttp.http import HttpProcessingError
from aiohttp.http_exceptions import BadHttpMethod, BadStatusLine, LineTooLong

LONGEST_LINE = 8190
"""Bytes that an address, or one header, may have."""
_LONGEST_LINE = 8 * 1024
_TOO_MANY = "Too many headers"

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_METHOD = re.compile(_TOKEN)
_LINE = re.compile(rb"(%b) (?:https?://[^/?# ]+)?(/[\x21-\x7e]*) HTTP/1\.[01]\r?" % _TOKEN)
_QUOTED = re.compile(r"""b'.*'|b".*\"""")


@dataclass(frozen=True, slots=True)
class Misread:
    """What stands in the place of a request that the parser cannot read."""

    line: bytes = b""
    """Its first line, where nothing but the method is wrong with it."""
    code: str = "MALFORMED_REQUEST"
    """What is answered where the line tells no more."""

    @property
    def method(self) -> str:
        """The method of such a request."""
        return self.line.partition(b" ")[0].decode("ascii", "replace")

    @property
    def path(self) -> str | None:
        """The path of a request that is well-formed but for a method nobody knows; else None."""
        found = _LINE.fullmatch(self.line)
        return re.split(r"[?#]", found[2].decode(), maxsplit=1)[0] if found else None


def is_about_method(error: HttpProcessingError) -> bool:
    """Whether the parser gave up on a method that it does not know."""
    return isinstance(error, (BadHttpMethod, BadStatusLine))


def fault_of(error: HttpProcessingError, start: bytes) -> Misread:
    """What the parser found too long or too much, or simply wrong.

    Args:
        error: The parser's.
        start: How the head begins, or a few thousand bytes of it.
    """
    if isinstance(error, LineTooLong):
        too_long = len(start.partition(b"\n")[0]) > LONGEST_LINE
        return Misread(code="URI_TOO_LONG" if too_long else "HEADERS_TOO_LARGE")
    if _TOO_MANY in str(error):
        return Misread(code="HEADERS_TOO_LARGE")
    return Misread()


def line_of(error: HttpProcessingError) -> bytes:
    """The first line that the parser gave up on; it is told nowhere but in the error's text."""
    quoted = _QUOTED.search(str(error))
    line = ast.literal_eval(quoted[0]) if quoted else b""
    return line if isinstance(line, bytes) else b""


def first_line(start: bytes) -> bytes | None:
    """The first line of what begins so, empty where it cannot become one; None before its end."""
    line, end, _ = start.partition(b"\n")
    if end:
        return line
    method = start.partition(b" ")[0]
    hopeless = len(start) > _LONGEST_LINE or not _METHOD.fullmatch(method)
    return b"" if hopeless else None
