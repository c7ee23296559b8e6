"""A store of an older schema becomes one of today, whole and once, or stays as it was."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, inspect, text

from storage import checks, schema
from storage.counts import counts
from storage.engine import sqlite_path, store_url
from storage.errors import StoreError, StoreTooNew
from storage.search import Search
from storage.store import Store
from storage.tables import Base, Contact
from tests import programs
from tests.factories import lead, put
from tests.storage.old_stores import STAGES, backups, make_old


@pytest.fixture
def old_url(any_store_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """A store of the first revision with contacts in every stage, once for each kind."""
    if sqlite_path(store_url(any_store_url)) is not None:
        url = f"sqlite:///{tmp_path}/old.db"
        make_old(url, any_store_url)
        yield url
        return
    name = f"t_{secrets.token_hex(6)}"
    server, admin = (request.getfixturevalue(each) for each in ("pg_server", "pg_admin"))
    admin.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
    made = store_url(server).set(database=name, drivername="postgresql")
    try:
        shown = made.render_as_string(hide_password=False)
        make_old(shown, any_store_url)
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


def assert_whole(store: Store) -> None:
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
        assert set(conn.execute(text("SELECT source FROM contacts")).scalars()) == {""}
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
