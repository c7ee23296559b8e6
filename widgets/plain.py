"""Untrusted text as harmless `str`: the part of `widgets.display` that needs no Textual.

The command line imports it alone, so that it need not wait for Textual.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from itertools import groupby

from rich import cells
from rich._unicode_data import load
from rich.cells import cell_len

LONGEST = 4096
"""Characters that are looked at; text beyond is cut off."""

FLOODED = 65_536
"""Characters among which those that are more than marks are looked for."""

MARKS_ON_A_LETTER = 3
"""Combining marks that a letter may carry; Thai, Hebrew and Vietnamese need up to three."""


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The signs that widgets draw with."""

    ellipsis: str
    odd: str
    """Stands for a character that is not shown."""
    cursor: str
    resting: str
    """The cursor of a list that has not the focus."""
    marked: str
    unmarked: str
    star: str
    no_star: str
    bullet: str
    waiting: str
    """What stands in a row that is still being read."""
    up: str
    down: str
    bars: str
    """Eight heights, lowest first."""


FULL_GLYPHS = Glyphs("…", "�", "▌", "▏", "✓", "·", "★", "☆", "•", "·", "↑", "↓", "▁▂▃▄▅▆▇█")
ASCII_GLYPHS = Glyphs("~", "?", ">", "-", "x", ".", "*", ".", "#", ".", "^", "v", "_.-:=+*#")


class _Mode:
    """Whether signs outside ASCII may be shown."""

    ascii = os.environ.get("OPTDESK_ASCII", "") not in ("", "0")


def use_ascii(on: bool) -> None:
    """Choose whether everything is drawn in ASCII, for terminals that know nothing else."""
    _Mode.ascii = on


def ascii_only() -> bool:
    """Whether everything is drawn in ASCII."""
    return _Mode.ascii


def glyphs() -> Glyphs:
    """The signs to draw with at present."""
    return ASCII_GLYPHS if _Mode.ascii else FULL_GLYPHS


def clean(text: str) -> str:
    """Harmless text on one line: every dangerous character is replaced by a visible one.

    Not for widgets, which would look for markup in it: see `widgets.display.safe`.
    """
    text = _within(text)
    if text.isascii() and text.isprintable():
        return text
    # Long texts are seldom shown twice, and many would fill the memory.
    work = _cleaned if len(text) <= 256 else _cleaned.__wrapped__
    return work(text, _Mode.ascii)


def harmless(text: str) -> str:
    """The same with all its letters, for another program than the terminal that draws in ASCII."""
    return _cleaned(_within(text), False)


def fitted(text: str, width: int, *, right: bool = False) -> str:
    """Harmless text cut or padded to exactly `width` cells. Not for widgets: see `widgets.display`.

    Args:
        text: What a stranger wrote.
        width: Cells to fill, exactly.
        right: Pad on the left, so that the text stands at the right.
    """
    # No letter of a language carries so much that this would not fill the width.
    enough = 8 * width + 64
    shown = cut(clean(text[:enough]), width)
    room = " " * (width - cell_len(shown))
    if room and len(text) > enough:
        # One that carries more does not hide what follows it.
        shown = cut(clean(text), width)
        room = " " * (width - cell_len(shown))
    return room + shown if right else shown + room


def _within(text: str) -> str:
    """As much of a text as is looked at; of a flood of marks on one letter only its beginning."""
    if len(text) <= LONGEST:
        return text
    if text.isascii():
        return text[:LONGEST]
    kept: list[str] = []
    marks = 0
    for character in text[:FLOODED]:
        is_mark = character in _JOINERS or unicodedata.category(character) in _MARKS
        marks = marks + 1 if is_mark else 0
        if marks <= 2 * MARKS_ON_A_LETTER:
            kept.append(character)
    return "".join(kept[:LONGEST])


def thousands(n: int, *, more: bool = False) -> str:
    """A number as people read it: `12,345`, or `1,000+` when there are more."""
    return f"{n:,}+" if more else f"{n:,}"


def briefly(n: int) -> str:
    """A number in at most 4 cells, rounded down: `9999`, `12k`, `999k`, `1.2M`, `34M`."""
    if n < 10_000:
        return str(n)
    if n < 1_000_000:
        return f"{n // 1000}k"
    return f"{n // 100_000 / 10:.1f}M" if n < 10_000_000 else f"{n // 1_000_000}M"


