"""Labels: shared marks on contacts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.engine import Connection

from storage.changes import record
from storage.dialects import among
from storage.errors import NotFound, Refused
from storage.groups import check_name
from storage.ids import new_id, parse
from storage.search import fold
from storage.tables import ContactLabel, Label
from storage.tallies import label_tally, read_tallies
from storage.times import now
from storage.words import Actor

COLOURS = ("red", "orange", "yellow", "green", "cyan", "blue", "violet", "pink")
"""What labels are shown in; names, so that each theme may give its own shade."""

_labels: Any = Label.__table__  # type: ignore[attr-defined]
_worn: Any = ContactLabel.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class LabelRow:
    """A label as lists show it. `name` is untrusted."""

    id: int
    name: str
    colour: str
    count: int


def create(conn: Connection, who: Actor, name: str, colour: str = "") -> LabelRow:
    """Makes a label.

    Raises:
        Refused: The name is blank, too long or taken, or the colour unknown.
    """
    name, folded = check_name(name, "label")
    if conn.execute(select(_labels.c.id).where(_labels.c.folded == folded)).first() is not None:
        raise Refused(f"There is a label “{name}” already.", "Choose it, or another name.")
    if colour and colour not in COLOURS:
        raise Refused(f"“{colour}” is no colour of a label.", f"One of: {', '.join(COLOURS)}.")
    if not colour:
        count = conn.execute(select(func.count()).select_from(_labels)).scalar_one()
        colour = COLOURS[count % len(COLOURS)]
    ident = new_id()
    conn.execute(
        insert(_labels),
        {"id": ident, "name": name, "folded": folded, "colour": colour, "created_at": now()},
    )
    record(conn, who, "label.create", subject=name)
    return LabelRow(ident, name, colour, 0)


def ensure(conn: Connection, who: Actor, name: str) -> LabelRow:
    """The label of that name, made where it is missing."""
    try:
        return find(conn, name)
    except NotFound:
        return create(conn, who, name)


def find(conn: Connection, name: str) -> LabelRow:
    """A label by its name, in any spelling of case and accents, or by its id.

    Raises:
        NotFound: There is none.
    """
    row = conn.execute(select(_labels).where(_labels.c.folded == fold(name))).one_or_none()
    ident = parse(name)
    if row is None and ident is not None:
        row = conn.execute(select(_labels).where(_labels.c.id == ident)).one_or_none()
    if row is None:
        raise NotFound(f"There is no label “{name}”.", "See: optdesk labels list")
    tally = label_tally(row.id)
    return LabelRow(row.id, row.name, row.colour, read_tallies(conn, [tally])[tally])


def listing(conn: Connection) -> list[LabelRow]:
    """All labels by name, with how many contacts wear each."""
    rows = conn.execute(select(_labels).order_by(_labels.c.folded)).all()
    counts = read_tallies(conn, [label_tally(row.id) for row in rows])
    return [LabelRow(row.id, row.name, row.colour, counts[label_tally(row.id)]) for row in rows]


def worn_by(conn: Connection, contact_ids: Sequence[int]) -> dict[int, int]:
    """How many of some contacts wear each label; labels that none wears are left out."""
    rows = conn.execute(
        select(_worn.c.label_id, func.count())
        .where(among(conn, _worn.c.contact_id, list(contact_ids)))
        .group_by(_worn.c.label_id)
    )
    return {row.label_id: row[1] for row in rows}
