"""The screen never waits for the store, and asks it no more often than it must."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from dataclasses import replace

import pytest
from textual import events
from textual.widget import Widget

from storage.errors import StoreUnavailable
from storage.glimpses import Ask, GaveUp, Glimpse, Key, Patience
from storage.store import Store
from storage.windows import RowReader
from storage.words import ContactRow, Order, Target, View
from tests.factories import indexed
from tests.waiting import PATIENCE, awake
from tests.widgets.desk import (
    Desk,
    cursor_name,
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
from widgets.table_reading import Lane

SIZE = (80, 24)


class Gate(RowReader):
    """A store that can be made slow or broken."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.open = threading.Event()
        self.open.set()
        self.broken = False
        self.looks: list[float] = []
        self.counting = threading.Event()
        self.counting.set()
        self.placed: list[int] = []

    def look(self, ask: Ask) -> Glimpse:
        # The thread that paints never reads.
        assert threading.current_thread() is not threading.main_thread()
        self.looks.append(awake())
        self.open.wait(PATIENCE)
        if self.broken:
            raise StoreUnavailable("The store does not answer.", "Wait.")
        return super().look(ask)

    def place(self, view: View, key: Key, hint: int) -> int:
        assert threading.current_thread() is not threading.main_thread()
        self.counting.wait(PATIENCE)
        self.placed.append(super().place(view, key, hint))
        return self.placed[-1]

    def beyond(self, view: View, key: Key, forward: bool, limit: int) -> Sequence[ContactRow]:
        assert threading.current_thread() is not threading.main_thread()
        self.open.wait(PATIENCE)
        if self.broken:
            raise StoreUnavailable("The store does not answer.", "Wait.")
        return super().beyond(view, key, forward, limit)


def gated(store: Store) -> tuple[Desk, Gate]:
    desk, gate = Desk(store), Gate(store)
    desk.table._reader.rows = gate
    return desk, gate


async def test_keys_work_while_the_store_does_not_answer(sqlite_store: Store) -> None:
    fill(sqlite_store, 2_000)
    desk, gate = gated(sqlite_store)
    async with desk.run_test(size=SIZE) as pilot:
        await ready(pilot, desk)
        gate.open.clear()
        desk.table.refresh_from_store()
        await pilot.press("j", "j", "x")
        assert cursor_name(desk.table) == "P 1997"
        assert desk.table.marks_count == 1
        # A far row is not in memory: the place is shown at once, the contact when it is read.
        await pilot.press("G")
        assert desk.table.cursor_place == 1_999
        assert desk.table.cursor_contact is None
        assert "···" in screen_text(desk.table)[-1]
        assert screen_text(desk.table)[-1].startswith("▌")
        await pilot.press("k", "space")
        assert desk.table.cursor_place == 1_998
        assert desk.table.marks_count == 1
        gate.open.set()
        await until(pilot, lambda: settled(desk.table))
        assert cursor_name(desk.table) == "P 1"


