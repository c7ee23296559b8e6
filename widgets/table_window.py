"""The consecutive rows of a list that are in memory. Knows neither the store nor the screen."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from storage.glimpses import Glimpse, Key
from storage.words import ContactRow, Order

MOST_ROWS = 1024
"""Rows kept in memory, however long the list is."""


class RowWindow:
    """Consecutive rows of a list, numbered as in the list."""

    def __init__(self) -> None:
        self.rows: list[ContactRow] = []
        self.start = 0
        """The number of the first row here."""
        self.total = 0
        """How many rows the list has; at least so many where `more`."""
        self.more = False
        self.rough = False
        """`total` is a guess, soon to be replaced."""
        self.unfinished = False
        """The search goes on: more rows may be found."""
        self.reckoned = False
        """The numbers were reckoned and not counted."""
        self.head = True
        """The first row here is the first of the list."""
        self.tail = True
        """The last row here is the last of the list."""
        self._places: dict[int, int] | None = None

    @property
    def end(self) -> int:
        """The number behind the last row here."""
        return self.start + len(self.rows)

    def replace(self, glimpse: Glimpse) -> None:
        """Takes over what was read."""
        self.rows = list(glimpse.rows)
        self.start = glimpse.start
        self.total = glimpse.total
        self.more = glimpse.more
        self.rough = glimpse.rough
        self.unfinished = glimpse.unfinished
        self.reckoned = glimpse.reckoned
        self.head = glimpse.head
        self.tail = glimpse.tail
        self._places = None

    @property
    def may_grow(self) -> bool:
        """Whether more rows may be found than `total` says."""
        return self.more or self.rough or self.unfinished

    def get(self, number: int) -> ContactRow | None:
        """A row by its number, or None where it is not in memory."""
        place = number - self.start
        return self.rows[place] if 0 <= place < len(self.rows) else None

    def find(self, ident: int) -> int | None:
        """The number of a contact's row, or None where it is not in memory."""
        if self._places is None:
            self._places = {row.id: place for place, row in enumerate(self.rows)}
        place = self._places.get(ident)
        return None if place is None else self.start + place

    def locate(self, key: Key, order: Order) -> int | None:
        """The number of a contact's row, or of the one that took its place.

        None when that row is not in memory.
        """
        number = self.find(key.id)
        if number is not None or not self.rows:
            return number
        place = bisect_left(self.rows, key.rank(order), key=lambda row: Key.of(row).rank(order))
        if place == len(self.rows):
            return self.end - 1 if self.tail else None
        if place == 0 and not self.head:
            return None
        return self.start + place

    def holds(self, first: int, last: int) -> bool:
        """Whether the rows from one number to another, both included, are in memory."""
        return self.start <= first and last < self.end

    def wants(self, first: int, last: int, margin: int) -> bool | None:
        """Where rows are missing around those shown: True below, False above, None nowhere."""
        if not self.rows:
            return None
        if not self.tail and last + margin >= self.end:
            return True
        if not self.head and first - margin < self.start:
            return False
        return None

    def extend(
        self, edge: int, rows: Sequence[ContactRow], forward: bool, ended: bool
    ) -> int | None:
        """Adds rows at one end and forgets some at the other.

        Args:
            edge: The id of the row that they follow or precede.
            rows: In the order of the list.
            forward: They follow.
            ended: They reach the end of the list.

        Returns:
            By how much all numbers have changed, which happens where they were estimates; None
            when the rows do not fit, because others were read meanwhile.
        """
        if not self.rows or self.rows[-1 if forward else 0].id != edge:
            return None
        self._places = None
        if forward:
            self.rows += rows
            self.tail = ended
            shift = self._shift_below(ended) if self.reckoned else 0
            self.start += shift
            if ended:
                self.total, self.more = self.end, False
            self.total = max(self.total, self.end)
            self._forget(first=True)
            return shift
        self.rows[:0] = rows
        self.start -= len(rows)
        self.head = ended
        shift = self._shift_above(ended)
        self.start += shift
        if not self.reckoned:
            self.total += shift
        self._forget(first=False)
        return shift

    def _shift_above(self, ended: bool) -> int:
        # Where nobody knows whether more are above, the first here may be the first of all.
        return -self.start if ended else max(0, -self.start)

    def _shift_below(self, ended: bool) -> int:
        """What the total says of numbers that were reckoned."""
        if ended:
            return self.total - self.end
        return min(0, self.total - self.end)

    def number_anew(self, ident: int, number: int) -> int | None:
        """Takes over the number of a contact's row as it was counted.

        Returns:
            By how much all numbers have changed; None where the row is not in memory.
        """
        known = self.find(ident)
        if known is None:
            return None
        if self.head or self.tail:
            # The rows at an end have their numbers by it.
            return 0
        # Rows may have come or gone meanwhile.
        last = self.total - len(self.rows)
        shift = max(0, min(self.start + number - known, last)) - self.start
        self.start += shift
        return shift

    def _forget(self, *, first: bool) -> None:
        surplus = len(self.rows) - MOST_ROWS
        if surplus <= 0:
            return
        if first:
            del self.rows[:surplus]
            self.start += surplus
            self.head = False
        else:
            del self.rows[-surplus:]
            self.tail = False
