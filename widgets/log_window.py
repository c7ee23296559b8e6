"""Where the reader of a log is: the rows in memory around the screen, the cursor, what is new."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Generic

from widgets.log_columns import R, R_co

PAGE = 200
"""Rows read at a time."""

KEPT = 1_000
"""Rows in memory; beyond, the far end is forgotten."""

MOST_COUNTED = 1_000
"""Arrivals are counted up to here."""


class Edge(Enum):
    """An end of the log."""

    NEWEST = "newest"
    OLDEST = "oldest"


Goal = Edge | int
"""Where to go: an end, or a row by its id."""


@dataclass(frozen=True, slots=True)
class Page(Generic[R_co]):
    """Some rows of a log, the newest first."""

    rows: Sequence[R_co]
    on: int | None
    """From which id to go on in the same direction; None where the log ends. A search that
    takes long may say so with few rows or none."""


@dataclass(frozen=True, slots=True)
class Around(Generic[R]):
    """Rows around a goal, the newest first."""

    rows: tuple[R, ...]
    newer_from: int | None
    """From which id to read on upwards; None where nothing newer is left out."""
    older_from: int | None
    """The same downwards."""
    cursor: int
    """The place of the goal among them."""
    newest: int
    """The largest id there is, whatever is let through; 0 for none."""


class LogWindow(Generic[R]):
    """The rows in memory and the reader's place among them; knows no screen and no store."""

    def __init__(self) -> None:
        self.rows: list[R] = []
        self.newer_from: int | None = None
        self.older_from: int | None = None
        self.cursor = 0
        self.top = 0
        self.height = 1
        self._seen = 0
        self._newest = 0
        self._before = 0
        self._arrived: list[int] = []

    # What there is.

    @property
    def row(self) -> R | None:
        """The row under the cursor."""
        return self.rows[self.cursor] if self.rows else None

    @property
    def visible(self) -> list[R]:
        """The rows on the screen, from top to bottom."""
        return self.rows[self.top : self.top + self.height]

    @property
    def at_head(self) -> bool:
        """No row is left out before the first one in memory."""
        return self.newer_from is None

    @property
    def at_tail(self) -> bool:
        """No row is left out behind the last one in memory."""
        return self.older_from is None

    @property
    def look_from(self) -> int:
        """Where to look for arrivals: one look back, for ids may be committed out of turn."""
        return self._before

    @property
    def waiting(self) -> int:
        """How many rows arrived that the reader has not had on the screen."""
        return len(self._arrived)

    @property
    def waiting_more(self) -> bool:
        """There may be more of them."""
        return len(self._arrived) >= MOST_COUNTED

    @property
    def wants_older(self) -> bool:
        """Older rows should be read: the screen nears the last one in memory."""
        return not self.at_tail and len(self.rows) - self.top < self.height + PAGE // 2

    @property
    def wants_newer(self) -> bool:
        """Newer rows should be read."""
        return not self.at_head and self.top < PAGE // 2

    # Moving.

    def move_to(self, place: int) -> None:
        """Puts the cursor on a row; the screen follows."""
        self.cursor = max(0, min(place, len(self.rows) - 1))
        self.top = max(min(self.top, self.cursor), self.cursor - self.height + 1)
        self._settle()

    def move_page(self, rows: int) -> None:
        """Moves cursor and screen together."""
        self.top += rows
        self.move_to(self.cursor + rows)

    def scroll_to(self, top: int) -> None:
        """Moves the screen; the cursor stays on its row."""
        self.top = top
        self._settle()

    def resize(self, height: int) -> None:
        """The screen has another height; the cursor stays in sight where it was."""
        seen = self.top <= self.cursor < self.top + self.height
        self.height = max(1, height)
        if seen and self.rows:
            self.move_to(self.cursor)
        self._settle()

    # What was read.

    def take(self, around: Around[R], *, stay: bool) -> None:
        """Takes rows around a goal in place of all others.

        Args:
            around: What was read.
            stay: The cursor's row keeps its line on the screen.
        """
        line = self.cursor - self.top if stay else 0
        self.rows = list(around.rows)
        self.newer_from, self.older_from = around.newer_from, around.older_from
        self.cursor = max(0, min(around.cursor, len(self.rows) - 1))
        self.top = self.cursor - max(0, min(line, self.height - 1))
        if not self._newest:
            self._seen = self._before = around.newest
        self._newest = max(self._newest, around.newest)
        self.move_to(self.cursor)

    def forget(self) -> None:
        """Another log is shown: nothing of the old one counts."""
        self._seen = self._newest = self._before = 0
        self._arrived = []

    def older(self, page: Page[R]) -> None:
        """Takes the rows behind the last one.

        A search may have found some old rows first. Who has not left the first one stays there.
        """
        begins = self.at_head and self.top == self.cursor == 0
        self._merge(page.rows)
        if begins:
            self.top = self.cursor = 0
        self.older_from = page.on
        spare = min(len(self.rows) - KEPT, self.top - PAGE, self.cursor)
        if spare > 0:
            del self.rows[:spare]
            self.top -= spare
            self.cursor -= spare
            self.newer_from = self.rows[0].id
        self._settle()

    def newer(self, page: Page[R]) -> None:
        """Takes the rows before the first one."""
        first = not self.rows
        self._merge(page.rows)
        self.newer_from = page.on
        last = max(KEPT, self.top + self.height + PAGE, self.cursor + 1)
        if len(self.rows) > last:
            del self.rows[last:]
            self.older_from = self.rows[-1].id
        if first:
            self.move_to(len(self.rows) - 1)
        self._settle()

    def arrived(self, page: Page[R], newest: int) -> None:
        """Takes rows that were not there a look ago; no line on the screen moves.

        Args:
            page: Rows behind `look_from`.
            newest: The largest id there is, whatever is let through.
        """
        counted = set(self._arrived) | {row.id for row in page.rows}
        had = {row.id for row in self.rows}
        fresh = [ident for ident in counted if ident > self._seen and ident not in had]
        known = [ident for ident in self._arrived if ident in had]
        self._before, self._newest = self._newest, max(self._newest, newest)
        self._arrived = sorted([*known, *fresh], reverse=True)[:MOST_COUNTED]
        if self.at_head and page.on is None:
            self._merge(page.rows)
        elif self.at_head and self.rows:
            self.newer_from = self.rows[0].id
        self._settle()

    def refreshed(self, first: int, page: Page[R]) -> None:
        """Takes anew what was on the screen when it was asked for.

        Args:
            first: The id at the top of it.
            page: What is there now, from `first` downwards.
        """
        last = page.on or 0
        self._merge(page.rows, [row for row in self.rows if row.id > first or row.id < last])
        self._settle()

    def _merge(self, rows: Sequence[R], kept: Sequence[R] | None = None) -> None:
        """Puts rows among those in memory; cursor and screen stay on theirs, or the next older."""
        top = self.rows[self.top].id if self.rows else 0
        here = self.rows[self.cursor].id if self.rows else 0
        found = {row.id: row for row in (*(self.rows if kept is None else kept), *rows)}
        ids = sorted(found, reverse=True)
        self.rows = [found[ident] for ident in ids]
        if top:
            self.top = _place_of(top, ids)
            self.cursor = _place_of(here, ids)

    def _settle(self) -> None:
        """Keeps the screen within the rows; what is on it counts as seen."""
        self.top = max(0, min(self.top, len(self.rows) - self.height))
        self.cursor = max(0, min(self.cursor, len(self.rows) - 1))
        if self.rows and self.rows[self.top].id > self._seen:
            self._seen = self.rows[self.top].id
        self._arrived = [ident for ident in self._arrived if ident > self._seen]


def _place_of(ident: int, ids: Sequence[int]) -> int:
    """Where an id stands among falling ones, or the next smaller one."""
    return bisect_left(ids, -ident, key=lambda each: -each)
