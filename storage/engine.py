"""Engines for either store, opened the way durability asks for."""

from __future__ import annotations

import logging
import os
import re
import select
import shlex
import sqlite3 as stock_sqlite
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import ArgumentError, DisconnectionError
from sqlalchemy.pool import NullPool, QueuePool

from storage.driver import read_by_line, send_put_off
from storage.errors import StoreError, WrongUsage
from storage.paths import real_path

BUSY_SECONDS = 5
"""How long a statement waits for another program that holds the store."""

CONNECT_SECONDS = 3
"""How long a server may take to answer at first."""

ASK_SECONDS = 0.0005
"""How often a writer asks for a store that another program is writing to."""

HELD_SECONDS = 0.5
"""After so long the other one holds the store, and does not just write to it."""

_LOST_SECONDS = 11
"""After so long a server that takes nothing of what it was sent is gone, as one is of which nothing
is heard. Left to itself, a system sends it again and again for a quarter of an hour."""

_PATIENCE = "optdesk patience"

SELDOM_SECONDS = 0.02
"""How often a writer asks for a store that is held."""

_WAL_RESET_FIXED = (3, 51, 3)
"""The first SQLite without the WAL-reset corruption bug."""

READERS = 8

PAGE_BYTES = 8192
"""Size of the pages of a new SQLite store. Each page that a commit changed is written twice over,
and of larger ones there are fewer: a lead costs a twentieth less than with SQLite's usual 4 kB, a
contact that is moved with others a fifth."""

_WRITER_CACHE_KB = 8192
"""Pages that the writer keeps. Each commit that shifts pages about goes through all of them, so
many cost more than they spare: what is not here is in the system's memory."""

LONGEST_LOG = 4000
"""Pages in SQLite's log beyond which a commit copies them into the file itself: see
`storage.log_copying`."""

_LOG_IS_TOLD = (3, 51)
"""The first SQLite that says how long its log is."""


def sqlite_module() -> ModuleType:
    """The SQLite to use: the system's where it is sound, else the bundled newer one."""
    if stock_sqlite.sqlite_version_info >= _WAL_RESET_FIXED:
        return stock_sqlite
    try:
        import pysqlite3  # type: ignore[import-not-found,import-untyped,unused-ignore]
    except ImportError:
        return stock_sqlite
    return pysqlite3  # type: ignore[no-any-return]


def sqlite_version() -> str:
    """The version of SQLite in use."""
    return str(sqlite_module().sqlite_version)


def sqlite_is_sound() -> bool:
    """Whether the SQLite in use is free of the WAL-reset bug."""
    return bool(sqlite_module().sqlite_version_info >= _WAL_RESET_FIXED)


def tells_of_its_log() -> bool:
    """Whether the SQLite in use can be asked for the length of its log."""
    return bool(sqlite_module().sqlite_version_info >= _LOG_IS_TOLD)


# What drivers say of a connection that was cut reaches whoever asked, as a sentence. Where nobody
# has asked for a log, Python would write it across the screen as well.
for _name in ("psycopg", "sqlalchemy"):
    logging.getLogger(_name).addHandler(logging.NullHandler())


def store_url(url: str) -> URL:
    """Reads a store's URL: `sqlite:///file`, `postgresql://…`, or a bare path.

    Raises:
        WrongUsage: It names no kind of store that is known.
    """
    if "://" not in url:
        return URL.create("sqlite", database=url)
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        # What cannot be read may hold a password anywhere before the last @.
        name = _SECRETS.sub("…@", url)
        raise WrongUsage(f"“{name}” is no store URL.", _EXAMPLES) from error
    if parsed.get_backend_name() == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise WrongUsage("A store in memory would forget every lead.", _EXAMPLES)
        return parsed.set(drivername="sqlite")
    if parsed.get_backend_name() in ("postgresql", "postgres"):
        if url.count("@") > 1:
            # What stands behind the first one would be taken for the server's name, and shown.
            raise WrongUsage("The store's URL holds more than one @.", _WRITTEN)
        return parsed.set(drivername="postgresql+psycopg")
    raise WrongUsage(f"Optdesk keeps no store in {parsed.get_backend_name()}.", _EXAMPLES)


