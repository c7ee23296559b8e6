"""The mouse works everywhere and is needed nowhere."""

from __future__ import annotations

from typing import Any

from textual import events
from textual.pilot import Pilot

from storage.store import Store
from storage.words import Order
from tests.widgets.desk import Desk, cursor_name, fill, names, press, ready, settled, until
from widgets.contact_table import ContactTable


async def test_a_click_moves_the_cursor_and_a_double_click_opens(sqlite_store: Store) -> None:
    fill(sqlite_store, 30)
    desk = Desk(sqlite_store)
    async with desk.run_test(size=(80, 24)) as pilot:
        await ready(pilot, desk)
        await pilot.click(ContactTable, offset=(12, 4))
        assert cursor_name(desk.table) == "P 26"
        assert not any(isinstance(message, ContactTable.Opened) for message in desk.heard)
        await pilot.click(ContactTable, offset=(12, 6), times=2)
        assert desk.last(ContactTable.Opened).contact.name == "P 24"
        await press(pilot, desk, "j", "enter")
        assert desk.last(ContactTable.Opened).contact.name == "P 23"


async def test_a_click_on_the_mark_column_marks_and_on_the_star_stars(sqlite_store: Store) -> None:
    fill(sqlite_store, 30)
    desk = Desk(sqlite_store)
    async with desk.run_test(size=(80, 24)) as pilot:
        await ready(pilot, desk)
        await pilot.click(ContactTable, offset=(1, 3))
        assert desk.table.marks_count == 1
        assert desk.table.target().ids == (desk.table.visible_rows[2].id,)
        await pilot.click(ContactTable, offset=(3, 5))
        assert desk.last(ContactTable.StarPressed).contact.name == "P 25"
        assert desk.table.marks_count == 1


async def test_a_click_on_a_heading_orders_and_another_turns_it_about(sqlite_store: Store) -> None:
    fill(sqlite_store, 3)
    desk = Desk(sqlite_store)
    async with desk.run_test(size=(80, 24)) as pilot:
        await ready(pilot, desk)
        for cell, order in ((75, Order.OLDEST), (3, Order.FAVORITE)):
            await pilot.click(ContactTable, offset=(cell, 0))
            assert desk.last(ContactTable.OrderAsked).order is order
        desk.table.show(desk.table.view.ordered(Order.FAVORITE))
        await pilot.click(ContactTable, offset=(3, 0))
        assert desk.last(ContactTable.OrderAsked).order is Order.NEWEST
        asked = len([each for each in desk.heard if isinstance(each, ContactTable.OrderAsked)])
        for cell in (0, 10, 30):
            await pilot.click(ContactTable, offset=(cell, 0))
        assert len([e for e in desk.heard if isinstance(e, ContactTable.OrderAsked)]) == asked
        assert cursor_name(desk.table) == "P 2"


async def test_clicks_beside_the_rows_do_nothing(sqlite_store: Store) -> None:
    fill(sqlite_store, 3)
    desk = Desk(sqlite_store)
    async with desk.run_test(size=(80, 24)) as pilot:
        await ready(pilot, desk)
        await press(pilot, desk, "j")
        await pilot.click(ContactTable, offset=(10, 0))
        await pilot.click(ContactTable, offset=(10, 12))
        assert cursor_name(desk.table) == "P 1"


async def _drag(pilot: Pilot[Any], *lines: int) -> None:
    """Drags over lines of the table with the left button."""
    await pilot.mouse_down(ContactTable, offset=(12, lines[0]))
    for line in lines:
        await pilot._post_mouse_events(
            [events.MouseMove], ContactTable, offset=(12, line), button=1
        )
    await pilot.mouse_up(ContactTable, offset=(12, lines[-1]))
    await pilot.pause()


