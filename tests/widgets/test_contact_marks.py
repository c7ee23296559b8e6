"""Marks belong to contacts, and what is shown as marked is what an act is about."""

from __future__ import annotations

from storage.store import Store
from storage.words import Order, Target, View
from tests.widgets.desk import (
    Desk,
    cursor_name,
    fill,
    press,
    ready,
    screen_text,
    settled,
    take_away,
    until,
)
from widgets.contact_table import ContactTable

SIZE = (80, 24)


def marked(desk: Desk) -> list[str]:
    """The names on the screen that are marked."""
    return [row.name for row in desk.table.visible_rows if desk.table.is_marked(row)]


async def test_space_marks_and_steps_down_and_x_stays(sqlite_store: Store) -> None:
    ids = fill(sqlite_store, 20)
    desk = Desk(sqlite_store)
    async with desk.run_test(size=SIZE) as pilot:
        await ready(pilot, desk)
        await press(pilot, desk, "space", "space", "x")
        assert cursor_name(desk.table) == "P 17"
        assert marked(desk) == ["P 19", "P 18", "P 17"]
        assert desk.last(ContactTable.MarksChanged).count == 3
        assert desk.table.target() == Target(ids=(ids[19], ids[18], ids[17]))
        assert [line[1] for line in screen_text(desk.table)[1:5]] == ["✓", "✓", "✓", " "]
        await press(pilot, desk, "x", "k", "space")
        assert marked(desk) == ["P 19"]


async def test_without_marks_the_target_is_the_contact_under_the_cursor(
    sqlite_store: Store,
) -> None:
    ids = fill(sqlite_store, 20)
    desk = Desk(sqlite_store)
    async with desk.run_test(size=SIZE) as pilot:
        await ready(pilot, desk)
        await press(pilot, desk, "j")
        assert desk.table.target() == Target(ids=(ids[18],))


async def test_marks_survive_sorting_searching_arrivals_and_removals(sqlite_store: Store) -> None:
    ids = fill(sqlite_store, 100)
    desk = Desk(sqlite_store)
    async with desk.run_test(size=SIZE) as pilot:
        await ready(pilot, desk)
        await press(pilot, desk, "space", "j", "space")
        chosen = Target(ids=(ids[99], ids[97]))
        assert desk.table.target() == chosen
        for view in (View(order=Order.OLDEST), View(search="P 1"), View(search="nobody"), View()):
            desk.table.show(view)
            await until(pilot, lambda: settled(desk.table))
            assert desk.table.target() == chosen
            assert desk.table.marks_count == 2
        fill(sqlite_store, 2, first=100)
        take_away(sqlite_store, [ids[98], ids[50]])
        await until(pilot, lambda: desk.table.total == 100)
        await press(pilot, desk, "g")
        assert marked(desk) == ["P 99", "P 97"]
        assert desk.table.target() == chosen


async def test_a_range_follows_the_cursor_and_stays_when_it_ends(sqlite_store: Store) -> None:
    fill(sqlite_store, 300)
    desk = Desk(sqlite_store)
    async with desk.run_test(size=SIZE) as pilot:
        await ready(pilot, desk)
        await press(pilot, desk, "j", "v")
        assert desk.table.range_active
        assert marked(desk) == ["P 298"]
        await press(pilot, desk, "j", "j", "j", "k")
        assert marked(desk) == ["P 298", "P 297", "P 296"]
        await press(pilot, desk, "k", "k", "k")
        assert marked(desk) == ["P 299", "P 298"]
        await press(pilot, desk, "j", "j", "v", "j")
        assert desk.last(ContactTable.RangeChanged).on is False
        assert marked(desk) == ["P 298", "P 297"]


async def test_a_range_over_rows_that_were_never_read_marks_them_all(sqlite_store: Store) -> None:
    ids = fill(sqlite_store, 5_000)
    desk = Desk(sqlite_store)
    async with desk.run_test(size=SIZE) as pilot:
        await ready(pilot, desk)
        await press(pilot, desk, "v", "G")
        await until(pilot, lambda: desk.table.marks_count == 5_000)
        assert set(desk.table.target().ids) == set(ids)


