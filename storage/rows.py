"""Many rows in few statements, past the costs that a driver has for each of them.

A driver's `executemany` takes and drops the interpreter's lock for every row, beside an event
loop that wants it too; a statement with many rows does so once. For SQLite the statements come in
any size that a batch usually has, and few make up more; all stay prepared. PostgreSQL gets an
array for each column.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import ARRAY, Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Connection

from storage.arrays import array
from storage.dialects import is_postgresql
from storage.driver import Written, run_together
from storage.times import from_micros, to_micros

_PSYCOPG = postgresql.dialect()  # type: ignore[no-untyped-call]
_SIZES = (64, 48, *range(32, 0, -1))


def moment_value(conn: Connection, moment: datetime) -> int | datetime:
    """A moment as `insert_rows` takes it."""
    return moment if is_postgresql(conn) else to_micros(moment)


def moment_of(value: Any) -> datetime:
    """A moment as `storage.driver` reads it."""
    return value.astimezone(UTC) if isinstance(value, datetime) else from_micros(value)


def insert_rows(conn: Connection, table: Table, rows: Sequence[Sequence[Any]]) -> None:
    """Inserts rows.

    Args:
        conn: An open transaction.
        table: Where to.
        rows: What the driver takes, in the order of the table's columns; moments by
            `moment_value`.
    """
    run_together(conn, inserting(conn, table, rows))


def inserting(
    conn: Connection,
    table: Table,
    rows: Sequence[Sequence[Any]],
    shared: Mapping[str, Any] | None = None,
) -> list[Written]:
    """The statements that `insert_rows` runs, for `run_together` or `run_at_last`.

    Args:
        conn: Which of the two stores.
        table: Where to.
        rows: As for `insert_rows`.
        shared: By column what is the same in all rows, and goes to the store once; the rows hold
            the other columns.
    """
    if not rows:
        return []
    names = tuple(shared) if shared else ()
    common = tuple(shared.values()) if shared else ()
    if is_postgresql(conn):
        arrays = [array(column) for column in zip(*rows, strict=True)]
        return [(_from_arrays(table, names), [*common, *arrays])]
    made: list[Written] = []
    start, left = 0, len(rows)
    for size in _SIZES:
        while left >= size:
            values = tuple(chain(common, *rows[start : start + size]))
            made.append((_from_list(table, size, names), values))
            start, left = start + size, left - size
    return made


# The statements are made of the names of our own tables and columns alone.


@lru_cache(maxsize=256)
def _from_list(table: Table, size: int, shared: tuple[str, ...]) -> str:
    names = _names(table, shared)
    # SQLite counts the marks by itself from the greatest that was numbered.
    common = [f"?{place}" for place, _ in enumerate(shared, 1)]
    row = "(" + ", ".join([*common, *["?"] * (len(names) - len(shared))]) + ")"
    values = ", ".join([row] * size)
    return f"INSERT INTO {table.name} ({', '.join(names)}) VALUES {values}"  # noqa: S608


@lru_cache(maxsize=64)
def _from_arrays(table: Table, shared: tuple[str, ...]) -> str:
    """The same for any number of rows, so that it stays prepared."""
    names = _names(table, shared)
    kinds = [table.columns[name].type for name in names]
    common = "".join(f", ?::{kind.compile(_PSYCOPG)}" for kind in kinds[: len(shared)])
    arrays = ", ".join(f"?::{ARRAY(kind).compile(_PSYCOPG)}" for kind in kinds[len(shared) :])
    named = ", ".join([*names[len(shared) :], *names[: len(shared)]])
    source = f"SELECT each.*{common} FROM unnest({arrays}) AS each"  # noqa: S608
    return f"INSERT INTO {table.name} ({named}) {source}"


def _names(table: Table, first: tuple[str, ...]) -> list[str]:
    return [*first, *(column.name for column in table.columns if column.name not in first)]
