"""Many rows in few statements, past the costs that a driver has for each of them.

A driver's `executemany` takes and drops the interpreter's lock for every row, beside an event
loop that wants it too; a statement with many rows does so once. The statements come in sizes
of which two or three make up any number, so that a dozen for each table stay prepared.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import Table
from sqlalchemy.engine import Connection

from storage.dialects import is_postgresql
from storage.driver import run
from storage.times import from_micros, to_micros

_SIZES = (64, 48, 32, 24, 16, 12, 8, 6, 4, 3, 2, 1)


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
    start, left = 0, len(rows)
    for size in _SIZES:
        while left >= size:
            values = tuple(chain.from_iterable(rows[start : start + size]))
            run(conn, _statement(table, size), values)
            start, left = start + size, left - size


@lru_cache(maxsize=256)
def _statement(table: Table, size: int) -> str:
    names = ", ".join(column.name for column in table.columns)
    row = "(" + ", ".join(["?"] * len(table.columns)) + ")"
    values = ", ".join([row] * size)
    # Made of the names of our own tables and columns alone.
    return f"INSERT INTO {table.name} ({names}) VALUES {values}"  # noqa: S608
