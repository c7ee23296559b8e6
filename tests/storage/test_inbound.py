"""Texts that people send: STOP gets everybody out, START brings them back, the rest is judged."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from storage import consent, groups, integration, suppressions
from storage.acts import Delete, DoNotContact, Move
from storage.bulk import perform
from storage.checklist import examine
from storage.double_opt_in import expire
from storage.double_opt_in import show as show_double
from storage.double_opt_in import switch as switch_double
from storage.errors import Refused
from storage.inbound import Inbound, Received, receive
from storage.keywords import Meaning, meaning_of
from storage.messages import settle
from storage.profile import Profile, find_contact, profile
from storage.reviews import confirm_review, dismiss_review, reviews
from storage.store import Store
from storage.tables import OutboxEvent
from storage.texts import Receipt
from storage.words import Actor, Stage, Target
from tests.factories import (
    claim_pending,
    lead,
    make_queued,
    next_phone,
    put,
    settle_all,
    switched_on,
)

ANA = Actor.person("ana")
OUTBOX = OutboxEvent.__table__  # type: ignore[attr-defined]


def says(store: Store, phone: str, body: str, gateway_id: str = "") -> Received:
    """A person sends a text."""
    text = Inbound("twilio" if gateway_id else "simulated", gateway_id, phone, "", body)
    return store.do(lambda conn: receive(conn, text))


def of(store: Store, phone: str) -> Profile:
    """Everything about a contact."""
    with store.read() as conn:
        return profile(conn, find_contact(conn, phone))


def told(store: Store) -> list[str]:
    """The events for webhooks, in order."""
    with store.read() as conn:
        return list(conn.execute(select(OUTBOX.c.event).order_by(OUTBOX.c.id)).scalars())


@pytest.mark.parametrize(
    "words",
    ["STOP", "stop", " Stop. ", "S.T.O.P!", "STOP ALL", "stopall", "Unsubscribe", "CANCEL", "end",
     "quit", "REVOKE", "Opt out", "opt-out", "OPTOUT", "ＳＴＯＰ", "“Stop”", "STOP 🛑", "ştop"],
)  # fmt: skip
def test_the_words_that_opt_out(words: str) -> None:
    assert meaning_of(words) is Meaning.STOP


@pytest.mark.parametrize(
    "words",
    ["pls stop txting me", "no mas", "No más", "wrong number", "WRONG NUMBER!!", "st0p", "stpo",
     "stoppp", "sotp", "unsubscibe", "$top", "please remove me", "take me off this list",
     "🛑", "🖕", "arrêtez", "basta", "стоп", "停止", "don't text me", "who is this?",
     "opt me out pls",
     "STOP please", "cancle", "not interested",
     "STOP\n\nSent from my iPhone", "Stop\r\nAna", "thanks\tbut stop", "STОP", "ЅТОР", "stοp",
     "बंद करो", "रोको", "หยุด", "إيقاف", "退訂", "取消訂閱", "停", "정지", "Остановить!", "Kündigen",
     "detener", "berhenti", "Σταματήστε", "no thanks", "Lose this number", "this is not my number",
     "wrng number", "END THIS", "stahp", "I dont want this"],
)  # fmt: skip
def test_what_resembles_an_opt_out_is_for_people_to_judge(words: str) -> None:
    assert meaning_of(words) is Meaning.REVIEW


@pytest.mark.parametrize(
    "words",
    [
        "hello",
        "thanks!",
        "where is the shop?",
        "ok",
        "",
        "   ",
        "👍",
        "see you at the top",
        "the end",
        "nice\nparking",
        "停车",
        "привет",
        "καλημέρα",
        "Danke, bis morgen",
        "घर",
        "sí",
        "no",
    ],
)
def test_what_says_something_else_is_left_alone(words: str) -> None:
    assert meaning_of(words) is Meaning.OTHER


@pytest.mark.parametrize(("words", "meaning"), [("Yes", "start"), ("UNSTOP", "start"),
    ("start!", "start"), ("Help?", "help"), ("INFO", "help")])  # fmt: skip
def test_the_words_that_opt_in_and_ask(words: str, meaning: str) -> None:
    assert meaning_of(words) is Meaning(meaning)


@pytest.mark.parametrize("integration_is", ["on", "off", "deleted"])
def test_a_stop_takes_a_lead_out_of_everything_at_once(store: Store, integration_is: str) -> None:
    [ident] = make_queued(store)
    phone = of_id(store, ident).contact.phone
    if integration_is != "on":
        store.do(lambda conn: integration.switch(conn, ANA, on=False))
    if integration_is == "deleted":
        store.do(lambda conn: integration.delete(conn, ANA))
    assert says(store, phone, "Stop.").changed
    found = of(store, phone)
    assert found.contact.stage is Stage.SUPPRESSED
    assert found.consent[0].kind == "opt_out"
    assert found.consent[0].evidence["text"] == "Stop."
    assert told(store)[-1] == "sms.opted_out"
    with store.read() as conn:
        assert [row.source for row in suppressions.listing(conn)] == ["stop"]
        assert consent.verify(conn).faults == ()
    # Once more changes nothing but the ledger.
    assert not says(store, phone, "STOP").changed
    assert told(store).count("sms.opted_out") == 1


def of_id(store: Store, ident: int) -> Profile:
    """Everything about a contact."""
    with store.read() as conn:
        return profile(conn, ident)


def test_a_stop_cancels_the_text_that_waits(store: Store) -> None:
    switched_on(store)
    phone = next_phone()
    put(store, lead(phone=phone))
    says(store, phone, "stop")
    assert store.do(lambda conn: claim_pending(conn, "test", 10)) == []
    assert [text.status for text in of(store, phone).messages] == ["received", "cancelled"]


def test_a_stop_that_only_the_carrier_heard_is_one(store: Store) -> None:
    switched_on(store)
    phone = next_phone()
    put(store, lead(phone=phone))
    settle_all(store, "blocked")
    found = of(store, phone)
    assert found.contact.stage is Stage.SUPPRESSED
    assert [event.kind for event in found.consent] == ["opt_out", "opt_in"]
    assert "carrier" in found.consent[0].evidence["method"]
    assert told(store)[-1] == "sms.opted_out"
    with store.read() as conn:
        assert [row.source for row in suppressions.listing(conn)] == ["stop"]
        assert consent.verify(conn).faults == ()
    # What the ledger has from the person themselves is not said again for the carrier.
    other = next_phone()
    put(store, lead(phone=other))
    [text] = store.do(lambda conn: claim_pending(conn, "test", 10))
    says(store, other, "STOP")
    store.do(lambda conn: settle(conn, [Receipt(text.message_id, "blocked")]))
    assert [event.kind for event in of(store, other).consent] == ["opt_out", "opt_in"]
    assert told(store).count("sms.opted_out") == 2
    assert says(store, phone, "START").changed


def test_a_stop_from_a_number_nobody_knows_holds_too(store: Store) -> None:
    switched_on(store)
    phone = next_phone()
    assert says(store, phone, "STOP").changed
    [answer] = put(store, lead(phone=phone))
    assert answer.code == "BLOCKED_NUMBER"


def test_a_gateway_that_tells_twice_changes_nothing_twice(store: Store) -> None:
    [ident] = make_queued(store)
    phone = of_id(store, ident).contact.phone
    assert says(store, phone, "STOP", "SM1").changed
    assert says(store, phone, "START", "SM2").changed
    # The first one once more, late: a STOP that was taken back stays taken back.
    assert says(store, phone, "STOP", "SM1").message_id is None
    assert of(store, phone).contact.stage is Stage.QUEUED


def test_start_brings_a_queued_lead_back_into_the_queue(store: Store) -> None:
    [ident] = make_queued(store)
    phone = of_id(store, ident).contact.phone
    says(store, phone, "STOP")
    assert says(store, phone, "start").changed
    found = of(store, phone)
    assert found.contact.stage is Stage.QUEUED
    assert found.consent[0].kind == "opt_back_in"
    assert told(store)[-1] == "sms.opted_in"


def test_start_brings_one_from_a_group_back_for_people_to_judge(store: Store) -> None:
    [ident] = make_queued(store)
    spring = store.do(lambda conn: groups.create(conn, ANA, "Spring")).id
    perform(store, ANA, Move(spring), Target(ids=(ident,)))
    phone = of_id(store, ident).contact.phone
    says(store, phone, "STOP")
    says(store, phone, "UNSTOP")
    assert of(store, phone).contact.stage is Stage.QUEUED


def test_start_of_one_who_was_never_in_the_queue_waits_for_the_text(store: Store) -> None:
    switched_on(store)
    phone = next_phone()
    put(store, lead(phone=phone))
    says(store, phone, "STOP")
    says(store, phone, "START")
    assert of(store, phone).contact.stage is Stage.CONFIRMING
    settle_all(store)
    assert of(store, phone).contact.stage is Stage.QUEUED


def test_start_lifts_nothing_that_staff_decided(store: Store) -> None:
    [ident] = make_queued(store)
    phone = of_id(store, ident).contact.phone
    store.do(lambda conn: suppressions.add(conn, ANA, [phone]))
    assert not says(store, phone, "START").changed
    says(store, phone, "STOP")
    says(store, phone, "START")
    assert of(store, phone).contact.stage is Stage.SUPPRESSED


def test_a_stranger_who_says_start_is_not_opted_in(store: Store) -> None:
    switched_on(store)
    assert not says(store, next_phone(), "START").changed


def test_help_is_answered_once_in_a_while_and_not_after_a_stop(store: Store) -> None:
    [ident] = make_queued(store)
    phone = of_id(store, ident).contact.phone
    assert "STOP" in says(store, phone, "HELP").reply
    assert says(store, phone, "HELP").reply == ""
    [text] = store.do(lambda conn: claim_pending(conn, "test", 10))
    assert text.phone == phone
    other = of_id(store, make_queued(store)[0]).contact.phone
    says(store, other, "STOP")
    assert says(store, other, "HELP").reply == ""


@pytest.mark.parametrize("known", ["deleted", "back after that", "nobody"])
@pytest.mark.parametrize("how", ["staff", "stop", "bulk"])
def test_who_must_not_be_texted_gets_no_answer_to_a_help_before_whatever_became_of_them(
    store: Store, known: str, how: str
) -> None:
    switched_on(store)
    phone, ids = next_phone(), make_queued(store)
    if known != "nobody":
        phone = of_id(store, ids[0]).contact.phone
        perform(store, ANA, Delete(), Target(ids=(ids[0],)))
    assert says(store, phone, "HELP").reply
    if known == "back after that" or how == "bulk":
        put(store, lead(phone=phone))
    if how == "staff":
        store.do(lambda conn: suppressions.add(conn, ANA, [phone]))
    elif how == "stop":
        says(store, phone, "STOP")
    else:
        perform(store, ANA, DoNotContact("ana"), Target(ids=(of(store, phone).contact.id,)))
    assert store.do(lambda conn: claim_pending(conn, "test", 10)) == []


def test_an_answer_to_help_does_not_let_a_lead_into_the_queue(store: Store) -> None:
    switched_on(store)
    phone = next_phone()
    put(store, lead(phone=phone))
    claimed = store.do(lambda conn: claim_pending(conn, "test", 10))
    says(store, phone, "HELP")
    settle_all(store)
    assert of(store, phone).contact.stage is Stage.CONFIRMING
    assert len(claimed) == 1


def test_a_look_alike_is_confirmed_or_dismissed_once(store: Store) -> None:
    phones = [of_id(store, ident).contact.phone for ident in make_queued(store, 2)]
    for phone in phones:
        says(store, phone, "pls stop txting me [/x]\x1b[2J")
    with store.read() as conn:
        second, first = reviews(conn)
    assert of(store, phones[0]).contact.stage is Stage.QUEUED
    store.do(lambda conn: confirm_review(conn, ANA, first.message_id))
    store.do(lambda conn: dismiss_review(conn, ANA, second.message_id))
    assert of(store, phones[0]).contact.stage is Stage.SUPPRESSED
    assert of(store, phones[1]).contact.stage is Stage.QUEUED
    with store.read() as conn:
        assert reviews(conn) == []
    with pytest.raises(Refused):
        store.do(lambda conn: dismiss_review(conn, ANA, first.message_id))


def test_a_look_alike_of_one_who_is_out_already_is_no_work_for_anybody(store: Store) -> None:
    [ident] = make_queued(store)
    phone = of_id(store, ident).contact.phone
    says(store, phone, "STOP")
    assert not says(store, phone, "no mas").waits
    with store.read() as conn:
        assert reviews(conn) == []
    says(store, phone, "START")
    assert says(store, phone, "no mas").waits
    with store.read() as conn:
        assert [row.phone for row in reviews(conn)] == [phone]


def test_a_look_alike_of_one_whom_staff_put_on_the_list_is_judged(store: Store) -> None:
    [ident] = make_queued(store)
    phone = of_id(store, ident).contact.phone
    store.do(lambda conn: suppressions.add(conn, ANA, [phone]))
    assert says(store, phone, "no mas").waits


def test_with_double_opt_in_only_yes_lets_a_lead_in(store: Store) -> None:
    switched_on(store)
    store.do(lambda conn: switch_double(conn, ANA, on=True))
    phone = next_phone()
    put(store, lead(phone=phone))
    [text] = store.do(lambda conn: claim_pending(conn, "peek", 1))
    assert "YES" in text.body
    store.do(lambda conn: _settled(conn, text.message_id))
    assert of(store, phone).contact.stage is Stage.AWAITING
    assert told(store) == []
    assert not says(store, phone, "start").changed
    assert not says(store, phone, "ok").changed
    assert says(store, phone, "Yes!").changed
    found = of(store, phone)
    assert found.contact.stage is Stage.QUEUED
    assert found.consent[0].kind == "confirmed"
    assert told(store) == ["sms.opted_in"]


def _settled(conn: Connection, message_id: int) -> None:
    from storage.messages import settle
    from storage.texts import Receipt

    settle(conn, [Receipt(message_id, "accepted")])


def test_who_does_not_say_yes_in_time_has_not_opted_in(store: Store) -> None:
    from datetime import timedelta

    import time_machine

    from storage.times import now

    switched_on(store)
    store.do(lambda conn: switch_double(conn, ANA, on=True, hours=2))
    phone = next_phone()
    put(store, lead(phone=phone))
    settle_all(store)
    assert store.do(expire) == 0
    with time_machine.travel(now() + timedelta(hours=3)):
        assert store.do(expire) == 1
    assert of(store, phone).contact.stage is Stage.FAILED
    assert told(store) == ["sms.opt_in_failed"]


def test_who_was_asked_keeps_the_time_when_double_opt_in_is_switched_off(store: Store) -> None:
    switched_on(store)
    store.do(lambda conn: switch_double(conn, ANA, on=True, hours=168))
    store.do(lambda conn: switch_double(conn, ANA, on=False))
    with store.read() as conn:
        assert show_double(conn) == (False, 168)


def test_who_has_not_said_yes_yet_is_counted_where_leads_are_missed(store: Store) -> None:
    def unanswered() -> list[str]:
        with store.read() as conn:
            found = examine(conn)
        return [item.sentence for item in found if item.check == "double opt-in"]

    switched_on(store)
    assert unanswered() == []
    store.do(lambda conn: switch_double(conn, ANA, on=True))
    phones = [next_phone() for _ in range(2)]
    for phone in phones:
        put(store, lead(phone=phone))
    settle_all(store)
    assert unanswered()[0].startswith("2 people were asked for a YES and have not given it yet")
    says(store, phones[0], "yes")
    assert unanswered()[0].startswith("1 person was asked for a YES and has not given it yet")
    says(store, phones[1], "yes")
    assert unanswered() == []


def test_what_a_person_sends_is_kept_and_moves_nothing(store: Store) -> None:
    [ident] = make_queued(store)
    phone = of_id(store, ident).contact.phone
    says(store, phone, "see you\x00 there")
    assert of(store, phone).messages[0].body == "see you\ufffd there"
    with store.read() as conn:
        assert conn.execute(select(func.count()).select_from(OUTBOX)).scalar_one() == 1
