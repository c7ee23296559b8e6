"""A screen to read: facts that scroll, kept up to date while something is under way."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from screens.asked import ContactAsked
from screens.backstage import WorkFailed
from screens.commands import Context
from screens.keymap import bindings
from screens.opened import Opened
from widgets.display import safe

WORD = 12
"""Cells of the words before facts."""

LOOK_EVERY = 0.3
"""Seconds between two looks at what is under way."""


class Reading(Opened):
    """Fills the screen. Gives back a wish that only the frame can fulfil, or nothing."""

    CSS_PATH: ClassVar = ["dialog.tcss", str(Path(__file__).with_suffix(".tcss"))]
    BINDINGS: ClassVar = bindings(Context.READING)

    def __init__(self) -> None:
        super().__init__(classes="reading")
        self._complaint = ""

    def compose_body(self) -> ComposeResult:
        """One text that scrolls."""
        with VerticalScroll():
            yield Static("", classes="reading-text", markup=False)

    def on_mount(self) -> None:
        """What is known at once, the rest as soon as it is read."""
        self.query_one(VerticalScroll).focus()
        self.draw()
        self.look()

    def on_resize(self) -> None:
        """Long facts are wrapped anew."""
        if self.is_mounted:
            self.call_after_refresh(self.draw)

    @abstractmethod
    def text(self, room: int) -> Iterable[Content]:
        """The lines; untrusted text in them has passed the door.

        Args:
            room: Cells in a line.
        """

    @abstractmethod
    def look(self) -> None:
        """Reads what is shown, in the background."""

    def look_soon(self) -> None:
        """Reads it once more: something is under way."""
        self.set_timer(LOOK_EVERY, self.look)

    def draw(self) -> None:
        """Shows what is known."""
        room = max(2 * WORD, self.query_one(VerticalScroll).scrollable_content_region.width)
        lines = list(self.text(room))
        if self._complaint:
            lines.insert(0, Content.styled(safe(self._complaint).plain, "$text-warning"))
        self.query_one(".reading-text", Static).update(Content("\n").join(lines))

    @on(WorkFailed)
    def reading_failed(self, event: WorkFailed) -> None:
        """What was refused, or why it could not be read; what was known stays."""
        event.stop()
        self._complaint = str(event.error)
        self.draw()

    def settled(self) -> None:
        """What was complained about is over."""
        self._complaint = ""

    def go_to_contact(self, contact_id: int) -> None:
        """The frame goes to the contact."""
        self.dismiss(ContactAsked(contact_id))

    # What the keys do.

    def action_reading_down(self) -> None:
        """Scroll down."""
        self.query_one(VerticalScroll).scroll_down(animate=False)

    def action_reading_up(self) -> None:
        """Scroll up."""
        self.query_one(VerticalScroll).scroll_up(animate=False)

    def action_reading_top(self) -> None:
        """To the top."""
        self.query_one(VerticalScroll).scroll_home(animate=False)

    def action_reading_bottom(self) -> None:
        """To the end."""
        self.query_one(VerticalScroll).scroll_end(animate=False)

    def action_reading_page_down(self) -> None:
        """Scroll a page down."""
        self.query_one(VerticalScroll).scroll_page_down(animate=False)

    def action_reading_page_up(self) -> None:
        """Scroll a page up."""
        self.query_one(VerticalScroll).scroll_page_up(animate=False)


def fact(word: str, value: Content, room: int) -> Content:
    """A word and what it is about; further lines stand below the first one."""
    wrapped = Content("\n" + " " * WORD).join(value.wrap(max(WORD, room - WORD)))
    return Content.assemble((f"{word:<{WORD}}", "$text-muted"), wrapped)


def heading(text: str) -> Content:
    """A line that names what follows."""
    return Content.styled(text, "bold $primary")