async def test_a_number_in_one_order_is_no_hint_for_another(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(sqlite_store, 300)
    desk, gate = gated(sqlite_store)
    look, asked = gate.look, list[Ask]()

    def noted(ask: Ask) -> Glimpse:
        asked.append(ask)
        return look(ask)

    monkeypatch.setattr(gate, "look", noted)
    async with desk.run_test(size=SIZE) as pilot:
        await ready(pilot, desk)
        await press(pilot, desk, "j")
        desk.table.show(View(order=Order.OLDEST))
        await until(pilot, lambda: desk.table.cursor_place == 298)
        assert asked[-1].hint is None
        assert cursor_name(desk.table) == "P 298"
        desk.table.refresh_from_store()
        await until(pilot, lambda: asked[-1].hint is not None and settled(desk.table))
        assert asked[-1].hint == 298


def lines(desk: Desk) -> list[str]:
    """What the table shows, without its scrollbar."""
    return [line[: desk.table.scrollable_size.width] for line in screen_text(desk.table)]


@pytest.mark.parametrize("order", [Order.OLDEST, Order.FAVORITE])
async def test_another_order_is_shown_and_used_while_its_rows_are_still_counted(
    store: Store, monkeypatch: pytest.MonkeyPatch, order: Order
) -> None:
    monkeypatch.setattr("storage.listings.NEAR", 20)
    ids = fill(store, 2_000)
    star(store, ids[::10], on=True)
    desk, gate = gated(store)
    async with desk.run_test(size=SIZE) as pilot:
        await ready(pilot, desk)
        desk.table.scroll_to(y=990)
        await until(pilot, lambda: settled(desk.table))
        desk.table._state.move_to(995)
        await press(pilot, desk, "j")
        here = cursor_name(desk.table)
        line = desk.table.cursor_place - desk.table._state.top
        gate.counting.clear()
        # Of those that come now nobody has told the desk when it asks for the other order.
        fill(store, 15, first=2_000)
        desk.table.show(View(order=order))
        await until(pilot, lambda: desk.table._state.shown == View(order=order))
        assert cursor_name(desk.table) == here
        assert desk.table.cursor_place - desk.table._state.top == line
        await pilot.press("j", "j", "ctrl+d", "ctrl+d", "ctrl+d", "k")
        await until(pilot, lambda: desk.table._state.complete)
        assert desk.table._state.window.reckoned
        shown, place = lines(desk), desk.table.cursor_place
        gate.counting.set()
        await until(pilot, lambda: settled(desk.table))
        assert lines(desk) == shown
        assert abs(desk.table.cursor_place - place) <= 15
        row = desk.table.cursor_contact
        assert row is not None
        view = View(order=order)
        assert RowReader(store).place(view, Key.of(row), 0) == desk.table.cursor_place
        assert gate.placed


async def test_who_clears_a_search_in_the_middle_is_shown_where_they_were_before_it_is_counted(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.listings.NEAR", 20)
    fill(store, 2_000)
    desk, gate = gated(store)
    async with desk.run_test(size=SIZE) as pilot:
        await ready(pilot, desk)
        await until(pilot, lambda: indexed(store))
        desk.table.go_to(RowReader(store).look(Ask(View(), 700)).rows[64].id)
        await until(pilot, lambda: cursor_name(desk.table) == "P 1299" and settled(desk.table))
        assert desk.table.cursor_place == 700
        desk.table.show(View(search="P 1299"))
        await until(pilot, lambda: desk.table.total == 1 and settled(desk.table))
        gate.counting.clear()
        desk.table.show(View())
        await until(pilot, lambda: desk.table._state.shown == View())
        assert (cursor_name(desk.table), desk.table.cursor_place) == ("P 1299", 700)
        assert desk.table._state.window.reckoned
        gate.counting.set()
        await until(pilot, lambda: settled(desk.table))
        assert desk.table.cursor_place == 700


async def test_where_the_reader_is_comes_out_exactly_while_others_change_the_list(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.listings.NEAR", 20)
    monkeypatch.setattr(table_reader, "RECKONED", 0.05)
    ids = fill(store, 1_000)
    desk, gate = gated(store)
    async with desk.run_test(size=SIZE) as pilot:
        await ready(pilot, desk)
        desk.table.go_to(ids[500])
        await until(pilot, lambda: settled(desk.table) and desk.table.cursor_place == 499)
        top = desk.table._state.top
        for turn in range(5):
            fill(store, 7, first=1_000 + 7 * turn)
            take_away(store, ids[turn * 60 : turn * 60 + 4])
            take_away(store, ids[-turn - 1 :][:1])
            await pilot.pause(0.02)
        await until(pilot, lambda: desk.table.total == 1_010 and settled(desk.table))
        assert desk.table.cursor_place == 499 + 35 - 5
        assert desk.table._state.top == top + 35 - 5
        assert cursor_name(desk.table) == "P 500"
        assert gate.placed[-1] == desk.table.cursor_place


async def test_a_search_that_takes_long_fills_the_list_as_it_finds(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("WINDOW", "STEP"):
        monkeypatch.setattr(f"storage.search.{name}", 10)
    fill(sqlite_store, 600)
    desk, gate = gated(sqlite_store)
    shown: list[int] = []
    look = gate.look

    def slow(ask: Ask) -> Glimpse:
        if ask.view.search and len(shown) < 3:
            glimpse = look(replace(ask, patience=Patience(0)))
            assert glimpse.unfinished
            shown.append(len(glimpse.rows))
            return glimpse
        return look(ask)

    monkeypatch.setattr(gate, "look", slow)
    async with desk.run_test(size=SIZE) as pilot:
        await ready(pilot, desk)
        desk.table.show(View(search="kind:mobile -is:test"))
        await until(pilot, lambda: bool(shown) and bool(desk.table.total))
        assert desk.table.total_more
        assert names(desk.table)[0] == "P 599"
        await until(pilot, lambda: not desk.table.total_more)
        assert desk.table.total == 600
        assert len(shown) == 3


async def test_who_types_on_does_not_wait_for_what_was_typed_before(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(sqlite_store, 100)
    desk, gate = gated(sqlite_store)
    look, given_up = gate.look, threading.Event()

    def endless(ask: Ask) -> Glimpse:
        if ask.view.search != "P":
            return look(ask)
        assert ask.patience is not None
        for _ in range(2_000):
            try:
                Patience.is_over(ask.patience)
            except GaveUp:
                given_up.set()
                raise
            time.sleep(0.005)
        return look(ask)

    monkeypatch.setattr(gate, "look", endless)
    async with desk.run_test(size=SIZE) as pilot:
        await ready(pilot, desk)
        desk.table.show(View(search="P"))
        await pilot.pause(0.05)
        desk.table.show(View(search="P 7"))
        await until(pilot, lambda: settled(desk.table) and names(desk.table)[:1] == ["P 97"])
        assert given_up.is_set()


async def test_nothing_is_done_to_a_row_that_is_not_read_yet(sqlite_store: Store) -> None:
    fill(sqlite_store, 2_000)
    desk, gate = gated(sqlite_store)
    async with desk.run_test(size=SIZE) as pilot:
        await ready(pilot, desk)
        gate.open.clear()
        await pilot.press("G")
        assert desk.table.target().ids == ()
        await pilot.press("enter", "x")
        assert not any(isinstance(message, ContactTable.Opened) for message in desk.heard)
        gate.open.set()
        await until(pilot, lambda: settled(desk.table))
        assert desk.table.marks_count == 0


async def test_a_store_that_fails_leaves_the_rows_and_is_tried_again(sqlite_store: Store) -> None:
    fill(sqlite_store, 100)
    desk, gate = gated(sqlite_store)
    async with desk.run_test(size=SIZE) as pilot:
        await ready(pilot, desk)
        gate.broken = True
        before = names(desk.table)
        desk.table.refresh_from_store()
        await until(pilot, lambda: any(isinstance(m, ContactTable.ReadFailed) for m in desk.heard))
        assert desk.last(ContactTable.ReadFailed).error.sentence == "The store does not answer."
        await pilot.press("j")
        assert (names(desk.table), cursor_name(desk.table)) == (before, "P 98")
        tried = len(gate.looks)
        for _ in range(10):
            desk.table.refresh_from_store()
            await pilot.pause(0.02)
        assert len(gate.looks) <= tried + 1
        gate.broken = False
        await until(pilot, lambda: any(isinstance(m, ContactTable.ReadAgain) for m in desk.heard))
        await until(pilot, lambda: settled(desk.table))
        assert cursor_name(desk.table) == "P 98"


async def test_a_burst_is_read_at_once_and_then_ten_times_a_second(sqlite_store: Store) -> None:
    fill(sqlite_store, 50)
    desk, gate = gated(sqlite_store)
    async with desk.run_test(size=SIZE) as pilot:
        await ready(pilot, desk)
        gate.looks.clear()
        await asyncio.to_thread(fill, sqlite_store, 20, first=50)
        # From when there is something to read: a busy machine may be long at writing it.
        began, made = awake(), 70
        while awake() - began < 2.0:
            await asyncio.to_thread(fill, sqlite_store, 20, first=made)
            made += 20
        assert gate.looks[0] - began < 0.2
        late = [moment for moment in gate.looks if moment - began > 0.5]
        assert 5 <= len(late) <= 16
        await until(pilot, lambda: desk.table.total == made)


async def test_arrivals_that_a_person_can_follow_are_read_at_once(sqlite_store: Store) -> None:
    fill(sqlite_store, 50)
    desk, gate = gated(sqlite_store)
    async with desk.run_test(size=SIZE) as pilot:
        await ready(pilot, desk)
        for place in range(20):
            gate.looks.clear()
            await asyncio.to_thread(fill, sqlite_store, 1, first=50 + place)
            await until(pilot, lambda total=51 + place: desk.table.total == total)  # type: ignore[misc]
            assert gate.looks


async def test_a_change_is_read_once_more_when_it_is_quiet(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(sqlite_store, 50)
    desk, gate = gated(sqlite_store)
    async with desk.run_test(size=SIZE) as pilot:
        await ready(pilot, desk)
        # The search index is filled behind the arrivals, which is a change too.
        await until(pilot, lambda: indexed(sqlite_store))
        await pilot.pause(2 * table_reader.LATE)
        monkeypatch.setattr(table_reader, "LATE", 0.3)
        gate.looks.clear()
        desk.table.refresh_from_store()
        await until(pilot, lambda: len(gate.looks) == 2)
        await pilot.pause(3 * table_reader.LATE)
        assert len(gate.looks) == 2


async def test_an_answer_about_an_older_search_is_thrown_away(sqlite_store: Store) -> None:
    fill(sqlite_store, 50)
    fill(sqlite_store, 3, first=50, first_name="Zoé")
    desk, gate = gated(sqlite_store)
    async with desk.run_test(size=SIZE) as pilot:
        await ready(pilot, desk)
        gate.open.clear()
        desk.table.show(View(search="nobody"))
        await pilot.pause()
        desk.table.show(View(search="zoe"))
        await pilot.pause()
        gate.open.set()
        await until(pilot, lambda: settled(desk.table))
        assert names(desk.table) == ["Zoé 52", "Zoé 51", "Zoé 50"]


async def test_all_that_match_are_marked_when_it_is_known_which_they_are(
    sqlite_store: Store,
) -> None:
    fill(sqlite_store, 50)
    ids = fill(sqlite_store, 3, first=50, first_name="Zoé")
    fill(sqlite_store, 2, first=53)
    desk, gate = gated(sqlite_store)
    async with desk.run_test(size=SIZE) as pilot:
        await ready(pilot, desk)
        gate.open.clear()
        desk.table.show(View(search="zoe"))
        await pilot.press("*")
        assert desk.table.marks_count == 0
        gate.open.set()
        await until(pilot, lambda: settled(desk.table))
        assert desk.table.marks_count == 3
        assert desk.table.target() == Target(view=View(search="zoe"), top=ids[-1])


async def test_moving_on_while_a_refresh_is_read_keeps_the_new_row(sqlite_store: Store) -> None:
    ids = fill(sqlite_store, 300)
    desk, gate = gated(sqlite_store)
    async with desk.run_test(size=SIZE) as pilot:
        await ready(pilot, desk)
        gate.open.clear()
        desk.table.refresh_from_store()
        take_away(sqlite_store, ids[290:295])
        fill(sqlite_store, 4, first=300)
        await pilot.press("pagedown", "pagedown", "j")
        name = cursor_name(desk.table)
        line = screen_text(desk.table).index(next(t for t in screen_text(desk.table) if name in t))
        gate.open.set()
        await until(pilot, lambda: settled(desk.table) and desk.table.total == 299)
        assert cursor_name(desk.table) == name
        assert name in screen_text(desk.table)[line]


async def test_an_arrival_above_repaints_no_row(sqlite_store: Store) -> None:
    fill(sqlite_store, 500)
    desk = Desk(sqlite_store)
    async with desk.run_test(size=SIZE) as pilot:
        await ready(pilot, desk)
        painted: list[object] = []
        refresh = desk.table.refresh

        def noted(*regions: object, **options: bool) -> ContactTable:
            painted.append(regions)
            return refresh(*regions, **options)  # type: ignore[arg-type]

        desk.table.refresh = noted  # type: ignore[method-assign]
        fill(sqlite_store, 3, first=500)
        await until(pilot, lambda: desk.table.total == 503)
        assert painted == []
        await press(pilot, desk, "j")
        assert sum(len(regions) for regions in painted) == 2  # type: ignore[misc, arg-type]


async def test_memory_stays_bounded_however_far_one_reads(sqlite_store: Store) -> None:
    fill(sqlite_store, 4_000)
    desk = Desk(sqlite_store)
    async with desk.run_test(size=(80, 150)) as pilot:
        await ready(pilot, desk)
        for _ in range(27):
            desk.post_message(events.Key("pagedown", None))
            await until(pilot, lambda: settled(desk.table))
        assert cursor_name(desk.table) == "P 0"
        assert len(desk.table._state.window.rows) <= 1_024
        assert desk.table._painter is not None
        assert len(desk.table._painter._strips) <= 512


def test_a_closed_lane_reads_nothing_more_for_what_still_reaches_its_widget() -> None:
    lane, done = Lane(Widget(), "rows"), list[object]()
    lane.close()
    lane.read(lambda: done.append("read"), done.append)
    assert lane.busy
    assert not done


async def test_the_first_look_at_a_search_wants_what_is_seen_and_the_next_one_more(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(sqlite_store, 300)
    desk, gate = gated(sqlite_store)
    look, asked = gate.look, list[Ask | str]()

    def noted(ask: Ask) -> Glimpse:
        asked.append(ask)
        return look(ask)

    def beyond(*_: object) -> Sequence[ContactRow]:
        asked.append("beyond")
        return ()

    monkeypatch.setattr(gate, "look", noted)
    monkeypatch.setattr(gate, "beyond", beyond)
    async with desk.run_test(size=SIZE) as pilot:
        await ready(pilot, desk)
        asked.clear()
        desk.table.show(View(search="P"))
        await until(pilot, lambda: desk.table.total == 300 and len(asked) > 1)
    first, second, *_ = asked
    # What the second one reads anyway is not read between them.
    assert isinstance(first, Ask)
    assert isinstance(second, Ask)
    assert first.quick
    assert first.before + first.after < 2 * SIZE[1]
    assert not second.quick
    assert second.after > first.after


async def test_behind_a_search_for_nobody_a_whole_screen_is_looked_for(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(sqlite_store, 300)
    desk, gate = gated(sqlite_store)
    look, asked = gate.look, list[Ask]()

    def noted(ask: Ask) -> Glimpse:
        asked.append(ask)
        return look(ask)

    monkeypatch.setattr(gate, "look", noted)
    async with desk.run_test(size=SIZE) as pilot:
        await ready(pilot, desk)
        desk.table.show(View(search="nobody"))
        await until(pilot, lambda: desk.table.total == 0)
        # A sentence takes the room.
        desk.table.styles.height = 1
        await until(pilot, lambda: desk.table.size.height == 1)
        asked.clear()
        desk.table.show(View(search="P"))
        await until(pilot, lambda: asked)
    assert asked[0].after > SIZE[1]
