"""One connection: aiohttp's protocol with the guards that it lacks, and a leaner request loop.

aiohttp parses and keeps the connection's life. What is added: whatever the parser refuses is
answered with the contract's JSON and ends the connection; heads, bodies, answers and idle times
have deadlines; the head of a request has a size; a sender that closes its half gets its answer.
The loop awaits a door directly, without the task, request and response objects that aiohttp
makes for each request: measured, those are two thirds of what an answer costs.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, cast

from aiohttp import EMPTY_PAYLOAD, StreamReader
from aiohttp.http import HttpVersion11, RawRequestMessage
from aiohttp.web import RequestPayloadError
from aiohttp.web_protocol import RequestHandler

from server.answers import Answer, refusal
from server.log import note_unexpected
from server.peers import is_loopback
from server.request import Request
from storage.ids import new_id

if TYPE_CHECKING:
    from server.frontdoor import FrontDoor

NEVER: Final = float("inf")

LARGEST_HEAD = 32 * 1024
"""Bytes that request line and headers may take together."""

LINGER_SECONDS = 2.0
"""How long a sender that is answered before it has finished may go on before it is cut off.

Closing at once would make its system throw the answer away unread."""

_LINGER_BYTES = 4 * 1024 * 1024
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class TooLarge(Exception):
    """The body is larger than allowed."""


class TooSlow(Exception):
    """The body did not arrive in time."""


class Connection(RequestHandler):
    """One sender's connection.

    Args:
        front: The server that it belongs to.
        options: For aiohttp's protocol.
    """

    __slots__ = (
        "_discarded",
        "_front",
        "_head_bytes",
        "_latest",
        "_line",
        "_over",
        "deadline",
        "near",
        "peer",
        "served",
    )

    def __init__(self, front: FrontDoor, **options: Any) -> None:
        super().__init__(front, **options)
        self._front = front
        self._line: asyncio.Transport | None = None
        """The transport until it is lost; aiohttp lets go of its own earlier."""
        self._latest: StreamReader = EMPTY_PAYLOAD
        """The body of the newest request, perhaps still arriving."""
        self._head_bytes = 0
        self._over = False
        """Nothing more is read: the rest of what arrives is thrown away."""
        self._discarded = 0
        self.peer = ""
        """The address at the other end."""
        self.near = False
        """Whether the other end is this machine."""
        self.deadline = NEVER
        """When, by the loop's clock, patience ends."""
        self.served = 0
        """Requests answered so far."""

    @property
    def unfinished(self) -> bool:
        """Whether the sender has yet to finish a request, so that nothing is lost with it."""
        return not self._request_in_progress or not self._latest.is_eof()

    # What happens on the line.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Lets a sender in where there is room."""
        # uvloop's transports are not derived from asyncio's.
        self._line = line = cast(asyncio.Transport, transport)
        address = transport.get_extra_info("peername")
        self.peer = str(address[0]) if isinstance(address, tuple) else ""
        here = transport.get_extra_info("sockname")
        self.near = is_loopback(self.peer) or (isinstance(here, tuple) and here[0] == self.peer)
        if not self._front.crowd.enter(self):
            self._over = True
            line.write(self._front.refused().encode(close=True))
            line.close()
            return
        self.deadline = self._loop.time() + self._front.settings.header_timeout
        super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Wakes whoever waits for a body that will not come."""
        self._front.crowd.leave(self)
        self._line = None
        self._fail_body(ConnectionResetError())
        super().connection_lost(exc)

    def eof_received(self) -> bool:  # type: ignore[override]
        """A sender that closes its half after a whole request still gets its answer."""
        if self._over or self.unfinished:
            return False
        self.close()
        return True

    def data_received(self, data: bytes) -> None:
        """Feeds the parser and keeps the books that limits and deadlines need."""
        if self._over or self._close:
            self._discarded += len(data)
            if self._discarded > _LINGER_BYTES:
                self.cut()
            return
        seen = self._request_count
        super().data_received(data)
        if self._request_count == seen:
            if self._latest.is_eof():
                self._count_head(len(data))
            return
        self._head_bytes = 0
        message, payload = self._messages[-1]
        if isinstance(message, RawRequestMessage):
            self._latest = payload
        else:
            self._over = True
            self._fail_body(RequestPayloadError())

    def _count_head(self, size: int) -> None:
        idle = self._waiter is not None
        if idle and self.served and not self._head_bytes:
            self.deadline = self._loop.time() + self._front.settings.header_timeout
        self._head_bytes += size
        if self._head_bytes > LARGEST_HEAD:
            self._over = True
            self._messages.append((None, EMPTY_PAYLOAD))  # type: ignore[arg-type]
            if self._waiter is not None and not self._waiter.done():
                self._waiter.set_result(None)

    def _fail_body(self, error: Exception) -> None:
        if not self._latest.is_eof():
            self._latest.set_exception(error)

    def expire(self) -> None:
        """Acts on a deadline that has passed."""
        self.deadline = NEVER
        line = self._line
        if line is None:
            return
        if self._over:
            self.cut()
        elif not self._request_in_progress:
            if self._head_bytes:
                line.write(refusal("REQUEST_TIMEOUT", new_id()).encode(close=True))
            self._hang_up(linger=False)
        elif self.unfinished:
            self._fail_body(TooSlow())
        else:
            # It takes no answer.
            self.cut()

    def cut(self) -> None:
        """Ends the connection at once."""
        if self._line is not None:
            self._line.abort()

    # The requests.

    async def start(self) -> None:
        """Answers one request after the other until the connection ends."""
        try:
            while not self._force_close and (self._messages or not self._close):
                if not self._messages:
                    self._waiter = self._loop.create_future()
                    try:
                        await self._waiter
                    finally:
                        self._waiter = None
                if not await self._serve(*self._next()):
                    return
                self.served += 1
                self.deadline = self._loop.time() + self._front.settings.idle_timeout
        except asyncio.CancelledError:
            # aiohttp closes a waiting connection by cancelling what it waits for.
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
        finally:
            if not self._over and self._line is not None:
                self._hang_up(linger=False)

    def _next(self) -> tuple[Any, StreamReader]:
        message, payload = self._messages.popleft()
        if self._parser is not None:
            self._parser.message_consumed()
        if self._buffer_paused and len(self._messages) <= self._msg_queue_resume_size:
            self._resume_reading_if_drained()
        return message, payload

    async def _serve(self, message: Any, payload: StreamReader) -> bool:
        """Answers one request; returns whether the connection goes on."""
        self.deadline = NEVER
        self._request_in_progress = True
        try:
            if not isinstance(message, RawRequestMessage):
                answer = refusal("MALFORMED_REQUEST", new_id())
                self._front.metrics.count("", answer)
                return await self._send(answer, whole=False, go_on=False)
            request = Request(
                message.method, message.path, message.headers, self.peer, near=self.near
            )
            answer = await self._find_answer(request, message, payload)
            # After a request that is not clear, what follows cannot be trusted to be the next one.
            whole = payload.is_eof() and answer.code != "MALFORMED_REQUEST"
            go_on = whole and not (
                message.should_close or self._upgraded or message.version != HttpVersion11
            )
            return await self._send(answer, whole=whole, go_on=go_on, head=message.method == "HEAD")
        except ConnectionError:
            return False
        finally:
            self._request_in_progress = False
            if self._handler_waiter is not None and not self._handler_waiter.done():
                self._handler_waiter.set_result(None)

    async def _find_answer(self, request: Request, message: Any, payload: StreamReader) -> Answer:
        name = ""
        try:
            route = self._front.site.route(request, message)
            if isinstance(route, Answer):
                answer = route
            else:
                name = route.name
                request.body = await self._body(message, payload)
                answer = await route.answer(request)
        except TooLarge:
            answer = refusal("PAYLOAD_TOO_LARGE", request.id)
        except TooSlow:
            answer = refusal("REQUEST_TIMEOUT", request.id)
        except RequestPayloadError:
            answer = refusal("MALFORMED_REQUEST", request.id)
        except ConnectionError:
            raise
        except Exception as error:  # noqa: BLE001 - the boundary: no fault reaches a sender, who may try again
            note_unexpected("a request", error)
            answer = refusal("STORE_UNAVAILABLE", request.id)
        self._front.metrics.count(name, answer)
        return answer

    async def _body(self, message: Any, payload: StreamReader) -> bytes:
        limit = self._front.max_body
        if message.chunked and message.headers.get("Transfer-Encoding", "").lower() != "chunked":
            raise RequestPayloadError
        if payload.is_eof():
            body = payload.read_nowait()
            if len(body) > limit:
                raise TooLarge
            return body
        if int(message.headers.get("Content-Length", 0)) > limit:
            raise TooLarge
        if message.headers.get("Expect", "").lower() == "100-continue" and self._line is not None:
            self._line.write(_CONTINUE)
        self.deadline = self._loop.time() + self._front.settings.body_timeout
        parts: list[bytes] = []
        size = 0
        while part := await payload.readany():
            parts.append(part)
            size += len(part)
            if size > limit:
                raise TooLarge
        self.deadline = NEVER
        return b"".join(parts)

    async def _send(self, answer: Answer, *, whole: bool, go_on: bool, head: bool = False) -> bool:
        line = self._line
        if line is None or line.is_closing():
            return False
        if self._force_close or (self._close and not self._messages):
            go_on = False
        line.write(answer.encode(close=not go_on, without_body=head))
        if not go_on:
            self._hang_up(linger=not whole and answer.code != "REQUEST_TIMEOUT")
        elif self._paused:
            self.deadline = self._loop.time() + self._front.settings.idle_timeout
            await self._drain_helper()
        return go_on

    def _hang_up(self, *, linger: bool) -> None:
        """Ends the connection after what was written; `expire` cuts it if that takes long."""
        self._over = True
        self.deadline = self._loop.time() + LINGER_SECONDS
        if self._line is None:
            return
        if linger and self._line.can_write_eof():
            self._line.write_eof()
        else:
            self._line.close()
