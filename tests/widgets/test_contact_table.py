"""Reading a list: the reader's row is sacred."""

from __future__ import annotations

import asyncio

import pytest
from textual import events

from storage.store import Store
from storage.words import Order, Place, View
from tests.pace import examples
from tests.widgets.desk import (
    Desk,
    cursor_name,
    erase_all,
    fill,
    names,
    press,
    ready,
    screen_text,
    settled,
    star,
    take_away,
    until,
)
from widgets import table_reader
from widgets.contact_table import ContactTable

SIZE = (80, 24)


async def test_the_newest_contact_stands_first_and_has_the_cursor(sqlite_store: Store) -> None:
    fill(sqlite_store, 10)
    desk = Desk(sqlite_store)
    async with desk.run_test(size=SIZE) as pilot:
        await ready(pilot, desk)
        assert names(desk.table) == [f"P {n}" for n in range(9, -1, -1)]
        assert cursor_name(desk.table) == "P 9"
        assert "P 9" in screen_text(desk.table)[1]


async def test_keys_move_the_cursor_through_a_thousand_rows(sqlite_store: Store) -> None:
    fill(sqlite_store, 1_000)
    desk = Desk(sqlite_store)
    async with desk.run_test(size=SIZE) as pilot:
        await ready(pilot, desk)
        await press(pilot, desk, "j", "j", "down", "k")
        assert cursor_name(desk.table) == "P 997"
        await press(pilot, desk, "G")
        assert cursor_name(desk.table) == "P 0"
        assert names(desk.table)[-1] == "P 0"
        await press(pilot, desk, "up", "pageup", "ctrl+u")
        assert cursor_name(desk.table) == f"P {1 + 23 + 11}"
        await press(pilot, desk, "home", "pagedown", "ctrl+d", "end", "g")
        assert cursor_name(desk.table) == "P 999"


async def test_a_held_key_passes_every_row_once(sqlite_store: Store) -> None:
    fill(sqlite_store, 300)
    desk = Desk(sqlite_store)
    async with desk.run_test(size=SIZE) as pilot:
        await ready(pilot, desk)
        for _ in range(310):
            desk.post_message(events.Key("j", "j"))
            await asyncio.sleep(0.008)
        await until(pilot, lambda: settled(desk.table) and cursor_name(desk.table) == "P 0")
        moves = [message for message in desk.heard if isinstance(message, ContactTable.CursorMoved)]
        seen = [message.contact.name for message in moves if message.contact is not None]
        assert seen == [f"P {n}" for n in range(299, -1, -1)]


async def test_arrivals_move_neither_cursor_nor_scroll_and_are_counted(sqlite_store: Store) -> None:
    fill(sqlite_store, 1_000)
    desk = Desk(sqlite_store)
    async with desk.run_test(size=SIZE) as pilot:
        await ready(pilot, desk)
        await press(pilot, desk, "j", "j")
        before = screen_text(desk.table)
        fill(sqlite_store, 3, first=1_000)
        await until(pilot, lambda: desk.table.total == 1_003)
        assert cursor_name(desk.table) == "P 997"
        assert screen_text(desk.table) == before
        assert desk.last(ContactTable.ArrivalsWaiting).count == 3
        await press(pilot, desk, "g")
        assert cursor_name(desk.table) == "P 1002"
        assert desk.last(ContactTable.ArrivalsWaiting).count == 0


async def test_arrivals_seen_one_by_one_are_counted_down(sqlite_store: Store) -> None:
    fill(sqlite_store, 100)
    desk = Desk(sqlite_store)
    async with desk.run_test(size=SIZE) as pilot:
        await ready(pilot, desk)
        fill(sqlite_store, 30, first=100)
        await until(pilot, lambda: desk.table.total == 130)
        assert desk.last(ContactTable.ArrivalsWaiting).count == 30
        await press(pilot, desk, "k")
        assert cursor_name(desk.table) == "P 100"
        assert desk.last(ContactTable.ArrivalsWaiting).count == desk.table._state.top < 30


async def test_arrivals_in_a_short_list_appear_at_once(sqlite_store: Store) -> None:
    desk = Desk(sqlite_store)
    async with desk.run_test(size=SIZE) as pilot:
        await ready(pilot, desk)
        assert desk.table.cursor_contact is None
        fill(sqlite_store, 1)
        await until(pilot, lambda: desk.table.total == 1)
        assert cursor_name(desk.table) == "P 0"
        fill(sqlite_store, 2, first=1)
        await until(pilot, lambda: desk.table.total == 3)
        assert names(desk.table) == ["P 2", "P 1", "P 0"]
        assert cursor_name(desk.table) == "P 0"
        assert desk.table._told["arrivals"] == (0, False, False)


