"""Groups: named sets that campaigns may use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.engine import Connection

from storage.changes import record
from storage.errors import NotFound, Refused
from storage.ids import new_id, parse
from storage.search import fold
from storage.tables import Group
from storage.tallies import group_tally, read_tallies
from storage.times import now
from storage.words import Actor

LONGEST_NAME = 80

_groups: Any = Group.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group as lists show it. `name` is untrusted."""

    id: int
    name: str
    count: int


def create(conn: Connection, who: Actor, name: str) -> GroupRow:
    """Makes a group.

    Raises:
        Refused: The name is blank, too long or taken.
    """
    name, folded = check_name(name, "group")
    if conn.execute(select(_groups.c.id).where(_groups.c.folded == folded)).first() is not None:
        raise Refused(f"There is a group “{name}” already.", "Choose it, or another name.")
    ident = new_id()
    conn.execute(
        insert(_groups), {"id": ident, "name": name, "folded": folded, "created_at": now()}
    )
    record(conn, who, "group.create", subject=name)
    return GroupRow(ident, name, 0)


def ensure(conn: Connection, who: Actor, name: str) -> GroupRow:
    """The group of that name, made where it is missing."""
    try:
        return find(conn, name)
    except NotFound:
        return create(conn, who, name)


def find(conn: Connection, name: str) -> GroupRow:
    """A group by its name, in any spelling of case and accents, or by its id.

    Raises:
        NotFound: There is none.
    """
    row = conn.execute(select(_groups).where(_groups.c.folded == fold(name))).one_or_none()
    ident = parse(name)
    if row is None and ident is not None:
        row = conn.execute(select(_groups).where(_groups.c.id == ident)).one_or_none()
    if row is None:
        raise NotFound(f"There is no group “{name}”.", "See: optdesk groups list")
    return GroupRow(
        row.id, row.name, read_tallies(conn, [group_tally(row.id)])[group_tally(row.id)]
    )


def listing(conn: Connection) -> list[GroupRow]:
    """All groups by name, with how many contacts each holds."""
    rows = conn.execute(select(_groups).order_by(_groups.c.folded)).all()
    counts = read_tallies(conn, [group_tally(row.id) for row in rows])
    return [GroupRow(row.id, row.name, counts[group_tally(row.id)]) for row in rows]


def check_name(name: str, thing: str) -> tuple[str, str]:
    """A name as it is kept and as it is compared.

    Raises:
        Refused: It is blank or too long.
    """
    name = " ".join(name.split())
    folded = fold(name)
    if not folded:
        raise Refused(f"A {thing} needs a name.", "Type one.")
    if len(name) > LONGEST_NAME:
        raise Refused(
            f"A {thing}'s name may have {LONGEST_NAME} characters.", "Choose a shorter one."
        )
    return name, folded
