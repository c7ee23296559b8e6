"""Phone numbers as people and programs write them. What is not certain is not read.

A text to the wrong number reaches a stranger, so nothing is guessed: two numbers in one field, an
extension, letters, digits that a spreadsheet rounded away, or a number that only another country
could have are refused and stay in the intake log to be mended.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers

from storage.phones import Phone, parse_dialled, parse_e164
from storage.words import Kind

LONGEST = 64
"""Characters of a text that may be one number."""

NANP = frozenset({"US", "CA"})
"""Regions whose numbers are three digits, three and four."""
_STRICT = re.compile(r"\+[1-9][0-9]{6,14}")
_LABEL = re.compile(
    r"^(?:tel|telephone|phone|mobile|cell|whatsapp|sms|p|t|m)\s*[:.=]\s*(?://)?", re.IGNORECASE
)
_WHOLE = re.compile(r"(\+?\d{7,15})\.0+")
_POWER = re.compile(r"(\d)(?:[.,](\d+))?[eE]\+?(\d{1,2})")
_SEVERAL = re.compile(
    r"[,;|&\n\r]+|\s/\s|/(?=\s*\+)|(?<=\d{7})/"
    r"|\s(?:or|and|und|oder|et|ou|y|o|e|of|en)\s"
    r"|(?<=\d{10})[\s\-]+(?=\+?\d{10})|(?<=\d{4})\s*[a-z]{3,}\s*:?\s*(?=[+(]?\d{3})",
    re.IGNORECASE,
)
_EXTENSION = re.compile(
    r"ext(?:ension|n)?\b|(?<=\d)\s*x|\bx\s*\d|#|\bposte\b|\bdurchwahl\b|\bint\.", re.IGNORECASE
)
_SORT = re.compile(r"(?<=\d)\s*[(,]?\s*(?:cell|mobile|mob|text|sms|whatsapp)\.?\)?$", re.IGNORECASE)
_LAND = re.compile(r"^([A-Z]{2}(?=\s*\+)|[\U0001F1E6-\U0001F1FF]{2}(?=\s*[+(\d]))\s*")
_FLAG = {0x1F1E6 + place: chr(65 + place) for place in range(26)}
_TWICE = re.compile(r"^\++(?:(\d{1,3})\s*\+(?=\1))?")
_SHAPE = re.compile(r"\(?\+?[\d\s().\-/]+")
_USUAL = re.compile(r"[+(0-9][0-9 ().\-]{1,18}")
"""How most people write one number: nothing in it is a label, an extension or a second number."""
_MOBILES = frozenset({Kind.MOBILE, Kind.EITHER})
_NO_DIGIT = re.compile(r"\D")
_MARKS = str.maketrans(dict.fromkeys("‐‑‒–—―−﹣－", "-") | {"＋": "+", "﹢": "+"})


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a text is not taken for a number. Quotes nothing of it."""

    reason: str
    several: bool = False
    """There are two numbers that differ."""


def is_strict(text: str) -> bool:
    """Whether a text is written in E.164, which needs no country besides."""
    return text[:1] == "+" and _STRICT.fullmatch(text) is not None


def read_phone(text: str, region: str) -> Phone | Unreadable:
    """Reads a number.

    Args:
        text: As it was written.
        region: ISO 3166 alpha-2: the country of numbers that name none.
    """
    if is_strict(text):
        return parse_e164(text) or Unreadable("no such number is possible")
    if _USUAL.fullmatch(text):
        return _single(text.strip(" "), region)
    if len(text) > 4 * LONGEST:
        return Unreadable("it is too long")
    return _read(text, region)


@lru_cache(maxsize=1024)
def _read(text: str, region: str) -> Phone | Unreadable:
    text = _plain(text)
    if not text:
        return Unreadable("it is empty")
    text = _SORT.sub("", _label_free(text))
    land = _LAND.match(text)
    if land:
        return _of_land(text[land.end() :], land[1].translate(_FLAG))
    # A code that a form put before a number that has one.
    text = _TWICE.sub("+", text)
    if _EXTENSION.search(text):
        return Unreadable("it has an extension, and those cannot be texted")
    power = _POWER.fullmatch(text)
    if power:
        digits = power[1] + (power[2] or "")
        if len(digits) != int(power[3]) + 1:
            return Unreadable("a spreadsheet rounded its digits away")
        return _single(digits, region)
    parts = [part for part in _SEVERAL.split(text) if sum(map(str.isdigit, part)) >= 7]
    if len(parts) > 1:
        read = [_single(_label_free(part.strip()), region) for part in parts]
        if any(isinstance(one, Unreadable) or one != read[0] for one in read):
            return Unreadable("there are two numbers in it", several=True)
        return read[0]
    return _single(text.replace(",", " ") if len(parts) == 1 else text, region)


