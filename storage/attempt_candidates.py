"""Attempts that say what is looked for, found along the index of the intake log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    cast,
    func,
    literal_column,
    or_,
    select,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from storage.attempt_index import PLACES, Stretch, attempts, index, pending, stretches
from storage.attempt_words import ANYTHING, COLUMNS, KNOWN, asked_of_documents, has_digits, mark
from storage.dialects import among, is_postgresql
from storage.folding import Query
from storage.search_words import FtsSpeech, Speech, TsquerySpeech, index_words, is_strong
from storage.senders import SENDERS
from storage.trigram_index import Backing
from storage.words import AttemptView

FIRST_DOCUMENTS = 16
MOST_DOCUMENTS = 96
"""Documents whose attempts are looked at in one step."""
FEW_FOUND = 128
MANY_FOUND = 4_096
"""Documents that the index is asked for at once. SQLite's gives them one after the other,
PostgreSQL's finds all of them first."""


@dataclass(frozen=True, slots=True)
class Span:
    """Attempts between two ids, neither included, and from which end they are read."""

    before: int | None
    after: int | None
    newest: bool

    def holds(self, key: Any) -> ColumnElement[bool]:
        """Whether an id lies in it."""
        older = true() if self.before is None else key < self.before
        return and_(older, true() if self.after is None else key > self.after)

    def by(self, key: Any) -> Any:
        """Its order."""
        return key.desc() if self.newest else key.asc()

    def up_to(self, end: int | None) -> Span:
        """The part up to an id, that included; None: all of it."""
        if end is None:
            return self
        if self.newest:
            return Span(self.before, end - 1, self.newest)
        return Span(end + 1, self.after, self.newest)

    def beyond(self, end: int) -> Span:
        """The part that comes after an id in the order of reading."""
        if self.newest:
            return Span(end, self.after, self.newest)
        return Span(self.before, end, self.newest)

    def within(self, first: int, last: int) -> Span:
        """The part of it from one id to another, both included."""
        before = last + 1 if self.before is None else min(self.before, last + 1)
        after = first - 1 if self.after is None else max(self.after, first - 1)
        return Span(before, after, self.newest)

    @property
    def is_empty(self) -> bool:
        """Whether no id lies in it."""
        return self.before is not None and self.after is not None and self.before - self.after < 2

    def has(self, ident: int) -> bool:
        """Whether it holds an id."""
        older = self.before is None or ident < self.before
        return older and (self.after is None or ident > self.after)

    def is_beyond(self, ids: list[int], reached: int) -> bool:
        """Whether ids, newest first, go further than was read."""
        return ids[-1] < reached if self.newest else ids[0] > reached


@dataclass(frozen=True, slots=True)
class Lot:
    """Attempts to be looked at."""

    ids: list[int]
    """In no order."""
    end: int | None
    """With them, what the index holds was looked through up to this id; None: all of it."""


_ODD = "*[^ -~]*"
_FOREIGN = ("body", "user_agent", "reason")
"""Columns that may hold other letters than ASCII's, or escape them."""


def may_match(conn: Connection, query: Query) -> ColumnElement[bool]:
    """Leaves out most attempts that do not match: faster than putting each haystack together."""
    position = func.strpos if is_postgresql(conn) else func.instr
    small = [func.lower(attempts.c[name]) for name in COLUMNS]

    def stands(word: str) -> ColumnElement[bool]:
        titled = [key for key, sender in SENDERS.items() if word in sender.title.lower()]
        named = [attempts.c.sender.in_(titled)] if titled else []
        return or_(*(position(column, word) > 0 for column in small), *named)

    plain = [
        or_(*(and_(*map(stands, reading)) for reading in clause))
        for clause in query.clauses
        # A number may be written in many ways.
        if not has_digits(Query((clause,)))
    ]
    # What is not plain text is taken apart here and not by the store.
    said = attempts.c.body
    foreign = [position(said, sign) > 0 for sign in ("%", "\\u")]
    for name in _FOREIGN:
        column = attempts.c[name]
        match = column.regexp_match("[^ -~]") if is_postgresql(conn) else column.op("GLOB")(_ODD)
        foreign.append(match)
    return or_(and_(true(), *plain), *foreign) if plain else true()


