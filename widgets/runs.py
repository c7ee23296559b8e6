"""Lines put together from pieces of text, in as few runs as they need."""

from __future__ import annotations

from collections.abc import Callable

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

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


def bare_lines(part: Widget, crop: Region, line: Callable[[int], Strip]) -> list[Strip]:
    """Lines of a part, past what Textual does for borders, padding and opacity.

    For a part that has none of them and keeps its strips, and so what filters made of them. That
    is half the cost of a frame in which every row moves.

    Args:
        part: Whose lines they are.
        crop: The part of it that is to be painted.
        line: Gives the whole line of a row of cells.
    """
    filters, background = part.get_line_filters(), part.background_colors[1]
    left, right = crop.column_span
    strips = []
    for y in crop.line_range:
        strip = line(y)
        for each in filters:
            strip = strip.apply_filter(each, background)
        if left or right != strip.cell_length:
            strip = strip.crop_extend(left, right, None)
        strips.append(strip)
    return strips


def _same_ground(one: Style, other: Style) -> bool:
    """Whether blanks look the same in both."""
    return one.bgcolor == other.bgcolor and not (one.underline or one.reverse or one.strike)
