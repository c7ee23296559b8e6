"""Asking before what cannot be undone."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Button, Static

from screens.commands import Verb
from screens.dialog import Dialog


class Confirm(Dialog[bool]):
    """A question with two buttons. The safe one has the focus.

    Args:
        verb: What is about to be done; its confirmation is the button's word.
        question: The title.
        consequence: What will happen. May quote strangers, so it comes as content.
        safe: The word of the button that leaves things as they are.
    """

    BINDINGS: ClassVar = [
        ("left,h", "app.focus_previous", "Previous button"),
        ("right,l", "app.focus_next", "Next button"),
    ]

    def __init__(
        self, verb: Verb, question: Content, consequence: Content, safe: str = "Cancel"
    ) -> None:
        super().__init__(classes="confirm")
        self.verb = verb
        self._question = question
        self._consequence = consequence
        self._safe = safe

    def title_text(self) -> Content:
        """The question."""
        return self._question

    def compose_body(self) -> ComposeResult:
        """The consequence and the two buttons, the safe one first."""
        yield Static(self._consequence, classes="dialog-text")
        with Horizontal(classes="buttons"):
            yield Button(Content(self._safe), id="safe", compact=True)
            yield Button(
                Content(self.verb.confirmation), id="confirm", variant="error", compact=True
            )

    def on_mount(self) -> None:
        """Enter alone changes nothing."""
        self.query_one("#safe").focus()

    @on(Button.Pressed)
    def decide(self, event: Button.Pressed) -> None:
        """One of the buttons was pressed."""
        event.stop()
        self.dismiss(event.button.id == "confirm")