class Candidates:
    """What the index gives for a query, in one snapshot.

    Args:
        conn: A snapshot.
        query: What is looked for; not empty.
        view: Which attempts besides.
    """

    def __init__(self, conn: Connection, query: Query, view: AttemptView) -> None:
        self._conn = conn
        self._on_grams = index.backing(conn) is Backing.GRAMS
        if self._on_grams:
            # PostgreSQL reckons a row that it reads as cheap, and these are of several pages: what
            # stands nearly everywhere was looked for in all of them, for most of a second.
            conn.execute(text("SET LOCAL enable_seqscan = off"))
        self._key = index.grams.c.document_id if self._on_grams else index.fts.c.rowid
        self._query = asked_of_documents(query)
        self._view = view
        self.is_quick = not self._on_grams and any(map(is_strong, self._query.clauses))
        """Whether the index is the best way also to what stands nearly everywhere."""

    def words(self) -> str | None:
        """The query as the index takes it; None where it cannot answer it."""
        if not self._query:
            return None
        speech = self._speech
        words = index_words(self._query, speech)
        if words is None:
            return None
        asked = ((name, getattr(self._view, name)) for name in KNOWN)
        marks = [speech.gram(mark(name, said)) for name, said in asked if said]
        return speech.any_of([speech.all_of([words, *marks]), speech.gram(ANYTHING)])

    def lots(self, words: str, span: Span) -> Iterator[Lot]:
        """Attempts to be looked at, a step at a time in the order of reading.

        Args:
            words: What `words` gave.
            span: A part of what the index holds.
        """
        numbers: list[int] = []
        documents: list[int] = []
        wanted = FIRST_DOCUMENTS
        for number, theirs in self._by_stretch(words, span):
            if len(documents) >= wanted:
                lot = self._lot(numbers, documents, span)
                yield lot
                assert lot.end is not None  # noqa: S101 - more is to come
                span, wanted = span.beyond(lot.end), min(2 * wanted, MOST_DOCUMENTS)
                numbers, documents = [], []
            numbers.append(number)
            documents += theirs
        last = self._lot(numbers, documents, span)
        yield Lot([*last.ids, *self._noted(span)], None)

    def _lot(self, numbers: list[int], documents: list[int], span: Span) -> Lot:
        rows = self._conn.execute(
            select(stretches).where(among(self._conn, stretches.c.number, numbers))
        )
        held = {row.number: Stretch(*row) for row in rows}
        ids = {ident for each in documents for ident in held[each // PLACES].ids(each)}
        if not held:
            return Lot([], None)
        last = held[numbers[-1]]
        end = last.first_id if span.newest else last.last_id
        span = span.up_to(end)
        ids.update(self._noted(span))
        return Lot([ident for ident in ids if span.has(ident)], end)

    def _noted(self, span: Span) -> Sequence[int]:
        """Attempts that the index does not hold as they are."""
        key = pending.c.attempt_id
        return self._conn.scalars(select(key).where(span.holds(key))).all()

    def _by_stretch(self, words: str, span: Span) -> Iterator[tuple[int, list[int]]]:
        """The documents that the index names, by their stretches."""
        numbers = self._numbers(span)
        size = MANY_FOUND if self._on_grams else FEW_FOUND
        while numbers is not None:
            found = self._found(words, numbers, size, span.newest)
            by_number = {n: [*each] for n, each in groupby(found, lambda ident: ident // PLACES)}
            last = next(reversed(by_number), None)
            if len(found) < size or last is None:
                yield from by_number.items()
                return
            # Of the last one there may be more.
            by_number[last] = self._found(words, (last, last), PLACES, span.newest)
            yield from by_number.items()
            numbers = (numbers[0], last - 1) if span.newest else (last + 1, numbers[1])
            numbers = None if numbers[0] > numbers[1] else numbers

    def _numbers(self, span: Span) -> tuple[int, int] | None:
        """The first and the last stretch that a span touches."""
        first = select(stretches.c.number).order_by(stretches.c.last_id)
        last = select(stretches.c.number).order_by(stretches.c.last_id.desc())
        if span.after is not None:
            first = first.where(stretches.c.last_id > span.after)
        if span.before is not None:
            last = last.where(stretches.c.first_id < span.before)
        low, high = self._conn.scalar(first.limit(1)), self._conn.scalar(last.limit(1))
        return None if low is None or high is None or low > high else (low, high)

    def _found(self, words: str, numbers: tuple[int, int], size: int, newest: bool) -> list[int]:
        key = self._key
        matching: ColumnElement[bool] = literal_column(index.name).op("MATCH")(words)
        if self._on_grams:
            matching = index.grams.c.grams.op("@@")(cast(words, TSQUERY))
        rows = select(key).where(
            matching, key.between(numbers[0] * PLACES, (numbers[1] + 1) * PLACES - 1)
        )
        # On PostgreSQL the sum keeps it from reading all documents in their order.
        place = key + 0 if self._on_grams else key
        rows = rows.order_by(place.desc() if newest else place)
        return [*self._conn.scalars(rows.limit(size))]

    @property
    def _speech(self) -> Speech:
        return TsquerySpeech() if self._on_grams else FtsSpeech(self._conn, index.terms)