_SECRETS = re.compile(r"(?<=://).*@", re.DOTALL)
_WRITTEN = "In a user's name or a password write @ as %40, / as %2F, : as %3A and ? as %3F."
_EXAMPLES = "Use sqlite:///path/to/optdesk.db or postgresql://user@host/database."


def shown(url: URL) -> str:
    """A store's URL for people: without a password, and as they write it."""
    # The library of PostgreSQL takes passwords behind the question mark as well.
    hidden = {name: "hidden" for name in url.query if name.endswith("password")}
    plain = url.set(drivername=url.get_backend_name()).update_query_dict(hidden)
    return plain.render_as_string(hide_password=True)


def sqlite_path(url: URL) -> Path | None:
    """The file of a SQLite store, whatever link leads to it; None for PostgreSQL."""
    if url.get_backend_name() != "sqlite":
        return None
    return real_path(str(url.database))


def write_engine(
    url: URL,
    path: Path | None,
    *,
    by_keys: bool = False,
    check: Callable[[], None] | None = None,
) -> Engine:
    """An engine whose transactions take the write lock at once.

    Args:
        url: The store's.
        path: Its file, where it is one.
        by_keys: PostgreSQL is to look rows up by keys wherever it can.
        check: See `read_engine`.
    """
    if path is None:
        engine = create_engine(
            url,
            poolclass=NullPool,
            hide_parameters=True,
            connect_args=_postgresql_arguments(_BY_KEYS if by_keys else ""),
        )

        @event.listens_for(engine, "before_cursor_execute")
        def send_first(conn: Any, *_statement: Any) -> None:
            send_put_off(conn)

        return engine
    longest = (f"PRAGMA wal_autocheckpoint = {LONGEST_LOG}",) if tells_of_its_log() else ()
    pragmas = (*_WRITER_PRAGMAS, *longest)
    return _sqlite_engine(path, begin="BEGIN IMMEDIATE", pragmas=pragmas, pooled=False, check=check)


def read_engine(url: URL, path: Path | None, *, check: Callable[[], None] | None = None) -> Engine:
    """A pooled engine whose transactions see one snapshot and cannot write.

    Args:
        url: The store's.
        path: Its file, where it is one.
        check: Sees whether the file's name still leads to what others of this process have open.
            Asked of each connection that was opened, before it looks at the index of the log:
            beside another file it would cut that short below them, which can kill the process.
    """
    if path is None:
        engine = create_engine(
            url,
            poolclass=QueuePool,
            pool_size=READERS,
            pool_use_lifo=True,
            max_overflow=READERS,
            pool_timeout=BUSY_SECONDS,
            hide_parameters=True,
            isolation_level="REPEATABLE READ",
            connect_args=_postgresql_arguments(_NO_HABITS) | {"prepare_threshold": None},
        )

        @event.listens_for(engine, "connect")
        def prepare_line(driver: Any, record: Any) -> None:
            read_by_line(driver, record.info)

        @event.listens_for(engine, "checkout")
        def see_to_it(driver: Any, _record: Any, _taken: Any) -> None:
            if not _is_alive(engine, driver):
                raise DisconnectionError

        return engine.execution_options(postgresql_readonly=True)
    return _sqlite_engine(path, begin="BEGIN", pragmas=_READER_PRAGMAS, pooled=True, check=check)


_WRITER_PRAGMAS = (
    f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}",
    f"PRAGMA page_size = {PAGE_BYTES}",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",
    f"PRAGMA cache_size = -{_WRITER_CACHE_KB}",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA busy_timeout = 0",
)

_READER_PRAGMAS = (
    f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}",
    "PRAGMA query_only = ON",
    "PRAGMA cache_size = -8192",
    "PRAGMA temp_store = MEMORY",
)


_BY_KEYS = " -c enable_seqscan=off -c jit=off"
"""For a writer, whose verbs look rows up by keys. In a new store, of which PostgreSQL knows nothing
yet, it plans to read whole tables and keeps to that while they fill: measured, claiming 20 texts
took 15 ms at 5,000 contacts, and more with each."""


_NO_HABITS = " -c plan_cache_mode=force_custom_plan"
"""For readers: prepared trigram searches lose their index once the plan turns generic."""


