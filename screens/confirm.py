"""Asking before what cannot be undone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Button, Static

from screens.backstage import backstage
from screens.commands import Verb
from screens.dialog import Dialog
from screens.keymap import Hint

if TYPE_CHECKING:
    from storage.store import Store


LOW = 14
"""Lines of a screen below which the text takes what room there is."""

FRAME = 9
"""Lines around the text elsewhere: frame, a title of two lines, buttons, keys, blanks between."""


class Learned(Message):
    """More of what will happen was read."""

    def __init__(self, text: Content) -> None:
        super().__init__()
        self.text = text


class Confirm(Dialog[bool]):
    """A question with two buttons. The safe one has the focus.

    Args:
        verb: What is about to be done; its confirmation is the button's word.
        question: The title.
        consequence: What will happen. May quote strangers, so it comes as content.
        safe: The word of the button that leaves things as they are.
        learn: Reads more of what will happen, in the background; it is shown when it is there.
    """

    HORIZONTAL_BREAKPOINTS = [(0, "-slim"), (40, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (LOW, "-high")]
    BINDINGS: ClassVar = [
        ("left,h", "app.focus_previous", "Previous button"),
        ("right,l", "app.focus_next", "Next button"),
        ("down,j", "text_down", "Scroll the text"),
        ("up,k", "text_up", "Scroll the text back"),
    ]

    def __init__(
        self,
        verb: Verb,
        question: Content,
        consequence: Content,
        safe: str = "Cancel",
        learn: Callable[[Store], Content] | None = None,
    ) -> None:
        super().__init__(classes="confirm")
        self.verb = verb
        self._question = question
        self._consequence = consequence
        self._safe = safe
        self._learn = learn

    def title_text(self) -> Content:
        """The question."""
        return self._question

    def compose_body(self) -> ComposeResult:
        """The consequence and the two buttons, the safe one first."""
        with VerticalScroll(classes="consequence", can_focus=False):
            yield Static(self._consequence, classes="dialog-text")
            yield Static("", classes="dialog-text learned", markup=False)
        with Horizontal(classes="buttons"):
            yield Button(Content(self._safe), id="safe", compact=True)
            yield Button(
                Content(self.verb.confirmation), id="confirm", variant="error", compact=True
            )

    def on_mount(self) -> None:
        """Enter alone changes nothing."""
        self.query_one("#safe").focus()
        self.query_one(".learned").display = False
        learn = self._learn
        if learn is not None:
            # What cannot be read is not told; the question stands without it.
            nothing = Learned(Content(""))
            backstage(self).work(self, lambda store: Learned(learn(store)), lambda _: nothing)

    def on_resize(self, event: events.Resize) -> None:
        """The buttons stay in sight, however much there is to read."""
        high = event.size.height - FRAME if event.size.height >= LOW else None
        self.query_one(".consequence").styles.max_height = high

    @on(Learned)
    def learned(self, event: Learned) -> None:
        """More of what will happen."""
        event.stop()
        text = self.query_one(".learned", Static)
        text.display = bool(event.text)
        text.update(event.text)

    def hints(self) -> list[Hint]:
        """How to choose, besides how to close."""
        return [
            Hint("confirm.choose", "←→", "choose"),
            Hint("confirm.press", "enter", "press"),
            *super().hints(),
        ]

    def action_confirm_choose(self) -> None:
        """To the other button."""
        self.focus_next()

    def action_confirm_press(self) -> None:
        """Press the button that has the focus."""
        if isinstance(self.focused, Button):
            self.focused.press()

    def action_text_down(self) -> None:
        """Scroll, where the text does not fit."""
        self.query_one(VerticalScroll).scroll_down(animate=False)

    def action_text_up(self) -> None:
        """Scroll back."""
        self.query_one(VerticalScroll).scroll_up(animate=False)

    @on(Button.Pressed)
    def decide(self, event: Button.Pressed) -> None:
        """One of the buttons was pressed."""
        event.stop()
        self.dismiss(event.button.id == "confirm")
