"""Whatever happens in whatever order, the reader's row stays and the rows are the true ones."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from storage import listings, stretches
from storage.glimpses import Ask, End, Key
from storage.store import Store
from storage.tables import Contact
from storage.windows import RowReader
from storage.words import Order, View
from tests.widgets.desk import fill, star, take_away
from widgets import table_reader, table_state, table_window
from widgets.table_marks import Marks
from widgets.table_reader import TableReader
from widgets.table_state import ListState

_contacts: Any = Contact.__table__  # type: ignore[attr-defined]


class Lane:
    """Reads when the test says so, and answers when it says so."""

    def __init__(self) -> None:
        self.busy = False
        self._work: Callable[[], Any] | None = None
        self._heard: Callable[[Future[Any]], None] | None = None
        self._done: Future[Any] | None = None

    def read(self, work: Callable[[], Any], heard: Callable[[Future[Any]], None]) -> None:
        assert not self.busy
        self.busy, self._work, self._heard = True, work, heard

    def step(self) -> bool:
        """Reads, or hands over what was read."""
        if not self.busy:
            return False
        if self._done is None:
            assert self._work is not None
            self._done = Future()
            self._done.set_result(self._work())
            return True
        done, heard = self._done, self._heard
        self._done, self.busy = None, False
        assert heard is not None
        heard(done)
        return True


class Clock:
    """In place of a widget: its timers ring when the test says so."""

    def __init__(self) -> None:
        self.rings: list[Callable[[], None]] = []

    def later(self, _seconds: float, ring: Callable[[], None]) -> Any:
        due = Due(ring)
        self.rings.append(due)
        return due


class Due:
    """Something that is to happen."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring: Callable[[], None] | None = ring

    def __call__(self) -> None:
        if self._ring is not None:
            self._ring()

    def cancel(self) -> None:
        self._ring = None


