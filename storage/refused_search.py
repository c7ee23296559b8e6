"""Finding refused attempts by what they say, at any age."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, cast, literal_column, select, true
from sqlalchemy.dialects.postgresql import TSQUERY

from storage.dialects import among
from storage.folding import Query
from storage.refused_index import WORDS, attempts, hay_of, index, oldest_note
from storage.search_words import FtsSpeech, Speech, TsquerySpeech, index_words
from storage.trigram_index import Backing

FIRST_CANDIDATES = 32
MOST_CANDIDATES = 512
"""Attempts that are looked at in one step."""


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

    def is_beyond(self, ids: list[int], reached: int) -> bool:
        """Whether ids, newest first, go further than was read."""
        return ids[-1] < reached if self.newest else ids[0] > reached


@dataclass(frozen=True, slots=True)
class FoundRefused:
    """What the index of refused attempts gave."""

    ids: list[int]
    """In the order of reading, one more than was asked for at most."""
    unread: ColumnElement[bool] | None
    """Which refused attempts are still to be read for; None: none are."""


class RefusedSearch:
    """A search of the refused attempts' index, in one snapshot.

    Args:
        conn: A snapshot.
        query: What is looked for; not empty.
        where: Which attempts besides.
    """

    def __init__(self, conn: Connection, query: Query, where: ColumnElement[bool]) -> None:
        self._conn = conn
        self._query = query
        self._where = where
        self._backing = index.backing(conn)
        self._key = index.grams.c.attempt_id if self._on_grams else index.fts.c.rowid

    def find(self, span: Span, limit: int, until: float) -> FoundRefused:
        """The attempts of a span that say what is looked for.

        Args:
            span: Between which ids.
            limit: One more than so many are enough.
            until: When to stop, by the monotonic clock.
        """
        words = index_words(self._query, self._speech) if self._is_there else None
        if words is None:
            return FoundRefused([], true())
        found: list[int] = []
        size = FIRST_CANDIDATES
        while True:
            candidates = self._candidates(words, span, size)
            found += self._looked_at(candidates, span)
            if len(found) > limit or len(candidates) < size:
                return FoundRefused(found[: limit + 1], self._noted())
            if time.monotonic() >= until:
                return FoundRefused(found, true())
            span, size = span.beyond(candidates[-1]), min(2 * size, MOST_CANDIDATES)

    def _candidates(self, words: str, span: Span, size: int) -> Sequence[int]:
        matching: ColumnElement[bool] = literal_column(index.name).op("MATCH")(words)
        if self._on_grams:
            matching = index.grams.c.grams.op("@@")(cast(words, TSQUERY))
        rows = select(self._key).where(matching, span.holds(self._key))
        return self._conn.scalars(rows.order_by(span.by(self._key)).limit(size)).all()

    def _looked_at(self, candidates: Sequence[int], span: Span) -> list[int]:
        """Those that really say it, in the order of reading."""
        if not candidates:
            return []
        said = select(attempts.c.id, *(attempts.c[name] for name in WORDS))
        rows = self._conn.execute(
            said.where(among(self._conn, attempts.c.id, candidates), self._where)
        )
        return sorted(
            (row.id for row in rows if self._query.matches(hay_of(row))), reverse=span.newest
        )

    def _noted(self) -> ColumnElement[bool] | None:
        """What the index does not hold yet: the newest, as a rule."""
        oldest = oldest_note(self._conn)
        return None if oldest is None else attempts.c.id >= oldest

    @property
    def _is_there(self) -> bool:
        return self._backing is not Backing.SCAN

    @property
    def _on_grams(self) -> bool:
        return self._backing is Backing.GRAMS

    @property
    def _speech(self) -> Speech:
        return TsquerySpeech() if self._on_grams else FtsSpeech(self._conn, index.terms)
