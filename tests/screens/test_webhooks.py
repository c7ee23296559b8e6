"""Activity > Webhooks and Deliveries, with real keys and a real receiver."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook

from screens.deliveries import Deliveries
from screens.webhooks import Webhooks
from screens.when import moment_of
from storage import delivery_log, endpoints
from storage.errors import Refused
from storage.store import Store
from storage.words import Actor, DeliveriesView
from tests.factories import lead, put, settle_all, switched_on
from tests.screens.hand import Hand, at_desk
from tests.server.receiver import Receiver, receiving, say

ANA = Actor.person("ana")
HOSTILE = b"[/x]\x1b[31m\xe2\x80\xaeevil[@click=app.quit]pwn"


@pytest.fixture(autouse=True)
def inside(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine may be delivered to."""
    monkeypatch.setenv("OPTDESK_WEBHOOK_ALLOW", "127.0.0.0/8")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Somebody else's server."""
    with receiving() as running:
        yield running


async def open_webhooks(hand: Hand) -> Webhooks:
    await hand.desk.main.go("webhooks")
    place = hand.place
    assert isinstance(place, Webhooks)
    return place


async def open_deliveries(hand: Hand, rows: int) -> Deliveries:
    await hand.until(lambda: isinstance(hand.place, Deliveries))
    log = hand.place
    assert isinstance(log, Deliveries)
    await hand.until(lambda: len(log.table.visible_rows) == rows)
    return log


async def test_an_endpoint_is_added_its_secret_shown_once_and_tried(
    sqlite_store: Store, sqlite_url: str, receiver: Receiver
) -> None:
    receiver.answer = lambda handler, _letter: say(handler, 202, HOSTILE)
    async with at_desk(sqlite_url, size=(80, 24)) as hand:
        await open_webhooks(hand)
        await hand.until(lambda: "No webhook endpoint yet." in hand.text)
        await hand.press("a")
        await hand.until(lambda: hand.dialog == "Ask")
        await hand.type("nonsense")
        await hand.press("enter", "enter", "enter")
        await hand.until(lambda: "That is no web address." in hand.text)
        await hand.press("up", "up", *["backspace"] * 8)
        await hand.type("http://10.7.7.7")
        await hand.until(lambda: "10.7.7.7 is an inside address" in hand.text)
        await hand.press(*["backspace"] * 15)
        await hand.type(receiver.url)
        # The setting allows it.
        await hand.until(lambda: "inside address" not in hand.text)
        await hand.press("enter", "enter")
        await hand.press(*["backspace"] * 4, *"seed", "enter")
        await hand.until(lambda: hand.dialog == "WebhookSecret")
        assert "whsec_" in hand.text
        await hand.press("y")
        secret = hand.copied[-1]
        await hand.press("escape")
        await hand.until(lambda: "ok" in hand.text and "127.0.0.1" in hand.text)
        assert "whsec_" not in hand.text and "seed" in hand.text
        await hand.press("t")
        await hand.until(lambda: hand.dialog == "OpenDelivery" and "[/x]" in hand.text)
        assert "202" in hand.text and "\x1b" not in hand.text and "\u202e" not in hand.text
        assert "webhook-signature" in hand.text and "sms.test" in hand.text
        [letter] = receiver.letters
        assert Webhook(secret).verify(letter.body, letter.headers)
        assert '"type"' not in hand.text


async def test_a_new_secret_signs_beside_the_old_one(
    sqlite_store: Store, sqlite_url: str, receiver: Receiver
) -> None:
    made = sqlite_store.do(lambda conn: endpoints.add(conn, ANA, receiver.url))
    async with at_desk(sqlite_url, size=(80, 24)) as hand:
        await open_webhooks(hand)
        await hand.until(lambda: "127.0.0.1" in hand.text)
        await hand.press("r")
        await hand.until(lambda: hand.dialog == "Confirm")
        assert "Give the receiver the new one before that." in hand.text
        await hand.press("right", "enter")
        await hand.until(lambda: hand.dialog == "WebhookSecret")
        assert made.secret not in hand.text
        await hand.press("y", "escape", "t")
        letter = receiver.wait_for(1)[0]
        assert Webhook(made.secret).verify(letter.body, letter.headers)
        assert Webhook(hand.copied[-1]).verify(letter.body, letter.headers)


async def test_one_that_fails_says_since_when_and_is_removed_only_after_asking(
    sqlite_store: Store, sqlite_url: str, receiver: Receiver
) -> None:
    receiver.answer = lambda handler, _letter: say(handler, 503, b"down")
    sqlite_store.do(lambda conn: endpoints.add(conn, ANA, receiver.url))
    async with at_desk(sqlite_url, size=(80, 24)) as hand:
        await open_webhooks(hand)
        await hand.until(lambda: "127.0.0.1" in hand.text)
        await hand.press("t")
        await hand.until(lambda: hand.dialog == "OpenDelivery" and "503" in hand.text)
        assert "next try" in hand.text
        await hand.press("escape")
        await hand.until(lambda: "failing" in hand.text and "Webhooks ! 1" in hand.sidebar)
        await hand.press("space")
        await hand.until(lambda: "disabled" in hand.text)
        await hand.press("t")
        await hand.until(lambda: any("disabled" in toast for toast in hand.toasts))
        await hand.press("d")
        await hand.until(lambda: hand.dialog == "Confirm")
        await hand.press("d", "escape")
        assert "127.0.0.1" in hand.text
        await hand.press("d")
        await hand.until(lambda: hand.dialog == "Confirm")
        await hand.press("right", "enter")
        await hand.until(lambda: "No webhook endpoint yet" in hand.text)


