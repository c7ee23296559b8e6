"""Many rows in few statements, past the costs that a driver has for each of them.

A driver's `executemany` takes and drops the interpreter's lock for every row, beside an event
loop that wants it too; a statement with many rows does so once. The statements come in sizes
that are powers of two, so that a handful for each table stays prepared.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import Table
from sqlalchemy.engine import Connection

from storage.dialects import is_postgresql
from storage.times import to_micros

_SIZES = (64, 32, 16, 8, 4, 2, 1)


def moment_value(conn: Connection, moment: datetime) -> int | datetime:
    """A moment as `insert_rows` takes it."""
    return moment if is_postgresql(conn) else to_micros(moment)


def insert_rows(conn: Connection, table: Table, rows: Sequence[Sequence[Any]]) -> None:
    """Inserts rows.

    Args:
        conn: An open transaction.
        table: Where to.
        rows: What the driver takes, in the order of the table's columns; moments by
            `moment_value`.
    """
    mark = "%s" if is_postgresql(conn) else "?"
    start, left = 0, len(rows)
    for size in _SIZES:
        while left >= size:
            values = tuple(chain.from_iterable(rows[start : start + size]))
            conn.exec_driver_sql(_statement(table, size, mark), values)
            start, left = start + size, left - size


@lru_cache(maxsize=256)
def _statement(table: Table, size: int, mark: str) -> str:
    names = ", ".join(column.name for column in table.columns)
    row = "(" + ", ".join([mark] * len(table.columns)) + ")"
    values = ", ".join([row] * size)
    # Made of the names of our own tables and columns alone.
    return f"INSERT INTO {table.name} ({names}) VALUES {values}"  # noqa: S608
