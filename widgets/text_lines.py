"""Lines of text that scroll up and down."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from textual.content import Content
from textual.geometry import Region, Size
from textual.selection import Selection
from textual.strip import Strip
from textual.style import Style
from textual.visual import Visual

from widgets.quiet_scroll import QuietScroll

_NOTHING = Content("")


class TextLines(QuietScroll, inherit_bindings=False, can_focus=False):
    """Shows lines, which whoever makes them has wrapped.

    A `Static` in a container asks for a new layout whenever its lines become more or fewer, and
    a layout paints the whole screen anew. This paints the lines that are others than before.
    """

    DEFAULT_CSS = """
    TextLines { overflow-x: hidden; overflow-y: auto; text-wrap: nowrap; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._lines: Sequence[Content] = ()
        # The links in it are nobody's to follow.
        self.set_reactive(TextLines.auto_links, False)

    @property
    def room(self) -> int:
        """Cells of a line; 0 before the first layout."""
        return self.scrollable_content_region.width

    def show_lines(self, lines: Sequence[Content]) -> None:
        """Shows other lines; what is scrolled to stays there as far as the lines go."""
        before, self._lines = self._lines, tuple(lines)
        self._tell_height()
        top = self.scroll_offset.y
        width, height = self.size.width, self.size.height
        for line, (new, old) in enumerate(zip_longest(self._lines, before, fillvalue=_NOTHING)):
            if top <= line < top + height and not new.is_same(old):
                self.refresh(Region(0, line - top, width, 1))

    def _tell_height(self) -> None:
        """Tells Textual how far there is to scroll; in silence where no scrollbar comes or goes."""
        size = Size(self.room, len(self._lines))
        if self.show_vertical_scrollbar != (size.height > self.size.height):
            self.virtual_size = size
        else:
            self.set_reactive(TextLines.virtual_size, size)
            if self.show_vertical_scrollbar:
                self.vertical_scrollbar.window_virtual_size = size.height
        if self.scroll_y > self.max_scroll_y:
            self.scroll_to(y=self.max_scroll_y, animate=False, immediate=True)

    def render_line(self, y: int) -> Strip:
        """A line of the screen."""
        place, width = self.scroll_offset.y + y, self.room
        style = self.visual_style
        if place >= len(self._lines):
            return Strip.blank(width, style.rich_style)
        line = self._lines[place]
        selection = self.text_selection
        if selection is not None and (span := selection.get_span(place)) is not None:
            start, end = span
            chosen = Style.from_styles(self.screen.get_component_styles("screen--selection"))
            line = line.stylize(chosen, start, len(line) if end == -1 else end)
        strips = Visual.to_strips(self, line, width, 1, style, apply_selection=False, pad=True)
        return strips[0].apply_offsets(0, place)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The text that was chosen with the mouse."""
        return selection.extract("\n".join(line.plain for line in self._lines)), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        """Paints what is chosen."""
        self.refresh()
