"""Text on whose width terminals do not agree."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment
from textual.strip import Strip

from widgets.display import fitted, safe
from widgets.doubtful import render
from widgets.plain import in_doubt

NAMES = ("हिन्दी नाम", "தமிழ்ச்செல்வி", "शर्मा", "ភាសាខ្មែរ", "☰ trigram", "😀 smile", "सोमवार का दिन")

Widths = Callable[[str], int]


def by_unicode(character: str) -> int:
    """As tables of today have it."""
    return 0 if unicodedata.category(character) == "Mc" else cell_len(character)


def signs_apart(character: str) -> int:
    """As xterm and tmux have it."""
    return 1 if unicodedata.category(character) == "Mc" else cell_len(character)


def narrow(character: str) -> int:
    """As a terminal has it that knows of no wide signs."""
    return min(1, by_unicode(character))


def shown(written: str, width_of: Widths) -> list[str]:
    """The cells of a line full of old text, after a terminal has obeyed."""
    cells, at, saved = ["#"] * 40, 0, 0
    for code, move, character in re.findall(r"\x1b([78])|\x1b\[(\d+)C|\x1b\[\d*m|(.)", written):
        if code == "7":
            saved = at
        elif code == "8":
            at = saved
        elif move:
            at += int(move)
        elif character and width_of(character):
            cells[at : at + width_of(character)] = [character] + [""] * (width_of(character) - 1)
            at += width_of(character)
        elif character:
            cells[at - 1] += character
    return cells


@pytest.mark.parametrize("width_of", [by_unicode, signs_apart, narrow])
@pytest.mark.parametrize("name", NAMES)
def test_what_stands_behind_keeps_its_place_and_nothing_old_shows(name: str, width_of: Widths):
    cell = fitted(name, 20)
    strip = Strip([Segment("> "), Segment(f"{cell}|+1 202"), Segment("|")], 30)
    cells = shown(render(strip, Console()), width_of)
    assert cells[22] == cells[29] == "|"
    assert "".join(cells[23:29]) == "+1 202"
    assert "#" not in cells[:30]
    assert name in "".join(cells), "no letter of it is covered"


@pytest.mark.parametrize("width", range(4, 14))
@pytest.mark.parametrize("name", NAMES)
def test_what_is_cut_or_wrapped_fits_also_where_it_takes_most(name: str, width: int):
    parts = [fitted(name, width), *(line.plain for line in safe(name).wrap(width))]
    assert all(sum(map(signs_apart, part)) <= width for part in parts)


@pytest.mark.parametrize("text", ["Zoë Weiß", "Ἀθηνᾶ", "李小龍", "★ ☆ ✓ ✗ • … ▌ █ ↑", "Łódź"])
def test_what_no_terminal_doubts_is_written_as_it_is(text: str):
    assert not in_doubt(text)
    assert render(Strip([Segment(text)]), Console()) == text
