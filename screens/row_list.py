"""A modest list of rows for the settings, with a cursor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.strip import Strip
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from widgets.display import glyphs


class RowList(OptionList, inherit_bindings=False):
    """Rows by key; the cursor stays on its key when the rows are read again."""

    BINDINGS: ClassVar = []
    COMPONENT_CLASSES: ClassVar[set[str]] = {"rows--bar"}

    def __init__(self) -> None:
        super().__init__(markup=False, compact=True)
        self._keys: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The key of the row under the cursor, or an empty string."""
        place = self.highlighted
        return self._keys[place] if place is not None and place < len(self._keys) else ""

    def show(self, rows: Sequence[tuple[str, Content]], wanted: str = "") -> None:
        """Shows these rows, the cursor on the wanted one; without one, where it was."""
        before = wanted or self.key
        self._keys = tuple(key for key, _ in rows)
        self.set_options([Option(line) for _, line in rows])
        if self._keys:
            self.highlighted = self._keys.index(before) if before in self._keys else 0

    def render_line(self, y: int) -> Strip:
        """A row behind the cell of the cursor."""
        strip = super().render_line(y)
        if self.scroll_offset.y + y != self.highlighted:
            return strip
        bar = glyphs().cursor if self.has_focus else glyphs().resting
        first = next(iter(strip), None)
        style = (first.style if first is not None else None) or Style()
        accent = self.get_component_rich_style("rows--bar") if self.has_focus else style
        shown = Segment(bar, style + Style(color=accent.color))
        return Strip([shown, *strip.crop(1)])
