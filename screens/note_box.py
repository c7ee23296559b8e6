"""Writing a note, or changing one."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.widgets import TextArea

from screens.commands import Context
from screens.dialog import Complaint, Dialog
from screens.keymap import bindings
from widgets.typed_page import Page


class NoteBox(Dialog[str]):
    """A few lines of text. Gives back what was written, never blank and never too long.

    Args:
        title: What it is about; untrusted text in it has passed the door.
        text: What stands there at first.
    """

    # Before the text itself, which would take enter for a new line.
    BINDINGS: ClassVar = [
        replace(cast("Binding", each), priority=True) for each in bindings(Context.NOTE)
    ]
    contexts = (Context.NOTE, Context.DIALOG)

    def __init__(self, title: Content, text: str = "") -> None:
        super().__init__(classes="note-box")
        self._title = title
        self._text = text

    def title_text(self) -> Content:
        """What it is about."""
        return self._title

    def compose_body(self) -> ComposeResult:
        """The text and room for a complaint."""
        area = Page(self._text, compact=True, soft_wrap=True, highlight_cursor_line=False)
        area.cursor_blink = False
        yield area
        yield Complaint()

    def on_mount(self) -> None:
        """Begin behind what stands there."""
        area = self.query_one(TextArea)
        area.move_cursor(area.document.end)
        area.focus()

    @on(TextArea.Changed)
    def written(self) -> None:
        """What was complained of is being mended."""
        self.query_one(Complaint).say("")

    def action_note_save(self) -> None:
        """Keep it, or say what there is against it: closed, the box would lose what was written."""
        from storage.errors import Refused
        from storage.notes import checked

        try:
            self.dismiss(checked(self.query_one(TextArea).text))
        except Refused as error:
            self.query_one(Complaint).say(str(error))

    def action_note_newline(self) -> None:
        """Go on in a new line."""
        self.query_one(TextArea).insert("\n")
