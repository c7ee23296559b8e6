"""How a lead comes in."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from storage import consent, integration, keys, messages, numbers, suppressions
from storage.acts import Delete, Move
from storage.bulk import perform
from storage.counts import counts
from storage.groups import ensure
from storage.leads import Idempotency
from storage.profile import profile
from storage.refused_attempts import RefusedAttempt, record_refused
from storage.store import Store
from storage.tables import Attempt, ConsentEvent, Contact, Message, OutboxEvent
from storage.texts import Receipt
from storage.words import Actor, Badge, Kind, Stage, Target
from tests.factories import claim_pending, lead, make_queued, put, settle_all, switched_on


def count(store: Store, table: type) -> int:
    with store.read() as conn:
        return int(conn.execute(select(func.count()).select_from(table.__table__)).scalar_one())  # type: ignore[attr-defined]


def test_a_lead_leaves_contact_consent_attempt_text_and_event_in_one_go(store: Store) -> None:
    switched_on(store)
    [answer] = put(store, lead(first_name="Grace", last_name="Hopper"))
    assert (answer.outcome, answer.code) == ("accepted", None)
    assert [
        count(store, table) for table in (Contact, ConsentEvent, Attempt, Message, OutboxEvent)
    ] == [1] * 5
    with store.read() as conn:
        found = profile(conn, answer.contact_id or 0)
    assert found.contact.stage is Stage.CONFIRMING
    assert found.contact.name == "Grace Hopper"
    assert found.consent[0].evidence["ip_address"] == "203.0.113.9"
    assert "STOP" in found.messages[0].body


def test_a_lead_is_queued_only_when_the_gateway_has_taken_its_text(store: Store) -> None:
    switched_on(store)
    put(store, lead())
    with store.read() as conn:
        assert counts(conn).queue == 0
    settle_all(store, "accepted")
    with store.read() as conn:
        assert counts(conn).queue == 1


@pytest.mark.parametrize(
    ("phone", "kind", "badge"),
    [
        ("+442079460018", Kind.LANDLINE, Badge.LANDLINE),
        ("+11234567890", Kind.UNASSIGNED, Badge.UNASSIGNED),
    ],
)
def test_landlines_and_unassigned_numbers_are_queued_at_once_and_never_texted(
    store: Store, phone: str, kind: Kind, badge: Badge
) -> None:
    switched_on(store)
    [answer] = put(store, lead(phone=phone))
    with store.read() as conn:
        found = profile(conn, answer.contact_id or 0)
    assert (found.contact.stage, found.contact.kind, found.contact.badges) == (
        Stage.QUEUED,
        kind,
        (badge,),
    )
    assert found.messages == ()


def test_fifty_parallel_requests_for_one_number_make_one_contact_and_one_text(store: Store) -> None:
    switched_on(store)
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: put(store, lead(phone="+12025550177"))[0], range(50)))
    assert [answer.outcome for answer in answers].count("accepted") == 1
    assert {answer.code for answer in answers} == {None, "ALREADY_OPTED_IN"}
    assert len({answer.contact_id for answer in answers}) == 1
    assert (count(store, Contact), count(store, Message)) == (1, 1)


def test_two_processes_agree_on_one_contact_for_one_number(any_store_url: str) -> None:
    one, two = Store.open(any_store_url), Store.open(any_store_url)
    try:
        switched_on(one)
        with ThreadPoolExecutor(20) as pool:
            answers = list(
                pool.map(lambda n: put((one, two)[n % 2], lead(phone="+12025550178"))[0], range(20))
            )
        assert [answer.outcome for answer in answers].count("accepted") == 1
        assert (count(one, Contact), count(two, Message)) == (1, 1)
    finally:
        one.close()
        two.close()


def test_a_repeat_adds_consent_but_does_not_queue_again(store: Store, me: Actor) -> None:
    [ident] = make_queued(store, 1, phone="+12025550179")
    group = store.do(lambda conn: ensure(conn, me, "Spring"))
    perform(store, me, Move(group.id), Target(ids=(ident,)))
    [again] = put(store, lead(phone="+12025550179"))
    assert (again.outcome, again.code, again.contact_id) == ("duplicate", "ALREADY_OPTED_IN", ident)
    with store.read() as conn:
        found = profile(conn, ident)
    assert found.contact.stage is Stage.GROUPED
    assert [event.kind for event in found.consent] == ["repeat", "opt_in"]


def test_a_deleted_contact_counts_as_new(store: Store, me: Actor) -> None:
    [ident] = make_queued(store, 1, phone="+12025550180")
    perform(store, me, Delete(), Target(ids=(ident,)))
    [again] = put(store, lead(phone="+12025550180"))
    assert again.outcome == "accepted"
    assert again.contact_id != ident


def test_a_contact_whose_text_failed_may_try_again(store: Store) -> None:
    switched_on(store)
    [first] = put(store, lead(phone="+12025550181"))
    settle_all(store, "failed")
    with store.read() as conn:
        assert profile(conn, first.contact_id or 0).contact.stage is Stage.FAILED
    [second] = put(store, lead(phone="+12025550181"))
    assert second.outcome == "accepted"
    with store.read() as conn:
        assert counts(conn).by_stage[Stage.FAILED] == 0


def test_off_is_off_inside_the_transaction_whatever_the_door_believed(
    store: Store, me: Actor
) -> None:
    switched_on(store)
    store.do(lambda conn: integration.switch(conn, me, on=False))
    [answer] = put(store, lead())
    assert (answer.outcome, answer.code) == ("refused", "INTEGRATION_INACTIVE")
    assert (count(store, Contact), count(store, Attempt)) == (0, 1)


def test_off_in_one_process_is_off_in_the_other_at_once(any_store_url: str, me: Actor) -> None:
    one, two = Store.open(any_store_url), Store.open(any_store_url)
    try:
        switched_on(one)
        assert put(two, lead())[0].outcome == "accepted"
        one.do(lambda conn: integration.switch(conn, me, on=False))
        assert put(two, lead())[0].code == "INTEGRATION_INACTIVE"
        one.do(lambda conn: integration.switch(conn, me, on=True))
        assert put(two, lead())[0].outcome == "accepted"
    finally:
        one.close()
        two.close()


def test_a_revoked_key_is_dead_at_once(store: Store, me: Actor) -> None:
    added = switched_on(store)
    assert put(store, lead(key_id=added.key_id))[0].outcome == "accepted"
    store.do(lambda conn: keys.revoke(conn, me, added.key_id or 0))
    assert put(store, lead(key_id=added.key_id))[0].code == "INVALID_API_KEY"


def test_only_approved_numbers_take_opt_ins(store: Store, me: Actor) -> None:
    added = switched_on(store)
    pending = store.do(lambda conn: numbers.add(conn, me, "+14155550123"))
    assert put(store, lead(number_id=added.number_id))[0].outcome == "accepted"
    assert put(store, lead(number_id=pending.id))[0].code == "INVALID_OPT_IN_NUMBER"
    assert put(store, lead(number_id="num_0000000000000000"))[0].code == "INVALID_OPT_IN_NUMBER"


def test_a_suppressed_number_is_blocked(store: Store, me: Actor) -> None:
    switched_on(store)
    store.do(lambda conn: suppressions.add(conn, me, ["+12025550182"]))
    [answer] = put(store, lead(phone="+12025550182"))
    assert (answer.outcome, answer.code) == ("refused", "BLOCKED_NUMBER")
    assert count(store, Contact) == 0


def test_the_test_number_succeeds_every_time_and_is_never_texted(store: Store) -> None:
    switched_on(store)
    answers = [put(store, lead(phone="+15555550100", test=True))[0] for _ in range(3)]
    assert [answer.outcome for answer in answers] == ["accepted"] * 3
    assert count(store, Contact) == 1
    assert count(store, Message) == 0
    with store.read() as conn:
        found = profile(conn, answers[0].contact_id or 0)
    assert found.contact.badges == (Badge.TEST,)


def test_the_first_answer_is_replayed_for_the_same_key_and_body(store: Store) -> None:
    switched_on(store)
    named = Idempotency("order-1", b"a" * 32)
    first, second = (put(store, lead(phone="+12025550183", idempotency=named))[0] for _ in range(2))
    assert (first.outcome, second.outcome) == ("accepted", "accepted")
    assert (second.request_id, second.replayed) == (first.request_id, True)
    [other] = put(store, lead(phone="+12025550183", idempotency=Idempotency("order-1", b"b" * 32)))
    assert other.code == "IDEMPOTENCY_MISMATCH"


def test_two_requests_with_one_key_in_one_batch_get_one_answer(store: Store) -> None:
    switched_on(store)
    named = Idempotency("order-2", b"a" * 32)
    answers = put(store, *[lead(phone="+12025550184", idempotency=named) for _ in range(5)])
    assert {answer.outcome for answer in answers} == {"accepted"}
    assert len({answer.request_id for answer in answers}) == 1
    assert [answer.replayed for answer in answers] == [False, True, True, True, True]


def test_a_refused_attempt_stays_in_the_log(store: Store) -> None:
    switched_on(store)
    done: list[object] = []
    refused = RefusedAttempt(77, "api", None, "INVALID_PHONE_FORMAT", body='{"mobile_phone": "x"}')
    store.write_many(record_refused, refused, done.append)
    put(store, lead())
    assert done == [None]
    with store.read() as conn:
        row = conn.execute(select(Attempt.__table__).where(Attempt.__table__.c.id == 77)).one()  # type: ignore[attr-defined]
    assert (row.outcome, row.code, row.body) == (
        "refused",
        "INVALID_PHONE_FORMAT",
        '{"mobile_phone": "x"}',
    )


def test_the_consent_chain_verifies_and_names_what_was_changed(store: Store) -> None:
    make_queued(store, 5)
    with store.read() as conn:
        assert consent.verify(conn) == consent.ChainReport(5, ())
    events = ConsentEvent.__table__  # type: ignore[attr-defined]
    store.do(
        lambda conn: conn.execute(events.update().where(events.c.seq == 2).values(kind="opt_out"))
    )
    store.do(lambda conn: conn.execute(events.delete().where(events.c.seq == 4)))
    with store.read() as conn:
        report = consent.verify(conn)
    assert report.faults == ("event 2 was changed", "event 4 is missing")


def test_changed_evidence_is_named(store: Store) -> None:
    make_queued(store, 3)
    events = ConsentEvent.__table__  # type: ignore[attr-defined]
    forged = json.dumps({"ip_address": "198.51.100.1"})
    store.do(
        lambda conn: conn.execute(events.update().where(events.c.seq == 2).values(evidence=forged))
    )
    with store.read() as conn:
        assert consent.verify(conn).faults == ("the evidence of event 2 was changed",)


def test_a_lead_without_a_receipt_is_queued_as_unconfirmed(store: Store) -> None:
    switched_on(store)
    [answer] = put(store, lead())
    settle_all(store, "sent")
    table = Message.__table__  # type: ignore[attr-defined]
    with store.read() as conn:
        long_ago = conn.execute(select(table.c.created_at)).scalar_one()
    store.do(lambda conn: conn.execute(table.update().values(due_at=long_ago)))
    assert store.do(messages.sweep) == 1
    with store.read() as conn:
        found = profile(conn, answer.contact_id or 0)
    assert found.contact.stage is Stage.QUEUED
    assert found.contact.badges == (Badge.UNCONFIRMED,)


def test_a_block_by_the_carrier_suppresses_the_number_for_good(store: Store) -> None:
    switched_on(store)
    [answer] = put(store, lead(phone="+12025550185"))
    settle_all(store, "blocked")
    with store.read() as conn:
        assert profile(conn, answer.contact_id or 0).contact.stage is Stage.SUPPRESSED
    assert put(store, lead(phone="+12025550185"))[0].code == "BLOCKED_NUMBER"


def test_a_receipt_only_moves_a_message_forward(store: Store) -> None:
    switched_on(store)
    put(store, lead())
    [text] = store.do(lambda conn: claim_pending(conn, "one", 10))
    assert store.do(lambda conn: claim_pending(conn, "two", 10)) == []
    assert list(
        store.do(lambda conn: messages.settle(conn, [Receipt(text.message_id, "delivered")]))
    ) == [True]
    assert list(
        store.do(lambda conn: messages.settle(conn, [Receipt(text.message_id, "accepted")]))
    ) == [False]
    with store.read() as conn:
        assert profile(conn, text.contact_id).messages[0].status == "delivered"
