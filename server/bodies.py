"""Reading what a request says: whole, or as much as the log keeps of what is refused."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, Final

from aiohttp import StreamReader
from aiohttp.web import RequestPayloadError

from server.line import NEVER, Line, TooLarge, TooSlow

KEPT_UNREAD = 8 * 1024
"""Bytes that the intake log keeps of a body that is refused before it was read whole."""

_BEGIN_SECONDS = 0.25
_ASKED_SECONDS = 1.0
"""How long is waited for those."""

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

_UNREAD: Final = {
    TooLarge: "PAYLOAD_TOO_LARGE",
    TooSlow: "REQUEST_TIMEOUT",
    RequestPayloadError: "MALFORMED_REQUEST",
}
"""How bodies are answered that cannot be read."""

UNREADABLE = (*_UNREAD, ConnectionError)
"""What ends the reading of a body early."""


class Body:
    """The body of one request.

    Args:
        line: Where it arrives.
        message: Its head.
        payload: Takes what the parser reads of it.
    """

    __slots__ = ("_line", "_message", "_parts", "_payload")

    def __init__(self, line: Line, message: Any, payload: StreamReader) -> None:
        self._line = line
        self._message = message
        self._payload = payload
        self._parts: list[bytes] = []

    async def whole(self, limit: int, seconds: float) -> bytes:
        """All of it.

        Args:
            limit: Bytes that it may have.
            seconds: How long it may take to arrive.
        """
        message, payload = self._message, self._payload
        if message.chunked and message.headers.get("Transfer-Encoding", "").lower() != "chunked":
            raise RequestPayloadError
        if payload.is_eof():
            body = payload.read_nowait()
            if len(body) > limit:
                self._parts.append(body[:KEPT_UNREAD])
                raise TooLarge
            return body
        if int(message.headers.get("Content-Length", 0)) > limit:
            raise TooLarge
        self._bid_go_on()
        self._line.be_patient(seconds)
        size = 0
        while part := await payload.readany():
            self._parts.append(part)
            size += len(part)
            if size > limit:
                raise TooLarge
        self._line.deadline = NEVER
        return b"".join(self._parts)

    async def beginning(self, *, asks: bool) -> bytes:
        """What arrived of one that is refused; one that was refused unread is read a little.

        Args:
            asks: A sender that waits for leave to send it is given leave.
        """
        waits = self._waits
        if not self._parts and (asks or not waits):
            self._bid_go_on()
            size = 0
            with suppress(TimeoutError, *UNREADABLE):
                async with asyncio.timeout(_ASKED_SECONDS if waits else _BEGIN_SECONDS):
                    while size < KEPT_UNREAD and (part := await self._payload.readany()):
                        self._parts.append(part)
                        size += len(part)
        return b"".join(self._parts)[:KEPT_UNREAD]

    @property
    def _waits(self) -> bool:
        """Whether the sender waits for leave to send it."""
        return bool(self._message.headers.get("Expect", "").lower() == "100-continue")

    def _bid_go_on(self) -> None:
        """Tells who asks first, such as curl with a large body, to send it."""
        if self._waits:
            self._line.say(_CONTINUE)


def code_of(problem: Exception) -> str:
    """How a body is answered that could not be read."""
    return _UNREAD.get(type(problem), "MALFORMED_REQUEST")
