"""The generic log, on rows of its own."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.pilot import Pilot

from storage.errors import StoreUnavailable
from storage.glimpses import GaveUp
from tests.waiting import PATIENCE
from widgets.display import use_ascii
from widgets.log_columns import Cell, Column, widths
from widgets.log_reader import Unhurried, around
from widgets.log_table import LogTable
from widgets.log_window import KEPT, MOST_COUNTED, PAGE, Around, Edge, LogWindow, Page


@dataclass(frozen=True)
class Line:
    id: int
    text: str = ""


class Book(Unhurried):
    """A log in memory: ids from 1 to `last`, some of them let through."""

    def __init__(self, last: int, let: Callable[[int], bool] = lambda _: True) -> None:
        self.last = last
        self.let = let
        self.broken = False
        self.read: list[int] = []
        self.texts: dict[int, str] = {}

    def page(self, *, before: int | None, after: int | None, limit: int) -> Page[Line]:
        if self.broken:
            raise StoreUnavailable("The store is locked.", "Wait a moment.")
        found: list[int] = []
        if after is not None:
            ident = after + 1
            while ident <= self.last and len(found) < limit:
                if self.let(ident):
                    found.insert(0, ident)
                ident += 1
        else:
            ident = min(self.last, self.last if before is None else before - 1)
            while ident > 0 and len(found) < limit:
                if self.let(ident):
                    found.append(ident)
                ident -= 1
        self.read.append(len(found))
        rows = [Line(each, self.texts.get(each, f"row {each}")) for each in found]
        whole = len(found) == limit
        return Page(rows, (found[0] if after is not None else found[-1]) if whole else None)

    def newest(self) -> int:
        return self.last


COLUMNS: tuple[Column[Line], ...] = (
    Column("id", 9, 9, lambda line: Cell(str(line.id))),
    Column("said", 10, 0, lambda line: Cell(line.text, "dim")),
)


class Desk(App[None]):
    def __init__(self, book: Book) -> None:
        super().__init__()
        self.book = book
        self.opened: list[int] = []
        self.waiting: tuple[int, bool] = (0, False)
        self.failures = 0

    def compose(self) -> ComposeResult:
        yield LogTable(COLUMNS)

    def on_mount(self) -> None:
        self.table.show(self.book)
        self.table.focus()

    @property
    def table(self) -> LogTable[Line]:
        return self.query_one(LogTable)

    def on_log_table_opened(self, event: LogTable.Opened) -> None:
        self.opened.append(event.row.id)

    def on_log_table_arrivals_waiting(self, event: LogTable.ArrivalsWaiting) -> None:
        self.waiting = (event.count, event.more)

    def on_log_table_read_failed(self, event: LogTable.ReadFailed) -> None:
        self.failures += 1

    @property
    def shown(self) -> list[int]:
        return [line.id for line in self.table.visible_rows]

    @property
    def here(self) -> int:
        row = self.table.row
        return 0 if row is None else row.id

    @property
    def text(self) -> str:
        return "\n".join(strip.text.rstrip() for strip in self.screen._compositor.render_strips())


async def until(pilot: Pilot[None], met: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not met():
        assert time.monotonic() < end, "it did not happen"
        await pilot.pause(0.01)
    await pilot.pause()


def run(book: Book, play: Callable[[Desk, Pilot[None]], object]) -> None:
    async def whole() -> None:
        desk = Desk(book)
        async with desk.run_test(size=(40, 11)) as pilot:
            await until(pilot, lambda: desk.table.read)
            await play(desk, pilot)  # type: ignore[misc]

    asyncio.run(whole())


@contextmanager
def in_ascii() -> Iterator[None]:
    use_ascii(True)
    try:
        yield
    finally:
        use_ascii(False)


def test_it_begins_with_the_newest() -> None:
    async def play(desk: Desk, pilot: Pilot[None]) -> None:
        assert desk.shown == list(range(5000, 4990, -1))
        assert desk.here == 5000
        assert "row 5000" in desk.text

    run(Book(5000), play)


def test_a_million_rows_are_never_read_as_a_whole() -> None:
    async def play(desk: Desk, pilot: Pilot[None]) -> None:
        desk.table.go(Edge.OLDEST)
        await until(pilot, lambda: desk.here == 1)
        assert desk.shown == list(range(10, 0, -1))
        desk.table.go(Edge.NEWEST)
        await until(pilot, lambda: desk.here == 1_000_000)
        assert sum(desk.book.read) < 10 * PAGE

    run(Book(1_000_000), play)


def test_paging_through_meets_every_row_once_and_memory_stays_small() -> None:
    async def play(desk: Desk, pilot: Pilot[None]) -> None:
        met = list(desk.shown)
        while met[-1] > 1:
            before = desk.here
            desk.table.move_page(1)
            await until(pilot, lambda before=before: desk.here < before)  # type: ignore[misc]
            met += [ident for ident in desk.shown if ident < met[-1]]
            assert len(desk.table._window.rows) <= KEPT + 2 * PAGE
        assert met == list(range(900, 0, -1))
        while desk.here < 900:
            before = desk.here
            desk.table.move_page(-1)
            await until(pilot, lambda before=before: desk.here > before)  # type: ignore[misc]
        assert desk.shown == list(range(900, 890, -1))

    run(Book(900), play)


def test_only_lines_that_show_something_else_are_painted() -> None:
    async def play(desk: Desk, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "row 4991" in desk.text)
        asked: list[tuple[int, ...]] = []
        refresh = desk.table.refresh

        def noted(*regions: Region, **how: Any) -> LogTable[Line]:
            asked.append(tuple(region.y for region in regions))
            return refresh(*regions, **how)

        desk.table.refresh = noted  # type: ignore[method-assign]
        desk.table.move(1)
        assert asked == [(1, 2)]
        desk.book.texts[4_995] = "another"
        desk.table.refresh_from_store()
        await until(pilot, lambda: "another" in desk.text)
        assert asked == [(1, 2), (6,)]

    # In the next minute all of it would be painted, since a moment may be told in another way.
    with time_machine.travel(datetime(2026, 3, 28, 12, tzinfo=UTC), tick=False):
        run(Book(5000), play)


def test_arrivals_raise_a_count_and_move_nothing() -> None:
    async def play(desk: Desk, pilot: Pilot[None]) -> None:
        desk.table.move(3)
        before = desk.shown
        desk.book.last += 7
        desk.table.refresh_from_store()
        await until(pilot, lambda: desk.waiting == (7, False))
        assert (desk.shown, desk.here) == (before, 497)
        desk.table.go(Edge.NEWEST)
        await until(pilot, lambda: desk.waiting == (0, False))
        assert desk.here == 507

    run(Book(500), play)


def test_a_flood_of_arrivals_is_counted_up_to_a_bound() -> None:
    async def play(desk: Desk, pilot: Pilot[None]) -> None:
        desk.book.last += 50_000
        desk.table.refresh_from_store()
        await until(pilot, lambda: desk.waiting == (MOST_COUNTED, True))
        assert desk.here == 500
        desk.table.go(Edge.NEWEST)
        await until(pilot, lambda: desk.here == 50_500)
        await until(pilot, lambda: desk.waiting == (0, False))

    run(Book(500), play)


def test_the_first_row_appears_in_an_empty_log() -> None:
    async def play(desk: Desk, pilot: Pilot[None]) -> None:
        desk.table.when_empty("Nothing yet.", "Wait.")
        await pilot.pause()
        assert "Nothing yet." in desk.text and "Wait." in desk.text
        desk.book.last = 2
        desk.table.refresh_from_store()
        await until(pilot, lambda: desk.shown == [2, 1])
        assert desk.waiting == (0, False)

    run(Book(0), play)


def test_an_empty_log_says_all_that_it_has_to_say_where_lines_are_short() -> None:
    async def play(desk: Desk, pilot: Pilot[None]) -> None:
        desk.table.when_empty("Nobody is on the Do Not Contact list.", "a adds a number.")
        for size in ((20, 10), (60, 20)):
            await pilot.resize_terminal(*size)
            await until(pilot, lambda: "a adds a number." in " ".join(desk.text.split()))
            assert "Nobody is on the Do Not Contact list." in " ".join(desk.text.split())

    run(Book(0), play)


def test_another_filter_keeps_the_cursor_on_its_row_or_the_next_older_one() -> None:
    async def play(desk: Desk, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: len(desk.table._window.rows) > 101)
        desk.table.move(101)
        await pilot.pause()
        assert desk.here == 4899
        desk.table.show(Book(5000, lambda ident: ident % 2 == 1))
        await until(pilot, lambda: desk.table.read)
        assert desk.here == 4899
        desk.table.show(Book(5000, lambda ident: ident % 10 == 0))
        await until(pilot, lambda: desk.table.read)
        assert desk.here == 4890
        desk.table.show(Book(5000, lambda ident: ident > 4950))
        await until(pilot, lambda: desk.table.read)
        assert desk.here == 4951

    run(Book(5000), play)


def test_rows_that_change_or_go_are_shown_so() -> None:
    async def play(desk: Desk, pilot: Pilot[None]) -> None:
        desk.table.move(4)
        desk.book.texts[499] = "mended"
        gone = {498, 3}
        desk.book.let = lambda ident: ident not in gone
        desk.table.refresh_from_store()
        await until(pilot, lambda: "mended" in desk.text)
        assert desk.here == 496
        assert desk.shown[:3] == [500, 499, 497]

    run(Book(500), play)


def test_a_log_that_cannot_be_read_says_so_and_recovers_by_itself() -> None:
    async def play(desk: Desk, pilot: Pilot[None]) -> None:
        desk.book.broken = True
        desk.book.last += 1
        desk.table.refresh_from_store()
        await until(pilot, lambda: desk.failures == 1)
        assert "row 500" in desk.text
        desk.book.broken = False
        await until(pilot, lambda: desk.waiting == (1, False))

    run(Book(500), play)


def test_a_double_click_and_enter_open() -> None:
    async def play(desk: Desk, pilot: Pilot[None]) -> None:
        await pilot.press("enter")
        await pilot.click(LogTable, offset=(5, 3), times=2)
        await until(pilot, lambda: desk.opened == [500, 498])

    run(Book(500), play)


HOSTILE = "[/x]\x1b[31m\u202eevil[@click=app.quit]pwn\x00"


@pytest.mark.parametrize("ascii_too", [False, True])
def test_hostile_text_is_only_text(ascii_too: bool) -> None:
    async def play(desk: Desk, pilot: Pilot[None]) -> None:
        desk.table.when_empty(HOSTILE)
        await pilot.pause()
        assert "[/x]" in desk.text
        assert "\x1b" not in desk.text and "\u202e" not in desk.text and "\x00" not in desk.text
        if ascii_too:
            assert desk.text.isascii()

    book = Book(3)
    book.texts = dict.fromkeys(range(4), HOSTILE)
    if ascii_too:
        with in_ascii():
            run(book, play)
    else:
        run(book, play)


def test_columns_never_take_more_than_there_is() -> None:
    columns: tuple[Column[Line], ...] = (
        Column("a", 8, 16, lambda _: Cell("")),
        Column("b", 6, 12, lambda _: Cell(""), goes=2),
        Column("c", 10, 0, lambda _: Cell("")),
        Column("d", 6, 9, lambda _: Cell(""), goes=1),
    )
    for room in range(1, 120):
        found = widths(columns, room)
        there = [width for width in found if width]
        assert sum(there) + 2 * (len(there) - 1) <= room
        if room >= 36:
            assert all(found)


def test_a_goal_that_is_gone_gives_way_to_the_next_older_one() -> None:
    found = around(Book(100, lambda ident: ident % 10 == 0), 55)
    assert found.rows[found.cursor].id == 50
    assert (found.newer_from, found.older_from, found.newest) == (None, None, 100)


class Slow(Book):
    """A search that looks at a few hundred rows and then says how far it came."""

    def page(self, *, before: int | None, after: int | None, limit: int) -> Page[Line]:
        if after is not None:
            return super().page(before=before, after=after, limit=limit)
        start = min(self.last, self.last if before is None else before - 1)
        end = max(0, start - 300)
        rows = [Line(each) for each in range(start, end, -1) if self.let(each)][:limit]
        return Page(rows, end + 1 if end else None)


def test_a_search_that_takes_long_goes_on_by_itself() -> None:
    async def play(desk: Desk, pilot: Pilot[None]) -> None:
        desk.table.when_empty("Nothing matches.")
        await until(pilot, lambda: desk.shown == [7])
        desk.table.show(Slow(20_000, lambda _: False))
        await until(pilot, lambda: "Nothing matches." in desk.text)

    run(Slow(20_000, lambda ident: ident == 7), play)


class Waiting(Book):
    """A search that nobody waits for any more ends where it is."""

    def __init__(self, last: int, let: Callable[[int], bool]) -> None:
        super().__init__(last, let)
        self.asked = threading.Event()
        self.gone = threading.Event()

    def page(self, *, before: int | None, after: int | None, limit: int) -> Page[Line]:
        self.asked.set()
        assert self.gone.wait(PATIENCE), "somebody went on typing"
        raise GaveUp

    def give_up(self) -> None:
        self.gone.set()


def test_a_search_gives_way_to_the_next_one() -> None:
    async def play(desk: Desk, pilot: Pilot[None]) -> None:
        slow = Waiting(100, lambda _: False)
        desk.table.show(slow)
        await until(pilot, slow.asked.is_set)
        desk.table.show(Book(100, lambda ident: ident == 7))
        await until(pilot, lambda: desk.shown == [7])

    run(Book(100), play)


def test_who_is_at_the_first_row_stays_there_while_a_search_goes_on() -> None:
    log: LogWindow[Line] = LogWindow()
    log.resize(5)
    log.take(Around((Line(30),), None, 80, 0, 100), stay=False)
    log.older(Page([Line(70), Line(60)], 50))
    assert [row.id for row in log.visible] == [70, 60, 30]
    assert log.row == Line(70)
    log.move_to(1)
    log.older(Page([Line(40)], 20))
    assert log.row == Line(60)


def test_a_row_that_is_committed_out_of_turn_is_not_missed() -> None:
    async def play(desk: Desk, pilot: Pilot[None]) -> None:
        late = {505}
        desk.book.let = lambda ident: ident not in late
        desk.book.last = 510
        desk.table.refresh_from_store()
        await until(pilot, lambda: desk.waiting == (9, False))
        late.clear()
        desk.table.refresh_from_store()
        await until(pilot, lambda: desk.waiting == (10, False))
        desk.table.go(Edge.NEWEST)
        assert desk.shown == list(range(510, 500, -1))

    run(Book(500), play)
