"""A store of an older schema becomes one of today, whole and once, or stays as it was."""

from __future__ import annotations

import secrets
import subprocess
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from queue import Queue
from typing import Any

import psycopg
import pytest
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError

from storage import checks, driver, phone_index, schema
from storage.counts import counts
from storage.driver import fetch
from storage.engine import connect_sqlite, sqlite_module, sqlite_path, store_url
from storage.errors import StoreError, StoreTooNew
from storage.profile import find_contact
from storage.search import Search
from storage.store import Store
from storage.tables import Base, Contact
from storage.words import Stage
from tests import programs
from tests.factories import lead, make_queued, put
from tests.storage.old_stores import STAGES, backups, make_old
from tests.waiting import PATIENCE, soon


@pytest.fixture
def revision() -> str:
    """Of an old store, where a test does not say it."""
    return "0001"


@pytest.fixture
def old_url(
    any_store_url: str, tmp_path: Path, request: pytest.FixtureRequest, revision: str
) -> Iterator[str]:
    """A store of an older revision with contacts in every stage, once for each kind."""
    if sqlite_path(store_url(any_store_url)) is not None:
        url = f"sqlite:///{tmp_path}/old.db"
        make_old(url, any_store_url, revision)
        yield url
        return
    name = f"t_{secrets.token_hex(6)}"
    server, admin = (request.getfixturevalue(each) for each in ("pg_server", "pg_admin"))
    admin.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
    made = store_url(server).set(database=name, drivername="postgresql")
    try:
        shown = made.render_as_string(hide_password=False)
        make_old(shown, any_store_url, revision)
        yield shown
    finally:
        admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def revision_of(url: str) -> str:
    path = sqlite_path(store_url(url))
    engine = create_engine(f"sqlite:///{path}" if path else store_url(url))
    with engine.connect() as conn:
        found = str(conn.execute(text("SELECT version_num FROM alembic_version")).scalar_one())
    engine.dispose()
    return found


def assert_whole(store: Store, source: str = "") -> None:
    """Everything that was in the old store is there, and what only a new one has."""
    contacts: Any = Contact.__table__  # type: ignore[attr-defined]
    with store.read() as conn:
        figures = counts(conn)
        assert {stage: n for stage, n in figures.by_stage.items() if n} == STAGES
        assert [(group.name, group.count) for group in figures.groups] == [("Spring", 2)]
        assert checks.check(conn).faults == ()
        assert Search(conn, "vip").ids(contacts.c.stage == "grouped", limit=9)
        assert len(Search(conn, "queued").ids(contacts.c.stage == "queued", limit=9)) == 3
        for table in Base.metadata.sorted_tables:
            there = {index["name"] for index in inspect(conn).get_indexes(table.name)}
            assert {index.name for index in table.indexes} <= there, table.name
        assert set(conn.execute(text("SELECT source FROM contacts")).scalars()) == {source}
        people = conn.execute(text("SELECT id, phone, stage FROM contacts")).all()
        for ident, phone, stage in people:
            assert find_contact(conn, phone) == ident
            held = fetch(conn, *phone_index.held_by(conn, [phone]))
            assert held == ([] if stage == "deleted" else [(ident,)])
    assert put(store, lead())[0].outcome == "accepted"


def test_an_old_store_is_upgraded_with_all_that_is_in_it(old_url: str) -> None:
    path = sqlite_path(store_url(old_url))
    store = Store.open(old_url)
    try:
        assert_whole(store)
    finally:
        store.close()
    kept = backups(path)
    assert len(kept) == (0 if path is None else 1)
    for backup in kept:
        assert backup.stat().st_mode & 0o777 == 0o600
        assert revision_of(f"sqlite:///{backup}") == "0001"
        again = Store.open(f"sqlite:///{backup}")
        assert_whole(again)
        again.close()


@pytest.mark.parametrize("revision", ["0005", "0007"])
def test_a_store_of_the_revision_before_is_upgraded_with_all_that_is_in_it(old_url: str) -> None:
    store = Store.open(old_url)
    try:
        assert_whole(store, source="api")
        assert_checked(store)
    finally:
        store.close()


