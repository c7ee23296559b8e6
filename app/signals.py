"""Being told to end: SIGTERM, SIGHUP, SIGINT, SIGQUIT, a terminal that is gone.

The terminal is put back and what is in flight is answered; when the screen hangs because its
terminal is gone, a thread of its own ends the process in time.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import termios
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

SCREEN_SECONDS = 2.0
"""How long the screen may take to close by itself."""

_GONE = select.POLLHUP | select.POLLERR | select.POLLNVAL

_RESTORE = (
    b"\x1b[?1000l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?2004l\x1b[?1004l"
    b"\x1b[<u\x1b[?7h\x1b[?1049l\x1b[?25h"
)
"""Mouse, paste, focus and key reports off, lines wrapped, the usual screen, the cursor back."""


class Ending:
    """Ends the desk on signals.

    Args:
        leave: Asks the screen to close with an exit code; from any thread.
        close: Stops listener and store; may take a moment.
    """

    def __init__(self, leave: Callable[[int], None], close: Callable[[], None]) -> None:
        self._leave = leave
        self._close = close
        self._begun = threading.Event()
        self._over = threading.Event()
        self._told = False
        self._terminal = _attributes()

    def install(self) -> None:
        """Takes over the signals. Call it in the main thread."""
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
            signal.signal(number, self._received)
        if self._terminal is not None:
            # Whoever is not in the foreground of its terminal is sent no SIGHUP when that goes,
            # and would read its end over and over.
            watch = threading.Thread(target=self._watch, name="optdesk-terminal", daemon=True)
            watch.start()

    def _watch(self) -> None:
        terminal = select.poll()
        terminal.register(0, 0)
        while not any(event & _GONE for _, event in terminal.poll()):
            pass
        self.terminal_lost()

    def terminal_lost(self) -> None:
        """Nothing can be drawn any more; the same as SIGHUP. From any thread."""
        self.begin(128 + signal.SIGHUP)

    def begin(self, code: int) -> None:
        """Ends in good order, and in any case in time."""
        if not self._told:
            self._told = True
            self.be_quick(code)
            self._leave(code)

    def over(self) -> None:
        """Everything is closed. Whoever was told to end still does so in time."""
        if not self._told:
            self._over.set()

    def be_quick(self, code: int) -> None:
        """From now on the process has a few seconds left, whatever still waits for the store."""
        if not self._begun.is_set():
            self._begun.set()
            insist = threading.Thread(target=self._insist, args=(code,), daemon=True)
            insist.start()

    def _received(self, number: int, _frame: FrameType | None) -> None:
        self.begin(128 + number)

    def _insist(self, code: int) -> None:
        # The process ends by itself before this unless the screen hangs.
        if self._over.wait(SCREEN_SECONDS):
            return
        closer = threading.Thread(target=self._close, daemon=True)
        closer.start()
        closer.join(SCREEN_SECONDS)
        self._restore()
        os._exit(code)

    def _restore(self) -> None:
        if self._terminal is None:
            return
        try:
            os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, _RESTORE)
            termios.tcsetattr(0, termios.TCSANOW, self._terminal)
        except (OSError, termios.error):
            # The terminal is gone, so there is nothing to restore.
            return


def _attributes() -> list[Any] | None:
    try:
        return termios.tcgetattr(0)
    except (OSError, termios.error):
        return None
