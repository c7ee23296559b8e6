"""The list of places at the left: sections, names, counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from widgets.display import fitted, glyphs
from widgets.seen import Prompt


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the sidebar."""

    key: str
    """What the screen calls the place; empty for a heading."""
    text: str
    """Untrusted where it is a group's name."""
    note: str = ""
    """A count or a word at the right."""
    brief: str = ""
    """The same in short, for where the text would be cut."""


def heading(text: str) -> Entry:
    """A line that names a section and cannot be entered."""
    return Entry("", text)


class Sidebar(Prompt, ScrollView, can_focus=True):
    """Places to go to. The current one and the cursor belong to keys, not to lines."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "sidebar--heading",
        "sidebar--entry",
        "sidebar--note",
        "sidebar--current",
        "sidebar--cursor",
    }

    DEFAULT_CSS = """
    Sidebar {
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
    }
    """

    current: reactive[str] = reactive("")
    """The place that is shown at the right."""
    cursor: reactive[str] = reactive("")
    """The place that the keys point at while the sidebar has the focus."""

    class Chosen(Message):
        """A place was chosen."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._entries: tuple[Entry, ...] = ()

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All lines, headings among them."""
        return self._entries

    @property
    def keys(self) -> list[str]:
        """The places in their order."""
        return [entry.key for entry in self._entries if entry.key]

    def show(self, entries: Sequence[Entry]) -> None:
        """Shows these lines; the cursor stays on its place, or goes to the current one."""
        shown = tuple(entries)
        if shown == self._entries:
            return
        before, self._entries = self._entries, shown
        if self.cursor not in self.keys:
            self.cursor = self.current if self.current in self.keys else ""
        if len(shown) != len(before):
            self.virtual_size = Size(self.scrollable_content_region.width, len(shown))
            self.refresh()
            return
        width, top = self.size.width, self.scroll_offset.y
        changed = [line for line, entry in enumerate(shown) if entry != before[line]]
        self.refresh(*(Region(0, line - top, width, 1) for line in changed))

    def step(self, by: int, start: str | None = None) -> str:
        """The place so many steps from another, without leaving the list."""
        keys = self.keys
        if not keys:
            return ""
        start = self.cursor if start is None else start
        if start not in keys:
            return keys[0]
        return keys[max(0, min(len(keys) - 1, keys.index(start) + by))]

    # What the keys do.

    def action_sidebar_down(self) -> None:
        """One place down."""
        self.cursor = self.step(1)

    def action_sidebar_up(self) -> None:
        """One place up."""
        self.cursor = self.step(-1)

    def action_sidebar_top(self) -> None:
        """To the first place."""
        self.cursor = self.step(-len(self._entries))

    def action_sidebar_bottom(self) -> None:
        """To the last place."""
        self.cursor = self.step(len(self._entries))

    def action_sidebar_open(self) -> None:
        """To the place under the cursor."""
        if self.cursor:
            self.post_message(self.Chosen(self.cursor))

    def on_click(self, event: events.Click) -> None:
        """To the place that was clicked."""
        line = int(event.y + self.scroll_offset.y)
        if 0 <= line < len(self._entries) and self._entries[line].key:
            self.post_message(self.Chosen(self._entries[line].key))

    def on_focus(self) -> None:
        """The cursor starts at the current place."""
        self.cursor = self.current
        self.refresh()

    def on_blur(self) -> None:
        """Without the focus there is no cursor."""
        self.refresh()

    def on_resize(self) -> None:
        """The lines are as wide as the sidebar."""
        self.virtual_size = Size(self.scrollable_content_region.width, len(self._entries))

    def watch_cursor(self, cursor: str) -> None:
        """The cursor stays in sight."""
        for line, entry in enumerate(self._entries):
            if entry.key == cursor:
                self.scroll_to_region(Region(0, line, 1, 1), animate=False, force=True)
        self.refresh()

    def watch_current(self) -> None:
        """The mark moves to the current place."""
        self.refresh()

    # Drawing.

    def render_line(self, y: int) -> Strip:
        """One line of the sidebar."""
        width = self.scrollable_content_region.width
        line = y + self.scroll_offset.y
        if line >= len(self._entries):
            return Strip.blank(width, self.rich_style)
        entry = self._entries[line]
        if not entry.key:
            text = fitted(f" {entry.text}", width)
            return Strip([Segment(text, self._style("heading"))], width)
        return self._entry(entry, width)

    def _entry(self, entry: Entry, width: int) -> Strip:
        style, note_style = self._style("entry"), self._style("note")
        current = entry.key == self.current
        if current:
            style = note_style = self._style("current")
        if self.has_focus and entry.key == self.cursor:
            style = note_style = self._style("cursor")
        said = entry.note
        if entry.brief and cell_len(entry.text) > width - len(said) - 4:
            said = entry.brief
        note = f" {said} " if said else " "
        name = fitted(entry.text, max(0, width - 2 - len(note)))
        bar = glyphs().cursor if current else " "
        return Strip(
            [Segment(f"{bar} ", style), Segment(name, style), Segment(note, note_style)]
        ).adjust_cell_length(width, style)

    def _style(self, part: str) -> Style:
        return self.get_component_rich_style(f"sidebar--{part}")
