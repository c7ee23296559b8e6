"""Statements below SQLAlchemy, for the few that run for every batch of leads.

Compiling, looking up and wrapping a statement costs Core some 60 µs, ten times what SQLite takes
to run it; measured, that was a third of the intake. Everything else goes through Core.
"""

from __future__ import annotations

import select
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, StatementError

from storage.dialects import is_postgresql

if TYPE_CHECKING:
    from storage.pipeline import Answered, Pipeline

_PIPELINE = "optdesk pipeline"
_SYNCED = "optdesk synced"
_BRIEFLY = "optdesk briefly"

_FEW_PAGES_KB = 1024
"""Enough for the way down a tree and what is read ahead."""

Written = tuple[str, Sequence[Any]]
"""A statement with `?` for each value, and its values."""


def fetch(conn: Connection, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Runs a statement and reads its rows.

    Args:
        conn: An open transaction.
        statement: SQL that both stores know, with `?` for each value.
        values: What the driver takes as it is.
    """
    line = _pipeline(conn)
    if line is not None:
        return _ask(conn, line, (statement, values))[-1].rows()
    cursor = _execute(conn, statement, values)
    try:
        return list(cursor.fetchall())
    except conn.dialect.loaded_dbapi.Error as error:
        raise told(conn, statement, error) from error


@contextmanager
def undecoded(conn: Connection) -> Iterator[None]:
    """Lets SQLite read text that others wrote and that is no UTF-8; its bytes become surrogates."""
    driver: Any = conn.connection.dbapi_connection
    driver.text_factory = partial(str, encoding="utf-8", errors="surrogateescape")
    try:
        yield
    finally:
        driver.text_factory = str


@contextmanager
def few_pages(conn: Connection) -> Iterator[None]:
    """Lets SQLite keep few pages in memory while a table is read that nobody needs again."""
    if is_postgresql(conn):
        yield
        return
    ((usual,),) = fetch(conn, "PRAGMA cache_size")
    fetch(conn, f"PRAGMA cache_size = -{_FEW_PAGES_KB}")
    try:
        yield
    finally:
        fetch(conn, f"PRAGMA cache_size = {usual}")


def fetch_together(conn: Connection, *asked: Written) -> list[list[tuple[Any, ...]]]:
    """Reads the rows of several statements; a server is asked once for all of them."""
    line = _pipeline(conn)
    if line is not None:
        return [answer.rows() for answer in _ask(conn, line, *asked)]
    return [fetch(conn, statement, values) for statement, values in asked]


def begin_by_hand(conn: Connection) -> None:
    """Makes a connection to PostgreSQL begin and end its transactions where it is told to."""
    from storage.pipeline import Pipeline

    driver: Any = conn.connection.dbapi_connection
    driver.autocommit = True
    # With each transaction undone it would throw away whatever anybody has prepared here.
    driver.prepare_threshold = None
    conn.info[_PIPELINE] = Pipeline(driver)


def read_by_line(driver: Any, info: dict[Any, Any]) -> None:
    """Lets what is read by a connection to PostgreSQL go in few turns.

    Args:
        driver: The driver's connection.
        info: What SQLAlchemy keeps of it.
    """
    from storage.pipeline import Pipeline

    info[_PIPELINE] = Pipeline(driver, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")


def begin_with(conn: Connection, *statements: str) -> None:
    """Begins a transaction by statements that go with the first one that asks for something."""
    line = conn.info[_PIPELINE]
    line.drop()
    conn.info[_SYNCED] = conn.info[_BRIEFLY] = False
    for statement in statements:
        line.put_off(statement)


def watch_beside(conn: Connection, socket: int, look: Callable[[], bool]) -> None:
    """See `Pipeline.watch`."""
    conn.info[_PIPELINE].watch(socket, look)


def sync_at_once(conn: Connection) -> None:
    """Sees that nobody reads what the open transaction wrote before it is on the disk."""
    conn.info[_SYNCED] = True


def must_sync_at_once(conn: Connection) -> bool:
    """Whether somebody asked for that."""
    return bool(conn.info.get(_SYNCED))


def wait_briefly(conn: Connection, milliseconds: int) -> None:
    """Lets an open transaction on PostgreSQL wait for others for a moment: then it is held up.

    What it does last may go with its end; see `jobs.HeldUp`.
    """
    conn.info[_BRIEFLY] = True
    run_at_last(conn, [(f"SET LOCAL lock_timeout = {milliseconds}", ())])


def waits_briefly(conn: Connection) -> bool:
    """Whether that was asked for."""
    return bool(conn.info.get(_BRIEFLY))


def end_with(conn: Connection, *statements: str) -> list[list[tuple[Any, ...]]]:
    """Sends what was put off and statements that end the transaction; gives what they return."""
    line = conn.info[_PIPELINE]
    answers = _ask(conn, line, *((statement, ()) for statement in statements))
    conn.info[_BRIEFLY] = False
    return [answer.rows() for answer in answers]


def send_end(
    conn: Connection,
    ended: Callable[[list[list[tuple[Any, ...]]], StatementError | None], None],
    *statements: str,
) -> None:
    """The same without waiting: the connection takes the next transaction meanwhile.

    Args:
        conn: The transaction.
        ended: Told what they return, or why it failed, while something else is waited for.
        statements: What ends it.
    """
    line: Pipeline = conn.info[_PIPELINE]

    def came(answers: list[Answered], error: Exception | None) -> None:
        failure = None if error is None else told(conn, statements[-1], error)
        ended([answer.rows() for answer in answers], failure)

    try:
        line.send(came, *((statement, ()) for statement in statements))
    except conn.dialect.loaded_dbapi.Error as error:
        raise told(conn, statements[-1], error) from error


def wait_for_ends(conn: Connection) -> None:
    """Waits until they have ended.

    Raises:
        Overtaken: One has failed.
    """
    try:
        conn.info[_PIPELINE].wait()
    except conn.dialect.loaded_dbapi.Error as error:
        raise told(conn, "", error) from error


def rest(conn: Connection, bell: int, seconds: float | None) -> None:
    """See `Pipeline.rest`."""
    try:
        conn.info[_PIPELINE].rest(bell, seconds)
    except conn.dialect.loaded_dbapi.Error as error:
        raise told(conn, "", error) from error


def has_ended(conn: Connection) -> bool:
    """Whether a server has ended a line on which nothing is under way.

    Costs no turn to the server: its farewell can be read by then.
    """
    driver: Any = conn.connection.dbapi_connection
    waiting = select.poll()
    try:
        waiting.register(driver.fileno(), select.POLLIN)
        # The first time may bring its last words, and only the second one its end.
        while waiting.poll(0):
            driver.pgconn.consume_input()
    except conn.dialect.loaded_dbapi.Error:
        return True
    return False


def start_over(conn: Connection) -> None:
    """Undoes what has failed of what was sent, after `wait_for_ends`."""
    conn.info[_PIPELINE].start_over()
    undo(conn)


def undo(conn: Connection) -> None:
    """Undoes an open transaction that begins and ends by statements."""
    line: Pipeline = conn.info[_PIPELINE]
    line.drop()
    if line.under_way:
        # Whatever asks for something waits for them first: so nothing of it was sent.
        return
    driver: Any = conn.connection.dbapi_connection
    try:
        driver.rollback()
    except conn.dialect.loaded_dbapi.Error as error:
        raise told(conn, "ROLLBACK", error) from error


def send_put_off(conn: Connection) -> None:
    """Sends what was put off, before something that does not come this way."""
    line = _pipeline(conn)
    if line is not None:
        _ask(conn, line)


def run(conn: Connection, statement: str, values: Sequence[Any] = ()) -> int:
    """Runs a statement and tells how many rows it wrote."""
    line = _pipeline(conn)
    if line is not None:
        return _ask(conn, line, (statement, values))[-1].count
    return int(_execute(conn, statement, values).rowcount)


def run_together(conn: Connection, statements: Sequence[Written]) -> None:
    """Runs statements that write; a server is asked once for all of them."""
    line = _pipeline(conn)
    if line is not None:
        _ask(conn, line, *statements)
        return
    for statement, values in statements:
        _execute(conn, statement, values)


def run_at_last(conn: Connection, statements: Sequence[Written]) -> None:
    """The same where nobody asks what became of them: a server gets them with what comes next.

    Where one fails, that fails with it: at the latest the transaction's end.
    """
    line = _pipeline(conn)
    if line is None:
        run_together(conn, statements)
        return
    for statement, values in statements:
        line.put_off(_numbered(statement), values)


@contextmanager
def savepoint(conn: Connection) -> Iterator[None]:
    """Undoes what the block wrote when it raises, and nothing else."""
    run(conn, "SAVEPOINT attempt")
    try:
        yield
        send_put_off(conn)
    except BaseException:
        line = _pipeline(conn)
        if line is not None:
            # What was put off is undone unsent: where it cannot be written, this could not be.
            line.drop()
        run(conn, "ROLLBACK TO SAVEPOINT attempt")
        run(conn, "RELEASE SAVEPOINT attempt")
        raise
    run(conn, "RELEASE SAVEPOINT attempt")


def _pipeline(conn: Connection) -> Pipeline | None:
    return conn.info.get(_PIPELINE)


def _ask(conn: Connection, line: Pipeline, *asked: Written) -> list[Answered]:
    try:
        return line.ask(*[(_numbered(statement), values) for statement, values in asked])
    except conn.dialect.loaded_dbapi.Error as error:
        raise told(conn, asked[-1][0] if asked else "", error) from error


def _execute(conn: Connection, statement: str, values: Sequence[Any]) -> Any:
    driver: Any = conn.connection.dbapi_connection
    try:
        if is_postgresql(conn):
            return _ask_driver(driver, _numbered(statement), values)
        return driver.execute(statement, values)
    except conn.dialect.loaded_dbapi.Error as error:
        raise told(conn, statement, error) from error


def told(conn: Connection, statement: str, error: Exception) -> StatementError:
    """A driver's error in SQLAlchemy's words."""
    base = conn.dialect.loaded_dbapi.Error
    return DBAPIError.instance(
        statement, None, error, base, hide_parameters=True, dialect=conn.dialect
    )


def _ask_driver(driver: Any, statement: str, values: Sequence[Any]) -> Any:
    """Asks PostgreSQL in its own notation: the driver's is taken apart anew each time."""
    from psycopg import RawCursor

    return RawCursor(driver).execute(statement, values)


@lru_cache(maxsize=512)
def _numbered(statement: str) -> str:
    first, *rest = statement.split("?")
    return first + "".join(f"${place}{part}" for place, part in enumerate(rest, 1))