async def test_the_log_sends_one_or_a_span_again(
    sqlite_store: Store, sqlite_url: str, receiver: Receiver
) -> None:
    made = sqlite_store.do(lambda conn: endpoints.add(conn, ANA, receiver.url))
    switched_on(sqlite_store)
    put(sqlite_store, lead(first_name="Grace"), lead(first_name="Ada"))
    settle_all(sqlite_store)
    async with at_desk(sqlite_url, size=(80, 24)) as hand:
        receiver.wait_for(2)
        await open_webhooks(hand)
        await hand.until(lambda: "127.0.0.1" in hand.text)
        await hand.press("enter")
        log = await open_deliveries(hand, 2)
        await hand.until(lambda: {row.status for row in log.table.visible_rows} == {"delivered"})
        await hand.press("r")
        again = receiver.wait_for(3)
        assert again[2].headers["webhook-id"] in {each.headers["webhook-id"] for each in again[:2]}
        await hand.press("R")
        await hand.until(lambda: hand.dialog == "Ask")
        await hand.type("1 h")
        await hand.press("enter", "enter", *["backspace"] * 6, *"all", "enter")
        receiver.wait_for(5)
        await hand.until(lambda: "2 events are sent again." in hand.toasts)
        await hand.press("enter")
        await hand.until(lambda: hand.dialog == "OpenDelivery" and "Request" in hand.text)
        await hand.press("o")
        await hand.until(lambda: not hand.dialog and hand.has_rows)
    with sqlite_store.read() as conn:
        endpoint = made.endpoint
        view = DeliveriesView(endpoint_id=endpoint.id, url=endpoint.url)
        assert len(delivery_log.page(conn, view, limit=9).rows) == 2


async def test_the_log_shows_whole_when_a_failed_one_is_tried_again(
    sqlite_store: Store, sqlite_url: str
) -> None:
    sqlite_store.do(lambda conn: endpoints.add(conn, ANA, "http://127.0.0.1:9/hook"))
    switched_on(sqlite_store)
    put(sqlite_store, lead(first_name="Grace"))
    settle_all(sqlite_store)
    async with at_desk(sqlite_url, size=(80, 24)) as hand:
        await hand.desk.main.go("deliveries")
        await open_deliveries(hand, 1)
        await hand.until(
            lambda: bool(re.search(r"pending +no answer, \d\d:\d\d:\d\d\s", hand.text))
        )


def test_the_delivery_log_is_read_by_state_and_by_words(store: Store) -> None:
    made = store.do(lambda conn: endpoints.add(conn, ANA, "https://example.com/hook"))
    ids = [store.do(lambda conn: delivery_log.test(conn, ANA, made.endpoint.id)) for _ in range(3)]
    with store.read() as conn:
        waiting = delivery_log.page(conn, DeliveriesView("waiting"), limit=2)
        assert [row.id for row in waiting.rows] == [ids[2], ids[1]] and waiting.on == ids[1]
        assert delivery_log.page(conn, DeliveriesView("failed"), limit=2).rows == ()
        found = delivery_log.page(conn, DeliveriesView(search="EXAMPLE.com"), limit=9)
        assert len(found.rows) == 3
        assert delivery_log.newest(conn) == ids[2]
    store.do(lambda conn: endpoints.remove(conn, ANA, made.endpoint.id))
    with store.read() as conn:
        assert len(delivery_log.page(conn, DeliveriesView("failed"), limit=9).rows) == 3


NOW = datetime(2026, 3, 28, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("now", NOW),
        ("2 h", NOW - timedelta(hours=2)),
        ("30 min ago", NOW - timedelta(minutes=30)),
        ("3d", NOW - timedelta(days=3)),
        ("09:30", NOW.replace(hour=9, minute=30)),
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01 08:00", datetime(2026, 3, 1, 8, tzinfo=UTC)),
        ("2026-03-01T08:00:00Z", datetime(2026, 3, 1, 8, tzinfo=UTC)),
    ],
)
def test_moments_are_read_as_people_type_them(typed: str, meant: datetime) -> None:
    assert moment_of(typed, NOW) == meant


@pytest.mark.parametrize("typed", ["", "soon", "25:00", "999999 d", "2026-13-01", "[/x]", "²h"])
def test_what_is_no_moment_is_refused(typed: str) -> None:
    with pytest.raises(Refused):
        moment_of(typed, NOW)
