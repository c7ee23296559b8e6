"""Notices that the clock was set back; what waits for a time that it showed would wait too long."""

from __future__ import annotations

import math
import time

from storage.times import AHEAD


class ClockWatch:
    """Compares the clock with the one that nobody sets."""

    def __init__(self) -> None:
        self._most = math.inf
        """Seconds that the one was ahead of the other at most, since it was followed."""

    @property
    def was_set_back(self) -> bool:
        """Whether it was since it was followed, or may have been before it was watched."""
        self._most = max(self._most, _ahead())
        return _ahead() < self._most - AHEAD.total_seconds()

    def followed(self) -> None:
        """Nothing waits by a clock that was ahead any more."""
        self._most = _ahead()


def _ahead() -> float:
    return time.time() - time.monotonic()
