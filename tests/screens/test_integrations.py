"""Workflows > Integrations and Settings, with real keys."""

from __future__ import annotations

import json
import subprocess

import pytest
from textual.containers import VerticalScroll

from screens.backstage import ListenerChanged, ListenerKind, ListenerReport
from screens.integration_card import Card
from screens.integrations import Integrations
from storage import integration, keys, numbers
from storage.store import Store
from storage.words import Actor, NumberStatus
from tests.factories import lead, make_queued, put, refuse, switched_on
from tests.screens.hand import Hand, at_desk

BO = Actor.person("bo")


async def go_to_integrations(hand: Hand) -> None:
    while hand.place.sentence != "Integrations":
        before = hand.place
        await hand.press("]")
        await hand.until(lambda before=before: hand.place is not before)  # type: ignore[misc]


async def go_to_the_last_place(hand: Hand, sentence: str) -> None:
    await go_to_integrations(hand)
    while hand.place.sentence != sentence:
        before = hand.place
        await hand.press("]")
        await hand.until(lambda before=before: hand.place is not before)  # type: ignore[misc]


def is_on(store: Store) -> bool | None:
    with store.read() as conn:
        view = integration.show(conn)
    return None if view is None else view.active


async def add_it(hand: Hand) -> None:
    """Through the guided set-up with what it proposes."""
    await go_to_integrations(hand)
    await hand.press("a")
    await hand.until(lambda: hand.dialog == "Ask")
    await hand.press("enter", "enter", "enter", "enter")
    await hand.until(lambda: hand.dialog == "NewAddress")