async def test_a_range_that_is_too_long_marks_what_it_says(sqlite_store: Store) -> None:
    fill(sqlite_store, 12_000)
    desk = Desk(sqlite_store)
    async with desk.run_test(size=SIZE) as pilot:
        await ready(pilot, desk)
        await press(pilot, desk, "v", "G")
        await until(pilot, lambda: any(isinstance(m, ContactTable.Refused) for m in desk.heard))
        assert desk.table.marks_count == len(desk.table.target().ids) == 10_000
        assert "10,000" in desk.last(ContactTable.Refused).sentence


async def test_a_star_marks_all_that_match_with_their_true_count(sqlite_store: Store) -> None:
    ids = fill(sqlite_store, 1_800, first_name="Zoé")
    fill(sqlite_store, 100, first=1_800)
    desk = Desk(sqlite_store)
    async with desk.run_test(size=SIZE) as pilot:
        await ready(pilot, desk)
        desk.table.show(View(search="zoe"))
        await until(pilot, lambda: settled(desk.table))
        await press(pilot, desk, "*")
        await until(pilot, lambda: not desk.table.marks_counting)
        assert desk.table.marks_count == 1_800
        assert desk.table.target() == Target(view=View(search="zoe"), top=ids[-1])
        assert len(marked(desk)) == len(desk.table.visible_rows)
        await press(pilot, desk, "*")
        assert desk.table.marks_count == 0


async def test_leads_that_arrive_later_are_not_among_all_that_match(sqlite_store: Store) -> None:
    ids = fill(sqlite_store, 50)
    desk = Desk(sqlite_store)
    async with desk.run_test(size=SIZE) as pilot:
        await ready(pilot, desk)
        await press(pilot, desk, "*")
        fill(sqlite_store, 2, first=50)
        await until(pilot, lambda: desk.table.total == 52)
        await press(pilot, desk, "g")
        assert cursor_name(desk.table) == "P 51"
        assert marked(desk) == [f"P {n}" for n in range(49, 28, -1)]
        assert desk.table.marks_count == 50
        assert desk.table.target() == Target(view=View(), top=ids[-1])
        take_away(sqlite_store, ids[:3])
        await until(pilot, lambda: desk.table.marks_count == 47)


async def test_some_of_all_that_match_can_be_spared(sqlite_store: Store) -> None:
    ids = fill(sqlite_store, 50)
    desk = Desk(sqlite_store)
    async with desk.run_test(size=SIZE) as pilot:
        await ready(pilot, desk)
        await press(pilot, desk, "*", "j", "x", "j", "x", "x")
        assert desk.table.marks_count == 49
        assert desk.table.target().spared == frozenset((ids[48],))
        assert "P 48" not in marked(desk)
        fill(sqlite_store, 1, first=50)
        await until(pilot, lambda: desk.table.total == 51)
        assert desk.table.marks_count == 49


async def test_all_that_match_stay_marked_when_the_search_is_cleared(sqlite_store: Store) -> None:
    fill(sqlite_store, 55)
    fill(sqlite_store, 5, first=55, first_name="Zoé")
    desk = Desk(sqlite_store)
    async with desk.run_test(size=SIZE) as pilot:
        await ready(pilot, desk)
        desk.table.show(View(search="zoe"))
        await until(pilot, lambda: settled(desk.table))
        await press(pilot, desk, "*")
        desk.table.show(View())
        await until(pilot, lambda: settled(desk.table))
        assert marked(desk) == [f"Zoé {n}" for n in range(59, 54, -1)]
        await press(pilot, desk, "G", "x")
        assert desk.table.marks_count == 5
        assert "clear those marks" in desk.last(ContactTable.Refused).sentence


async def test_clearing_takes_every_mark_and_the_range_away(sqlite_store: Store) -> None:
    fill(sqlite_store, 30)
    desk = Desk(sqlite_store)
    async with desk.run_test(size=SIZE) as pilot:
        await ready(pilot, desk)
        await press(pilot, desk, "space", "v", "j", "c")
        assert desk.table.marks_count == 0
        assert not desk.table.range_active
        assert marked(desk) == []
        await press(pilot, desk, "j")
        assert marked(desk) == []
