"""One sender's line: aiohttp's protocol with the guards that it lacks.

aiohttp parses and keeps the connection's life. What is added: whatever the parser refuses becomes
a request that is answered with the contract's JSON and ends the connection; heads, bodies, answers
and idle times have deadlines; the head of a request has a size; a sender that closes its half gets
its answer.

The parser is given one request at a time. What a sender has sent beyond it waits unread, and the
other connections have their turn before it is looked at: who sends thousands of requests at once
delays nobody else, and what cannot be read spoils no good request that came before it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, cast

from aiohttp import EMPTY_PAYLOAD, StreamReader
from aiohttp.http import HttpProcessingError, HttpRequestParser
from aiohttp.web import RequestPayloadError
from aiohttp.web_protocol import RequestHandler

from server.answers import refusal
from server.chunks import Chunks
from server.crowd import Visitor
from server.heads import Head, Whole, plain_head
from server.misread import Misread, fault_of, first_line, is_about_method, line_of
from server.peers import is_loopback
from storage.ids import new_id

if TYPE_CHECKING:
    from server.frontdoor import FrontDoor

NEVER: Final = float("inf")

LARGEST_HEAD = 32 * 1024
"""Bytes that request line and headers may take together."""

LINGER_SECONDS = 2.0
"""How long a sender that is answered before it has finished may go on before it is cut off.

