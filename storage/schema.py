"""Makes, checks and upgrades the tables of a store before it is opened."""

from __future__ import annotations

import glob
import os
import secrets
import shutil
import threading
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import URL, Connection
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError
from sqlalchemy.pool import NullPool

from storage.dialects import is_postgresql
from storage.drafts import draft_of, take_away_dead
from storage.engine import (
    check_folder,
    may_write,
    read_engine,
    shown,
    sqlite_module,
    write_engine,
)
from storage.errors import Refused, StoreDamaged, StoreError, StoreTooNew, StoreUnavailable
from storage.faults import explain
from storage.file_guard import first_bytes
from storage.leftover_log import belongs
from storage.pages import APPLICATION_ID, read_header
from storage.standing_still import have_alone

HEAD = "0008"
"""The newest revision in `storage/migrations/versions`. Kept here so that opening a store
that is up to date imports no Alembic."""

UPGRADE_SECONDS = 60.0
"""How long to wait for another process that upgrades the same store."""

_ASK_SECONDS = 0.1
"""How long a store is left alone that could not be had."""

SMALL_STORE = 16 * 1024 * 1024
"""Bytes up to which a store is read whole as it is opened; of a larger one `storage.checks` tells
whether it is sound. Measured, 13 MB take 15 ms."""

_one_migration = threading.Lock()
_BACKUP_PAGES = 4096
"""Pages that a backup copies at a time."""
_RESTORE = (
    "Restore a backup over it, or start anew with another --store. Nothing was written to it."
)


def prepare(url: URL, path: Path | None, *, create: bool, migrate: bool) -> bool:
    """Sees that the store at `url` exists and has this program's tables.

    Returns:
        Whether it can only be read.

    Raises:
        StoreError: It cannot be used.
    """
    if path is None:
        _upgrade(url, None, create=create, migrate=migrate)
        return False
    check_folder(path)
    if not path.exists():
        if not create:
            raise StoreError(
                f"There is no store at {path}.", "Check --store, or start Optdesk once to make it."
            )
        _make_file(url, path)
    keeps_log = check_file(path)
    if not belongs(path, sqlite_module()):
        log = path.name + "-wal"
        raise StoreDamaged(
            f"The log {log} beside the store {path} is not its own: read together with it, it"
            " would destroy the store.",
            f"If the store was put back from a backup, move {log} and {path.name}-shm away and"
            " start again. Nothing was written to it.",
        )
    if not may_write(path):
        _demand_head(url, path)
        return True
    looked = _has_log(path)
    if looked:
        _look_before(path)
    if keeps_log and _is_up_to_date(url, path, looked=looked):
        return False
    _upgrade(url, path, create=False, migrate=migrate, looked=looked)
    return False


def _is_up_to_date(url: URL, path: Path, *, looked: bool) -> bool:
    """Whether a store needs no upgrade; looks without the write lock, which others may hold.

    Raises:
        StoreError: It is damaged, or has not the columns that it should have.
    """
    engine = read_engine(url, path)
    try:
        with engine.connect() as conn, conn.begin():
            found = revision(conn)
            if not looked:
                _demand_sound(conn, path)
            if found == HEAD:
                demand_columns(conn, str(path))
            return found == HEAD
    except DBAPIError as error:
        raise explain(error, str(path)) from error
    finally:
        engine.dispose()


def check_file(path: Path) -> bool:
    """Looks at a SQLite file without opening it as a database.

    Returns:
        Whether it keeps a write-ahead log, as every store does.

    Raises:
        StoreDamaged: It is empty, cut or something else.
        StoreError: It cannot be read.
    """
    if not path.is_file():
        raise StoreError(f"{path} is not a file.", "Check --store.")
    try:
        start = first_bytes(path)
    except OSError as error:
        raise StoreError(
            f"The store {path} cannot be read: {error.strerror}.", "Check its permissions."
        ) from error
    if not start:
        raise StoreDamaged(f"The store {path} is an empty file.", _RESTORE)
    header = read_header(start)
    if header is None:
        raise StoreDamaged(f"The file {path} is no database.", _RESTORE)
    if path.stat().st_size < header.size and not _has_log(path):
        raise StoreDamaged(f"The store {path} is cut short.", _RESTORE)
    if header.rollback_journal:
        # This may be somebody else's database.
        _look_before(path)
    return not header.rollback_journal


def _has_log(path: Path) -> bool:
    """Whether a write-ahead log lies beside a store, of a program that runs or was killed."""
    log = path.with_name(path.name + "-wal")
    return log.exists() and log.stat().st_size > 0


def _look_before(path: Path) -> None:
    """Sees that a database is a store of this program's, or an older one, without writing to it.

    To open it for writing would change the file itself: it gets a write-ahead log where it has
    none, and what the log holds that another program left is copied into it.

    Raises:
        StoreError: It is something else, newer, or cannot be read.
    """
    module = sqlite_module()
    engine = create_engine(
        "sqlite://",
        module=module,
        creator=lambda: module.connect(f"{path.as_uri()}?mode=ro", uri=True),
        hide_parameters=True,
        poolclass=NullPool,
    )
    with engine.connect() as conn:
        try:
            found = revision(conn)
            if found is None:
                raise StoreDamaged(
                    f"The file {path} is a database, but no Optdesk store.", _RESTORE
                )
            refuse_unknown(found, str(path))
            _demand_sound(conn, path)
            if found == HEAD:
                demand_columns(conn, str(path))
        except DBAPIError as error:
            raise explain(error, str(path)) from error


