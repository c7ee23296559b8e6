"""The handbook's page on managing the integration, step by step, with real keys."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request

import pytest

from screens.new_address import Address, NewAddress
from storage import integration, numbers
from storage.checklist import Item, State
from storage.store import Store
from storage.words import Actor, NumberStatus
from tests.factories import lead, make_queued, put, switched_on
from tests.screens.hand import Hand, at_desk
from tests.waiting import PATIENCE
from widgets import plain

BO = Actor.person("bo")
LEAD = {"first_name": "Ada", "last_name": "Byron", "phone": "+14155550199"}


def post(url: str, body: dict[str, str] = LEAD) -> int:
    """Sends a lead as a form does; returns the status."""
    headers = {"Content-Type": "application/json", "User-Agent": "Zapier"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def view_of(store: Store) -> integration.IntegrationView | None:
    with store.read() as conn:
        return integration.show(conn)


def url_of(hand: Hand) -> str:
    view = view_of(hand.store)
    assert view is not None
    return f"{hand.desk.backstage.listener.url}/hooks/opt-in/{view.token}"


async def answered(hand: Hand, url: str, phone: str, status: int) -> None:
    """Sends a lead, while the screen goes on."""
    assert await asyncio.to_thread(post, url, {**LEAD, "phone": phone}) == status
    await hand.pilot.pause()


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (60, 20)])
async def test_an_empty_store_opens_on_the_set_up_and_ends_at_a_first_lead(
    sqlite_url: str, size: tuple[int, int]
) -> None:
    async with at_desk(sqlite_url, size=size, first_run=True) as hand:
        assert "Set up the Opt-In API" in hand.text
        await hand.type("Juniper & Co")
        await hand.until(lambda: "Juniper & Co: You" in " ".join(hand.text.split()))
        await hand.press("enter", "enter", "enter", "enter")
        await hand.until(lambda: hand.dialog == "NewAddress")
        view = view_of(hand.store)
        assert view is not None and (view.active, view.brand) == (True, "Juniper & Co")
        assert view.token in hand.text.replace("\n", "")
        await hand.press("y")
        assert hand.copied == [url_of(hand)]
        await hand.press("t")
        await hand.until(lambda: "Test request: 200" in hand.text)
        await hand.press("enter")
        await hand.until(lambda: hand.has_rows and hand.names == ["Test Lead"])


async def test_the_set_up_takes_a_number_in_any_spelling_and_says_where_to_add_one(
    sqlite_store: Store, sqlite_url: str
) -> None:
    sqlite_store.do(lambda conn: numbers.add(conn, BO, "+12025550123", name="", approved=True))
    async with at_desk(sqlite_url, first_run=True) as hand:
        await hand.until(lambda: hand.dialog)
        await hand.press("enter", "enter", "ctrl+u")
        await hand.type("+1 202-555-0199")
        await hand.press("enter", "enter")
        await hand.until(lambda: "There is no messaging number" in hand.text)
        said = " ".join(hand.text.replace("│", "").split())
        assert "Settings > Phone numbers adds and approves one." in said
        assert "optdesk numbers" not in said
        await hand.press("up", *["backspace"] * 2)
        await hand.type("23")
        await hand.press("enter", "enter")
        await hand.until(lambda: hand.dialog == "NewAddress")


async def test_what_a_line_of_a_form_is_for_ends_in_an_ellipsis_where_it_is_cut(
    sqlite_url: str,
) -> None:
    async with at_desk(sqlite_url, size=(40, 20), first_run=True) as hand:
        await hand.until(lambda: "Region of numbers without a" in hand.text)
        assert "Region of numbers without a coun…" in hand.text


async def test_a_store_with_contacts_does_not_open_on_the_set_up(
    sqlite_store: Store, sqlite_url: str
) -> None:
    make_queued(sqlite_store, 1)
    sqlite_store.do(lambda conn: integration.delete(conn, BO))
    async with at_desk(sqlite_url, first_run=True) as hand:
        await hand.pilot.pause(0.2)
        assert not hand.dialog


async def test_deactivating_turns_leads_away_and_says_who_will_do_what(
    sqlite_store: Store, sqlite_url: str
) -> None:
    switched_on(sqlite_store)
    put(sqlite_store, lead(door="hook", sender="zapier", user_agent="Zapier"))
    async with at_desk(sqlite_url) as hand:
        await hand.desk.main.go("integrations")
        await answered(hand, url_of(hand), "+14155550100", 200)
        await hand.press("space")
        await hand.until(lambda: "What the senders of the last 7 days will do:" in hand.text)
        assert "Zapier:" in hand.text and "Deactivate" in hand.text
        await hand.press("right", "enter")
        await hand.until(lambda: "API OFF" in hand.status)
        await answered(hand, url_of(hand), "+14155550101", 503)
        await hand.press("space")
        await hand.until(lambda: "API on" in hand.status)
        await answered(hand, url_of(hand), "+14155550102", 200)


async def test_regenerating_kills_the_old_url_and_shows_the_new_one(
    sqlite_store: Store, sqlite_url: str
) -> None:
    switched_on(sqlite_store)
    put(sqlite_store, lead(door="hook", sender="zapier", user_agent="Zapier"))
    async with at_desk(sqlite_url) as hand:
        await hand.desk.main.go("integrations")
        old = url_of(hand)
        await hand.press("r")
        await hand.until(lambda: "It is used by:" in hand.text and "Regenerate" in hand.text)
        await hand.press("right", "enter")
        await hand.until(lambda: hand.dialog == "NewAddress")
        new = url_of(hand)
        assert new != old and new in hand.text
        assert "The old URL is dead" in hand.text and "Zapier: 1 request" in hand.text
        await answered(hand, old, "+14155550100", 410)
        await answered(hand, new, "+14155550100", 200)
        await hand.press("y", "v")
        assert hand.copied == [new]
        assert "▀" in hand.text and new not in hand.text
        await hand.press("escape")
        assert hand.dialog and new in hand.text.replace("\n", ""), "esc goes back one layer"
        await hand.press("escape")
        await hand.until(lambda: "An old URL was used 1 time" in hand.text)
        await hand.until(lambda: "old URL 1" in hand.status)
        assert "Integrations ! on" in hand.sidebar
        assert new not in hand.text


async def test_the_form_that_edits_leads_to_a_new_url_and_loses_nothing_that_was_typed(
    sqlite_store: Store, sqlite_url: str
) -> None:
    token = switched_on(sqlite_store).token
    async with at_desk(sqlite_url, size=(60, 20)) as hand:
        await hand.desk.main.go("integrations")
        await hand.until(lambda: "+1 202-555-0123" in hand.text)
        await hand.press("e")
        await hand.until(lambda: hand.dialog == "Ask")
        await hand.type("x")
        await hand.press("up", "enter")
        await hand.until(lambda: "Save what you changed first" in hand.text)
        await hand.press("down", "backspace", "up", "enter")
        await hand.until(lambda: hand.dialog == "Confirm")
        assert "Regenerate the URL?" in hand.text
        await hand.press("right", "enter")
        await hand.until(lambda: hand.dialog == "NewAddress")
        view = view_of(hand.store)
        assert view is not None and view.token != token


@pytest.mark.parametrize(
    ("size", "host", "shown"),
    [
        ((80, 24), "https://leads.acme-example.com:8765", True),
        ((60, 20), "http://127.0.0.1:8765", True),
        ((60, 20), "https://leads.acme-example.com:8765", True),
        (
            (60, 20),
            "https://opt-in.a-rather-long-name-of-a-company-and-more.example.com:8765",
            False,
        ),
        ((30, 20), "http://127.0.0.1:8765", False),
    ],
)
async def test_the_code_of_a_url_is_as_small_as_it_has_to_be(
    sqlite_url: str, size: tuple[int, int], host: str, shown: bool
) -> None:
    url = f"{host}/hooks/opt-in/{'aB3_x9Qz' * 4}"
    async with at_desk(sqlite_url, size=size) as hand:
        hand.desk.push_screen(NewAddress(Address("The URL", url)))
        await hand.until(lambda: hand.dialog == "NewAddress")
        await hand.press("v")
        assert ("█ █   █ █" in hand.text) is shown, hand.text
        assert ("Enlarge the terminal" in " ".join(hand.text.split())) is not shown
        await hand.press("v")
        assert url in hand.text.replace("\n", "") and "The URL" in hand.text


async def test_in_ascii_the_code_says_what_it_needs(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"http://127.0.0.1:8765/hooks/opt-in/{'aB3_x9Qz' * 4}"
    async with at_desk(sqlite_url, size=(80, 24)) as hand:
        monkeypatch.setattr(plain._Mode, "ascii", True)
        hand.desk.push_screen(NewAddress(Address("The URL", url)))
        await hand.until(lambda: hand.dialog == "NewAddress")
        await hand.press("v")
        said = " ".join(hand.text.split())
        assert "The QR code needs 70 columns and 35 lines; there are 80 and 24." in said
        assert "Without the setting ascii, 35 columns and 18 lines are enough." in said


async def test_the_panel_looks_again_though_nothing_is_written(
    sqlite_store: Store, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("screens.integrations.LOOK_ANYWAY", 0.1)
    switched_on(sqlite_store)
    async with at_desk(sqlite_url) as hand:
        await hand.desk.main.go("integrations")
        await hand.until(lambda: "The listener answers at" in hand.text)
        gone = Item("listener", State.BAD, "The listener is gone.")
        monkeypatch.setattr(hand.desk.backstage, "reach", lambda _store: (gone, None))
        await hand.until(lambda: "The listener is gone." in hand.text)


async def test_deleting_keeps_the_contacts_and_offers_to_add_again(
    sqlite_store: Store, sqlite_url: str
) -> None:
    make_queued(sqlite_store, 2)
    async with at_desk(sqlite_url) as hand:
        await hand.desk.main.go("integrations")
        url = url_of(hand)
        await hand.press("d")
        await hand.until(lambda: hand.dialog == "Confirm")
        assert "The contacts stay" in hand.text
        await hand.press("enter")
        await hand.until(lambda: not hand.dialog)
        assert view_of(hand.store) is not None
        await hand.press("d", "right", "enter")
        await hand.until(lambda: "+ Add opt-in API" in hand.text)
        await answered(hand, url, "+14155550100", 410)
        assert "Opt-in queue 2" in hand.sidebar
        await hand.until(lambda: "An old URL was used 1 time" in hand.text)
        assert "copies the one in force" not in hand.text, "there is none"


async def test_the_last_approved_number_stays_while_it_is_on(
    sqlite_store: Store, sqlite_url: str
) -> None:
    switched_on(sqlite_store)
    async with at_desk(sqlite_url, size=(80, 24)) as hand:
        await hand.desk.main.go("numbers")
        await hand.until(lambda: "approved" in hand.text)
        await hand.press("d")
        await hand.until(lambda: "Not possible" in hand.text)
        assert "is the last approved" in hand.text
        assert "Switch the Opt-In API off first with ctrl+t" in hand.text
        await hand.press("escape")
        sqlite_store.do(lambda conn: integration.switch(conn, BO, on=False))
        await hand.press("r")
        await hand.until(lambda: "rejected" in hand.text)
        with sqlite_store.read() as conn:
            assert numbers.listing(conn)[0].status is NumberStatus.REJECTED
        await hand.until(lambda: "Integrations off" in hand.sidebar, "the desk knows it is off")
        await hand.press("ctrl+t")
        await hand.until(lambda: "cannot be on without" in hand.text)


@pytest.mark.parametrize("written", ["+1 415-555-0123", "+1 (415) 555.0123", "+14155550123"])
async def test_a_number_is_added_in_the_spelling_in_which_it_is_shown(
    sqlite_store: Store, sqlite_url: str, written: str
) -> None:
    switched_on(sqlite_store)
    async with at_desk(sqlite_url, size=(80, 24)) as hand:
        await hand.desk.main.go("numbers")
        await hand.press("a")
        await hand.type(written)
        await hand.press("enter", "enter")
        await hand.until(lambda: not hand.dialog and "+1 415-555-0123" in hand.text)
    with sqlite_store.read() as conn:
        assert "+14155550123" in {row.phone for row in numbers.listing(conn)}


async def test_the_url_is_hidden_again_when_one_leaves(
    sqlite_store: Store, sqlite_url: str
) -> None:
    token = switched_on(sqlite_store).token
    async with at_desk(sqlite_url) as hand:
        await hand.desk.main.go("integrations")
        await hand.until(lambda: "secret URL" in hand.text)
        assert token not in hand.text
        await hand.press("v")
        assert token in hand.text
        await hand.press("]")
        await hand.press("[")
        await hand.until(lambda: "secret URL" in hand.text)
        assert token not in hand.text


async def test_editing_is_in_force_at_once_and_a_refusal_keeps_what_was_typed(
    sqlite_store: Store, sqlite_url: str
) -> None:
    switched_on(sqlite_store)
    async with at_desk(sqlite_url) as hand:
        await hand.desk.main.go("integrations")
        await hand.until(lambda: "+1 202-555-0123" in hand.text)
        await hand.press("e")
        await hand.until(lambda: hand.dialog == "Ask")
        await hand.type("Fern")
        await hand.press("down", "down", "down", "backspace", "backspace", *"XX", "enter", "enter")
        await hand.until(lambda: "“XX” is no region." in hand.text)
        assert "Fern" in hand.text
        await hand.press("up", "backspace", "backspace", *"gb", "enter", "enter")
        await hand.until(lambda: not hand.dialog)
        view = view_of(hand.store)
        assert view is not None and (view.brand, view.default_region) == ("Fern", "GB")


async def test_the_check_list_tells_what_keeps_leads_away_and_the_key_that_helps(
    sqlite_store: Store, sqlite_url: str
) -> None:
    switched_on(sqlite_store)
    sqlite_store.do(lambda conn: integration.switch(conn, BO, on=False))
    async with at_desk(sqlite_url) as hand:
        await hand.desk.main.go("integrations")
        await hand.until(lambda: "No new contacts?" in hand.text)
        assert "✗ The Opt-In API is off" in hand.text
        assert "space switches it on" in hand.text
        await hand.press("i")
        await hand.until(lambda: hand.place.sentence == "Intake log, refused")
