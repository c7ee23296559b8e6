"""One connection: a leaner request loop on one sender's line.

The loop awaits a door directly, without the task, request and response objects that aiohttp
makes for each request: measured, those are two thirds of what an answer costs.
"""

from __future__ import annotations

import asyncio
import re
from functools import partial
from typing import Any

from aiohttp import StreamReader
from aiohttp.http import HttpVersion10, HttpVersion11

from server.answers import UNSTORED, Answer, refusal
from server.bodies import UNREADABLE, Body, code_of
from server.line import NEVER, Line
from server.log import note_unexpected
from server.misread import Misread
from server.request import Request
from server.site import Route

_SPOKEN = (HttpVersion10, HttpVersion11)
_ACCEPTED = 200

_NO_LENGTH = 2**64 - 1
"""The length by which the parser knows that it was told none."""

_MOST_DIGITS = 20
"""Digits of a length: as many as that one has. Of thousands Python makes no number."""

_NO_HOST = re.compile(r"""[\s/\\@?#"<>{}|^`]""")
"""What no name of a host holds. Letters of other alphabets are let pass: they harm nobody."""


class Connection(Line):
    """One sender's connection. See `Line`."""

    __slots__ = ()

    async def start(self) -> None:
        """Answers one request after the other until the connection ends."""
        try:
            while not self._force_close and (self._messages or not self._close):
                if not self._messages:
                    if self._ended:
                        return
                    self._waiter = self._loop.create_future()
                    try:
                        await self._waiter
                    finally:
                        self._waiter = None
                if not await self._serve(*self._messages.popleft()):
                    return
                self.served += 1
                self.be_patient(self._front.settings.idle_timeout)
                self._read_on()
                if self._messages:
                    # The others have their turn first.
                    await asyncio.sleep(0)
        except asyncio.CancelledError:
            # aiohttp closes a waiting connection by cancelling what it waits for.
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
        finally:
            if not self._over and self._line is not None:
                self._hang_up(linger=False)

    async def _serve(self, message: Any, payload: StreamReader) -> bool:
        """Answers one request; returns whether the connection goes on."""
        self.deadline = NEVER
        self._request_in_progress = True
        try:
            head = self._head
            known = head is not None and head.known
            if not known and not isinstance(message, Misread) and not _is_spoken(message):
                message = Misread()
            if isinstance(message, Misread):
                answer = await self._front.site.unreadable(message, self.peer)
                self._front.metrics.count("", answer)
                return await self._send(answer, whole=False, go_on=False)
            # Programs here speak 1.1. Proxies that were not told to name the sender speak 1.0.
            near = self.near and message.version == HttpVersion11
            request = Request(message.method, message.path, message.headers, self.peer, near=near)
            if head is not None:
                request.facts = head.facts
            answer = await self._find_answer(request, message, payload)
            # After a request that is not clear, what follows cannot be trusted to be the next one.
            whole = payload.is_eof() and answer.code != "MALFORMED_REQUEST"
            go_on = whole and (known or self._may_go_on(message))
            self._chunks = None
            if go_on and not known and head is not None and answer.status == _ACCEPTED:
                self._front.heads.learn(head)
            return await self._send(answer, whole=whole, go_on=go_on, head=message.method == "HEAD")
        except ConnectionError:
            return False
        finally:
            self._request_in_progress = False
            if self._handler_waiter is not None and not self._handler_waiter.done():
                self._handler_waiter.set_result(None)

    def _may_go_on(self, message: Any) -> bool:
        return not (
            message.should_close
            # Behind a wish for another protocol the parser reads no further.
            or message.upgrade
            or "Upgrade" in message.headers
            or (self._chunks is not None and self._chunks.trailers)
            or message.version != HttpVersion11
        )

    async def _find_answer(self, request: Request, message: Any, payload: StreamReader) -> Answer:
        route: Route | Answer | None = None
        try:
            route = self._front.site.route(request, message)
            if isinstance(route, Answer):
                answer = route
            else:
                answer = await self._ask(route, request, message, payload)
        except ConnectionError:
            raise
        except Exception as error:  # noqa: BLE001 - the boundary: no fault reaches a sender, who may try again
            note_unexpected("a request", error)
            answer = refusal("STORE_UNAVAILABLE", request.id)
        name, light = "", False
        if route is not None and not isinstance(route, Answer):
            name, light = route.name, route.light
            if route.dress is not None:
                answer = route.dress(request, answer)
        self._front.metrics.count(name, answer)
        if light or answer.code in UNSTORED:
            turn = self._front.turns.take()
            if turn is not None:
                await turn
        return answer

    async def _ask(
        self, route: Route, request: Request, message: Any, payload: StreamReader
    ) -> Answer:
        """The answer of the door that a request knocks at."""
        early = await route.early(request) if route.early else None
        if early is not None:
            return early
        body = Body(self, message, payload)
        try:
            request.body = await body.whole(self._front.max_body, self._front.settings.body_timeout)
        except UNREADABLE as error:
            problem = error
        else:
            return await route.answer(request)
        code = code_of(problem)
        if route.unread is not None:
            await route.unread(request, code, partial(body.beginning, asks=route.asks))
        if isinstance(problem, ConnectionError):
            raise problem
        return refusal(code, request.id)

    async def _send(self, answer: Answer, *, whole: bool, go_on: bool, head: bool = False) -> bool:
        line = self._line
        if line is None or line.is_closing():
            return False
        if self._force_close or self._close:
            go_on = False
        line.write(answer.encode(close=not go_on, without_body=head))
        if not go_on:
            self._hang_up(linger=not whole and answer.code != "REQUEST_TIMEOUT")
        elif self._paused:
            self.be_patient(self._front.settings.idle_timeout)
            await self._drain_helper()
        return go_on


def _is_spoken(message: Any) -> bool:
    """Whether a request is in a version that is spoken here, and framed as that version frames.

    The parser lets 0.9 and 2.0 pass, chunks in 1.0, a coding without a name, one length that it
    takes for none and zeros without end before one, where proxies may see another end, and a host
    that is none.
    """
    if message.version not in _SPOKEN or _NO_HOST.search(message.headers.get("Host", "")):
        return False
    if message.chunked:
        return bool(message.version != HttpVersion10)
    length = message.headers.get("Content-Length", "0")
    if len(length) > _MOST_DIGITS or int(length) == _NO_LENGTH:
        return False
    return "Transfer-Encoding" not in message.headers
