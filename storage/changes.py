"""The change log: every act with actor, time and, where possible, its inverse."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.engine import Connection

from storage.dialects import among
from storage.driver import run_at_last
from storage.ids import new_id
from storage.rows import inserting, moment_value
from storage.sentences import name_of, sentence
from storage.tables import Change, ChangeItem, Contact
from storage.times import now
from storage.words import Actor, Gone, briefly_called, called

_changes: Any = Change.__table__  # type: ignore[attr-defined]
_items: Any = ChangeItem.__table__  # type: ignore[attr-defined]
_contacts: Any = Contact.__table__  # type: ignore[attr-defined]

MOST_EXPLAINED = 5
"""How many contacts that an act did not reach are explained one by one."""


def record(
    conn: Connection,
    who: Actor,
    verb: str,
    *,
    subject: str = "",
    details: dict[str, Any] | None = None,
    size: int = 0,
    undoable: bool = False,
    undoes: int | None = None,
) -> int:
    """Writes down an act in the transaction that carries it out; returns its id."""
    change_id = new_id()
    said = [verb, subject, change_details(details or {}), size, undoable, False, undoes]
    row = [change_id, moment_value(conn, now()), who.kind.value, who.name, *said]
    run_at_last(conn, inserting(conn, _changes, [row]))
    return change_id


def become(
    conn: Connection,
    change_id: int,
    verb: str,
    *,
    subject: str,
    details: dict[str, Any],
    undoable: bool = True,
) -> None:
    """Makes a recorded act another one: what it has come to be with its last step.

    Until then the record says what was done so far, so that stopping there leaves it true.
    """
    conn.execute(
        update(_changes)
        .where(_changes.c.id == change_id)
        .values(verb=verb, subject=subject, details=change_details(details), undoable=undoable)
    )


def change_details(details: dict[str, Any]) -> str:
    """Details as they are stored."""
    return json.dumps(details, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """An act as people read of it. `actor` and `subject` are untrusted."""

    id: int
    at: datetime
    actor: str
    verb: str
    subject: str
    size: int
    details: dict[str, Any]
    undone: bool
    undoable: bool = False
    undone_by: str = ""
    """Who undid it last, where it is undone. Untrusted."""
    undone_at: datetime | None = None
    whom: str = ""
    """What the contact is called now, where it was one; nothing once it is erased. Untrusted."""

    @property
    def sentence(self) -> str:
        """What was done, such as `moved 32 contacts to “Spring”`."""
        return sentence(self.verb, self.size, self.subject, self.whom)

    @property
    def name(self) -> str:
        """What it is called on the undo stack, such as `move 32 contacts to “Spring”`."""
        return name_of(self.verb, self.size, self.subject, self.whom)


PASSED = "passed"
"""In the details of an act that its undoing or redoing passed over. By name it can be undone."""


def row_of(row: Any) -> ChangeRow:
    """A stored change as a value."""
    details = json.loads(row.details)
    passed = details.pop(PASSED, False)
    return ChangeRow(
        row.id,
        row.at,
        row.actor,
        row.verb,
        row.subject,
        row.size,
        details,
        row.undone,
        row.undoable or passed,
    )


def rows_of(conn: Connection, found: Iterable[Any]) -> list[ChangeRow]:
    """Stored changes as values, with who undid those that are undone, and when."""
    rows = [row_of(row) for row in found]
    undone = [row.id for row in rows if row.undone]
    if not undone:
        return rows
    query = (
        select(_changes.c.undoes, _changes.c.actor, _changes.c.at)
        .where(
            _changes.c.undoes.is_not(None),
            among(conn, _changes.c.undoes, undone),
            _changes.c.verb == "undo",
        )
        .order_by(_changes.c.id)
    )
    by = {row.undoes: row for row in conn.execute(query)}
    return [
        replace(row, undone_by=by[row.id].actor, undone_at=by[row.id].at) if row.id in by else row
        for row in rows
    ]


def with_names(conn: Connection, rows: Sequence[ChangeRow]) -> list[ChangeRow]:
    """The same acts, of which those on one contact say what it is called.

    It is asked for each time: were it written down with the act, it would outlive an erasure.
    """
    ones = [row.id for row in rows if row.size == 1]
    if not ones:
        return list(rows)
    query = (
        select(_items.c.change_id, _contacts.c.first_name, _contacts.c.last_name, _contacts.c.phone)
        .join(_contacts, _contacts.c.id == _items.c.contact_id)
        .where(among(conn, _items.c.change_id, ones))
    )
    names = {ident: briefly_called(*known) for ident, *known in conn.execute(query)}
    return [replace(row, whom=names[row.id]) if row.id in names else row for row in rows]


def by_whom_since(
    conn: Connection, change: ChangeRow, *keys: str, verbs: Sequence[str] = ()
) -> str:
    """Who did the same to the same thing after an act, and when: ` by bo 3 min ago`, or nothing.

    Args:
        conn: The store.
        change: The act.
        keys: The names in its details of what it was done to.
        verbs: The acts that count; left out: those of the same verb.
    """
    query = (
        select(_changes)
        .where(
            _changes.c.id > change.id,
            _changes.c.verb.in_(verbs or (change.verb,)),
            _changes.c.undone.is_(False),
        )
        .order_by(_changes.c.id.desc())
    )
    for row in conn.execute(query):
        later = row_of(row).details
        if all(later.get(each) == change.details[each] for each in keys):
            return f" by {row.actor} {ago(row.at)}"
    return ""


MOVING = ("move", "delete", "suppress", "group.merge", "text_failed")
"""Acts that take contacts to another place."""


def newest(conn: Connection, limit: int = 50, actor: str = "") -> list[ChangeRow]:
    """The latest acts of everybody, or of one."""
    query = select(_changes).order_by(_changes.c.id.desc()).limit(limit)
    if actor:
        query = query.where(_changes.c.actor == actor)
    return with_names(conn, rows_of(conn, conn.execute(query)))


def ago(moment: datetime) -> str:
    """How long ago something was, in one short unit."""
    seconds = max(0, int((now() - moment).total_seconds()))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} s ago"


def explain_gone(conn: Connection, ids: Sequence[int]) -> tuple[Gone, ...]:
    """Why contacts were out of reach: the latest thing that moved them, by whom and when.

    Args:
        conn: Any connection that sees the act's transaction.
        ids: At most `MOST_EXPLAINED` of them are explained.
    """
    wanted = list(ids)[:MOST_EXPLAINED]
    if not wanted:
        return ()
    rows = {
        row.id: row
        for row in conn.execute(
            select(
                _contacts.c.id,
                _contacts.c.first_name,
                _contacts.c.last_name,
                _contacts.c.phone,
                _contacts.c.stage,
            ).where(among(conn, _contacts.c.id, wanted))
        )
    }
    latest = (
        select(_items.c.contact_id, func.max(_items.c.change_id).label("change_id"))
        .join(_changes, _changes.c.id == _items.c.change_id)
        .where(
            among(conn, _items.c.contact_id, wanted),
            _changes.c.undone.is_(False),
            _changes.c.verb.in_(MOVING),
        )
        .group_by(_items.c.contact_id)
        .subquery()
    )
    found = conn.execute(
        select(latest.c.contact_id, _changes).join(_changes, _changes.c.id == latest.c.change_id)
    )
    acts = {row.contact_id: row for row in found}
    return tuple(_gone(ident, rows.get(ident), acts.get(ident)) for ident in wanted)


WHY = {
    "move": "moved to “{subject}”",
    "delete": "deleted",
    "suppress": "suppressed ({subject})",
    "text_failed": "taken out of the queue because its text failed",
    "group.merge": "moved when groups were merged ({subject})",
}
"""What an act of `MOVING` did to a contact, as a clause that ends in by whom and when."""

_STAGES = {
    "confirming": "its compliance text is still on the way",
    "failed": "its compliance text could not be delivered",
    "suppressed": "it is on a Do Not Contact list",
    "deleted": "it was deleted",
    "grouped": "it is in a group already",
    "queued": "it is in the Opt-in queue",
}


def _gone(ident: int, contact: Any, act: Any) -> Gone:
    if contact is None:
        return Gone(ident, "", "it was erased")
    name = called(contact.first_name, contact.last_name, contact.phone)
    if act is None:
        return Gone(ident, name, _STAGES.get(contact.stage, "it is elsewhere"))
    what = WHY[act.verb].replace("{subject}", act.subject)
    return Gone(ident, name, f"{what} by {act.actor} {ago(act.at)}")