Closing at once would make its system throw the answer away unread."""

MOST_OVERHEAD = 16 * 1024
"""Bytes that a body in chunks may take beside what it says: sizes, extensions, trailers."""

_LAST_SECONDS = 1.0
"""How long a body may go on arriving when the listener stops."""

_LINGER_BYTES = 4 * 1024 * 1024

_SLICE = 4096
"""Bytes given to the parser at once: it copies what it leaves, for each request again."""

_MOST_BEHIND = 64 * 1024
"""Bytes kept of what was sent beyond a request, before the sender has to wait."""

_LONGEST_START = 8 * 1024
"""Bytes kept of a head that has yet to be read."""


class TooLarge(Exception):
    """The body is larger than allowed."""


class TooSlow(Exception):
    """The body did not arrive in time."""


class Line(RequestHandler):
    """What happens between a sender and those who answer it.

    Args:
        front: The server that it belongs to.
        options: For aiohttp's protocol.
    """

    __slots__ = (
        "_behind",
        "_body_bytes",
        "_chunks",
        "_discarded",
        "_due",
        "_ended",
        "_front",
        "_given",
        "_head",
        "_head_bytes",
        "_held",
        "_latest",
        "_line",
        "_over",
        "_start",
        "_unknown_method",
        "deadline",
        "handshake",
        "near",
        "peer",
        "served",
    )

    def __init__(self, front: FrontDoor, **options: Any) -> None:
        super().__init__(front, **options)
        self._parser = HttpRequestParser(
            self,
            self._loop,
            self._read_bufsize,
            max_line_size=self.max_line_size,
            max_field_size=self.max_field_size,
            max_headers=self.max_headers,
            payload_exception=RequestPayloadError,
            auto_decompress=False,
            max_msg_queue_size=1,
        )
        self._front = front
        self._line: asyncio.Transport | None = None
        """The transport until it is lost; aiohttp lets go of its own earlier."""
        self._latest: StreamReader | Whole = EMPTY_PAYLOAD
        """The body of the newest request, perhaps still arriving."""
        self._held = False
        """A request was read that has yet to be answered."""
        self._behind = bytearray()
        """What was sent beyond it, for the parser."""
        self._head: Head | None = None
        """Of the request in hand, where it can be remembered."""
        self._given = 0
        """Bytes given to the parser since it had certainly nothing left."""
        self._due = 0
        """As many that it has nothing left behind the request in hand."""
        self._head_bytes = 0
        self._body_bytes = 0
        """Bytes given to the parser since it read the head of the request in hand."""
        self._chunks: Chunks | None = None
        """The body of the request in hand, where it comes in chunks."""
        self._start = b""
        """How the head begins that has yet to be read."""
        self._unknown_method = False
        """The parser gave up on a method; the rest of that line is still arriving."""
        self._ended = False
        """The sender will send no more."""
        self._over = False
        """Nothing more is read: the rest of what arrives is thrown away."""
        self._discarded = 0
        self.peer = ""
        """The address at the other end."""
        self.handshake: Visitor | None = None
        """Who agreed on keys for it, where TLS is spoken."""
        self.near = False
        """Whether the other end is this machine."""
        self.deadline = NEVER
        """When, by the loop's clock, patience ends."""
        self.served = 0
        """Requests answered so far."""

    @property
    def unfinished(self) -> bool:
        """Whether the sender has yet to finish a request, so that nothing is lost with it."""
        return not self._held or not self._latest.is_eof()

    @property
    def _arriving(self) -> bool:
        """Whether the body of the request in hand is still on its way."""
        return self._held and not self._latest.is_eof()

    def be_patient(self, seconds: float) -> None:
        """Sets the deadline."""
        self.deadline = self._loop.time() + seconds

    def say(self, what: bytes) -> None:
        """Writes to the sender, where it is still there."""
        if self._line is not None:
            self._line.write(what)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Lets a sender in where there is room."""
        # uvloop's transports are not derived from asyncio's.
        self._line = line = cast(asyncio.Transport, transport)
        address = transport.get_extra_info("peername")
        self.peer = str(address[0]) if isinstance(address, tuple) else ""
        here = transport.get_extra_info("sockname")
        self.near = is_loopback(self.peer) or (isinstance(here, tuple) and here[0] == self.peer)
        if self.handshake is not None:
            self._front.crowd.leave(self.handshake)
        if not self._front.crowd.enter(self):
            self._over = True
            line.write(self._front.refused().encode(close=True))
            line.close()
            return
        self.be_patient(self._front.settings.header_timeout)
        super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Wakes whoever waits for a body that will not come."""
        self._front.crowd.leave(self)
        self._line = None
        self._fail_body(ConnectionResetError())
        super().connection_lost(exc)

    def eof_received(self) -> bool:  # type: ignore[override]
        """A sender that closes its half still gets its answer, also to a body that it cut off."""
        if self._over or not self._held:
            return False
        self._ended = True
        self._fail_body(RequestPayloadError())
        return True

    def data_received(self, data: bytes) -> None:
        """Feeds the parser and keeps the books that limits and deadlines need."""
        if self._over or (self._close and not self._arriving):
            self._discarded += len(data)
            if self._discarded > _LINGER_BYTES:
                self.cut()
        elif not data:
            # The parser may go on with what it kept while a door was slow to take a body.
            if self._may_feed():
                self._feed(data)
                self._feed_behind()
        elif self._behind or len(data) > _SLICE or not self._may_feed():
            self._behind += data
            self._feed_behind()
        else:
            self._feed(data)

    def _may_feed(self) -> bool:
        if self._over or self._reading_paused:
            return False
        return not self._held or not self._latest.is_eof()

    def _feed_behind(self) -> None:
        """Gives the parser what waits, as far as it may have it."""
        behind = self._behind
        while behind and self._may_feed():
            piece = bytes(behind[:_SLICE])
            del behind[:_SLICE]
            self._feed(piece)
        if len(behind) > _MOST_BEHIND:
            if not self._buffer_paused:
                self._pause_reading_for_buffer()
        elif self._buffer_paused:
            self._resume_reading_for_buffer()

    def _feed(self, data: bytes) -> None:
        if self._unknown_method:
            self._gather(data)
            return
        if self._parser is None:
            return
        if data and not self._given:
            self._head = head = self._front.heads.find(data)
            if head is not None:
                self._take(head.message, Whole(data[head.end :]))
                return
        self._given += len(data)
        try:
            messages, self._upgraded, _ = self._parser.feed_data(data)
        except HttpProcessingError as error:
            self._give_up(error, data)
            return
        if messages:
            if self._head_bytes + data.find(b"\r\n\r\n") > LARGEST_HEAD:
                self._misread(Misread(code="HEADERS_TOO_LARGE"))
                return
            self._mark_end(messages[0][0], data)
            if messages[0][0].chunked:
                self._chunks = self._follow_from_head(messages[0][0].method, data)
            self._take(*messages[0])
        elif self._held:
            self._count_body(len(data))
            if self._chunks is not None:
                self._chunks.follow(data)
        elif data:
            self._count_head(data)

    def _mark_end(self, message: Any, data: bytes) -> None:
        """Notes where a request ends, where that can be told from the piece with its first byte."""
        begins = self._given == len(data)
        self._head = head = plain_head(message, data) if begins else None
        self._due = head.end + head.length if head is not None else 0

    def _read_on(self) -> None:
        """Goes on behind a request that was answered."""
        self._held = False
        if self._given:
            if self._given == self._due:
                self._given = 0
            self._feed(b"")
        self._feed_behind()

    def _follow_from_head(self, method: str, data: bytes) -> Chunks:
        """Follows a body in chunks from the end of its head, which is in this piece."""
        chunks = Chunks()
        begun = (self._start + data).lstrip(b"\r\n")
        head, end, body = begun.partition(b"\r\n\r\n")
        # Of a head that the parser had kept, or that is longer than what is kept here, nobody
        # can tell where it ends.
        whole = bool(end) and len(self._start) < _LONGEST_START
        whole = whole and head.startswith(method.encode() + b" ")
        chunks.trailers = not whole
        if whole:
            chunks.follow(body)
        return chunks

    def _take(self, message: Any, payload: StreamReader | Whole) -> None:
        """Puts a request in hand and wakes whoever answers."""
        self._held = True
        self._latest = payload
        self._head_bytes = self._body_bytes = 0
        self._start = b""
        self._messages.append((message, cast(StreamReader, payload)))
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _give_up(self, error: HttpProcessingError, data: bytes) -> None:
        """Notes that nothing after this can be read."""
        if self._held:
            self._over = True
            self._fail_body(RequestPayloadError())
        elif not is_about_method(error):
            self._misread(fault_of(error, self._start + data))
        elif self._start or (data and b"\n" not in data):
            self._unknown_method = True
            self._gather(data)
        else:
            self._misread(Misread(line_of(error)))

    def _gather(self, data: bytes) -> None:
        """Reads on to the end of a line of which the parser does not know the method."""
        self._start += data
        self._head_bytes += len(data)
        line = first_line(self._start)
        if line is not None:
            self._misread(Misread(line))

    def _misread(self, what: Misread) -> None:
        self._over = True
        self._head = None
        self._take(what, EMPTY_PAYLOAD)

    def _count_body(self, size: int) -> None:
        self._body_bytes += size
        if self._body_bytes - self._latest.total_bytes > MOST_OVERHEAD:
            self._over = True
            self._fail_body(TooLarge())

    def _count_head(self, data: bytes) -> None:
        idle = self._waiter is not None
        if idle and self.served and not self._head_bytes:
            self.be_patient(self._front.settings.header_timeout)
        self._head_bytes += len(data)
        if len(self._start) < _LONGEST_START:
            self._start += data
        if self._head_bytes > LARGEST_HEAD:
            self._misread(Misread(code="HEADERS_TOO_LARGE"))

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

    def close(self) -> None:
        """Takes no more requests; what is in hand is answered, if its body comes soon."""
        super().close()
        if self._arriving:
            self.deadline = min(self.deadline, self._loop.time() + _LAST_SECONDS)

    def cut(self) -> None:
        """Ends the connection at once."""
        if self._line is not None:
            self._line.abort()

    def _hang_up(self, *, linger: bool) -> None:
        """Ends the connection after what was written; `expire` cuts it if that takes long."""
        self._over = True
        self.be_patient(LINGER_SECONDS)
        if self._line is None:
            return
        if linger:
            # Who waits to send more would not come to read the answer.
            self._behind.clear()
            self._resume_transport_reading()
        if linger and self._line.can_write_eof():
            self._line.write_eof()
        else:
            self._line.close()
