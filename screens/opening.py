"""What stands for the Opt-in queue while its store is being opened."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from screens.commands import Context
from screens.place import Place


class Opening(Place):
    """The frame's empty list. Light: it is part of the first frame."""

    contexts = (Context.LIST,)

    def compose(self) -> ComposeResult:
        """The title of the queue and what is going on."""
        yield Static(Content("Opt-in queue"), classes="title")
        yield Static(Content("Opening the store…"), classes="empty")

    @property
    def sentence(self) -> str:
        """What is about to be shown."""
        return "Opt-in queue, newest first"
