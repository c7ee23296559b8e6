"""Notes on contacts: written on the marked ones, one's own changed and deleted."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual import on
from textual.content import Content
from textual.message import Message

from screens.acting import Deed
from screens.backstage import backstage, say
from screens.contact_acts import ContactActs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection

    from screens.own_notes import NoteChosen
    from storage.acts import Act
    from storage.notes import NoteRow
    from storage.store import Store
    from storage.words import Actor, ContactRow


class NotesRead(Message):
    """The notes on a contact were read."""

    def __init__(self, contact: ContactRow, notes: Sequence[NoteRow]) -> None:
        super().__init__()
        self.contact = contact
        self.notes = tuple(notes)


class NoteTurned(Message):
    """A note was changed or deleted."""

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self.sentence = sentence


class ContactNotes(ContactActs):
    """The verbs of notes."""

    def action_contact_note(self) -> None:
        """Write a note on the marked contacts, else on the one under the cursor."""
        target = self._target()
        if self._nothing_in(target):
            return
        from screens.note_box import NoteBox

        def written(text: str | None) -> None:
            if text is not None:
                self._do(Deed("note", partial(_writing, text)), target)

        self.app.push_screen(NoteBox(Content(f"Note on {self._whom(target)}")), written)

    def action_contact_notes(self) -> None:
        """The notes on the contact under the cursor."""
        contact = self.table.cursor_contact
        if contact is not None:
            backstage(self).work(self, partial(_read_notes, contact=contact))

    @on(NotesRead)
    def notes_read(self, event: NotesRead) -> None:
        """Show them."""
        event.stop()
        from screens.own_notes import OwnNotes

        contact = event.contact
        picker = OwnNotes(contact.name or contact.phone, event.notes, backstage(self).actor.name)
        self.app.push_screen(picker, self._note_chosen)

    def _note_chosen(self, chosen: NoteChosen | None) -> None:
        if chosen is None:
            return
        back, note = backstage(self), chosen.note
        if chosen.delete:
            back.work(self, partial(_delete, who=back.actor, note_id=note.id))
            return
        from screens.note_box import NoteBox

        def written(text: str | None) -> None:
            if text is not None:
                back.work(self, partial(_edit, who=back.actor, note_id=note.id, text=text))

        self.app.push_screen(NoteBox(Content("Change your note"), note.body), written)

    @on(NoteTurned)
    def note_turned(self, event: NoteTurned) -> None:
        """Say so."""
        event.stop()
        undo = backstage(self).keymap.key_of("desk.undo")
        say(self, f"{event.sentence} {undo} undoes it".strip())


def _writing(text: str, _conn: Connection, who: Actor) -> Sequence[Act]:
    from storage import notes

    return (notes.writing(who, text),)


def _read_notes(store: Store, *, contact: ContactRow) -> NotesRead:
    from storage import notes

    with store.read() as conn:
        return NotesRead(contact, notes.listing(conn, contact.id))


def _edit(store: Store, *, who: Actor, note_id: int, text: str) -> NoteTurned:
    from storage import notes

    store.do(lambda conn: notes.edit(conn, who, note_id, text))
    return NoteTurned("The note was changed.")


def _delete(store: Store, *, who: Actor, note_id: int) -> NoteTurned:
    from storage import notes

    store.do(lambda conn: notes.remove(conn, who, note_id))
    return NoteTurned("The note was deleted.")
