"""Every screen hears of every commit: at once of its own process's, soon of the others'."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, text

from storage import feed, feed_postgresql, feed_sqlite
from storage.engine import store_url
from storage.feed import Throttle
from storage.groups import create
from storage.jobs import followed
from storage.store import Store
from storage.words import Actor
from tests import programs
from tests.waiting import PATIENCE, awake

ME = Actor.person("ana")
ROOT = Path(__file__).parents[2]


class Ears:
    """A subscriber that counts."""

    def __init__(self, store: Store) -> None:
        self.heard: list[float] = []
        self._condition = threading.Condition()
        self.leave = store.feed.subscribe(self._hear)

    def _hear(self) -> None:
        with self._condition:
            self.heard.append(time.monotonic())
            self._condition.notify_all()

    def wait_for(self, count: int, seconds: float) -> bool:
        """Whether so many calls have come, in time."""
        end = awake() + seconds
        with self._condition:
            while len(self.heard) < count and awake() < end:
                self._condition.wait(0.02)
            return len(self.heard) >= count

    def forget(self) -> None:
        """Wait until nothing has been heard for a while, and begin anew."""
        while self.wait_for(len(self.heard) + 1, 0.4):
            pass
        self.heard.clear()


def commit(store: Store, name: str) -> None:
    """Change something."""
    store.do(lambda conn: create(conn, ME, name))


def becomes(check: Callable[[], bool], seconds: float) -> bool:
    """Whether something comes true in time."""
    end = awake() + seconds
    while not check():
        if awake() > end:
            return False
        time.sleep(0.01)
    return True


@pytest.fixture
def ears(store: Store) -> Ears:
    listener = Ears(store)
    listener.forget()
    return listener


@pytest.fixture
def other(store: Store, any_store_url: str) -> Iterator[Store]:
    """The same store, open a second time with a feed of its own."""
    opened = Store.open(any_store_url)
    yield opened
    opened.close()


def test_a_commit_of_this_process_is_heard_at_once_and_its_echo_is_not(
    store: Store, ears: Ears
) -> None:
    late = []
    for n in range(20):
        before = time.monotonic()
        commit(store, f"group {n}")
        assert ears.wait_for(n + 1, 10)
        late.append(ears.heard[n] - before)
        time.sleep(0.02 * (n % 3))
    # Were it only looked for, it would be found after half of that time as a rule.
    assert median(late) < feed.POLL_SECONDS / 4
    time.sleep(feed.POLL_SECONDS + 0.3)
    assert len(ears.heard) == 20


@followed
def come_in(conn: Connection, names: Sequence[str]) -> Sequence[None]:
    for name in names:
        create(conn, ME, name)
    return [None] * len(names)


def let_in(store: Store, name: str) -> None:
    done = threading.Event()
    store.write_many(come_in, name, lambda _answer: done.set())
    assert done.wait(PATIENCE)


def test_a_commit_that_is_followed_is_heard_together_with_the_one_that_follows(
    store: Store, ears: Ears, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "FOLLOWED_SECONDS", 60.0)
    let_in(store, "first")
    assert not ears.wait_for(1, 0.3)
    commit(store, "second")
    assert ears.wait_for(1, 1)
    assert not ears.wait_for(2, 0.3)


def test_a_commit_that_nothing_follows_is_heard_after_all(store: Store, ears: Ears) -> None:
    late = []
    for n in range(5):
        before = time.monotonic()
        let_in(store, f"alone {n}")
        assert ears.wait_for(n + 1, 2)
        late.append(ears.heard[n] - before)
    assert median(late) < feed.POLL_SECONDS / 4


def test_what_need_not_be_seen_is_not_heard_unless_its_result_says_otherwise(
    store: Store, ears: Ears
) -> None:
    for name, quiet in (("a", True), ("b", False)):
        made = store.write(lambda conn, name=name: create(conn, ME, name), quiet=lambda _: quiet)  # type: ignore[misc]  # noqa: B023
        made.result(PATIENCE)
        assert ears.wait_for(1, 0.3) is not quiet


def test_a_commit_of_another_process_is_heard(store: Store, ears: Ears, any_store_url: str) -> None:
    script = (
        "import sys; from storage.store import Store; from storage.groups import create;"
        "from storage.words import Actor;"
        "store = Store.open(sys.argv[1]);"
        "store.do(lambda conn: create(conn, Actor.person('bo'), 'Spring'));"
        "store.close()"
    )
    programs.run("-c", script, any_store_url).check_returncode()
    assert ears.wait_for(1, 1)


def test_each_commit_made_elsewhere_is_heard_within_a_moment(
    store: Store, other: Store, ears: Ears
) -> None:
    ears.forget()
    late = []
    for n in range(20):
        commit(other, f"group {n}")
        done = time.monotonic()
        assert ears.wait_for(n + 1, 1)
        late.append(ears.heard[n] - done)
    assert median(late) < feed.POLL_SECONDS / 4


def test_what_is_heard_can_be_read(store: Store, other: Store) -> None:
    seen = []

    def look() -> None:
        with store.read() as conn:
            seen.append(conn.scalar(text("SELECT count(*) FROM groups")))

    store.feed.subscribe(look)
    for n in range(30):
        commit(other, f"group {n}")
        assert becomes(lambda n=n: n + 1 in seen, 1)  # type: ignore[misc]


def test_a_refused_verb_is_not_heard(store: Store, ears: Ears) -> None:
    def fail(conn: Connection) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        store.do(fail)
    assert not ears.wait_for(1, 0.5)


def test_who_has_left_hears_nothing(store: Store, ears: Ears) -> None:
    ears.leave()
    commit(store, "Spring")
    assert not ears.wait_for(1, 0.3)


def test_a_subscriber_whose_loop_is_closed_is_dropped_and_the_others_hear(store: Store) -> None:
    calls = []

    def closed() -> None:
        calls.append(1)
        raise RuntimeError("Event loop is closed")

    store.feed.subscribe(closed)
    listener = Ears(store)
    commit(store, "Spring")
    commit(store, "Summer")
    assert listener.wait_for(2, 1)
    assert len(calls) == 1


def test_nothing_is_heard_after_the_feed_was_closed(any_store_url: str) -> None:
    store, writer = Store.open(any_store_url), Store.open(any_store_url)
    listener = Ears(store)
    listener.forget()
    store.close()
    commit(writer, "Spring")
    assert not listener.wait_for(1, 0.5)
    writer.close()


def test_a_sequence_that_was_set_back_is_heard(
    store: Store, ears: Ears, any_store_url: str
) -> None:
    commit(store, "Spring")
    commit(store, "Summer")
    ears.forget()
    write_raw(any_store_url, "UPDATE store_state SET seq = seq - 2")
    assert ears.wait_for(1, feed.POLL_SECONDS + 2)
    ears.forget()
    commit(store, "Autumn")
    assert ears.wait_for(1, 1)


def test_a_commit_between_a_poll_and_what_it_says_sets_nothing_back(
    any_store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, go_on = threading.Event(), threading.Event()

    def slowly(read_sequence: Callable[[Any], int]) -> Callable[[Any], int]:
        def read_slowly(where: Any) -> int:
            seq = read_sequence(where)
            read.set()
            assert go_on.wait(PATIENCE)
            return seq

        return read_slowly

    for owner, name in ((feed_postgresql, "_sequence"), (feed_sqlite._Sequence, "read")):
        monkeypatch.setattr(owner, name, slowly(getattr(owner, name)))
    store = Store.open(any_store_url)
    try:
        ears = Ears(store)
        assert read.wait(PATIENCE)
        commit(store, "Spring")
        assert ears.wait_for(1, PATIENCE)
        go_on.set()
        assert not ears.wait_for(2, 0.4)
    finally:
        go_on.set()
        store.close()


def test_commits_are_heard_without_inotify(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_sqlite, "_open_inotify", lambda: None)
    store, writer = Store.open(sqlite_url), Store.open(sqlite_url)
    listener = Ears(store)
    listener.forget()
    for n in range(3):
        commit(writer, f"group {n}")
        assert listener.wait_for(n + 1, 1)
    store.close()
    writer.close()


def test_watching_goes_on_after_the_system_refused_something(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused: list[float] = []
    sleep = time.sleep

    def moody(seconds: float) -> None:
        if threading.current_thread() is sqlite_store.feed._thread and len(refused) < 2:
            refused.append(seconds)
            raise OSError(22, "Invalid argument")
        sleep(seconds)

    monkeypatch.setattr(time, "sleep", moody)
    monkeypatch.setattr(feed, "ANEW_SECONDS", 0.01)
    ears, other = Ears(sqlite_store), Store.open(sqlite_store.url)
    try:
        for number in range(4):
            heard = len(ears.heard)
            commit(other, f"group {number}")
            assert ears.wait_for(heard + 1, PATIENCE)
    finally:
        other.close()
    assert len(refused) == 2


@pytest.mark.parametrize("loss", ["deleted", "replaced", "folder gone"])
def test_a_file_that_is_gone_is_noticed_and_told(
    sqlite_url: str, tmp_path: Path, loss: str
) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    path = folder / "desk.db"
    shutil.copyfile(sqlite_url.removeprefix("sqlite:///"), path)
    store = Store.open(str(path))
    listener = Ears(store)
    listener.forget()
    if loss == "deleted":
        path.unlink()
    elif loss == "replaced":
        shutil.copyfile(path, folder / "copy.db")
        (folder / "copy.db").replace(path)
    else:
        folder.rename(tmp_path / "moved")
    assert becomes(lambda: not store.health.ok, 10)
    assert listener.wait_for(1, 1)
    assert "desk.db" in store.health.sentence
    store.close()


def test_a_lost_notification_is_made_up_for(pg_url: str) -> None:
    store = Store.open(pg_url)
    listener = Ears(store)
    listener.forget()
    write_raw(pg_url, "UPDATE store_state SET seq = seq + 1")
    assert listener.wait_for(1, 10)
    store.close()


def test_a_listener_whose_connection_was_killed_comes_back(pg_url: str) -> None:
    store, writer = Store.open(pg_url), Store.open(pg_url)
    listener = Ears(store)
    listener.forget()
    write_raw(
        pg_url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND application_name = 'optdesk feed'",
    )
    assert listener.wait_for(1, 5)
    assert becomes(lambda: store.health.ok, 5)
    listener.forget()
    commit(writer, "Spring")
    assert listener.wait_for(1, 2)
    store.close()
    writer.close()


def test_a_strange_notification_does_no_harm(pg_url: str) -> None:
    store = Store.open(pg_url)
    listener = Ears(store)
    listener.forget()
    for payload in ("", "x" * 4000, "-1", "99999999999999999999", "١٢"):
        write_raw(pg_url, f"SELECT pg_notify('optdesk', '{payload}')")
    commit(store, "Spring")
    assert listener.wait_for(1, 2)
    assert store.health.ok
    store.close()


def write_raw(url: str, statement: str) -> None:
    """Changes a store as no Optdesk does: without a word to the others."""
    if url.startswith("sqlite"):
        from storage.engine import sqlite_module

        engine = create_engine(url, module=sqlite_module())
    else:
        engine = create_engine(store_url(url))
    with engine.begin() as conn:
        conn.execute(text(statement))
    engine.dispose()


class Clock:
    """Time that passes when told."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.timers: list[tuple[float, Callable[[], None]]] = []

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        self.timers.append((self.now + seconds, action))

    def pass_to(self, moment: float) -> None:
        for due, action in sorted(self.timers, key=lambda timer: timer[0]):
            if due <= moment:
                self.timers.remove((due, action))
                self.now = due
                action()
        self.now = moment


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("storage.feed.time.monotonic", lambda: made.now)
    return made