def plural(n: int, one: str, many: str = "") -> str:
    """A count with its noun: `1 contact`, `12,345 contacts`."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def relative_time(moment: datetime, now: datetime) -> str:
    """How long ago: `now`, `3 min`, `2 h`, `5 d`, then a date. At most 7 cells."""
    age = int((now - moment).total_seconds())
    if age < 60:
        # A clock may be a little behind; far ahead, only the date says something.
        return "now" if age > -3600 else _date(moment, now)
    if age < 3600:
        return f"{age // 60} min"
    if age < 86_400:
        return f"{age // 3600} h"
    if age < 7 * 86_400:
        return f"{age // 86_400} d"
    return _date(moment, now)


def next_change(moment: datetime, now: datetime) -> float:
    """Seconds until `relative_time` says something else."""
    age = (now - moment).total_seconds()
    if age < 0:
        return 60.0 - age
    step = 60 if age < 3600 else 3600 if age < 86_400 else 86_400
    return step - age % step


def _date(moment: datetime, now: datetime) -> str:
    local, here = moment.astimezone(), now.astimezone()
    if local.year == here.year:
        return f"{local.day} {local:%b}"
    return f"{local:%Y-%m}"


# Characters that are invisible, or that a terminal may draw wider than it says, although
# their category is that of a letter, mark or symbol.
_HIDDEN = frozenset(
    map(
        chr,
        (
            0x034F,  # combining grapheme joiner
            *(0x115F, 0x1160, 0x3164, 0xFFA0),  # Hangul fillers
            *(0x17B4, 0x17B5),  # Khmer inherent vowels
            *range(0x180B, 0x1810),  # Mongolian selectors
            0x2800,  # blank braille
            0xFDFD,  # a whole sentence in one cell
            0xFFFC,  # object replacement
            *range(0x1D173, 0x1D17B),  # musical controls
            *range(0xE0000, 0xE1000),  # tags and variation selectors
        ),
    )
)
_JOINERS = frozenset("\u200c\u200d") | frozenset(map(chr, range(0xFE00, 0xFE10)))
"""Joiners and selectors that shape their neighbours: needless outside ASCII, a trick inside."""
_SKIN_TONES = frozenset(map(chr, range(0x1F3FB, 0x1F400)))
_FIRST_FLAG_LETTER = 0x1F1E6
_JAMO = re.compile("[\u1160-\u11ff\ud7b0-\ud7ff]")
_KEEP = frozenset(("Lu", "Ll", "Lt", "Lm", "Lo", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi",
                   "Pf", "Po", "Sm", "Sc", "Sk", "So"))  # fmt: skip
_MARKS = frozenset(("Mn", "Me", "Mc"))


@lru_cache(maxsize=2048)
def _cleaned(text: str, to_ascii: bool) -> str:
    """The slow way of `clean`, for text outside printable ASCII."""
    out: list[str] = []
    marks = 0
    odd = FULL_GLYPHS.odd
    # Lone surrogates cannot be normalised by every version of Unicode's tables.
    for character in unicodedata.normalize("NFC", text):
        if unicodedata.category(character) in _MARKS and character not in _HIDDEN | _JOINERS:
            marks += 1
            if marks <= MARKS_ON_A_LETTER and (not out or out[-1] in (" ", odd)):
                out.append(odd)
            elif marks <= MARKS_ON_A_LETTER:
                out.append(character)
            elif marks == MARKS_ON_A_LETTER + 1:
                out.append(odd)
            continue
        marks = 0
        out += _one(character, out[-1] if out else "", odd)
    shown = "".join(out)
    return _to_ascii(shown) if to_ascii else shown


def _one(character: str, before: str, odd: str) -> str:
    """What stands for one character that is not a combining mark."""
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if character in _JOINERS or character in _SKIN_TONES:
        # Terminals disagree on the width of what these join, so each part is shown alone.
        return "" if before and not before.isascii() else odd
    if _FIRST_FLAG_LETTER <= code < _FIRST_FLAG_LETTER + 26:
        return chr(ord("A") + code - _FIRST_FLAG_LETTER)
    category = unicodedata.category(character)
    if category == "Zs":
        return " "
    if category not in _KEEP or character in _HIDDEN or _JAMO.match(character):
        return odd
    return character if cell_len(character) else odd


_SIGNS = {
    ord(sign): plain
    for plain, signs in {
        '"': "“”„«»",
        "'": "‘’‚",
        "-": "–—─━┄",
        "|": "│┃▌▐▏▎▍▋▊▉█▕",
        "+": "╭╮╰╯┌┐└┘┏┓┗┛├┤┬┴┼",
        " ": "▁▂▃▄▅▆▇▔",
        "<": "←‹",
        ">": "→›",
        "^": "↑▲",
        "v": "↓▼",
        ".": "·",
        "*": "•●★",
        "o": "○ø",
        "x": "✓✗",
        "~": "…",
        "O": "Ø",
        "d": "đ",
        "D": "Đ",
        "l": "ł",
        "L": "Ł",
        "i": "ı",
    }.items()
    for sign in signs
}
"""Signs that the desk draws or says things with, and letters whose strokes are no accents."""

_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "þ": "th", "Þ": "Th", "ð": "d"}
)


def _to_ascii(text: str) -> str:
    """ASCII letters where accents can be dropped, question marks elsewhere."""
    plain = (
        character
        for character in unicodedata.normalize("NFKD", text.translate(_SIGNS).translate(_LETTERS))
        if not unicodedata.combining(character)
    )
    return "".join(c if c.isascii() and c.isprintable() else ASCII_GLYPHS.odd for c in plain)


@lru_cache(maxsize=2048)
def drawn_in_ascii(text: str) -> str:
    """What was drawn, such as a frame, in ASCII of the same width."""
    return "".join(
        c if c.isascii() else (_to_ascii(c) or ASCII_GLYPHS.odd)[:1] * cell_len(c)
        for c in text.translate(_SIGNS)
    )


def cut(shown: str, width: int) -> str:
    """Clean text, cut to at most `width` cells; an ellipsis says that something is missing."""
    if width <= 0:
        return ""
    if cell_len(shown) <= width:
        return shown
    if shown.isascii():
        return shown[: width - 1] + glyphs().ellipsis
    room = width - 1
    for place, character in enumerate(shown):
        room -= cell_len(character)
        if room < 0:
            return shown[:place] + glyphs().ellipsis
    return shown


# How many cells text takes, and on whose width terminals do not agree.

DOUBTFUL = (
    "\u0300-\u036f\u0483-\u0489"  # accents that do not melt into their letter
    "\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed"  # points of Hebrew and Arabic
    "\u0700-\u109f"  # Syriac to Myanmar, with all of India
    "\u1100-\u11ff\u135d-\u135f\u1700-\u1cff\u1dc0-\u1dff\u20d0-\u20ff"
    "\u231a-\u23ff\u2600-\u2604\u2607-\u2712\u2714-\u2716\u2718-\u27bf\u2b00-\u2bff"  # signs
    "\u302a-\u302f\u3099\u309a\u3248-\u324f\u4dc0-\u4dff"
    "\ua66f-\ua69f\ua800-\uabff\ufe20-\ufe2f"
    "\U00010000-\U0001ffff"  # rare scripts and emoji
)
"""Characters whose width differs between terminals, for a class of a regular expression.

The signs that the desk itself draws with are not among them.
"""

_ANY = re.compile(f"[{DOUBTFUL}]")


def in_doubt(text: str) -> bool:
    """Whether terminals may differ on how wide this is."""
    return not text.isascii() and _ANY.search(text) is not None


@cache
def _table(version: str = "auto") -> cells.CellTable:
    """Rich's table, in which vowel signs of India and its neighbours take a cell.

    They do in xterm, in tmux and in whatever asks the C library; newer terminals, and Rich, go by
    Unicode's present tables, in which they take none. So there is room for them everywhere.
    """
    table = load(version)
    return table._replace(widths=[part for span in table.widths for part in _parted(*span)])


def _parted(first: int, last: int, width: int) -> Iterator[tuple[int, int, int]]:
    """A span of characters, without those that take up a cell of their own."""
    if width:
        yield first, last, width
        return
    for apart, some in groupby(
        range(first, last + 1), lambda code: unicodedata.category(chr(code)) == "Mc"
    ):
        if not apart:
            codes = list(some)
            yield codes[0], codes[-1], width


# Whatever measures, from wrapping to the place of a cursor, asks this one.
cells.load_cell_table = _table  # type: ignore[attr-defined]
