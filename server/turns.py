"""Turns for answers that cost their sender nothing, so that they cannot crowd out leads.

An answer about a lead waits for the store, which paces whoever asks. What needs no store, such as
404 or a page, could be asked for as fast as a sender can send; the loop would never rest, and the
writer's thread, which shares the interpreter with it, would hardly get on.
"""

from __future__ import annotations

import asyncio
from collections import deque

TICK_SECONDS = 0.004

TURNS = 16
"""Answers in each tick: several thousand a second, a third of what a core could give."""


class Turns:
    """Lets so many answers out in each tick, in the order in which they were asked for."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._left = TURNS
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def take(self) -> asyncio.Future[None] | None:
        """None where there is a turn to be had at once, else what to wait for."""
        if self._timer is None:
            self._timer = self._loop.call_later(TICK_SECONDS, self._tick)
        if self._left:
            self._left -= 1
            return None
        future = self._loop.create_future()
        self._waiting.append(future)
        return future

    def close(self) -> None:
        """Lets everybody go."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._waiting:
            self._release()

    def _tick(self) -> None:
        self._timer = None
        left = TURNS
        while left and self._waiting:
            left -= self._release()
        self._left = left
        if left < TURNS:
            self._timer = self._loop.call_later(TICK_SECONDS, self._tick)

    def _release(self) -> int:
        future = self._waiting.popleft()
        if future.done():
            return 0
        future.set_result(None)
        return 1
