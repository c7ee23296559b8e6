"""Text on whose width terminals do not agree, drawn so that what stands behind keeps its place.

A vowel sign of Hindi takes a cell in tmux and xterm and none in kitty; an emoji or a sign takes
one or two, by the age of a terminal's tables. Whatever such text takes, the cursor goes to where
it should have ended; and its cells are blank before, for where it takes less.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment
from textual.strip import Strip

from widgets.plain import DOUBTFUL, in_doubt

_STRETCH = re.compile(rf"[^\s{DOUBTFUL}]*[{DOUBTFUL}]\S*(?: \S+)* *")
"""From the word in which doubt begins to the end of the next gap, where there is room for more."""

_SAVE, _BACK = "\x1b7", "\x1b8"

_plain_render = Strip.render


def render(self: Strip, console: Console) -> str:
    """What a strip is for the terminal: as Textual has it, but for what is doubtful."""
    if self._render_cache is None and in_doubt(_plain_render(self, console)):
        self._render_cache = "".join(_placed(self, console))
    return _plain_render(self, console)


def _placed(strip: Strip, console: Console) -> Iterator[str]:
    """A strip whose doubtful stretches end where they should."""
    for segment in strip:
        done = 0
        for found in _STRETCH.finditer(segment.text):
            yield _drawn(segment, segment.text[done : found.start()], console)
            stretch, done = found.group(), found.end()
            cells = cell_len(stretch)
            yield f"{_SAVE}{_drawn(segment, ' ' * cells, console)}{_BACK}"
            yield f"{_drawn(segment, stretch.rstrip(' '), console)}{_BACK}"
            yield f"\x1b[{cells}C" if cells else ""
        yield _drawn(segment, segment.text[done:], console)


def _drawn(segment: Segment, text: str, console: Console) -> str:
    return _plain_render(Strip([Segment(text, segment.style)]), console) if text else ""
