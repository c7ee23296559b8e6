"""Counters kept in the transaction that changes what they count."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import select, text
from sqlalchemy.engine import Connection

from storage.dialects import among
from storage.tables import Tally
from storage.words import Stage

_ADD = text(
    "INSERT INTO tallies (name, n) VALUES (:name, :n)"
    " ON CONFLICT (name) DO UPDATE SET n = tallies.n + excluded.n"
)
_table = Tally.__table__  # type: ignore[attr-defined]


def stage_tally(stage: Stage | str) -> str:
    """The counter of contacts in a stage."""
    return f"stage:{stage}"


def group_tally(group_id: int) -> str:
    """The counter of contacts in a group."""
    return f"group:{group_id}"


def label_tally(label_id: int) -> str:
    """The counter of contacts that wear a label."""
    return f"label:{label_id}"


def hour_tally(hour: int) -> str:
    """The counter of arrivals in an hour since 1970."""
    return f"hour:{hour}"


def add_tallies(conn: Connection, deltas: Mapping[str, int]) -> None:
    """Adds to counters; zeros cost nothing."""
    rows = [{"name": name, "n": n} for name, n in sorted(deltas.items()) if n]
    if rows:
        conn.execute(_ADD, rows)


def read_tallies(conn: Connection, names: Iterable[str]) -> dict[str, int]:
    """The values of counters; those never added to are 0."""
    wanted = list(names)
    found = dict.fromkeys(wanted, 0)
    if wanted:
        rows = conn.execute(
            select(_table.c.name, _table.c.n).where(among(conn, _table.c.name, wanted))
        )
        found.update({row.name: row.n for row in rows})
    return found