def _of_land(text: str, land: str) -> Phone | Unreadable:
    """A number behind the flag or the code of a country, whose number it must be."""
    found = _read(text, land)
    code = phonenumbers.country_code_for_region(land)
    if isinstance(found, Phone) and not found.e164.startswith(f"+{code}"):
        return Unreadable("it is of another country than the one before it")
    return found


def _plain(text: str) -> str:
    """ASCII digits and signs; what no eye sees is left out."""
    text = text.translate(_MARKS)
    made = []
    for letter in text.strip():
        if letter.isascii():
            made.append(letter)
        elif unicodedata.category(letter) == "Nd":
            made.append(str(unicodedata.decimal(letter)))
        elif unicodedata.category(letter) == "Cf":
            continue
        elif unicodedata.category(letter) == "No":
            # A raised digit may be that of a footnote, and a fraction is none.
            made.append(letter)
        else:
            made.append(unicodedata.normalize("NFKC", letter))
    return "".join(made).strip().strip("'\"`=").strip()


def _label_free(text: str) -> str:
    return _LABEL.sub("", text, count=1).strip()


def _single(text: str, region: str) -> Phone | Unreadable:
    if text[:1] == "-" and text[1:].replace(".", "").isdigit():
        return Unreadable("it is less than nothing")
    whole = _WHOLE.fullmatch(text)
    if whole:
        text = whole[1]
    if len(text) > LONGEST or not _SHAPE.fullmatch(text):
        return Unreadable("it holds letters, or more digits than a number has")
    digits = _NO_DIGIT.sub("", text)
    if "+" in text:
        # `+44 (0)20 …`: the zero is dialled inside the country alone.
        if "(0)" in text:
            digits = _NO_DIGIT.sub("", text.replace("(0)", "", 1))
        return parse_e164(f"+{digits}") or Unreadable("no such number is possible")
    if region in NANP:
        if digits[:1] == "0" and digits[:2] != "00" and digits[:3] != "011":
            # Other countries begin so; none of these does.
            return _foreign(region)
        if len(digits) == 10 and digits[0] not in "01":
            return parse_e164(f"+1{digits}") or _foreign(region)
        if len(digits) == 11 and digits[0] == "1" and digits[1] not in "01":
            return parse_e164(f"+{digits}") or _foreign(region)
    return _national(digits, region)


def _national(digits: str, region: str) -> Phone | Unreadable:
    found = _in_region(digits, region)
    if digits.startswith("00") and not _is_assigned(found):
        # What nearly every country dials before a foreign number.
        return parse_e164(f"+{digits[2:]}") or found
    return found


def _in_region(digits: str, region: str) -> Phone | Unreadable:
    if not 4 <= len(digits) <= 18:
        return _foreign(region)
    found = parse_dialled(digits, region)
    if found is not None and found.kind not in _MOBILES:
        coded = _with_own_code(digits, region)
        if coded is not None and (found.kind is Kind.UNASSIGNED or coded.kind in _MOBILES):
            # `4915112345678` is a mobile with its country's code, and only without a nought that
            # nobody leaves out a number of a place that begins alike.
            return coded
    return found or _foreign(region)


def _is_assigned(found: Phone | Unreadable) -> bool:
    return isinstance(found, Phone) and found.kind is not Kind.UNASSIGNED


def _with_own_code(digits: str, region: str) -> Phone | None:
    """A number of the region that is written with the country's code and without a plus."""
    if not digits.startswith(str(phonenumbers.country_code_for_region(region))):
        return None
    found = parse_e164(f"+{digits}")
    return found if found is not None and found.kind is not Kind.UNASSIGNED else None


def _foreign(region: str) -> Unreadable:
    return Unreadable(f"it names no country, and is no number of {region}")
