"""Undo by name, the list of one's acts, the last act and the last group; groups themselves."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from storage import groups, undo, undo_stack
from storage.acts import Move, Star
from storage.bulk import perform
from storage.changes import record
from storage.errors import Refused
from storage.store import Store
from storage.words import Actor, Target
from tests.factories import make_queued
from tests.screens.hand import at_desk
from tests.screens.test_queue import BO, fill, group
from tests.waiting import PATIENCE
from widgets.display import use_ascii

ANA = Actor.person("ana")


def test_any_act_of_ones_own_can_be_undone(store: Store) -> None:
    first, second = make_queued(store, 2)
    star = perform(store, ANA, Star(True), Target(ids=(first,)))
    spring = store.do(lambda conn: groups.create(conn, ANA, "Spring")).id
    perform(store, ANA, Move(spring), Target(ids=(second,)))
    assert undo.undo(store, ANA, star.change_id).done == 1
    with store.read() as conn:
        acts = undo_stack.recent(conn, ANA)
        assert [(act.verb, act.undone, act.undoable) for act in acts][:3] == [
            ("move", False, True),
            ("group.create", False, True),
            ("star", True, True),
        ]
        assert undo_stack.last_group(conn, ANA) == (spring, "Spring")
        assert undo_stack.last_group(conn, BO) is None
    with pytest.raises(Refused):
        undo.undo(store, ANA, star.change_id)
    with pytest.raises(Refused):
        undo.undo(store, BO, star.change_id)


def test_an_undo_that_is_stopped_keeps_what_is_done_and_can_go_on(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = make_queued(store, 30)
    perform(store, ANA, Star(True), Target(ids=tuple(ids)))
    monkeypatch.setattr(undo, "CHUNK", 10)
    stop = threading.Event()
    outcome = undo.undo(store, ANA, progress=lambda *_: stop.set(), cancel=stop)
    assert (outcome.done, outcome.cancelled) == (10, True)
    told: list[tuple[int, int]] = []
    outcome = undo.undo(store, ANA, progress=lambda *at: told.append(at))
    assert (outcome.done, outcome.cancelled) == (20, False)
    assert (outcome.gone_count, told) == (0, [(20, 30), (30, 30)])


async def test_the_footer_names_what_undo_is_about(sqlite_store: Store, sqlite_url: str) -> None:
    fill(sqlite_store, "a", "b")
    async with at_desk(sqlite_url, size=(160, 40)) as hand:
        await hand.press("s")
        await hand.until(lambda: "u undo: star b" in hand.text)
        await hand.press("question_mark")
        await hand.type("undo")
        await hand.until(lambda: "Undo your last act, by name: star b" in hand.text)
        await hand.press("escape", "u")
        await hand.until(lambda: "undo: star" not in hand.text)


async def test_any_act_is_undone_from_the_list(sqlite_store: Store, sqlite_url: str) -> None:
    fill(sqlite_store, "a", "b")
    group(sqlite_store, "Spring")
    async with at_desk(sqlite_url) as hand:
        await hand.press("s")
        await hand.until(lambda: hand.table.visible_rows[0].favorite)
        await hand.press("m", "enter")
        await hand.until(lambda: "Spring 1" in hand.sidebar)
        await hand.press("H")
        await hand.until(lambda: hand.dialog == "OwnActs")
        assert [line.rsplit(" ", 1)[0] for line in hand.choices[:2]] == [
            "Moved a to “Spring”",
            "Starred b",
        ]
        await hand.press("down", "enter")
        await hand.until(lambda: hand.toasts and "Undid: star b." in hand.toasts[-1])
        await hand.press("H")
        await hand.until(lambda: hand.dialog == "OwnActs")
        assert "undone" in hand.choices[1]
        await hand.press("down", "enter")
        assert hand.toasts[-1].startswith("That was undone already, ")
        assert hand.dialog == "OwnActs"


async def test_undo_puts_the_cursor_on_who_came_back_unless_the_person_went_on(
    sqlite_store: Store, sqlite_url: str
) -> None:
    fill(sqlite_store, "a", "b", "c", "d")
    spring = group(sqlite_store, "Spring")
    async with at_desk(sqlite_url) as hand:
        assert hand.names == ["d", "c", "b", "a"]
        await hand.press("j", "d")
        await hand.until(lambda: hand.names == ["d", "b", "a"] and hand.here.name == "b")
        await hand.press("G", "u")
        await hand.until(lambda: hand.names == ["d", "c", "b", "a"] and hand.here.name == "c")
        await hand.press("g", "space", "j", "space", "m", "enter")
        await hand.until(lambda: hand.names == ["c", "a"])
        await hand.press("o", "u")
        await hand.until(lambda: hand.names == ["a", "b", "c", "d"] and hand.here.name == "b")
        # Nobody comes back to another list: there the cursor stays.
        await hand.press("d")
        await hand.until(lambda: hand.names == ["a", "c", "d"])
        perform(sqlite_store, BO, Move(spring), Target(ids=(hand.here.id,)))
        await hand.press("]")
        await hand.until(lambda: hand.names == ["c"])
        await hand.press("u")
        await hand.until(lambda: hand.toasts[-1].startswith("Undid: delete"))
        await hand.pilot.pause(0.1)
        assert hand.here.name == "c"


async def test_what_stays_says_so_before(sqlite_store: Store, sqlite_url: str) -> None:
    sqlite_store.do(lambda conn: record(conn, ANA, "erase", subject="somebody", size=1))
    async with at_desk(sqlite_url) as hand:
        await hand.press("H")
        await hand.until(lambda: hand.dialog == "OwnActs")
        assert "stays" in hand.choices[0]
        await hand.press("enter")
        assert hand.toasts[-1] == "That cannot be undone."


async def test_undo_that_would_trample_says_whose_act_it_was(
    sqlite_store: Store, sqlite_url: str
) -> None:
    (ada,) = fill(sqlite_store, "Ada")
    group(sqlite_store, "Spring")
    summer = group(sqlite_store, "Summer")
    async with at_desk(sqlite_url) as hand:
        await hand.press("m", "enter")
        await hand.until(lambda: "Spring 1" in hand.sidebar)
        perform(sqlite_store, BO, Move(summer), Target(ids=(ada,)))
        await hand.press("u")
        await hand.until(lambda: "moved to “Summer” by bo" in hand.toasts[-1])
        assert hand.toasts[-1].startswith("Not undone: move Ada to “Spring”. 1 left alone. Ada: ")


async def test_the_last_group_is_one_key_also_after_a_restart(
    sqlite_store: Store, sqlite_url: str
) -> None:
    fill(sqlite_store, "a", "b", "c")
    group(sqlite_store, "Spring")
    async with at_desk(sqlite_url) as hand:
        await hand.press("M")
        await hand.until(lambda: hand.toasts)
        assert "You have moved nobody" in hand.toasts[-1]
        await hand.press("m", "enter")
        await hand.until(lambda: "Spring 1" in hand.sidebar)
    async with at_desk(sqlite_url) as hand:
        await hand.press("M")
        await hand.until(lambda: "Spring 2" in hand.sidebar)
        await hand.until(lambda: hand.names == ["a"])
        await hand.press(".")
        await hand.until(lambda: "Spring 3" in hand.sidebar)


async def test_the_last_act_is_repeated_in_another_place(
    sqlite_store: Store, sqlite_url: str
) -> None:
    fill(sqlite_store, "a", "b")
    async with at_desk(sqlite_url) as hand:
        await hand.press("j", "s")
        await hand.until(lambda: hand.table.visible_rows[1].favorite)
        await hand.press("[")
        await hand.until(lambda: hand.place.sentence.startswith("All") and hand.names)
        await hand.press(".")
        await hand.until(lambda: hand.table.visible_rows[0].favorite)


async def test_a_group_is_renamed_merged_and_deleted(sqlite_store: Store, sqlite_url: str) -> None:
    fill(sqlite_store, "b", "a")
    group(sqlite_store, "Spring")
    group(sqlite_store, "Summer")
    async with at_desk(sqlite_url) as hand:
        await hand.press("e")
        assert hand.toasts[-1].startswith("This is no group.")
        await hand.press("m", "enter")
        await hand.until(lambda: "Spring 1" in hand.sidebar)
        await hand.press("]")
        await hand.until(lambda: hand.place.sentence.startswith("Spring") and hand.names)
        await hand.press("e")
        await hand.until(lambda: hand.dialog == "GroupMenu")
        await hand.type("delete")
        await hand.press("enter")
        await hand.until(lambda: "holds 1 contact" in hand.toasts[-1])
        await hand.press("e", "enter")
        await hand.until(lambda: hand.dialog == "Ask" and hand.typed == "Spring")
        await hand.type("[/x]")
        await hand.press("enter")
        await hand.until(lambda: "Spring[/x] 1" in hand.sidebar)
        await hand.until(lambda: hand.place.sentence.startswith("Spring[/x], "))
        assert "Spring[/x] 1  / search" in hand.text
        await hand.press("e", "down", "enter")
        await hand.until(lambda: hand.dialog == "MergeInto")
        await hand.press("enter")
        await hand.until(lambda: hand.place.sentence.startswith("Summer"))
        await hand.until(lambda: "Summer 1" in hand.sidebar and hand.names == ["a"])
        assert "Spring[/x] 1" not in hand.sidebar
        await hand.press("u")
        await hand.until(lambda: "Spring[/x] 1" in hand.sidebar)


async def test_the_whole_contact_is_copied(sqlite_store: Store, sqlite_url: str) -> None:
    fill(sqlite_store, "Ada\tB")
    async with at_desk(sqlite_url) as hand:
        await hand.press("Y")
        name, phone, ident, stage = hand.copied[0].split("\t")
        assert (name, phone[:2], ident[:4], stage) == ("Ada␉B", "+1", "con_", "queued")
        assert ident in hand.toasts[-1]


async def test_what_is_copied_keeps_letters_that_an_ascii_terminal_does_not_show(
    sqlite_store: Store, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(sqlite_store, "Jürgen Groß 東京\x1b")
    monkeypatch.setenv("OPTDESK_ASCII", "true")
    try:
        async with at_desk(sqlite_url) as hand:
            await hand.until(lambda: "Jurgen Gross" in hand.text)
            await hand.press("Y")
            assert hand.copied[0].split("\t")[0] == "Jürgen Groß 東京␛"
    finally:
        use_ascii(False)


async def test_help_is_searched_by_typing(sqlite_store: Store, sqlite_url: str) -> None:
    async with at_desk(sqlite_url) as hand:
        await hand.press("question_mark")
        await hand.type("favorite")
        await hand.until(lambda: "Make it a favorite" in hand.text)
        assert "Half a screen" not in hand.text
        await hand.type("zzz")
        await hand.until(lambda: "Nothing in the help matches." in hand.text)
        await hand.press("question_mark")
        await hand.until(lambda: hand.dialog == "")


async def test_undo_works_wherever_the_person_is_and_a_long_one_is_stopped_there(
    sqlite_store: Store, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = make_queued(sqlite_store, 30)
    perform(sqlite_store, ANA, Star(True), Target(ids=tuple(ids)))
    monkeypatch.setattr(undo, "CHUNK", 10)
    opened, steps = threading.Event(), []
    some = undo._some

    def slowly(*args: Any, **named: Any) -> Any:
        steps.append(1)
        if len(steps) == 2:
            opened.wait(PATIENCE)
        return some(*args, **named)

    monkeypatch.setattr(undo, "_some", slowly)
    async with at_desk(sqlite_url) as hand:
        try:
            await hand.desk.main.go("dnc")
            await hand.until(lambda: "u undo: star 30 contacts" in hand.text)
            await hand.press("u")
            await hand.until(lambda: "10 of 30" in hand.text and "esc stops it" in hand.text)
            await hand.press("u")
            assert hand.toasts[-1] == "Still busy: undo: star 30 contacts."
            await hand.press("escape")
            await hand.until(lambda: "stopping…" in hand.text)
        finally:
            opened.set()
        await hand.until(lambda: hand.toasts[-1].startswith("Undid: star 20 contacts. Cancelled"))
        await hand.desk.main.go("keys")
        await hand.press("u")
        assert "Go to a list of contacts" in hand.toasts[-1]
        await hand.desk.main.go("campaigns")
        await hand.press("tab", "u")
        await hand.until(lambda: hand.toasts[-1] == "Undid: star 10 contacts.")
        await hand.press("tab", "H")
        await hand.until(lambda: hand.dialog == "OwnActs")
