"""The courier and the simulated gateway: how a text gets on its way, once."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DataError

from server import clock as watch
from server import courier
from storage import claims, messages, scripts
from storage.claims import Claim
from storage.profile import find_contact, profile
from storage.store import Store
from storage.tables import Message
from storage.texts import Outgoing, Receipt
from storage.times import now
from storage.words import Badge, Kind, Stage
from tests.factories import claim_pending, lead, next_phone, put, switched_on
from tests.server.served import Served, listening, serving
from tests.waiting import soon

_messages: Any = Message.__table__  # type: ignore[attr-defined]


def standing(store: Store, phone: str) -> tuple[Stage, str]:
    """A contact's stage and the status of its text."""
    with store.read() as conn:
        found = profile(conn, find_contact(conn, phone))
    return found.contact.stage, found.messages[0].status


@pytest.mark.parametrize(
    ("outcome", "stage", "status"),
    [
        ("accept", Stage.QUEUED, "accepted"),
        ("deliver", Stage.QUEUED, "delivered"),
        ("landline", Stage.QUEUED, "failed"),
        ("block", Stage.SUPPRESSED, "blocked"),
        ("fail", Stage.FAILED, "failed"),
        ("silent", Stage.CONFIRMING, "sent"),
        ("error", Stage.CONFIRMING, "pending"),
        ("lost", Stage.QUEUED, "unknown"),
    ],
)
@pytest.mark.parametrize("delay", [0, 150])
def test_the_gateway_plays_its_script(
    served: Served, outcome: str, stage: Stage, status: str, delay: int
) -> None:
    phone = next_phone()
    served.store.do(lambda conn: scripts.script(conn, phone, outcome, delay))
    assert served.put(served.body(mobile_phone=phone)).status_code == 200
    soon(lambda: standing(served.store, phone) == (stage, status))
    with served.store.read() as conn:
        found = profile(conn, find_contact(conn, phone))
    assert (Badge.LANDLINE in found.contact.badges) is (outcome == "landline")
    if outcome == "landline":
        assert found.contact.kind is Kind.LANDLINE
    if outcome == "block":
        again = served.put(served.body(mobile_phone=phone)).json()
        assert again["error_code"] == "BLOCKED_NUMBER"
    if outcome == "fail":
        assert served.put(served.body(mobile_phone=phone)).status_code == 200


def test_every_number_can_be_given_a_script_at_once(served: Served) -> None:
    phone, spared = next_phone(), next_phone()
    served.store.do(lambda conn: scripts.script(conn, "*", "silent"))
    served.store.do(lambda conn: scripts.script(conn, spared, "accept"))
    for one in (phone, spared):
        served.put(served.body(mobile_phone=one))
    soon(lambda: standing(served.store, spared) == (Stage.QUEUED, "accepted"))
    soon(lambda: standing(served.store, phone) == (Stage.CONFIRMING, "sent"))


def test_a_lead_without_a_receipt_is_queued_as_unconfirmed_in_the_end(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "RECEIPT_SECONDS", 1)
    phone = next_phone()
    served.store.do(lambda conn: scripts.script(conn, phone, "silent"))
    served.put(served.body(mobile_phone=phone))
    soon(lambda: standing(served.store, phone) == (Stage.QUEUED, "unknown"))
    with served.store.read() as conn:
        found = profile(conn, find_contact(conn, phone))
    assert Badge.UNCONFIRMED in found.contact.badges


def test_a_text_that_the_gateway_did_not_take_is_tried_again(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "RETRY_AFTER", timedelta(seconds=0.5))
    phone = next_phone()
    served.store.do(lambda conn: scripts.script(conn, phone, "error"))
    served.put(served.body(mobile_phone=phone))
    soon(lambda: standing(served.store, phone) == (Stage.CONFIRMING, "pending"))
    served.store.do(lambda conn: scripts.unscript(conn, phone))
    soon(lambda: standing(served.store, phone) == (Stage.QUEUED, "accepted"))


def test_what_waited_while_nobody_listened_is_carried_at_the_start(store: Store) -> None:
    switched_on(store)
    phones = [next_phone() for _ in range(450)]
    put(store, *[lead(phone=phone) for phone in phones])
    assert standing(store, phones[-1]) == (Stage.CONFIRMING, "pending")
    with listening(store):
        soon(lambda: standing(store, phones[-1])[0] is Stage.QUEUED)
        soon(lambda: standing(store, phones[0])[0] is Stage.QUEUED)


