"""The search index follows the contacts by itself, also in two processes at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, Update, delete, func, select, text, update

from storage import attempt_index, indexer
from storage.attempt_index import Due
from storage.search import Search, _Order, label_mark
from storage.search_index import (
    contacts,
    index,
    index_pending,
    mark_pending,
    pending,
    queue_all,
)
from storage.store import Store
from tests.factories import make_queued
from tests.waiting import PATIENCE

QUEUE = contacts.c.stage == "queued"


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexer, "GATHER_SECONDS", 0.05)


def waiting(store: Store) -> int:
    """How many contacts are not indexed yet."""
    with store.read() as conn:
        return int(conn.scalar(select(func.count()).select_from(pending)) or 0)


def found(store: Store, text: str) -> list[int]:
    """The ids that a search finds."""
    with store.read() as conn:
        return Search(conn, text).ids(QUEUE, limit=1000)


def becomes(check: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    """Whether something comes true in time."""
    end = time.monotonic() + seconds
    while not check():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def test_new_leads_are_indexed_without_being_asked_for(store: Store) -> None:
    ids = make_queued(store, 30, first_name="Zebedee")
    assert found(store, "zebedee") == ids[::-1]
    assert becomes(lambda: waiting(store) == 0)
    assert found(store, "zebedee") == ids[::-1]


def test_what_an_earlier_process_left_is_indexed_at_the_start(any_store_url: str) -> None:
    first = Store.open(any_store_url)
    first._indexer.close()
    make_queued(first, 5)
    assert waiting(first) == 5
    first.close()
    second = Store.open(any_store_url)
    assert becomes(lambda: waiting(second) == 0)
    second.close()


def test_two_at_once_index_each_contact_once(any_store_url: str) -> None:
    first, second = Store.open(any_store_url), Store.open(any_store_url)
    ids = make_queued(first, 300)
    for _ in range(3):
        second.do(queue_all)
        assert becomes(lambda: waiting(first) == 0)
    assert found(first, "ada") == found(second, "byron") == ids[::-1]
    first.close()
    second.close()


def test_indexing_waits_while_somebody_waits_for_something_long(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqlite_store._indexer.close()
    make_queued(sqlite_store, 5)
    hand = indexer.Indexer(sqlite_store)
    assert not sqlite_store.is_worked_on
    monkeypatch.setattr("storage.store.LATELY_SECONDS", 60)
    sqlite_store.do(lambda _conn: 0, patient=True)
    hand._drain()
    assert waiting(sqlite_store) == 5
    monkeypatch.setattr("storage.store.LATELY_SECONDS", 0)
    hand._drain()
    assert waiting(sqlite_store) == 0


def test_contacts_are_left_to_gather_while_leads_come_in_quickly(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store._indexer.close()
    hand = indexer.Indexer(store)
    monkeypatch.setattr(indexer, "BUSY_ATTEMPTS", 3)
    monkeypatch.setattr(attempt_index, "BUSY", timedelta(hours=1))
    ids = make_queued(store, 5, first_name="Zebedee")
    hand._drain()
    assert waiting(store) == 5
    assert found(store, "zebedee") == ids[::-1]
    monkeypatch.setattr(indexer, "MOST_LEFT", 5)
    hand._drain()
    assert waiting(store) == 0
    make_queued(store, 2)
    hand._drain()
    assert waiting(store) == 2
    # However far ahead of the clock the ids are, after a test that turned it.
    monkeypatch.setattr(attempt_index, "BUSY", timedelta(days=-30))
    hand._drain()
    assert waiting(store) == 0


def test_however_long_a_step_took_the_rest_is_short(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store._indexer.close()
    make_queued(store, 3)
    monkeypatch.setattr(indexer, "BATCH", 1)
    monkeypatch.setattr(indexer, "BATCH_ON_GRAMS", 1)
    monkeypatch.setattr(indexer, "MOST_REST_SECONDS", 0.01)
    monkeypatch.setattr(indexer, "REST_SHARE_BESIDE", 1_000_000)
    hand = indexer.Indexer(store)
    monkeypatch.setattr(indexer, "_WORK", [replace(indexer._WORK[0], rest_share=1_000_000)])
    began = time.monotonic()
    hand._drain()
    assert waiting(store) == 0
    assert time.monotonic() - began < PATIENCE


def test_what_is_indexed_slowly_keeps_nothing_else_waiting(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store._indexer.close()
    # Few, as what is slow goes on after a second however busy the machine is.
    make_queued(store, 4)
    monkeypatch.setattr(indexer, "BATCH", 1)
    monkeypatch.setattr(indexer, "BATCH_ON_GRAMS", 1)
    monkeypatch.setattr(indexer, "BUSY_REST_SHARE", 1_000_000)
    hand, steps = indexer.Indexer(store), []

    def slow_step(_conn: Connection) -> bool:
        steps.append(waiting(store))
        return len(steps) < 2

    slow = replace(indexer._WORK[1], due=lambda _conn: Due.SLOWLY, step=slow_step)
    monkeypatch.setattr(indexer, "_WORK", [indexer._WORK[0], slow])
    hand._drain()
    assert steps == [3, 0]


def test_what_gathers_meanwhile_does_not_wait_until_the_slow_has_ended(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store._indexer.close()
    hand, steps = indexer.Indexer(store), []

    def slow_step(_conn: Connection) -> bool:
        steps.append(waiting(store))
        if len(steps) == 2:
            threading.Thread(target=make_queued, args=(store, 3)).start()
        return True

    monkeypatch.setattr(indexer, "BUSY_REST_SHARE", 0)
    slow = replace(indexer._WORK[1], due=lambda _conn: Due.SLOWLY, step=slow_step, rest_share=0)
    monkeypatch.setattr(indexer, "_WORK", [indexer._WORK[0], slow])
    draining = threading.Thread(target=hand._drain)
    draining.start()
    ended = becomes(lambda: bool(steps) and max(steps) == 3 and steps[-1] == 0)
    hand._closing.set()
    draining.join(PATIENCE)
    assert ended


def test_a_label_is_found_and_after_its_removal_no_more(store: Store) -> None:
    kept, worn = make_queued(store, 2)
    mark = label_mark("wholesale")
    changes = [contacts.c.haystack + mark, func.replace(contacts.c.haystack, mark, "")]
    for haystack, expected in zip(changes, ([worn], []), strict=True):
        change = update(contacts).where(contacts.c.id == worn).values(haystack=haystack)

        def relabel(conn: Connection, change: Update = change) -> None:
            conn.execute(change)
            mark_pending(conn, select(contacts.c.id).where(contacts.c.id == worn))

        store.do(relabel)
        assert found(store, "wholesale") == expected
        assert becomes(lambda: waiting(store) == 0)
        assert found(store, "wholesale") == expected
    assert found(store, "ada") == [worn, kept]


def test_an_erased_contact_leaves_the_index(store: Store) -> None:
    store._indexer.close()
    ids = make_queued(store, 3)
    store.do(index_pending)

    def erase(conn: Connection) -> None:
        conn.execute(delete(contacts).where(contacts.c.id == ids[1]))
        mark_pending(conn, [ids[1]])

    store.do(erase)
    assert store.do(index_pending) == 1
    with store.read() as conn:
        asked = Search(conn, "ada")
        assert list(conn.scalars(asked._candidates(_Order()))) == [ids[2], ids[0]]


def test_the_pieces_that_batches_leave_are_merged(sqlite_store: Store) -> None:
    sqlite_store._indexer.close()
    ids = make_queued(sqlite_store, 40)
    for _ in ids:
        sqlite_store.do(lambda conn: index_pending(conn, 1))
    pieces = "SELECT count(DISTINCT segid) FROM contacts_fts_idx"
    with sqlite_store.read() as conn:
        assert conn.scalar(text(pieces)) == 40
    while sqlite_store.do(index.tidy):
        pass
    with sqlite_store.read() as conn:
        assert conn.scalar(text(pieces)) == 1
    assert found(sqlite_store, "ada") == ids[::-1]
