"""A fault of the program itself: told without any value, because values are secrets."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from pathlib import Path

from rich.text import Text
from textual.app import App, ScreenStackError
from textual.css.query import NoMatches
from textual.dom import NoScreen
from textual.widget import MountError

_HOME = Path(__file__).resolve().parent.parent
_WORDS = (
    "Optdesk stopped because of a fault of its own.",
    "Every lead that was answered with 200 is safe in the store; start it again.",
    "What follows holds no personal data and may be sent to its makers:",
)


def report(error: BaseException) -> str:
    """Where it happened and what kind of fault it was.

    Neither variables nor the message: either may hold a name, a number or a key.
    """
    return "\n".join([*_WORDS, "", *_lines(error)])


def _lines(error: BaseException) -> Iterator[str]:
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        yield from _lines(cause)
        yield "  which led to"
    for frame in traceback.extract_tb(error.__traceback__, limit=-30):
        path = Path(frame.filename)
        shown = path.relative_to(_HOME) if path.is_relative_to(_HOME) else path.name
        yield f"  {shown}:{frame.lineno} in {frame.name}"
    yield type(error).__name__


_TAKEN_APART = (NoMatches, NoScreen, ScreenStackError, MountError)
"""What is raised for want of a widget or a screen."""


class SafeCrash(App[None]):
    """An app whose crash screen prints no values."""

    def _handle_exception(self, error: Exception) -> None:
        # An app that ends is taken apart while messages are still under way: a signal in the
        # moment in which a list is put up finds the list without its parts.
        if not (self._exit and isinstance(error, _TAKEN_APART)):
            super()._handle_exception(error)

    def _fatal_error(self) -> None:
        # Textual's own prints local variables: tokens and phone numbers.
        error = self._exception
        self.panic(Text(report(error) if error is not None else _WORDS[0]))
