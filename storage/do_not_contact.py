"""The Do Not Contact lists as people work with them: checking a number, releasing it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select, true
from sqlalchemy.engine import Connection

from storage import phone_index
from storage.changes import record, row_of
from storage.dialects import among
from storage.dnc_pages import Entry, entry_of
from storage.errors import NotFound, Refused
from storage.noting import note
from storage.phones import shortened
from storage.putting_back import put_back
from storage.spelling import canonical
from storage.suppressions import phone_hash, store_secret
from storage.tables import Change, ChangeItem, Contact, Suppression
from storage.words import Actor, Stage

_table: Any = Suppression.__table__  # type: ignore[attr-defined]
_contacts: Any = Contact.__table__  # type: ignore[attr-defined]
_changes: Any = Change.__table__  # type: ignore[attr-defined]
_items: Any = ChangeItem.__table__  # type: ignore[attr-defined]


def entries_of(conn: Connection, phone: str) -> list[Entry]:
    """Every entry of one number, also where only its hash is kept.

    Raises:
        Refused: That is no phone number.
    """
    hashed = phone_hash(store_secret(conn), canonical(conn, phone))
    rows = conn.execute(select(_table).where(_table.c.phone_hash == hashed))
    return sorted(map(entry_of, rows), key=lambda entry: entry.at, reverse=True)


def release(conn: Connection, who: Actor, phone: str, reason: str) -> list[Entry]:
    """Takes a number off the lists that people keep; its contact goes back to where it stood.

    Args:
        conn: A transaction that holds the write lock.
        who: By whose word.
        phone: In any spelling.
        reason: Why, for people to read.

    Returns:
        The entries that are gone.

    Raises:
        NotFound: The number is on no list.
        Refused: No reason is given, or the person opted out: nobody here can lift that.
    """
    if not reason.strip():
        raise Refused("A release needs a reason.", "Say why: --reason TEXT")
    number = canonical(conn, phone)
    found = entries_of(conn, number)
    if not found:
        raise NotFound(f"{number} is on no Do Not Contact list.")
    barring = [entry.source for entry in found if not entry.releasable]
    if "stop" in barring:
        raise Refused(
            f"{number} opted out by STOP.", "Only START from that phone lifts it: nobody else."
        )
    if barring:
        raise Refused(f"{number} was erased and is never texted again.")
    hashed = found[0].phone_hash
    conn.execute(delete(_table).where(_table.c.phone_hash == hashed))
    change_id = record(
        conn,
        who,
        "dnc.release",
        subject=f"{shortened(number)} ({reason.strip()})",
        details={"phone_hash": hashed.hex(), "reason": reason.strip()},
    )
    ids = _suppressed(conn, number)
    note(conn, change_id, ids, true())
    _return_contacts(conn, ids)
    return found


def _suppressed(conn: Connection, phone: str) -> Sequence[int]:
    """The contacts of a number that the lists keep from being texted."""
    return (
        conn.execute(
            select(_contacts.c.id).where(
                phone_index.with_phone(conn, [phone]), _contacts.c.stage == Stage.SUPPRESSED
            )
        )
        .scalars()
        .all()
    )


def _return_contacts(conn: Connection, ids: Sequence[int]) -> None:
    """Back to where the suppression took them from, which for the queue was a door's doing."""
    for ident in ids:
        row = conn.execute(
            select(_changes)
            .join(_items, _items.c.change_id == _changes.c.id)
            .where(among(conn, _items.c.contact_id, [ident]), _changes.c.verb == "suppress")
            .order_by(_changes.c.id.desc())
            .limit(1)
        ).one_or_none()
        if row is not None:
            put_back(conn, row_of(row), [ident])
