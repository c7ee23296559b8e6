"""Reading lists of phone numbers as people keep them: CSV, plain text, spreadsheets' exports.

A file is read twice: first to see what it is and that it is whole, then to take it in. Neither
holds more of it in memory than a line.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO

import phonenumbers
from phonenumbers.phonenumberutil import NumberParseException

from storage.errors import Refused
from storage.phones import parse_e164

LONGEST_LINE = 65_536
"""Characters of a line; a longer one belongs to no list."""

_PIECE = 1 << 20
_SAMPLE = 500
"""Lines by which it is judged what a column holds."""
_HEADINGS = ("phone", "mobile", "cell", "number", "telephone", "tel", "msisdn", "telefon", "e164")
_SURE = frozenset(_HEADINGS) - {"number", "cell", "tel"}
"""Those that are part of no other word of a heading, such as `order number` or `hotel`."""
LEFT_OUT = "a second number in the line; give it one of its own"
_FLOAT = re.compile(r"\+?[0-9]+\.0+")
_SCIENCE = re.compile(r"\+?[0-9](?:[.,][0-9]+)?[eE]\+?[0-9]{1,2}")
_ABROAD = re.compile(r"\(?00[ )-]*[1-9][-0-9 ().]+")
_AREA, _LOCAL = re.compile(r"[0-9]{3}"), re.compile(r"[0-9]{3}[-. ]?[0-9]{4}")


@dataclass(frozen=True, slots=True)
class ListFile:
    """A list that was looked through and found whole."""

    path: Path
    name: str
    encoding: str
    delimiter: str
    digest: bytes
    lines: int
    phone_column: int | None
    """Where a heading names the column of numbers."""
    has_heading: bool
    others: tuple[int, ...] = ()
    """Further columns whose heading speaks of phones, or that hold nothing but numbers."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a list: a number, or why there is none."""

    number: int
    """Counted from 1."""
    phone: str | None
    reason: str = ""
    text: str = ""
    """As it was written, cut short. Untrusted."""


def inspect(path: Path, region: str, name: str = "") -> ListFile:
    """Looks through a whole file before anything is changed by it.

    Args:
        path: Where it is.
        region: Of numbers without a country, as two letters.
        name: What it is called, where that is not its path.

    Raises:
        Refused: It is no list, is cut off, or is in no known encoding; the line is named.
    """
    name = name or path.name
    try:
        encoding, digest = _encoding(path, name)
        with path.open(encoding=encoding, errors="strict", newline="") as lines:
            head = list(islice(_lines(lines), 50))
        delimiter = max(",;\t|", key=lambda mark: sum(line.count(mark) for line in head))
        known = ListFile(path, name, encoding, delimiter, digest, 0, None, False)
        column, others, heading = _heading(known, region)
        known = replace(known, phone_column=column, others=others, has_heading=heading)
        known = replace(known, others=(*others, *_unnamed(known, region)))
        count = found = 0
        first = ""
        for line in read(known, region):
            count = line.number
            found += line.phone is not None
            first = first or line.text
    except (UnicodeError, csv.Error) as error:
        raise Refused(
            f"“{name}” cannot be read as a list: {error}.", "Save it as UTF-8 text."
        ) from error
    except OSError as error:
        raise Refused(f"“{name}” cannot be read: {error.strerror}.") from error
    if not found:
        empty = "it holds nothing but a heading" if heading else "it is empty"
        what = f"its first line is “{first[:60]}”" if first else empty
        raise Refused(f"“{name}” holds no phone number: {what}.", "Nothing was changed.")
    return replace(known, lines=count)


