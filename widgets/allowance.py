"""How often something may be done that nobody could follow at any pace."""

from __future__ import annotations

from time import monotonic


class Allowance:
    """Lets a few through at once, and then so many a second.

    Args:
        at_once: How many at once after a rest.
        a_second: How many a second where they keep coming.
    """

    def __init__(self, at_once: int, a_second: float) -> None:
        self._most = float(at_once)
        self._pace = a_second
        self._left = float(at_once)
        self._since = monotonic()

    def wait(self) -> float:
        """Takes one where there is one.

        Returns:
            Seconds until there is one; 0 where it was taken.
        """
        moment = monotonic()
        self._left = min(self._most, self._left + (moment - self._since) * self._pace)
        self._since = moment
        if self._left < 1:
            return (1 - self._left) / self._pace
        self._left -= 1
        return 0.0
