"""Lines put together from pieces of text, in as few runs as they need."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

Parts = list[tuple[str, Style]]


def strip_of(parts: Parts, width: int) -> Strip:
    """Puts parts together; neighbours of one look, and blanks, share one run of bytes."""
    runs: Parts = []
    for text, style in parts:
        if not text:
            continue
        if runs and (runs[-1][1] == style or (text.isspace() and _same_ground(runs[-1][1], style))):
            runs[-1] = (runs[-1][0] + text, runs[-1][1])
        else:
            runs.append((text, style))
    strip = Strip([Segment(text, style) for text, style in runs])
    # A screen of a few cells has no room for the gutter and a letter.
    return strip.crop(0, width)


def _same_ground(one: Style, other: Style) -> bool:
    """Whether blanks look the same in both."""
    return one.bgcolor == other.bgcolor and not (one.underline or one.reverse or one.strike)
