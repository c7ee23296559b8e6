"""Everything the store knows about one contact, for its 1:1 profile."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from storage import campaigns, changes, notes, phone_index
from storage.campaigns import Drawing
from storage.changes import ChangeRow
from storage.contact_rows import rows_of
from storage.errors import NotFound, Refused
from storage.notes import NoteRow
from storage.spelling import canonical
from storage.tables import Change, ChangeItem, ConsentEvent, Contact, Message
from storage.whereabouts import NOWHERE, Whereabouts, whereabouts
from storage.words import ContactRow, Stage, briefly_called

_contacts: Any = Contact.__table__  # type: ignore[attr-defined]
_events: Any = ConsentEvent.__table__  # type: ignore[attr-defined]
_messages: Any = Message.__table__  # type: ignore[attr-defined]
_items: Any = ChangeItem.__table__  # type: ignore[attr-defined]
_changes: Any = Change.__table__  # type: ignore[attr-defined]

MOST = 200
"""Rows of each kind that a profile shows, the newest."""


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A text to or from the contact. `body` may be untrusted."""

    id: int
    direction: str
    purpose: str
    body: str
    status: str
    error: str
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class ConsentRow:
    """An act of consent. Everything in `evidence` is untrusted."""

    seq: int
    at: datetime
    kind: str
    number_id: str
    request_id: int | None
    evidence: dict[str, Any]
    hash: bytes


@dataclass(frozen=True, slots=True)
class Profile:
    """One contact, whole."""

    contact: ContactRow
    number_id: str
    region: str
    consent: tuple[ConsentRow, ...]
    messages: tuple[MessageRow, ...]
    changes: tuple[ChangeRow, ...]
    notes: tuple[NoteRow, ...] = ()
    source: str = ""
    """Which sender brought it: `api`, or a recognised sender's name."""
    more: frozenset[str] = frozenset()
    """Of which of `consent`, `messages`, `changes` and `notes` there are older ones."""
    where: Whereabouts = NOWHERE
    """What the number tells of the place."""
    campaigns: tuple[Drawing, ...] = ()
    """Those that may text it."""


def profile(conn: Connection, contact_id: int, most: int = MOST) -> Profile:
    """Reads one contact with its history, the newest first.

    Args:
        conn: The store.
        contact_id: Which.
        most: Rows of each kind; `Profile.more` names the kinds that have older ones.

    Raises:
        NotFound: There is no such contact.
    """
    rows = rows_of(conn, [contact_id])
    if not rows:
        raise NotFound("There is no such contact.")
    stored = conn.execute(
        select(_contacts.c.number_id, _contacts.c.region, _contacts.c.source).where(
            _contacts.c.id == contact_id
        )
    ).one()
    kinds: dict[str, tuple[Any, ...]] = {
        "consent": _consent(conn, contact_id, most + 1),
        "messages": _texts(conn, contact_id, most + 1),
        "changes": _naming(history(conn, contact_id, most + 1), rows[0]),
        "notes": notes.listing(conn, contact_id, most + 1),
    }
    shown = {kind: found[:most] for kind, found in kinds.items()}
    return Profile(
        rows[0],
        stored.number_id,
        stored.region,
        source=stored.source,
        more=frozenset(kind for kind, found in kinds.items() if len(found) > most),
        where=whereabouts(rows[0].phone, stored.region),
        campaigns=campaigns.of_contact(conn, contact_id),
        **shown,
    )


def find_contact(conn: Connection, text: str) -> int:
    """A contact by `con_…` or by number, in any spelling.

    Raises:
        NotFound: There is none.
    """
    from storage.ids import parse

    ident = parse(text) if text.startswith("con_") else None
    # A number that came with two trunk zeros is kept with one, which any other spelling loses.
    phones = ["".join(text.split())]
    if ident is not None:
        condition = _contacts.c.id == ident
    else:
        with suppress(Refused):
            phones.append(canonical(conn, text))
        condition = phone_index.with_phone(conn, phones)
    found = conn.execute(
        select(_contacts.c.id)
        .where(condition)
        .order_by(
            (_contacts.c.stage == Stage.DELETED),
            (_contacts.c.phone != phones[0]),
            _contacts.c.id.desc(),
        )
        .limit(1)
    ).scalar()
    if found is None:
        raise NotFound(
            f"There is no contact “{text}”.",
            "Name it by con_… or by its number. Names: optdesk contacts why NAME",
        )
    return int(found)


def history(conn: Connection, contact_id: int, limit: int = MOST) -> tuple[ChangeRow, ...]:
    """What people and the system did to a contact, the newest first."""
    rows = conn.execute(
        select(_changes)
        .join(_items, _items.c.change_id == _changes.c.id)
        .where(_items.c.contact_id == contact_id)
        .order_by(_items.c.change_id.desc())
        .limit(limit)
    )
    return tuple(changes.rows_of(conn, rows))


def _naming(acts: tuple[ChangeRow, ...], contact: ContactRow) -> tuple[ChangeRow, ...]:
    """The same acts; those on this contact alone call it by its name."""
    whom = briefly_called(contact.first_name, contact.last_name, contact.phone)
    return tuple(replace(act, whom=whom) if act.size == 1 else act for act in acts)


def _consent(conn: Connection, contact_id: int, limit: int) -> tuple[ConsentRow, ...]:
    rows = conn.execute(
        select(_events)
        .where(_events.c.contact_id == contact_id)
        .order_by(_events.c.seq.desc())
        .limit(limit)
    )
    return tuple(
        ConsentRow(
            row.seq,
            row.at,
            row.kind,
            row.number_id,
            row.request_id,
            json.loads(row.evidence or "{}"),
            bytes(row.hash),
        )
        for row in rows
    )


def _texts(conn: Connection, contact_id: int, limit: int) -> tuple[MessageRow, ...]:
    rows = conn.execute(
        select(_messages)
        .where(_messages.c.contact_id == contact_id)
        .order_by(_messages.c.id.desc())
        .limit(limit)
    )
    return tuple(
        MessageRow(
            row.id,
            row.direction,
            row.purpose,
            row.body,
            row.status,
            row.error,
            row.created_at,
            row.changed_at,
        )
        for row in rows
    )
