"""What a log looks like: it paints the lines that show something else than before."""

from __future__ import annotations

from collections.abc import Sequence
from time import time
from typing import Generic

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from widgets.display import ascii_only, clean
from widgets.log_columns import Column, R
from widgets.log_painter import LogPainter, Look, palette_of
from widgets.log_window import LogWindow
from widgets.runs import bare_lines
from widgets.seen import Prompt

Line = tuple[R, Look]
"""A row as it is painted."""


class LogCanvas(Prompt, Widget, Generic[R]):
    """The lines of a log.

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
        self._painter: LogPainter[R] | None = None
        self._painter_of: object = None
        self._painted: tuple[int, list[Line[R] | None]] | None = None
        """What the lines of the screen showed when it was last looked at, and in which minute."""

    @property
    def said_when_empty(self) -> tuple[str, str]:
        """A headline, which may quote a stranger, and a next step."""
        return "", ""

    def render_lines(self, crop: Region) -> list[Strip]:
        """Lines of the screen."""
        return bare_lines(self, crop, self.render_line)

    def render_line(self, y: int) -> Strip:
        """A line of the screen."""
        if not self._window.rows:
            return self._empty_line(y)
        brush = self._brush()
        if y == 0:
            return brush.header()
        line = self._line(y - 1)
        return brush.blank() if line is None else brush.row(*line)

    def _brush(self) -> LogPainter[R]:
        """What paints rows as wide as the log is at present."""
        wanted = (self.size.width, _minute(), ascii_only())
        if self._painter is None or self._painter_of != wanted:
            self._painter = LogPainter(self._columns, self.size.width, palette_of(self))
            self._painter_of = wanted
        return self._painter

    @property
    def share_of_last(self) -> int:
        """Cells of the last column."""
        return self._brush().share_of_last

    def _line(self, y: int) -> Line[R] | None:
        """What a visible line shows; None behind the last row."""
        place = self._window.top + y
        if place >= len(self._window.rows):
            return None
        row = self._window.rows[place]
        if place != self._window.cursor:
            return row, Look.PLAIN
        return row, Look.CURSOR if self.has_focus else Look.RESTING

    def notify_style_update(self) -> None:
        """Other colours."""
        self._painter = self._painted = None
        super().notify_style_update()

    def _paint_changes(self) -> None:
        """Paints the lines that show something else than before."""
        before, width = self._painted, self.size.width
        lines = [self._line(y) for y in range(self._window.height)]
        self._painted = (_minute(), lines)
        if before is None or before[0] != self._painted[0] or len(before[1]) != len(lines):
            self.refresh()
        elif lines[0] is None or before[1][0] is None:
            # Sentences stand where rows were, or the other way round.
            self.refresh()
        elif changed := [
            Region(0, y, width, 1)
            for y, (new, old) in enumerate(zip(lines, before[1], strict=True), 1)
            if new != old
        ]:
            self.refresh(*changed)

    def _empty_line(self, y: int) -> Strip:
        """The sentences of an empty log, in its middle."""
        width, height = self.size
        palette = palette_of(self)
        headline, step = (_wrapped(text, max(1, width - 2)) for text in self.said_when_empty)
        texts = [*headline, "", *step]
        # Where there is no room for both, the headline stays.
        place = y - max(0, min(height // 2 - 1, height - len(texts)))
        text = texts[place] if 0 <= place < len(texts) else ""
        bold = palette.plain + Style(bold=True)
        style = bold if place < len(headline) else palette.inks["dim"]
        left = max(0, (width - cell_len(text)) // 2)
        strip = Strip([Segment(" " * left, palette.plain), Segment(text, style)])
        return strip.adjust_cell_length(width, palette.plain)


def _wrapped(text: str, room: int) -> list[str]:
    return [line.plain.rstrip() for line in Content(clean(text)).wrap(room)] if text else []


def _minute() -> int:
    """For so long a row that is the same looks the same: a text waits no longer, a day ends."""
    return int(time() // 60)
