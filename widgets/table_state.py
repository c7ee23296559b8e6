"""Where the reader of a list is: cursor, first visible row and what was read around them.

The reader's row is sacred. The cursor belongs to a contact, and whatever is read anew, that
contact stays on its line of the screen. Knows neither the store nor the screen.
"""

from __future__ import annotations

from dataclasses import dataclass

from storage.glimpses import CAP, Ask, End, Glimpse, Key, Stood
from storage.ids import LARGEST
from storage.words import ContactRow, Order, Target, View
from widgets.table_arrivals import Arrivals
from widgets.table_window import RowWindow

MARGIN = 64
"""Rows read beyond what is visible, in either direction."""

LEAST = 4
"""The same at the first look at a search: it is looked at once more anyway, to be counted."""

NEAR = 40
"""Rows left in memory beyond the visible ones when more are read."""

Goal = End | Key | int
"""Where the cursor shall go once it is read."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A wish that was sent, and what it was sent for."""

    ask: Ask
    goal: Goal | None
    number: int
    """Of the row asked for, as it was then."""


class ListState:
    """The reader's place in a list."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.height = 1
        """Rows that are visible at once."""
        self.window = RowWindow()
        self.read = False
        """Something of this place was read."""
        self.shown: View | None = None
        """The view that the rows in memory are of; behind `view` while that is being read."""
        self.top = 0
        """The number of the first visible row."""
        self.cursor: Key | None = None
        self.cursor_row: ContactRow | None = None
        self.number = 0
        """The number of the cursor's row."""
        self.goal: Goal | None = End.HEAD
        self.home: Key | None = None
        """The contact that the reader left behind by searching, and not by moving."""
        self._turning = False
        self._stood: tuple[int, Stood] | None = None
        """A contact that the reader turned to another view with, and where it was before."""
        self.following = False
        """The cursor stays with the newest arrival."""
        self.unsure = True
        """What is in memory does not tell enough: look again."""
        self.counted: int | None = None
        """How many a search has found, where they were counted to the end."""
        self.arrivals = Arrivals()
        self._owed: tuple[int, int] | None = None
        """How many rows a page goes on where more are found, and on which line of the screen."""

    # What is shown.

    @property
    def total(self) -> int:
        """How many rows the list has, as far as is known."""
        return self.window.total

    @property
    def last_top(self) -> int:
        """The largest number that the first visible row can have."""
        return max(0, self.total - self.height)

    @property
    def visible(self) -> range:
        """The numbers of the visible rows."""
        return range(self.top, min(self.top + self.height, self.total))

    @property
    def complete(self) -> bool:
        """Whether all rows that are visible are in memory."""
        shown = self.visible
        return bool(shown) and self.window.holds(shown[0], shown[-1])

    @property
    def order(self) -> Order:
        """The order of the rows that are shown; of those to come where none of this place are."""
        shown = self.shown
        return self.view.order if shown is None else shown.order

    @property
    def cursor_visible(self) -> bool:
        """Whether the cursor's row is on the screen."""
        return self.number in self.visible

    def show(self, view: View) -> bool:
        """Turns to a view.

        Returns:
            Whether it is about another place, where the reader starts anew.
        """
        other_place = (view.place, view.group_id) != (self.view.place, self.view.group_id)
        if other_place:
            height, following = self.height, self.following
            self.__init__(view)  # type: ignore[misc]
            self.height, self.following = height, following
            return True
        self._note_standing()
        self.view = view
        self.counted = None
        self.unsure = self._turning = True
        self._owed = None
        self.home = self.home or self.cursor
        if isinstance(self.goal, int):
            self.goal = self.cursor or End.HEAD
        return False

    def _note_standing(self) -> None:
        """Remembers where the cursor's contact is: its number tells what it is in other orders."""
        row, shown = self.window.get(self.number), self.shown
        if row is None or shown is None or self.cursor is None or row.id != self.cursor.id:
            return
        if shown.search.strip() or (shown.order is Order.FAVORITE and row.favorite):
            # That says nothing; what was known of the same contact still holds.
            return
        self._stood = row.id, Stood(shown.order, self.number, self.total)

    # Asking.

    def wish(self, marks: Target | None) -> Asked:
        """What to look at for the present place.

        Args:
            marks: The marks, where they are a target by view.
        """
        if self.following and self.goal is None:
            self.goal = self.newest_goal
        if self.goal is not None:
            return self._asked(self.goal, marks)
        if self._turning and self.home is not None:
            return self._asked(self.home, marks)
        cursor = self.cursor
        if cursor is not None and (self.cursor_visible or not self.window.rows):
            return self._asked(cursor, marks)
        row = self.window.get(self.top)
        at: Goal = self.top if row is None else Key.of(row)
        return self._asked(at, marks, cursor)

    def _asked(self, at: Goal, marks: Target | None, cursor: Key | None = None) -> Asked:
        before, after = self.height + MARGIN, self.height + MARGIN
        number = self.top
        if isinstance(at, int) or at in (self.cursor, self.home):
            number = at if isinstance(at, int) else self.number
            line = min(max(0, number - self.top), self.height)
            before, after = line + MARGIN, self.height - line + MARGIN
            if self._turning and self.view.search:
                before, after = line + LEAST, self.height + LEAST
        elif at is End.HEAD:
            before, number = 0, 0
        elif at is End.TAIL:
            after, number = 0, max(0, self.total - 1)
        # Of a contact that the reader is sent to, nobody knows the number.
        lost = self._turning or (isinstance(at, Key) and at is self.goal)
        ask = Ask(
            view=self.view,
            at=at,
            before=before,
            after=after,
            hint=None if lost else number,
            stood=self._standing_of(at) if lost else None,
            reckon=cursor is None,
            total=self.counted,
            cursor=cursor,
            cursor_hint=self.number,
            newer_than=self.arrivals.seen,
            quick=self._turning,
            marks=marks,
        )
        return Asked(ask, self.goal, number)

    def _standing_of(self, at: Goal) -> Stood | None:
        known = self._stood
        return known[1] if known and isinstance(at, Key) and at.id == known[0] else None

    @property
    def look_needed(self) -> bool:
        """Whether rows must be looked up anew, rather than added to those in memory."""
        if self.unsure or isinstance(self.goal, End | Key):
            return True
        shown = self.visible
        if not shown or self.complete:
            return False
        # A gap of more than a few screens is jumped over.
        gap = max(self.window.start - shown[0], shown[-1] - self.window.end + 1)
        return not self.window.rows or gap > 4 * MARGIN

    @property
    def missing(self) -> tuple[Key, bool] | None:
        """The edge beyond which rows will be needed, and whether they lie below it."""
        shown = self.visible
        if not shown:
            return None
        below = self.window.wants(shown[0], shown[-1], NEAR)
        if below is None:
            return None
        return Key.of(self.window.rows[-1 if below else 0]), below

    # Hearing.

    def apply(self, asked: Asked, glimpse: Glimpse) -> bool:
        """Takes over what was read; the reader's row stays where it is.

        Returns:
            False where the answer is about another view than the present one.
        """
        if asked.ask.view != self.view:
            return False
        line = self.number - self.top if self.cursor_visible and self.goal is None else None
        top_row = self.window.get(self.top)
        self.window.replace(glimpse)
        self.unsure = False
        self.read = True
        self.shown = self.view
        shift = glimpse.place - asked.number if isinstance(asked.ask.at, Key) else 0
        if self.goal is not None:
            self._reach_goal(asked, glimpse, shift)
        elif self._turning and self.home is not None and self.home == asked.ask.at:
            self._turn(glimpse, line)
        else:
            self._relocate(asked, glimpse, shift, line, top_row)
        if not glimpse.rows and not glimpse.total:
            self.cursor, self.cursor_row, self.number = None, None, 0
        self._clamp()
        self._turning = False
        if self.counted is not None and asked.ask.total is None:
            # Counted while this was being read.
            self.know_total(self.view, self.counted)
        self.arrivals.note(glimpse)
        self._page_on()
        return True

    def _turn(self, glimpse: Glimpse, line: int | None) -> None:
        """Shows another view around the contact that the reader came with."""
        self._settle(glimpse.place)
        self._turning = False
        if self.cursor is not None and self.home is not None and self.cursor.id == self.home.id:
            self.home = None
        self.top = self.number - (self.height // 2 if line is None else line)

    def _reach_goal(self, asked: Asked, glimpse: Glimpse, shift: int) -> None:
        if asked.goal != self.goal:
            # Asked before the reader jumped: the jump is under way still.
            if not isinstance(self.goal, End):
                self._shift(shift)
            return
        if self.goal is End.HEAD:
            self._settle(0)
        elif self.goal is End.TAIL:
            self._settle(self.total - 1)
            self.top = self.last_top
        else:
            self._settle(glimpse.place)
        self.goal = None
        if not self.cursor_visible:
            self.top = self.number - self.height // 2 if asked.goal is not End.HEAD else 0

    def _relocate(
        self,
        asked: Asked,
        glimpse: Glimpse,
        shift: int,
        line: int | None,
        top_row: ContactRow | None,
    ) -> None:
        if self.cursor is None:
            self._settle(0)
        elif self.cursor == asked.ask.at:
            self._settle(glimpse.place)
        elif self.cursor == asked.ask.cursor and glimpse.cursor is not None:
            self._settle(glimpse.cursor, glimpse.cursor_row)
        else:
            number = self.window.locate(self.cursor, self.view.order)
            # Not among what was read: the cursor moved on meanwhile.
            self.unsure = number is None
            self._settle(self.number + shift if number is None else number, self.cursor_row)
        if line is not None:
            self.top = self.number - line
        elif top_row is not None:
            number = self.window.locate(Key.of(top_row), self.view.order)
            self.top = self.top + shift if number is None else number

    def _settle(self, number: int, row: ContactRow | None = None) -> None:
        """Puts the cursor on a row."""
        self.number = max(0, min(number, self.total - 1))
        found = self.window.get(self.number) or row
        if found is not None:
            self.cursor_row = found
            self.cursor = Key.of(found)

    def extend(self, edge: Key, rows: list[ContactRow], forward: bool, ended: bool) -> None:
        """Adds rows that were read beyond an edge."""
        shift = self.window.extend(edge.id, rows, forward, ended)
        self._shift(shift or 0)
        self._page_on()

    @property
    def uncounted(self) -> Key | None:
        """A row whose number is to be counted, as those in memory were reckoned."""
        if not self.window.reckoned or self.shown != self.view:
            return None
        if self.cursor is not None and self.window.find(self.cursor.id) is not None:
            return self.cursor
        return Key.of(self.window.rows[0])

    def know_place(self, view: View, key: Key, number: int, *, final: bool) -> None:
        """Takes note of a row's number as it was counted; no row leaves its line.

        Args:
            view: Where it was counted.
            key: Of which row.
            number: What it is.
            final: Nothing was read since that may have other numbers.
        """
        if view != self.view or self.shown != view or not self.window.reckoned:
            return
        shift = self.window.number_anew(key.id, number)
        if shift is not None:
            self.window.reckoned = not final
            self._shift(shift)

    def _shift(self, shift: int) -> None:
        """Follows numbers that have changed while their rows stay where they are."""
        self.top += shift
        self.number += shift
        if isinstance(self.goal, int):
            self.goal += shift
        self._clamp()

    def know_total(self, view: View, count: int) -> None:
        """Takes note how many a search has found, counted to the end."""
        if view != self.view or not self.read:
            return
        self.counted = count
        if self.window.tail:
            # Read from the end, so the numbers stood for the distance to it.
            shift = count - self.window.total
            self.window.start += shift
            self.number += shift
            self.top += shift
        self.window.total, self.window.more = count, False
        self._clamp()
        self._page_on()

    def _clamp(self) -> None:
        self.top = max(0, min(self.top, self.last_top))
        self.number = max(0, min(self.number, self.total - 1))
        if isinstance(self.goal, int):
            # The list may end before the row that was meant, or that may be in memory now.
            self.goal = max(0, min(self.goal, self.total - 1))
            if self.window.get(self.goal) is not None:
                self._settle(self.goal)
                self.goal = None

    # Moving.

    def move_to(self, number: int) -> None:
        """Puts the cursor on a row by its number; the screen follows by half its height."""
        self._owed = None
        if not self.total:
            return
        self.home = None
        self.number = max(0, min(number, self.total - 1))
        row = self.window.get(self.number)
        if row is None:
            self.goal = self.number
            self.cursor, self.cursor_row = None, None
        else:
            self.goal = None
            self.cursor, self.cursor_row = Key.of(row), row
        if not self.cursor_visible:
            # Each scrolled line costs a painted screen, so scroll seldom and far.
            self.top = self.number - self.height // 2
        self._clamp()

    def move_page(self, rows: int) -> None:
        """Moves cursor and screen together."""
        self._page(rows, self.number - self.top if self.cursor_visible else 0)

    def _page(self, rows: int, line: int) -> None:
        wanted = self.number + rows
        number = max(0, min(wanted, self.total - 1))
        self.top = max(0, min(number - line, self.last_top))
        self.move_to(number)
        if wanted > number and self.window.may_grow:
            # The end of what was found so far is not the end of the list.
            self._owed = wanted - number, line

    def _page_on(self) -> None:
        """Goes the rest of a page that came to the end of what a search had found so far."""
        if self._owed is None:
            return
        if self.number < self.total - 1:
            self._page(*self._owed)
        elif not self.window.may_grow:
            self._owed = None

    def jump(self, goal: Goal) -> None:
        """Sends the cursor to an end or a contact, reading it first where it is not in memory."""
        if not self.unsure and self.total:
            if goal is End.HEAD and self.window.head and self.window.start == 0:
                self.top = 0
                return self.move_to(0)
            if goal is End.TAIL and self.window.tail and self.window.rows:
                self.top = self.last_top
                return self.move_to(self.total - 1)
        self.goal, self.home, self._owed = goal, None, None
        if goal is End.HEAD:
            self.number = self.top = 0
        elif goal is End.TAIL:
            self.number, self.top = max(0, self.total - 1), self.last_top
        self.cursor, self.cursor_row = None, None
        return None

    def scroll_to(self, top: int) -> None:
        """Scrolls; the cursor stays on its contact."""
        self.top, self._owed = top, None
        self._clamp()

    # Arrivals.

    @property
    def newest_goal(self) -> Goal:
        """Where arrivals are."""
        if self.view.order is Order.NEWEST:
            return End.HEAD
        if self.view.order is Order.OLDEST:
            return End.TAIL
        # The newest that is no favorite stands first behind the favorites.
        return Key(LARGEST)

    @property
    def waiting(self) -> int:
        """How many contacts arrived that the reader has not had before the eyes."""
        return self.arrivals.waiting(self.view, self.window, self.top, self.visible)

    @property
    def waiting_more(self) -> bool:
        """Whether more wait than were counted."""
        return self.arrivals.newer > CAP
