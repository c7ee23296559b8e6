"""A query as the index takes it: its words taken apart into trigrams."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from sqlalchemy import Connection, TableClause, select

from storage.folding import Clause, Query
from storage.search_index import fts_terms

MOST_TERMS = 400
"""Trigrams that a one- or two-letter word may begin; with more, it is nearly everywhere."""


class Speech(Protocol):
    """How an index wants to be asked."""

    def gram(self, gram: str) -> str:
        """A trigram that means nothing but itself."""

    def begun(self, short: str) -> str | None:
        """The trigrams that a short word begins; None where they are too many to ask for.

        Every character of a haystack begins one: it is padded at its end.
        """

    def all_of(self, parts: Iterable[str]) -> str:
        """What holds when every part does."""

    def any_of(self, parts: Iterable[str]) -> str:
        """What holds when one part does."""


class FtsSpeech:
    """FTS5's query syntax. It knows no beginnings of trigrams, so they are looked up.

    Args:
        conn: Where to look.
        terms: The trigrams that the index holds.
    """

    def __init__(self, conn: Connection, terms: TableClause = fts_terms) -> None:
        self._conn = conn
        self._term = terms.c.term

    def gram(self, gram: str) -> str:
        """A quoted phrase."""
        return '"' + gram.replace('"', '""') + '"'

    def begun(self, short: str) -> str | None:
        """The trigrams that are there, as alternatives."""
        term = self._term
        begun = select(term).where(term >= short, term < short + "\U0010ffff")
        terms = self._conn.scalars(begun.limit(MOST_TERMS + 1)).all()
        if len(terms) > MOST_TERMS:
            return None
        # Where nothing begins with it, a phrase that no index holds.
        return self.any_of(map(self.gram, terms or ["\x1e\x1e\x1e"]))

    def all_of(self, parts: Iterable[str]) -> str:
        """With AND."""
        return "(" + " AND ".join(parts) + ")"

    def any_of(self, parts: Iterable[str]) -> str:
        """With OR."""
        return "(" + " OR ".join(parts) + ")"


class TsquerySpeech:
    """The syntax of a `tsquery`, taken as written and not parsed as a language."""

    def gram(self, gram: str) -> str:
        """A quoted lexeme."""
        return "'" + gram.replace("\\", "\\\\").replace("'", "''") + "'"

    def begun(self, short: str) -> str | None:
        """A prefix."""
        return self.gram(short) + ":*"

    def all_of(self, parts: Iterable[str]) -> str:
        """With &."""
        return "(" + " & ".join(parts) + ")"

    def any_of(self, parts: Iterable[str]) -> str:
        """With |."""
        return "(" + " | ".join(parts) + ")"


def is_strong(clause: Clause) -> bool:
    """Whether every reading of a clause holds a word that has a trigram."""
    return all(any(len(word) >= 3 for word in reading) for reading in clause)


def index_words(query: Query, speech: Speech, *, narrow: bool = False) -> str | None:
    """The query for the index, which may answer with more than matches but never with less.

    Args:
        query: What is looked for; not empty.
        speech: How the index wants to be asked.
        narrow: Ask for two-letter words too where longer ones would do: dearer for the index,
            but with fewer candidates that do not match.

    Returns:
        None where the index cannot serve it.
    """
    strong = any(map(is_strong, query.clauses))
    written = []
    for clause in query.clauses:
        if strong and not is_strong(clause) and not (narrow and _has_pairs(clause)):
            continue
        words = _clause_words(clause, speech, narrow)
        if words is not None:
            written.append(words)
        elif not strong:
            return None
    return speech.all_of(written)


def _has_pairs(clause: Clause) -> bool:
    return all(any(len(word) >= 2 for word in reading) for reading in clause)


def _clause_words(clause: Clause, speech: Speech, narrow: bool) -> str | None:
    readings = []
    for reading in clause:
        words = [speech.gram(gram) for word in reading if len(word) >= 3 for gram in _grams(word)]
        shortest = 1 if not words else 2 if narrow else 3
        begun = [speech.begun(word) for word in reading if shortest <= len(word) < 3]
        if not words and None in begun:
            return None
        words += [word for word in begun if word is not None]
        readings.append(speech.all_of(dict.fromkeys(words)))
    return speech.any_of(readings)


def _grams(word: str) -> list[str]:
    """Trigrams that cover a word side by side: as telling as all of them, and a third as many."""
    places = [*range(0, len(word) - 3, 3), len(word) - 3]
    return [word[place : place + 3] for place in places]
