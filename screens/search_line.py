"""The line that searches as you type."""

from __future__ import annotations

from typing import ClassVar

from textual.message import Message
from textual.widgets import Input

from screens.commands import Context
from screens.keymap import bindings
from widgets.typed import Line


class SearchLine(Line):
    """Says what is searched for on every key; enter and esc give the focus back to the list."""

    BINDINGS: ClassVar = bindings(Context.SEARCH)

    class Searched(Message):
        """Another text is searched for."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Left(Message):
        """Back to the list."""

    def __init__(self) -> None:
        super().__init__(placeholder="search", compact=True, select_on_focus=False)
        self.cursor_blink = False

    def on_unmount(self) -> None:
        """Textual's screen would keep every line that was ever closed, and all that it knows of."""
        self.screen.text_selection_started_signal.unsubscribe(self)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Search at once."""
        event.stop()
        self.text_changed(event.value)

    def text_changed(self, text: str) -> None:
        """Another text stands there."""
        self.search(text)

    def search(self, text: str) -> None:
        """Searches for a text."""
        self.post_message(self.Searched(text))

    def action_search_done(self) -> None:
        """Keep the search."""
        self.post_message(self.Left())

    def action_search_clear(self) -> None:
        """Search for nothing."""
        self.value = ""
        self.post_message(self.Left())
