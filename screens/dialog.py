"""What all dialogs share: a frame, a title, a line of keys, esc."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Static

from screens.backstage import backstage
from screens.commands import Context
from screens.keymap import Hint, bindings
from widgets.display import safe
from widgets.key_footer import KeyFooter

R = TypeVar("R")

FRAME = 2
"""Lines that a dialog's frame takes."""


class Complaint(VerticalScroll, can_focus=False, inherit_bindings=False):
    """What there is against what was typed; takes no room while there is nothing.

    Where there is little room it scrolls, so that neither what is typed nor the keys go.
    """

    def __init__(self) -> None:
        super().__init__(classes="complaint")
        self.display = False

    def compose(self) -> ComposeResult:
        """The sentence."""
        yield Static(Content(""))

    def say(self, sentence: str) -> None:
        """Says it. Untrusted."""
        self.query_one(Static).update(safe(sentence))
        self.scroll_home(animate=False)
        self.display = bool(sentence)
        self.screen.set_class(bool(sentence), "-complaining")


class Dialog(ModalScreen[R | None], Generic[R]):
    """A dialog. Closed by esc, it returns None and nothing is done."""

    CSS_PATH: ClassVar = ["dialog.tcss"]
    AUTO_FOCUS = ""
    VERTICAL_BREAKPOINTS = [(0, "-tiny"), (14, "-roomy")]
    BINDINGS: ClassVar = bindings(Context.DIALOG)

    contexts: ClassVar[tuple[Context, ...]] = (Context.DIALOG,)
    """Whose verbs the line of keys shows."""

    lapses: ClassVar[bool] = False
    """Whether it is not opened any more where something else was opened since it was asked for."""

    hosts: ClassVar[bool] = False
    """Whether what the place below opens for it may stand above it, lapsing or not."""

    @property
    def words(self) -> Mapping[str, str]:
        """What verbs do here in particular, by id; an empty word leaves one out."""
        return {}

    def title_text(self) -> Content:
        """The title; untrusted text in it has passed the door."""
        return Content("")

    def compose_body(self) -> ComposeResult:
        """What stands between the title and the keys."""
        yield from ()

    def hints(self) -> Sequence[Hint]:
        """The keys shown at the bottom."""
        words = self.words
        named = (
            replace(hint, word=words.get(hint.verb_id, hint.word))
            for hint in backstage(self).keymap.hints(*self.contexts)
        )
        return [hint for hint in named if hint.word]

    def show_hints(self) -> None:
        """Other keys make sense now."""
        for footer in self.query(KeyFooter):
            footer.show(self.hints())

    def compose(self) -> ComposeResult:
        """Title, body, keys."""
        with Vertical(classes="dialog"):
            yield Static(self.title_text(), classes="dialog-title")
            yield from self.compose_body()
            footer = KeyFooter(indent=0)
            footer.show(self.hints())
            yield footer

    def room_for(self, *parts: Widget) -> int:
        """Lines that are left for parts beside all that stays in sight, once that is laid out."""
        around = sum(
            each.outer_size.height + each.styles.margin.height
            for each in self.query_one(".dialog").children
            if each not in parts and each.display
        )
        return self.size.height - FRAME - around - sum(each.styles.margin.height for each in parts)

    async def on_key_footer_pressed(self, event: KeyFooter.Pressed) -> None:
        """A click on a key does what the key does."""
        event.stop()
        await self.run_action(event.verb_id.replace(".", "_"))

    def dismiss(self, result: R | None = None) -> AwaitComplete:
        """Close with a result, once: a late second answer would close what lies beneath.

        Where something was opened above meanwhile, this waits until that is gone: Textual would
        close that instead, under the person's fingers, and this could never be closed again.
        """
        if self._dismissed:
            return AwaitComplete()
        if not self.is_active:
            self._waiting = (result,)
            return AwaitComplete()
        self._dismissed = True
        return super().dismiss(result)

    _dismissed = False
    _waiting: tuple[R | None] | None = None
    """The result with which to close once nothing is above."""

    def on_screen_resume(self) -> None:
        """Nothing is above any more."""
        if self._waiting is not None:
            self.dismiss(self._waiting[0])

    def action_dialog_close(self) -> None:
        """Close; nothing is done."""
        self.dismiss(None)
