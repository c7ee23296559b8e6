"""Statements below SQLAlchemy, for the few that run for every batch of leads.

Compiling, looking up and wrapping a statement costs Core some 60 µs, ten times what SQLite takes
to run it; measured, that was a third of the intake. Everything else goes through Core.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from storage.dialects import is_postgresql


def fetch(conn: Connection, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Runs a statement and reads its rows.

    Args:
        conn: An open transaction.
        statement: SQL that both stores know, with `?` for each value.
        values: What the driver takes as it is.
    """
    return list(_execute(conn, statement, values).fetchall())


def run(conn: Connection, statement: str, values: Sequence[Any] = ()) -> int:
    """Runs a statement and tells how many rows it wrote."""
    return int(_execute(conn, statement, values).rowcount)


@contextmanager
def savepoint(conn: Connection) -> Iterator[None]:
    """Undoes what the block wrote when it raises, and nothing else."""
    run(conn, "SAVEPOINT attempt")
    try:
        yield
    except BaseException:
        run(conn, "ROLLBACK TO SAVEPOINT attempt")
        run(conn, "RELEASE SAVEPOINT attempt")
        raise
    run(conn, "RELEASE SAVEPOINT attempt")


def _execute(conn: Connection, statement: str, values: Sequence[Any]) -> Any:
    driver: Any = conn.connection.dbapi_connection
    if is_postgresql(conn):
        statement = _percent(statement)
    try:
        return driver.execute(statement, values)
    except conn.dialect.loaded_dbapi.Error as error:
        raise DBAPIError.instance(
            statement,
            None,
            error,
            conn.dialect.loaded_dbapi.Error,
            hide_parameters=True,
            dialect=conn.dialect,
        ) from error


@lru_cache(maxsize=512)
def _percent(statement: str) -> str:
    return statement.replace("?", "%s")
