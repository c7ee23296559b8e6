"""The language of the search box: `label:hot -label:spam is:favorite age<1d "quoted words" text`.

Any text has a meaning. What is not a known key with a known value is plain text, and means
itself. Light: needs nothing but the standard library.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from storage.folding import LONGEST_QUERY, Clause, Query, digits, fold, parse, phrase
from storage.words import Kind, Stage

MARKS = {
    "favorite": "favorites",
    "test": "test numbers",
    "unconfirmed": "unconfirmed",
    "unassigned": "of an unassigned range",
    "landline": "landlines",
    "private": "sent from a private address",
}
"""What `is:` knows, and how a sentence says it."""

KINDS = tuple(kind.value for kind in Kind)
STAGES = tuple(stage.value for stage in Stage if stage is not Stage.DELETED)

KEYS = ("label", "is", "kind", "age", "group", "from", "stage", "phone")
"""Every key; each may stand behind a `-`, which turns it round."""

_KNOWN = {"is": tuple(MARKS), "kind": KINDS, "stage": STAGES}
"""The values of keys that have their own."""

UNITS = {"m": "minute", "h": "hour", "d": "day", "w": "week"}

_SECONDS = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_LONGEST_AGE = 50 * 365 * 86_400
"""Seconds; further back no calendar needs to reach."""
_TERM = re.compile(r"(-?)([a-z]+)(:|<=?|>=?)(?:\"([^\"]*)(?:\"|$)|(\S*))", re.IGNORECASE)
_AGE = re.compile(r"([0-9]{1,7})([mhdw])", re.IGNORECASE)
_PHRASE = re.compile(r'"([^"]+)"(?=\s|$)')
_WORD = re.compile(r"\S+")
_BEGUN = re.compile(r"""(?:^|(?<=\s))-?([a-z]+)(:|<=?|>=?)("[^"]*|[^\s"]*)$""", re.IGNORECASE)
_SPACE = re.compile(r"\s*")


@dataclass(frozen=True, slots=True)
class Term:
    """One condition of a query."""

    key: str
    """One of `KEYS`."""
    value: str
    """As it is compared: folded, or as the key has it. Untrusted."""
    negated: bool = False
    older: bool = False
    """Of `age`: older than that, not younger."""
    quoted: bool = False

    @property
    def age(self) -> timedelta:
        """The value of `age`."""
        found = _AGE.fullmatch(self.value)
        assert found is not None  # noqa: S101 - no term of that key is made otherwise
        return timedelta(seconds=min(int(found[1]) * _SECONDS[found[2]], _LONGEST_AGE))

    @property
    def sentence(self) -> str:
        """The condition in words. Untrusted."""
        said = self._said()
        return f"not {said}" if self.negated else said

    def _said(self) -> str:
        if self.key == "label":
            return f"labelled “{self.value}”"
        if self.key == "is":
            return MARKS[self.value]
        if self.key == "kind":
            return f"of the kind {self.value.replace('_', ' ')}"
        if self.key == "age":
            n, unit = int(self.value[:-1]), UNITS[self.value[-1]]
            return (
                f"{'older' if self.older else 'younger'} than {n:,} {unit}{'' if n == 1 else 's'}"
            )
        if self.key == "group":
            return "in no group" if self.no_group else f"in the group “{self.value}”"
        if self.key == "from":
            return f"from {self.value}"
        if self.key == "stage":
            return self.value
        return f"with {self.value} in the number"

    @property
    def no_group(self) -> bool:
        """Whether it asks for contacts of no group. A group called “none” needs quotes."""
        return self.key == "group" and self.value == "none" and not self.quoted


@dataclass(frozen=True, slots=True)
class Asked:
    """A query, taken apart."""

    terms: tuple[Term, ...]
    words: Query
    """The rest, for the search by text."""
    text: str
    """The rest as it was typed. Untrusted."""

    def __bool__(self) -> bool:
        return bool(self.terms) or bool(self.words)