def test_a_new_store_refuses_a_stage_that_there_is_not(store: Store) -> None:
    make_queued(store, 1)
    assert_checked(store)


def assert_checked(store: Store) -> None:
    """No contact has a stage and no number a status that there is not."""
    for nonsense in (
        "UPDATE contacts SET stage = 'sold'",
        "UPDATE contacts SET stage = ''",
        "UPDATE numbers SET status = 'queued'",
    ):
        with pytest.raises(StoreError):
            store.do(partial(driver.run, statement=nonsense))
    for stage in Stage:
        moved = partial(driver.run, statement="UPDATE contacts SET stage = ?", values=(stage,))
        assert store.do(moved)


@pytest.mark.parametrize(
    ("any_store_url", "revision"),
    [("sqlite", "0001"), ("sqlite", "0005")],
    indirect=["any_store_url"],
)
def test_sqlite_fills_no_table_of_all_stages_for_each_contact(old_url: str) -> None:
    """It took a fifteenth of the time of a move."""
    path = sqlite_path(store_url(old_url))
    assert path is not None
    # Somebody who has the store open meanwhile; who only looks upgrades nothing.
    beside = connect_sqlite(path)
    before = beside.execute("PRAGMA schema_version").fetchone()[0]
    assert "OpenEphemeral" in _steps(beside, 1)
    Store.open(old_url).close()
    assert beside.execute("PRAGMA schema_version").fetchone()[0] > before
    with pytest.raises(sqlite_module().IntegrityError, match="stage_known"):
        beside.execute("UPDATE contacts SET stage = 'sold'")
    # It only notices what it would do as it does something, and keeps what was asked before.
    assert "OpenEphemeral" not in _steps(beside, 2)
    assert beside.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    beside.close()


def _steps(conn: Any, ident: int) -> list[str]:
    one = f"EXPLAIN UPDATE contacts SET stage = 'grouped' WHERE id = {ident}"
    return [row[1] for row in conn.execute(one)]


