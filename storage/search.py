"""Search over name, phone digits and labels, as plain text and complete on either store.

Two ways lead to the contacts that match. *By the index*: it yields candidates in the order of
ids, and each is looked up and checked. *By the place*: its contacts are read in order and
checked. The index is best for rare words, the place for common words and small places; which
one serves is found out as it goes, by how soon a page fills.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    cast,
    func,
    literal_column,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from storage.dialects import among, is_postgresql
from storage.folding import Query, digits, fold, haystack, label_mark, parse
from storage.narrowing import FEW, Narrowing
from storage.query import read
from storage.search_index import (
    Backing,
    backing,
    contacts,
    create_index,
    fts,
    grams,
    index_all,
    index_pending,
    mark_pending,
    pending,
    queue_all,
)
from storage.search_words import FtsSpeech, Speech, TsquerySpeech, index_words, is_strong

__all__ = [
    "Backing",
    "Query",
    "Search",
    "backing",
    "create_index",
    "digits",
    "fold",
    "haystack",
    "index_all",
    "index_pending",
    "label_mark",
    "mark_pending",
    "matching",
    "parse",
    "queue_all",
]

WINDOW = 2_000
"""Contacts of a place that are read first where the index may well be dearer."""
READ_ON = 20_000
"""Contacts of a place that are read after those where they promise a full page."""
MOST_CANDIDATES = 100_000
"""Beyond so many, reading everything in its own order is sooner done than looking each up."""
CANDIDATES = 2_000
"""Candidates of the index that are looked up before it is asked whether the place is small."""
SMALL_PLACE = 20_000
"""A place of so many contacts is read whole sooner than every candidate of a common word."""
LOOKED_UP = 5_000
"""Contacts of a condition that are looked up in one step."""
MOST_NOTES = 10_000
"""Contacts not indexed yet that are looked up one by one; with more, the places are read."""


def matching(
    conn: Connection, query: Query, hay: ColumnElement[str] = contacts.c.haystack
) -> ColumnElement[bool]:
    """The exact condition on a contact's haystack; true for an empty query."""
    position = func.strpos if is_postgresql(conn) else func.instr
    clauses = (
        or_(*(and_(*(position(hay, needle) > 0 for needle in reading)) for reading in clause))
        for clause in query.clauses
    )
    return and_(true(), *clauses)


@dataclass(frozen=True, slots=True)
class _Order:
    """The order of a list, behind which id to begin and before which to end."""

    newest: bool = True
    beyond: int | None = None
    until: int | None = None

    def behind(self, key: Any) -> ColumnElement[bool]:
        smallest, largest = (self.until, self.beyond) if self.newest else (self.beyond, self.until)
        above = true() if smallest is None else key > smallest
        return and_(above, true() if largest is None else key < largest)

    def within(self, narrowing: Narrowing) -> _Order:
        """The part of it that a query about age leaves."""
        low, high = narrowing.bounds
        smallest, largest = (self.until, self.beyond) if self.newest else (self.beyond, self.until)
        if low is not None:
            smallest = low - 1 if smallest is None else max(smallest, low - 1)
        if high is not None:
            largest = high if largest is None else min(largest, high)
        beyond, until = (largest, smallest) if self.newest else (smallest, largest)
        return _Order(self.newest, beyond, until)

    def by(self, key: Any) -> Any:
        return key.desc() if self.newest else key.asc()


