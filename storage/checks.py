"""Reads a whole store and says what is wrong with it. Changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.engine import Connection

from storage import consent, phone_index
from storage.dialects import is_postgresql
from storage.tables import Contact, ContactLabel, Group, Label
from storage.tallies import group_tally, label_tally, read_tallies, stage_tally
from storage.words import Stage

MOST_FAULTS = 20
"""Faults of each kind that are named."""

_contacts: Any = Contact.__table__  # type: ignore[attr-defined]
_worn: Any = ContactLabel.__table__  # type: ignore[attr-defined]
_groups: Any = Group.__table__  # type: ignore[attr-defined]
_labels: Any = Label.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class StoreReport:
    """What a check found."""

    contacts: int
    consent_events: int
    faults: tuple[str, ...]
    """One clause for each fault."""


def check(conn: Connection) -> StoreReport:
    """Checks the file, the consent chain, who has which number and every counter.

    All in one snapshot.
    """
    faults = _pages(conn)
    chain = consent.verify(conn)
    faults += chain.faults[:MOST_FAULTS]
    faults += phone_index.faults(conn, MOST_FAULTS)
    faults += _counters(conn)
    contacts = conn.execute(select(func.count()).select_from(_contacts)).scalar_one()
    return StoreReport(int(contacts), chain.events, tuple(faults))


def _pages(conn: Connection) -> list[str]:
    if is_postgresql(conn):
        return []  # The server checks its own pages as it reads them.
    found = conn.execute(text(f"PRAGMA integrity_check({MOST_FAULTS})")).scalars()
    return [f"the file is damaged: {line}" for line in found if line != "ok"]


def _counters(conn: Connection) -> list[str]:
    truth = {stage_tally(stage): 0 for stage in Stage}
    truth |= {group_tally(ident): 0 for ident in conn.execute(select(_groups.c.id)).scalars()}
    truth |= {label_tally(ident): 0 for ident in conn.execute(select(_labels.c.id)).scalars()}
    places = select(_contacts.c.stage, _contacts.c.group_id, func.count()).group_by(
        _contacts.c.stage, _contacts.c.group_id
    )
    for stage, group_id, n in conn.execute(places):
        truth[stage_tally(stage)] = truth.get(stage_tally(stage), 0) + n
        if group_id is not None:
            truth[group_tally(group_id)] = truth.get(group_tally(group_id), 0) + n
    worn = select(_worn.c.label_id, func.count()).group_by(_worn.c.label_id)
    for label_id, n in conn.execute(worn):
        truth[label_tally(label_id)] = n
    kept = read_tallies(conn, truth)
    return [
        f"the counter {name} says {kept[name]:,}, but there are {n:,}"
        for name, n in truth.items()
        if kept[name] != n
    ]
