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

Written = tuple[str, Sequence[Any]]
"""A statement with `?` for each value, and its values."""


def fetch(conn: Connection, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Runs a statement and reads its rows.

    Args:
        conn: An open transaction.
        statement: SQL that both stores know, with `?` for each value.
        values: What the driver takes as it is.
    """
    return list(_execute(conn, statement, values).fetchall())


def begin_by_hand(conn: Connection) -> None:
    """Makes a connection to PostgreSQL begin its transactions where a `script` says so."""
    driver: Any = conn.connection.dbapi_connection
    driver.autocommit = True


def script(conn: Connection, statements: str) -> None:
    """Runs statements without values, which a server is handed at once."""
    _execute(conn, statements, None)


def run(conn: Connection, statement: str, values: Sequence[Any] = ()) -> int:
    """Runs a statement and tells how many rows it wrote."""
    return int(_execute(conn, statement, values).rowcount)


def run_together(conn: Connection, statements: Sequence[Written]) -> None:
    """Runs statements that write, none of which sees what another wrote.

    A server is asked once for all of them.
    """
    if is_postgresql(conn):
        if statements:
            everything = [value for _, values in statements for value in values]
            run(conn, _together(tuple(statement for statement, _ in statements)), everything)
        return
    for statement, values in statements:
        run(conn, statement, values)


@lru_cache(maxsize=256)
def _together(statements: tuple[str, ...]) -> str:
    *others, last = statements
    if not others:
        return last
    return f"WITH {', '.join(f't{n} AS ({each})' for n, each in enumerate(others))} {last}"


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


def _execute(conn: Connection, statement: str, values: Sequence[Any] | None) -> Any:
    driver: Any = conn.connection.dbapi_connection
    try:
        if is_postgresql(conn):
            return _ask(driver, _numbered(statement), values)
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


def _ask(driver: Any, statement: str, values: Sequence[Any] | None) -> Any:
    """Asks PostgreSQL in its own notation: the driver's is taken apart anew each time."""
    from psycopg import RawCursor

    # What was handed over without values may be several statements, which cannot be prepared.
    prepare = None if values is not None else False
    return RawCursor(driver).execute(statement, values, prepare=prepare)


@lru_cache(maxsize=512)
def _numbered(statement: str) -> str:
    first, *rest = statement.split("?")
    return first + "".join(f"${place}{part}" for place, part in enumerate(rest, 1))
