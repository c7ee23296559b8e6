"""What the words of a search are looked for in, in each attempt of the intake log.

This is the rule, in one place: an attempt matches when its haystack does. Reading the log and its
index (`storage.attempt_index`) both ask it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any
from urllib.parse import unquote_plus
from zlib import crc32

from storage.folding import Query, digits, fold, fold_parts
from storage.senders import title_of

COLUMNS = ("phone", "code", "reason", "sender", "user_agent", "peer", "body")
"""The columns that a haystack is made of."""

KNOWN = ("outcome", "door", "sender", "code")
"""What else a document of the index tells of its attempts: what the log is filtered by."""

LARGEST = 200_000
"""Characters of a document. Beyond, it only says that it holds anything at all."""
ANYTHING = "\x1fb\x1f"

_NUMBER = re.compile(r"[0-9][-+()./ 0-9]{4,}[0-9]")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_PART = re.compile(r"[\"&\n]")
_WORD = re.compile(r"[^\s\",{}\[\]&=;()<>]+")
"""A document holds each word once, so a search across such a sign is looked up by both sides."""
_SHORTEST_RUN = 4
_RUN = re.compile(rf"[0-9]{{{_SHORTEST_RUN},}}")
_PAIRS = {
    (f"{one}", f"{two}"): chr(0xE100 + 10 * one + two) for one in range(10) for two in range(10)
}
_FIRST_MARK = 0xE200


def hay_of(row: Any, *, numbers: bool = True) -> str:
    """What an attempt says: as written, its letters as people write them, and bare numbers.

    Args:
        row: With the columns `COLUMNS`.
        numbers: With the bare numbers; a search without digits needs none.
    """
    return _hay("\n".join((*_said(row), row.body)), numbers)


def has_digits(query: Query) -> bool:
    """Whether a search may be for a number."""
    return any(digits(word) for clause in query.clauses for reading in clause for word in reading)


def document(rows: Sequence[Any]) -> str:
    """What the index holds of attempts: each of their words once.

    Args:
        rows: With the columns `COLUMNS` and `KNOWN`.
    """
    parts: set[str] = set()
    marks: set[str] = set()
    for row in rows:
        # Most of what senders say is the same each time: it is taken once.
        parts.update(_said(row))
        parts.update(row.body.split('"'))
        marks.update(mark(name, getattr(row, name)) for name in KNOWN)
    # None of what is looked for in a document reaches across a quotation mark.
    words = {*_WORD.findall(_hay('"'.join(parts)))}
    text = "\n".join(words)
    if len(text) > LARGEST:
        return "\n".join([ANYTHING, *marks])
    runs = {run for word in words for run in _RUN.findall(word)}
    return "\n".join([text, *map(_paired, runs), *marks])


def asked_of_documents(query: Query) -> Query:
    """A query as documents can answer it: with more than matches, but never with less."""
    clauses = (
        tuple(tuple(part for word in reading for part in _looked_up(word)) for reading in clause)
        for clause in query.clauses
    )
    # A reading of nothing but signs may stand anywhere.
    return Query(tuple(clause for clause in clauses if all(clause)))


def mark(name: str, value: str) -> str:
    """Three characters that stand in a document for what is known of its attempts."""
    return f"\x1f{name[0]}{chr(_FIRST_MARK + crc32(value.encode('utf-8', 'replace')) % 5_000)}"


def _said(row: Any) -> tuple[str, ...]:
    title = title_of(row.sender)
    return row.phone[1:], row.code, row.reason, row.sender, title, row.user_agent, row.peer


def _hay(written: str, numbers: bool = True) -> str:
    parts = [fold_parts(written), *map(fold, _decoded(written))]
    if numbers:
        parts += _numbers("\n".join(parts))
    return "\n".join(parts)


def _numbers(folded: str) -> Iterator[str]:
    """The numbers that are written with something between their digits, without that."""
    for found in _NUMBER.findall(folded):
        if not found.isdigit():
            yield digits(found)


def _decoded(written: str) -> Iterator[str]:
    """The parts of a text that are written in another way than people do, as they do."""
    # A plus alone stands for a space: what is beside it is found as it is.
    if not ("\\u" in written or "%" in written):
        return
    for part in _PART.split(written):
        if "\\u" in part:
            # Letters beyond the first plane come as two halves.
            halves = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), part)
            yield halves.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        if "%" in part:
            yield unquote_plus(part)


def _looked_up(word: str) -> Iterator[str]:
    for part in _WORD.findall(word):
        if not part.isdigit() or len(part) < _SHORTEST_RUN:
            yield part
        yield from map(_paired, _RUN.findall(part))


def _paired(run: str) -> str:
    """A run of digits with each two side by side as one sign.

    Three digits stand side by side nearly everywhere; three such signs are four digits.
    """
    return "".join(map(_PAIRS.__getitem__, pairwise(run)))
