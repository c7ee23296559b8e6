"""Webhooks out: signed, in order, at least once, and never to an inside address unasked."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import connector
from aiohttp.abc import AbstractResolver, ResolveResult
from sqlalchemy import update
from standardwebhooks import Webhook, WebhookVerificationError

from server import clock
from server.metrics import Metrics
from server.webhooks import courier, wire
from server.webhooks.guard import Guard
from server.webhooks.share import LEAST, LONG_SECONDS, SHORT_SECONDS, Share
from storage import deliveries, delivery_log, endpoints, tries
from storage.delivery_log import DeliveryRow
from storage.store import Store
from storage.tables import Delivery
from storage.times import now
from storage.words import Actor
from tests.factories import lead, next_phone, put, switched_on
from tests.server.receiver import LOOPBACK, Letter, Receiver, receiving, say
from tests.server.served import Served, listening, serving
from tests.waiting import awake, soon

ANA = Actor.person("ana")

_deliveries: Any = Delivery.__table__  # type: ignore[attr-defined]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Somebody else's server."""
    with receiving() as running:
        yield running


@pytest.fixture
def telling(store: Store) -> Iterator[Served]:
    """A listener that may deliver to this machine, once on each kind of store."""
    with serving(store, webhook_allow=LOOPBACK) as running:
        yield running
        running.session.close()


def subscribe(store: Store, url: str, **options: Any) -> endpoints.Secret:
    """Adds an endpoint."""
    return store.do(lambda conn: endpoints.add(conn, ANA, url, **options))


def log(store: Store) -> list[DeliveryRow]:
    """Every delivery, the newest first."""
    with store.read() as conn:
        return delivery_log.listing(conn)


def endpoint(store: Store, ident: int) -> endpoints.EndpointRow:
    """An endpoint as it stands now."""
    with store.read() as conn:
        return endpoints.get(conn, ident)


