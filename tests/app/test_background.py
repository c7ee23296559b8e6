"""What goes on behind the screens, where the threads of a desk meet."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime

import pytest
from textual.message import Message

from app.background import Background, CannotStart
from app.options import DeskOptions
from screens.backstage import ListenerKind, ListenerReport, ServedElsewhere, StoreOpened
from storage.errors import StoreUnavailable
from storage.seats import Presence, SeatView, this_host
from storage.store import Store
from tests.waiting import PATIENCE


def test_where_a_person_looks_while_the_seat_is_taken_is_what_others_are_told(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    behind = Background(DeskOptions(), _ignore, _ignore, lambda _seconds, _action: None)
    behind.store = sqlite_store
    look = Presence.look
    turning = threading.Thread(target=behind.look_at, args=(7,))

    def turn_away(seat: Presence, contact_id: int | None, rest: float = 0.0) -> None:
        if turning.ident is None:
            turning.start()
            turning.join(0.3)
        look(seat, contact_id, rest)

    monkeypatch.setattr(Presence, "look", turn_away)
    behind.look_at(3)
    behind._take_seat(ListenerReport(ListenerKind.LISTENING, "http://127.0.0.1:1"))
    turning.join()
    seat = behind._presence
    assert seat is not None
    assert seat._wish == 7
    seat.close()


def test_who_else_takes_leads_in_is_told_with_the_clock_on_this_wall(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    told: list[Message] = []
    behind = Background(DeskOptions(), told.append, told.append, lambda _seconds, _action: None)
    began = datetime(2020, 7, 1, 20, 45, tzinfo=UTC)
    seat = SeatView("s", "serve", "", this_host(), 7, "http://127.0.0.1:1", None, began, began)
    try:
        behind._met((seat,))
    finally:
        monkeypatch.undo()
        time.tzset()
    [said] = told
    assert isinstance(said, ServedElsewhere)
    assert said.sentence == (
        "This store is also served at http://127.0.0.1:1 (pid 7, since 2020-07-02 02:15)."
    )


def test_a_desk_that_closes_while_its_store_is_opened_leaves_it_closed(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[object] = []
    opened: list[Store] = []
    options = DeskOptions(store_url=sqlite_url, prepare=opened.append)
    behind = Background(options, heard.append, heard.append, lambda _seconds, _action: None)
    opening, closed = threading.Event(), threading.Event()
    open_ = Store.open

    def dawdle(url: str) -> Store:
        opening.set()
        assert closed.wait(PATIENCE)
        return open_(url)

    monkeypatch.setattr(Store, "open", dawdle)
    behind.rows_shown()
    starting = threading.Thread(target=behind._open)
    starting.start()
    assert opening.wait(PATIENCE)
    behind.close()
    closed.set()
    starting.join()
    [store] = opened
    assert behind.store is None
    assert not [said for said in heard if isinstance(said, StoreOpened | CannotStart)]
    assert store._closed


def test_a_store_that_could_not_be_prepared_is_closed(sqlite_url: str) -> None:
    heard: list[object] = []
    opened: list[Store] = []

    def prepare(store: Store) -> None:
        opened.append(store)
        raise StoreUnavailable("It is full.")

    options = DeskOptions(store_url=sqlite_url, prepare=prepare)
    behind = Background(options, heard.append, heard.append, lambda _seconds, _action: None)
    behind.rows_shown()
    behind._open()
    [store] = opened
    assert [said for said in heard if isinstance(said, CannotStart)]
    assert store._closed


def _ignore(_message: object) -> None:
    """Nobody is there to be told."""
