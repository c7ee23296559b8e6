"""Internal notes: what people write about a contact, for each other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, literal, select, update
from sqlalchemy.engine import Connection

from storage.acts import WriteNote
from storage.changes import ChangeRow, record
from storage.errors import NotFound, Refused
from storage.ids import public
from storage.noting import note
from storage.reversals import Reversal
from storage.tables import Note
from storage.times import from_micros, now, to_micros
from storage.words import Actor

LONGEST = 4_000
"""Characters of a note."""

MOST_SHOWN = 200

_notes: Any = Note.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class NoteRow:
    """A note. `author` and `body` are untrusted."""

    id: int
    contact_id: int
    author: str
    body: str
    created_at: datetime
    changed_at: datetime

    @property
    def public_id(self) -> str:
        """`not_` and 16 hex digits."""
        return public("not", self.id)

    @property
    def edited(self) -> bool:
        """Whether it was changed after it was written."""
        return self.changed_at != self.created_at


def writing(who: Actor, text: str) -> WriteNote:
    """The act of writing a note, for `storage.bulk.perform`.

    Args:
        who: Its author.
        text: What it says; spaces around it are dropped.

    Raises:
        Refused: It is blank or too long.
    """
    return WriteNote(who.name, checked(text))


def listing(conn: Connection, contact_id: int, limit: int = MOST_SHOWN) -> tuple[NoteRow, ...]:
    """The notes on a contact, the newest first."""
    rows = conn.execute(
        select(_notes)
        .where(_notes.c.contact_id == contact_id)
        .order_by(_notes.c.id.desc())
        .limit(limit)
    )
    return tuple(NoteRow(**row._mapping) for row in rows)


def edit(conn: Connection, who: Actor, note_id: int, text: str) -> NoteRow:
    """Changes what one's own note says.

    Raises:
        NotFound: There is no such note.
        Refused: It is somebody else's, or the text is blank or too long.
    """
    found, body = _own(conn, who, note_id, "change"), checked(text)
    if body == found.body:
        return found
    moment = now()
    conn.execute(update(_notes).where(_notes.c.id == note_id).values(body=body, changed_at=moment))
    _record(conn, who, "note.edit", found, {"before": found.body, "after": body})
    return NoteRow(note_id, found.contact_id, found.author, body, found.created_at, moment)


def remove(conn: Connection, who: Actor, note_id: int) -> NoteRow:
    """Deletes one's own note; undo brings it back.

    Raises:
        NotFound: There is no such note.
        Refused: It is somebody else's.
    """
    found = _own(conn, who, note_id, "delete")
    conn.execute(delete(_notes).where(_notes.c.id == note_id))
    kept = {
        "author": found.author,
        "body": found.body,
        "created_at": to_micros(found.created_at),
        "changed_at": to_micros(found.changed_at),
    }
    _record(conn, who, "note.delete", found, kept)
    return found


def find(conn: Connection, note_id: int) -> NoteRow:
    """One note.

    Raises:
        NotFound: There is no such note.
    """
    row = conn.execute(select(_notes).where(_notes.c.id == note_id)).one_or_none()
    if row is None:
        raise NotFound("There is no such note.", "It may have been deleted meanwhile.")
    return NoteRow(**row._mapping)


def _own(conn: Connection, who: Actor, note_id: int, verb: str) -> NoteRow:
    found = find(conn, note_id)
    if found.author != who.name:
        raise Refused(
            f"That note is {found.author}'s: only its author can {verb} it.", "Write one yourself."
        )
    return found


def checked(text: str) -> str:
    """What is kept of a note.

    Raises:
        Refused: It is blank or too long.
    """
    body = "\n".join(line.rstrip() for line in text.strip().splitlines()).replace("\0", "")
    if not body:
        raise Refused("A note needs some text.", "Type it.")
    if len(body) > LONGEST:
        raise Refused(f"A note may have {LONGEST:,} characters.", "Write a shorter one.")
    return body


def _record(
    conn: Connection, who: Actor, verb: str, found: NoteRow, details: dict[str, Any]
) -> None:
    details |= {"note_id": found.id, "contact_id": found.contact_id}
    change_id = record(conn, who, verb, details=details, size=1, undoable=True)
    note(conn, change_id, [found.contact_id], literal(1) == 1)


# Taking back and doing again.


def _set_body(conn: Connection, change: ChangeRow, was: str, becomes: str) -> None:
    details = change.details
    changed = conn.execute(
        update(_notes)
        .where(_notes.c.id == details["note_id"], _notes.c.body == details[was])
        .values(body=details[becomes], changed_at=now())
    ).rowcount
    if not changed:
        raise Refused("That note was changed or deleted again since.", "Nothing was changed.")


def _bring_back(conn: Connection, change: ChangeRow) -> None:
    details = change.details
    conn.execute(
        insert(_notes),
        {
            "id": details["note_id"],
            "contact_id": details["contact_id"],
            "author": details["author"],
            "body": details["body"],
            "created_at": from_micros(details["created_at"]),
            "changed_at": from_micros(details["changed_at"]),
        },
    )


def _delete_again(conn: Connection, change: ChangeRow) -> None:
    conn.execute(delete(_notes).where(_notes.c.id == change.details["note_id"]))


REVERSALS = {
    "note.edit": Reversal(
        lambda conn, change: _set_body(conn, change, "after", "before"),
        lambda conn, change: _set_body(conn, change, "before", "after"),
    ),
    "note.delete": Reversal(_bring_back, _delete_again),
}
"""How acts on notes are taken back."""
