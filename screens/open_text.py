"""One text, whole: who, when, what became of it, what can be done."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.content import Content
from textual.message import Message

from screens.asked import ContactAsked
from screens.backstage import backstage
from screens.clock import clock
from screens.commands import Context
from screens.keymap import Hint, bindings
from screens.reading import Reading, fact, heading
from screens.text_verbs import TextSettled, TextVerbs
from screens.text_words import status_cell, what_to_do
from widgets.display import clean, lines, safe, titled

if TYPE_CHECKING:
    from storage.store import Store
    from storage.text_log import TextRow

_TONES = {"good": "bold $success", "bad": "bold $error", "warn": "bold $text-warning"}
_UNDER_WAY = ("pending", "sending", "sent")


class TextRead(Message):
    """A text was read."""

    def __init__(self, row: TextRow) -> None:
        super().__init__()
        self.row = row


class OpenText(Reading, TextVerbs):
    """A text to or from a person.

    Args:
        row: What the log knows of it.
    """

    BINDINGS: ClassVar = bindings(Context.TEXT)
    contexts = (Context.TEXT, Context.READING, Context.DIALOG)

    def __init__(self, row: TextRow) -> None:
        super().__init__()
        self._row = row

    @property
    def shown_text(self) -> TextRow:
        """It."""
        return self._row

    def title_text(self) -> Content:
        """Whose it is."""
        way = "from" if self._row.inbound else "to"
        return Content(f"Text {way} {titled(self._row.name or self._row.phone)}")

    def hints(self) -> list[Hint]:
        """What makes sense for this text."""
        idle = self.idle_for(self._row)
        return [hint for hint in super().hints() if hint.verb_id not in idle]

    def look(self) -> None:
        """Reads it."""
        backstage(self).work(self, partial(_read, ident=self._row.id))

    @on(TextRead)
    def text_read(self, event: TextRead) -> None:
        """Show it; look again while it is under way."""
        event.stop()
        self._row = event.row
        self.settled()
        self.draw()
        self.show_hints()
        if self._row.status in _UNDER_WAY:
            self.look_soon()

    @on(TextSettled)
    def look_again(self) -> None:
        """It stands differently now."""
        self.look()

    @on(ContactAsked)
    def leave_for(self, event: ContactAsked) -> None:
        """The frame goes to the contact."""
        event.stop()
        self.go_to_contact(event.contact_id)

    def text(self, room: int) -> Iterator[Content]:
        """Facts, what to do, the text itself."""
        row, cell = self._row, status_cell(self._row)
        status = Content.styled(clean(cell.text), _TONES.get(cell.tone, "bold"))
        yield fact("status", status, room)
        if row.error:
            yield fact("why", safe(row.error), room)
        step = what_to_do(row, backstage(self).keymap)
        if step:
            yield fact("what to do", safe(step), room)
        yield fact("number", safe(row.phone), room)
        if row.name:
            yield fact("contact", safe(row.name), room)
        yield fact("came" if row.inbound else "written", Content(clock(row.created_at)), room)
        if row.changed_at != row.created_at:
            yield fact("changed", Content(clock(row.changed_at)), room)
        if row.tries:
            yield fact("tries", Content(f"{row.tries:,} in vain"), room)
        for word, value in (
            ("kind", "" if row.inbound else row.purpose),
            ("our number", row.number_id),
            ("gateway", " ".join(part for part in (row.gateway, row.provider_id) if part)),
            ("text", row.public_id),
        ):
            if value:
                yield fact(word, safe(value), room)
        yield Content("")
        yield heading("Text")
        yield lines(row.body) if row.body else Content.styled("empty", "$text-muted")


def _read(store: Store, *, ident: int) -> TextRead:
    from storage import text_log

    with store.read() as conn:
        return TextRead(text_log.get(conn, ident))
