"""Paints rows of a log. Untrusted text passes `widgets.display` and is never parsed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Generic

from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from widgets.display import fitted, glyphs
from widgets.log_columns import GAP, Cell, Column, R, widths
from widgets.runs import Parts, strip_of

PREFIX = "log-table--"

TONES = ("plain", "dim", "good", "warn", "bad")

COMPONENTS = (*TONES, "header", "cursor", "bar", "blurred")
"""What the style sheet can name, each behind `PREFIX`."""

MOST_STRIPS = 1_024
"""Painted rows kept."""


class Look(Enum):
    """The state that a row is painted in."""

    PLAIN = "plain"
    CURSOR = "cursor"
    RESTING = "resting"
    """Under the cursor of a list that has not the focus."""


@dataclass(frozen=True, slots=True)
class LogPalette:
    """The styles of rows."""

    plain: Style
    header: Style
    cursor: Style
    blurred: Style
    bar: Style
    inks: dict[str, Style]
    """The tones of cells in a row that is not under the cursor."""


def palette_of(widget: Widget) -> LogPalette:
    """The styles of rows as a widget's style sheet has them at present."""
    plain = widget.rich_style

    def whole(name: str) -> Style:
        return widget.get_component_rich_style(PREFIX + name)

    def ink(name: str) -> Style:
        # The colour of the letters alone: the ground is that of the row.
        style = whole(name)
        return Style(color=style.color, bold=style.bold)

    return LogPalette(
        plain=plain,
        header=whole("header"),
        cursor=whole("cursor"),
        blurred=whole("blurred"),
        bar=ink("bar"),
        inks={tone: plain + ink(tone) for tone in TONES},
    )


class LogPainter(Generic[R]):
    """Paints rows of one width, and keeps what it painted.

    Args:
        columns: What to show of each row.
        width: Cells of a line.
        palette: Its styles.
    """

    def __init__(self, columns: Sequence[Column[R]], width: int, palette: LogPalette) -> None:
        self._columns = columns
        self._width = width
        self._palette = palette
        self._shares = widths(columns, max(1, width - 3))
        self._kept: dict[int, tuple[R, Strip]] = {}

    @property
    def share_of_last(self) -> int:
        """Cells of the last column."""
        return self._shares[-1]

    def row(self, row: R, look: Look) -> Strip:
        """A row's line."""
        if look is not Look.PLAIN:
            return self._chosen(row, look)
        known = self._kept.get(row.id)
        if known is None or known[0] != row:
            if len(self._kept) >= MOST_STRIPS:
                self._kept.clear()
            cells = [each.paint(row) for each in self._columns]
            strip = self._line((" ", self._palette.plain), cells, self._palette.plain, inked=True)
            known = self._kept[row.id] = (row, strip)
        return known[1]

    def header(self) -> Strip:
        """The line of headings."""
        base = self._palette.header
        return self._line((" ", base), [Cell(each.name) for each in self._columns], base)

    def blank(self) -> Strip:
        """A line behind the last row."""
        return Strip.blank(self._width, self._palette.plain)

    def _chosen(self, row: R, look: Look) -> Strip:
        """The row under the cursor keeps to one ink, legible on any ground."""
        palette = self._palette
        cells = [each.paint(row) for each in self._columns]
        if look is Look.CURSOR:
            bar = glyphs().cursor, palette.cursor + palette.bar
            return self._line(bar, cells, palette.cursor)
        return self._line((glyphs().resting, palette.blurred), cells, palette.blurred)

    def _line(
        self, bar: tuple[str, Style], cells: Sequence[Cell], base: Style, *, inked: bool = False
    ) -> Strip:
        parts: Parts = [bar, (" ", base)]
        for cell, share in zip(cells, self._shares, strict=True):
            if share:
                parts.append(
                    (fitted(cell.text, share), self._palette.inks[cell.tone] if inked else base)
                )
                parts.append((" " * GAP, base))
        return strip_of(parts, self._width).adjust_cell_length(self._width, base)