async def test_the_sample_request_pastes_right_from_the_screen(sqlite_url: str) -> None:
    async with at_desk(sqlite_url, size=(80, 24)) as hand:
        await add_it(hand)
        await hand.press("c")
        await hand.until(lambda: hand.dialog == "Sample" and "curl" in hand.text)
        # A terminal gives back every cell up to the edge, blanks too.
        lines = [line.ljust(80) for line in hand.text.splitlines()]
        first = next(place for place, line in enumerate(lines) if line.startswith("curl"))
        last = next(place for place, line in enumerate(lines) if line.startswith("}'"))
        pasted = "\n".join(lines[first : last + 1])
        said = subprocess.run(
            ["sh", "-c", f"curl() {{ printf '%s\\n' \"$@\"; }}; {pasted}"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        words, body = said.split("-d\n")
        assert words.startswith(f"-X\nPUT\n{hand.desk.backstage.listener.url}/v1/public/opt-in/\n")
        assert json.loads(body)["mobile_phone"] == "+11234567890"


async def test_the_new_key_is_shown_once(sqlite_url: str) -> None:
    async with at_desk(sqlite_url) as hand:
        await add_it(hand)
        await hand.press("K")
        (key,) = hand.copied
        assert key in hand.text
        await hand.press("c")
        await hand.until(lambda: hand.dialog == "Sample")
        await hand.press("y")
        assert f"x-api: {key}" in hand.copied[-1]
        await hand.press("escape", "escape")
        await hand.until(lambda: not hand.dialog)
        assert key not in hand.text
        await hand.until(lambda: "● ON" in hand.text)
        await hand.press("c")
        await hand.until(lambda: hand.dialog == "Sample")
        assert "YOUR_API_KEY_UUID" in hand.text
        assert key not in hand.text


async def test_there_is_only_one(sqlite_store: Store, sqlite_url: str) -> None:
    switched_on(sqlite_store)
    async with at_desk(sqlite_url) as hand:
        await go_to_integrations(hand)
        await hand.until(lambda: "● ON" in hand.text)
        assert "+ Add opt-in API" not in hand.text
        await hand.press("a")
        assert hand.toasts == ["There is an Opt-In API already; only one can exist."]


async def test_the_card_shows_what_is(sqlite_store: Store, sqlite_url: str) -> None:
    added = switched_on(sqlite_store)
    make_queued(sqlite_store, 3)
    async with at_desk(sqlite_url) as hand:
        await go_to_integrations(hand)
        await hand.until(lambda: "3 leads" in hand.text)
        url = hand.desk.backstage.listener.url
        assert f"{url}/v1/public/opt-in/" in hand.text
        assert f"{url}/hooks/opt-in/••••••••{added.token[-4:]}" in hand.text
        assert added.token not in hand.text
        assert f"● listening on {url.removeprefix('http://')}" in hand.text
        await hand.press("y", "Y")
        assert hand.copied == [f"{url}/hooks/opt-in/{added.token}", f"{url}/v1/public/opt-in/"]
        assert added.token not in " ".join(hand.toasts)


async def test_the_card_never_shows_a_wish(sqlite_store: Store, sqlite_url: str) -> None:
    switched_on(sqlite_store)
    async with at_desk(sqlite_url) as hand:
        await go_to_integrations(hand)
        failed = ListenerReport(ListenerKind.FAILED, "", "Another program holds port 8765.")
        hand.desk.backstage.listener = failed
        hand.desk.main.post_message(ListenerChanged(failed))
        await hand.until(lambda: "✗ Another program holds port 8765." in hand.text)
        assert "NOT LISTENING" in hand.status


async def test_off_asks_first_and_the_safe_button_has_the_focus(
    sqlite_store: Store, sqlite_url: str
) -> None:
    switched_on(sqlite_store)
    async with at_desk(sqlite_url) as hand:
        await hand.press("ctrl+t")
        await hand.until(lambda: hand.dialog == "Confirm")
        assert "Deactivate" in hand.text
        await hand.press("enter")
        await hand.until(lambda: not hand.dialog)
        assert is_on(sqlite_store) is True


async def test_the_key_that_asked_does_not_answer(sqlite_store: Store, sqlite_url: str) -> None:
    switched_on(sqlite_store)
    async with at_desk(sqlite_url) as hand:
        await hand.press("ctrl+t")
        await hand.until(lambda: hand.dialog == "Confirm")
        await hand.press("ctrl+t", "ctrl+t")
        assert hand.dialog == "Confirm"
        assert len(hand.desk.screen_stack) == 2
        await hand.press("escape")
        assert is_on(sqlite_store) is True


async def test_deactivate_switches_off_and_on_is_instant(
    sqlite_store: Store, sqlite_url: str
) -> None:
    switched_on(sqlite_store)
    async with at_desk(sqlite_url) as hand:
        await hand.press("ctrl+t")
        await hand.until(lambda: hand.dialog == "Confirm")
        await hand.press("right", "enter")
        await hand.until(lambda: is_on(sqlite_store) is False)
        await hand.until(lambda: "API OFF" in hand.status)
        assert hand.toasts[-1] == "The Opt-In API is off. New leads are turned away."
        await hand.press("ctrl+t")
        await hand.until(lambda: is_on(sqlite_store) is True)
        await hand.until(lambda: "API on" in hand.status)
        assert not hand.dialog


async def test_the_switch_works_from_the_search_line_and_from_a_dialog(
    sqlite_store: Store, sqlite_url: str
) -> None:
    make_queued(sqlite_store, 1)
    sqlite_store.do(lambda conn: integration.switch(conn, BO, on=False))
    async with at_desk(sqlite_url) as hand:
        await hand.press("/")
        await hand.press("ctrl+t")
        await hand.until(lambda: is_on(sqlite_store) is True)
        await hand.press("escape", "m")
        await hand.until(lambda: hand.dialog == "MoveTo")
        await hand.until(lambda: "API on" in hand.status)
        await hand.press("ctrl+t")
        await hand.until(lambda: hand.dialog == "Confirm")
        await hand.press("escape")
        assert hand.dialog == "MoveTo"


async def test_space_on_the_card_switches_too(sqlite_store: Store, sqlite_url: str) -> None:
    switched_on(sqlite_store)
    async with at_desk(sqlite_url) as hand:
        await go_to_integrations(hand)
        await hand.press("space")
        await hand.until(lambda: hand.dialog == "Confirm")
        await hand.press("tab", "enter")
        await hand.until(lambda: is_on(sqlite_store) is False)
        await hand.until(lambda: "● OFF" in hand.text)
        await hand.press("space")
        await hand.until(lambda: "● ON" in hand.text)


async def test_switched_elsewhere_shows_here(sqlite_store: Store, sqlite_url: str) -> None:
    switched_on(sqlite_store)
    async with at_desk(sqlite_url) as hand:
        await hand.until(lambda: "API on" in hand.status)
        sqlite_store.do(lambda conn: integration.switch(conn, BO, on=False))
        await hand.until(lambda: "API OFF" in hand.status)


async def test_a_key_is_made_shown_once_and_revoked_after_asking(
    sqlite_store: Store, sqlite_url: str
) -> None:
    async with at_desk(sqlite_url) as hand:
        await go_to_the_last_place(hand, "API keys")
        await hand.until(lambda: "No API key yet." in hand.text)
        await hand.press("a")
        await hand.until(lambda: hand.dialog == "Ask")
        await hand.press("enter")
        assert "Name is needed." in hand.text
        await hand.type("web site")
        await hand.press("enter")
        await hand.until(lambda: hand.dialog == "Sample")
        assert "The key is " in hand.text
        await hand.press("escape")
        await hand.until(lambda: "web site" in hand.text)
        await hand.press("d")
        await hand.until(lambda: hand.dialog == "Confirm")
        await hand.press("right", "enter")
        await hand.until(lambda: "revoked" in hand.text)
        with sqlite_store.read() as conn:
            assert keys.listing(conn)[0].revoked_at is not None


async def test_a_number_is_added_and_approved(sqlite_store: Store, sqlite_url: str) -> None:
    async with at_desk(sqlite_url) as hand:
        await go_to_the_last_place(hand, "Phone numbers")
        await hand.press("a")
        await hand.until(lambda: hand.dialog == "Ask")
        await hand.type("+14155550123")
        await hand.press("enter")
        await hand.type("main")
        await hand.press("enter")
        await hand.until(lambda: "pending" in hand.text and "+1 415-555-0123" in hand.text)
        await hand.press("p")
        await hand.until(lambda: "approved" in hand.text)
        with sqlite_store.read() as conn:
            assert numbers.listing(conn)[0].status is NumberStatus.APPROVED


async def test_undo_belongs_to_contacts(sqlite_store: Store, sqlite_url: str) -> None:
    make_queued(sqlite_store, 1)
    async with at_desk(sqlite_url) as hand:
        await hand.press("d")
        await hand.until(lambda: hand.toasts)
        said = len(hand.toasts)
        for place in ("integrations", "intake", "numbers", "keys"):
            await hand.desk.main.go(place)
            await hand.pilot.pause()
            assert "undo" not in [hint.word for hint in hand.desk.main.footer.shown]
            await hand.press("u", "U")
        await hand.pilot.pause(0.2)
        assert not [toast for toast in hand.toasts[said:] if "ndid" in toast], hand.toasts


async def test_the_current_row_has_a_bar_and_stands_under_its_heading(
    sqlite_store: Store, sqlite_url: str
) -> None:
    switched_on(sqlite_store)
    async with at_desk(sqlite_url, size=(80, 24)) as hand:
        await go_to_the_last_place(hand, "API keys")
        await hand.until(lambda: "▌ first key" in hand.text)
        lines = hand.text.splitlines()
        heading = next(line for line in lines if "Ends in" in line)
        row = next(line for line in lines if "first key" in line)
        assert heading.index("Name") == row.index("first key")
        assert heading.index("Ends in") == row.index("…")
        assert "Made" not in heading and "Last used" in heading
        await hand.press("tab")
        await hand.until(lambda: "▏ first key" in hand.text)


async def test_the_sample_says_what_to_change_for_another_lead(
    sqlite_store: Store, sqlite_url: str
) -> None:
    switched_on(sqlite_store)
    async with at_desk(sqlite_url) as hand:
        await go_to_integrations(hand)
        await hand.press("c")
        await hand.until(lambda: hand.dialog == "Sample")
        assert "API keys, then a, makes one." in hand.text
        assert "opts in once" not in hand.text
        await hand.press("escape")
        put(sqlite_store, lead())
        await hand.until(lambda: "1 lead" in hand.text)
        await hand.press("c")
        await hand.until(lambda: hand.dialog == "Sample")
        assert "Each number opts in once: change mobile_phone" in hand.text


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (60, 20), (20, 10)])
async def test_a_question_shows_its_buttons(
    sqlite_store: Store, sqlite_url: str, size: tuple[int, int]
) -> None:
    switched_on(sqlite_store)
    for sender in ("cf7", "facebook", "google_ads", "jotform", "typeform", "hubspot", "framer"):
        refuse(sqlite_store, sender=sender)
    async with at_desk(sqlite_url, size=size) as hand:
        await hand.press("ctrl+t")
        await hand.until(lambda: hand.dialog == "Confirm")
        await hand.until(lambda: hand.desk.screen.query_one(".learned").display)
        assert "Keep it on" in hand.text and hand.text.count("Deactivate") == 2
        assert ("←→ choose  enter press  esc close" in hand.text) == (size[0] > 40)
        await hand.press("right", "enter")
        await hand.until(lambda: is_on(sqlite_store) is False)


