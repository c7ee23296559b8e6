"""A store in trouble: senders are told to come again, and nothing is acknowledged."""

from __future__ import annotations

import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

import psycopg
import pytest

from storage import engine, job_queue
from storage.errors import StoreUnavailable
from storage.store import Store
from tests import programs
from tests.server.served import Served, serving
from tests.waiting import PATIENCE, awake, soon


def told_to_come_again(answer: Any) -> None:
    """Checks a 503."""
    said = answer.json()
    assert (answer.status_code, said["error_code"]) == (503, "STORE_UNAVAILABLE"), said
    assert int(answer.headers["Retry-After"]) > 0


_HOLD = """
import sqlite3, sys
other = sqlite3.connect(sys.argv[1], isolation_level=None)
other.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
other.execute("ROLLBACK")
"""


def _let_go(conn: psycopg.Connection[Any]) -> None:
    conn.execute("SELECT pg_advisory_unlock_all()")


@contextmanager
def held(store: Store) -> Iterator[Callable[[], None]]:
    """Another program that holds the store until told to let go: locks bind processes."""
    if store.path is None:
        with psycopg.connect(store.url) as conn:
            conn.execute("SELECT pg_advisory_lock(7164038)")
            yield partial(_let_go, conn)
        return
    words = ("-c", _HOLD, str(store.path))
    with programs.start(*words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        let_go = other.stdin.close
        yield let_go
        let_go()
        assert other.wait(PATIENCE) == 0


def test_a_store_held_for_a_moment_delays_and_loses_nothing(served: Served) -> None:
    with held(served.store) as let_go, ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(served.put) for _ in range(8)]
        time.sleep(1)
        assert not any(answer.done() for answer in answers)
        let_go()
        assert [answer.result(PATIENCE).status_code for answer in answers] == [200] * 8


def test_a_store_held_for_long_is_answered_503_and_works_again_afterwards(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.3)
    store = Store.open(sqlite_url)
    with serving(store) as served:
        with held(store):
            began = awake()
            told_to_come_again(served.put())
            assert awake() - began < 1.5
            ready = served.get("/readyz")
            assert ready.status_code == 503
            assert ready.json()["store"]["sentence"]
            assert "Retry-After" in ready.headers
        soon(lambda: served.put().status_code == 200, within=2)
        assert served.get("/readyz").status_code == 200
    store.close()


def test_who_comes_while_another_waits_for_a_held_store_waits_no_longer_than_that_one(
    any_store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_SECONDS", 3)
    store = Store.open(any_store_url)
    with serving(store) as served, held(store) as let_go, ThreadPoolExecutor(3) as pool:
        first = pool.submit(served.put)
        time.sleep(1.5)
        began = awake()
        second = pool.submit(served.put)
        time.sleep(1.3)
        third = pool.submit(served.put)
        told_to_come_again(first.result(PATIENCE))
        told_to_come_again(second.result(PATIENCE))
        assert awake() - began < 4, "and not for as long again as the first one had left"
        # Whose time is not over is not turned away with the others.
        assert not third.done()
        let_go()
        assert third.result(PATIENCE).status_code == 200
    store.close()


def test_nobody_waits_for_a_held_store_behind_something_long(
    any_store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_SECONDS", 2)
    store = Store.open(any_store_url)
    waited: list[float] = []

    def put_at(seconds: float) -> None:
        time.sleep(seconds)
        began = awake()
        told_to_come_again(served.put())
        waited.append(awake() - began)

    with serving(store) as served, held(store) as let_go, ThreadPoolExecutor(6) as pool:
        puts = [pool.submit(put_at, 0.4 * place) for place in range(6)]
        time.sleep(0.1)
        long = store.write(lambda _conn: "done", patient=True)
        for each in puts:
            each.result(PATIENCE)
        let_go()
        assert long.result(PATIENCE) == "done"
    assert max(waited) < 3.2
    store.close()


def test_a_store_that_does_not_answer_at_all_is_not_waited_for_forever(
    sqlite_store: Store,
) -> None:
    release = threading.Event()
    with serving(sqlite_store, answer_timeout=0.5) as served:
        sqlite_store.write(lambda _conn: release.wait(PATIENCE))
        time.sleep(0.1)
        began = awake()
        told_to_come_again(served.put())
        assert awake() - began < 3
        release.set()
        assert served.put().status_code == 200


def test_a_store_that_does_not_answer_is_told_of_until_it_does(store: Store) -> None:
    release = threading.Event()
    told: list[str] = []
    store.on_health(lambda health: told.append(health.sentence))
    with serving(store, answer_timeout=0.5) as served:
        store.write(lambda _conn: release.wait(PATIENCE))
        for _ in range(2):
            told_to_come_again(served.put())
        ready = served.get("/readyz")
        assert (ready.status_code, ready.json()["store"]["ok"]) == (503, False)
        assert "does not answer" in ready.json()["store"]["sentence"]
        release.set()
        # By itself: nobody may send anything to who says that it is not ready.
        soon(lambda: served.get("/readyz").status_code == 200)
        assert len(told) == 2
        assert served.put().status_code == 200


def test_a_store_that_cannot_be_read_is_not_waited_for_forever_either(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()
    read = Store.read

    def stuck(self: Store) -> Any:
        release.wait(PATIENCE)
        return read(self)

    monkeypatch.setattr("server.operations._READY_SECONDS", 0.5)
    with serving(sqlite_store, answer_timeout=0.5) as served:
        monkeypatch.setattr(Store, "read", stuck)
        for _ in range(2):
            told_to_come_again(served.put(x_api="made a moment ago"))
            told_to_come_again(served.put(served.body(mobile_phone="1")))
            told_to_come_again(served.put({}, path="/hooks/opt-in/unknown"))
        ready = served.get("/readyz")
        assert (ready.status_code, ready.json()["store"]["ok"]) == (503, False)
        release.set()
        soon(lambda: served.put(x_api="made a moment ago").status_code == 401)
        assert served.get("/readyz").status_code == 200


def test_too_many_that_wait_are_answered_503(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_queue, "MOST_WAITING", 0)
    told_to_come_again(served.put())
    monkeypatch.undo()
    assert served.put().status_code == 200


def test_a_store_file_that_was_replaced_takes_nothing_in(served: Served) -> None:
    assert served.store.path is not None
    copy = served.store.path.with_suffix(".copy")
    shutil.copyfile(served.store.path, copy)
    copy.replace(served.store.path)
    told_to_come_again(served.put())


def test_an_unknown_key_is_not_turned_away_by_a_store_that_cannot_be_read(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_self: Store) -> None:
        raise StoreUnavailable("The store is away.")

    monkeypatch.setattr(Store, "read", broken)
    told_to_come_again(served.put(x_api="made a moment ago"))


def test_an_unforeseen_fault_is_a_503_that_says_nothing(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: list[str] = []

    def note(where: str, error: BaseException) -> None:
        noted.append(f"{where} {type(error).__name__}")

    monkeypatch.setattr("server.connection.note_unexpected", note)
    monkeypatch.setattr("server.doors.api.parse_e164", lambda _phone: 1 / 0)
    answer = served.put()
    told_to_come_again(answer)
    assert "ZeroDivision" not in answer.text
    assert noted == ["a request ZeroDivisionError"]
    monkeypatch.undo()
    assert served.put().status_code == 200