class Reader:
    """A person at a list, without a screen."""

    def __init__(self, store: Store, seed: int) -> None:
        self.store = store
        self.rng = random.Random(seed)
        self.state = ListState(View())
        self.state.height = self.rng.choice([3, 8, 15])
        self.clock = Clock()
        nothing: Any = lambda *_: None  # noqa: E731
        self.reader = TableReader(
            self.clock,  # type: ignore[arg-type]
            self.state,
            Marks(),
            changed=self._check_sane,
            failed=nothing,
            refused=nothing,
            later=self.clock.later,
        )
        self.reader.close()
        self.lane = Lane()
        self.reader._lane = self.lane  # type: ignore[assignment]
        self.slow_lane = Lane()
        self.reader._slow_lane = self.slow_lane  # type: ignore[assignment]
        self.reader.rows = RowReader(store)
        self.reader.ready = True
        self.made = 0
        self.here: list[int] = []
        self.arrive(self.rng.choice([0, 5, 150]))

    # The store.

    def arrive(self, n: int) -> None:
        if n:
            first = self.rng.choice(["Ada", "Ben"])
            self.here += fill(self.store, n, first=self.made, first_name=first)
            self.made += n

    def leave(self, n: int) -> None:
        gone = self.rng.sample(self.here, min(n, len(self.here)))
        if gone:
            take_away(self.store, gone)
            self.here = [ident for ident in self.here if ident not in gone]

    def shine(self) -> None:
        if self.here:
            star(self.store, self.rng.sample(self.here, 1), on=self.rng.random() < 0.7)

    def true_ids(self) -> list[int]:
        view = self.state.view
        with self.store.read() as conn:
            found = conn.execute(
                select(_contacts.c.id, _contacts.c.favorite, _contacts.c.first_name).where(
                    _contacts.c.stage == "queued"
                )
            ).all()
        mine = [(ident, flag) for ident, flag, name in found if view.search in name.lower()]
        keys: dict[Order, Any] = {
            Order.NEWEST: lambda each: -each[0],
            Order.OLDEST: lambda each: each[0],
            Order.FAVORITE: lambda each: (-each[1], -each[0]),
        }
        return [ident for ident, _ in sorted(mine, key=keys[view.order])]

    # The person.

    def act(self) -> None:
        state, rng = self.state, self.rng
        deed = rng.randrange(9)
        if deed < 4:
            state.move_to(state.number + rng.choice([1, 1, -1]))
        elif deed == 4:
            state.move_page(rng.choice([1, -1]) * state.height)
        elif deed == 5:
            state.jump(rng.choice([End.HEAD, End.TAIL]))
        elif deed == 6:
            state.scroll_to(rng.randrange(state.total + 1))
        elif deed == 7:
            state.move_to(rng.randrange(state.total + 1))
        else:
            view = state.view.searching(rng.choice(["", "", "ada", "ben", "nobody"]))
            state.show(view.ordered(rng.choice(list(Order))))
        self.reader.pump()

    def settle(self) -> None:
        """Lets everything be read."""
        for _ in range(200):
            if self.lane.step() or self.slow_lane.step():
                continue
            if self.clock.rings:
                self.clock.rings.pop()()
                continue
            self.reader.pump()
            if not self.lane.busy and not self.slow_lane.busy and not self.clock.rings:
                assert not self.state.window.reckoned
                return
        raise AssertionError(f"it never comes to rest: {self}")

    def __repr__(self) -> str:
        state, window = self.state, self.state.window
        return (
            f"{state.view} top={state.top} height={state.height} number={state.number} "
            f"cursor={state.cursor} goal={state.goal} unsure={state.unsure} home={state.home} "
            f"rows={window.start}..{window.end} of {window.total} more={window.more} "
            f"head={window.head} tail={window.tail} counted={state.counted} "
            f"missing={state.missing} true={len(self.true_ids())}"
        )

    # What must hold.

    def _check_sane(self) -> None:
        state = self.state
        assert 0 <= state.top <= state.last_top
        assert len(state.window.rows) <= 45
        if state.cursor_row is not None:
            assert state.cursor is not None and state.cursor.id == state.cursor_row.id

    def check_true(self) -> None:
        state, ids = self.state, self.true_ids()
        window = state.window
        shown = [window.get(number) for number in state.visible]
        assert all(shown)
        found = [row.id for row in shown if row is not None]
        if not ids:
            assert (found, state.cursor_row) == ([], None)
            return
        place = ids.index(found[0])
        assert found == ids[place : place + len(found)]
        assert len(found) == min(state.height, len(ids))
        assert state.cursor is not None and state.cursor.id in ids
        if not window.more and state.counted is None and not state.view.search:
            assert state.total == len(ids)
            assert place == state.top
            assert ids[state.number] == state.cursor.id


@pytest.mark.parametrize("near", [20_000, 5])
@pytest.mark.parametrize("seed", range(25))
def test_the_list_is_true_and_the_row_stays_through_any_turn_of_events(
    sqlite_store: Store, seed: int, near: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listings, "NEAR", near)
    monkeypatch.setattr(stretches, "CAP", 20)
    monkeypatch.setattr(table_state, "CAP", 20)
    monkeypatch.setattr(table_state, "MARGIN", 6)
    monkeypatch.setattr(table_state, "NEAR", 4)
    monkeypatch.setattr(table_reader, "MARGIN", 6)
    monkeypatch.setattr(table_window, "MOST_ROWS", 45)
    monkeypatch.setattr(table_reader, "BLOCK", 9)
    # No wait is long enough to be waited for.
    monkeypatch.setattr(table_reader, "monotonic", itertools.count(0, 1000).__next__)
    person = Reader(sqlite_store, seed)
    rng = person.rng
    for _ in range(8):
        for _ in range(rng.randrange(12)):
            deed = rng.randrange(12)
            if deed < 5:
                person.act()
            elif deed == 5:
                person.arrive(rng.choice([1, 2, 30]))
            elif deed == 6:
                person.leave(rng.choice([1, 5, 40]))
            elif deed == 7:
                person.shine()
            elif deed == 8:
                person.reader.refresh()
            else:
                rng.choice([person.lane, person.slow_lane]).step()
        person.reader.refresh()
        person.settle()
        person.check_true()
        stay(person)
        wander(person)


