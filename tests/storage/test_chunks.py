"""How an act on many contacts is taken apart, and what each of its steps leaves."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, text

from storage import driver, groups
from storage.acts import Move
from storage.bulk import Pace, chunks, in_order, perform
from storage.driver import fetch
from storage.errors import StoreError
from storage.store import Store
from storage.words import Actor, Stage, Target, View
from tests.factories import make_queued

QUEUE = View()
EVERYBODY = Target(view=QUEUE, top=1 << 62)


def test_a_view_is_gone_through_in_whole_chunks(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of what was read ahead no odd ones are left over, for which a transaction would be made."""
    ids = make_queued(store, 7)
    monkeypatch.setattr("storage.bulk.AHEAD", 3)
    taken = list(chunks(store, EVERYBODY, Pace(size=2)))
    assert [len(each) for each in taken] == [2, 2, 2, 1]
    assert sorted(ident for each in taken for ident in each) == ids
    assert all(list(each) == sorted(each) for each in taken)


def test_contacts_named_twice_are_taken_once_and_in_order(store: Store) -> None:
    assert in_order((3, 1, 3, 2, 1)) == [1, 2, 3]
    assert in_order(()) == []
    first, second = make_queued(store, 2)
    assert list(chunks(store, Target(ids=(second, first, second)))) == [[first, second]]


def test_a_step_that_fails_in_its_middle_leaves_nothing(store: Store, me: Actor) -> None:
    ids = make_queued(store, 4)
    spring = store.do(lambda conn: groups.create(conn, me, "Spring"))
    store.do(partial(_forbid, ident=ids[2]))
    with pytest.raises(StoreError):
        perform(store, me, Move(spring.id), Target(ids=tuple(ids)), seen=QUEUE)
    with store.read() as conn:
        assert {row.stage for row in conn.execute(text("SELECT stage FROM contacts"))} == {
            Stage.QUEUED
        }
        assert not fetch(conn, "SELECT 1 FROM change_items")


def test_sqlite_finds_the_contacts_of_a_step_without_a_table_of_their_ids(
    sqlite_store: Store, me: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes a third of the time of writing them down to fill one."""
    store = sqlite_store
    ids = make_queued(store, 2)
    spring = store.do(lambda conn: groups.create(conn, me, "Spring"))
    asked: list[tuple[str, Any]] = []

    def run(conn: Connection, statement: str, values: Any = ()) -> int:
        asked.append((statement, values))
        return driver.run(conn, statement, values)

    monkeypatch.setattr("storage.noting.run", run)
    perform(store, me, Move(spring.id), Target(ids=tuple(ids)), seen=QUEUE)
    [(statement, values)] = asked
    with store.read() as conn:
        steps = [row[1] for row in fetch(conn, f"EXPLAIN {statement}", values)]
    assert "OpenEphemeral" not in steps


def _forbid(conn: Connection, ident: int) -> None:
    """Lets the store refuse whatever changes one contact."""
    if conn.dialect.name == "sqlite":
        conn.exec_driver_sql(
            f"CREATE TRIGGER spared BEFORE UPDATE ON contacts WHEN old.id = {ident}"
            " BEGIN SELECT RAISE(FAIL, 'spared'); END"
        )
        # A transaction that changes no row is not committed.
        conn.exec_driver_sql("UPDATE store_state SET seq = seq")
        return
    conn.exec_driver_sql(
        "CREATE FUNCTION spare() RETURNS trigger LANGUAGE plpgsql"
        " AS $$ BEGIN RAISE EXCEPTION 'spared'; END $$"
    )
    conn.exec_driver_sql(
        f"CREATE TRIGGER spared BEFORE UPDATE ON contacts FOR EACH ROW WHEN (old.id = {ident})"
        " EXECUTE FUNCTION spare()"
    )
