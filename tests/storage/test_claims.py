"""Texts that were just written are claimed by their names, unless something came in between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from storage import gateway_state, suppressions
from storage.acts import Delete
from storage.bulk import perform
from storage.claims import Claim, claim
from storage.holding import QuietHours
from storage.intake import take_in
from storage.messages import settle
from storage.pipeline import Pipeline
from storage.store import Store
from storage.tables import Message
from storage.texts import Outgoing, Receipt
from storage.words import Actor, Target
from tests.factories import lead, put, switched_on
from tests.storage.test_writer import busy
from tests.waiting import PATIENCE, soon

_messages: Any = Message.__table__  # type: ignore[attr-defined]

ME = Actor.person("ana")


def written(store: Store, *phones: str, count: int = 0) -> list[Outgoing]:
    """Takes strangers in, some of them with these numbers; gives the texts that wait for them."""
    items = [*(lead(phone=phone) for phone in phones), *(lead() for _ in range(count))]
    found = [result.text for result in put(store, *items)]
    assert None not in found
    return [text for text in found if text is not None]


def named(store: Store, texts: Sequence[Outgoing], quiet: QuietHours | None = None) -> Claim:
    return store.do(lambda conn: claim(conn, "me", 100, quiet, gateway="simulated", written=texts))


@pytest.fixture
def pg_store(pg_url: str) -> Iterator[Store]:
    """A store on PostgreSQL."""
    store = Store.open(pg_url)
    yield store
    store.close()


@pytest.fixture
def asked(pg_store: Store, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by each turn in which the server's answer is waited for."""
    turns: list[int] = []
    ask = Pipeline.ask

    def note(line: Pipeline, *asking: Any) -> Any:
        turns.append(len(asking))
        return ask(line, *asking)

    monkeypatch.setattr(Pipeline, "ask", note)
    return turns


def test_a_lead_tells_of_its_text_and_who_is_not_texted_of_none(store: Store) -> None:
    switched_on(store)
    [first] = put(store, lead())
    assert first.text is not None
    assert (first.text.contact_id, first.text.phone) == (first.contact_id, first.phone)
    [again] = put(store, lead(phone=first.phone))
    assert again.text is None
    assert [one.message_id for one in named(store, []).texts] == [first.text.message_id]


def test_what_was_just_written_is_claimed_once_and_settled(store: Store) -> None:
    switched_on(store)
    texts = written(store, count=6)
    assert sorted(text.message_id for text in named(store, texts).texts) == [
        text.message_id for text in texts
    ]
    assert named(store, texts).texts == []
    receipts = [Receipt(text.message_id, "accepted") for text in texts]
    assert store.do(lambda conn: settle(conn, receipts, texts)) == [True] * 6


def test_postgresql_is_not_asked_for_what_was_just_written(
    pg_store: Store, asked: list[int]
) -> None:
    switched_on(pg_store)
    texts = written(pg_store, count=6)
    asked.clear()
    found = named(pg_store, texts)
    assert not asked
    assert (found.texts, found.whole, found.named) == (texts, True, True)


def test_who_left_in_between_is_not_texted(store: Store) -> None:
    switched_on(store)
    texts = written(store, count=4)
    store.do(lambda conn: suppressions.add(conn, ME, [texts[2].phone]))
    found = named(store, texts)
    assert {text.phone for text in found.texts} == {
        text.phone for text in texts if text is not texts[2]
    }
    assert not found.named


def test_who_had_a_text_today_gets_no_second_one(store: Store) -> None:
    switched_on(store)
    [first] = named(store, written(store, "+14155550100")).texts
    store.do(lambda conn: settle(conn, [Receipt(first.message_id, "accepted")], [first]))
    perform(store, ME, Delete(), Target(ids=(first.contact_id,)))
    texts = written(store, "+14155550100", count=3)
    found = named(store, texts)
    assert {text.phone for text in found.texts} == {text.phone for text in texts[1:]}
    assert not found.whole


def test_of_two_texts_to_one_number_the_last_is_left(store: Store) -> None:
    switched_on(store)
    [first] = written(store, "+14155550100")
    perform(store, ME, Delete(), Target(ids=(first.contact_id,)))
    [second] = written(store, "+14155550100")
    others = written(store, count=3)
    # As when it had been under way, and is to be tried again.
    again = update(_messages).where(_messages.c.id == first.message_id).values(status="pending")
    store.do(lambda conn: conn.execute(again).rowcount)
    found = named(store, [first, second, *others])
    assert {text.message_id for text in found.texts} == {
        text.message_id for text in [second, *others]
    }


def test_nothing_is_claimed_for_a_gateway_that_is_left_alone(store: Store) -> None:
    switched_on(store)
    texts = written(store, count=4)
    store.do(lambda conn: gateway_state.leave_alone(conn, "simulated", "it is down"))
    assert named(store, texts).texts == []
    store.do(lambda conn: gateway_state.works(conn, "simulated"))
    assert len(named(store, texts).texts) == 4


def test_named_texts_wait_for_the_end_of_quiet_hours(store: Store) -> None:
    switched_on(store)

    class Night(QuietHours):
        def over_at(self, phone: str, moment: datetime) -> datetime:
            return moment + timedelta(hours=1)

    texts = written(store, count=4)
    assert named(store, texts, Night(time(21), time(8))).texts == []
    assert named(store, texts).texts == []


def test_a_claim_shares_a_transaction_with_leads_that_guess_wrong(pg_store: Store) -> None:
    switched_on(pg_store)
    texts = written(pg_store, count=4)
    answers: list[Any] = []
    with busy(pg_store):
        claiming = pg_store.write(lambda conn: claim(conn, "me", 100, written=texts))
        for item in [*(lead() for _ in range(4)), lead(phone=texts[0].phone)]:
            pg_store.write_many(take_in, item, answers.append)
    assert len(claiming.result(PATIENCE).texts) == 4
    soon(lambda: len(answers) == 5)
    assert sorted(answer.outcome for answer in answers) == ["accepted"] * 4 + ["duplicate"]
