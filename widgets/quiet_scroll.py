"""Lines that scroll, and a scrollbar that lays nothing out."""

from __future__ import annotations

from math import ceil

from rich.console import RenderableType
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollBar, ScrollBarRender
from textual.strip import Strip
from textual.widget import Widget

from widgets.seen import Prompt


class QuietScrollBar(Prompt, ScrollBar):
    """A scrollbar that asks for no layout when what it scrolls becomes wider.

    It paints its few kinds of cells once each, where Textual paints each cell on its own.
    """

    _painted: list[Strip] | None = None
    _painted_as: object = None
    """What the painted cells are about."""

    def _size_updated(
        self, size: Size, virtual_size: Size, container_size: Size, layout: bool = True
    ) -> bool:
        return super()._size_updated(size, virtual_size, container_size, layout=False)

    def scrolled(self, window: int, virtual: int, position: float) -> None:
        """Shows another place; only the cells that look different are painted.

        Args:
            window: How many lines are seen.
            virtual: Of how many.
            position: How many are above.
        """
        before, needed = self._thumb, self._needed
        self.set_reactive(QuietScrollBar.window_virtual_size, virtual)
        self.set_reactive(QuietScrollBar.window_size, window)
        self.set_reactive(QuietScrollBar.position, float(position))
        thumb = self._thumb
        if needed != self._needed:
            self.refresh()
        elif thumb != before:
            spans = {(start // 8, -(-end // 8)) for start, end in (before, thumb)}
            width = self.size.width
            self.refresh(*(Region(0, top, width, end - top) for top, end in spans))

    @property
    def _needed(self) -> bool:
        """Whether there is more than is seen."""
        return self.window_virtual_size > self.window_size

    @property
    def _thumb(self) -> tuple[int, int]:
        """Where the thumb begins and ends, in eighths of a cell, as Textual draws it."""
        size, virtual = self.size.height, self.window_virtual_size
        if not self._needed or not size:
            return 0, 0
        length = max(1.0, size * self.window_size / virtual)
        start = int((size - length) * self.position / (virtual - self.window_size) * 8)
        return start, start + ceil(length * 8)

    def render_lines(self, crop: Region) -> list[Strip]:
        """The cells from top to bottom; a bar that is there for nothing is not seen."""
        width, height = self.size
        if not self._needed and isinstance(self.parent, Widget):
            blank = Style(bgcolor=self.parent.background_colors[1].rich_color)
            return [Strip.blank(width, blank)] * crop.height
        filters, ground = self.get_line_filters(), self.background_colors[1]
        bar, style = self.render(), self.visual_style.rich_style
        ink = bar.style if isinstance(bar, ScrollBarRender) else None
        looks = (width, height, self._thumb, style, ink, ground, tuple(filters))
        if self._painted is None or self._painted_as != looks:
            self._painted, self._painted_as = self._paint(self.post_render(bar, style)), looks
        return self._painted[crop.y : crop.bottom]

    def _paint(self, bar: RenderableType) -> list[Strip]:
        width, height = self.size
        options = self.app.console_options.update(highlight=False, width=width, height=height)
        filters, ground = self.get_line_filters(), self.background_colors[1]
        painted: dict[Segment, Strip] = {}
        strips = []
        for cell in self.app.console.render(bar, options):
            if cell.text == "\n":
                continue
            strip = painted.get(cell)
            if strip is None:
                strip = Strip([cell], width)
                for each in filters:
                    strip = strip.apply_filter(each, ground)
                painted[cell] = strip
            strips.append(strip)
        return strips


class QuietScroll(ScrollView):
    """A view whose scrollbar is a quiet one: each layout paints the whole screen anew."""

    @property
    def vertical_scrollbar(self) -> QuietScrollBar:
        """The bar at the right; made when it is first asked for."""
        bar = self._vertical_scrollbar
        if not isinstance(bar, QuietScrollBar):
            thickness = self.scrollbar_size_vertical
            bar = QuietScrollBar(vertical=True, name="vertical", thickness=thickness)
            bar.display = False
            self._vertical_scrollbar = bar
            self.app._start_widget(self, bar)
        return bar

    def _scroll_update(self, virtual_size: Size) -> None:
        self._refresh_scrollbars()
        if self.show_vertical_scrollbar:
            window, virtual = self.container_size.height, virtual_size.height
            self.vertical_scrollbar.scrolled(window, virtual, self.scroll_y)
        self.scroll_x = self.validate_scroll_x(self.scroll_x)
        self.scroll_y = self.validate_scroll_y(self.scroll_y)
