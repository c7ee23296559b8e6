"""The one door through which untrusted text becomes display text.

Names, labels, groups and bodies come from strangers. What passes this door holds no control,
bidirectional, zero-width or unassigned character and no combining flood, its width in cells is
the sum of its characters' widths, and it leaves as `Content`, which is never parsed as markup.

`safe` and `fit` make `Content` for widgets. `clean` and `fitted` make `str` for what writes
text itself, such as the lines of the contact table; a widget must never be given that `str`,
because widgets parse markup in it.
"""

from __future__ import annotations

import re

from rich.segment import Segment
from textual.color import Color
from textual.content import Content
from textual.filter import LineFilter
from textual.style import Style

from widgets.plain import (
    ASCII_GLYPHS,
    FULL_GLYPHS,
    LONGEST,
    MARKS_ON_A_LETTER,
    Glyphs,
    ascii_only,
    briefly,
    clean,
    cut,
    drawn_in_ascii,
    fitted,
    glyphs,
    harmless,
    next_change,
    plural,
    relative_time,
    thousands,
    use_ascii,
)

__all__ = [
    "ASCII_GLYPHS",
    "FULL_GLYPHS",
    "LONGEST",
    "MARKS_ON_A_LETTER",
    "Glyphs",
    "NoControls",
    "ascii_only",
    "briefly",
    "clean",
    "cut",
    "fit",
    "fitted",
    "glyphs",
    "harmless",
    "lines",
    "next_change",
    "one_line",
    "plural",
    "relative_time",
    "safe",
    "thousands",
    "titled",
    "use_ascii",
]


def safe(text: str, limit: int | None = None, style: str | Style = "") -> Content:
    """Untrusted text for a widget, on one line.

    Args:
        text: What a stranger wrote.
        limit: The most cells that it may take; longer text ends in an ellipsis.
        style: A style for all of it.
    """
    shown = clean(text)
    return Content(shown if limit is None else cut(shown, limit)).stylize(style)


def one_line(*parts: str, between: str = " ") -> Content:
    """Several untrusted texts on one line, the empty ones left out."""
    return Content(between.join(shown for shown in map(clean, parts) if shown.strip()))


def lines(text: str, limit: int = 200) -> Content:
    """Untrusted text of several lines, such as a message body; its line breaks are kept."""
    shown = [clean(line) for line in text[:LONGEST].splitlines()[:limit]]
    return Content("\n".join(shown))


def fit(text: str, width: int, *, right: bool = False) -> Content:
    """Untrusted text cut or padded to exactly `width` cells."""
    return Content(fitted(text, width, right=right))


NAME_IN_A_TITLE = 48
"""Cells of a name in the title of a dialog, which shall have room for what it asks."""


def titled(name: str) -> str:
    """A stranger's name as harmless `str` within the title of a dialog."""
    return cut(clean(name), NAME_IN_A_TITLE)


_UNWANTED = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


class NoControls(LineFilter):
    """The second net: no control character reaches the terminal, whoever let it through.

    And none but an ASCII one where that is all a terminal knows: frames and scrollbars do not
    come through the door.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments, unchanged unless one holds such a character."""
        segments = self._harmless(segments)
        if not ascii_only() or all(text.isascii() for text, _, _ in segments):
            return segments
        return [
            Segment(drawn_in_ascii(text), style) if not control else Segment(text, style, control)
            for text, style, control in segments
        ]

    @staticmethod
    def _harmless(segments: list[Segment]) -> list[Segment]:
        if not any(_UNWANTED.search(text) for text, _, control in segments if not control):
            return segments
        return [
            segment if segment.control else Segment(_UNWANTED.sub("�", segment.text), segment.style)
            for segment in segments
        ]
