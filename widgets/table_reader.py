"""Decides what the table reads next, and when."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from time import monotonic
from typing import Protocol, TypeVar

from textual.widget import Widget

from storage.errors import OptdeskError
from storage.glimpses import GaveUp, Glimpse, Key, Patience, Rows
from storage.words import ContactRow, Target, View
from widgets import phones
from widgets.table_marks import Marks, same_contacts
from widgets.table_reading import Lane
from widgets.table_state import MARGIN, ListState

T = TypeVar("T")

BLOCK = 128
"""Rows added at a time as the reader goes on."""

CALM = 0.005
"""Seconds between two looks at a store that changes now and then."""

EVERY = 0.1
"""Seconds between two looks during a burst, when nobody can follow every row anyway."""

BURST = 40
"""Rows that come or go within `BURST_SECONDS` and make a burst."""

BURST_SECONDS = 0.5

SHARE = 4
"""A look that takes long is repeated after this many times as long, so that it never fills a
core."""

LONG = 0.02
"""Seconds from which on a look takes long also where nothing rushes: below it may follow another,
which a busy machine would otherwise delay twice."""

FIRST_PATIENCE = 0.05
"""Seconds that the first look at a search may take before it shows what it has found."""

MORE_PATIENCE = 4
"""Each further look at a search that has not come to its end takes so many times as long."""

ENDLESS = 3.0
"""Seconds of patience beyond which a search is gone through to its end."""

ROUGH = 0.1
"""Seconds from showing what a search found until it is counted."""

SETTLED = 0.03
"""Seconds from showing another view until rows are read for it that nobody sees yet: its frame
comes first."""

RECKONED = 1.0
"""Seconds between two counts of where the reader is, while the list changes."""

LATE = 1.2
"""Seconds after a change until everything is read once more: names of labels and groups may be
older than the rows that show them."""

RETRY = 1.0
"""Seconds until a store that could not be read is tried again."""

LONGEST_RANGE = 10_000
"""Contacts that a range may mark; more are better marked by a search."""


class Due(Protocol):
    """Something that is to happen."""

    def cancel(self) -> None:
        """It shall not."""


class Burst:
    """Tells whether rows come or go faster than a person can follow."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque(maxlen=64)
        self._before: tuple[View, int, int | None] | None = None
        self._until = 0.0

    @property
    def lasts(self) -> bool:
        """Whether there is one."""
        return monotonic() < self._until

    def on(self, view: View, glimpse: Glimpse) -> bool:
        """Whether there is a burst, after what was just read."""
        now, before = monotonic(), self._before
        self._before = (view, glimpse.total, glimpse.newest)
        if before is not None and before[0] == view:
            changed = abs(glimpse.total - before[1]) or int(glimpse.newest != before[2])
            self._seen.append((now, changed))
        recent = sum(n for moment, n in self._seen if now - moment < BURST_SECONDS)
        if recent > BURST:
            self._until = now + 2 * BURST_SECONDS
        return self.lasts