@pytest.mark.parametrize("any_store_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("revision", ["0001", "0005"])
def test_postgresql_compares_by_bytes_what_is_declared_so(old_url: str) -> None:
    store = Store.open(old_url)
    with store.read() as conn:
        columns, indexed = (set(fetch(conn, query)) for query in (_COLLATED, _INDEXED))
    store.close()
    declared = {
        (column.table.name, column.name)
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if getattr(column.type.dialect_impl(_POSTGRESQL), "collation", None) == "C"
    }
    assert columns == declared
    assert {name for name, by_bytes in indexed if not by_bytes} == _OF_PEOPLE


_POSTGRESQL = postgresql.dialect()

_COLLATED = """
SELECT tables.relname, columns.attname FROM pg_class AS tables
JOIN pg_attribute AS columns ON columns.attrelid = tables.oid AND columns.attnum > 0
WHERE tables.relkind = 'r' AND tables.relnamespace = 'public'::regnamespace
AND columns.attcollation = '"C"'::regcollation
"""

_INDEXED = """
SELECT tables.relname || '.' || columns.attname, columns.attcollation = '"C"'::regcollation
FROM pg_index AS indexes JOIN pg_class AS tables ON tables.oid = indexes.indrelid
JOIN pg_attribute AS columns
ON columns.attrelid = tables.oid AND columns.attnum = ANY(indexes.indkey)
WHERE tables.relnamespace = 'public'::regnamespace AND columns.attcollation <> 0
"""

_OF_PEOPLE = {
    "alembic_version.version_num",
    "changes.actor",
    "groups.folded",
    "labels.folded",
    "retired_hits.sender",
    "saved_views.owner",
}
"""Indexed columns that hold what people write, or who does, and one that is not ours."""


def test_who_only_looks_does_not_upgrade(old_url: str) -> None:
    with pytest.raises(StoreError, match="older than this program") as caught:
        Store.open(old_url, create=False, migrate=False)
    assert "optdesk db upgrade" in caught.value.next_step
    assert revision_of(old_url) == "0001"
    assert backups(sqlite_path(store_url(old_url))) == []


_KILLED = """
import os, sys
from sqlalchemy import event
from sqlalchemy.engine import Engine
from storage.store import Store
left = int(sys.argv[2])
@event.listens_for(Engine, "after_cursor_execute")
def count(*_):
    global left
    left -= 1
    if left == 0:
        print("killed", flush=True)
        os.kill(os.getpid(), 9)
Store.open(sys.argv[1]).close()
"""


def optdesk(*words: str) -> subprocess.Popen[str]:
    return programs.start(*words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.mark.parametrize("statement", [12, 30])
def test_killed_in_the_middle_it_is_old_and_the_next_start_upgrades_it(
    old_url: str, statement: int
) -> None:
    with optdesk("-c", _KILLED, old_url, str(statement)) as process:
        assert process.communicate(timeout=30)[0] == "killed\n"
    assert revision_of(old_url) == "0001"
    store = Store.open(old_url)
    assert_whole(store)
    store.close()


def test_of_two_who_start_at_once_one_upgrades(old_url: str) -> None:
    words = ("-m", "app.main", "--store", old_url, "db", "upgrade")
    both = [optdesk(*words), optdesk(*words)]
    said = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    path = sqlite_path(store_url(old_url))
    assert len(backups(path)) == (0 if path is None else 1)
    store = Store.open(old_url)
    assert_whole(store)
    store.close()


def test_who_waits_for_a_server_that_is_gone_asks_it_now_and_then(
    pg_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float] = []

    def refuse(_conn: Connection) -> None:
        asked.append(time.monotonic())
        raise OperationalError("", {}, Exception("connection refused"))

    monkeypatch.setattr(schema, "UPGRADE_SECONDS", 1.0)
    monkeypatch.setattr(schema, "_lock_for_migration", refuse)
    engine = create_engine(store_url(pg_url))
    with engine.connect() as conn, pytest.raises(OperationalError):
        schema._wait_for_others(conn, "a store")
    engine.dispose()
    assert 2 <= len(asked) <= 20


@pytest.mark.parametrize("any_store_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("revision", ["0001", "0005"])
def test_who_reads_one_table_after_the_other_and_an_upgrade_do_not_wait_for_each_other(
    old_url: str, revision: str
) -> None:
    """PostgreSQL ended one of the two, often the upgrade."""
    opened: Queue[Store | StoreError] = Queue()

    def upgrade() -> None:
        try:
            opened.put(Store.open(old_url))
        except StoreError as error:
            opened.put(error)

    with psycopg.connect(old_url) as reader, psycopg.connect(old_url, autocommit=True) as beside:
        reader.execute("SELECT n FROM tallies").fetchall()
        threading.Thread(target=upgrade, daemon=True).start()
        soon(lambda: beside.execute(_WAITS_FOR_A_TABLE).fetchone() == (True,))
        [(found,)] = reader.execute("SELECT count(*) FROM contacts").fetchall()
        assert found == sum(STAGES.values())
    store = opened.get(timeout=PATIENCE)
    assert isinstance(store, Store), store
    assert_whole(store, source="api" if revision == "0005" else "")
    store.close()


_WAITS_FOR_A_TABLE = """
SELECT EXISTS (
    SELECT FROM pg_locks JOIN pg_class ON pg_class.oid = relation
    WHERE NOT granted AND mode = 'AccessExclusiveLock' AND relname = 'tallies'
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
)
"""


def test_a_newer_store_is_left_alone_by_every_way_in(any_store_url: str) -> None:
    store = Store.open(any_store_url)
    store.do(lambda conn: conn.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    store.close()
    path = sqlite_path(store_url(any_store_url))
    before = path.read_bytes() if path else b""
    for words in (("db", "upgrade"), ("contacts", "list"), ("serve", "--port", "0")):
        with optdesk("-m", "app.main", "--store", any_store_url, *words) as process:
            _, said = process.communicate(timeout=30)
        assert (process.returncode, "newer Optdesk" in said) == (3, True), (words, said)
    with pytest.raises(StoreTooNew):
        Store.open(any_store_url)
    assert revision_of(any_store_url) == "9999"
    if path:
        assert path.read_bytes() == before
        assert backups(path) == []
    assert schema.HEAD < "9999"
