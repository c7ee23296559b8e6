"""How tests wait, and how they judge a time, on a machine that may stand still for seconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

PATIENCE = 30.0
"""Seconds after which nothing more is waited for: no figure, only an end."""

_TICK = 0.02
_LONGEST = 0.1


class _Waking:
    """Counts the time in which this process got its turn."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._begun = False

    def count(self) -> float:
        """The seconds so far."""
        if not self._begun:
            self._begun = True
            threading.Thread(target=self._run, name="waking", daemon=True).start()
        return self.seconds

    def _run(self) -> None:
        last = time.monotonic()
        while True:
            time.sleep(_TICK)
            now = time.monotonic()
            # A gap that long is the machine's: nothing that was to happen in it could.
            self.seconds += min(now - last, _LONGEST)
            last = now


awake = _Waking().count
"""Seconds on a clock that stands still while the machine does; to a few hundredths."""


def soon(
    met: Callable[[], object], what: str = "it did not happen", within: float = PATIENCE
) -> None:
    """Waits until something is so, which may take as many seconds of the clock below."""
    end = awake() + within
    while not met():
        assert awake() < end, what
        time.sleep(0.01)
