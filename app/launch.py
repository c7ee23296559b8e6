"""From the command line to the desk and back to an exit code."""

from __future__ import annotations

import gc
import os
import sys
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from app.exits import forget_what_cannot_be_said
from app.options import DeskOptions

if TYPE_CHECKING:
    from app.settings import Settings


def run_desk(options: DeskOptions) -> int:
    """Runs the desk until the person leaves it.

    Args:
        options: The flags.

    Returns:
        The exit code: 0 left, 2 no terminal or wrong settings, 3 store unusable,
        128 + n ended by signal n.
    """
    complaint = terminal_complaint()
    if complaint:
        _say(complaint)
        return 2
    # How long a key waits for the next frame; frames are only drawn when something changed.
    os.environ.setdefault("TEXTUAL_FPS", "240")
    # Collecting while modules are imported costs a fifth of the time to the first frame.
    gc.disable()
    from app.desk import Desk, Fault
    from app.signals import Ending

    desk = Desk(replace(options, on_settings=_tune))
    desk.suit(desk.console.color_system)
    ending = Ending(desk.leave, desk.backstage.close)
    ending.install()

    def thread_died(args: threading.ExceptHookArgs) -> None:
        if args.thread is not None and args.thread.name == "textual-output":
            # Textual's writer dies when the terminal does.
            ending.terminal_lost()
        elif args.exc_value is not None:
            desk.post_message(Fault(args.exc_value))

    threading.excepthook = thread_died
    desk.run()
    ending.be_quick(desk.return_code or 0)
    gc.enable()
    desk.backstage.close()
    ending.over()
    if desk.stopped_by is not None:
        _say(str(desk.stopped_by))
    forget_what_cannot_be_said()
    return desk.return_code or 0


def _tune(settings: Settings) -> None:
    if settings.one_core:
        from server.one_core import OneCore

        OneCore(settings.store).start()


def terminal_complaint() -> str:
    """Why the desk cannot be drawn here; an empty string where it can."""
    streams = {"input": sys.__stdin__, "output": sys.__stdout__, "error": sys.__stderr__}
    missing = [name for name, stream in streams.items() if stream is None or not stream.isatty()]
    if missing:
        return (
            f"The desk needs a terminal, and standard {missing[0]} is none. "
            "To run the listener without a terminal: optdesk serve"
        )
    if os.environ.get("TERM", "") in ("", "dumb", "unknown"):
        return (
            "The desk needs a terminal that can move its cursor; TERM says this one cannot. "
            "To run the listener without a terminal: optdesk serve"
        )
    return ""


def _say(sentence: str) -> None:
    from widgets.plain import clean

    sys.stderr.write(f"optdesk: {clean(sentence)}\n")
