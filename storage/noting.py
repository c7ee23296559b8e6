"""Writing contacts down as they are before an act changes them, some hundreds at a time.

Below SQLAlchemy where it is done for every chunk of a bulk act: building a statement anew for
each cost as much as carrying it out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.engine import Connection

from storage.dialects import among, among_packed, from_packed, or_fail, packed
from storage.driver import Written, fetch, run
from storage.tables import ChangeItem, Contact
from storage.tallies import add_tallies, group_tally, stage_tally

_contacts: Any = Contact.__table__  # type: ignore[attr-defined]
_items: Any = ChangeItem.__table__  # type: ignore[attr-defined]


_FROM = " \nFROM contacts \nWHERE "
"""Where the condition begins in a statement of SQLAlchemy's."""


@dataclass(frozen=True, slots=True)
class Left:
    """Contacts that stood in one place when they were written down."""

    stage: str
    group_id: int | None
    count: int


class Noting:
    """Writes down those of some contacts that meet a condition; made once for all chunks.

    Args:
        which: The condition, on the table `contacts`. It quotes no text that people wrote.
    """

    def __init__(self, which: ColumnElement[bool]) -> None:
        self._which = which
        self._statement = ""
        self._setting = ""
        """What `_changing` sets."""
        self._changing = ""

    def note(self, conn: Connection, change_id: int, ids: Sequence[int]) -> int:
        """Writes them down as they are now, of whom none is named twice; returns how many."""
        self._statement = self._statement or self._compiled(conn)
        return run(conn, self._statement, (change_id, packed(conn, ids)))

    def note_and_set(
        self, conn: Connection, change_id: int, ids: Sequence[int], setting: Written
    ) -> list[Left]:
        """Writes them down as they are and changes them, in one statement.

        So each of them is looked up once. Only where `returns_old` holds.

        Args:
            conn: A transaction on PostgreSQL.
            change_id: The change.
            ids: Contacts, none of them named twice.
            setting: What stands behind `SET`, and the values it takes.

        Returns:
            How many were written down, by where they stood.
        """
        columns, values = setting
        if self._setting != columns:
            self._setting, self._changing = columns, self._compiled_with(conn, columns)
        rows = fetch(conn, self._changing, (*values, packed(conn, ids), change_id))
        return [Left(*row) for row in rows]

    def _compiled_with(self, conn: Connection, columns: str) -> str:
        return (
            f"WITH changed AS (UPDATE contacts SET {columns}"  # noqa: S608 - our own names
            f" WHERE {among_packed(conn, 'contacts.id')} AND ({self._condition(conn)})"
            " RETURNING contacts.id, old.stage AS stage, old.group_id AS group_id,"
            " old.favorite AS favorite),"
            " noted AS (INSERT INTO change_items"
            " (change_id, contact_id, stage, group_id, favorite)"
            " SELECT CAST(? AS BIGINT), id, stage, group_id, favorite FROM changed)"
            " SELECT stage, group_id, count(*) FROM changed GROUP BY stage, group_id"
        )

    def _condition(self, conn: Connection) -> str:
        # The whole statement, so that what stands within the condition knows whose it is.
        those = select(_contacts.c.id).where(self._which)
        made = those.compile(dialect=conn.dialect, compile_kwargs={"literal_binds": True})
        return str(made).partition(_FROM)[2]

    def _compiled(self, conn: Connection) -> str:
        return (
            f"INSERT{or_fail(conn)} INTO change_items"  # noqa: S608 - our own names
            " (change_id, contact_id, stage, group_id, favorite)"
            " SELECT CAST(? AS BIGINT),"
            " contacts.id, contacts.stage, contacts.group_id, contacts.favorite"
            f" FROM {from_packed(conn, 'contacts', 'id')} AND ({self._condition(conn)})"
        )


def note(conn: Connection, change_id: int, ids: Sequence[int], which: ColumnElement[bool]) -> int:
    """Writes contacts down as they are now; returns how many."""
    return Noting(which).note(conn, change_id, sorted(set(ids)))


def noted(conn: Connection, change_id: int, ids: Sequence[int]) -> Any:
    """A query of the contacts of a chunk that a change has written down."""
    return select(_items.c.contact_id).where(
        _items.c.change_id == change_id, among(conn, _items.c.contact_id, ids)
    )


class Stretch(list[int]):
    """Ids in order, where a change has noted no other contact between the first and the last.

    Those of them that it noted are then found by walking along the change, where any other ids
    are looked up one by one.
    """


@dataclass(frozen=True, slots=True)
class Those:
    """The contacts of a chunk that a change has written down, for `storage.driver`."""

    where: str
    """A condition on `change_items`."""
    values: tuple[Any, ...]
    """What it takes."""

    @property
    def ids(self) -> str:
        """A query of their ids."""
        return f"SELECT contact_id FROM change_items WHERE {self.where}"  # noqa: S608 - our own names


def those(conn: Connection, change_id: int, ids: Sequence[int]) -> Those:
    """The contacts among some that a change has written down."""
    if isinstance(ids, Stretch) and ids:
        return Those("change_id = ? AND contact_id BETWEEN ? AND ?", (change_id, ids[0], ids[-1]))
    among_them = among_packed(conn, "contact_id")
    return Those(f"change_id = ? AND {among_them}", (change_id, packed(conn, ids)))


def leave_places(
    conn: Connection, change_id: int, ids: Sequence[int], *, arriving: int = -1
) -> None:
    """Counts contacts out of (or back into) the stages and groups they were noted in."""
    count_left(conn, _left(conn, change_id, ids), arriving=arriving)


def count_left(conn: Connection, left: Sequence[Left], *, arriving: int = -1) -> None:
    """The same where it is known how many they are."""
    deltas: dict[str, int] = {}
    for each in left:
        for name in (stage_tally(each.stage), group_tally(each.group_id) if each.group_id else ""):
            if name:
                deltas[name] = deltas.get(name, 0) + arriving * each.count
    add_tallies(conn, deltas)


def _left(conn: Connection, change_id: int, ids: Sequence[int]) -> list[Left]:
    chunk = those(conn, change_id, ids)
    query = (
        "SELECT stage, group_id, count(*) FROM change_items"  # noqa: S608 - our own names
        f" WHERE {chunk.where} GROUP BY stage, group_id"
    )
    return [Left(*row) for row in fetch(conn, query, chunk.values)]
