"""What a log looks like: headings, rows, the cursor's row, and the words of an empty one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.strip import Strip
from textual.widget import Widget

from widgets.display import clean, fitted, glyphs
from widgets.log_columns import GAP, Cell, Column, R, widths
from widgets.log_window import LogWindow

TONES = ("plain", "dim", "good", "warn", "bad")


class LogCanvas(Widget, Generic[R]):
    """Paints the rows of a window, and keeps the lines that it painted.

    Args:
        columns: What to show of each row.
    """

    def __init__(
        self,
        columns: Sequence[Column[R]],
        *,
        id: str | None = None,  # noqa: A002 - Textual's own name
    ) -> None:
        super().__init__(id=id)
        self._columns = tuple(columns)
        self._window: LogWindow[R] = LogWindow()
        self._painted: dict[int, tuple[R, Strip]] = {}
        """Lines that were painted, by their rows; forgotten when more is read."""
        self._shown: tuple[int, int] | None = None
        """The rows' first place on the screen and the cursor's, where they are the same rows."""

    @property
    def said_when_empty(self) -> tuple[str, str]:
        """A headline, which may quote a stranger, and a next step."""
        return "", ""

    def render_line(self, y: int) -> Strip:
        """A line of the screen."""
        width = self.size.width
        window = self._window
        if not window.rows:
            return self._empty_line(y)
        shares = widths(self._columns, max(1, width - 3))
        if y == 0:
            texts = [Cell(each.name) for each in self._columns]
            return self._line(" ", texts, shares, self._style("header"), inked=False)
        place = window.top + y - 1
        if place >= len(window.rows):
            return Strip.blank(width, self.rich_style)
        row = window.rows[place]
        if place != window.cursor:
            known = self._painted.get(row.id)
            if known is None or known[0] is not row:
                cells = [each.paint(row) for each in self._columns]
                line = self._line(" ", cells, shares, self.rich_style, inked=True)
                known = self._painted[row.id] = (row, line)
            return known[1]
        cells = [each.paint(row) for each in self._columns]
        look = "cursor" if self.has_focus else "blurred"
        bar = glyphs().cursor if self.has_focus else glyphs().resting
        return self._line(bar, cells, shares, self._style(look), inked=False)

    def notify_style_update(self) -> None:
        """Other colours."""
        self._paint_anew()
        super().notify_style_update()

    def _paint_anew(self) -> None:
        """Nothing that was painted holds any more."""
        self._painted.clear()
        self._shown = None

    def _line(
        self, bar: str, cells: Sequence[Cell], shares: Sequence[int], base: Style, *, inked: bool
    ) -> Strip:
        """A line; the row under the cursor keeps to one ink, legible on any ground."""
        first = base + self._ink("bar") if bar.strip() and self.has_focus else base
        parts = [Segment(bar, first), Segment(" ", base)]
        for cell, share in zip(cells, shares, strict=True):
            if share:
                ink = base + self._ink(cell.tone) if inked else base
                parts.append(Segment(fitted(cell.text, share), ink))
                parts.append(Segment(" " * GAP, base))
        return Strip(parts).adjust_cell_length(self.size.width, base)

    def _empty_line(self, y: int) -> Strip:
        """The sentences of an empty log, in its middle."""
        width, height = self.size
        headline, step = (_wrapped(text, max(1, width - 2)) for text in self.said_when_empty)
        texts = [*headline, "", *step]
        # Where there is no room for both, the headline stays.
        place = y - max(0, min(height // 2 - 1, height - len(texts)))
        text = texts[place] if 0 <= place < len(texts) else ""
        style = self.rich_style + (Style(bold=True) if place < len(headline) else self._ink("dim"))
        left = max(0, (width - cell_len(text)) // 2)
        strip = Strip([Segment(" " * left, self.rich_style), Segment(text, style)])
        return strip.adjust_cell_length(width, self.rich_style)

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"log-table--{name}")

    def _ink(self, name: str) -> Style:
        style = self._style(name)
        return Style(color=style.color, bold=style.bold)


def _wrapped(text: str, room: int) -> list[str]:
    return [line.plain.rstrip() for line in Content(clean(text)).wrap(room)] if text else []