async def test_following_keeps_the_cursor_on_the_newest(sqlite_store: Store) -> None:
    fill(sqlite_store, 50)
    desk = Desk(sqlite_store)
    async with desk.run_test(size=SIZE) as pilot:
        await ready(pilot, desk)
        await press(pilot, desk, "j", "F")
        fill(sqlite_store, 1, first=50)
        await until(pilot, lambda: cursor_name(desk.table) == "P 50")
        assert desk.table.following
        await press(pilot, desk, "j")
        assert desk.last(ContactTable.FollowChanged).on is False
        fill(sqlite_store, 1, first=51)
        await until(pilot, lambda: desk.table.total == 52)
        assert cursor_name(desk.table) == "P 49"


async def test_a_contact_that_leaves_gives_the_cursor_to_its_neighbour(sqlite_store: Store) -> None:
    ids = fill(sqlite_store, 100)
    desk = Desk(sqlite_store)
    async with desk.run_test(size=SIZE) as pilot:
        await ready(pilot, desk)
        await press(pilot, desk, *"jjjjj")
        line = screen_text(desk.table).index(
            next(t for t in screen_text(desk.table) if "P 94" in t)
        )
        take_away(sqlite_store, [ids[94]])
        await until(pilot, lambda: desk.table.total == 99)
        assert cursor_name(desk.table) == "P 93"
        assert "P 93" in screen_text(desk.table)[line]
        assert not any("P 94" in text for text in screen_text(desk.table))


async def test_the_last_row_leaving_gives_the_cursor_to_the_one_above(sqlite_store: Store) -> None:
    ids = fill(sqlite_store, 100)
    desk = Desk(sqlite_store)
    async with desk.run_test(size=SIZE) as pilot:
        await ready(pilot, desk)
        await press(pilot, desk, "G")
        take_away(sqlite_store, ids[:2])
        await until(pilot, lambda: desk.table.total == 98)
        assert cursor_name(desk.table) == "P 2"


async def test_removals_above_and_below_leave_the_cursor_on_its_line(sqlite_store: Store) -> None:
    ids = fill(sqlite_store, 200)
    desk = Desk(sqlite_store)
    async with desk.run_test(size=SIZE) as pilot:
        await ready(pilot, desk)
        await press(pilot, desk, "pagedown", "pagedown", "j")
        name = cursor_name(desk.table)
        line = next(y for y, text in enumerate(screen_text(desk.table)) if name + " " in text)
        mine = desk.table.cursor_contact
        assert mine is not None
        place = ids.index(mine.id)
        take_away(sqlite_store, [ids[place + 1], ids[place + 3], ids[place - 2], ids[199]])
        await until(pilot, lambda: desk.table.total == 196)
        assert cursor_name(desk.table) == name
        assert name in screen_text(desk.table)[line]


async def test_emptying_the_list_leaves_no_cursor_and_no_target(sqlite_store: Store) -> None:
    fill(sqlite_store, 5)
    desk = Desk(sqlite_store)
    async with desk.run_test(size=SIZE) as pilot:
        await ready(pilot, desk)
        erase_all(sqlite_store)
        await until(pilot, lambda: desk.table.total == 0)
        assert desk.table.cursor_contact is None
        assert desk.last(ContactTable.CursorMoved).contact is None
        target = desk.table.target()
        assert not target.ids and target.view is None
        await press(pilot, desk, *"jkxgG*v")
        assert desk.table.marks_count == 0


@pytest.mark.parametrize("order", list(Order))
async def test_another_order_keeps_the_cursor_on_its_contact(
    sqlite_store: Store, order: Order
) -> None:
    ids = fill(sqlite_store, 300)
    star(sqlite_store, ids[10:20])
    desk = Desk(sqlite_store)
    async with desk.run_test(size=SIZE) as pilot:
        await ready(pilot, desk)
        await press(pilot, desk, *["pagedown"] * 4)
        name = cursor_name(desk.table)
        desk.table.show(View(order=order))
        await until(pilot, lambda: settled(desk.table))
        assert cursor_name(desk.table) == name
        assert name in names(desk.table)
        desk.table.show(View())
        await until(pilot, lambda: settled(desk.table))
        assert cursor_name(desk.table) == name


async def test_favorites_come_first_and_their_order_is_total(sqlite_store: Store) -> None:
    ids = fill(sqlite_store, 30)
    star(sqlite_store, [ids[3], ids[7]])
    desk = Desk(sqlite_store, View(order=Order.FAVORITE))
    async with desk.run_test(size=SIZE) as pilot:
        await ready(pilot, desk)
        assert names(desk.table)[:4] == ["P 7", "P 3", "P 29", "P 28"]
        star(sqlite_store, [ids[20]])
        await until(pilot, lambda: names(desk.table)[0] == "P 20" or desk.table._state.top > 0)
        assert cursor_name(desk.table) == "P 7"


