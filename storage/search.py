"""Search over name, phone digits and labels, as plain text and complete on either store.

Two ways lead to the contacts that match. *By the index*: it yields candidates in the order of
ids, and each is looked up and checked. *By the place*: its contacts are read in order and
checked. The index is best for rare words, the place for common words and small places; which
one serves is found out as it goes, by how soon a page fills. Either way is gone in steps, so that
who waits may be told what was found so far.
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
from storage.glimpses import Patience
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
STEP = 8_000
"""Contacts of a place that are read in one step at most: some hundredths of a second."""
MOST_CANDIDATES = 100_000
"""Beyond so many, reading everything in its own order is sooner done than looking each up."""
CANDIDATES = 2_000
"""Candidates of the index that are looked up before it is asked whether the place is small."""
SMALL_PLACE = 20_000
"""A place of so many contacts is read whole sooner than every candidate of a common word."""
LOOKED_UP = 5_000
"""Contacts of a condition, or candidates, that are looked up in one step at most."""
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

    def up_to(self, last: int | None) -> _Order:
        """The part of it that ends with an id; all of it where that is None."""
        if last is None:
            return self
        return replace(self, until=last - 1 if self.newest else last + 1)

    def by(self, key: Any) -> Any:
        return key.desc() if self.newest else key.asc()


class Search:
    """A search, ready to be asked on one connection, in one snapshot.

    Args:
        conn: Where to ask.
        text: What was typed. Any text will do; blank finds everybody.
        patience: For how long `ids` may look; as long as it takes when left out.
    """

    def __init__(self, conn: Connection, text: str, patience: Patience | None = None) -> None:
        self._conn = conn
        self.patience = patience or Patience()
        self.unfinished = False
        """Patience ran out: what `ids` gave is the beginning of what there is."""
        asked = read(text)
        self.query = asked.words
        """What is looked for by its text."""
        self.narrowing = Narrowing(conn, asked.terms)
        """What is looked for otherwise."""
        self._indexable = Query((*self.query.clauses, *self.narrowing.clauses))
        self._matching = matching(conn, self.query)
        self._backing = backing(conn) if self._indexable else Backing.SCAN
        self._strong = any(map(is_strong, self._indexable.clauses))

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
        self.unfinished = False
        order = _Order(newest, beyond, until).within(self.narrowing)
        return self._led(scope, order, limit) if self._is_led else self._ids(scope, order, limit)

    def _ids(self, scope: ColumnElement[bool], order: _Order, limit: int) -> list[int]:
        found = self._by_window(scope, order, limit)
        if found is not None:
            return found
        found, reached = self._among_candidates(scope, order, limit)
        if reached is not None and len(found) < limit and not self.unfinished:
            # A common word, and few contacts of the place have it.
            driver = self.narrowing.driver
            if driver is not None and driver.size <= FEW:
                return self._led(scope, order, limit)
            if self._is_small(scope):
                return self._walk(scope, order, limit)[0]
            if self._backing is Backing.GRAMS:
                found, reached = self._all(self._in_index(scope, order), limit), None
            else:
                beyond = replace(order, beyond=reached)
                more, reached = self._along_candidates(scope, beyond, limit - len(found))
                found += more
        if self._notes:
            known = order.up_to(reached) if self.unfinished else order
            found += self._all(self._in_notes(scope, known), limit)
        return sorted(found, reverse=order.newest)[:limit]

    def count(self, scope: ColumnElement[bool], cap: int | None = None) -> int:
        """How many contacts match.

        Args:
            scope: Which contacts, as a condition on the table `contacts`.
            cap: Where to stop counting; exact when left out.
        """
        if cap is not None:
            return len(self.ids(scope, limit=cap))
        order = _Order().within(self.narrowing)
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
        # A short word is nearly everywhere, so its candidates would be more.
        return not self._strong or driver.size <= WINDOW

    def _led(self, scope: ColumnElement[bool], order: _Order, limit: int | None) -> list[int]:
        """Matches among the contacts of the narrowest condition, read along its own index."""
        driver = self.narrowing.driver
        assert driver is not None  # noqa: S101 - asked before
        found: list[int] = []
        size = LOOKED_UP if limit is None else min(LOOKED_UP, limit + limit // 8 + 8)
        while limit is None or len(found) < limit:
            led = driver.ids.where(order.behind(driver.key)).order_by(order.by(driver.key))
            some = self._all(led, size)
            found += sorted(self._looked_up(scope, some), reverse=order.newest)
            if len(some) < size:
                break
            if limit is not None and len(found) < limit and self._is_over():
                break
            order, size = replace(order, beyond=some[-1]), min(2 * size, LOOKED_UP)
        return found if limit is None else found[:limit]

    def _looked_up(self, scope: ColumnElement[bool], ids: Sequence[int]) -> Sequence[int]:
        """Which of some contacts match, in no order."""
        if not ids:
            return ()
        rows = select(contacts.c.id).where(among(self._conn, contacts.c.id, ids), scope)
        return self._conn.scalars(rows.where(self.condition)).all()

    def _is_over(self) -> bool:
        """Whether patience has run out; notes it."""
        self.unfinished = self.patience.is_over()
        return self.unfinished

    def _by_window(self, scope: ColumnElement[bool], order: _Order, limit: int) -> list[int] | None:
        """A page of the place where that is cheaper than asking the index, else None.

        SQLite's index hands out candidates in order, so it only loses for short words, which
        stand for many trigrams. PostgreSQL's finds every candidate first.
        """
        if not self._indexed:
            return self._walk(scope, order, limit)[0]
        if self._backing is Backing.FTS and self._strong:
            return None
        found, end = self._walk(scope, order, limit, WINDOW, within=WINDOW)
        if len(found) == limit or end is None:
            return found
        promising = bool(found) and WINDOW * limit // len(found) <= READ_ON
        if promising and self._backing is Backing.GRAMS:
            found, end = self._walk(scope, order, limit, STEP, within=2 * READ_ON)
            if len(found) == limit or end is None or self.unfinished:
                return found
        return self._walk(scope, order, limit)[0] if self._words is None else None

    def _walk(
        self,
        scope: ColumnElement[bool],
        order: _Order,
        limit: int,
        size: int | None = None,
        *,
        within: int | None = None,
    ) -> tuple[list[int], int | None]:
        """Matches found by reading a place step by step.

        Args:
            scope: The place.
            order: In which order.
            limit: At most so many matches.
            size: Contacts of the place in the first step; `WINDOW` when left out.
            within: Stop behind so many contacts of the place; at its end when left out.

        Returns:
            What was found, and how far was read; None: to the end of the place.
        """
        found: list[int] = []
        size, read = size or WINDOW, 0
        while True:
            end = self._nth(scope, order, size - 1)
            part = self._in_place(scope, order.up_to(end))
            found += self._all(part, limit - len(found))
            read += size
            if end is None or len(found) == limit or (within is not None and read >= within):
                return found, end
            if self._is_over():
                return found, end
            order, size = replace(order, beyond=end), min(2 * size, STEP)

    def _in_place(self, scope: ColumnElement[bool], order: _Order) -> Select[Any]:
        """Matches found by reading a place."""
        rows = select(contacts.c.id).where(scope, order.behind(contacts.c.id), self.condition)
        return rows.order_by(order.by(contacts.c.id))

    def _nth(self, scope: ColumnElement[bool], order: _Order, place: int) -> int | None:
        """The contact that stands behind so many others of a place."""
        rows = select(contacts.c.id).where(scope, order.behind(contacts.c.id))
        return self._conn.scalar(rows.order_by(order.by(contacts.c.id)).limit(1).offset(place))

    def _among_candidates(
        self, scope: ColumnElement[bool], order: _Order, limit: int
    ) -> tuple[list[int], int | None]:
        """The first matches among the first candidates, and the last of those; None: of all."""
        # PostgreSQL's index finds every candidate each time it is asked: it is asked once.
        sizes = (2 * limit, CANDIDATES) if self._backing is Backing.FTS else (CANDIDATES,)
        found: list[int] = []
        for size in sizes:
            candidates = self._all(self._candidates(order), size)
            start, step = 0, 2 * limit
            while start < len(candidates):
                chunk = candidates[start : start + step]
                found += self._unnoted(scope, chunk)
                start, step = start + step, 2 * step
                if len(found) >= limit or (start < size and self._is_over()):
                    return found, chunk[-1]
            if len(candidates) < size:
                return found, None
            order = replace(order, beyond=candidates[-1])
        return found, candidates[-1]

    def _along_candidates(
        self, scope: ColumnElement[bool], order: _Order, limit: int
    ) -> tuple[list[int], int | None]:
        """Like `_among_candidates`, but to their end."""
        found: list[int] = []
        size = CANDIDATES
        while not self._is_over():
            candidates = self._all(self._candidates(order, narrow=True), size)
            found += self._unnoted(scope, candidates)
            if len(candidates) < size:
                return found, None
            order, size = replace(order, beyond=candidates[-1]), min(2 * size, LOOKED_UP)
            if len(found) >= limit:
                break
        return found, order.beyond

    def _unnoted(self, scope: ColumnElement[bool], candidates: Sequence[int]) -> Sequence[int]:
        """Which candidates match; those noted as changed are left out."""
        return self._looked_up(scope, [one for one in candidates if one not in self._noted])

    def _in_index(self, scope: ColumnElement[bool], order: _Order) -> Select[Any]:
        """Matches among all candidates; those noted as changed are left out."""
        # The sum keeps SQLite from asking the index once for every contact of the place.
        key = self._key + 0 if self._backing is Backing.FTS else self._key
        rows = self._candidates(order, narrow=True).join(contacts, contacts.c.id == key)
        if self._notes:
            noted = select(pending.c.contact_id).where(pending.c.contact_id == contacts.c.id)
            rows = rows.where(~noted.exists())
        return rows.where(scope, self.condition)

    def _in_notes(self, scope: ColumnElement[bool], order: _Order) -> Select[Any]:
        """Matches among the contacts that the index does not hold as they are now."""
        noted = among(self._conn, contacts.c.id, self._notes)
        rows = select(contacts.c.id).where(noted, scope, order.behind(contacts.c.id))
        return rows.where(self.condition).order_by(order.by(contacts.c.id))

    @property
    def _indexed(self) -> bool:
        """Whether there is an index, and most of it up to date."""
        return self._backing is not Backing.SCAN and len(self._notes) <= MOST_NOTES

    @cached_property
    def _notes(self) -> Sequence[int]:
        """The contacts that are not indexed yet, one more than `MOST_NOTES` at most."""
        return self._conn.scalars(select(pending.c.contact_id).limit(MOST_NOTES + 1)).all()

    @cached_property
    def _noted(self) -> frozenset[int]:
        return frozenset(self._notes)

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
        return index_words(self._indexable, self._speech)

    @cached_property
    def _narrow_words(self) -> str | None:
        return index_words(self._indexable, self._speech, narrow=True)

    @property
    def _speech(self) -> Speech:
        return TsquerySpeech() if self._backing is Backing.GRAMS else FtsSpeech(self._conn)

    def _is_small(self, scope: ColumnElement[bool]) -> bool:
        return self._nth(scope, _Order(), SMALL_PLACE) is None

    def _all(self, rows: Select[Any], limit: int) -> list[int]:
        return [*self._conn.scalars(rows.limit(limit)).all()]

    def _count(self, rows: Select[Any]) -> int:
        counted = select(func.count()).select_from(rows.order_by(None).subquery())
        return int(self._conn.scalar(counted) or 0)
