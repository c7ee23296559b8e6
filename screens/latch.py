"""One look at a time: what is asked for meanwhile becomes one more look afterwards."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic


class Latch:
    """Collapses requests to look again while a look is under way.

    Args:
        look: Starts a look in the background; whoever receives its result calls `done`.
        every: Seconds from the beginning of one look to that of the next.
        later: Calls a function after some seconds, in the same thread.
        rest: Seconds until a look begins at all, so that what matters more goes first.
    """

    def __init__(
        self,
        look: Callable[[], None],
        every: float = 0.0,
        later: Callable[[float, Callable[[], None]], object] | None = None,
        rest: float = 0.0,
    ) -> None:
        self._look = look
        self._every = every
        self._later = later
        self._rest = rest
        self._last = -every
        self._busy = False
        self._again = False

    def ask(self) -> None:
        """Look now, or once more when the look under way and the interval are over."""
        if self._busy:
            self._again = True
            return
        self._busy = True
        wait = max(self._rest, self._last + self._every - monotonic())
        if wait > 0 and self._later is not None:
            self._later(wait, self._begin)
        else:
            self._begin()

    def _begin(self) -> None:
        self._last = monotonic()
        self._look()

    def done(self) -> None:
        """The look is over."""
        self._busy = False
        if self._again:
            self._again = False
            self.ask()
