"""The line that always says how things stand: listener, integration, last arrival, marks, view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from widgets.display import clean, fitted


@dataclass(frozen=True, slots=True)
class Part:
    """One fact."""

    text: str
    """Untrusted where it quotes a search or a group."""
    tone: str = "plain"
    """`plain`, `good`, `calm`, `warn`, `bad` or `strong`."""
    short: str = ""
    """What stands there when room is short; empty: the fact is left out then."""


class StatusLine(Widget):
    """Facts side by side; on a narrow screen their short forms, the last one cut to fit."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "status--plain",
        "status--good",
        "status--calm",
        "status--warn",
        "status--bad",
        "status--strong",
    }

    DEFAULT_CSS = """
    StatusLine { height: 1; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._parts: tuple[Part, ...] = ()
        self._tail = ""

    def show(self, parts: Sequence[Part], tail: str = "") -> None:
        """Shows these facts, and one more at the right where there is room for it."""
        if (tuple(parts), tail) != (self._parts, self._tail):
            self._parts, self._tail = tuple(parts), tail
            self.refresh()

    @property
    def text(self) -> str:
        """What the line says at its present width."""
        return "".join(segment.text for segment in self._segments())

    def render_line(self, y: int) -> Strip:
        """The one line."""
        plain = self.get_component_rich_style("status--plain")
        return Strip(self._segments()).adjust_cell_length(self.size.width, plain)

    def _segments(self) -> list[Segment]:
        width = self.size.width
        shown = [(clean(part.text), part.tone) for part in self._parts]
        if _length(shown) > width:
            shown = [(clean(part.short), part.tone) for part in self._parts if part.short]
        plain = self.get_component_rich_style("status--plain")
        segments = [Segment(" ", plain)]
        for text, tone in shown:
            segments += [
                Segment(text, self.get_component_rich_style(f"status--{tone}")),
                Segment("  ", plain),
            ]
        room = width - _length(shown) - 1
        if self._tail and room >= 12:
            tail = fitted(self._tail, min(room, cell_len(clean(self._tail))))
            segments.append(Segment(" " * (room - cell_len(tail)) + tail, plain))
        return segments


def _length(shown: Sequence[tuple[str, str]]) -> int:
    return 1 + sum(cell_len(text) + 2 for text, _ in shown)
