"""How tests wait, and how they judge a time, on a machine that may stand still for seconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

PATIENCE = 30.0
"""Seconds after which nothing more is waited for: no figure, only an end."""

_TICK = 0.02
_LONGEST = 0.1


_STAT = Path("/proc/stat")


class _Host:
    """Which part of the processor time it was asked for a virtual machine's host gave."""

    def __init__(self) -> None:
        self._wanted, self._taken = self._read()

    def share(self) -> float:
        """The part since the last call, from 0 to 1; 1 where it is not known."""
        wanted, taken = self._read()
        more_wanted, more_taken = wanted - self._wanted, taken - self._taken
        self._wanted, self._taken = wanted, taken
        return max(0.0, 1 - more_taken / more_wanted) if more_wanted > 0 else 1.0

    @staticmethod
    def _read() -> tuple[int, int]:
        """Ticks in which a processor was wanted, and those of them that others had (proc(5))."""
        if not _STAT.exists():
            return 0, 0
        with _STAT.open() as lines:
            user, nice, system, _idle, _iowait, irq, softirq, steal = map(
                int, lines.readline().split()[1:9]
            )
        return user + nice + system + irq + softirq + steal, steal


class _Waking:
    """Counts the time in which this process got its turn, as far as the machine can tell."""

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
        host, last = _Host(), time.monotonic()
        while True:
            time.sleep(_TICK)
            now = time.monotonic()
            # A gap that long is the machine's: nothing that was to happen in it could.
            self.seconds += min(now - last, _LONGEST) * host.share()
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


def queued(pid: int) -> float:
    """Seconds that the main thread of a process was ready and had no processor (proc(5)).

    What other programs of the machine do to it; 0 where it is not told.
    """
    told = Path(f"/proc/{pid}/schedstat")
    return int(told.read_text().split()[1]) / 1e9 if told.exists() else 0.0
