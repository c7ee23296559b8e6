"""What all dialogs share: a frame, a title, a line of keys, esc."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from screens.backstage import backstage
from screens.commands import Context
from screens.keymap import Hint, bindings
from widgets.key_footer import KeyFooter

R = TypeVar("R")


class Dialog(ModalScreen[R | None], Generic[R]):
    """A dialog. Closed by esc, it returns None and nothing is done."""

    CSS_PATH: ClassVar = ["dialog.tcss"]
    AUTO_FOCUS = ""
    BINDINGS: ClassVar = bindings(Context.DIALOG)

    contexts: ClassVar[tuple[Context, ...]] = (Context.DIALOG,)
    """Whose verbs the line of keys shows."""

    def title_text(self) -> Content:
        """The title; untrusted text in it has passed the door."""
        return Content("")

    def compose_body(self) -> ComposeResult:
        """What stands between the title and the keys."""
        yield from ()

    def hints(self) -> Sequence[Hint]:
        """The keys shown at the bottom."""
        return backstage(self).keymap.hints(*self.contexts)

    def compose(self) -> ComposeResult:
        """Title, body, keys."""
        with Vertical(classes="dialog"):
            yield Static(self.title_text(), classes="dialog-title")
            yield from self.compose_body()
            footer = KeyFooter(indent=0)
            footer.show(self.hints())
            yield footer

    async def on_key_footer_pressed(self, event: KeyFooter.Pressed) -> None:
        """A click on a key does what the key does."""
        event.stop()
        await self.run_action(event.verb_id.replace(".", "_"))

    def action_dialog_close(self) -> None:
        """Close; nothing is done."""
        self.dismiss(None)