def _is_alive(engine: Engine, driver: Any) -> bool:
    """Whether a connection that rested can be used.

    Costs no turn to the server: one that went away has ended the line, which can be read then.
    """
    if driver.closed:
        return False
    waiting = select.poll()
    waiting.register(driver.fileno(), select.POLLIN)
    if not waiting.poll(0):
        return True
    try:
        return bool(engine.dialect.do_ping(driver))
    except engine.dialect.loaded_dbapi.Error:
        return False


def _postgresql_arguments(more: str = "") -> dict[str, Any]:
    return {
        "application_name": "optdesk",
        "connect_timeout": CONNECT_SECONDS,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": _LOST_SECONDS * 1000,
        "options": f"-c lock_timeout={BUSY_SECONDS}s -c synchronous_commit=on -c timezone=UTC"
        + more,
    }


def _sqlite_engine(
    path: Path,
    *,
    begin: str,
    pragmas: tuple[str, ...],
    pooled: bool,
    check: Callable[[], None] | None,
) -> Engine:
    pool: dict[str, Any] = {"poolclass": NullPool}
    # Where nothing can be written, the way to open it may change while it is open.
    if pooled and may_write(path):
        pool = {
            "poolclass": QueuePool,
            "pool_size": READERS,
            "pool_use_lifo": True,
            "max_overflow": READERS,
            "pool_timeout": BUSY_SECONDS,
        }
    engine = create_engine(
        "sqlite://",
        module=sqlite_module(),
        creator=lambda: connect_sqlite(path),
        hide_parameters=True,
        **pool,
    )

    @event.listens_for(engine, "connect")
    def prepare(driver: Any, _record: Any) -> None:
        if check is not None:
            check()
        cursor = driver.cursor()
        for pragma in pragmas:
            cursor.execute(pragma)
        cursor.close()

    @event.listens_for(engine, "begin")
    def start(conn: Any) -> None:
        _begin(conn, begin)

    return engine


def may_write(path: Path) -> bool:
    """Whether a SQLite store can be written: its file, and its log beside it."""
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


def connect_sqlite(path: Path) -> Any:
    """A bare connection to a SQLite store, in autocommit; what cannot be written is read.

    Opening never makes a file; a new store is made by `storage.schema`.
    """
    if may_write(path):
        return _open(path, "mode=rw")
    log, index = (path.with_name(path.name + end) for end in ("-wal", "-shm"))
    if index.exists():
        return _open(path, "mode=ro")
    if log.exists() and log.stat().st_size:
        # SQLite needs an index of the log and cannot make a file for it here. Alone, without
        # locks, it keeps one in memory: who could write beside us would have made the file.
        conn = _open(path, "mode=ro&vfs=unix-none")
        conn.execute("PRAGMA locking_mode = EXCLUSIVE")
        return conn
    return _open(path, "mode=ro&immutable=1")


def _open(path: Path, query: str) -> Any:
    return sqlite_module().connect(
        f"{path.as_uri()}?{query}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=512,
    )


def wait_at_most(conn: Connection, seconds: float) -> None:
    """Says how long the next transactions of a connection to SQLite wait for another program."""
    conn.info[_PATIENCE] = seconds


def _begin(conn: Any, statement: str) -> None:
    """Begins a transaction, asking again and again while another program writes.

    SQLite's own waiting pauses for up to 100 ms, in which a program that writes one transaction
    after the other gets its next one every time.
    """
    driver, errors = conn.connection.dbapi_connection, conn.dialect.loaded_dbapi
    began = time.monotonic()
    patience = conn.info.get(_PATIENCE, BUSY_SECONDS)
    while (waited := time.monotonic() - began) < patience:
        try:
            driver.execute(statement)
        except errors.OperationalError as error:
            if "locked" not in str(error):
                break
        else:
            return
        time.sleep(ASK_SECONDS if waited < HELD_SECONDS else SELDOM_SECONDS)
    # Once more, so that a failure is told in SQLAlchemy's words.
    conn.exec_driver_sql(statement)


def check_folder(path: Path) -> None:
    """Sees that a store's folder is there.

    Raises:
        StoreError: It is missing or no folder.
    """
    if not path.parent.is_dir():
        raise StoreError(
            f"The folder {path.parent} of the store {path.name} does not exist.",
            f"Make it with: mkdir -m 700 -p {shlex.quote(str(path.parent))}",
        )
