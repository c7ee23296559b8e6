"""`optdesk` in a terminal of its own."""

from __future__ import annotations

import contextlib
import os
import pty
import signal
import subprocess
from collections.abc import Callable
from types import TracebackType

from tests import programs
from tests.waiting import PATIENCE


class Terminal:
    """A program with a terminal for input, output and errors.

    Args:
        words: What follows `optdesk`.
        cold: See `tests.programs.start`.
    """

    def __init__(self, *words: str, cold: bool = False) -> None:
        self._ours, theirs = pty.openpty()
        self.process = programs.start(
            *("-m", "app.main", *words),
            cold=cold,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={"TERM": "xterm-256color"} | os.environ,
            start_new_session=True,
            # A shell's background jobs ignore ctrl+c, and so would what they start.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        os.close(theirs)
        self.shown = ""

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._ours)

    def read_until(self, enough: Callable[[str], bool]) -> str:
        """Everything shown so far, once it is enough or the program has ended."""
        while not enough(self.shown):
            try:
                self.shown += os.read(self._ours, 65_536).decode(errors="replace")
            except OSError:
                break
        return self.shown

    def type(self, text: str) -> None:
        """Types."""
        os.write(self._ours, text.encode())

    def interrupt(self) -> None:
        """Presses ctrl+c until it is heard: one that comes just before a read is not."""
        while self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(0.5)

    def end(self) -> int:
        """Waits for the end; gives the exit code, negative for a signal."""
        self.read_until(lambda _shown: False)
        return self.process.wait(PATIENCE)
