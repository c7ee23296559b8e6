"""Lines that scroll, and a scrollbar that lays nothing out."""

from __future__ import annotations

from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollBar


class QuietScrollBar(ScrollBar):
    """A scrollbar that asks for no layout when what it scrolls becomes wider."""

    def _size_updated(
        self, size: Size, virtual_size: Size, container_size: Size, layout: bool = True
    ) -> bool:
        return super()._size_updated(size, virtual_size, container_size, layout=False)


class QuietScroll(ScrollView):
    """A view whose scrollbar is a quiet one: each layout paints the whole screen anew."""

    @property
    def vertical_scrollbar(self) -> ScrollBar:
        """The bar at the right; made when it is first asked for."""
        if self._vertical_scrollbar is None:
            thickness = self.scrollbar_size_vertical
            bar = QuietScrollBar(vertical=True, name="vertical", thickness=thickness)
            bar.display = False
            self._vertical_scrollbar = bar
            self.app._start_widget(self, bar)
        return self._vertical_scrollbar
