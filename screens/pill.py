"""The pill that counts arrivals."""

from __future__ import annotations

from textual.message import Message

from widgets.words import Words


class Pill(Words):
    """A counted sign that says more is waiting; a click goes there."""

    class Clicked(Message):
        """It was clicked."""

    def on_click(self) -> None:
        """Go there."""
        self.post_message(self.Clicked())
