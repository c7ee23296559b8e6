"""A bell that one thread rings and another one, which waits for several things at once, hears."""

from __future__ import annotations

import os
from contextlib import suppress


class Bell:
    """Can be read from while it rings."""

    def __init__(self) -> None:
        self.socket, self._rope = os.pipe()
        os.set_blocking(self.socket, False)
        os.set_blocking(self._rope, False)

    def ring(self) -> None:
        """Rings until it is silenced; more often than once is once."""
        with suppress(BlockingIOError):
            os.write(self._rope, b"x")

    def silence(self) -> None:
        """Takes note that it has been heard."""
        with suppress(BlockingIOError):
            os.read(self.socket, 4096)

    def close(self) -> None:
        """Takes it down; nobody may ring it any more."""
        os.close(self.socket)
        os.close(self._rope)