def made_ahead(store: Store, phone: str, waits: timedelta = timedelta(0)) -> None:
    """Takes a lead in, by a clock that is a year ahead."""
    put(store, lead(phone=phone))
    then = now() + timedelta(days=365)
    store.do(
        lambda conn: conn.execute(
            update(_messages)
            .where(_messages.c.phone == phone)
            .values(created_at=then, changed_at=then, due_at=then + waits)
        )
    )


def test_what_a_clock_that_was_ahead_left_behind_is_carried_at_the_start(store: Store) -> None:
    switched_on(store)
    phone, later = next_phone(), next_phone()
    made_ahead(store, phone)
    made_ahead(store, later, timedelta(hours=1))
    with listening(store):
        soon(lambda: standing(store, phone)[0] is Stage.QUEUED)
    assert standing(store, later) == (Stage.CONFIRMING, "pending")
    with store.read() as conn:
        due = conn.execute(select(_messages.c.due_at).where(_messages.c.phone == later)).scalar()
    assert due is not None
    assert due < now() + timedelta(hours=1)


def test_a_clock_that_is_set_back_keeps_no_text_waiting(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = [365 * 24 * 3600.0]
    clock = SimpleNamespace(time=lambda: time.time() + ahead[0], monotonic=time.monotonic)
    monkeypatch.setattr(watch, "time", clock)
    switched_on(store)
    phone, other = next_phone(), next_phone()
    with listening(store):
        put(store, lead(phone=other))
        soon(lambda: standing(store, other)[0] is Stage.QUEUED)
        made_ahead(store, phone)
        ahead[0] = 0.0
        soon(lambda: standing(store, phone)[0] is Stage.QUEUED)


def test_a_text_claimed_by_a_courier_that_died_is_not_sent_again(store: Store) -> None:
    switched_on(store)
    phone = next_phone()
    put(store, lead(phone=phone))
    store.do(lambda conn: claim_pending(conn, "dead", 10))
    store.do(
        lambda conn: conn.execute(text("UPDATE messages SET due_at = :past"), {"past": past(store)})
    )
    with listening(store):
        soon(lambda: standing(store, phone) == (Stage.QUEUED, "unknown"))


def past(store: Store) -> object:
    """A moment long ago, as the store keeps it."""
    from storage.times import to_micros

    moment = now() - timedelta(hours=1)
    return moment if store.kind == "postgresql" else to_micros(moment)


def test_two_couriers_never_send_the_same_text(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from server.gateways.simulated import SimulatedGateway

    handed: Counter[int] = Counter()
    play = SimulatedGateway.hand_over

    async def count(self: SimulatedGateway, texts: list[Outgoing]) -> list[Receipt]:
        handed.update(one.message_id for one in texts)
        return await play(self, texts)

    monkeypatch.setattr(SimulatedGateway, "hand_over", count)
    switched_on(store)
    other = Store.open(store.url)
    try:
        with listening(store), listening(other):
            phones = [next_phone() for _ in range(600)]
            for start in range(0, 600, 50):
                put(store, *[lead(phone=phone) for phone in phones[start : start + 25]])
                put(other, *[lead(phone=phone) for phone in phones[start + 25 : start + 50]])
            soon(lambda: all(standing(store, phone)[0] is Stage.QUEUED for phone in phones[::40]))
            soon(lambda: sum(handed.values()) >= 600)
    finally:
        other.close()
    assert len(handed) == 600
    assert set(handed.values()) == {1}


def test_a_gateway_that_fails_leaves_no_lead_behind(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    from server.gateways.simulated import SimulatedGateway

    async def fail(_self: object, _texts: object) -> None:
        raise RuntimeError("the library has a fault")

    monkeypatch.setattr(SimulatedGateway, "hand_over", fail)
    phone = next_phone()
    served.put(served.body(mobile_phone=phone))
    soon(lambda: standing(served.store, phone) == (Stage.QUEUED, "unknown"))


def test_another_process_that_takes_a_lead_in_wakes_the_courier(
    served_by_any: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    # By itself it would look in ten minutes, once it has looked again.
    monkeypatch.setattr(courier, "_POLL_SECONDS", 600.0)
    other = Store.open(served_by_any.store.url)
    try:
        for phone in (next_phone(), next_phone()):
            put(other, lead(phone=phone))
            soon(lambda phone=phone: standing(other, phone)[0] is Stage.QUEUED)  # type: ignore[misc]
    finally:
        other.close()


def test_a_text_that_comes_while_the_store_is_asked_for_one_is_not_overlooked(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nothing else that happens would have the courier look.
    monkeypatch.setattr(courier, "_POLL_SECONDS", 600.0)
    store._indexer.close()
    switched_on(store)
    phone = next_phone()
    next_due = courier.Courier._next_due
    asked: list[float] = []

    def ask(self: courier.Courier) -> float:
        asked.append(next_due(self))
        if len(asked) == 1:
            put(store, lead(phone=phone))
            # Until the courier was told, and of all that was before it as well.
            soon(lambda: store.feed._held_until is None and not self._throttle._waiting)
            soon(self._news.is_set)
        return asked[-1]

    monkeypatch.setattr(courier.Courier, "_next_due", ask)
    with listening(store):
        soon(lambda: standing_of_any(store, phone) is Stage.QUEUED)


def test_a_text_that_was_found_before_its_lead_was_answered_is_not_claimed_by_its_name_too(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    wake, claim = courier.Courier.wake, claims.claim
    told: list[int] = []
    taken: list[int] = []
    asked_for: list[int] = []

    def wake_twice(self: courier.Courier, text: Outgoing | None) -> None:
        wake(self, None)
        if text is not None:
            told.append(text.message_id)
            self._loop.call_later(0.1, wake, self, text)

    def watched(*args: Any, written: Sequence[Outgoing], **more: Any) -> Claim:
        asked_for.extend(one.message_id for one in written)
        found = claim(*args, written=written, **more)
        taken.extend(one.message_id for one in found.texts)
        return found

    monkeypatch.setattr(courier.Courier, "wake", wake_twice)
    monkeypatch.setattr(claims, "claim", watched)
    with serving(store) as served:
        for _ in range(5):
            served.put()
        soon(lambda: len(taken) == 5 and len(told) == 5)
        # The next one comes after all of them were told of again.
        time.sleep(0.2)
        served.put()
        soon(lambda: len(taken) == 6)
    assert sorted(taken) == sorted(told)
    assert asked_for == []


def test_a_text_that_takes_long_to_be_handed_over_is_seen_to_be(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from server.gateways.simulated import SimulatedGateway

    play, go_on = SimulatedGateway.hand_over, threading.Event()

    async def wait(self: SimulatedGateway, texts: Sequence[Outgoing]) -> list[Receipt]:
        while not go_on.is_set():
            await asyncio.sleep(0.01)
        return await play(self, texts)

    with serving(store) as served:
        # One goes before, for which whatever is due was looked for.
        go_on.set()
        for _ in range(2):
            phone = next_phone()
            served.put(served.body(mobile_phone=phone))
            soon(lambda phone=phone: standing(store, phone)[1] == "accepted")  # type: ignore[misc]
        go_on.clear()
        monkeypatch.setattr(SimulatedGateway, "hand_over", wait)
        phone = next_phone()
        served.put(served.body(mobile_phone=phone))
        soon(lambda: standing(store, phone) == (Stage.CONFIRMING, "sending"))
        undone: list[bool] = []
        monkeypatch.setattr(store, "undone", lambda: undone.append(True))
        go_on.set()
        soon(lambda: standing(store, phone) == (Stage.QUEUED, "accepted"))
        assert undone == []


def test_a_courier_goes_on_whatever_the_store_refuses_it(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim, refusals = claims.claim, [1, 2]

    def refuse(*args: Any, **more: Any) -> Claim:
        if refusals:
            refusals.pop()
            raise DataError("", None, ValueError())
        return claim(*args, **more)

    monkeypatch.setattr(courier, "_PATIENCE_SECONDS", 0.01)
    monkeypatch.setattr(claims, "claim", refuse)
    with serving(store) as served:
        phone = next_phone()
        served.put(served.body(mobile_phone=phone))
        soon(lambda: standing(store, phone) == (Stage.QUEUED, "accepted"))
    assert not refusals


def standing_of_any(store: Store, phone: str) -> Stage | None:
    """A contact's stage; None before it is there."""
    with store.read() as conn:
        stage = conn.exec_driver_sql(f"SELECT stage FROM contacts WHERE phone = '{phone}'").scalar()
    return None if stage is None else Stage(stage)


@pytest.mark.parametrize(("words", "stage"), [("STOP", Stage.SUPPRESSED), ("thanks", Stage.QUEUED)])
def test_a_person_can_be_made_to_text_back(served: Served, words: str, stage: Stage) -> None:
    phone = next_phone()
    served.store.do(lambda conn: scripts.script(conn, phone, "deliver", reply=words))
    served.put(served.body(mobile_phone=phone))

    def texts() -> list[tuple[str, str]]:
        with served.store.read() as conn:
            found = profile(conn, find_contact(conn, phone))
        return [(text.direction, text.status) for text in found.messages]

    soon(lambda: texts() == [("in", "received"), ("out", "delivered")])
    with served.store.read() as conn:
        assert profile(conn, find_contact(conn, phone)).contact.stage is stage