def _demand_sound(conn: Connection, path: Path) -> None:
    """Sees that no page of a small store is broken.

    Raises:
        StoreDamaged: One is.
    """
    if path.stat().st_size > SMALL_STORE:
        return
    if conn.exec_driver_sql("PRAGMA quick_check(1)").scalar() != "ok":
        raise StoreDamaged(f"The store {path} is damaged.", _RESTORE)


def revision(conn: Connection) -> str | None:
    """The schema revision of a store, or None where it has no tables yet."""
    try:
        with conn.begin_nested():
            found = conn.execute(text("SELECT version_num FROM alembic_version")).scalar()
    except (OperationalError, ProgrammingError) as error:
        if getattr(error.orig, "sqlstate", None) == "42P01" or "no such table" in str(error.orig):
            return None
        raise
    return None if found is None else str(found)


def _make_file(url: URL, path: Path) -> None:
    """Makes a whole store beside its place and then puts it there, so that none is half made."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
    try:
        descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except OSError as error:
        raise StoreError(
            f"The store {path} cannot be made: {error.strerror}.", "Check the folder's permissions."
        ) from error
    os.close(descriptor)
    try:
        engine = write_engine(url, draft)
        with engine.connect() as conn:
            with conn.begin():
                run_migrations(conn)
                _mark(conn, None)
            driver: Any = conn.connection.dbapi_connection
            driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        engine.dispose()
        _sync(draft)
        try:
            os.link(draft, path)
        except FileExistsError:
            return  # Another process was faster; its store is as good.
        except OSError:
            # A file system without links: a rename could overwrite, so look once more.
            if not path.exists():
                draft.rename(path)
        _sync(path.parent)
    except DBAPIError as error:
        raise explain(error, str(path)) from error
    finally:
        for leftover in (
            draft,
            *(draft.with_name(draft.name + end) for end in ("-wal", "-shm", "-journal")),
        ):
            leftover.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _upgrade(
    url: URL, path: Path | None, *, create: bool, migrate: bool, looked: bool = False
) -> None:
    name = str(path) if path else shown(url)
    engine = write_engine(url, path)
    try:
        with engine.connect() as conn:
            with conn.begin():
                found = revision(conn)
                if path is not None and not looked:
                    _demand_sound(conn, path)
            if found == HEAD:
                demand_columns(conn, name)
                return
            refuse_unknown(found, name)
            if found is None and path is not None:
                raise StoreDamaged(
                    f"The file {name} is a database, but no Optdesk store.", _RESTORE
                )
            if found is None and not create:
                raise StoreError(
                    f"The store {name} has no tables.", "Start Optdesk once to make them."
                )
            if found is not None and not migrate:
                raise StoreError(
                    f"The store {name} is older than this program.",
                    "Upgrade it with: optdesk db upgrade",
                )
            _wait_for_others(conn, name)
            with conn.begin():
                _lock_for_migration(conn)
                again = revision(conn)
                refuse_unknown(again, name)
                if again != HEAD:
                    if again is not None and path is not None:
                        backup(path, f"before-{HEAD}")
                    if again is not None and path is None:
                        have_alone(conn, UPGRADE_SECONDS)
                    run_migrations(conn)
                    _mark(conn, again)
            demand_columns(conn, name)
    except DBAPIError as error:
        raise explain(error, name) from error
    finally:
        engine.dispose()


def _wait_for_others(conn: Connection, name: str) -> None:
    """Waits while another process holds the store, which may be upgrading it at this moment.

    Raises:
        StoreUnavailable: It takes too long.
    """
    limit = time.monotonic() + UPGRADE_SECONDS
    while True:
        try:
            with conn.begin():
                _lock_for_migration(conn)
        except DBAPIError as error:
            problem = explain(error, name)
            if not isinstance(problem, StoreUnavailable) or time.monotonic() > limit:
                raise
            # A server that is gone says so at once, however often it is asked.
            time.sleep(_ASK_SECONDS)
        else:
            return


def _demand_head(url: URL, path: Path) -> None:
    engine: Engine = read_engine(url, path)
    try:
        with engine.connect() as conn:
            found = conn.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
            refuse_unknown(found, str(path))
            if found != HEAD:
                raise StoreError(
                    f"The store {path} is older than this program and read-only.",
                    "Make it writable once.",
                )
            demand_columns(conn, str(path))
    except DBAPIError as error:
        raise explain(error, str(path)) from error
    finally:
        engine.dispose()


def refuse_unknown(found: str | None, name: str) -> None:
    """Refuses a revision that this program does not know.

    Raises:
        StoreTooNew: The store was written by a newer Optdesk.
    """
    if found is not None and found > HEAD:
        raise StoreTooNew(
            f"The store {name} was written by a newer Optdesk (schema {found}; known: {HEAD}).",
            "Upgrade this program. Nothing was written to the store.",
        )


_SQLITE_COLUMNS = """
SELECT tables.name, columns.name, columns."notnull" AND columns.dflt_value IS NULL
FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns
WHERE tables.type = 'table'
"""
_POSTGRESQL_COLUMNS = """
SELECT tables.relname, columns.attname, columns.attnotnull AND NOT columns.atthasdef
FROM pg_class AS tables JOIN pg_attribute AS columns ON columns.attrelid = tables.oid
WHERE tables.relkind IN ('r', 'p') AND pg_table_is_visible(tables.oid)
AND columns.attnum > 0 AND NOT columns.attisdropped
"""


def demand_columns(conn: Connection, name: str) -> None:
    """Sees that every table has the columns that the program reads and writes.

    Raises:
        StoreDamaged: It lacks some, or has others that must be filled.
    """
    from storage.tables import Base

    query = _POSTGRESQL_COLUMNS if is_postgresql(conn) else _SQLITE_COLUMNS
    there: dict[str, dict[str, bool]] = {}
    for table, column, must_be_filled in conn.exec_driver_sql(query):
        there.setdefault(table, {})[column] = bool(must_be_filled)
    odd = []
    for table in Base.metadata.sorted_tables:
        found = there.get(table.name, {})
        known = set(table.columns.keys())
        odd += [f"{table.name}.{column} is missing" for column in sorted(known - found.keys())]
        strange = sorted(found.keys() - known)
        odd += [f"{table.name}.{column} is unknown" for column in strange if found[column]]
    if odd:
        more = f" and {len(odd) - 3} more" if len(odd) > 3 else ""
        raise StoreDamaged(
            f"The store {name} has other columns than its schema {HEAD}:"
            f" {', '.join(odd[:3])}{more}.",
            "Restore a backup, or run the Optdesk that made it. Nothing was written to it.",
        )


def _mark(conn: Connection, before: str | None) -> None:
    """Counts an upgrade as a commit, and writes on the file whose it is."""
    if before is not None:
        conn.execute(text("UPDATE store_state SET seq = seq + 1"))
    if not is_postgresql(conn):
        conn.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")


def backup(path: Path, label: str) -> Path:
    """Copies a live SQLite store, consistently, beside it; mode 0600.

    Returns:
        The copy's path.

    Raises:
        StoreError: There is no room or no right for it.
    """
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    target, more = path.with_name(f"{path.name}.{label}-{moment}.backup"), 1
    while target.exists():
        # Two in a second, such as when the first upgrade was killed.
        more += 1
        target = path.with_name(f"{path.name}.{label}-{moment}-{more}.backup")
    return backup_to(path, target)


def backup_to(path: Path, target: Path) -> Path:
    """Copies a live SQLite store to `target`, consistently; mode 0600.

    Raises:
        Refused: The target is there already.
        StoreError: There is no room or no right for it.
    """
    if target.exists():
        raise _taken(target)
    module = sqlite_module()
    for beside in (path, target):
        take_away_dead(beside)
    try:
        with draft_of(target) as draft:
            with (
                closing(module.connect(f"{path.as_uri()}?mode=ro", uri=True)) as source,
                closing(module.connect(draft)) as copy,
            ):
                # One snapshot from the first page to the last. Without it the copy would begin
                # anew with every lead that comes in meanwhile, and under load never end.
                source.execute("BEGIN")
                source.execute("SELECT version_num FROM alembic_version").fetchone()
                source.backup(copy, pages=_BACKUP_PAGES)
            _sync(draft)
            _put(draft, target)
        _sync(target.parent)
    except (OSError, module.Error) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or error
        raise StoreError(
            f"No backup could be written to {target}: {why}.",
            "See that its folder is there, may be written to and has room.",
        ) from error
    return target


def _put(draft: Path, target: Path) -> None:
    """Puts a finished file in its place, over nothing that is there."""
    try:
        os.link(draft, target)
    except FileExistsError:
        raise _taken(target) from None
    except OSError:
        # A file system without links: a rename could overwrite, so look once more.
        if target.exists():
            raise _taken(target) from None
        draft.rename(target)


def _taken(target: Path) -> Refused:
    return Refused(f"{target} is there already.", "Name another file.")


def restore_hint(path: Path) -> str:
    """Names the newest backup beside a damaged store, where there is one."""
    found = path.parent.glob(f"{glob.escape(path.name)}.*.backup")
    newest = max(found, key=lambda file: file.stat().st_mtime, default=None)
    return f"The newest backup beside it is {newest}." if newest else ""


def free_space(path: Path) -> int:
    """Bytes left where the store lies."""
    return shutil.disk_usage(path.parent).free


def _lock_for_migration(conn: Connection) -> None:
    if conn.dialect.name == "postgresql":
        conn.execute(text("SELECT pg_advisory_xact_lock(7164037)"))


def run_migrations(conn: Connection, target: str = HEAD) -> None:
    """Runs every missing migration up to `target` in the transaction that is open."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = conn
    with _one_migration:  # Alembic keeps its context in globals.
        command.upgrade(config, target)
