"""A rule said no: which one, and what to do. In the middle of the screen, not in a corner."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from screens.dialog import Dialog
from storage.errors import OptdeskError
from widgets.display import safe


class Refusal(Dialog[None]):
    """What was refused and why.

    Args:
        error: The rule's sentences.
        here: What to do about it on the desk, by key; in place of the sentence that names a
            command where it is given.
    """

    def __init__(self, error: OptdeskError, here: str = "") -> None:
        super().__init__(classes="refusal")
        self._error = error
        self._step = here or error.next_step

    def title_text(self) -> Content:
        """What it is."""
        return Content(self._error.title)

    def compose_body(self) -> ComposeResult:
        """The sentence and the next step."""
        yield Static(safe(self._error.sentence), classes="dialog-text")
        yield Static(safe(self._step), classes="next-step")