def test_a_burst_becomes_its_first_call_and_one_each_interval(clock: Clock) -> None:
    acts: list[float] = []
    throttle = Throttle(lambda: acts.append(clock.now), 0.1, clock.later)
    for n in range(1000):
        clock.pass_to(1000 + n / 1000)
        throttle()
    clock.pass_to(1010)
    assert acts[0] == 1000
    assert len(acts) == 11
    assert all(later - sooner >= 0.0999 for sooner, later in pairwise(acts))
    assert acts[-1] >= 1000.999


def test_the_last_call_of_a_burst_is_never_lost(clock: Clock) -> None:
    acts: list[float] = []
    throttle = Throttle(lambda: acts.append(clock.now), 0.1, clock.later)
    throttle()
    throttle()
    assert acts == [1000]
    clock.pass_to(1000.2)
    assert len(acts) == 2
    clock.pass_to(1005)
    throttle()
    assert acts[-1] == 1005


def test_a_closed_throttle_lets_nothing_through(clock: Clock) -> None:
    acts: list[float] = []
    throttle = Throttle(lambda: acts.append(clock.now), 0.1, clock.later)
    throttle()
    throttle()
    throttle.close()
    clock.pass_to(1001)
    throttle()
    assert acts == [1000]


def test_a_throttle_called_from_many_threads_acts_after_the_last_call() -> None:
    moments: list[float] = []
    last: list[float] = []

    def call() -> None:
        for _ in range(200):
            last.append(time.monotonic())
            throttle()

    throttle = Throttle(lambda: moments.append(time.monotonic()), 0.02)
    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert becomes(lambda: moments[-1] >= max(last), 1)