class Search:
    """A search, ready to be asked on one connection, in one snapshot.

    Args:
        conn: Where to ask.
        text: What was typed. Any text will do; blank finds everybody.
    """

    def __init__(self, conn: Connection, text: str) -> None:
        self._conn = conn
        asked = read(text)
        self.query = asked.words
        """What is looked for by its text."""
        self.narrowing = Narrowing(conn, asked.terms)
        """What is looked for otherwise."""
        self._matching = matching(conn, self.query)
        self._backing = backing(conn) if self.query else Backing.SCAN
        self._strong = any(map(is_strong, self.query.clauses))

    def ids(
        self,
        scope: ColumnElement[bool],
        *,
        limit: int,
        beyond: int | None = None,
        until: int | None = None,
        newest: bool = True,
    ) -> list[int]:
        """The ids of contacts that match, in order.

        Args:
            scope: Which contacts, as a condition on the table `contacts`.
            limit: At most so many.
            beyond: Only ids behind this one in the order.
            until: Only ids before this one in the order.
            newest: Newest first, or oldest first.
        """
        order = _Order(newest, beyond, until)
        if self.narrowing:
            scope, order = and_(scope, self.narrowing.condition), order.within(self.narrowing)
            if self._is_led:
                return self._led(scope, order, limit)
        return self._ids(scope, order, limit)

    def _ids(self, scope: ColumnElement[bool], order: _Order, limit: int) -> list[int]:
        found = self._by_window(scope, order, limit)
        if found is not None:
            return found
        found, more = self._among_candidates(scope, order, limit)
        if more and len(found) < limit:
            # A common word, and few contacts of the place have it.
            driver = self.narrowing.driver
            if driver is not None and driver.size <= FEW:
                return self._led(scope, order, limit)
            if self._is_small(scope):
                return self._all(self._in_place(scope, order), limit)
            found = self._all(self._in_index(scope, order), limit)
        if self._notes:
            found += self._all(self._in_notes(scope, order), limit)
        return sorted(found, reverse=order.newest)[:limit]

    def count(self, scope: ColumnElement[bool], cap: int | None = None) -> int:
        """How many contacts match.

        Args:
            scope: Which contacts, as a condition on the table `contacts`.
            cap: Where to stop counting; exact when left out.
        """
        if cap is not None:
            return len(self.ids(scope, limit=cap))
        order = _Order()
        if self.narrowing:
            scope, order = and_(scope, self.narrowing.condition), order.within(self.narrowing)
            if self._is_led:
                return len(self._led(scope, order, None))
        if not self._indexed or self._words is None or self._is_small(scope):
            return self._count(self._in_place(scope, order))
        if self._conn.scalar(self._candidates(order).limit(1).offset(MOST_CANDIDATES)) is not None:
            return self._count(self._in_place(scope, order))
        noted = self._count(self._in_notes(scope, order)) if self._notes else 0
        return self._count(self._in_index(scope, order)) + noted

    def __bool__(self) -> bool:
        """Whether anything is looked for."""
        return bool(self.query) or bool(self.narrowing)

    @cached_property
    def condition(self) -> ColumnElement[bool]:
        """The exact condition on a contact, for statements of one's own."""
        return and_(self._matching, self.narrowing.condition)

    @cached_property
    def _is_led(self) -> bool:
        """Whether the index of a condition is the best way to the contacts."""
        driver = self.narrowing.driver
        if driver is None:
            return False
        return driver.size <= WINDOW or not self.query

    def _led(self, scope: ColumnElement[bool], order: _Order, limit: int | None) -> list[int]:
        """Matches among the contacts of the narrowest condition, read along its own index."""
        driver = self.narrowing.driver
        assert driver is not None  # noqa: S101 - asked before
        found: list[int] = []
        size = LOOKED_UP if limit is None else min(LOOKED_UP, limit + limit // 8 + 8)
        while limit is None or len(found) < limit:
            led = driver.ids.where(order.behind(driver.key)).order_by(order.by(driver.key))
            some = self._all(led, size)
            if some:
                rows = select(contacts.c.id).where(among(self._conn, contacts.c.id, some), scope)
                found += sorted(
                    self._conn.scalars(rows.where(self._matching)), reverse=order.newest
                )
            if len(some) < size:
                break
            order, size = replace(order, beyond=some[-1]), LOOKED_UP
        return found if limit is None else found[:limit]

    def _by_window(self, scope: ColumnElement[bool], order: _Order, limit: int) -> list[int] | None:
        """A page of the place where that is cheaper than asking the index, else None.

        SQLite's index hands out candidates in order, so it only loses for short words, which
        stand for many trigrams. PostgreSQL's finds every candidate first.
        """
        if not self._indexed:
            return self._all(self._in_place(scope, order), limit)
        if self._backing is Backing.FTS and self._strong:
            return None
        found = self._all(self._in_place(scope, order, WINDOW), limit)
        if len(found) == limit or not self._reaches(scope, order, WINDOW):
            return found
        promising = bool(found) and WINDOW * limit // len(found) <= READ_ON
        if promising and self._backing is Backing.GRAMS:
            found = self._all(self._in_place(scope, order, 2 * READ_ON), limit)
            if len(found) == limit:
                return found
        if self._words is None:
            return self._all(self._in_place(scope, order), limit)
        return None

    def _in_place(
        self, scope: ColumnElement[bool], order: _Order, within: int | None = None
    ) -> Select[Any]:
        """Matches found by reading a place, or its first `within` contacts."""
        behind = order.behind(contacts.c.id)
        if within is None:
            rows = select(contacts.c.id).where(scope, behind, self._matching)
            return rows.order_by(order.by(contacts.c.id))
        window = select(contacts.c.id, contacts.c.haystack).where(scope, behind)
        part = window.order_by(order.by(contacts.c.id)).limit(within).subquery()
        held = matching(self._conn, self.query, part.c.haystack)
        return select(part.c.id).where(held).order_by(order.by(part.c.id))

    def _among_candidates(
        self, scope: ColumnElement[bool], order: _Order, limit: int
    ) -> tuple[list[int], bool]:
        """The first matches among the first candidates, and whether there are more of those."""
        found: list[int] = []
        noted = set(self._notes)
        # PostgreSQL's index finds every candidate each time it is asked: it is asked once.
        sizes = (2 * limit, CANDIDATES) if self._backing is Backing.FTS else (CANDIDATES,)
        for size in sizes:
            candidates = self._all(self._candidates(order), size)
            for start in range(0, len(candidates), 2 * limit):
                chunk = [one for one in candidates[start : start + 2 * limit] if one not in noted]
                looked_up = among(self._conn, contacts.c.id, chunk)
                rows = select(contacts.c.id).where(looked_up, scope, self._matching)
                found += self._conn.scalars(rows).all()
                if len(found) >= limit:
                    return found, True
            if len(candidates) < size:
                return found, False
            order = replace(order, beyond=candidates[-1])
        return found, True

    def _in_index(self, scope: ColumnElement[bool], order: _Order) -> Select[Any]:
        """Matches among all candidates; those noted as changed are left out."""
        # The sum keeps SQLite from asking the index once for every contact of the place.
        key = self._key + 0 if self._backing is Backing.FTS else self._key
        rows = self._candidates(order, narrow=True).join(contacts, contacts.c.id == key)
        if self._notes:
            noted = select(pending.c.contact_id).where(pending.c.contact_id == contacts.c.id)
            rows = rows.where(~noted.exists())
        return rows.where(scope, self._matching)

    def _in_notes(self, scope: ColumnElement[bool], order: _Order) -> Select[Any]:
        """Matches among the contacts that the index does not hold as they are now."""
        noted = among(self._conn, contacts.c.id, self._notes)
        rows = select(contacts.c.id).where(noted, scope, order.behind(contacts.c.id))
        return rows.where(self._matching).order_by(order.by(contacts.c.id))

    @property
    def _indexed(self) -> bool:
        """Whether there is an index, and most of it up to date."""
        return self._backing is not Backing.SCAN and len(self._notes) <= MOST_NOTES

    @cached_property
    def _notes(self) -> Sequence[int]:
        """The contacts that are not indexed yet, one more than `MOST_NOTES` at most."""
        return self._conn.scalars(select(pending.c.contact_id).limit(MOST_NOTES + 1)).all()

    @property
    def _key(self) -> Any:
        return grams.c.contact_id if self._backing is Backing.GRAMS else fts.c.rowid

    def _candidates(self, order: _Order, *, narrow: bool = False) -> Select[Any]:
        """The ids that the index holds for the query, in order; some of them may not match."""
        words = self._narrow_words if narrow else self._words
        if self._backing is Backing.GRAMS:
            found = grams.c.grams.op("@@")(cast(words, TSQUERY))
        else:
            found = literal_column("contacts_fts").op("MATCH")(words)
        rows = select(self._key).where(found, order.behind(self._key))
        return rows.order_by(order.by(self._key))

    @cached_property
    def _words(self) -> str | None:
        """The query as the index takes it; None where the index cannot serve it."""
        return index_words(self.query, self._speech)

    @cached_property
    def _narrow_words(self) -> str | None:
        return index_words(self.query, self._speech, narrow=True)

    @property
    def _speech(self) -> Speech:
        return TsquerySpeech() if self._backing is Backing.GRAMS else FtsSpeech(self._conn)

    def _is_small(self, scope: ColumnElement[bool]) -> bool:
        return not self._reaches(scope, _Order(), SMALL_PLACE)

    def _reaches(self, scope: ColumnElement[bool], order: _Order, size: int) -> bool:
        rows = select(contacts.c.id).where(scope, order.behind(contacts.c.id))
        rows = rows.order_by(order.by(contacts.c.id)).limit(1).offset(size)
        return self._conn.scalar(rows) is not None

    def _all(self, rows: Select[Any], limit: int) -> list[int]:
        return [*self._conn.scalars(rows.limit(limit)).all()]

    def _count(self, rows: Select[Any]) -> int:
        counted = select(func.count()).select_from(rows.order_by(None).subquery())
        return int(self._conn.scalar(counted) or 0)
