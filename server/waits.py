"""How long who knocks at a door waits for the store: noted there, asked by what can wait itself."""

from __future__ import annotations


class Waits:
    """Adds up waits. Noted in the doors' loop, taken in any other thread."""

    def __init__(self) -> None:
        self._sum, self._count = 0.0, 0

    def note(self, seconds: float, count: int = 1) -> None:
        """So long have so many waited together."""
        # A pair that another thread reads in between is off by one wait, which nobody notices.
        self._sum, self._count = self._sum + seconds, self._count + count

    def take(self) -> float:
        """The mean since it was asked last, in seconds; 0 where nobody came."""
        (total, count), (self._sum, self._count) = (self._sum, self._count), (0.0, 0)
        return total / count if count else 0.0
