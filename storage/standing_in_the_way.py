"""What was done to contacts after an act, so that undoing the act would trample it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select, true
from sqlalchemy.engine import Connection

from storage import phone_index
from storage.changes import MOST_EXPLAINED, MOVING, WHY, ChangeRow, ago, change_details, row_of
from storage.contact_rows import rows_of
from storage.dialects import among
from storage.suppressions import phone_hash, store_secret, suppressed_among
from storage.tables import Change, ChangeItem, Contact
from storage.words import ContactRow, Gone, Stage

_changes: Any = Change.__table__  # type: ignore[attr-defined]
_contacts: Any = Contact.__table__  # type: ignore[attr-defined]
_items: Any = ChangeItem.__table__  # type: ignore[attr-defined]

_RIVALS = {
    **dict.fromkeys(MOVING, MOVING),
    **dict.fromkeys(("star", "unstar"), ("star", "unstar")),
    **dict.fromkeys(("label", "unlabel"), ("label", "unlabel")),
    **dict.fromkeys(("campaign.join", "campaign.leave"), ("campaign.join", "campaign.leave")),
    "note": ("note.edit", "note.delete"),
}
"""The acts that decide what an act decided, by the act."""

_WHAT = {
    **WHY,
    "star": "starred",
    "unstar": "unstarred",
    "label": "labelled “{subject}”",
    "unlabel": "unlabelled “{subject}”",
    "campaign.join": "added to the campaign “{subject}”",
    "campaign.leave": "taken out of the campaign “{subject}”",
    "note.edit": "the note was changed",
    "note.delete": "the note was deleted",
}


def rivals_of(change: ChangeRow) -> ColumnElement[bool]:
    """Which acts, as rows of `changes`, have decided since what an act had decided."""
    alike = true()
    if change.verb in ("label", "unlabel", "campaign.join", "campaign.leave"):
        alike = _changes.c.details == change_details(change.details)
    return and_(
        _changes.c.id > change.id,
        _changes.c.undone.is_(False),
        _changes.c.verb.in_(_RIVALS.get(change.verb, ())),
        alike,
    )


def nobody_since(change: ChangeRow) -> ColumnElement[bool]:
    """No later act that stands has decided anew what an act decided for a contact."""
    later = _items.alias()
    return ~(
        select(later.c.contact_id)
        .where(
            later.c.contact_id == _contacts.c.id,
            later.c.change_id > change.id,
            later.c.change_id == _changes.c.id,
            rivals_of(change),
        )
        .correlate(_contacts)
        .exists()
    )


def explain_kept(conn: Connection, change: ChangeRow, ids: Sequence[int]) -> tuple[Gone, ...]:
    """Why contacts were left as they are when an act was turned: whose later act, and when.

    Args:
        conn: Any connection that sees the contacts.
        change: The act.
        ids: At most `MOST_EXPLAINED` of them are explained.
    """
    wanted = list(ids)[:MOST_EXPLAINED]
    if not wanted:
        return ()
    latest = (
        select(_items.c.contact_id, func.max(_items.c.change_id).label("change_id"))
        .join(_changes, _changes.c.id == _items.c.change_id)
        .where(among(conn, _items.c.contact_id, wanted), rivals_of(change))
        .group_by(_items.c.contact_id)
        .subquery()
    )
    found = conn.execute(
        select(latest.c.contact_id, _changes).join(_changes, _changes.c.id == latest.c.change_id)
    )
    acts = {row.contact_id: row_of(row) for row in found}
    rows = {row.id: row for row in rows_of(conn, wanted)}
    return tuple(_kept(conn, change, ident, rows.get(ident), acts.get(ident)) for ident in wanted)


def _kept(
    conn: Connection, change: ChangeRow, ident: int, row: ContactRow | None, act: ChangeRow | None
) -> Gone:
    if row is None:
        return Gone(ident, "", "it was erased")
    name = row.name or row.phone
    if act is not None:
        what = _WHAT[act.verb].replace("{subject}", act.subject)
        return Gone(ident, name, f"{what} by {act.actor} {ago(act.at)}")
    return Gone(ident, name, _otherwise(conn, change, row))


def _otherwise(conn: Connection, change: ChangeRow, row: ContactRow) -> str:
    """The reason where it is nobody's later act."""
    if change.verb in MOVING:
        hashed = phone_hash(store_secret(conn), row.phone)
        if suppressed_among(conn, [hashed]):
            return "its number is on a Do Not Contact list"
        if row.stage is Stage.DELETED and _is_back(conn, row.phone):
            return "its number opted in again since"
        if row.stage is Stage.GROUPED:
            return "the group it came from is gone"
    if row.stage is Stage.DELETED:
        return "it was deleted"
    return "it is not as it was left"


def _is_back(conn: Connection, phone: str) -> bool:
    query = select(_contacts.c.id).where(phone_index.living_with(conn, [phone]))
    return conn.execute(query.limit(1)).first() is not None
