"""Reads pages of a log by their ids, outside the thread that paints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Protocol

from widgets.log_columns import R, R_co
from widgets.log_window import MOST_COUNTED, PAGE, Around, Edge, Goal, Page


class Pages(Protocol[R_co]):
    """A log as some filter and search let it through. Called from any thread."""

    def page(self, *, before: int | None, after: int | None, limit: int) -> Page[R_co]:
        """Some rows, the newest first.

        Args:
            before: Only rows with a smaller id, those nearest to it.
            after: Only rows with a larger id, those nearest to it.
            limit: At most so many. Without `before` and `after` the newest ones.

        Raises:
            OptdeskError: The log cannot be read.
        """

    def newest(self) -> int:
        """The largest id in the log, whatever is let through; 0 for none."""

    def give_up(self) -> None:
        """Nobody waits for what is being read any more: it may end with `GaveUp`."""


class Unhurried:
    """Pages that are read soon enough to wait for each."""

    def give_up(self) -> None:
        """See `Pages`."""


@dataclass(frozen=True, slots=True)
class News(Generic[R]):
    """What changed since a look before."""

    arrived: Page[R]
    newest: int
    first: int
    """The id at the top of the screen; 0 for none."""
    again: Page[R]
    """The rows on the screen, read once more."""


def around(pages: Pages[R], goal: Goal, lines: int = PAGE) -> Around[R]:
    """Rows around a goal. A row that is not there gives way to the next older one.

    Args:
        pages: The log.
        goal: Where to go.
        lines: At least so many rows at either side, where there are.
    """
    newest = pages.newest()
    if goal is Edge.NEWEST:
        head = pages.page(before=None, after=None, limit=lines)
        first = head.rows[0].id if head.rows else 0
        return Around(tuple(head.rows), None, head.on, 0, max(newest, first))
    if isinstance(goal, Edge):
        tail = pages.page(before=None, after=0, limit=lines)
        return Around(tuple(tail.rows), tail.on, None, len(tail.rows) - 1, newest)
    newer = pages.page(before=None, after=goal, limit=lines)
    older = pages.page(before=goal + 1, after=None, limit=lines)
    above = {row.id for row in newer.rows}
    rows = (*newer.rows, *(row for row in older.rows if row.id not in above))
    return Around(rows, newer.on, older.on, len(newer.rows), newest)


def news(pages: Pages[R], look_from: int, first: int, lines: int) -> News[R]:
    """What arrived, and the rows on the screen once more.

    Args:
        pages: The log.
        look_from: Arrivals are newer than this id.
        first: The id at the top of the screen; 0 for none.
        lines: Lines on the screen.
    """
    newest = pages.newest()
    arrived = pages.page(before=None, after=look_from, limit=MOST_COUNTED)
    again: Page[R] = Page((), None)
    if first:
        again = pages.page(before=first + 1, after=None, limit=lines)
    return News(arrived, newest, first, again)
