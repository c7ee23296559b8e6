"""The notes on a contact, to change or delete one's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import Binding
from textual.content import Content

from screens.backstage import say
from screens.clock import clock
from screens.commands import Context
from screens.keymap import bindings
from screens.picker import Choice, Picker
from widgets.display import titled

if TYPE_CHECKING:
    from storage.notes import NoteRow


@dataclass(frozen=True, slots=True)
class NoteChosen:
    """A note of one's own, to be changed or deleted."""

    note: NoteRow
    delete: bool = False


class OwnNotes(Picker[NoteChosen]):
    """Lists the notes on a contact.

    Args:
        name: Whose notes. Untrusted.
        notes: The notes, the newest first.
        me: The person at this desk.
    """

    # Before the line that is typed into, which has a use for the key too.
    BINDINGS: ClassVar = [
        replace(cast("Binding", each), priority=True) for each in bindings(Context.NOTES)
    ]
    contexts = (Context.PICKER, Context.NOTES, Context.DIALOG)
    placeholder = "find a note"
    taking = "change"
    nothing = "No note yet."

    def __init__(self, name: str, notes: Sequence[NoteRow], me: str) -> None:
        super().__init__()
        self._whose = name
        self._me = me
        self._notes = {str(note.id): note for note in notes}
        self.offer([self._choice(note) for note in notes])

    def title_text(self) -> Content:
        """Whose notes."""
        return Content(f"Notes on {titled(self._whose)}")

    def _choice(self, note: NoteRow) -> Choice:
        mine = note.author == self._me
        author = "you" if mine else note.author
        first = " ".join(note.body.split())
        return Choice(
            str(note.id), first, f"{author} {clock(note.created_at)}", "*" if mine else " "
        )

    def choose(self, choice: Choice) -> None:
        """Change it."""
        self._take(choice, delete=False)

    def action_note_delete(self) -> None:
        """Delete it; undo brings it back."""
        choice = self.highlighted
        if choice is not None:
            self._take(choice, delete=True)

    def _take(self, choice: Choice, *, delete: bool) -> None:
        note = self._notes[choice.key]
        if note.author != self._me:
            say(self, f"That note is {note.author}'s: only its author can change it.")
            return
        self.dismiss(NoteChosen(note, delete))