def wander(person: Reader) -> None:
    """The person goes about in a list that nobody changes."""
    rng, state = person.rng, person.state
    for _ in range(rng.randrange(40)):
        if rng.random() < 0.3:
            person.act()
        else:
            state.move_page(rng.choice([1, 1, -1]) * state.height)
            person.reader.pump()
        for _ in range(rng.randrange(4)):
            rng.choice([person.lane, person.slow_lane]).step()
    person.settle()
    person.check_true()


def stay(person: Reader) -> None:
    """Others change the list; the person does not move, and is not moved."""
    state, rng = person.state, person.rng
    before, line, seen = state.cursor, state.number - state.top, state.cursor_visible
    person.arrive(rng.choice([0, 1, 7]))
    person.leave(rng.choice([0, 1, 3]))
    person.reader.refresh()
    person.settle()
    person.check_true()
    if before is None or before.id not in person.true_ids():
        return
    assert state.cursor is not None and state.cursor.id == before.id
    if seen:
        assert state.cursor_visible
        # At an end of the list there may be no row to put above or below.
        assert state.number - state.top == line or state.top in (0, state.last_top)


def test_a_page_goes_on_where_a_search_finds_more_and_stops_where_it_ends(
    sqlite_store: Store,
) -> None:
    fill(sqlite_store, 100)
    state = ListState(View(search="p"))
    state.height = 20

    def found(n: int, **more: Any) -> None:
        asked = state.wish(None)
        glimpse = RowReader(sqlite_store).look(Ask(state.view, End.HEAD, after=100))
        rows = glimpse.rows[:n]
        state.apply(asked, replace(glimpse, rows=rows, total=n, place=state.number, **more))

    found(25, unfinished=True)
    state.move_page(20)
    assert (state.number, state.top) == (20, 5)
    state.move_page(20)
    assert state.number == 24
    found(30, unfinished=True)
    assert state.number == 29
    found(60, rough=True)
    assert (state.number, state.top) == (40, 25)
    found(100)
    assert state.number == 40
    state.move_page(90)
    found(100)
    assert (state.number, state.top) == (99, 80)


def test_rows_added_above_do_not_make_the_list_longer(sqlite_store: Store) -> None:
    fill(sqlite_store, 60)
    reader, window = RowReader(sqlite_store), table_window.RowWindow()
    window.replace(reader.look(Ask(View(), 30, 10, 10)))
    above = reader.beyond(View(), Key.of(window.rows[0]), False, 20)
    # As many as were asked for: whether more lie above is not known yet.
    assert window.extend(window.rows[0].id, above, forward=False, ended=False) == 0
    assert (window.start, window.total) == (0, 60)
    assert window.wants(0, 5, 6) is False
    assert window.extend(window.rows[0].id, [], forward=False, ended=True) == 0
    assert (window.start, window.total, window.head) == (0, 60, True)


def test_a_row_behind_the_end_of_what_is_found_gives_way_to_the_last(sqlite_store: Store) -> None:
    fill(sqlite_store, 120)
    reader, state = RowReader(sqlite_store), ListState(View())
    state.height = 10
    asked = state.wish(None)
    state.apply(asked, reader.look(asked.ask))
    state.jump(End.TAIL)
    asked = state.wish(None)
    # On the way there the person goes on to a row, and others take nearly all away.
    state.move_to(100)
    take_away(sqlite_store, [row.id for row in reader.look(Ask(View(), 0, 0, 110)).rows])
    state.apply(asked, reader.look(asked.ask))
    assert state.total == 10
    assert state.cursor is not None
    assert state.number == 9
