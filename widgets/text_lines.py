"""Lines of text that scroll up and down."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest

from rich.segment import Segment
from textual.color import Color
from textual.content import Content
from textual.geometry import Region, Size
from textual.selection import Selection
from textual.strip import Strip
from textual.style import Style

from widgets.quiet_scroll import QuietScroll
from widgets.seen import Prompt

_NOTHING = Content("")

AT_A_TIME = 6
"""Lines that are painted in one step before they are seen: half a millisecond."""


class Paper:
    """What lines are written on: the style below them, and what stands left and right of them.

    Args:
        style: Below the text.
        parse: Reads the styles that are given as words.
        room: Cells for the text.
        width: Cells of the whole line.
        left: What stands before the text.
        right: What stands behind it.
    """

    def __init__(
        self,
        style: Style,
        parse: Callable[[str | Style], Style],
        room: int,
        width: int,
        left: Sequence[Segment] = (),
        right: Sequence[Segment] = (),
    ) -> None:
        self._style, self._parse = style, parse
        self._room, self._width = room, width
        self._left, self._right = left, right
        self._blank = style.background_style.rich_style

    def strip(self, line: Content) -> Strip:
        """A line between its edges."""
        style, length = self._style, line.cell_length
        parts = line.render(style, end="", parse_style=self._parse)
        text = [Segment(words, (style + own).rich_style) for words, own in parts]
        if length > self._room:
            text, length = list(Strip(text, length).crop(0, self._room)), self._room
        blanks = self._room - length
        # One run of blanks up to the edge needs fewer bytes.
        behind = list(self._right)
        while behind and behind[0].style == self._blank and behind[0].text.isspace():
            blanks += len(behind.pop(0).text)
        if blanks > 0:
            text.append(Segment(" " * blanks, self._blank))
        return Strip([*self._left, *text, *behind], self._width)


class TextLines(Prompt, QuietScroll, inherit_bindings=False, can_focus=False):
    """Shows lines, which whoever makes them has wrapped.

    A `Static` in a container asks for a new layout whenever its lines become more or fewer, and
    a layout paints the whole screen anew. This paints the lines that are others than before.
    """

    DEFAULT_CSS = """
    /* The scrollbar is always there, if not always seen: it lays nothing out anew. */
    TextLines { overflow-x: hidden; overflow-y: scroll; text-wrap: nowrap; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._lines: Sequence[Content] = ()
        self._kept: dict[int, Strip] = {}
        """Painted lines, with their edges."""
        self._room_told = 0
        self._fitted: Size | None = None
        self._paper: Paper | None = None
        self._paper_of: object = None
        self._foreseen = Size()
        """How large it will be once it is seen, as far as that is known."""
        # The links in it are nobody's to follow.
        self.set_reactive(TextLines.auto_links, False)

    @property
    def region(self) -> Region:
        """Where it is. While it is not seen, how large it will be."""
        return super().region or self._foreseen.region

    @property
    def room(self) -> int:
        """Cells of a line; 0 while its size is not known."""
        return self.scrollable_content_region.width

    def room_changed(self) -> None:
        """There is room for longer or for shorter lines; called before they are painted."""

    def hidden(self) -> None:
        """Is not seen any more: when it is shown again, there may be other room."""
        self._room_told = 0
        self._foreseen = Size()

    def foresee(self, size: Size) -> None:
        """Takes the size that it will have, so that it can be written and painted unseen."""
        if size != self._foreseen:
            self._foreseen = size
            inside = size - self.styles.gutter.totals
            super()._size_updated(size, self.virtual_size, inside, layout=False)

    def paint_unseen(self) -> Iterator[None]:
        """Paints what will be seen first, before it is; each step a few lines."""
        width, height = self._foreseen
        width -= self.scrollbar_size_vertical
        for top in range(0, height, AT_A_TIME):
            crop = Region(0, top, width, min(AT_A_TIME, height - top))
            for strip in self.render_lines(crop):
                strip.render(self.app.console)
            yield

    def _size_updated(
        self, size: Size, virtual_size: Size, container_size: Size, layout: bool = True
    ) -> bool:
        resized = super()._size_updated(size, virtual_size, container_size, layout)
        if self.room != self._room_told:
            whole = not self._room_told or self.size != self._fitted
            self._room_told, self._fitted = self.room, self.size
            self.room_changed()
            if whole:
                # The layout paints all of it right after this: once is enough.
                self._exchange_repaint_regions()
        return resized

    def show_lines(self, lines: Sequence[Content]) -> None:
        """Shows other lines; what is scrolled to stays there as far as the lines go."""
        before, self._lines = self._lines, tuple(lines)
        self._tell_height()
        top = self.scroll_offset.y
        # Without the scrollbar, which paints itself.
        width, height = self.room, self.size.height
        changed = [
            line
            for line, (new, old) in enumerate(zip_longest(self._lines, before, fillvalue=_NOTHING))
            if not new.is_same(old)
        ]
        for line in changed:
            self._kept.pop(line, None)
        self._kept.pop(len(before), None)
        seen = [Region(0, line - top, width, 1) for line in changed if top <= line < top + height]
        if seen and self.display:
            self.refresh(*seen)

    def _tell_height(self) -> None:
        """Tells Textual how far there is to scroll, in silence."""
        self.set_reactive(TextLines.virtual_size, Size(self.room, len(self._lines)))
        self._scroll_update(self.virtual_size)

    # Painting.

    def render_lines(self, crop: Region) -> list[Strip]:
        """Lines of the screen, with what stands at their edges.

        Textual looks up the styles of border, padding and opacity for each line, which is most of
        what painting a page costs it. Here the edges are the same all the way down.
        """
        if self.gutter.top or self.gutter.bottom:
            return super().render_lines(crop)
        background, filters = self.background_colors[1], self.get_line_filters()
        paper = self._paper_for(background)
        top, selection = self.scroll_offset.y, self.text_selection
        start, end = crop.column_span
        strips = []
        for y in crop.line_range:
            place = min(top + y, len(self._lines))
            strip = None if selection is not None else self._kept.get(place)
            if strip is None:
                strip = paper.strip(self._marked(place, selection))
                if selection is None:
                    self._kept[place] = strip
            for each in filters:
                strip = strip.apply_filter(each, background)
            strips.append(strip if strip.cell_length == end - start else strip.crop(start, end))
        return strips

    def _paper_for(self, background: Color) -> Paper:
        """What lines are written on, as Textual paints it."""
        room, (width, height) = self.room, self.outer_size
        wanted = (room, width, background)
        if self._paper is None or self._paper_of != wanted:
            self._kept.clear()
            # Below the last line there is nothing but the edges.
            below = super().render_lines(Region(0, height, width, 1))[0]
            left = self.gutter.left
            edges = list(below.crop(0, left)), list(below.crop(left + room, width))
            self._paper = Paper(self.visual_style, self._get_style, room, width, *edges)
            self._paper_of = wanted
        return self._paper

    def _marked(self, place: int, selection: Selection | None) -> Content:
        """A line, with what is chosen in it."""
        line = self._lines[place] if place < len(self._lines) else _NOTHING
        if selection is None or (span := selection.get_span(place)) is None:
            return line
        start, end = span
        chosen = Style.from_styles(self.screen.get_component_styles("screen--selection"))
        return line.stylize(chosen, start, len(line) if end == -1 else end)

    def render_line(self, y: int) -> Strip:
        """A line of the screen, in which the mouse can choose text."""
        place = self.scroll_offset.y + y
        line = self._marked(place, self.text_selection)
        paper = Paper(self.visual_style, self._get_style, self.room, self.room)
        return paper.strip(line).apply_offsets(0, place)

    def notify_style_update(self) -> None:
        """Takes over another theme."""
        super().notify_style_update()
        self._paper = None

    # Choosing text.

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The text that was chosen with the mouse."""
        return selection.extract("\n".join(line.plain for line in self._lines)), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        """Paints what is chosen."""
        self.refresh()
