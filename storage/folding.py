"""How text is compared and what a search asks for. Needs nothing but the standard library."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
"""A canonical phone number."""
LABEL_START = "\x1f"
LABEL_END = "\x1e"
LONGEST_NAME = 400
"""Search knows this many characters of a name."""
LONGEST_QUERY = 400
"""A search reads this many characters of what was typed; more cannot be meant."""

_CONTROLS = dict.fromkeys((*range(0x20), 0x7F), " ")
_ALIKE = str.maketrans({
    "’": "'", "‘": "'", "ʼ": "'", "´": "'", "′": "'",
    "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "―": "-", "−": "-", "﹣": "-", "－": "-",
})  # fmt: skip
"""Marks that a phone's keyboard writes for the plain ones."""
_LETTERS = str.maketrans({
    "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "ŋ": "n", "ı": "i", "ɨ": "i",
    "æ": "ae", "œ": "oe", "þ": "th", "ƒ": "f", "ɓ": "b", "ɗ": "d", "ƙ": "k", "ə": "e", "ĸ": "q",
})  # fmt: skip
"""Letters that Unicode takes for letters of their own, as people without them type them."""
_FIRST_ACCENT_CLASS = 10
"""Combining classes from here on are accents and points; those below make other letters."""
_VARIATION = frozenset(map(chr, (0x034F, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
_PHONE_TOKEN = re.compile(r"[-+()./0-9]+")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
_SHORT = 100
"""Folded texts of fewer characters are worth remembering."""
_TRUNK_IN_BRACKETS = re.compile(r"(?<=\d)\(0\)|(?<=\d)\s\(0\)")
_TWO_DIGIT_COUNTRIES = re.compile(
    r"2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]",
)


def fold(text: str) -> str:
    """Text as it is compared: no case, accents, controls or runs of spaces.

    Folding twice gives the same as folding once.
    """
    if text.isascii():
        return " ".join(text.translate(_CONTROLS).lower().split())
    text = unicodedata.normalize("NFKD", text.translate(_ALIKE)).casefold()
    text = unicodedata.normalize("NFKD", text)
    plain = "".join(map(_fold_character, text)).translate(_ALIKE).translate(_LETTERS)
    return unicodedata.normalize("NFC", " ".join(plain.split()))


def fold_parts(text: str) -> str:
    """The same for a long text that is only looked through: its spaces stay as they are.

    Faster where few of its words have letters of other alphabets.
    """
    if not text.isprintable() and _CONTROL.search(text):
        text = text.translate(_CONTROLS)
    if text.isascii():
        return text.lower()
    # Nothing depends on what stands beyond a quotation mark: it takes no accent.
    parts = (part.lower() if part.isascii() else _fold_kept(part) for part in text.split('"'))
    return '"'.join(parts)


def _fold_kept(part: str) -> str:
    return _fold_known(part) if len(part) < _SHORT else _fold_known.__wrapped__(part)


@lru_cache(maxsize=4096)
def _fold_known(part: str) -> str:
    # Held at both ends, so that a space there stays.
    return fold(f"|{part}|")[1:-1]


def _fold_character(char: str) -> str:
    if char.isascii():
        return " " if char < " " or char == "\x7f" else char
    category = unicodedata.category(char)
    if category == "Nd":
        return str(unicodedata.decimal(char))
    if category in {"Cc", "Cs"}:
        return " "
    accent = category == "Mn" and unicodedata.combining(char) >= _FIRST_ACCENT_CLASS
    return "" if accent or category in {"Cf", "Me"} or char in _VARIATION else char


def digits(text: str) -> str:
    """The ASCII digits in a text."""
    return "".join(char for char in text if "0" <= char <= "9")


def label_mark(folded: str) -> str:
    """A label as it stands in a haystack: whole, so that it can be taken out again."""
    return f"{LABEL_START}{folded}{LABEL_END}"


def in_any_spelling(phone: str) -> re.Pattern[str]:
    """Finds a number in a text, whatever stands between its digits.

    Args:
        phone: E.164; of a long one the last ten digits are enough, which is how people write it.
    """
    return re.compile("[^0-9]*".join(digits(phone)[-10:]))


def haystack(first: str, last: str, phone: str, label_folds: Iterable[str] = ()) -> str:
    """What search looks through for one contact.

    Args:
        first: First name, as sent.
        last: Last name, as sent.
        phone: E.164.
        label_folds: Folded names of its labels.
    """
    # No token holds a line end or a label's ends, so none can match across two parts.
    name = fold(f"{first} {last}")[:LONGEST_NAME]
    return f"{name}\n{phone[1:]}\n" + "".join(map(label_mark, label_folds))


Clause: TypeAlias = tuple[tuple[str, ...], ...]
"""Readings of which one must hold, each of them words that must all stand in a haystack."""


@dataclass(frozen=True, slots=True)
class Query:
    """What a person looks for.

    A contact matches when every clause does. A clause is one token, or a run of tokens that
    look like a phone number; it matches by any of its readings, a reading when the haystack
    holds every one of its needles.
    """

    clauses: tuple[Clause, ...]

    def __bool__(self) -> bool:
        return bool(self.clauses)

    def matches(self, hay: str) -> bool:
        """Whether a haystack matches."""
        return all(
            any(all(needle in hay for needle in reading) for reading in clause)
            for clause in self.clauses
        )


def parse(text: str) -> Query:
    """Take apart what was typed into the search box. Any text will do."""
    tokens = fold(text[:LONGEST_QUERY]).split(" ")
    clauses: list[Clause] = []
    start = 0
    while start < len(tokens):
        end = _phone_run_end(tokens, start)
        if end > start:
            clauses.append(_phone_readings(tokens[start:end]))
            start = end
        else:
            if tokens[start]:
                clauses.append(((tokens[start],),))
            start += 1
    return Query(tuple(dict.fromkeys(clauses)))


def phrase(text: str) -> Clause:
    """The clause of words that must stand side by side; not blank."""
    tokens = fold(text).split(" ")
    if _phone_run_end(tokens, 0) == len(tokens):
        return _phone_readings(tokens)
    return ((" ".join(tokens),),)


def phone_readings(text: str) -> Clause:
    """The ways in which a text that holds digits may stand in a phone number."""
    typed = fold(text)
    return tuple((reading,) for reading in _phone_spellings(typed, digits(typed)))


def _phone_run_end(tokens: list[str], start: int) -> int:
    """Behind the last token of the phone number that starts here; `start` where none does."""
    end = start
    for place in range(start, len(tokens)):
        if not _PHONE_TOKEN.fullmatch(tokens[place]):
            break
        if digits(tokens[place]):
            end = place + 1
        elif place == start:
            break
    return end


def _phone_readings(tokens: list[str]) -> Clause:
    typed = " ".join(tokens)
    number = digits(typed)
    readings = [(reading,) for reading in _phone_spellings(typed, number)]
    return tuple(dict.fromkeys([*readings, tuple(dict.fromkeys(tokens))]))


def _phone_spellings(typed: str, number: str) -> list[str]:
    """The digit strings that a number may be stored as, the likeliest first."""
    spellings = [number]
    bare = digits(_TRUNK_IN_BRACKETS.sub("", typed))
    if bare != number:
        spellings.append(bare)
    # Shorter ones are more likely the end of a number than its beginning.
    if len(number) >= 5:
        if number.startswith("00"):
            spellings += [number[2:], *_without_trunk(number[2:])]
        elif number.startswith("0"):
            spellings.append(number[1:])
        elif typed.startswith("+"):
            spellings += _without_trunk(number)
        if number.startswith("011") and len(number) >= 7:
            spellings.append(number[3:])
        if number.startswith("8") and len(number) == 11:
            spellings.append(number[1:])
    return [spelling for spelling in dict.fromkeys(spellings) if spelling]


def _without_trunk(number: str) -> list[str]:
    """An international number without the national 0 that some write behind the country."""
    country = 1 if number[:1] in {"1", "7"} else 2 if _TWO_DIGIT_COUNTRIES.match(number) else 3
    if number[country : country + 1] != "0":
        return []
    return [number[:country] + number[country + 1 :]]