def read(known: ListFile, region: str) -> Iterator[Line]:
    """The lines of a list, one by one; blank ones are left out."""
    with known.path.open(encoding=known.encoding, errors="strict", newline="") as stream:
        reader = csv.reader(_guarded(stream, known.name), delimiter=known.delimiter)
        began = 1
        for place, cells in enumerate(reader):
            number, began = began, reader.line_num + 1
            if reader.line_num - number > 20:
                raise Refused(
                    f"Line {number} of “{known.name}” begins a quotation that does not end.",
                    "Is it half a file? Nothing was changed.",
                )
            if (place == 0 and known.has_heading) or not any(cell.strip() for cell in cells):
                continue
            line = _line(number, cells, known.phone_column, region)
            yield line
            if line.phone is not None:
                yield from _beside(line, cells, known, region)


def _lines(stream: IO[str]) -> Iterator[str]:
    """The lines of a file; one that is too long comes in pieces of which the first is too long."""
    return iter(partial(stream.readline, LONGEST_LINE + 1), "")


def _guarded(stream: IO[str], name: str) -> Iterator[str]:
    quotes = 0
    began = 0
    for number, line in enumerate(_lines(stream), 1):
        if "\0" in line:
            raise Refused(f"Line {number} of “{name}” is no text.", "Export the list as CSV.")
        if len(line) > LONGEST_LINE:
            raise Refused(f"Line {number} of “{name}” is too long for a list of numbers.")
        if quotes % 2 == 0:
            began = number
        quotes += line.count('"')
        yield line
    if quotes % 2:
        raise Refused(
            f"Line {began} of “{name}” begins a quotation that does not end.",
            "Is it half a file? Nothing was changed.",
        )