class TableReader:
    """Reads what a table needs, one thing at a time, and keeps its state up to date.

    Args:
        widget: Whose thread hears the answers.
        state: Where the reader is.
        marks: What is marked.
        changed: Called when something was read.
        failed: Called with the error when the store cannot be read, with None when it can again.
        refused: Called with a sentence when something cannot be done as asked.
        later: Calls a function after some seconds; the running loop does when left out, at a
            tenth of the cost of Textual's timers.
    """

    def __init__(
        self,
        widget: Widget,
        state: ListState,
        marks: Marks,
        *,
        changed: Callable[[], None],
        failed: Callable[[OptdeskError | None], None],
        refused: Callable[[str], None],
        later: Callable[[float, Callable[[], None]], Due] | None = None,
    ) -> None:
        self._widget = widget
        self._state = state
        self._marks = marks
        self._changed = changed
        self._failed = failed
        self._refused = refused
        self._call_later = later or _in_loop
        self._lane = Lane(widget, "contact-rows")
        # Counting to the end may take a second; rows must not wait for it.
        self._slow_lane = Lane(widget, "contact-count")
        self._counts: list[tuple[View, int | None, Callable[[int], None]]] = []
        self._placed: tuple[View, float] | None = None
        """For which view it was last counted where the reader is, and when."""
        self._place_timer: Due | None = None
        self.rows: Rows | None = None
        self.ready = False
        """The table has a size."""
        self._stale = False
        self._last = -EVERY
        self._pause = CALM
        self._timer: Due | None = None
        self._late: Due | None = None
        self._burst = Burst()
        self._seen: Glimpse | None = None
        self._looking: tuple[View, Patience] | None = None
        self._waited: tuple[View, float] | None = None
        self._ill = False
        self._range: tuple[Key, Key] | None = None
        self._turned_at = 0.0
        """When another view was last shown."""

    def close(self) -> None:
        """Lets the threads end."""
        for timer in (self._timer, self._late, self._place_timer):
            if timer is not None:
                timer.cancel()
        self._lane.close()
        self._slow_lane.close()

    @property
    def hurried(self) -> bool:
        """Whether rows come and go faster than a person can follow."""
        return self._burst.lasts

    def refresh(self) -> None:
        """Something changed in the store."""
        self._stale = True
        if self._late is None:
            self._late = self._call_later(LATE, self._look_late)
        self.pump()

    def _look_late(self) -> None:
        self._late = None
        self._stale = True
        self.pump()

    def range_to(self, first: Key, last: Key) -> None:
        """Asks which contacts lie in a range that is not in memory as a whole."""
        self._range = (first, last)
        self.pump()

    def count(self, view: View, top: int | None, heard: Callable[[int], None]) -> None:
        """Counts a view to the end."""
        self._counts = [wish for wish in self._counts if wish[:2] != (view, top)]
        self._counts.append((view, top, heard))
        self._pump_counts()

    def pump(self) -> None:
        """Reads the next thing that is needed, unless something is being read."""
        rows, state = self.rows, self._state
        if self._lane.busy and self._looking is not None and self._looking[0] != state.view:
            # Whoever types on does not wait for what was typed before.
            self._looking[1].give_up()
        if rows is None or not self.ready or self._lane.busy or (self._ill and self._timer):
            return
        if state.look_needed:
            self._look(rows)
        elif (missing := state.missing) is not None and not state.window.rough:
            wait = self._turned_at + SETTLED - monotonic()
            if wait > 0 and state.complete:
                self._later(wait)
            else:
                self._extend(rows, *missing)
        elif self._stale or state.window.rough or state.window.unfinished:
            # Whoever types goes on typing: counting may wait.
            pause = ROUGH if state.window.rough or state.window.unfinished else self._pause
            wait = self._last + pause - monotonic()
            if wait <= 0:
                self._look(rows)
            else:
                self._later(wait)
        elif self._range is not None:
            self._read_range(rows, *self._range)

    def _later(self, seconds: float) -> None:
        if self._timer is None:
            self._timer = self._call_later(seconds, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self.pump()

    def _look(self, rows: Rows) -> None:
        self._stale = False
        began = self._last = monotonic()
        marks = self._marks
        asked = self._state.wish(marks.target() if marks.by_view is not None else None)
        patience = self._patience(asked.ask.view)
        ask = replace(asked.ask, patience=patience)
        self._looking = (ask.view, patience)

        def heard(future: Future[Glimpse]) -> None:
            self._looking = None
            glimpse = self._result(future)
            if glimpse is None:
                self._state.unsure = True
                return
            took = monotonic() - began
            news, self._seen = glimpse != self._seen, glimpse
            if self._burst.on(asked.ask.view, glimpse):
                self._pause = max(EVERY, SHARE * took)
            else:
                # What changed nothing here, as a lead's arrival before its text is accepted, does
                # not hold up what does.
                self._pause = max(CALM if news else 0.0, 2 * took if took > LONG else 0.0)
            if self._state.shown != asked.ask.view:
                self._turned_at = monotonic()
            if self._state.apply(asked, glimpse):
                self._marks_seen(asked.ask.marks, glimpse)
                self._changed()
                self._count_place()
            self.pump()

        def work() -> Glimpse:
            glimpse = rows.look(ask)
            phones.load(row.phone for row in glimpse.rows)
            return glimpse

        self._lane.read(work, heard)

    def _patience(self, view: View) -> Patience:
        """How long a look may take: longer each time while a search has not come to its end."""
        seconds = FIRST_PATIENCE
        if self._waited is not None and self._waited[0] == view:
            seconds = self._waited[1]
            if self._state.window.rough or self._state.window.unfinished:
                seconds *= MORE_PATIENCE
        self._waited = (view, seconds)
        return Patience(seconds if seconds < ENDLESS else None)

    def _marks_seen(self, marks: Target | None, glimpse: Glimpse) -> None:
        if marks is None or self._marks.by_view is None or marks != self._marks.target():
            # Marked otherwise meanwhile; the next look tells.
            return
        self._marks.known(glimpse.marked)
        if glimpse.marked_total is not None:
            self._marks.counted(glimpse.marked_total)

    def _extend(self, rows: Rows, edge: Key, forward: bool) -> None:
        state, view, marks = self._state, self._state.view, self._marks.by_view
        shown = state.visible
        gap = shown[-1] - state.window.end if forward else state.window.start - shown[0]
        size = max(BLOCK, gap + MARGIN)

        def work() -> tuple[Sequence[ContactRow], frozenset[int]]:
            more = rows.beyond(view, edge, forward, size)
            phones.load(row.phone for row in more)
            # Where the marked view is the one shown, it needs no asking which rows it holds.
            if marks is None or marks.view is None or same_contacts(marks.view, view):
                return more, frozenset()
            return more, rows.held([row.id for row in more], marks)

        def heard(future: Future[tuple[Sequence[ContactRow], frozenset[int]]]) -> None:
            result = self._result(future)
            if result is not None and state.view == view:
                more, held = result
                state.extend(edge, list(more), forward, ended=len(more) < size)
                self._marks.known(self._marks.held | held)
                self._changed()
            if result is not None:
                self.pump()

        self._lane.read(work, heard)

    def _read_range(self, rows: Rows, first: Key, last: Key) -> None:
        view = self._state.view
        self._range = None

        def heard(future: Future[Sequence[int]]) -> None:
            ids = self._result(future)
            if ids is not None and self._marks.range_from == first:
                self._marks.set_range(ids)
                if len(ids) == LONGEST_RANGE:
                    self._refused(
                        f"A range marks {LONGEST_RANGE:,} contacts at most; "
                        "search for more, and mark all that match."
                    )
                self._changed()
            self.pump()

        self._lane.read(lambda: rows.between(view, first, last, LONGEST_RANGE), heard)

    def _count_place(self) -> None:
        """Counts where the reader is, where that was only reckoned: behind the frame with the rows.

        While the list goes on changing, now and then.
        """
        state, rows = self._state, self.rows
        key, view = state.uncounted, state.view
        if self._place_timer is not None:
            self._place_timer.cancel()
            self._place_timer = None
        if key is None or rows is None or self._slow_lane.busy:
            return
        due = self._turned_at + SETTLED
        if self._placed is not None and self._placed[0] == view:
            due = max(due, self._placed[1] + RECKONED)
        wait = due - monotonic()
        if wait > 0:
            self._place_timer = self._call_later(wait, self._on_place_timer)
            return
        seen, hint = self._seen, state.number

        def heard(future: Future[int]) -> None:
            self._placed = view, monotonic()
            number = self._result(future)
            if number is not None:
                state.know_place(view, key, number, final=self._seen is seen)
                self._changed()
            self._pump_counts()

        self._slow_lane.read(lambda: rows.place(view, key, hint), heard)

    def _on_place_timer(self) -> None:
        self._place_timer = None
        self._count_place()

    def _pump_counts(self) -> None:
        rows = self.rows
        if rows is None or self._slow_lane.busy:
            return
        if not self._counts:
            self._count_place()
            return
        view, top, told = self._counts.pop()

        def heard(future: Future[int]) -> None:
            count = self._result(future)
            if count is not None:
                told(count)
                self._changed()
            self._pump_counts()

        self._slow_lane.read(lambda: rows.count(view, top), heard)

    def _result(self, future: Future[T]) -> T | None:
        """What was read, or None after telling that it could not be."""
        error = future.exception()
        if isinstance(error, GaveUp):
            self.pump()
            return None
        if isinstance(error, OptdeskError):
            self._ill = True
            self._failed(error)
            self._later(RETRY)
            return None
        if self._ill:
            self._ill = False
            self._failed(None)
        return future.result()


def _in_loop(seconds: float, action: Callable[[], None]) -> Due:
    return asyncio.get_running_loop().call_later(seconds, action)
