"""How much of its time the courier of webhooks may work, so that it slows down before leads do."""

from __future__ import annotations

from collections.abc import Callable

LONG_SECONDS = 0.025
"""What a lead waits for the store, on average, where there is no time to spare: three times what
it waits where there is. Who sends a thousand a second over 32 connections can wait 32 ms."""

SHORT_SECONDS = 0.018
"""What it waits where the courier may take more."""

LEAST = 0.1
"""So much is always the courier's: under load events arrive late, and not never."""

_LOOK_SECONDS = 0.1
_LESS = 0.75
_MORE = 1.15
_ALONE = 2.0


class Share:
    """A share of time that shrinks while leads have to wait and grows while they have not.

    Measured on a core of which a third was taken away, 1,000 leads a second, four endpoints: the
    slowest hundredth of the leads waited 200 to 1,500 ms without it, and 70 to 90 with it.

    Args:
        waits: The mean wait since it was asked last, in seconds; 0 where nobody came.
    """

    def __init__(self, waits: Callable[[], float]) -> None:
        self._waits = waits
        self._looked_at = 0.0
        self._share = 1.0

    def at(self, clock: float) -> float:
        """The share at a moment of a clock: above 0, 1 where nobody is in need."""
        if clock - self._looked_at >= _LOOK_SECONDS:
            self._looked_at = clock
            mean = self._waits()
            if mean > LONG_SECONDS:
                self._share = max(LEAST, self._share * _LESS)
            elif mean < SHORT_SECONDS:
                self._share = min(1.0, self._share * (_MORE if mean else _ALONE))
        return self._share

    def rest(self, clock: float, since: float, worked: float) -> float:
        """For how many seconds to rest, so that work had no more than its share of the time.

        Args:
            clock: Now.
            since: When the work began.
            worked: The processor seconds that it took so far.
        """
        share = self.at(clock)
        return 0.0 if share == 1.0 else max(0.0, since + worked / share - clock)
