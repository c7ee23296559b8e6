"""Cleaning up with real keys: Do Not Contact, erasing, exporting, and where somebody went."""

from __future__ import annotations

import csv
import json
from functools import partial
from pathlib import Path

import pytest

from screens.do_not_contact import DoNotContact, Entries
from storage import dnc_pages, suppressions
from storage.acts import Delete, Move
from storage.bulk import perform
from storage.phones import international
from storage.profile import profile
from storage.store import Store
from storage.words import GATEWAY, Actor, Stage, Target
from tests.factories import lead, make_queued, put, settle_all, switched_on
from tests.screens.hand import Hand, at_desk
from tests.screens.test_queue import BO, fill, group

HOSTILE = "[/x]\u202e[@click=app.quit]\x1b[31m"


def phone_of(store: Store, ident: int) -> str:
    with store.read() as conn:
        return profile(conn, ident).contact.phone


def listed(store: Store) -> list[str | None]:
    with store.read() as conn:
        return [entry.phone for entry in dnc_pages.page(conn)]


async def to_dnc(hand: Hand) -> DoNotContact:
    """Goes to the Do Not Contact lists, through the sidebar."""
    await hand.desk.main.go("dnc")
    assert isinstance(hand.place, DoNotContact)
    place = hand.place
    await hand.until(lambda: place.table.read)
    return place


async def test_marked_contacts_go_to_do_not_contact_after_asking(
    sqlite_store: Store, sqlite_url: str
) -> None:
    ids = fill(sqlite_store, "Ada", "Bo", "Cy")
    async with at_desk(sqlite_url) as hand:
        await hand.press("D")
        await hand.until(lambda: hand.dialog == "Ask")
        assert "Cy to Do Not Contact" in hand.text
        await hand.press("escape", "space", "space", "D")
        await hand.until(lambda: hand.dialog == "Ask")
        assert "2 contacts to Do Not Contact" in hand.text
        await hand.press("escape")
        assert hand.names == ["Cy", "Bo", "Ada"]
        await hand.press("D")
        await hand.until(lambda: hand.dialog == "Ask")
        await hand.type("asked us")
        await hand.press("enter")
        await hand.until(lambda: hand.names == ["Ada"])
        await hand.until(lambda: any("Suppressed 2 contacts" in toast for toast in hand.toasts))
        assert sorted(listed(sqlite_store)) == sorted(phone_of(sqlite_store, i) for i in ids[1:])  # type: ignore[type-var]
        await hand.press("full_stop")
        await hand.until(lambda: "Nothing to repeat yet." in hand.toasts)
        assert hand.names == ["Ada"]


async def test_a_number_is_added_searched_and_released_with_a_reason(
    sqlite_store: Store, sqlite_url: str
) -> None:
    [ada] = fill(sqlite_store, "Ada")
    phone = phone_of(sqlite_store, ada)
    sqlite_store.do(
        lambda conn: suppressions.add(
            conn, GATEWAY, ["+14155550199"], source="stop", reason=HOSTILE
        )
    )
    async with at_desk(sqlite_url) as hand:
        place = await to_dnc(hand)
        assert "\x1b" not in hand.text
        await hand.press("r")
        await hand.type("he called")
        await hand.press("enter")
        await hand.until(lambda: "opted out by STOP" in hand.text)
        await hand.press("escape", "a")
        await hand.type("12")
        await hand.press("enter", "enter")
        await hand.until(lambda: "no phone number" in hand.text)
        await hand.press("escape", "a")
        await hand.type(phone)
        await hand.press("enter")
        await hand.type("asked us")
        await hand.press("enter")
        await hand.until(lambda: len(place.table.visible_rows) == 2)
        await hand.press("slash")
        await hand.type("asked")
        await hand.press("enter")
        await hand.until(lambda: [row.phone for row in place.table.visible_rows] == [phone])
        await hand.press("r")
        await hand.until(lambda: hand.dialog == "Ask")
        await hand.type("a mistake")
        await hand.press("enter")
        await hand.until(lambda: f"{international(phone)} is released." in hand.toasts)
        assert listed(sqlite_store) == ["+14155550199"]
        with sqlite_store.read() as conn:
            assert profile(conn, ada).contact.stage is Stage.QUEUED


async def test_a_list_is_imported_and_each_skipped_line_has_its_reason(
    sqlite_store: Store, sqlite_url: str, tmp_path: Path
) -> None:
    fill(sqlite_store, "Ada")
    path = tmp_path / "list.csv"
    path.write_text(f"+14155550101\n415,5550102\nnobody {HOSTILE}\n4155550103\n", encoding="utf-8")
    async with at_desk(sqlite_url) as hand:
        await to_dnc(hand)
        await hand.press("i")
        await hand.type("/no/such")
        await hand.press("enter", "enter")
        await hand.until(lambda: "There is no file" in hand.text)
        await hand.press("escape", "i")
        await hand.type(str(path))
        await hand.press("enter", "enter")
        await hand.until(lambda: hand.dialog == "ImportReport")
        assert "3 added, 0 on the list already, 1 skipped." in hand.text
        assert "line 3: not a phone number: nobody [/x]" in hand.text
        await hand.press("escape", "L")
        await hand.until(lambda: hand.dialog == "ImportedLists")
        assert hand.choices[0].startswith("list.csv: 3 added, 1 skipped under a day old, ")


