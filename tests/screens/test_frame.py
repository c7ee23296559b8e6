"""The frame: sidebar, help, palette, narrow screens, trouble with the store, hostile text."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from pathlib import Path

import pytest
from textual.widgets import Input

from app import keys_in_turn
from screens.backstage import HealthChanged
from screens.commands import Context
from screens.help import Help
from screens.palette import Palette
from screens.places import MOST_KEPT
from screens.search_line import SearchLine
from storage import groups, labels
from storage.acts import AddLabel
from storage.bulk import perform
from storage.errors import StoreUnavailable
from storage.store import Store
from storage.words import Actor, Target
from tests.factories import lead, make_queued, put, settle_all, switched_on
from tests.screens.hand import Hand, at_desk

BO = Actor.person("bo")

HOSTILE = (
    "[/x]",
    "[@click=app.quit]quit[/]",
    "[bold red]a",
    "\x1b[2J\x1b[31mred",
    "\u202egnp.exe",
    "a\u0300" * 200,
    "\x00\x07\x9b31m",
    "👩‍👩‍👧‍👦🏳️‍🌈",
    "﷽﷽﷽",
    "$(reboot)",
    "{0}{name}%s",
    "\\[",
)


async def test_tab_goes_to_the_sidebar_and_back(sqlite_store: Store, sqlite_url: str) -> None:
    make_queued(sqlite_store, 1)
    async with at_desk(sqlite_url) as hand:
        sidebar = hand.desk.main.sidebar
        await hand.press("tab")
        assert sidebar.has_focus and sidebar.cursor == "queue"
        await hand.press("k", "enter")
        await hand.until(lambda: hand.place.sentence.startswith("All contacts"))
        assert hand.desk.focused is hand.table
        await hand.press("tab", "tab")
        assert hand.desk.focused is hand.table


async def test_q_goes_back_and_says_how_to_quit_where_there_is_no_back(sqlite_url: str) -> None:
    async with at_desk(sqlite_url) as hand:
        await hand.press("]")
        await hand.until(lambda: hand.place.sentence.startswith("All contacts"))
        await hand.press("q")
        await hand.until(lambda: hand.place.sentence.startswith("Opt-in queue"))
        await hand.press("q")
        await hand.until(lambda: hand.toasts == ["ctrl+q quits."])


async def test_help_is_for_where_i_am_and_the_same_key_closes_it(sqlite_url: str) -> None:
    async with at_desk(sqlite_url) as hand:
        await hand.press("?")
        await hand.until(lambda: hand.dialog == "Help")
        assert "Help · Contacts" in hand.text
        assert hand.text.index("Make it a favorite") > 0
        assert "contact.star" in hand.text
        await hand.press("?")
        await hand.until(lambda: not hand.dialog)


async def test_the_palette_shows_keys_and_gives_verbs(sqlite_store: Store, sqlite_url: str) -> None:
    make_queued(sqlite_store, 1)
    async with at_desk(sqlite_url) as hand:
        await hand.press(":")
        await hand.until(lambda: hand.dialog == "Palette")
        assert "Star or unstar s" in hand.choices
        await hand.type("star")
        assert "enter do it" in hand.text
        await hand.press("enter")
        await hand.until(lambda: hand.here.favorite)


async def test_the_palette_goes_to_places(sqlite_url: str) -> None:
    async with at_desk(sqlite_url) as hand:
        await hand.press("ctrl+p")
        await hand.until(lambda: hand.dialog == "Palette")
        await hand.type("api keys")
        await hand.press("enter")
        await hand.until(lambda: hand.place.sentence == "API keys")


async def test_the_palette_knows_all_contacts_by_their_title(
    sqlite_store: Store, sqlite_url: str
) -> None:
    make_queued(sqlite_store, 1)
    async with at_desk(sqlite_url) as hand:
        await hand.press(":")
        await hand.until(lambda: hand.dialog == "Palette")
        await hand.type("all contacts")
        await hand.until(lambda: hand.choices[:1] == ["Go to All contacts"])
        await hand.press("enter")
        await hand.until(lambda: hand.place.sentence.startswith("All contacts"))


async def test_a_key_stands_in_the_footer_with_what_it_does_here_alone(
    sqlite_store: Store, sqlite_url: str
) -> None:
    make_queued(sqlite_store, 1)
    async with at_desk(sqlite_url, size=(120, 40)) as hand:
        await hand.press("/")
        await hand.type("is:")
        await hand.until(lambda: hand.desk.main.footer.shown[0].word == "complete")
        keys = [hint.key for hint in hand.desk.main.footer.shown]
        assert keys.count("tab") == keys.count("esc") == 1


@pytest.mark.parametrize(
    ("wide", "says"),
    [
        (120, "undo: label Ada Byron “hot”"),
        (115, "undo: label Ada Byron “ho…"),
        (110, "undo"),
    ],
)
async def test_the_footer_names_the_act_that_undo_is_about_where_there_is_room(
    wide: int, says: str, sqlite_store: Store, sqlite_url: str
) -> None:
    make_queued(sqlite_store, 1)
    async with at_desk(sqlite_url, size=(wide, 40)) as hand:
        await hand.press("l")
        await hand.until(lambda: hand.dialog == "Labels")
        await hand.type("hot")
        await hand.press("enter")
        await hand.until(lambda: hand.desk.main.names.get("desk.undo"))
        await hand.until(lambda: says in [hint.word for hint in hand.desk.main.footer.shown])


async def test_the_footer_says_how_to_reach_the_sidebar_that_is_folded_away(
    sqlite_store: Store, sqlite_url: str
) -> None:
    make_queued(sqlite_store, 1)
    async with at_desk(sqlite_url, size=(120, 40)) as hand:
        await hand.resize(60, 20)
        places = [entry.key for entry in hand.desk.main.sidebar.entries if entry.key]
        for _ in places:
            shown = [hint.key for hint in hand.desk.main.footer.shown]
            assert "tab" in shown and shown[-1] == "?"
            await hand.press("]")
        await hand.desk.main.go("queue")
        await hand.until(lambda: hand.has_rows)
        words = [hint.word for hint in hand.desk.main.footer.shown]
        assert words == ["open", "star", "label", "move", "places", "help"]
        await hand.press("enter")
        await hand.until(lambda: hand.panel)
        assert "move" in [hint.word for hint in hand.desk.main.footer.shown]


async def test_ctrl_z_says_why_the_desk_stays(sqlite_url: str) -> None:
    async with at_desk(sqlite_url) as hand:
        await hand.press("ctrl+z")
        await hand.until(lambda: bool(hand.toasts))
        assert hand.toasts[-1].endswith("so it stays. u undoes, ctrl+q quits.")


async def test_the_palette_finds_what_can_be_done_elsewhere_and_leads_there(
    sqlite_url: str,
) -> None:
    async with at_desk(sqlite_url) as hand:
        await hand.press(":")
        await hand.until(lambda: hand.dialog == "Palette")
        assert not any("Regenerate the URL" in choice for choice in hand.choices)
        await hand.type("regen")
        await hand.until(lambda: hand.choices == ["Regenerate the URL… in Integrations: r"])
        assert "enter go there" in hand.text
        await hand.press("enter")
        await hand.until(lambda: hand.place.sentence == "Integrations")
        await hand.press(":")
        await hand.until(lambda: hand.dialog == "Palette")
        await hand.type("regen")
        await hand.until(lambda: hand.choices == ["Regenerate the URL… r"])


async def test_a_changed_key_works_and_is_shown_everywhere(
    sqlite_store: Store, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPTDESK_KEYS", '{"contact.star": "w"}')
    make_queued(sqlite_store, 1)
    async with at_desk(sqlite_url) as hand:
        await hand.until(lambda: "w star" in hand.text)
        await hand.press("w")
        await hand.until(lambda: hand.here.favorite)
        await hand.press("s")
        await hand.pilot.pause(0.2)
        assert hand.here.favorite


async def test_the_theme_is_seen_before_it_is_chosen(sqlite_url: str) -> None:
    async with at_desk(sqlite_url) as hand:
        await hand.press(":")
        await hand.until(lambda: hand.dialog == "Palette")
        await hand.type("colours")
        await hand.press("enter")
        await hand.until(lambda: hand.dialog == "ThemePicker")
        await hand.type("optdesk-day")
        await hand.until(lambda: hand.desk.theme == "optdesk-day")
        await hand.press("escape")
        assert hand.desk.theme == "optdesk-night"


async def test_on_a_narrow_screen_a_key_unfolds_the_sidebar(
    sqlite_store: Store, sqlite_url: str
) -> None:
    make_queued(sqlite_store, 1)
    async with at_desk(sqlite_url, size=(60, 20)) as hand:
        assert "Workflows" not in hand.text
        await hand.press("tab")
        await hand.until(lambda: "Workflows" in hand.text)
        await hand.press("escape")
        await hand.until(lambda: "Workflows" not in hand.text)
        assert hand.desk.focused is hand.table


async def test_every_screen_survives_twenty_by_ten_and_a_storm_of_sizes(
    sqlite_store: Store, sqlite_url: str
) -> None:
    make_queued(sqlite_store, 5)
    async with at_desk(sqlite_url, size=(20, 10)) as hand:
        for keys in (("enter",), ("m",), ("l",), (":",), ("?",), ("ctrl+t",)):
            await hand.press(*keys)
            for size in ((60, 20), (20, 10), (5, 3), (120, 40), (20, 10)):
                await hand.pilot.resize_terminal(*size)
                await hand.pilot.pause()
            await hand.press("escape")
        for _ in range(6):
            await hand.press("]")
            await hand.pilot.resize_terminal(30, 8)
            await hand.pilot.resize_terminal(80, 24)
        await hand.until(lambda: "API keys" in hand.text)


async def test_trouble_with_the_store_is_one_sentence_with_a_next_step(
    sqlite_store: Store, sqlite_url: str
) -> None:
    make_queued(sqlite_store, 2)
    async with at_desk(sqlite_url) as hand:
        store = hand.store
        store.failed(StoreUnavailable("The disk is full.", "Free some space."))
        await hand.until(lambda: "! The disk is full. Free some space." in hand.text)
        assert len(hand.names) == 2
        store.recovered()
        await hand.until(lambda: "The disk is full" not in hand.text)


async def test_a_read_only_store_can_be_looked_at(sqlite_store: Store, sqlite_url: str) -> None:
    make_queued(sqlite_store, 2)
    async with at_desk(sqlite_url) as hand:
        hand.store.read_only = True
        hand.desk.main.post_message(HealthChanged(hand.store.health))
        await hand.until(lambda: "This store is read-only" in hand.text)
        first = hand.table.cursor_place
        await hand.press("s")
        await hand.until(lambda: hand.toasts)
        assert "is read-only" in hand.toasts[-1]
        assert hand.table.cursor_place == first
        assert not hand.here.favorite


@pytest.mark.parametrize("colors", ["color", pytest.param("no color", marks=pytest.mark.trial)])
async def test_no_name_label_group_or_search_is_obeyed(
    sqlite_store: Store, sqlite_url: str, colors: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if colors == "no color":
        monkeypatch.setenv("NO_COLOR", "1")
    switched_on(sqlite_store)
    put(sqlite_store, *[lead(first_name=name, last_name=name) for name in HOSTILE])
    settle_all(sqlite_store)
    with sqlite_store.read() as conn:
        ids = tuple(row[0] for row in conn.exec_driver_sql("SELECT id FROM contacts"))
    for name in HOSTILE[:6]:
        label = sqlite_store.do(lambda conn, name=name: labels.ensure(conn, BO, name[:70]))  # type: ignore[misc]
        sqlite_store.do(lambda conn, name=name: groups.ensure(conn, BO, name[:70]))  # type: ignore[misc]
        perform(sqlite_store, BO, AddLabel(label.id), Target(ids=ids))
    async with at_desk(sqlite_url) as hand:
        for _ in HOSTILE:
            await hand.press("enter", "j")
        for keys in (("l",), ("m",), (":",)):
            await hand.press(*keys)
            await hand.until(lambda: hand.dialog)
            assert not set(hand.text) & set("\x00\x07\x1b\x9b\u202e")
            await hand.press("escape")
        for name in HOSTILE[:3]:
            await hand.press("m")
            await hand.until(lambda: hand.dialog == "MoveTo")
            hand.desk.screen.query_one("Input").value = f"new {name}"  # type: ignore[attr-defined]
            await hand.pilot.pause()
            said = len(hand.toasts)
            await hand.press("enter")
            await hand.until(lambda said=said: len(hand.toasts) > said)  # type: ignore[misc]
        await hand.press("u")
        await hand.until(lambda: hand.toasts[-1].startswith("Undid"))
        assert not set(hand.text) & set("\x00\x07\x1b\x9b\u202e")
        await hand.press("/")
        line = hand.desk.screen.query_one("SearchLine")
        for name in HOSTILE:
            line.value = name  # type: ignore[attr-defined]
            await hand.pilot.pause(0.02)
        await hand.press("escape")
        for _ in range(8):
            await hand.press("]")
        assert hand.desk.is_running


@pytest.mark.parametrize("key", ["l", "m", "c", "C", "D", "Z"])
async def test_a_long_name_leaves_a_dialog_room_for_what_it_asks(
    key: str, sqlite_store: Store, sqlite_url: str
) -> None:
    switched_on(sqlite_store)
    put(sqlite_store, lead(first_name="Ann" + "a" * 300, last_name="b" * 300))
    settle_all(sqlite_store)
    async with at_desk(sqlite_url, size=(60, 20)) as hand:
        await hand.press(key)
        await hand.until(lambda: hand.dialog and "Ann" in hand.text)
        title = [line for line in hand.text.splitlines() if "aaaa" in line and "│" in line]
        assert 1 <= len(title) <= 2
        assert "esc" in hand.text


async def test_the_mouse_works_everywhere(sqlite_store: Store, sqlite_url: str) -> None:
    make_queued(sqlite_store, 3)
    async with at_desk(sqlite_url) as hand:
        footer, sidebar = hand.desk.main.footer, hand.desk.main.sidebar
        place = 1
        for hint in footer.shown:
            if hint.word == "star":
                break
            place += len(hint.key) + len(hint.word) + 3
        await hand.pilot.click(footer, offset=(place, 0))
        await hand.until(lambda: hand.table.visible_rows[0].favorite)
        await hand.pilot.click(".search-rest")
        await hand.until(lambda: isinstance(hand.desk.focused, SearchLine))
        line = [entry.key for entry in sidebar.entries].index("integrations")
        await hand.pilot.click(sidebar, offset=(5, line))
        await hand.until(lambda: hand.place.sentence == "Integrations")
        await hand.pilot.click(".card", offset=(20, 1))
        await hand.until(lambda: hand.dialog == "Confirm")
        await hand.pilot.click("#confirm")
        await hand.until(lambda: "API OFF" in hand.status)


async def test_what_is_typed_right_after_a_verb_goes_to_its_dialog(
    sqlite_store: Store, sqlite_url: str
) -> None:
    make_queued(sqlite_store, 3)
    async with at_desk(sqlite_url) as hand:
        order = hand.contacts.view.order
        for key in ("l", "o", "o"):
            hand.desk.simulate_key(key)
        await hand.until(lambda: hand.dialog == "Labels")
        await hand.pilot.pause(0.1)
        assert hand.contacts.view.order is order


@pytest.mark.parametrize("turns", [0, 1, 2, 3, 4, 6, 8, 12])
async def test_keys_that_come_while_a_dialog_opens_keep_their_order(
    sqlite_url: str, turns: int
) -> None:
    async with at_desk(sqlite_url) as hand:
        hand.desk.push_screen(Palette((Context.LIST,), []))
        for letter in "intake":
            hand.burst(letter)
            for _ in range(turns):
                await asyncio.sleep(0)
        await hand.until(lambda: len(hand.typed) == 6)
        assert hand.typed == "intake"


async def test_keys_keep_their_order_although_the_machine_stands_still(sqlite_url: str) -> None:
    async with at_desk(sqlite_url) as hand:
        hand.desk.push_screen(Palette((Context.LIST,), []))
        hand.burst(*"intake")
        while hand.desk._turn is None:
            await asyncio.sleep(0)
        # Nothing at all goes on, for longer than a key is waited for.
        time.sleep(keys_in_turn.LONGEST + 0.2)
        await hand.until(lambda: len(hand.typed) == 6)
        assert hand.typed == "intake"


async def test_a_key_for_a_dialog_that_closes_by_itself_holds_up_nothing(
    sqlite_store: Store, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys_in_turn, "LONGEST", 600.0)
    make_queued(sqlite_store, 3)
    async with at_desk(sqlite_url) as hand:
        for turns in (0, 1, 2, 4, 8):
            dialog = Palette((Context.LIST,), [])
            hand.desk.push_screen(dialog)
            await hand.until(lambda: hand.dialog == "Palette" and hand.desk.focused)
            hand.burst("a", "down", "b")
            for _ in range(turns):
                await asyncio.sleep(0)
            dialog.dismiss(None)
            hand.burst("question_mark")
            await hand.until(lambda: hand.dialog == "Help")
            await hand.press("escape")
            await hand.until(lambda: not hand.dialog)


async def test_a_late_answer_closes_its_own_dialog_and_not_what_was_opened_above(
    sqlite_url: str,
) -> None:
    async with at_desk(sqlite_url) as hand:
        answered: list[object] = []
        below = Help((Context.LIST,))
        hand.desk.push_screen(below, answered.append)
        hand.desk.push_screen(Palette((Context.LIST,), []))
        below.dismiss(None)
        await hand.type("intake")
        assert hand.dialog == "Palette" and hand.typed == "intake" and not answered
        await hand.press("escape")
        await hand.until(lambda: hand.dialog == "" and answered == [None])


async def test_several_wishes_to_go_somewhere_leave_one_place_shown(sqlite_url: str) -> None:
    async with at_desk(sqlite_url) as hand:
        places = hand.desk.main.places
        wanted = ["campaigns", "dnc", "all", "campaigns", "messages", "numbers"]
        everywhere = [*wanted, "keys", "webhooks", "deliveries", "intake", "queue", "all"]
        await asyncio.gather(*map(places.show, everywhere))
        await hand.pilot.pause()
        shown = [place for place in places.children if place.display]
        assert shown == [places.place] and places.current == "all"
        assert len(list(places.children)) <= MOST_KEPT + 2


async def test_keys_that_arrive_at_once_open_one_dialog_and_not_one_each(
    sqlite_store: Store, sqlite_url: str
) -> None:
    switched_on(sqlite_store)
    async with at_desk(sqlite_url) as hand:
        await hand.desk.main.go("integrations")
        await hand.pilot.pause()
        hand.burst("o", "o", "o")
        await hand.until(lambda: hand.dialog == "DoubleOptIn")
        await hand.pilot.pause(0.2)
        assert len(hand.desk.screen_stack) == 2
        await hand.press("escape")
        assert hand.dialog == ""


@pytest.mark.parametrize("size", [(20, 10), (40, 12)])
async def test_on_a_very_small_screen_what_is_typed_and_the_keys_are_in_sight(
    sqlite_store: Store, sqlite_url: str, size: tuple[int, int]
) -> None:
    make_queued(sqlite_store, 1, first_name="Wilhelmina")
    for name in ("Autumn", "Spring", "Summer", "Winter"):
        sqlite_store.do(lambda conn, name=name: groups.ensure(conn, Actor.person("bo"), name))  # type: ignore[misc]
    async with at_desk(sqlite_url, size=size) as hand:
        for key, typed, seen in (("Z", "27", "27"), ("D", "asked", "asked"), ("m", "", "Winter")):
            await hand.press(key)
            await hand.until(lambda: hand.dialog)
            await hand.type(typed)
            if key == "m":
                await hand.press("down", "down", "down")
            await hand.until(partial(_shown, hand, seen), f"{key}: {hand.text}")
            await hand.until(lambda: "esc close" in hand.text, f"{key}: {hand.text}")
            await hand.press("escape")


async def test_a_toast_never_covers_the_row_under_the_cursor(
    sqlite_store: Store, sqlite_url: str
) -> None:
    make_queued(sqlite_store, 60)
    async with at_desk(sqlite_url, size=(80, 24)) as hand:
        await hand.press("G", "c")
        await hand.type("called")
        await hand.press("enter")
        await hand.until(lambda: "Wrote a note" in hand.text)
        said = next(y for y, line in enumerate(hand.text.splitlines()) if "Wrote" in line)
        assert said == 1, hand.text
        await hand.press("g", "c")
        await hand.type("again")
        await hand.press("enter")
        await hand.until(
            lambda: "Wrote a note" in hand.text and "Wrote" not in hand.text.splitlines()[1]
        )


async def test_on_a_very_small_screen_a_complaint_leaves_the_line_and_the_keys_in_sight(
    sqlite_store: Store, sqlite_url: str, tmp_path: Path
) -> None:
    make_queued(sqlite_store, 1, first_name="Wilhelmina Theodora")
    async with at_desk(sqlite_url, size=(20, 10)) as hand:
        missing = str(tmp_path / "nowhere" / "list.csv")
        for key, typed, seen, said in (
            ("Z", "27", "27", "digits"),
            ("X", missing, missing[-6:], "There is no"),
            ("c", " ", "Note", "A note needs"),
        ):
            await hand.press(key)
            await hand.until(lambda: hand.dialog)
            for line in hand.desk.screen.query(Input):
                line.value = ""
            await hand.type(typed)
            await hand.press("enter")
            for text in (seen, said, "esc close"):
                await hand.until(partial(_shown, hand, text), f"{key}, {text}: {hand.text}")
            await hand.press("escape")


async def test_a_complaint_that_is_longer_than_the_screen_scrolls(
    sqlite_store: Store, sqlite_url: str, tmp_path: Path
) -> None:
    make_queued(sqlite_store, 1)
    async with at_desk(sqlite_url, size=(20, 10)) as hand:
        await hand.press("X")
        await hand.until(lambda: hand.dialog)
        hand.desk.screen.query_one(Input).value = f"{tmp_path}/{'far/' * 20}end"
        await hand.press("enter")
        await hand.until(lambda: "There is no" in hand.text)
        await hand.press(*["down"] * 30)
        await hand.until(lambda: "There is no" not in hand.text)
        assert "esc close" in hand.text
        await hand.press(*["up"] * 30)
        await hand.until(lambda: "There is no" in hand.text)


def _shown(hand: Hand, text: str) -> bool:
    return text in hand.text
