"""Endpoints and deliveries as the store keeps them."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection

from storage import deliveries, delivery_log, endpoints
from storage.deliveries import Parcel, Tried
from storage.endpoints import EndpointRow
from storage.engine import store_url
from storage.errors import NotFound, Refused
from storage.inside import inside_host, warning
from storage.outbox import News, tell
from storage.store import Store
from storage.times import now
from storage.words import Actor, DeliveriesView
from tests.factories import claim_pending, lead, put, settle_all, switched_on
from tests.waiting import PATIENCE

ANA = Actor.person("ana")
URL = "https://example.com/hook"
AGES = timedelta(days=5)


def subscribe(store: Store, **options: Any) -> EndpointRow:
    """Adds an endpoint."""
    return store.do(lambda conn: endpoints.add(conn, ANA, URL, **options)).endpoint


def carry(store: Store, room: dict[int, int], *tried: Tried, worker: str = "me") -> list[Parcel]:
    """One round of a courier."""
    return store.do(lambda conn: deliveries.carry(conn, worker, tried, room, AGES))


def came(parcel: Parcel, status: int | None, **more: Any) -> Tried:
    """What became of a parcel."""
    return Tried(parcel.delivery_id, parcel.endpoint_id, parcel.tries, status, "words", 12, **more)


def news(store: Store, *contacts: int, event: str = "sms.opted_in") -> None:
    """Things that happen."""
    store.do(lambda conn: tell(conn, [News(event, one, "+12025550123") for one in contacts]))


def statuses(store: Store) -> list[str]:
    """How the deliveries stand, the oldest first."""
    with store.read() as conn:
        return [row.status for row in reversed(delivery_log.listing(conn))]


def test_an_event_is_kept_with_its_lead_or_not_at_all(store: Store) -> None:
    switched_on(store)
    put(store, lead())
    made = subscribe(store)
    put(store, lead())
    # What came before the endpoint is not told by itself.
    assert len(carry(store, {made.id: 10})) == 1


def test_a_text_that_cannot_be_delivered_is_told_of(store: Store) -> None:
    switched_on(store)
    made = subscribe(store, events=["sms.opt_in_failed"])
    [result] = put(store, lead())
    assert carry(store, {made.id: 10}) == []
    settle_all(store, "failed")
    [parcel] = carry(store, {made.id: 10})
    assert (parcel.event, parcel.contact_id) == ("sms.opt_in_failed", result.contact_id)


def test_the_schedule_is_the_contracts(store: Store) -> None:
    made = subscribe(store)
    news(store, 7)
    pauses = []
    with time_machine.travel(now(), tick=False) as clock:
        [parcel] = carry(store, {made.id: 10})
        while True:
            carry(store, {}, came(parcel, 500))
            [row] = _log(store)
            if row.status == "failed":
                break
            pauses.append((row.due_at - now()).total_seconds())
            clock.shift(row.due_at - now() - timedelta(seconds=1))
            assert carry(store, {made.id: 10}) == []
            clock.shift(1.001)
            [parcel] = carry(store, {made.id: 10})
    usual = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]
    assert all(least <= pause <= least * 1.1 for least, pause in zip(usual, pauses, strict=True))
    assert parcel.tries == 10


def _log(store: Store) -> list[delivery_log.DeliveryRow]:
    with store.read() as conn:
        return delivery_log.listing(conn)


def test_no_two_couriers_get_the_same_parcel_until_a_claim_lapses(store: Store) -> None:
    made = subscribe(store)
    news(store, 1, 2, 3)
    first = carry(store, {made.id: 2})
    second = carry(store, {made.id: 10}, worker="other")
    assert len(first) == 2
    assert len(second) == 1
    with time_machine.travel(now() + timedelta(seconds=30)):
        again = carry(store, {made.id: 10}, worker="other")
        assert {one.event_id for one in again} >= {one.event_id for one in first}
        # Who comes back late changes nothing: the parcel is another's now.
        carry(store, {}, came(first[0], 200))
        assert "delivered" not in statuses(store)


def test_a_contacts_events_wait_for_one_another_and_nobody_elses_do(store: Store) -> None:
    made = subscribe(store)
    news(store, 1)
    news(store, 1, 2, event="sms.opted_out")
    first = carry(store, {made.id: 10})
    assert [(one.contact_id, one.event) for one in first] == [
        (1, "sms.opted_in"),
        (2, "sms.opted_out"),
    ]
    [then] = carry(store, {made.id: 10}, *[came(one, 200) for one in first])
    assert (then.contact_id, then.event) == (1, "sms.opted_out")


def test_an_endpoint_that_fails_for_days_is_disabled_and_says_so(store: Store) -> None:
    made = subscribe(store)
    news(store, 1)
    [parcel] = carry(store, {made.id: 10})
    carry(store, {}, came(parcel, 500))
    assert _endpoint(store, made).failing_since is not None
    with time_machine.travel(now() + timedelta(days=5, seconds=10)):
        [parcel] = carry(store, {made.id: 10})
        carry(store, {}, came(parcel, None))
        row = _endpoint(store, made)
        assert not row.active
        assert "5 days" in row.disabled_why
        # Nothing is lost: what waits goes out once somebody enables it.
        store.do(lambda conn: endpoints.switch(conn, ANA, made.id, on=True))
        assert len(carry(store, {made.id: 10})) == 1


def _endpoint(store: Store, made: EndpointRow) -> EndpointRow:
    with store.read() as conn:
        return endpoints.get(conn, made.id)


def test_a_success_ends_the_failing(store: Store) -> None:
    made = subscribe(store)
    news(store, 1, 2)
    first, second = carry(store, {made.id: 10})
    carry(store, {}, came(first, 500))
    carry(store, {}, came(second, 200))
    assert _endpoint(store, made).failing_since is None


def test_one_event_and_a_span_of_time_can_be_sent_again(store: Store) -> None:
    switched_on(store)
    began = now() - timedelta(seconds=1)
    put(store, lead())
    made = subscribe(store)
    put(store, lead(), lead())
    parcels = carry(store, {made.id: 10})
    carry(store, {}, *[came(one, 200) for one in parcels])
    again = store.do(lambda conn: delivery_log.replay(conn, ANA, parcels[0].delivery_id))
    assert again.event_id == parcels[0].event_id
    with pytest.raises(Refused):
        store.do(lambda conn: delivery_log.replay(conn, ANA, parcels[0].delivery_id))
    carry(store, {}, *[came(one, 500) for one in carry(store, {made.id: 10})])
    until = now() + timedelta(seconds=1)
    # Also what happened before there was an endpoint.
    assert delivery_log.replay_span(store, ANA, made.id, began, until) == 2
    assert delivery_log.replay_span(store, ANA, made.id, until, until) == 0
    with store.read() as conn:
        view = delivery_log.show(conn, parcels[0].delivery_id)
    assert [one.status for one in view.tries] == [200, 500]


def test_a_removed_endpoint_gets_nothing_more_and_keeps_no_secret(store: Store) -> None:
    made = subscribe(store)
    news(store, 1)
    carry(store, {})
    store.do(lambda conn: endpoints.remove(conn, ANA, made.id))
    news(store, 2)
    assert carry(store, {made.id: 10}) == []
    with pytest.raises(NotFound):
        store.do(lambda conn: endpoints.rotate(conn, ANA, made.id))


def test_what_waits_by_a_clock_that_was_ahead_waits_no_longer_once_it_is_set_back(
    store: Store,
) -> None:
    made = subscribe(store)
    with time_machine.travel(now() + timedelta(days=365), tick=False):
        news(store, 1, 2, 3)
        [late, claimed, _] = carry(store, {made.id: 3}, worker="gone")
        carry(store, {}, came(late, 500), worker="gone")
        news(store, 4)
        carry(store, {made.id: 0})
    news(store, 5)
    [fresh] = carry(store, {made.id: 9})
    assert fresh.contact_id == 5, "nothing else is due"
    with store.read() as conn:
        ids = deliveries.ahead(conn)
    assert len(ids) == 4
    store.do(lambda conn: deliveries.follow_clock(conn, ids))
    with store.read() as conn:
        assert not deliveries.ahead(conn)
    [parcel] = carry(store, {made.id: 9})
    assert parcel.contact_id == 4, "it was due when it was made"
    with time_machine.travel(now() + timedelta(seconds=6), tick=False):
        assert [one.delivery_id for one in carry(store, {made.id: 9})] == [late.delivery_id]
    with time_machine.travel(now() + timedelta(seconds=26), tick=False):
        again = {one.delivery_id for one in carry(store, {made.id: 9}, worker="other")}
    assert claimed.delivery_id in again, "the claim of who is gone has lapsed"


def test_how_long_an_endpoint_fails_counts_from_no_time_to_come(store: Store) -> None:
    made = subscribe(store)
    with time_machine.travel(now() + timedelta(days=365), tick=False):
        news(store, 1)
        [first] = carry(store, {made.id: 1})
        carry(store, {}, came(first, 500))
    news(store, 2)
    [second] = carry(store, {made.id: 1})
    carry(store, {}, came(second, 500))
    with store.read() as conn:
        since = endpoints.get(conn, made.id).failing_since
    assert since is not None and since <= now()


def test_a_long_queue_of_a_removed_endpoint_is_cancelled_in_pieces(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoints.cancel_left_over, "__defaults__", (4,))
    made, kept = subscribe(store), subscribe(store)
    for n in range(1, 11):
        news(store, n)
    carry(store, {})
    store.do(lambda conn: endpoints.remove(conn, ANA, made.id))

    def waiting() -> int:
        with store.read() as conn:
            rows = delivery_log.page(conn, DeliveriesView("waiting"), limit=50).rows
        return len(rows)

    assert waiting() == 16
    # Whoever has looked before the removal claims none of the rest.
    assert carry(store, {made.id: 10}) == []
    assert endpoints.clear_left_over(store) == 6
    assert waiting() == 10
    assert len(carry(store, {made.id: 10, kept.id: 20})) == 10


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "ftp://example.com",
        "https://",
        "https://me:secret@example.com",
        "https://exa mple.com",
        "https://example.com:99999",
        "https://example.com/\x1b[2J",
    ],
)
def test_what_is_no_web_address_is_refused(sqlite_store: Store, url: str) -> None:
    with pytest.raises(Refused):
        sqlite_store.do(lambda conn: endpoints.add(conn, ANA, url))


def test_a_courier_that_ends_gives_back_what_it_claimed(store: Store) -> None:
    made = subscribe(store)
    news(store, 1)
    carry(store, {made.id: 10})
    store.do(lambda conn: deliveries.release(conn, "me"))
    [parcel] = carry(store, {made.id: 10}, worker="other")
    assert parcel.tries == 1


def test_with_no_endpoint_nothing_is_left_to_spread(store: Store) -> None:
    switched_on(store)
    put(store, lead())
    with store.read() as conn:
        assert not deliveries.waiting(conn, []).fresh
    store.do(lambda conn: claim_pending(conn, "test", 1))


def test_an_event_waits_for_the_one_before_it_however_both_are_found(store: Store) -> None:
    made = subscribe(store)
    news(store, 1, 2, 1)
    # Made and claimed at once; the second event of a contact is not.
    first = carry(store, {made.id: 10})
    assert [one.contact_id for one in first] == [1, 2]
    news(store, 1, 3)
    again = carry(store, {made.id: 10}, *[came(one, 200) for one in first])
    assert [one.contact_id for one in again] == [1, 3]
    assert again[0].event_id > first[0].event_id
    last = carry(store, {made.id: 10}, *[came(one, 200) for one in again])
    assert [one.contact_id for one in last] == [1]
    assert last[0].event_id > again[0].event_id


def test_a_round_goes_beside_what_holds_the_write_lock(pg_url: str) -> None:
    """A long act, or a slow disk under the leads, keeps no event from its subscribers."""
    store = Store.open(pg_url)
    made = subscribe(store)
    news(store, 1)
    begun, go_on = threading.Event(), threading.Event()

    def hold(_conn: Connection) -> None:
        begun.set()
        assert go_on.wait(PATIENCE)

    held = store.write(hold)
    assert begun.wait(PATIENCE)
    try:
        [parcel] = aside(store, {made.id: 4}).result(5)
    finally:
        go_on.set()
        held.result(10)
    assert aside(store, {}, came(parcel, 200)).result(5) == []
    assert statuses(store) == ["delivered"]
    store.close()


def test_what_somebody_else_holds_locked_is_passed_over(pg_url: str) -> None:
    """A row in the hands of another program keeps no text and no event from going out."""
    store = Store.open(pg_url)
    switched_on(store)
    made = subscribe(store)
    put(store, lead(), lead())
    assert carry(store, {}) == []
    others = create_engine(store_url(pg_url))
    with others.begin() as conn:
        for table in ("messages", "deliveries"):
            first = f"SELECT id FROM {table} ORDER BY id LIMIT 1 FOR UPDATE"
            conn.execute(text(first)).scalar_one()
        assert len(store.do(lambda conn: claim_pending(conn, "me", 10))) == 1
        assert len(carry(store, {made.id: 10})) == 1
    others.dispose()
    assert len(store.do(lambda conn: claim_pending(conn, "me", 10, fresh=True))) == 1
    assert len(carry(store, {made.id: 10})) == 1
    store.close()


def aside(store: Store, room: dict[int, int], *tried: Tried) -> Future[list[Parcel]]:
    """A round as a courier has it done where nothing has failed."""
    assert deliveries.goes_aside(tried)
    return store.write(lambda conn: deliveries.carry(conn, "me", tried, room, None), aside=True)


def test_who_removes_an_endpoint_waits_for_the_round_that_is_under_way(pg_url: str) -> None:
    store = Store.open(pg_url)
    made = subscribe(store)
    news(store, 1)
    begun, go_on = threading.Event(), threading.Event()

    def round_of_a_courier(conn: Connection) -> list[Parcel]:
        parcels = deliveries.carry(conn, "me", [], {}, None)
        begun.set()
        assert go_on.wait(PATIENCE)
        return parcels

    going = store.write(round_of_a_courier, aside=True)
    assert begun.wait(PATIENCE)
    removed = store.write(lambda conn: endpoints.remove(conn, ANA, made.id))
    with pytest.raises(TimeoutError):
        removed.result(0.1)
    go_on.set()
    going.result(10)
    removed.result(10)
    # The delivery that the round had made is cancelled with the endpoint.
    assert statuses(store) == ["cancelled"]
    store.close()


def test_what_went_aside_is_told_to_who_watches(pg_url: str) -> None:
    store = Store.open(pg_url)
    made = subscribe(store)
    news(store, 1)
    told = threading.Event()
    store.feed.subscribe(told.set)
    aside(store, {made.id: 4}).result(5)
    assert told.wait(PATIENCE)
    store.close()


def test_what_is_late_goes_before_what_is_new(store: Store) -> None:
    made = subscribe(store)
    news(store, 1, 2, 3)
    assert len(carry(store, {made.id: 1})) == 1
    news(store, 4)
    assert [one.contact_id for one in carry(store, {made.id: 2})] == [2, 3]
    assert [one.contact_id for one in carry(store, {made.id: 2})] == [4]


def test_a_claim_on_postgresql_never_goes_through_all_that_waits(pg_url: str) -> None:
    """However little the server knows of a table that has just begun to fill."""
    store = Store.open(pg_url)
    ours = deliveries._DUE.replace("?", "{}").format("$1", "$2", "$3")
    with store.read() as conn:
        plan = conn.exec_driver_sql(f"EXPLAIN (GENERIC_PLAN) {ours}").scalars().all()
    store.close()
    assert any("ix_deliveries_order" in line for line in plan), plan
    assert any("contact_id = d.contact_id" in line for line in plan), plan


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://localhost/hook", "localhost"),
        ("https://me.localhost./", "me.localhost"),
        ("https://10.1.2.3:8443/hook", "10.1.2.3"),
        ("https://[::1]/", "::1"),
        ("https://[::ffff:192.168.0.1]/", "::ffff:192.168.0.1"),
        ("https://[64:ff9b::7f00:1]/", "64:ff9b::7f00:1"),
        ("https://[fe80::1%25eth0]/", "fe80::1%25eth0"),
        ("https://example.com/127.0.0.1", ""),
        ("https://1.1.1.1/", ""),
        ("https://[half", ""),
        ("", ""),
    ],
)
def test_an_address_that_is_certainly_inside_is_known_as_such(url: str, host: str) -> None:
    assert inside_host(url) == host
    assert ("webhook_allow" in warning(url)) == bool(host)
