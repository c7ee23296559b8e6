"""What can be done before anybody asks for it, in small steps between other things."""

from __future__ import annotations

from asyncio import get_running_loop
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncio import TimerHandle
    from collections.abc import Iterator

PAUSE = 0.001
"""Seconds between two steps: whatever came meanwhile goes first."""


class Leisure:
    """Goes through steps while there is time for them. A key waits for one step at most."""

    def __init__(self) -> None:
        self._due: TimerHandle | None = None

    def do(self, steps: Iterator[None]) -> None:
        """Goes through these steps, and no longer through those of before."""
        self.stop()
        self._due = get_running_loop().call_later(PAUSE, self._step, steps)

    def stop(self) -> None:
        """Leaves the rest undone."""
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _step(self, steps: Iterator[None]) -> None:
        self._due = None
        for _ in steps:
            self._due = get_running_loop().call_later(PAUSE, self._step, steps)
            break