def test_the_list_is_read_in_windows_in_either_direction(store: Store, me: Actor) -> None:
    for start in (100, 104, 108):
        numbers = [f"+1415555{start + place:04}" for place in range(4)]
        store.do(lambda conn, n=numbers: suppressions.add(conn, me, n))  # type: ignore[misc]
    store.do(lambda conn: suppressions.add(conn, GATEWAY, ["+14155550100"], source="stop"))
    entries = Entries(store, "")
    everything = entries.page(before=None, after=None, limit=50).rows
    places = [row.id for row in everything]
    assert len(places) == 13
    assert places == sorted(places, reverse=True)
    assert entries.newest() == places[0]
    for at, place in enumerate(places):
        older = entries.page(before=place, after=None, limit=5).rows
        assert [row.id for row in older] == places[at + 1 : at + 6]
        here = entries.page(before=place + 1, after=None, limit=1).rows
        assert [row.id for row in here] == [place]
        newer = entries.page(before=None, after=place, limit=5).rows
        assert [row.id for row in newer] == places[max(0, at - 5) : at]
    assert [row.id for row in entries.page(before=None, after=0, limit=3).rows] == places[-3:]


async def test_erasing_asks_for_the_last_four_digits(sqlite_store: Store, sqlite_url: str) -> None:
    _, bo = fill(sqlite_store, "Ada", "Bo")
    phone = phone_of(sqlite_store, bo)
    async with at_desk(sqlite_url) as hand:
        await hand.press("Z")
        await hand.until(lambda: hand.dialog == "Ask")
        assert "Backups are not touched" in " ".join(hand.text.replace("│", " ").split())
        assert f"Last four digits of {international(phone)}" in hand.text
        await hand.type("0000" if not phone.endswith("0000") else "1111")
        await hand.press("enter")
        await hand.until(lambda: "Those are not the last four digits" in hand.text)
        await hand.press(*["backspace"] * 4)
        await hand.type(phone[-4:])
        await hand.press("enter")
        await hand.until(lambda: hand.names == ["Ada"])
        await hand.until(lambda: any(toast.startswith("Erased.") for toast in hand.toasts))
        place = await to_dnc(hand)
        assert [row.phone for row in place.table.visible_rows] == [""]
        await hand.until(lambda: "hash only" in hand.text)
        await hand.press("r")
        await hand.until(lambda: any("never texted again" in toast for toast in hand.toasts))


@pytest.mark.parametrize("ending", ["csv", pytest.param("jsonl", marks=pytest.mark.trial)])
async def test_the_view_is_exported_whole_and_private(
    sqlite_store: Store, sqlite_url: str, tmp_path: Path, ending: str
) -> None:
    fill(sqlite_store, "Ada", "=1+1", "Bo")
    path = tmp_path / f"out.{ending}"
    async with at_desk(sqlite_url) as hand:
        await hand.press("X")
        await hand.until(lambda: hand.dialog == "Ask")
        assert hand.typed.endswith(".csv") and "optdesk-opt-in-queue-" in hand.typed
        await hand.press("ctrl+u")
        await hand.type(str(path))
        await hand.press("enter")
        await hand.until(lambda: any("3 contacts written to" in toast for toast in hand.toasts))
        assert path.stat().st_mode & 0o777 == 0o600
        assert [each.name for each in tmp_path.glob("*out*")] == [path.name]
        text = path.read_text(encoding="utf-8")
        rows = [json.loads(x) for x in text.splitlines()] if ending == "jsonl" else []
        rows = rows or list(csv.DictReader(text.splitlines()))
        names = [row["first_name"] for row in rows]
        assert names == ["Bo", "=1+1" if ending == "jsonl" else "'=1+1", "Ada"]
        await hand.press("X", "ctrl+u")
        await hand.type(str(path))
        await hand.press("enter")
        await hand.until(lambda: "is there already" in hand.text)


def _stands_on(hand: Hand, contact_id: int) -> bool:
    if hand.dialog or not hand.has_rows:
        return False
    contact = hand.table.cursor_contact
    return contact is not None and contact.id == contact_id


