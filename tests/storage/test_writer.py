"""Who goes first when many wait for the one hand that writes, and what a failure takes with it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import Connection

from storage import endpoints, job_queue, jobs, labels
from storage.access import access_at, access_seq
from storage.counts import counts
from storage.driver import fetch
from storage.errors import OptdeskError, Refused, StoreError
from storage.store import Store
from storage.words import Actor
from tests.factories import lead, put, switched_on
from tests.waiting import PATIENCE, soon

ME = Actor.person("ana")


@contextmanager
def busy(store: Store) -> Iterator[None]:
    """Whatever is handed over within the block waits until its end."""
    begun, go_on = threading.Event(), threading.Event()

    def hold(_conn: Connection) -> None:
        begun.set()
        assert go_on.wait(PATIENCE)

    held = store.write(hold)
    assert begun.wait(PATIENCE)
    try:
        yield
    finally:
        go_on.set()
        held.result(10)


def noting(order: list[str], name: str) -> Callable[[Connection], None]:
    """A verb that notes when it ran."""
    return lambda _conn: order.append(name)


def chunk(store: Store, order: list[str], name: str) -> Future[None]:
    """One step of a bulk."""
    return store.write(noting(order, name), patient=True)


def test_what_waits_beside_a_bulk_goes_before_its_next_step(sqlite_store: Store) -> None:
    order: list[str] = []
    with busy(sqlite_store):
        chunks = [chunk(sqlite_store, order, f"chunk {n}") for n in range(3)]
        acts = [sqlite_store.write(noting(order, f"act {n}")) for n in range(5)]
    for waited in (*chunks, *acts):
        waited.result(10)
    assert order == [f"act {n}" for n in range(5)] + [f"chunk {n}" for n in range(3)]


def waits_for_the_disk(conn: Connection) -> bool:
    """Whether the commit of a transaction does."""
    if conn.dialect.name == "postgresql":
        return fetch(conn, "SHOW synchronous_commit") == [("on",)]
    return fetch(conn, "PRAGMA synchronous") == [(2,)]


def test_only_what_need_not_last_by_itself_does_not_wait_for_the_disk(store: Store) -> None:
    wait = waits_for_the_disk
    assert store.do(wait)
    assert not store.do(wait, patient=True, lasting=False)
    with busy(store):
        # Whatever shares its transaction lasts.
        shared = [store.write(wait, lasting=lasting) for lasting in (False, True)]
        alone = store.write(wait, patient=True, lasting=False)
    assert [waited.result(10) for waited in (*shared, alone)] == [True, True, False]
    place = partial(fetch, statement="SELECT seq FROM store_state WHERE id = 1")
    [(before,)] = store.do(place)
    store.settle()
    assert store.do(place) == [(before + 1,)]
    assert store.do(wait)


def test_who_comes_during_one_step_of_a_bulk_goes_before_the_next(sqlite_store: Store) -> None:
    order: list[str] = []
    came: list[Future[None]] = []

    def step(name: str) -> Callable[[Connection], None]:
        def run(_conn: Connection) -> None:
            order.append(name)
            came.append(sqlite_store.write(noting(order, f"who came in {name}")))

        return run

    with busy(sqlite_store):
        steps = [sqlite_store.write(step(f"step {n}"), patient=True) for n in range(20)]
    for waited in steps:
        waited.result(10)
    for waited in came:
        waited.result(10)
    assert order == [f"{who}step {n}" for n in range(20) for who in ("", "who came in ")]


def test_a_bulk_gets_on_although_somebody_always_waits(sqlite_store: Store) -> None:
    order: list[str] = []
    left = 40
    done = threading.Event()

    def again(_conn: Connection) -> None:
        nonlocal left
        order.append("act")
        left -= 1
        if left:
            sqlite_store.write(again)
        else:
            done.set()

    with busy(sqlite_store):
        steps = [chunk(sqlite_store, order, "step") for _ in range(5)]
        sqlite_store.write(again)
    assert done.wait(PATIENCE)
    for waited in steps:
        waited.result(10)
    turn = ["act"] * job_queue.MOST_PASSED_OVER + ["step"]
    assert order[: 5 * len(turn)] == turn * 5


def test_what_is_urgent_goes_with_few_of_those_that_came_before(sqlite_store: Store) -> None:
    order: list[str] = []
    passed: list[int] = []
    with busy(sqlite_store):
        acts = [sqlite_store.write(noting(order, f"act {n}")) for n in range(300)]
        chunks = [chunk(sqlite_store, order, "chunk") for _ in range(2)]
        sqlite_store.write_many(at_once, "STOP", lambda _answer: passed.append(len(order)))
    for waited in (*acts, *chunks):
        waited.result(10)
    assert passed == [job_queue.MOST_BESIDE_URGENT - 1]
    assert order == [f"act {n}" for n in range(300)] + ["chunk"] * 2


@jobs.urgent
def at_once(_conn: Connection, items: Sequence[str]) -> Sequence[str]:
    """A batch verb that waits for nobody."""
    return items


def test_who_fails_among_others_is_the_only_one_that_does(store: Store) -> None:
    with busy(store):
        kept = store.write(lambda conn: labels.create(conn, ME, "kept"))
        refused = store.write(lambda conn: labels.create(conn, ME, ""))
        also = store.write(lambda conn: labels.create(conn, ME, "also kept"))
    assert kept.result(10) is not None and also.result(10) is not None
    with pytest.raises(OptdeskError):
        refused.result(10)
    with store.read() as conn:
        found = fetch(conn, "SELECT name FROM labels ORDER BY name")
    assert found == [("also kept",), ("kept",)]


def test_what_was_read_in_a_transaction_that_was_undone_is_forgotten(store: Store) -> None:
    """The doors must not go on with a credential that was made there and never kept."""
    made = []

    def add(conn: Connection) -> None:
        made.append(endpoints.add(conn, ME, "http://127.0.0.1:9/hooks").endpoint.id)
        access_at(conn, access_seq(conn))

    def refuse(_conn: Connection) -> None:
        raise Refused("No.")

    with busy(store):
        added, refused = store.write(add), store.write(refuse)
    added.result(10)
    assert isinstance(refused.exception(10), Refused)
    seen = store.do(lambda conn: access_at(conn, access_seq(conn)))
    assert list(seen.subscribed) == made[-1:]


def test_one_lead_among_many_that_cannot_be_stored_is_the_only_one_refused(store: Store) -> None:
    switched_on(store)
    answers: list[Any] = []
    with busy(store):
        for place in range(9):
            item = lead(evidence={"bad": object()}) if place == 4 else lead()
            store.write_many(take_in_all, item, answers.append)
    soon(lambda: len(answers) == 9)
    assert [isinstance(answer, TypeError) for answer in answers] == [n == 4 for n in range(9)]
    with store.read() as conn:
        assert counts(conn).by_stage["confirming"] == 8  # type: ignore[index]


def take_in_all(conn: Connection, items: Any) -> Any:
    """A batch verb of its own, so that nothing else shares its transaction."""
    from storage.intake import take_in

    return take_in(conn, items)


def test_a_verb_that_was_cancelled_while_it_waited_takes_nobody_with_it(store: Store) -> None:
    order: list[str] = []
    with busy(store):
        first = store.write(noting(order, "cancelled"))
        second = store.write(noting(order, "kept"))
        assert first.cancel()
    second.result(10)
    assert order == ["kept"]


def test_a_failed_transaction_with_a_cancelled_verb_leaves_the_writer_alive(store: Store) -> None:
    switched_on(store)
    with busy(store):
        cancelled = store.write(noting([], "cancelled"))
        failing = store.write(_spoil)
        assert cancelled.cancel()
    with pytest.raises(StoreError):
        failing.result(10)
    assert put(store, lead())[0].outcome == "accepted"


def _spoil(conn: Connection) -> None:
    """Fails as a store fails that is no longer there."""
    conn.execute(text("SELECT * FROM nowhere"))


def test_a_verb_alone_that_is_refused_leaves_nothing_and_is_tried_once(store: Store) -> None:
    tries: list[int] = []

    def refused(conn: Connection) -> None:
        tries.append(1)
        conn.execute(text("UPDATE store_state SET chain_seq = 99"))
        raise LookupError

    with pytest.raises(LookupError):
        store.do(refused)
    assert tries == [1]
    with store.read() as conn:
        assert conn.execute(text("SELECT chain_seq FROM store_state")).scalar_one() == 0


def test_what_wrote_nothing_does_not_count_as_a_change(store: Store) -> None:
    def seq() -> int:
        with store.read() as conn:
            return int(conn.execute(text("SELECT seq FROM store_state")).scalar_one())

    before = seq()
    store.do(lambda conn: conn.execute(text("SELECT 1")).scalar_one())
    store.do(lambda conn: conn.execute(text("UPDATE contacts SET favorite = 1 WHERE id = 1")))
    assert seq() == before
    store.do(lambda conn: conn.execute(text("UPDATE store_state SET chain_seq = chain_seq")))
    assert seq() == before + 1


def test_who_gave_way_to_another_transaction_is_tried_again(pg_url: str) -> None:
    store = Store.open(pg_url)
    told: list[object] = []
    store.on_health(told.append)
    times = {"40P01": 0, "40001": 0}

    def loses_twice(conn: Connection, state: str) -> str:
        times[state] += 1
        if times[state] < 3:
            fetch(conn, f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{state}'; END $$")
        return "done"

    for state in times:
        assert store.do(partial(loses_twice, state=state)) == "done"
    assert times == {"40P01": 3, "40001": 3}
    assert told == []
    store.close()


@pytest.mark.parametrize("at_once", [1, 40])
def test_no_lead_is_lost_to_another_program_that_changes_the_tables(
    pg_url: str, at_once: int
) -> None:
    """As an upgrade does beside a listener, which has prepared what it asks."""
    store = Store.open(pg_url)
    switched_on(store)
    told: list[object] = []
    store.on_health(told.append)
    with psycopg.connect(pg_url, autocommit=True) as upgrading:
        for rules in ("default", "C"):
            put(store, lead())
            upgrading.execute(f'ALTER TABLE contacts ALTER phone TYPE text COLLATE "{rules}"')
            answers = put(store, *[lead() for _ in range(at_once)])
            assert {answer.outcome for answer in answers} == {"accepted"}
    assert told == []
    store.close()
