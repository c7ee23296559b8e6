"""Reading lists of contacts by windows, so that ten rows and a million behave alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Protocol

from sqlalchemy import ColumnElement
from sqlalchemy.engine import Connection

from storage.contact_rows import RowKeeper, rows_of
from storage.glimpses import Ask, Glimpse, Key
from storage.listings import Listing
from storage.stretches import look, look_at_search
from storage.words import ContactRow, Order, Target, View

_CHUNK = 1000

AHEAD = 5_000
"""Contacts that are found at once where all are wanted: a search begins anew each time, and a
snapshot of a store that is written to begins with none of its pages at hand."""


class Readable(Protocol):
    """What can be read from: a `storage.store.Store`."""

    def read(self) -> AbstractContextManager[Connection]:
        """One snapshot."""


class RowReader:
    """Reads lists from a store. Called from any thread."""

    def __init__(self, store: Readable) -> None:
        self._store = store
        self._keeper = RowKeeper()

    def look(self, ask: Ask) -> Glimpse:
        """Rows around a place, with totals, all from one snapshot."""
        with self._store.read() as conn:
            listing = Listing(conn, ask.view, ask.patience)
            seen = look_at_search(listing, ask) if listing.searching else look(listing, ask)
            wanted = [key.id for key in seen.keys]
            if seen.cursor is not None:
                wanted = [*wanted, seen.cursor.id]
            rows = self._keeper.rows_of(conn, wanted, listing.versions)
            glimpse = replace(
                seen.glimpse,
                rows=rows[: len(seen.keys)],
                cursor_row=rows[-1] if rows and seen.cursor is not None else None,
            )
            if ask.marks is not None and ask.marks.view is not None:
                return _with_marks(conn, ask.marks, ask.marks.view, glimpse)
            return glimpse

    def place(self, view: View, key: Key, hint: int) -> int:
        """The number of a row in a view without a search, counted however long it takes."""
        with self._store.read() as conn:
            return Listing(conn, view).place_of(key, hint)

    def beyond(self, view: View, key: Key, forward: bool, limit: int) -> Sequence[ContactRow]:
        """The rows behind a key, or before it; always in the order of the view."""
        with self._store.read() as conn:
            keys = Listing(conn, view).keys(key, forward=forward, limit=limit)
            return rows_of(conn, [key.id for key in (keys if forward else keys[::-1])])

    def between(self, view: View, first: Key, last: Key, limit: int) -> Sequence[int]:
        """The ids from one key to another, in either direction, both included.

        At most `limit`, those nearest to `first`.
        """
        order = view.order
        down = first.rank(order) <= last.rank(order)
        with self._store.read() as conn:
            keys = Listing(conn, view).keys(first, forward=down, limit=limit, inclusive=True)
        low, high = sorted((first.rank(order), last.rank(order)))
        return [key.id for key in keys if low <= key.rank(order) <= high]

    def held(self, ids: Sequence[int], marks: Target) -> frozenset[int]:
        """Which of the contacts a target by view holds."""
        if marks.view is None:
            return frozenset(ids) & frozenset(marks.ids)
        with self._store.read() as conn:
            return _held(conn, ids, marks, marks.view)

    def count(self, view: View, top: int | None = None) -> int:
        """How many contacts match, counted to the end; those with an id above `top` left out."""
        with self._store.read() as conn:
            return count_exactly(conn, view, top=top)


def count_exactly(conn: Connection, view: View, *, top: int | None = None) -> int:
    """How many contacts a view holds, counted to the end.

    Args:
        conn: The snapshot.
        view: What is counted.
        top: Leave out contacts with a larger id.
    """
    return Listing(conn, view).count(top)


def ids_below(conn: Connection, view: View, below: int | None, limit: int) -> Sequence[int]:
    """The newest ids of a view that are smaller than `below`, whatever its order."""
    return Listing(conn, view.ordered(Order.NEWEST)).ids_below(below, limit)


def condition_of(conn: Connection, view: View) -> ColumnElement[bool]:
    """What a contact must meet to be in a view, as a condition on the table `contacts`."""
    return Listing(conn, view).condition


def place_in(conn: Connection, view: View, contact_id: int) -> Key | None:
    """Where a contact stands in a view; None where the view does not hold it."""
    if not Listing(conn, view).holds([contact_id]):
        return None
    return Key.of(rows_of(conn, [contact_id])[0])


def each_row(store: Readable, view: View, limit: int | None = None) -> Iterator[ContactRow]:
    """Every row of a view in its order, read in pieces, each from a snapshot of its own.

    Args:
        store: Where they are.
        view: What is listed.
        limit: The most rows; None: all.
    """
    key: Key | None = None
    left = limit
    while left is None or left > 0:
        piece = AHEAD if view.search else _CHUNK
        size = piece if left is None else min(piece, left)
        with store.read() as conn:
            keys = Listing(conn, view).keys(key, forward=True, limit=size)
            rows = rows_of(conn, [key.id for key in keys])
        yield from rows
        if len(keys) < size:
            return
        key = keys[-1]
        left = None if left is None else left - len(keys)


def _held(conn: Connection, ids: Sequence[int], marks: Target, view: View) -> frozenset[int]:
    old = [ident for ident in ids if marks.top is None or ident <= marks.top]
    return Listing(conn, view).holds(old) - marks.spared


def _with_marks(conn: Connection, marks: Target, view: View, glimpse: Glimpse) -> Glimpse:
    listing = Listing(conn, view)
    held = _held(conn, [row.id for row in glimpse.rows], marks, view)
    if listing.searching:
        # Counting a search to the end is too dear for every change of the store.
        return replace(glimpse, marked=held)
    spared = len(listing.holds(sorted(marks.spared))) if marks.spared else 0
    return replace(glimpse, marked=held, marked_total=listing.count(marks.top) - spared)
