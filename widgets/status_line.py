"""The line that always says how things stand: listener, integration, last arrival, marks, view."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from widgets.display import clean, fitted
from widgets.seen import Prompt

LEAST_TAIL = 6
"""Cells below which a cut tail says nothing."""


@dataclass(frozen=True, slots=True)
class Part:
    """One fact."""

    text: str
    """Untrusted where it quotes a search or a group."""
    tone: str = "plain"
    """`plain`, `good`, `calm`, `warn`, `bad` or `strong`."""
    short: str = ""
    """What stands there when room is short; empty: the fact is left out then."""
    least: str | None = None
    """What stands there when even that is too long; empty: left out, None: as in short."""

    @property
    def forms(self) -> tuple[str, str, str]:
        """From long to short."""
        return self.text, self.short, self.short if self.least is None else self.least


class StatusLine(Prompt, Widget):
    """Facts side by side and, at the right, what is shown; short forms where room is short."""

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
        self._tails: tuple[str, ...] = ()

    def show(self, parts: Sequence[Part], *tails: str) -> None:
        """Shows these facts, and at the right the first of the tails that there is room for.

        Facts give way to it: the last ones first, down to their least forms. Where nothing
        fits, the last of the tails is cut.
        """
        if (tuple(parts), tails) != (self._parts, self._tails):
            self._parts, self._tails = tuple(parts), tails
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
        shown, tail = self._fitting()
        plain = self.get_component_rich_style("status--plain")
        segments = [Segment(" ", plain)]
        for text, tone in shown:
            segments += [
                Segment(text, self.get_component_rich_style(f"status--{tone}")),
                Segment("  ", plain),
            ]
        room = self.size.width - _length(shown) - 1
        if tail and room >= LEAST_TAIL:
            tail = fitted(tail, min(room, cell_len(clean(tail))))
            segments.append(Segment(" " * (room - cell_len(tail)) + tail, plain))
        return segments

    def _fitting(self) -> tuple[list[tuple[str, str]], str]:
        """The facts in the longest forms that leave room for a tail, and the tail."""
        width = self.size.width
        tails = self._tails or ("",)
        steps = list(_steps(self._parts))
        for tail in tails:
            needed = cell_len(clean(tail)) + 1 if tail else 0
            for shown in steps:
                if _length(shown) + needed <= width:
                    return shown, tail
        return steps[-1], tails[-1]


def _steps(parts: Sequence[Part]) -> Iterator[list[tuple[str, str]]]:
    """All facts at full length, then one after the other shortened, from the last one on."""
    forms = [0] * len(parts)

    def now() -> list[tuple[str, str]]:
        texts = (part.forms[form] for part, form in zip(parts, forms, strict=True))
        return [(clean(text), part.tone) for text, part in zip(texts, parts, strict=True) if text]

    yield now()
    for form in (1, 2):
        for place in reversed(range(len(parts))):
            forms[place] = form
            yield now()


def _length(shown: Sequence[tuple[str, str]]) -> int:
    return 1 + sum(cell_len(text) + 2 for text, _ in shown)
