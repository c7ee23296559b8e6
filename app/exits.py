"""How a run of `optdesk` ends when it does not end well, or began without its streams."""

from __future__ import annotations

import atexit
import os
import sys
import threading
from typing import NoReturn, TextIO

from storage.errors import OptdeskError

INTERRUPTED = 130
"""The exit code after Ctrl-C, as shells expect it."""

HUNG_UP = 141
"""The exit code when the reader of a pipe went away, as shells expect it."""


def complain(error: OptdeskError) -> int:
    """Prints an error's sentence and next step; gives its exit code."""
    from widgets.plain import clean

    sys.stderr.write(f"optdesk: {clean(str(error))}\n")
    return error.exit_code


def end(code: int) -> NoReturn:
    """Ends the program with an exit code; whoever must not be cut short has ended before.

    Where threads are left that nobody waits for, the interpreter is not taken apart below them: it
    ends each at the next moment it comes back to Python, and of libraries written in Rust those
    frames die with a crash. Left by a signal while it starts, a desk still has one that imports.
    """
    if threading.active_count() == 1:
        sys.exit(code)
    # What the interpreter does before it takes itself apart: waits for whom it has to.
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    forget_what_cannot_be_said()
    os._exit(code)


def hang_up() -> int:
    """Sends what is still buffered nowhere, so that a closed pipe ends without a word."""
    _say_nowhere(sys.stdout)
    return HUNG_UP


def forget_what_cannot_be_said() -> None:
    """Lets go of what is buffered for a terminal that is gone.

    Else the interpreter would try once more to write it, fail, and end with a code of its own.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            _say_nowhere(stream)


def _say_nowhere(stream: TextIO) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())


def stand_in_for_closed_streams() -> None:
    """Puts nothing in the place of standard streams that were closed before the program began.

    Else the first file that is opened, such as the store's, would take their numbers, and whatever
    is printed would be written into it.
    """
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # The lowest number that is free: this one.
        if getattr(sys, name) is None:
            stream = open(number, mode, encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)
