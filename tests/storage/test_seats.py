"""Who is on the store: seats are taken, renewed, left and given up for gone."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import timedelta
from queue import Queue
from typing import Any

import pytest
import time_machine
from sqlalchemy import text

from storage import seats
from storage.handovers import GONE
from storage.seats import Looks, Presence, enter, leave, look_at, others
from storage.store import Store
from storage.times import now
from tests.factories import make_queued
from tests.waiting import PATIENCE, soon


def seated(store: Store, address: str = "http://127.0.0.1:1", kind: str = "serve") -> str:
    return store.do(lambda conn: enter(conn, kind, "ana", address))


def seen_by(store: Store, seat: str = "") -> tuple[seats.SeatView, ...]:
    with store.read() as conn:
        return others(conn, seat)


def test_who_comes_sees_who_is_there_and_who_leaves_is_gone(store: Store) -> None:
    first, second = seated(store), seated(store, "http://127.0.0.1:2")
    [other] = seen_by(store, second)
    assert (other.id, other.address, other.pid) == (first, "http://127.0.0.1:1", os.getpid())
    assert f"http://127.0.0.1:1 (pid {os.getpid()}, since 2" in other.sentence
    store.do(lambda conn: leave(conn, first))
    assert seen_by(store, second) == ()


def test_who_gave_no_sign_for_long_is_gone(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    seat = seated(store)
    later = now() + GONE + timedelta(seconds=5)
    monkeypatch.setattr(seats, "now", lambda: later)
    assert seen_by(store) == ()
    assert store.do(lambda conn: look_at(conn, seat, None))
    assert len(seen_by(store)) == 1


def test_a_process_of_this_machine_that_ended_is_gone_at_once(store: Store) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    seat = seated(store)
    query = text("UPDATE seats SET pid = :pid").bindparams(pid=ended.pid)
    store.do(lambda conn: conn.execute(query))
    assert seen_by(store) == ()
    seated(store)
    assert not store.do(lambda conn: look_at(conn, seat, None))


def test_who_does_not_know_of_handovers_is_gone_only_after_a_while(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def there() -> int:
        with store.read() as conn:
            return int(conn.execute(text("SELECT count(*) FROM seats")).scalar_one())

    seated(store)
    # As it looks from a container of the same name.
    store.do(lambda conn: conn.execute(text("UPDATE seats SET pid = 999999999, revision = 0")))
    seat = seated(store)
    assert there() == 2
    assert seen_by(store, seat) == ()
    later = now() + GONE + timedelta(seconds=5)
    monkeypatch.setattr(seats, "now", lambda: later)
    seated(store)
    assert there() == 1


def test_a_seat_on_another_machine_is_believed_and_its_host_named(store: Store) -> None:
    seated(store)
    query = text("UPDATE seats SET pid = 999999999, host = :host")
    store.do(lambda conn: conn.execute(query.bindparams(host="far\x1b[2Jaway")))
    [other] = seen_by(store)
    assert "(pid 999999999 on far?[2Jaway, since" in other.sentence


def test_a_seat_tells_which_contact_its_person_has_open(store: Store) -> None:
    [contact] = make_queued(store)
    seat = seated(store, kind="desk")
    store.do(lambda conn: look_at(conn, seat, contact))
    assert [other.contact_id for other in seen_by(store)] == [contact]
    store.do(lambda conn: look_at(conn, seat, None))
    assert [other.contact_id for other in seen_by(store)] == [None]


def test_a_renewed_seat_wakes_no_screen(store: Store) -> None:
    heard: list[int] = []
    store.feed.subscribe(lambda: heard.append(1))
    seat = seated(store)
    soon(lambda: heard == [1])
    heard.clear()
    assert store.do(lambda conn: look_at(conn, seat, None), quiet=True)
    time.sleep(0.4)
    assert heard == []


def test_a_presence_meets_the_others_renews_its_seat_and_leaves(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seats, "BEAT_SECONDS", 0.05)
    seated(store)
    met: Queue[tuple[seats.SeatView, ...]] = Queue()
    presence = Presence(store, "desk", "bo", "http://127.0.0.1:2", met.put)
    presence.start()
    assert [seat.address for seat in met.get(timeout=PATIENCE)] == ["http://127.0.0.1:1"]
    # Whoever clears it away by mistake, such as after this machine slept, is forgiven.
    store.do(lambda conn: leave(conn, presence.id))
    soon(lambda: presence.id in {seat.id for seat in seen_by(store)})
    presence.close()
    assert presence.id not in {seat.id for seat in seen_by(store)}


def test_a_seat_whose_address_changes_while_it_is_taken_tells_of_the_new_one(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    presence = Presence(store, "desk", "bo", "http://127.0.0.1:2")

    def move(*said: Any) -> bool:
        presence.moved("http://127.0.0.1:3")
        return look_at(*said)

    monkeypatch.setattr(seats, "look_at", move)
    presence.start()
    soon(lambda: [seat.address for seat in seen_by(store)] == ["http://127.0.0.1:3"])
    presence.close()


def test_others_are_told_where_a_person_looks_without_a_change_of_the_store(store: Store) -> None:
    one, other = make_queued(store, 2)
    told: list[Looks] = []
    mine = Presence(store, "desk", "ana", seen=told.append)
    hers = Presence(store, "desk", "ben")
    mine.start()
    hers.start()
    try:
        soon(lambda: mine._company and hers._seated_at is not None)
        # The index of the search is behind the contacts.
        soon(lambda: _pending(store) == 0)
        time.sleep(0.3)
        before = _seq(store)
        hers.look(one)
        soon(lambda: told == [((one, "ben"),)], within=2)
        hers.look(other, rest=30.0)
        hers.look(None)
        soon(lambda: told == [((one, "ben"),), ()])
        assert _seq(store) == before
    finally:
        mine.close()
        hers.close()


def test_seats_that_were_left_behind_look_at_nothing(store: Store) -> None:
    [contact] = make_queued(store)
    seat = seated(store, kind="desk")
    store.do(lambda conn: look_at(conn, seat, contact))
    told: list[Looks] = []
    rounds: list[bool] = []
    with time_machine.travel(now() + GONE + timedelta(seconds=1)):
        mine = Presence(store, "desk", "bo", seen=told.append)
        look_round = mine._look_round
        mine._look_round = lambda: rounds.append(look_round() is None)  # type: ignore[method-assign]
        mine.start()
        soon(lambda: bool(rounds))
        mine.close()
    assert told == []


def _seq(store: Store) -> int:
    with store.read() as conn:
        return int(conn.exec_driver_sql("SELECT seq FROM store_state").scalar_one())


def _pending(store: Store) -> int:
    with store.read() as conn:
        return int(conn.exec_driver_sql("SELECT count(*) FROM search_pending").scalar_one())