def test_a_subscriber_hears_of_an_opt_in_within_moments(
    telling: Served, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without being told, the courier would look in ten minutes, once it has looked again.
    monkeypatch.setattr(courier, "_POLL_SECONDS", 600.0)
    made = subscribe(telling.store, receiver.url)
    telling.put()
    receiver.wait_for(1)
    answer = telling.put().json()["data"]
    [_, letter] = receiver.wait_for(2)
    assert json.loads(letter.body) == {
        "event": "sms.opted_in",
        "type": "sms.opted_in",
        "timestamp": answer["opted_in_at"],
        "data": {
            "contact_id": answer["contact_id"],
            "phone_number": answer["phone_number"],
            "opt_in_number_id": telling.number_id,
            "campaign_id": None,
        },
    }
    assert letter.headers["content-type"] == "application/json"
    assert Webhook(made.secret).verify(letter.body, letter.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(made.secret).verify(letter.body + b" ", letter.headers)
    soon(lambda: [row.status for row in log(telling.store)] == ["delivered"] * 2)


def test_a_rotated_secret_signs_beside_the_new_one_for_a_day(
    telling: Served, receiver: Receiver
) -> None:
    first = subscribe(telling.store, receiver.url)
    second = telling.store.do(lambda conn: endpoints.rotate(conn, ANA, first.endpoint.id))
    telling.put()
    [letter] = receiver.wait_for(1)
    assert len(letter.headers["webhook-signature"].split()) == 2
    for secret in (first.secret, second.secret):
        assert Webhook(secret).verify(letter.body, letter.headers)
    assert first.secret != second.secret


def test_the_body_can_be_as_the_seed_prints_it(telling: Served, receiver: Receiver) -> None:
    subscribe(telling.store, receiver.url, seed=True)
    telling.put()
    [letter] = receiver.wait_for(1)
    assert list(json.loads(letter.body)) == ["event", "timestamp", "data"]


def test_failed_attempts_are_told_of_and_only_to_who_wants_to_know(
    telling: Served, receiver: Receiver
) -> None:
    subscribe(telling.store, receiver.url, events=["sms.opt_in_failed"])
    telling.put()
    phone = next_phone()
    assert telling.put(telling.body(mobile_phone=phone, opt_in_number_id="num_none")).status_code
    assert telling.put(telling.body(mobile_phone=phone), x_api="wrong").status_code == 401
    [letter] = receiver.wait_for(1)
    time.sleep(0.1)
    assert len(receiver.letters) == 1
    said = json.loads(letter.body)
    assert said["event"] == "sms.opt_in_failed"
    assert said["data"]["contact_id"] is None
    assert said["data"]["phone_number"] == phone


def test_a_failed_delivery_is_tried_again_under_the_same_id(
    telling: Served, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tries, "SCHEDULE", (timedelta(0), *[timedelta(seconds=0.1)] * 9))
    subscribe(telling.store, receiver.url)

    def fail_first(handler: Any, _letter: Letter) -> None:
        say(handler, 500 if len(receiver.letters) < 3 else 200, b"down <b>now</b>")

    receiver.answer = fail_first
    telling.put()
    letters = receiver.wait_for(3)
    assert len({letter.headers["webhook-id"] for letter in letters}) == 1
    assert len({letter.body for letter in letters}) == 1
    soon(lambda: [row.status for row in log(telling.store)] == ["delivered"])
    with telling.store.read() as conn:
        view = delivery_log.show(conn, log(telling.store)[0].id)
    assert [one.status for one in view.tries] == [500, 500, 200]
    assert view.tries[0].answer == "down <b>now</b>"


def test_only_a_2xx_is_a_success_and_no_redirect_is_followed(
    telling: Served, receiver: Receiver
) -> None:
    subscribe(telling.store, receiver.url)
    receiver.answer = lambda handler, _letter: say(handler, 302, Location=receiver.url + "/else")
    telling.put()
    soon(lambda: [row.answer_status for row in log(telling.store)] == [302])
    assert log(telling.store)[0].status == "pending"
    assert len(receiver.letters) == 1


def test_gone_disables_the_endpoint_and_it_says_so(telling: Served, receiver: Receiver) -> None:
    made = subscribe(telling.store, receiver.url)
    receiver.answer = lambda handler, _letter: say(handler, 410)
    telling.put()
    soon(lambda: not endpoint(telling.store, made.endpoint.id).active)
    assert "410" in endpoint(telling.store, made.endpoint.id).disabled_why


def test_what_an_endpoint_asks_for_is_honoured(telling: Served, receiver: Receiver) -> None:
    subscribe(telling.store, receiver.url)
    receiver.answer = lambda handler, _letter: say(handler, 503, Retry_After="120")
    telling.put()
    soon(lambda: [row.answer_status for row in log(telling.store)] == [503])
    row = log(telling.store)[0]
    assert timedelta(seconds=115) < row.due_at - row.changed_at < timedelta(seconds=135)


def test_an_answer_without_end_is_cut(telling: Served, receiver: Receiver) -> None:
    subscribe(telling.store, receiver.url)

    def stream(handler: Any, _letter: Letter) -> None:
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(b"x" * 65_536)

    receiver.answer = stream
    telling.put()
    soon(lambda: [row.status for row in log(telling.store)] == ["delivered"])
    assert log(telling.store)[0].answer == "x" * 2048


def test_events_of_one_contact_arrive_in_order(
    telling: Served, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    from storage.outbox import News, tell

    monkeypatch.setattr(tries, "SCHEDULE", (timedelta(0), *[timedelta(seconds=0.1)] * 9))
    subscribe(telling.store, receiver.url)
    receiver.answer = lambda handler, _letter: say(
        handler, 500 if len(receiver.letters) == 1 else 200
    )
    names = ["sms.opted_in", "sms.opted_out", "sms.opted_in", "sms.opted_out"]
    telling.store.do(lambda conn: tell(conn, [News(name, 77, "+12025550177") for name in names]))
    receiver.wait_for(5)
    events = [json.loads(letter.body)["event"] for letter in receiver.letters]
    assert events == ["sms.opted_in", *names]


@pytest.mark.trial
def test_a_dead_and_a_slow_endpoint_delay_nobody_else(telling: Served, receiver: Receiver) -> None:
    with receiving() as slow:

        def dawdle(handler: Any, _letter: Letter) -> None:
            time.sleep(1.5)
            say(handler, 200)

        slow.answer = dawdle
        subscribe(telling.store, "http://127.0.0.1:9/dead")
        subscribe(telling.store, slow.url)
        subscribe(telling.store, receiver.url)
        began = awake()
        put(telling.store, *[lead() for _ in range(200)])
        receiver.wait_for(200)
        assert awake() - began < 5
        # The slow one takes a second and a half for each: nobody waited until it had its share.
        assert len(slow.letters) < 100


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/",
        "http://localhost:9/",
        "http://[::1]:9/",
        "http://[::ffff:127.0.0.1]:9/",
        "http://0.0.0.0:9/",
        "http://0x7f000001:9/",
    ],
)
def test_an_inside_address_is_not_connected_to(sqlite_store: Store, url: str) -> None:
    with serving(sqlite_store) as served:
        subscribe(sqlite_store, url)
        served.put()
        served.session.close()
        soon(lambda: [row.tries for row in log(sqlite_store)] == [1] and bool(answer(sqlite_store)))
    assert "refused" not in answer(sqlite_store).lower()


def answer(store: Store) -> str:
    """What became of the only delivery."""
    return log(store)[0].answer


def test_a_name_that_leads_inside_is_not_connected_to(sqlite_store: Store) -> None:
    with receiving() as receiver, serving(sqlite_store) as served:
        subscribe(sqlite_store, receiver.url.replace("127.0.0.1", "localhost"))
        served.put()
        served.session.close()
        soon(lambda: [row.tries for row in log(sqlite_store)] == [1] and bool(answer(sqlite_store)))
        assert "inside" in answer(sqlite_store)
        assert receiver.letters == []


def test_a_name_that_leads_elsewhere_the_second_time_is_not_followed_inside(
    sqlite_store: Store, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Loopback's second address stands for the internet, the first for what is inside."""
    outside, port = "127.0.0.2", int(receiver.url.split(":")[2].split("/")[0])
    answers = [[outside], ["127.0.0.1", outside], ["127.0.0.1"]]
    asked: list[str] = []

    class NameServer(AbstractResolver):
        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[ResolveResult]:
            found = answers[min(len(asked), len(answers) - 1)]
            asked.append(host)
            return [
                ResolveResult(
                    hostname=host,
                    host=one,
                    port=port,
                    family=socket.AF_INET,
                    proto=0,
                    flags=socket.AI_NUMERICHOST,
                )
                for one in found
            ]

        async def close(self) -> None:
            return

    monkeypatch.setattr(connector, "DefaultResolver", lambda **_: NameServer())
    monkeypatch.setattr(wire, "_NAMES_KEPT_SECONDS", 0)
    with (
        receiving(outside, port) as there,
        serving(sqlite_store, webhook_allow=(f"{outside}/32",)) as served,
    ):
        there.answer = lambda handler, _letter: say(handler, 200, Connection="close")
        subscribe(sqlite_store, f"http://rebinding.test:{port}/hook")
        for taken in (1, 2, 2):
            served.put()
            there.wait_for(taken)
        served.session.close()
        soon(lambda: any("inside" in row.answer for row in log(sqlite_store)))
    assert len(asked) >= 3
    assert sorted(row.status for row in log(sqlite_store)) == ["delivered", "delivered", "pending"]
    assert receiver.letters == []


INSIDE = """0.0.0.0 10.1.2.3 100.64.0.1 127.0.0.1 168.63.129.16 169.254.169.254 172.16.0.1
192.168.1.1 192.0.0.8 224.0.0.1 255.255.255.255 240.0.0.1 198.18.0.1 :: ::1 ::127.0.0.1
::ffff:10.0.0.1 64:ff9b::7f00:1 64:ff9b:1::1 2002:7f00:1::1 2001:0:1::1 fc00::1 fe80::1%eth0 ff02::1
fec0::1 nonsense"""


@pytest.mark.parametrize("address", INSIDE.split())
def test_no_spelling_of_an_inside_address_passes(address: str) -> None:
    assert not Guard(()).allows(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111", "93.184.216.34"])
def test_addresses_of_the_internet_pass(address: str) -> None:
    assert Guard(()).allows(address)


def test_what_is_allow_listed_passes_and_nothing_else() -> None:
    guard = Guard(("10.0.0.0/8", "fd00::/8"))
    assert guard.allows("10.9.9.9")
    assert guard.allows("::ffff:10.9.9.9")
    assert guard.allows("fd12::1")
    assert not guard.allows("127.0.0.1")


def test_two_couriers_deliver_each_event_once(store: Store, receiver: Receiver) -> None:
    switched_on(store)
    subscribe(store, receiver.url)
    other = Store.open(store.url)
    try:
        with listening(store, webhook_allow=LOOPBACK), listening(other, webhook_allow=LOOPBACK):
            for _ in range(4):
                put(store, *[lead() for _ in range(40)])
                put(other, *[lead() for _ in range(40)])
            receiver.wait_for(320, 20)
            soon(lambda: all(row.status == "delivered" for row in log(store)))
            time.sleep(0.1)
    finally:
        other.close()
    assert len(receiver.letters) == 320
    assert len({letter.headers["webhook-id"] for letter in receiver.letters}) == 320


def test_what_happened_while_nobody_delivered_is_told_at_the_start(
    store: Store, receiver: Receiver
) -> None:
    switched_on(store)
    subscribe(store, receiver.url)
    put(store, *[lead() for _ in range(30)])
    with listening(store, webhook_allow=LOOPBACK):
        receiver.wait_for(30)


def made_ahead(store: Store) -> None:
    """Has a delivery wait as one does that was made by a clock which is a year ahead."""
    then = now() + timedelta(days=365)
    store.do(lambda conn: conn.execute(update(_deliveries).values(due_at=then, changed_at=then)))


def test_what_a_clock_that_was_ahead_left_behind_is_delivered_at_the_start(
    store: Store, receiver: Receiver
) -> None:
    switched_on(store)
    subscribe(store, receiver.url)
    put(store, lead())
    store.do(lambda conn: deliveries.carry(conn, "gone", [], {}, None))
    made_ahead(store)
    with listening(store, webhook_allow=LOOPBACK):
        receiver.wait_for(1)


def test_a_clock_that_is_set_back_keeps_no_delivery_waiting(
    store: Store, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = [365 * 24 * 3600.0]
    shown = SimpleNamespace(time=lambda: time.time() + ahead[0], monotonic=time.monotonic)
    monkeypatch.setattr(clock, "time", shown)
    switched_on(store)
    subscribe(store, receiver.url)
    receiver.answer = lambda handler, _: say(handler, 500 if len(receiver.letters) < 2 else 200)
    with listening(store, webhook_allow=LOOPBACK):
        put(store, lead())
        receiver.wait_for(1)
        soon(lambda: [row.status for row in log(store)] == ["pending"])
        made_ahead(store)
        ahead[0] = 0.0
        put(store, lead())
        soon(lambda: [row.status for row in log(store)] == ["delivered", "delivered"])


def test_webhooks_take_less_time_while_leads_wait_and_all_of_it_again_later() -> None:
    mean = 0.0
    share = Share(lambda: mean)
    assert (share.at(1.0), share.rest(1.0, 0.9, 0.5)) == (1.0, 0.0)
    mean = LONG_SECONDS * 2
    shares = [share.at(2.0 + turn) for turn in range(30)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] < 1.0
    assert shares[-1] == LEAST
    # Worked for a hundredth of a second, with a tenth of the time: until a tenth is over.
    assert share.rest(32.0, 31.97, 0.01) == pytest.approx(0.07)
    assert share.rest(32.1, 31.97, 0.01) == 0.0
    mean = (LONG_SECONDS + SHORT_SECONDS) / 2
    assert share.at(33.0) == LEAST
    mean = SHORT_SECONDS / 2
    shares = [share.at(40.0 + turn) for turn in range(30)]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_where_leads_wait_events_go_in_small_parts_and_all_of_them_arrive(
    store: Store, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts: list[int] = []
    carry = deliveries.carry

    def seen(*asked: Any) -> Any:
        parcels = carry(*asked)
        # The last round of all only settles, and leaves out how many are spread.
        if asked[3]:
            parts.append(asked[5])
            assert len(parcels) <= asked[5]
        return parcels

    monkeypatch.setattr(deliveries, "carry", seen)
    switched_on(store)
    subscribe(store, receiver.url)
    telling = courier.WebhookCourier(store, Metrics(), LOOPBACK, waits=lambda: 60.0)
    telling.start()
    sent = 0
    try:
        while not parts or parts[-1] > courier._FEWEST:
            put(store, *[lead() for _ in range(40)])
            sent += 40
            receiver.wait_for(sent)
        assert min(parts) == courier._FEWEST
    finally:
        telling.stop()
    assert len({letter.headers["webhook-id"] for letter in receiver.letters}) == sent


def test_what_leads_wait_at_a_door_is_known_to_the_courier(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Callable[[], float]] = []

    class Patient(Share):
        def __init__(self, waits: Callable[[], float]) -> None:
            asked.append(waits)
            super().__init__(lambda: 0.0)

    monkeypatch.setattr(courier, "Share", Patient)
    with serving(sqlite_store) as served:
        sqlite_store.write(lambda _conn: time.sleep(0.2))
        assert served.put().status_code == 200
        served.session.close()
        [waits] = asked
        assert waits() > 0.0
        assert waits() == 0.0


def test_no_secret_is_logged(
    telling: Served, receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    made = subscribe(telling.store, receiver.url)
    telling.put()
    receiver.wait_for(1)
    page = telling.get("/metrics").text
    said = capsys.readouterr()
    assert made.secret not in said.out + said.err + page
    assert "optdesk_webhook_tries" in page