def _encoding(path: Path, name: str) -> tuple[str, bytes]:
    """How a file is written, and its digest; reads it whole, in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        start = stream.read(4)
        stream.seek(0)
        if start.startswith(b"PK\x03\x04") or start.startswith(b"\xd0\xcf\x11\xe0"):
            raise Refused(f"“{name}” is a spreadsheet's own file.", "Export it as CSV.")
        encoding = "utf-8-sig"
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            encoding = "utf-16"
        elif len(start) == 4 and start[1] == start[3] == 0:
            encoding = "utf-16-le"
        elif len(start) == 4 and start[0] == start[2] == 0:
            encoding = "utf-16-be"
        decoder = codecs.getincrementaldecoder(encoding)()
        lines, broken = 1, 0
        while piece := stream.read(_PIECE):
            digest.update(piece)
            if not broken:
                try:
                    lines += decoder.decode(piece).count("\n")
                except UnicodeDecodeError as error:
                    broken = lines + error.object[: error.start].count(b"\n")
        if not broken:
            try:
                decoder.decode(b"", final=True)
            except UnicodeDecodeError:
                if encoding.startswith("utf-16"):
                    broken = lines
                else:
                    raise Refused(
                        f"“{name}” ends within a character, in line {lines}.",
                        "Is it half a file? Nothing was changed.",
                    ) from None
    if broken and encoding.startswith("utf-16"):
        raise Refused(f"Line {broken} of “{name}” is no UTF-16.", "Is it half a file?")
    return ("latin-1" if broken else encoding), digest.digest()


def _heading(known: ListFile, region: str) -> tuple[int | None, tuple[int, ...], bool]:
    """Which column a heading names for numbers, which others, and whether there is a heading."""
    with known.path.open(encoding=known.encoding, newline="") as stream:
        first = next(csv.reader(_guarded(stream, known.name), delimiter=known.delimiter), [])
    if not any(cell.strip() for cell in first) or _line(1, first, None, region).phone:
        return None, (), False
    names = [re.sub(r"[^a-z0-9]", "", cell.lower()) for cell in first]
    for word in _HEADINGS:
        for place, heading in enumerate(names):
            if word in heading:
                sure = (at for at, name in enumerate(names) if any(each in name for each in _SURE))
                return place, tuple(at for at in sure if at != place), True
    return None, (), not any(char.isdigit() for cell in first for char in cell)


def _unnamed(known: ListFile, region: str) -> Iterator[int]:
    """Columns that hold numbers and nothing else, as far as one sees, whatever they are called."""
    if known.phone_column is None:
        return
    with known.path.open(encoding=known.encoding, newline="") as stream:
        reader = csv.reader(_guarded(stream, known.name), delimiter=known.delimiter)
        rows = [[cell.strip() for cell in cells] for cells in islice(reader, 1, _SAMPLE)]
    for place in range(max(map(len, rows), default=0)):
        written = [cells[place] for cells in rows if place < len(cells) and cells[place]]
        named = place in (known.phone_column, *known.others)
        if written and not named and all(_is_assigned(cell, region) for cell in written):
            yield place


def _is_assigned(written: str, region: str) -> bool:
    """Whether it is a number that somebody may have: what counts something seldom is one."""
    phone, _ = number_in(written, region)
    return phone is not None and phonenumbers.is_valid_number(phonenumbers.parse(phone))


def _line(number: int, cells: Sequence[str], column: int | None, region: str) -> Line:
    text = ",".join(cells)[:200]
    cells = [cell.strip().strip("\ufeff") for cell in cells]
    parts = cells[:2] if column is None else cells[max(0, column - 1) : column + 1]
    if len(parts) == 2 and _AREA.fullmatch(parts[0]) and _LOCAL.fullmatch(parts[1]):
        tried = ["".join(parts)]
    elif column is not None:
        tried = cells[column : column + 1]
    else:
        tried = [cell for cell in cells if any(char.isdigit() for char in cell)]
    reason = "no number in it"
    for cell in tried:
        phone, why = number_in(cell, region)
        if phone is not None:
            return Line(number, phone, text=text)
        reason = why
    return Line(number, None, reason, text)


def _beside(line: Line, cells: Sequence[str], known: ListFile, region: str) -> Iterator[Line]:
    """The other numbers of a line that holds nothing else, as lists do that stand on one line.

    Beside anything else nobody knows whose they are: they are told of, and not taken in.
    """
    written = [cell.strip() for cell in cells]
    if known.phone_column is not None:
        written = [written[place] for place in known.others if place < len(written)]
    found = {cell: number_in(cell, region)[0] for cell in written if cell}
    others = [phone for phone in found.values() if phone not in (None, line.phone)]
    alone = known.phone_column is None and None not in found.values()
    for phone in dict.fromkeys(others):
        yield replace(line, phone=phone) if alone else replace(line, phone=None, reason=LEFT_OUT)


def number_in(written: str, region: str) -> tuple[str | None, str]:
    """The number in a cell in E.164, or why it is none."""
    text = written.strip()
    if text.startswith('="') and text.endswith('"'):
        text = text[2:-1]
    text = text.removeprefix("'").strip()
    if _FLOAT.fullmatch(text):
        text = text.split(".")[0]
    elif _SCIENCE.fullmatch(text):
        exact = _exact(text)
        if exact is None:
            return None, "rounded by a spreadsheet: digits are missing"
        text = exact
    if text.startswith("+"):
        strict = parse_e164("+" + re.sub(r"[^0-9]", "", text))
        if strict is not None and re.fullmatch(r"[-+0-9 ().]+", text):
            return strict.e164, ""
    # Half the world writes 00 for the plus, also where its own region is another one.
    abroad = parse_e164("+" + re.sub(r"[^0-9]", "", text)[2:]) if _ABROAD.fullmatch(text) else None
    if abroad is not None:
        return abroad.e164, ""
    try:
        parsed = phonenumbers.parse(text, region)
    except NumberParseException:
        return None, "not a phone number"
    if parsed.extension or not phonenumbers.is_possible_number(parsed):
        return None, "not a possible phone number"
    strict = parse_e164(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))
    return (strict.e164, "") if strict else (None, "not a possible phone number")


def _exact(text: str) -> str | None:
    """A number in scientific notation, where no digit of it is lost."""
    text = text.replace(",", ".").lstrip("+")
    mantissa, _, power = text.upper().partition("E")
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    if len(mantissa.replace(".", "")) != int(power) + 1 or value != int(value):
        return None
    return str(int(value))