async def test_a_new_toast_takes_the_place_of_the_one_before(
    sqlite_store: Store, sqlite_url: str
) -> None:
    make_queued(sqlite_store, 1)
    async with at_desk(sqlite_url) as hand:
        await hand.until(lambda: hand.place.sentence.startswith("Opt-in queue"))
        await hand.press("u")
        await hand.until(lambda: "Nothing to undo." in hand.text)
        await hand.press(".")
        await hand.until(lambda: "Nothing to repeat yet." in hand.text)
        assert "Nothing to undo." not in hand.text


async def test_a_refusal_of_the_store_is_told_with_its_next_step(sqlite_url: str) -> None:
    async with at_desk(sqlite_url) as hand:
        await go_to_the_last_place(hand, "Phone numbers")
        await hand.press("a")
        await hand.until(lambda: hand.dialog == "Ask")
        await hand.type("12")
        await hand.press("enter", "enter")
        await hand.until(lambda: "is no phone number in E.164" in hand.text)
        assert "+14155550123." in hand.text
        assert hand.dialog == "Ask"


async def test_a_long_sentence_keeps_its_place_while_a_scrollbar_comes(
    sqlite_store: Store, sqlite_url: str
) -> None:
    switched_on(sqlite_store)
    async with at_desk(sqlite_url, (60, 34)) as hand:
        await go_to_integrations(hand)
        await hand.until(lambda: "listening on" in hand.text)
        panel = hand.desk.main.query_one(Integrations)
        scroll = panel.query_one(VerticalScroll)
        assert not scroll.show_vertical_scrollbar
        said = "An Optdesk on this store already listens on http://127.0.0.1:43169."
        hand.desk.backstage.listener = ListenerReport(ListenerKind.ATTACHED, sentence=said)
        # Before it comes, and between the layout that finds out and the frame that shows it.
        for coming in (False, True):
            scroll.show_vertical_scrollbar = coming
            panel._draw()
            assert "An Optdesk on this store already\n" in str(panel.query_one(Card).content)
