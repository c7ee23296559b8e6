"""Texts that must not go out now: quiet hours where the person is, one text a number and day."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import phonenumbers
import pytest
import time_machine
from hypothesis import example, given, settings
from hypothesis import strategies as st

from storage import claims, gateway_state, messages
from storage.acts import Delete
from storage.bulk import perform
from storage.double_opt_in import switch
from storage.fates import where_is
from storage.holding import QuietHours, zones_of
from storage.inbound import Inbound, receive
from storage.messages import settle
from storage.profile import Profile, find_contact, profile
from storage.seats import enter
from storage.store import Store
from storage.texts import Receipt
from storage.times import now
from storage.words import Actor, Badge, Stage, Target
from tests.factories import (
    claim_pending,
    lead,
    make_queued,
    next_phone,
    put,
    settle_all,
    switched_on,
)
from tests.storage.test_acts import assert_counters_are_true

NIGHT = QuietHours(time(21), time(8))
ANA = Actor.person("ana")
NEW_YORK, RUSSIA, TOLL_FREE = "+12125550123", "+79161234567", "+18005550123"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


# When it is quiet.


@pytest.mark.parametrize(
    ("phone", "moment", "over"),
    [
        # New York in summer is four hours behind, in winter five.
        (NEW_YORK, "2026-07-01T16:00+00:00", "2026-07-01T16:00+00:00"),
        (NEW_YORK, "2026-07-02T00:59+00:00", "2026-07-02T00:59+00:00"),
        (NEW_YORK, "2026-07-02T01:00+00:00", "2026-07-02T12:00+00:00"),
        (NEW_YORK, "2026-07-02T11:59+00:00", "2026-07-02T12:00+00:00"),
        (NEW_YORK, "2026-12-02T02:00+00:00", "2026-12-02T13:00+00:00"),
        # The night before clocks go forward is an hour shorter, the one before they go back longer.
        (NEW_YORK, "2026-03-08T02:00+00:00", "2026-03-08T12:00+00:00"),
        (NEW_YORK, "2026-11-01T01:00+00:00", "2026-11-01T13:00+00:00"),
        # Moscow rises last, Kamchatka goes to bed first: the strictest of all zones.
        (RUSSIA, "2026-07-01T12:00+00:00", "2026-07-02T05:00+00:00"),
        (RUSSIA, "2026-07-01T07:00+00:00", "2026-07-01T07:00+00:00"),
        ("+447911123456", "2026-07-01T20:00+00:00", "2026-07-02T07:00+00:00"),
        # No zone is known: UTC.
        ("+870773111632", "2026-07-01T22:00+00:00", "2026-07-02T08:00+00:00"),
        # A short code is no number of any country.
        ("12345", "2026-07-01T12:00+00:00", "2026-07-01T12:00+00:00"),
    ],
)
def test_a_text_waits_until_it_is_day_where_the_person_is(
    phone: str, moment: str, over: str
) -> None:
    assert NIGHT.over_at(phone, at(moment)) == at(over)


@pytest.mark.parametrize(
    ("hours", "moment", "over"),
    [
        # 01:30 comes twice: it is over after the second.
        ("21:00-01:30", "2026-11-01T04:00+00:00", "2026-11-01T06:30+00:00"),
        ("21:00-01:30", "2026-11-01T06:15+00:00", "2026-11-01T06:30+00:00"),
        # 02:30 never comes: it is over when the clock next shows a later time.
        ("21:00-02:30", "2026-03-08T06:00+00:00", "2026-03-08T07:30+00:00"),
        # Within one day, and over midnight by a minute.
        ("12:00-14:00", "2026-07-01T16:30+00:00", "2026-07-01T18:00+00:00"),
        ("23:59-00:00", "2026-07-02T03:59:30+00:00", "2026-07-02T04:00+00:00"),
    ],
)
def test_clocks_that_are_changed_in_quiet_hours(hours: str, moment: str, over: str) -> None:
    quiet = QuietHours.parse(hours)
    assert quiet is not None
    assert quiet.over_at(NEW_YORK, at(moment)) == at(over)


@settings(max_examples=60, deadline=None)
@given(
    phone=st.sampled_from([NEW_YORK, RUSSIA, "+447911123456", "+61412345678", "+9779812345678",
                           "+34612345678", "+5511987654321"]),
    minutes=st.integers(0, 366 * 24 * 60),
    start=st.integers(0, 47),
    length=st.integers(1, 22),
)  # fmt: skip
@example(phone=NEW_YORK, minutes=304 * 24 * 60 + 5 * 60 + 15, start=46, length=5)
def test_no_text_arrives_in_quiet_hours_of_any_zone(
    phone: str, minutes: int, start: int, length: int
) -> None:
    half_hours = [time(n % 48 // 2, n % 2 * 30) for n in (start, start + length)]
    quiet = QuietHours(*half_hours)
    moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    over = quiet.over_at(phone, moment)
    assert moment <= over <= moment + timedelta(days=2)
    assert quiet.over_at(phone, over) == over
    assert not any(quiet.is_quiet(zone, over) for zone in zones_of(phone))


def test_where_every_hour_is_quiet_in_some_zone_the_text_goes_when_most_are_awake() -> None:
    zones, moment = zones_of(TOLL_FREE), at("2026-07-02T06:00+00:00")
    long_night = QuietHours(time(18), time(10))
    over = long_night.over_at(TOLL_FREE, moment)
    asleep = sum(long_night.is_quiet(zone, over) for zone in zones)
    assert moment < over < moment + timedelta(days=1)
    assert 0 < asleep < len(zones) / 4
    assert long_night.over_at(TOLL_FREE, over) == over


@pytest.mark.parametrize("written", ["", "  ", "\t"])
def test_without_quiet_hours_there_are_none(written: str) -> None:
    assert QuietHours.parse(written) is None


@pytest.mark.parametrize("written", ["9-17", "21:00", "24:00-08:00", "21:00-08:60", "21:00-21:00",
    "21:00–08:00", "x", "21:00-08:00-09:00", "２１:00-08:00", "-1:00-08:00"])  # fmt: skip
def test_what_is_no_span_of_time_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="should"):
        QuietHours.parse(written)


@pytest.fixture
def bare_machine() -> Iterator[None]:
    """No database of time zones but the one that came with the program."""
    zoneinfo.reset_tzpath(to=[])
    ZoneInfo.clear_cache()
    zones_of.cache_clear()
    yield
    zoneinfo.reset_tzpath()
    ZoneInfo.clear_cache()
    zones_of.cache_clear()


@pytest.mark.usefixtures("bare_machine")
def test_a_machine_without_time_zones_knows_those_of_every_number() -> None:
    from phonenumbers.tzdata import TIMEZONE_DATA

    names = {name for zones in TIMEZONE_DATA.values() for name in zones} - {"Etc/Unknown"}
    assert len(names) > 250
    missing = [name for name in names if not ZoneInfo(name).key]
    assert missing == []
    assert [zone.key for zone in zones_of(NEW_YORK)] == ["America/New_York"]


def test_a_number_that_no_plan_knows_has_the_zones_of_its_country() -> None:
    chile = "+56912345678"
    unknown = phonenumbers.PhoneNumberType.UNKNOWN
    assert phonenumbers.number_type(phonenumbers.parse(chile, None)) == unknown
    assert "America/Santiago" in {zone.key for zone in zones_of(chile)}


# Texts that are held in the store.


def of(store: Store, phone: str) -> Profile:
    with store.read() as conn:
        return profile(conn, find_contact(conn, phone))


def claim(store: Store, quiet: QuietHours | None = None) -> list[str]:
    """Whom the courier would text now."""
    return [text.phone for text in store.do(lambda conn: claim_pending(conn, "t", 100, quiet))]


def says(store: Store, phone: str, words: str) -> None:
    text = Inbound("simulated", "", phone, "", words)
    store.do(lambda conn: receive(conn, text))


def texts_of(store: Store, phone: str) -> list[str]:
    return [text.status for text in of(store, phone).messages]


def test_a_lead_at_night_waits_visibly_and_is_texted_in_the_morning(store: Store) -> None:
    with time_machine.travel(at("2026-07-02T02:00+00:00"), tick=False) as clock:
        switched_on(store)
        put(store, lead(phone=NEW_YORK), lead(phone="+81312345678"))
        assert claim(store, NIGHT) == []
        waits = of(store, NEW_YORK)
        assert waits.contact.stage is Stage.CONFIRMING
        assert waits.messages[0].status == "pending"
        assert waits.messages[0].error == "waits for the end of quiet hours"
        with store.read() as conn:
            [fate] = where_is(conn, NEW_YORK).fates
        assert "waits until 2026-07-02 12:00 UTC for its compliance text" in fate.sentence
        # Nothing is looked at again before it is due.
        with store.read() as conn:
            assert claims.next_due(conn) == at("2026-07-02T12:00+00:00")
        for clocks in ("2026-07-02T11:59:59+00:00", "2026-07-02T01:30+00:00"):
            clock.move_to(at(clocks))
            assert claim(store, NIGHT) == []
        clock.move_to(at("2026-07-02T12:00+00:00"))
        assert claim(store, NIGHT) == [NEW_YORK]


def test_a_clock_that_jumps_texts_nobody_at_night(store: Store) -> None:
    with time_machine.travel(at("2026-07-02T02:00+00:00"), tick=False) as clock:
        switched_on(store)
        put(store, lead(phone=NEW_YORK))
        assert claim(store, NIGHT) == []
        # A day ahead: it is due, and it is night there as well.
        clock.move_to(at("2026-07-03T03:00+00:00"))
        assert claim(store, NIGHT) == []
        with store.read() as conn:
            assert claims.next_due(conn) == at("2026-07-03T12:00+00:00")
        clock.move_to(at("2026-07-03T12:30+00:00"))
        assert claim(store, NIGHT) == [NEW_YORK]


def test_who_asks_for_help_at_night_is_answered(store: Store) -> None:
    with time_machine.travel(at("2026-07-01T16:00+00:00"), tick=False) as clock:
        make_queued(store, phone=NEW_YORK)
        clock.move_to(at("2026-07-02T02:00+00:00"))
        says(store, NEW_YORK, "HELP")
        assert claim(store, NIGHT) == [NEW_YORK]


def test_a_stop_at_night_ends_the_wait(store: Store) -> None:
    with time_machine.travel(at("2026-07-02T02:00+00:00"), tick=False) as clock:
        switched_on(store)
        put(store, lead(phone=NEW_YORK))
        claim(store, NIGHT)
        says(store, NEW_YORK, "STOP")
        clock.move_to(at("2026-07-02T13:00+00:00"))
        assert claim(store, NIGHT) == []


# One text a number and day.


def delete(store: Store, phone: str) -> None:
    perform(store, ANA, Delete(), Target(ids=(of(store, phone).contact.id,)))


@pytest.mark.parametrize(
    ("before", "badges"), [("delivered", ()), ("accepted", ()), ("unknown", (Badge.UNCONFIRMED,))]
)
def test_who_was_deleted_and_comes_back_within_a_day_is_not_texted_again(
    store: Store, before: str, badges: tuple[Badge, ...]
) -> None:
    switched_on(store)
    phone = next_phone()
    put(store, lead(phone=phone))
    settle_all(store, before)
    delete(store, phone)
    put(store, lead(phone=phone))
    assert claim(store) == []
    found = of(store, phone)
    assert (found.contact.stage, found.contact.badges) == (Stage.QUEUED, badges)
    assert found.messages[0].status == "cancelled"
    assert found.messages[0].error == "the number had its text within a day"


def test_a_day_later_the_number_is_texted_again(store: Store) -> None:
    start = now()
    with time_machine.travel(start, tick=False) as clock:
        switched_on(store)
        phone = next_phone()
        put(store, lead(phone=phone))
        settle_all(store)
        delete(store, phone)
        clock.move_to(start + timedelta(hours=24, seconds=1))
        put(store, lead(phone=phone))
        assert claim(store) == [phone]


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_jumps_an_hour_sends_no_second_text(store: Store, hours: int) -> None:
    start = now()
    with time_machine.travel(start, tick=False) as clock:
        switched_on(store)
        phone = next_phone()
        put(store, lead(phone=phone))
        settle_all(store)
        delete(store, phone)
        clock.move_to(start + timedelta(hours=hours))
        put(store, lead(phone=phone))
        assert claim(store) == []


def test_a_text_that_failed_does_not_count(store: Store) -> None:
    switched_on(store)
    phone = next_phone()
    put(store, lead(phone=phone))
    settle_all(store, "failed")
    put(store, lead(phone=phone))
    assert claim(store) == [phone]
    assert_counters_are_true(store)


def test_stop_and_start_in_a_row_do_not_bring_a_second_text(store: Store) -> None:
    switched_on(store)
    phone = next_phone()
    put(store, lead(phone=phone))
    [text] = store.do(lambda conn: claim_pending(conn, "t", 10))
    store.do(lambda conn: settle(conn, [Receipt(text.message_id, "sent")]))
    says(store, phone, "STOP")
    says(store, phone, "START")
    assert of(store, phone).contact.stage is Stage.CONFIRMING
    assert claim(store) == []
    assert of(store, phone).contact.stage is Stage.QUEUED
    assert texts_of(store, phone).count("cancelled") == 1


def test_of_two_texts_that_wait_at_once_one_goes(store: Store) -> None:
    switched_on(store)
    phone, other = next_phone(), next_phone()
    put(store, lead(phone=phone), lead(phone=other))
    says(store, phone, "STOP")
    says(store, phone, "START")
    # The first one is called back to life beside the second.
    first = min(text.id for text in of(store, phone).messages if text.status == "cancelled")
    table = messages._messages
    statement = table.update().where(table.c.id == first).values(status="pending")
    store.do(lambda conn: conn.execute(statement).rowcount)
    assert sorted(claim(store)) == sorted([phone, other])


def test_a_question_for_a_yes_is_put_off_where_it_was_not_asked(store: Store) -> None:
    start = now()
    with time_machine.travel(start, tick=False) as clock:
        switched_on(store)
        phone = next_phone()
        put(store, lead(phone=phone))
        settle_all(store)
        delete(store, phone)
        store.do(lambda conn: switch(conn, ANA, on=True))
        put(store, lead(phone=phone))
        assert claim(store) == []
        found = of(store, phone)
        assert found.contact.stage is Stage.CONFIRMING
        assert found.messages[0].error == "waits: the number had a text within a day"
        clock.move_to(start + timedelta(hours=24))
        assert claim(store) == [phone]
        settle_all(store)


def test_an_answer_to_help_is_no_text_of_the_day(store: Store) -> None:
    [ident] = make_queued(store)
    with store.read() as conn:
        phone = profile(conn, ident).contact.phone
    says(store, phone, "HELP")
    assert claim(store) == [phone]


# What the carrier says late.


def sent(store: Store, phone: str) -> int:
    """A text that was handed over and of which nothing is heard for a minute."""
    put(store, lead(phone=phone))
    [text] = store.do(lambda conn: claim_pending(conn, "t", 10))
    store.do(lambda conn: settle(conn, [Receipt(text.message_id, "sent", "SM1")]))
    with time_machine.travel(now() + timedelta(seconds=61)):
        store.do(messages.sweep)
    found = of(store, phone).contact
    assert (found.stage, found.badges) == (Stage.QUEUED, (Badge.UNCONFIRMED,))
    return text.message_id


@pytest.mark.parametrize("status", ["accepted", "delivered"])
def test_a_late_receipt_takes_the_doubt_away(store: Store, status: str) -> None:
    switched_on(store)
    phone = next_phone()
    late = sent(store, phone)
    before = of(store, phone).contact.version
    store.do(lambda conn: settle(conn, [Receipt(late, status)]))
    found = of(store, phone).contact
    assert (found.stage, found.badges) == (Stage.QUEUED, ())
    assert found.version > before


def test_a_late_failure_takes_the_contact_out_of_the_queue(store: Store) -> None:
    switched_on(store)
    phone = next_phone()
    late = sent(store, phone)
    store.do(lambda conn: settle(conn, [Receipt(late, "failed", error="Twilio error 30003")]))
    found = of(store, phone)
    assert found.contact.stage is Stage.FAILED
    assert found.changes[0].verb == "text_failed"
    assert found.changes[0].actor == "gateway"
    # Once more, and a success after it, change nothing.
    for status in ("failed", "delivered", "accepted"):
        store.do(lambda conn, status=status: settle(conn, [Receipt(late, status)]))  # type: ignore[misc]
    assert of(store, phone).contact.stage is Stage.FAILED
    # The sender may try again.
    [again] = put(store, lead(phone=phone))
    assert again.outcome == "accepted"


def test_a_late_failure_leaves_what_people_decided(store: Store) -> None:
    from storage import groups
    from storage.acts import Move

    switched_on(store)
    phone = next_phone()
    late = sent(store, phone)
    group = store.do(lambda conn: groups.create(conn, ANA, "Spring"))
    perform(store, ANA, Move(group.id), Target(ids=(of(store, phone).contact.id,)))
    store.do(lambda conn: settle(conn, [Receipt(late, "failed")]))
    found = of(store, phone).contact
    assert (found.stage, found.badges) == (Stage.GROUPED, (Badge.UNCONFIRMED,))


def test_a_late_failure_leaves_who_has_another_text(store: Store) -> None:
    switched_on(store)
    phone = next_phone()
    late = sent(store, phone)
    with store.read() as conn:
        rows = messages._messages
        second = dict(conn.execute(rows.select().where(rows.c.id == late)).mappings().one())
    second |= {"id": late + 1, "status": "delivered", "provider_id": ""}
    store.do(lambda conn: conn.execute(rows.insert(), second).rowcount)
    store.do(lambda conn: settle(conn, [Receipt(late, "failed")]))
    assert of(store, phone).contact.stage is Stage.QUEUED


def test_a_carrier_that_says_landline_late_marks_the_contact(store: Store) -> None:
    switched_on(store)
    phone = next_phone()
    late = sent(store, phone)
    store.do(lambda conn: settle(conn, [Receipt(late, "landline")]))
    found = of(store, phone).contact
    assert (found.stage, found.badges) == (Stage.QUEUED, (Badge.LANDLINE,))


def test_the_intake_log_says_that_the_text_failed(store: Store) -> None:
    from storage import attempts
    from storage.words import AttemptView

    switched_on(store)
    phone = next_phone()
    late = sent(store, phone)
    store.do(lambda conn: settle(conn, [Receipt(late, "failed", error="Twilio error 30003")]))
    with store.read() as conn:
        [row] = attempts.page(conn, AttemptView()).rows
    assert (row.outcome, row.reason) == ("accepted", "the text failed: Twilio error 30003")


@pytest.mark.parametrize("leaves", ["STOP", "delete"])
def test_a_text_is_not_tried_again_for_who_left_while_it_was_under_way(
    store: Store, leaves: str
) -> None:
    switched_on(store)
    phone = next_phone()
    put(store, lead(phone=phone))
    [text] = store.do(lambda conn: claim_pending(conn, "t", 10))
    if leaves == "STOP":
        says(store, phone, "STOP")
    else:
        delete(store, phone)
    store.do(lambda conn: settle(conn, [Receipt(text.message_id, "retry")]))
    with time_machine.travel(now() + timedelta(minutes=1)):
        assert claim(store) == []
    assert "cancelled" in texts_of(store, phone)


# Who carries texts.


def test_one_text_that_is_never_taken_does_not_stand_for_the_others(store: Store) -> None:
    switched_on(store)
    put(store, lead(), lead())
    first, *_ = store.do(lambda conn: claim_pending(conn, "courier", 1))
    store.do(lambda conn: settle(conn, [Receipt(first.message_id, "retry")]))
    with time_machine.travel(now() + timedelta(minutes=1)):
        [tried] = store.do(lambda conn: claim_pending(conn, "courier", 1, fresh=True))
        [again] = store.do(lambda conn: claim_pending(conn, "courier", 1, fresh=True))
    assert (tried.tries, again.message_id) == (0, first.message_id)


def test_texts_that_nobody_carries_are_told_of(store: Store) -> None:
    def trouble() -> list[str]:
        with store.read() as conn:
            return [each.name for each in gateway_state.in_trouble(conn)]

    switched_on(store)
    put(store, lead())
    assert trouble() == []
    with time_machine.travel(now() + timedelta(seconds=31)):
        assert trouble() == ["nobody carries texts"]
        # A desk without a listener of its own carries none; a listener does.
        store.do(lambda conn: enter(conn, "desk", "ana", ""))
        assert trouble() == ["nobody carries texts"]
        store.do(lambda conn: enter(conn, "serve", "ana", "http://127.0.0.1:1"))
        assert trouble() == []


def test_texts_that_wait_for_the_morning_are_not_left_alone(store: Store) -> None:
    with time_machine.travel(at("2026-07-02T02:00+00:00"), tick=False) as clock:
        switched_on(store)
        put(store, lead(phone=NEW_YORK))
        claim(store, NIGHT)
        clock.shift(timedelta(hours=2))
        with store.read() as conn:
            assert gateway_state.in_trouble(conn) == []