async def test_a_search_keeps_the_cursor_on_its_contact_or_a_neighbour(sqlite_store: Store) -> None:
    fill(sqlite_store, 300)
    desk = Desk(sqlite_store)
    async with desk.run_test(size=SIZE) as pilot:
        await ready(pilot, desk)
        await press(pilot, desk, *["j"] * 16)
        assert cursor_name(desk.table) == "P 283"
        desk.table.show(View(search="P 28"))
        await until(pilot, lambda: settled(desk.table))
        assert cursor_name(desk.table) == "P 283"
        assert all("28" in row.name + row.phone for row in desk.table.visible_rows)
        desk.table.show(View(search="P 27"))
        await until(pilot, lambda: settled(desk.table))
        assert cursor_name(desk.table) == "P 279"
        desk.table.show(View(search="nobody"))
        await until(pilot, lambda: desk.table.total == 0)
        desk.table.show(View())
        await until(pilot, lambda: desk.table.total == 300 and settled(desk.table))
        assert cursor_name(desk.table) == "P 283"


async def test_rows_that_follow_an_empty_list_are_told_of_before_they_are_counted(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(sqlite_store, 300)
    desk = Desk(sqlite_store)
    async with desk.run_test(size=SIZE) as pilot:
        await ready(pilot, desk)
        desk.table.show(View(search="nobody"))
        await until(pilot, lambda: desk.last(ContactTable.TotalChanged).total == 0)
        monkeypatch.setattr(table_reader, "ROUGH", 60.0)
        desk.table.show(View(search="P 2"))
        await until(pilot, lambda: desk.last(ContactTable.TotalChanged).total > 0)
        assert desk.last(ContactTable.TotalChanged).more


async def test_a_search_with_many_matches_says_so_and_counts_when_asked(
    sqlite_store: Store,
) -> None:
    fill(sqlite_store, 3_000)
    desk = Desk(sqlite_store)
    async with desk.run_test(size=SIZE) as pilot:
        await ready(pilot, desk)
        desk.table.show(View(search="P"))
        await until(pilot, lambda: desk.table.total_more and settled(desk.table))
        assert desk.table.total == 1_000
        await press(pilot, desk, "G")
        assert cursor_name(desk.table) == "P 0"
        assert desk.table.total == 3_000
        await press(pilot, desk, "g")
        assert cursor_name(desk.table) == "P 2999"


async def test_reading_on_through_a_search_that_was_not_counted(sqlite_store: Store) -> None:
    fill(sqlite_store, 1_500)
    desk = Desk(sqlite_store, View(search="P"))
    async with desk.run_test(size=(80, 150)) as pilot:
        await ready(pilot, desk)
        for _ in range(12):
            await press(pilot, desk, "pagedown")
        assert cursor_name(desk.table) == "P 0"
        assert desk.table.total == 1_500
        for _ in range(12):
            await press(pilot, desk, "pageup")
        assert cursor_name(desk.table) == "P 1499"
        assert desk.table.cursor_place == 0


async def test_another_place_starts_at_its_top_without_marks(sqlite_store: Store) -> None:
    fill(sqlite_store, 50)
    fill(sqlite_store, 3, first=50, stage="suppressed")
    desk = Desk(sqlite_store)
    async with desk.run_test(size=SIZE) as pilot:
        await ready(pilot, desk)
        await press(pilot, desk, "j", "x")
        desk.table.show(View(place=Place.DNC))
        await until(pilot, lambda: desk.table.total == 3)
        assert cursor_name(desk.table) == "P 52"
        assert desk.table.marks_count == 0


@pytest.mark.deep
async def test_a_great_many_rows_feel_like_ten(sqlite_store: Store) -> None:
    many = examples(200_000) // 10_000 * 10_000
    for first in range(0, many, 10_000):
        fill(sqlite_store, 10_000, first=first)
    half = many // 2
    desk = Desk(sqlite_store)
    async with desk.run_test(size=SIZE) as pilot:
        await ready(pilot, desk)
        await press(pilot, desk, "G")
        assert cursor_name(desk.table) == "P 0"
        await press(pilot, desk, "pageup", "k")
        desk.table.scroll_to(y=half, animate=False)
        await until(pilot, lambda: settled(desk.table))
        assert names(desk.table)[0] == f"P {half - 1}"
        assert cursor_name(desk.table) == "P 24"
        await pilot.click(ContactTable, offset=(10, 5))
        await until(pilot, lambda: settled(desk.table))
        assert cursor_name(desk.table) == f"P {half - 5}"
        fill(sqlite_store, 7, first=many)
        await until(pilot, lambda: desk.table.total == many + 7)
        assert cursor_name(desk.table) == f"P {half - 5}"
        # So far from both ends it is counted behind the frame.
        await until(pilot, lambda: desk.table.cursor_place == half + 11)
        assert cursor_name(desk.table) == f"P {half - 5}"
        assert names(desk.table)[0] == f"P {half - 1}"
        assert len(desk.table._state.window.rows) <= 1_024
