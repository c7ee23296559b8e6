"""SQLite's log is copied into the file beside what is written, and does not grow for ever."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from itertools import count

import pytest

from storage import engine, log_copying
from storage.driver import fetch, run
from storage.engine import connect_sqlite, sqlite_path, store_url, write_engine
from storage.errors import StoreReplaced
from storage.log_copying import LogCopier
from storage.store import Store

PATIENCE = 30.0
_places = count()
_FILL = "INSERT INTO tallies (name, n) VALUES ('filling ' || ? || hex(zeroblob(4000)), 0)"
"""Writes some pages."""


def fill(store: Store, times: int) -> None:
    """Makes the log longer by more pages than transactions."""
    for _ in range(times):
        store.do(lambda conn: run(conn, _FILL, (str(next(_places)),)))


def look(store: Store, how: str = "NOOP") -> tuple[int, int]:
    """Pages of the log, and those of them that are in the file."""
    assert store.path is not None
    driver = connect_sqlite(store.path)
    [(_, pages, copied)] = driver.execute(f"PRAGMA wal_checkpoint({how})").fetchall()
    driver.close()
    return int(pages), int(copied)


def left(store: Store) -> int:
    """Pages of the log that are not in the file."""
    pages, copied = look(store)
    return pages - copied


def until(condition: Callable[[], bool]) -> None:
    """Waits for what another thread does."""
    limit = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.01)


def test_a_long_log_is_copied_by_nobody_who_writes(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(sqlite_store, 10)
    assert left(sqlite_store) > 10
    monkeypatch.setattr(log_copying, "COPY_PAGES", 10)

    def is_copied() -> bool:
        # What somebody was reading is copied after a later transaction.
        fill(sqlite_store, 1)
        return left(sqlite_store) < 10

    until(is_copied)
    assert "optdesk-log" in [thread.name for thread in threading.enumerate()]
    limit = sqlite_store.do(lambda conn: fetch(conn, "PRAGMA wal_autocheckpoint"))
    assert limit == [(engine.LONGEST_LOG,)]


def test_a_long_log_begins_anew_although_somebody_read_when_all_of_it_was_copied(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    while look(sqlite_store)[0] < 100:
        fill(sqlite_store, 1)
    for name, value in (("COPY_PAGES", 100), ("AGAIN_SECONDS", 0.0), ("LOG_SECONDS", 0.0)):
        monkeypatch.setattr(log_copying, name, value)
    with sqlite_store.read() as conn:
        fetch(conn, "SELECT count(*) FROM tallies")
        until(lambda: len(set(look(sqlite_store, "PASSIVE"))) == 1)
        fill(sqlite_store, 1)
    before, _ = look(sqlite_store)
    assert before > 100

    def has_begun_anew() -> bool:
        fill(sqlite_store, 1)
        pages, _ = look(sqlite_store)
        assert pages < before + 90, "as much again"
        return pages < 100

    until(has_begun_anew)


def test_a_log_that_grows_faster_than_it_is_copied_begins_anew(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "LONGEST_LOG", 50)
    monkeypatch.setattr(LogCopier, "copy", lambda _copier: None)
    store = Store.open(sqlite_url)
    fill(store, 200)
    assert store.path is not None
    log = store.path.with_name(store.path.name + "-wal")
    assert log.stat().st_size < 200 * 4096
    store.close()


def test_the_log_of_a_file_that_is_no_longer_the_store_is_left_alone(sqlite_store: Store) -> None:
    fill(sqlite_store, 10)
    before = left(sqlite_store)
    asked: list[bool] = []

    def check() -> None:
        asked.append(True)
        if len(asked) > 1:
            raise StoreReplaced("The store was replaced.")

    made = write_engine(store_url(sqlite_store.url), sqlite_path(store_url(sqlite_store.url)))
    copier = LogCopier(made, check)
    copier.copy()
    until(lambda: len(asked) == 2)
    copier.close()
    assert left(sqlite_store) == before


def test_a_store_without_a_long_log_has_no_thread_for_it(sqlite_store: Store) -> None:
    fill(sqlite_store, 1)
    log = sqlite_store._writer._log
    assert log is not None and log._copier is None
