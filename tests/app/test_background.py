"""What goes on behind the screens, where the threads of a desk meet."""

from __future__ import annotations

import threading

import pytest

from app.background import Background
from app.options import DeskOptions
from screens.backstage import ListenerKind, ListenerReport
from storage.seats import Presence
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


def _ignore(_message: object) -> None:
    """Nobody is there to be told."""
