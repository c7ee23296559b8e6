"""PostgreSQL's disk is waited for beside the next transaction; nobody is answered before."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

import psycopg
import pytest
from sqlalchemy.engine import Connection

from storage import labels
from storage.access import touch_access
from storage.driver import fetch
from storage.errors import StoreError
from storage.flushing import DiskLine
from storage.store import Store
from storage.words import Actor
from tests.waiting import soon

ME = Actor.person("ana")
PATIENCE = 30.0


@pytest.fixture
def hurried(pg_url: str) -> Iterator[Store]:
    """A store whose writer has had others waiting once, so that its line to the disk is open."""
    store = Store.open(pg_url)
    crowded(store, nothing)[1].result(PATIENCE)
    yield store
    store.close()


@pytest.fixture
def stuck(hurried: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """The same; its line does not ask for the disk."""
    monkeypatch.setattr(DiskLine, "_ask", lambda _line: None)
    return hurried


def nothing(_conn: Connection) -> None:
    """Only has a transaction made."""


def crowded(store: Store, verb: Callable[[Connection], Any]) -> tuple[Future[Any], Future[Any]]:
    """Runs a verb while another one waits for its turn."""
    begun, go_on = threading.Event(), threading.Event()

    def run(conn: Connection) -> Any:
        begun.set()
        assert go_on.wait(PATIENCE)
        return verb(conn)

    first = store.write(run)
    assert begun.wait(PATIENCE)
    second = store.write(nothing)
    go_on.set()
    return first, second


def label(name: str) -> Callable[[Connection], Any]:
    """A verb that makes a label."""
    return lambda conn: labels.create(conn, ME, name)


def until_seen(store: Store, name: str) -> None:
    """Waits until others can read a label."""
    limit = time.monotonic() + PATIENCE
    while True:
        with store.read() as conn:
            if (name,) in fetch(conn, "SELECT name FROM labels"):
                return
        assert time.monotonic() < limit
        time.sleep(0.01)


def test_who_was_committed_while_others_waited_is_answered_from_the_disk(
    stuck: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = crowded(stuck, label("left"))
    until_seen(stuck, "left")
    third, fourth = crowded(stuck, label("behind it"))
    until_seen(stuck, "behind it")
    assert not any(waiting.done() for waiting in (first, second, third, fourth))
    order: list[int] = []
    for place, waiting in enumerate((first, second, third, fourth)):
        waiting.add_done_callback(lambda _done, place=place: order.append(place))  # type: ignore[misc]
    monkeypatch.undo()
    stuck.do(nothing)
    assert first.result(PATIENCE) is not None
    assert order == [0, 1, 2, 3]


def test_a_commit_that_waited_for_the_disk_has_all_before_it_there(stuck: Store) -> None:
    first, second = crowded(stuck, label("left"))
    until_seen(stuck, "left")
    # Nobody shares the second one's transaction: together they would have to last.
    soon(lambda: stuck.waiting == 0)
    # What is not synced by itself, or wrote nothing, says nothing of those before it.
    third = stuck.write(label("need not last"), lasting=False)
    until_seen(stuck, "need not last")
    fourth = stuck.write(nothing)
    assert not any(waiting.done() for waiting in (first, second, third, fourth))
    assert stuck.write(label("alone")).result(PATIENCE) is not None
    assert all(waiting.done() for waiting in (first, second, third, fourth))


def test_what_the_doors_decide_by_is_on_the_disk_before_anybody_reads_it(stuck: Store) -> None:
    first, second = crowded(stuck, touch_access)
    first.result(PATIENCE)
    second.result(PATIENCE)


def test_who_alone_waits_for_the_store_waits_for_the_disk_himself(stuck: Store) -> None:
    assert stuck.write(label("alone")).result(PATIENCE) is not None


def test_what_perhaps_is_not_on_the_disk_has_failed_and_the_store_recovers(
    hurried: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[bool] = []
    hurried.on_health(lambda health: told.append(health.ok))

    def cut(line: Any) -> None:
        line._end(psycopg.OperationalError("the server closed the connection"))

    monkeypatch.setattr(DiskLine, "_ask", cut)
    first, second = crowded(hurried, label("perhaps"))
    with pytest.raises(StoreError):
        first.result(PATIENCE)
    second.result(PATIENCE)
    monkeypatch.undo()
    hurried.do(nothing)
    assert told == [False, True]
    again, behind = crowded(hurried, label("certain"))
    assert again.result(PATIENCE) is not None
    behind.result(PATIENCE)


def test_a_line_to_the_disk_that_ended_while_nothing_was_left_to_it_is_made_anew(
    hurried: Store,
) -> None:
    line = hurried._writer._disk
    assert line is not None
    ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    mine = " AND datname = current_database() AND query LIKE '%logical_emit%'"
    hurried.do(lambda conn: fetch(conn, ended + mine))
    first, second = crowded(hurried, label("after it"))
    for waiting in (first, second):
        # What was committed before the end was noticed has failed, as it must.
        assert waiting.exception(PATIENCE) is None or waiting is first
    crowded(hurried, nothing)[1].result(PATIENCE)
    assert crowded(hurried, label("and so on"))[0].result(PATIENCE) is not None
    assert hurried._writer._disk is not line


def test_a_server_that_does_not_let_us_wait_beside_is_waited_for_as_ever(
    pg_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.flushing._SYNC", b"SELECT not_a_function()")
    store = Store.open(pg_url)
    for name in ("one", "two"):
        first, second = crowded(store, label(name))
        assert first.result(PATIENCE) is not None
        second.result(PATIENCE)
    assert store._writer._disk is None
    assert store.health.ok
    store.close()