async def test_where_somebody_went_is_told_and_leads_there(
    sqlite_store: Store, sqlite_url: str
) -> None:
    ada, bo = fill(sqlite_store, "Ada", "Bo")
    spring = group(sqlite_store, HOSTILE)
    perform(sqlite_store, BO, Move(spring), Target(ids=(ada,)))
    async with at_desk(sqlite_url) as hand:
        await hand.press("w")
        await hand.until(lambda: hand.dialog == "WhereIs")
        await hand.type("ada")
        await hand.until(lambda: any("was moved to “[/x]" in line for line in hand.choices))
        assert "by bo" in " ".join(hand.choices)
        await hand.press("enter")
        await hand.until(lambda: hand.place.sentence.startswith("All contacts"))
        await hand.until(lambda: hand.here.id == ada)
        await hand.press("w")
        await hand.type("+1 999")
        await hand.until(lambda: "never seen here" in hand.text)
        # Enter waits for the answer to what was typed; it never takes that of something before.
        for name, found in (("bo", bo), ("ada", ada)):
            await hand.press("escape")
            hand.burst("w", *name, "enter")
            await hand.until(partial(_stands_on, hand, found))


async def test_nobody_is_led_to_where_somebody_deleted_was(
    sqlite_store: Store, sqlite_url: str
) -> None:
    ada, _ = fill(sqlite_store, "Ada", "Bo")
    perform(sqlite_store, BO, Delete(), Target(ids=(ada,)))
    async with at_desk(sqlite_url) as hand:
        await hand.press("w")
        await hand.type("bo")
        await hand.until(lambda: "enter go there" in hand.text)
        await hand.press("ctrl+u")
        await hand.type("ada")
        await hand.until(lambda: any("deleted" in line for line in hand.choices))
        await hand.until(lambda: "go there" not in hand.text)
        await hand.press("enter")
        assert hand.dialog == "WhereIs"


async def test_what_a_number_perhaps_was_stands_below_the_word_perhaps(
    sqlite_store: Store, sqlite_url: str
) -> None:
    switched_on(sqlite_store)
    put(sqlite_store, lead(first_name="Adalbert", phone="+12025550146"))
    settle_all(sqlite_store)
    async with at_desk(sqlite_url) as hand:
        await hand.press("w")
        await hand.type("2025550164")
        await hand.until(lambda: "Perhaps:" in hand.text and hand.choices)
        assert hand.text.index("Perhaps:") < hand.text.rindex("Adalbert")


async def test_a_suppressed_number_leads_to_the_list(sqlite_store: Store, sqlite_url: str) -> None:
    switched_on(sqlite_store)
    put(sqlite_store, lead(phone="+14155550123"))
    settle_all(sqlite_store)
    sqlite_store.do(lambda conn: suppressions.add(conn, BO, ["+14155550123"], reason="asked"))
    async with at_desk(sqlite_url) as hand:
        await hand.press("w")
        await hand.until(lambda: hand.dialog == "WhereIs")
        await hand.type("(415) 555-0123")
        await hand.until(
            lambda: hand.choices and "was put on Do Not Contact by bo" in hand.choices[0]
        )
        await hand.press("enter")
        await hand.until(lambda: isinstance(hand.place, DoNotContact))


async def test_test_contacts_are_deleted_together_from_any_place_and_come_back(
    sqlite_store: Store, sqlite_url: str
) -> None:
    [ada] = fill(sqlite_store, "Ada")
    [test, *_] = make_queued(sqlite_store, 2, first_name="Test", test=True)
    perform(sqlite_store, BO, Move(group(sqlite_store, "Spring")), Target(ids=(test,)))
    async with at_desk(sqlite_url) as hand:
        await hand.desk.main.go("numbers")
        await hand.press("colon")
        await hand.type("all test")
        await hand.press("enter")
        await hand.until(lambda: any("Deleted 2 contacts" in toast for toast in hand.toasts))
        await hand.until(lambda: hand.names == ["Ada"])
        await hand.press("full_stop")
        await hand.until(lambda: "Nothing to repeat yet." in hand.toasts)
        await hand.press("u")
        await hand.until(lambda: len(hand.names) == 3)
        assert phone_of(sqlite_store, ada)


async def test_erasing_and_suppressing_work_with_the_contact_open(
    sqlite_store: Store, sqlite_url: str
) -> None:
    *_, cy, dee = fill(sqlite_store, "Ada", "Bo", "Cyrano", "Deirdre")
    async with at_desk(sqlite_url) as hand:
        await hand.press("enter")
        await hand.until(lambda: "Deirdre" in hand.panel)
        await hand.press("Z")
        await hand.type(phone_of(sqlite_store, dee)[-4:])
        await hand.press("enter")
        await hand.until(lambda: hand.names == ["Cyrano", "Bo", "Ada"])
        await hand.until(lambda: "Cyrano" in hand.panel and "Deirdre" not in hand.text)
        await hand.press("D")
        await hand.until(lambda: hand.dialog == "Ask")
        await hand.press("enter")
        await hand.until(lambda: hand.names == ["Bo", "Ada"])
        await hand.until(lambda: "Bo" in hand.panel and "Cyrano" not in hand.panel)
        await hand.desk.main.go("all")
        await hand.press("enter")
        await hand.until(lambda: "must not be texted" in hand.panel)
        assert phone_of(sqlite_store, cy)
