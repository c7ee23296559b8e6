"""How an act on many contacts is taken apart, and what each of its steps leaves."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, text

from storage import driver, groups, undo
from storage.acts import Delete, Move, Star
from storage.bulk import Pace, chunks, in_order, perform
from storage.driver import fetch
from storage.errors import StoreError
from storage.pipeline import Answered, Asked, Pipeline
from storage.store import Store
from storage.tallies import group_tally, read_tallies, stage_tally
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


@pytest.mark.parametrize("at_once", [True, False])
def test_a_move_notes_and_counts_the_same_in_one_statement_and_in_several(
    store: Store, me: Actor, monkeypatch: pytest.MonkeyPatch, at_once: bool
) -> None:
    """Servers before PostgreSQL 18 cannot return what an update has overwritten."""
    monkeypatch.setattr("storage.bulk.ALONE_SECONDS", 0)
    if not at_once:
        monkeypatch.setattr("storage.bulk.returns_old", lambda _conn: False)
    ids = make_queued(store, 7)
    autumn, spring = (_group(store, me, name) for name in ("Autumn", "Spring"))
    perform(store, me, Move(autumn), Target(ids=tuple(ids[:2])), seen=QUEUE)
    perform(store, me, Move(spring), Target(ids=(ids[2],)), seen=QUEUE)
    perform(store, me, Star(True), Target(ids=(ids[0], ids[3])))
    perform(store, me, Delete(), Target(ids=(ids[4],)))
    outcome = perform(store, me, Move(spring), Target(ids=tuple(ids)))
    assert (outcome.done, outcome.unchanged, outcome.gone_count) == (5, 1, 1)
    assert [each.contact_id for each in outcome.gone] == [ids[4]]
    assert outcome.change_id is not None
    assert _noted(store, outcome.change_id) == [
        (ids[0], "grouped", autumn, 1),
        (ids[1], "grouped", autumn, 0),
        (ids[3], "queued", None, 1),
        (ids[5], "queued", None, 0),
        (ids[6], "queued", None, 0),
    ]
    assert _tallies(store, autumn, spring) == (0, 6, 0, 6)
    undo.undo(store, me)
    assert _tallies(store, autumn, spring) == (3, 3, 2, 1)


@pytest.mark.parametrize("any_store_url", ["postgresql"], indirect=True)
def test_a_server_that_returns_old_rows_looks_contacts_up_once(
    store: Store, me: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To look each of them up twice took a tenth of the time of a move."""
    ids = make_queued(store, 2)
    spring = _group(store, me, "Spring")
    asked: list[str] = []

    def ask(line: Pipeline, *all_: Asked) -> list[Answered]:
        asked.extend(statement for statement, _ in all_ if "contacts" in statement)
        return usual(line, *all_)

    usual = Pipeline.ask
    monkeypatch.setattr(Pipeline, "ask", ask)
    monkeypatch.setattr("storage.bulk.ALONE_SECONDS", 0)
    perform(store, me, Move(spring), Target(ids=tuple(ids)), seen=QUEUE)
    [statement] = asked
    assert statement.count("FROM contacts") == 0


def test_an_act_is_alone_where_nobody_else_has_written_for_a_while(
    store: Store, me: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Leads waited longer beside one statement for all that an act does to a chunk."""
    clock = [100.0]
    monkeypatch.setattr("storage.bulk.time.monotonic", lambda: clock[0])
    pace = Pace()

    def step(seconds: float) -> bool:
        clock[0] += seconds

        def begin(conn: Connection) -> None:
            pace.begin(conn)
            groups.create(conn, me, f"At {clock[0]}")

        store.do(begin)
        return pace.alone

    assert not step(1)
    assert not step(0.125)
    assert step(0.125)
    _group(store, me, "Of somebody else")
    assert not step(1)
    assert not step(0.125)
    assert step(0.125)


def _group(store: Store, me: Actor, name: str) -> int:
    return store.do(lambda conn: groups.create(conn, me, name)).id


def _noted(store: Store, change_id: int) -> list[tuple[Any, ...]]:
    with store.read() as conn:
        return fetch(
            conn,
            "SELECT contact_id, stage, group_id, favorite FROM change_items"
            " WHERE change_id = ? ORDER BY contact_id",
            (change_id,),
        )


def _tallies(store: Store, *of_groups: int) -> tuple[int, ...]:
    """The counters of the queue, of all groups and of some, in this order."""
    names = [stage_tally(Stage.QUEUED), stage_tally(Stage.GROUPED), *map(group_tally, of_groups)]
    with store.read() as conn:
        counted = read_tallies(conn, names)
    return tuple(counted[name] for name in names)


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