@lru_cache(maxsize=64)
def read(text: str) -> Asked:
    """Takes apart what was typed into the search box. Any text will do."""
    if not any(mark in text for mark in ':<>"'):
        return Asked((), parse(text), text)
    text = text[:LONGEST_QUERY]
    terms: list[Term] = []
    clauses: list[Clause] = []
    plain: list[str] = []
    rest: list[str] = []

    def end_of_plain() -> None:
        clauses.extend(parse(" ".join(plain)).clauses)
        plain.clear()

    at = 0
    while (at := _past(_SPACE, text, at)) < len(text):
        found = _TERM.match(text, at)
        term = None if found is None else _term(found)
        if found is not None and term is not None:
            terms.append(term)
            end_of_plain()
            at = found.end()
            continue
        quoted = _PHRASE.match(text, at)
        if quoted and fold(quoted[1]):
            end_of_plain()
            clauses.append(phrase(quoted[1]))
            rest.append(quoted[0])
            at = quoted.end()
            continue
        word = _WORD.match(text, at)
        assert word is not None  # noqa: S101 - no space stands here, and something does
        plain.append(word[0])
        rest.append(word[0])
        at = word.end()
    end_of_plain()
    return Asked(tuple(dict.fromkeys(terms)), Query(tuple(dict.fromkeys(clauses))), " ".join(rest))


def _past(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return at if found is None else found.end()


def _term(found: re.Match[str]) -> Term | None:
    """The condition that was written, or None where it is plain text."""
    negated, key, compared = bool(found[1]), found[2].lower(), found[3]
    quoted = found[4] is not None
    value = fold(found[4] if quoted else found[5])
    if key not in KEYS or not value:
        return None
    if key == "age":
        if compared == ":" or not _AGE.fullmatch(value):
            return None
        return Term(key, value, negated, older=compared[0] == ">")
    if compared != ":":
        return None
    known = _KNOWN.get(key)
    if known is not None:
        value = value.replace("-", "_").replace(" ", "_")
        if value not in known:
            return None
    if key == "phone" and not digits(value):
        return None
    return Term(key, value, negated, quoted=quoted)


@dataclass(frozen=True, slots=True)
class Begun:
    """A condition that is still being typed, at the end of a text."""

    before: str
    """What stands before it. Untrusted."""
    value: str
    """What is there of the value, folded. Untrusted."""
    unknown: bool
    """Whether only the store knows if that is a whole value: a label, a group, a sender."""


def begun(text: str) -> Begun | None:
    """The condition that a text ends in, where it can still become one that is known."""
    found = _BEGUN.search(text)
    if found is None or (key := found[1].lower()) not in KEYS:
        return None
    value = fold(found[3].lstrip('"'))
    if (key == "age") == (found[2] == ":"):
        return None
    asks = key in ("label", "group", "from")
    if key in _KNOWN:
        spelled = value.replace("-", "_").replace(" ", "_")
        open_ = spelled not in _KNOWN[key] and any(spelled in each for each in _KNOWN[key])
    elif key == "age":
        open_ = re.fullmatch(r"[0-9]{0,7}", value) is not None
    else:
        open_ = asks or not value
    return Begun(text[: found.start()], value, asks and bool(value)) if open_ else None


def narrowed(text: str) -> tuple[str, str]:
    """The sentence of a query's conditions, and its plain text. Both untrusted."""
    asked = read(text)
    return "".join(f", {term.sentence}" for term in asked.terms), asked.text


def written(value: str) -> str:
    """A value as it is written behind a key, in quotes where it needs them."""
    plain = value.replace('"', "")
    needs = any(char.isspace() for char in plain) or fold(plain) == "none" or not plain
    return f'"{plain}"' if needs else plain


def is_value(text: str, value: str) -> bool:
    """Whether a value as it is written behind a key is this folded one."""
    return fold(text.strip().strip('"')) == value