async def test_dragging_marks_a_range_and_its_end_is_no_click(sqlite_store: Store) -> None:
    fill(sqlite_store, 30)
    desk = Desk(sqlite_store)
    async with desk.run_test(size=(80, 24)) as pilot:
        await ready(pilot, desk)
        await _drag(pilot, 4, 5, 7)
        assert names_of(desk) == ["P 23", "P 24", "P 25", "P 26"]
        assert cursor_name(desk.table) == "P 23"
        assert not desk.table.range_active
        await press(pilot, desk, "j")
        assert desk.table.marks_count == 4
        # Upwards, and beside what is marked already.
        await _drag(pilot, 12, 10)
        assert names_of(desk) == ["P 18", "P 19", "P 20", "P 23", "P 24", "P 25", "P 26"]
        await pilot.click(ContactTable, offset=(12, 2))
        assert cursor_name(desk.table) == "P 28"
        assert desk.table.marks_count == 7


async def test_the_same_range_can_be_dragged_again(sqlite_store: Store) -> None:
    fill(sqlite_store, 30)
    desk = Desk(sqlite_store)
    async with desk.run_test(size=(80, 24)) as pilot:
        await ready(pilot, desk)
        for _ in range(2):
            await _drag(pilot, 4, 7)
            assert len(names_of(desk)) == 4
            desk.table.clear_marks()


async def test_dragging_beyond_the_edge_scrolls(sqlite_store: Store) -> None:
    fill(sqlite_store, 200)
    desk = Desk(sqlite_store)
    async with desk.run_test(size=(80, 24)) as pilot:
        await ready(pilot, desk)
        await pilot.mouse_down(ContactTable, offset=(12, 20))
        await pilot._post_mouse_events([events.MouseMove], ContactTable, offset=(12, 22), button=1)
        assert _captured(desk)
        for _ in range(3):
            table = desk.table
            table.on_mouse_move(_move(table, table.content_region.bottom + 1))
            await until(pilot, lambda: settled(desk.table))
        await pilot.mouse_up(ContactTable, offset=(12, 23))
        assert not _captured(desk)
        assert desk.table.marks_count == 10
        assert names(desk.table)[0] == "P 193"


async def test_all_that_match_are_not_marked_again_by_dragging(sqlite_store: Store) -> None:
    fill(sqlite_store, 30)
    desk = Desk(sqlite_store)
    async with desk.run_test(size=(80, 24)) as pilot:
        await ready(pilot, desk)
        await press(pilot, desk, "*")
        await _drag(pilot, 4, 5, 6)
        assert desk.table.marks_count == 30
        assert desk.last(ContactTable.Refused).sentence.startswith("All that match")


def names_of(desk: Desk) -> list[str]:
    """Who is marked, in the order of the letters."""
    return sorted(row.name for row in desk.table.visible_rows if desk.table.is_marked(row))


def _captured(desk: Desk) -> bool:
    return desk.mouse_captured is desk.table


def _move(table: ContactTable, y: int) -> events.MouseMove:
    return events.MouseMove(table, 12, y, 0, 1, 1, False, False, False, 12, y)


async def test_the_wheel_scrolls_and_leaves_the_cursor_on_its_contact(sqlite_store: Store) -> None:
    fill(sqlite_store, 500)
    desk = Desk(sqlite_store)
    async with desk.run_test(size=(80, 24)) as pilot:
        await ready(pilot, desk)
        for _ in range(4):
            await pilot._post_mouse_events(
                [__import__("textual.events").events.MouseScrollDown], ContactTable, (5, 5)
            )
        await until(pilot, lambda: settled(desk.table))
        assert names(desk.table)[0] == "P 487"
        assert cursor_name(desk.table) == "P 499"
        await press(pilot, desk, "j")
        assert cursor_name(desk.table) == "P 498"
        assert "P 498" in names(desk.table)


async def test_the_scrollbar_goes_far_at_once(sqlite_store: Store) -> None:
    fill(sqlite_store, 5_000)
    desk = Desk(sqlite_store)
    async with desk.run_test(size=(80, 24)) as pilot:
        await ready(pilot, desk)
        await pilot.mouse_down(ContactTable, offset=(79, 0))
        await pilot.hover(ContactTable, offset=(79, 12))
        await pilot.mouse_up(ContactTable, offset=(79, 12))
        await until(pilot, lambda: settled(desk.table))
        assert 2_000 < desk.table.scroll_y < 3_000
        assert len(names(desk.table)) == 23
