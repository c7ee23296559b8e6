"""What people type into: as wide on the screen as Textual takes it for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from unicodedata import category

from rich.cells import cell_len, split_graphemes
from rich.segment import Segment
from textual.strip import Strip
from textual.widgets import Input

from widgets.display import FULL_GLYPHS, harmless

if TYPE_CHECKING:
    from textual.widget import Widget as Base
else:
    # Textual takes the styles of the first base that is a widget, and that is another one.
    Base = object

_PLAIN = re.compile(r"[\x20-\x7e\xa0-\xac\xae-\u02ff\u2010-\u2027\u2030-\u205e]*")
_JOINERS = frozenset("\u200c\u200d")
"""They only shape what stands around them; that they are missing misleads nobody."""
_UNSEEN = frozenset(("Cc", "Cf", "Zl", "Zp"))


class Level(Base):
    """Draws nothing that a terminal may draw wider or narrower than it was measured.

    The text itself stays as it was typed or pasted. An emoji that joiners put together, which
    Textual counts as one, is drawn as its first part.
    """

    def render_line(self, y: int) -> Strip:
        """A line of which each sign takes the cells that were counted for it."""
        return level(super().render_line(y))


class Line(Level, Input):
    """One line to type in."""


def level(strip: Strip) -> Strip:
    """The same cells, in harmless signs."""
    if all(_PLAIN.fullmatch(segment.text) for segment in strip):
        return strip
    return Strip(
        [
            segment if segment.control else Segment(_levelled(segment.text), segment.style)
            for segment in strip
        ],
        strip.cell_length,
    )


def _levelled(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return text
    signs, _ = split_graphemes(text)
    return _fitted(
        "".join(_drawn(text[start:end], width) for start, end, width in signs), cell_len(text)
    )


def _drawn(sign: str, width: int) -> str:
    """What is drawn for what counts as one sign."""
    hides = any(category(each) in _UNSEEN for each in sign if each not in _JOINERS)
    return _fitted(FULL_GLYPHS.odd if hides else harmless(sign), width)


def _fitted(shown: str, room: int) -> str:
    """The beginning that fits, and blanks."""
    while cell_len(shown) > room:
        shown = shown[:-1]
    return shown + " " * (room - cell_len(shown))
