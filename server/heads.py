"""Heads of requests that were said before: what they mean is not found out anew.

A program that sends leads says the same head with each, but for the length of the body. The same
bytes mean the same, so parser and doors need not read them again: measured, that was a tenth of
what a lead costs. Only heads of requests that were accepted are remembered, whole and byte by byte;
whoever sends something else is read by the parser.
"""

from __future__ import annotations

from typing import Any

_MOST = 256
"""Heads that are remembered, of all connections."""

_LONGEST = 2048
"""Bytes of a head that is."""

_END = b"\r\n\r\n"


class Head:
    """The head of one request, or of all that have the same.

    Args:
        message: As it was parsed.
        raw: The head as it was sent.
        length: Bytes of the body behind it.
    """

    __slots__ = ("end", "facts", "known", "length", "message", "raw")

    def __init__(self, message: Any, raw: bytes, length: int) -> None:
        self.message = message
        self.raw = raw
        self.end = len(raw)
        self.length = length
        self.facts: dict[Any, Any] = {}
        """What was read from it by `Request.once`."""
        self.known = False
        """It is remembered."""


class Whole:
    """A body that came with its head, in the form of aiohttp's readers."""

    __slots__ = ("_body", "total_bytes")

    def __init__(self, body: bytes) -> None:
        self._body = body
        self.total_bytes = len(body)

    def is_eof(self) -> bool:
        """Whether all of it is there."""
        return True

    def read_nowait(self) -> bytes:
        """What was not read yet."""
        body, self._body = self._body, b""
        return body

    async def readany(self) -> bytes:
        """The same, for whoever would wait."""
        return self.read_nowait()

    def set_exception(self, error: Exception) -> None:
        """Nothing can go wrong with it any more."""


class Heads:
    """The heads that a listener remembers."""

    def __init__(self) -> None:
        self._known: dict[bytes, Head] = {}

    def find(self, data: bytes) -> Head | None:
        """The head that these bytes begin with, where they are one request and nothing beyond."""
        end = data.find(_END) + len(_END)
        head = self._known.get(data[:end])
        return head if head is not None and end + head.length == len(data) else None

    def learn(self, head: Head) -> None:
        """Remembers the head of a request that was accepted."""
        if len(self._known) >= _MOST:
            # All at once: they are soon said again by those who still send.
            self._known.clear()
        head.known = True
        self._known[head.raw] = head


def plain_head(message: Any, data: bytes) -> Head | None:
    """The head of a request that can be told from its body without the parser.

    Args:
        message: As it was parsed.
        data: What it was parsed from, from its first byte on.

    Returns:
        None where it is framed otherwise, or longer than what is remembered.
    """
    raw = data[: data.find(_END) + len(_END)]
    if not len(_END) < len(raw) <= _LONGEST or message.chunked or message.upgrade:
        return None
    # With lines that end otherwise, another reader might see the end of the head elsewhere.
    if raw[0] in b"\r\n" or raw.count(b"\n") != raw.count(b"\r\n"):
        return None
    return Head(message, raw, int(message.headers.get("Content-Length", 0)))
