"""Rate limits: at most so many requests in any second, exactly."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Hashable

WINDOW = 1.0
"""Seconds that a limit counts over."""

_MANY = 4096
"""Callers remembered before those that fell silent are forgotten."""


class Rates:
    """Lets each caller through `limit` times in any second, and no more.

    Refused requests do not count, so a caller who keeps knocking still gets its share.

    Args:
        limit: Requests a second; 0 lets everything through.
        clock: Seconds from any start; never set back.
    """

    def __init__(self, limit: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._clock = clock
        self._passed: dict[Hashable, deque[float]] = {}

    def wait(self, caller: Hashable) -> float:
        """Seconds until the caller may come in; 0 when it may now. Changes nothing."""
        if not self._limit:
            return 0.0
        passed = self._passed.get(caller)
        if passed is None or len(passed) < self._limit:
            return 0.0
        return max(0.0, passed[0] + WINDOW - self._clock())

    def count(self, caller: Hashable) -> None:
        """Counts a request that came in."""
        if not self._limit:
            return
        passed = self._passed.get(caller)
        if passed is None:
            if len(self._passed) >= _MANY:
                self._forget_the_silent()
            passed = self._passed[caller] = deque(maxlen=self._limit)
        passed.append(self._clock())

    def _forget_the_silent(self) -> None:
        limit = self._clock() - WINDOW
        self._passed = {who: times for who, times in self._passed.items() if times[-1] > limit}
