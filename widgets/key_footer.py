"""The bottom line: keys and what they do, as many as fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from widgets.plain import cut
from widgets.seen import Prompt

_GAP = 2
"""Cells between two hints."""


class KeyHint(Protocol):
    """A key and the word for what it does."""

    @property
    def verb_id(self) -> str:
        """The verb that a click gives."""

    @property
    def key(self) -> str:
        """The key as people write it."""

    @property
    def word(self) -> str:
        """What it does."""

    @property
    def least(self) -> int:
        """Cells of the word that it has to show; of more, what room is left. 0: all of it."""

    @property
    def short(self) -> str:
        """The word where there is no room for so many; empty: the hint is left out then."""

    @property
    def kept(self) -> bool:
        """Whether it is shown before those that come earlier are."""


@dataclass(frozen=True, slots=True)
class _Cut:
    """A hint whose word had no room for all of it."""

    verb_id: str
    key: str
    word: str
    least: int = 0
    short: str = ""
    kept: bool = False


class KeyFooter(Prompt, Widget):
    """Shows hints in their order; those that do not fit are left out, the last one never."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"footer--key", "footer--word"}

    DEFAULT_CSS = """
    KeyFooter { height: 1; }
    """

    class Pressed(Message):
        """A hint was clicked."""

        def __init__(self, verb_id: str) -> None:
            super().__init__()
            self.verb_id = verb_id

    def __init__(
        self,
        *,
        indent: int = 1,
        id: str | None = None,  # noqa: A002 - Textual's own name
    ) -> None:
        super().__init__(id=id)
        self._indent = indent
        self._hints: tuple[KeyHint, ...] = ()

    def show(self, hints: Sequence[KeyHint]) -> None:
        """Shows these hints."""
        if tuple(hints) != self._hints:
            self._hints = tuple(hints)
            self.refresh()

    @property
    def shown(self) -> list[KeyHint]:
        """The hints that fit: the first ones, what is kept, and always the last."""
        if not self._hints:
            return []
        *others, last = self._hints
        room = self.size.width - self._indent - _width(last) + _GAP
        kept = sum(_width(hint) for hint in others if hint.kept)
        room -= kept
        fitting, full = list[KeyHint](), False
        for hint in others:
            if hint.kept:
                fitting.append(hint)
            if hint.kept or full:
                continue
            short = _Cut(hint.verb_id, hint.key, hint.short) if hint.short else hint
            shown = hint if _least_width(hint) <= room else short
            full = _least_width(shown) > room
            if full:
                continue
            room -= _least_width(shown)
            fitting.append(shown)
        return [*(_cut_to(hint, room) for hint in fitting), last]

    def render_line(self, y: int) -> Strip:
        """The one line."""
        key_style = self.get_component_rich_style("footer--key")
        word_style = self.get_component_rich_style("footer--word")
        segments = [Segment(" " * self._indent, word_style)]
        for hint in self.shown:
            segments += [Segment(hint.key, key_style), Segment(f" {hint.word}  ", word_style)]
        return Strip(segments).adjust_cell_length(self.size.width, word_style)

    def on_click(self, event: events.Click) -> None:
        """A click on a hint gives its verb."""
        start = self._indent
        for hint in self.shown:
            if start <= event.x < start + _width(hint) - 2:
                self.post_message(self.Pressed(hint.verb_id))
                return
            start += _width(hint)


def _cut_to(hint: KeyHint, spare: int) -> KeyHint:
    """The hint with as much of its word as there is room for.

    Args:
        hint: Which.
        spare: Cells that are left once every hint has its least.
    """
    cells = _least_width(hint) + spare - _width(hint) + cell_len(hint.word)
    if cells >= cell_len(hint.word):
        return hint
    return _Cut(hint.verb_id, hint.key, cut(hint.word, cells))


def _least_width(hint: KeyHint) -> int:
    lacking = cell_len(hint.word) - hint.least if hint.least else 0
    return _width(hint) - max(0, lacking)


def _width(hint: KeyHint) -> int:
    return cell_len(hint.key) + cell_len(hint.word) + 1 + _GAP
