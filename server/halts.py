"""Notices that the whole process stood still, so that nobody is blamed for the time.

A paused container, a machine that swaps, or `kill -STOP`: the clock goes on meanwhile, and senders
go on to send. When the process goes on, its timers are the first to know.
"""

from __future__ import annotations

import asyncio

_LEAST_SECONDS = 1.0
"""What is shorter may be a busy loop, with which whoever waits gets no longer."""


class Halts:
    """Compares when something was to be woken with when it was.

    Args:
        loop: Whose clock counts.
    """

    __slots__ = ("_due", "_loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._due = 0.0

    def wake_in(self, seconds: float) -> float:
        """Takes note of when that will be; returns the seconds."""
        self._due = self._loop.time() + seconds
        return seconds

    def stood_still(self) -> float:
        """For whom was woken now: the seconds that nothing could be done in; usually 0."""
        late = self._loop.time() - self._due
        return late if late >= _LEAST_SECONDS else 0.0
