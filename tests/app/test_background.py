"""What goes on behind the screens, where the threads of a desk meet."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime

import pytest
from textual.message import Message

from app.background import Background
from app.options import DeskOptions
from screens.backstage import ListenerKind, ListenerReport, ServedElsewhere
from storage.seats import Presence, SeatView, this_host
from storage.store import Store


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


def _ignore(_message: object) -> None:
    """Nobody is there to be told."""
