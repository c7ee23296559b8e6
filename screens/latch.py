"""One look at a time: what is asked for meanwhile becomes one more look afterwards."""

from __future__ import annotations

from collections.abc import Callable


class Latch:
    """Collapses requests to look again while a look is under way.

    Args:
        look: Starts a look in the background; whoever receives its result calls `done`.
    """

    def __init__(self, look: Callable[[], None]) -> None:
        self._look = look
        self._busy = False
        self._again = False

    def ask(self) -> None:
        """Look now, or once more when the look under way is over."""
        if self._busy:
            self._again = True
        else:
            self._busy = True
            self._look()

    def done(self) -> None:
        """The look is over."""
        self._busy = False
        if self._again:
            self._again = False
            self.ask()
