"""What a list asks the store for and what it gets: one shape for ten rows and a million.

Light on purpose: the first frame is painted before SQLAlchemy is imported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from time import monotonic
from typing import Protocol

from storage.words import ContactRow, Order, Target, View

CAP = 1000
"""Matches of a search are counted up to here; beyond, lists say `1,000+`."""


@dataclass(frozen=True, slots=True)
class Key:
    """Where a contact stands in every order, also after it left the view."""

    id: int
    favorite: bool = False

    @classmethod
    def of(cls, row: ContactRow) -> Key:
        """The key of a row."""
        return cls(row.id, row.favorite)

    def rank(self, order: Order) -> tuple[int, int]:
        """Sorts like the order does: smaller comes first."""
        if order is Order.OLDEST:
            return 0, self.id
        if order is Order.NEWEST:
            return 0, -self.id
        return -int(self.favorite), -self.id


class GaveUp(Exception):
    """Whoever asked does not want to know any more."""


class Patience:
    """For how long somebody waits for a search.

    Args:
        seconds: From now on; None: as long as it takes.
    """

    def __init__(self, seconds: float | None = None) -> None:
        self._until = None if seconds is None else monotonic() + seconds
        self._given_up = False

    def give_up(self) -> None:
        """Ends the search at its next step. Called from any thread."""
        self._given_up = True

    def take_time(self) -> None:
        """From here on it takes as long as it takes."""
        self._until = None

    def is_over(self) -> bool:
        """Whether it is time to tell what was found so far.

        Raises:
            GaveUp: Nobody waits any more.
        """
        if self._given_up:
            raise GaveUp
        return self._until is not None and monotonic() >= self._until


@dataclass(frozen=True, slots=True)
class Stood:
    """Where a contact stood in an order when its number was last seen.

    Newest and oldest first are mirror images, and favorites are few: so another order's number
    tells where about the contact is in this one, without counting all that stand between.
    """

    order: Order
    number: int
    total: int

    @property
    def older(self) -> int:
        """How many were older: few of those come or go.

        Favorites first, other favorites are not among them; of a favorite itself nothing is known.
        """
        return self.number if self.order is Order.OLDEST else self.total - 1 - self.number


class End(Enum):
    """An end of a list."""

    HEAD = "head"
    TAIL = "tail"


@dataclass(frozen=True, slots=True)
class Ask:
    """A wish to see some consecutive rows of a view, with the figures that belong to them."""

    view: View
    at: Key | End | int
    """Around a contact or where it stood, at an end, or around a row number."""
    before: int = 64
    """Rows wanted before that place."""
    after: int = 128
    """Rows wanted from that place on."""
    hint: int | None = 0
    """The row number of that place as far as the asker knows: tells the nearer end. None where
    the asker knows its number in another list, such as the same one in another order."""
    stood: Stood | None = None
    """The number of that contact in the list as it was before."""
    reckon: bool = False
    """Far from both ends a row's number may be reckoned: counting half a million takes as long as
    several frames. `Rows.place` counts."""
    total: int | None = None
    """How many rows the asker has counted, where the reader would count up to `CAP` only."""
    cursor: Key | None = None
    """A contact to find besides, when it lies outside the rows asked for."""
    cursor_hint: int = 0
    newer_than: int | None = None
    """Count the contacts with a larger id: those that arrived since."""
    quick: bool = False
    """Find the rows of a search only, and count when asked again."""
    marks: Target | None = None
    """Tell which of the rows this target holds; for targets by view."""
    patience: Patience | None = field(default=None, compare=False)
    """For how long a search may look; as long as it takes when left out."""


@dataclass(frozen=True, slots=True)
class Glimpse:
    """Consecutive rows of a view and the figures that belong to them, from one snapshot."""

    rows: tuple[ContactRow, ...]
    start: int
    """The number of the first of `rows` in the view; 0 is the first of all."""
    total: int
    """How many rows the view has; at least so many where `more`."""
    more: bool = False
    """There are more than `total`: they were not counted to the end."""
    rough: bool = False
    """Nothing was counted: `total` is a guess."""
    unfinished: bool = False
    """Patience ran out: these are the first rows of more that may be found."""
    reckoned: bool = False
    """The numbers of the rows, `start` and `place`, were reckoned and not counted."""
    head: bool = False
    """`rows` begins with the first row of the view."""
    tail: bool = False
    """`rows` ends with the last row of the view."""
    place: int = 0
    """The number of the row that was asked for, or of the one that took its place."""
    cursor: int | None = None
    """The number of the row of `Ask.cursor`, or of the one that took its place."""
    cursor_row: ContactRow | None = None
    """That row."""
    newest: int | None = None
    """The largest id in the view."""
    newer: int = 0
    """Contacts with an id above `Ask.newer_than`, at most `CAP` + 1."""
    marked: frozenset[int] = frozenset()
    """Ids of rows that `Ask.marks` holds."""
    marked_total: int | None = None
    """How many contacts `Ask.marks` holds, where that is cheap to tell."""


class Rows(Protocol):
    """Reads a list. Called from worker threads; raises `storage.errors.OptdeskError`."""

    def look(self, ask: Ask) -> Glimpse:
        """Rows around a place, with totals, all from one snapshot."""

    def place(self, view: View, key: Key, hint: int) -> int:
        """The number of a row in a view without a search, counted however long it takes."""

    def beyond(self, view: View, key: Key, forward: bool, limit: int) -> Sequence[ContactRow]:
        """The rows behind a key, or before it, nearest last when going back."""

    def between(self, view: View, first: Key, last: Key, limit: int) -> Sequence[int]:
        """The ids from one key to another, both included, the `limit` nearest to `first`."""

    def held(self, ids: Sequence[int], marks: Target) -> frozenset[int]:
        """Which of the contacts a target by view holds."""

    def count(self, view: View, top: int | None = None) -> int:
        """How many contacts match, counted to the end; those with an id above `top` left out."""
