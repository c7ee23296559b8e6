"""Frames of a screen: of what changed at once, and only of what is seen."""

from __future__ import annotations

import asyncio
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import pairwise
from time import monotonic
from typing import TYPE_CHECKING, Any

from rich.console import Console
from textual._compositor import ChopsUpdate, Compositor, CompositorMap, ReflowResult
from textual._styles_cache import StylesCache
from textual.color import Color
from textual.dom import NoScreen
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.style import Style
from textual.timer import Timer
from textual.widget import Widget

from widgets import doubtful

if TYPE_CHECKING:
    Base = Widget
else:
    # Textual takes the styles of the first base that is a widget, and that is another one.
    Base = object

AT_ONCE = 3
"""Frames that follow a key without a pause: the cursor, what was read for it, the line of keys."""

HASTE_SECONDS = 0.1
"""So long after a key its frames are in haste."""

Chops = list[dict[int, Strip | None]]
"""For each line of the screen, the strip that begins at each cut; None where none is needed."""

Pieces = dict[int, list[tuple[int, int]]]
"""For each line, from where and up to where something is seen, from left to right."""


@lru_cache(1024)
def _inner_outer(base: Color, background: Color) -> tuple[Style, Style]:
    return Style(background=base + background), Style(background=base)


def _of_no_widget(_cache: StylesCache, base: Color, background: Color) -> tuple[Style, Style]:
    return _inner_outer(base, background)


# Textual's own remembers by widget: a thousand closed dialogs, with all lines that they painted.
StylesCache.get_inner_outer = _of_no_widget  # type: ignore[assignment]

# Textual takes it for granted that a terminal gives each character the width it reckons with.
Strip.render = doubtful.render  # type: ignore[method-assign]


@lru_cache(4096)
def _move_to(x: int, y: int) -> str:
    return f"\x1b[{y + 1};{x + 1}H"


class SeenUpdate(ChopsUpdate):
    """A frame as the terminal gets it.

    Textual makes an object of each movement of the cursor, which took a seventh of a frame.
    """

    def render_segments(self, console: Console) -> str:
        """The strips, each at its place."""
        written: list[str] = []
        last = self.spans[-1][0]
        for y, left, right in self.spans:
            for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=True):
                if strip is None or x > right or end <= left:
                    continue
                whole = left <= x < right and end <= right
                seen = strip if whole else strip.crop(0, min(end, right) - x)
                written += (_move_to(x, y), seen.render(console))
            if y != last:
                written.append("\n")
        return "".join(written)


class SeenCompositor(Compositor):
    """Puts a screen together from the front to the back, and stops where nothing is left open.

    Textual renders every line of every widget around a change, also what other widgets cover: for
    a cursor that moves by a row, forty rows and a dozen containers behind them. This renders the
    lines that changed, and of what lies behind, only what shows. A test compares the two.

    And what is laid out anew is compared with what was laid out for the last frame. Textual lays
    out in between for whoever asks where a widget is, once one is painted that it does not know;
    what had changed until then was never painted.
    """

    def __init__(self) -> None:
        super().__init__()
        self._framed: CompositorMap = {}
        """Where everything was when it was last laid out for a frame."""

    def clear(self) -> None:
        """Nothing is there."""
        super().clear()
        self._framed = {}

    def reflow(self, parent: Widget, size: Size) -> ReflowResult:
        """Lays everything out, and notes what has to be painted for it."""
        self._full_map = self._framed
        changed = super().reflow(parent, size)
        # All is known now, also what is not seen: nobody has to lay it out once more.
        self._framed, self._full_map_invalidated = self._full_map, False
        return changed

    def render_partial_update(self) -> ChopsUpdate | None:
        """What has changed since the last time, or None."""
        regions = self._dirty_regions.copy()
        self._dirty_regions.clear()
        if not regions:
            return None
        spans = list(self._regions_to_spans(regions))
        return SeenUpdate(self._render_seen(spans), spans, [line[1:] for line in self.cuts])

    def _render_chops(
        self, crop: Region, is_rendered_line: Callable[[int], bool]
    ) -> Sequence[Mapping[int, Strip]]:
        """What Textual asks for when it wants a whole screen."""
        left, right = crop.column_span
        lines = crop.intersection(self.size.region).line_range
        return self._render_seen((y, left, right) for y in lines if is_rendered_line(y))

    def _render_seen(self, spans: Iterable[tuple[int, int, int]]) -> Sequence[Mapping[int, Strip]]:
        """The strips of lines, each from one column up to another."""
        cuts = self.cuts
        chops: Chops = [dict.fromkeys(line[:-1]) for line in cuts]
        still_open: Pieces = {}
        for y, left, right in spans:
            line = cuts[y]
            first = max(0, bisect_right(line, left) - 1)
            pieces = list(pairwise(line[first : bisect_left(line, right) + 1]))
            before = still_open.get(y)
            still_open[y] = sorted({*before, *pieces}) if before else pieces
        for widget, (region, clip) in self.visible_widgets.items():
            if not still_open:
                break
            shown = _take(still_open, region.intersection(clip))
            if shown:
                _render(widget, region, shown, chops)
        return chops  # type: ignore[return-value]


def _take(still_open: Pieces, area: Region) -> Pieces:
    """The open pieces that an area covers; they are no longer open then."""
    left, right = area.column_span
    taken: Pieces = {}
    for y in area.line_range:
        pieces = still_open.get(y)
        if not pieces:
            continue
        mine = [piece for piece in pieces if left <= piece[0] < right]
        if not mine:
            continue
        taken[y] = mine
        if len(mine) == len(pieces):
            del still_open[y]
        else:
            still_open[y] = [piece for piece in pieces if not left <= piece[0] < right]
    return taken


def _render(widget: Widget, region: Region, shown: Pieces, chops: Chops) -> None:
    """Renders as much of a widget as holds all pieces, and puts them in their places."""
    top, bottom = min(shown), max(shown) + 1
    left = min(pieces[0][0] for pieces in shown.values())
    right = max(pieces[-1][1] for pieces in shown.values())
    crop = Region.from_corners(left, top, right, bottom).translate(-region.offset)
    strips = widget.render_lines(crop)
    for y, pieces in shown.items():
        strip, line = strips[y - top], chops[y]
        for start, end in pieces:
            whole = start == left and end == right
            line[start] = strip if whole else strip.crop(start - left, end - left)


class Prompt(Base):
    """Hands what is to be painted to the screen as soon as it is known.

    Textual lets a widget send a message to itself, then one to the screen, then the screen one to
    itself, until the timer of the frames is woken: with a lead that comes in, these were a third
    of all messages.
    """

    def check_idle(self) -> None:
        """Called when there is something to do once no message waits."""
        if not self._hand_over():
            super().check_idle()

    def _hand_over(self) -> bool:
        """Whether all there is to do is to paint, and the screen has taken that over."""
        if not self._repaint_required or not self._is_mounted or not self.display:
            return False
        if self._layout_required or self._scroll_required or self._refresh_styles_required:
            return False
        try:
            screen = self.screen
        except NoScreen:
            return False
        if self._next_callbacks or self.app._batch_count or not screen.is_current:
            return False
        if self not in screen._compositor:
            return False
        self._repaint_required = False
        screen._dirty_widgets.add(self)
        screen._update_timer.resume()
        return True


class FrameTimer(Timer):
    """Paints when asked to: at once for a person who typed, else some sixty times a second.

    Textual waits for the rest of a sixtieth of a second after any frame. What a key brings comes
    in two or three of them, so that most of what a person waited for was a pause.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._hastened = asyncio.Event()
        self._haste_left = 0
        self._haste_until = 0.0

    def hasten(self) -> None:
        """A key was pressed."""
        self._haste_left, self._haste_until = AT_ONCE, monotonic() + HASTE_SECONDS
        self._hastened.set()

    async def _run(self) -> None:
        painted = 0.0
        # Textual's annotations leave it without a type.
        active: Any = self._active
        while True:
            await active.wait()
            wait = painted + self._interval - monotonic()
            if wait > 0 and not self._in_haste():
                self._hastened.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._hastened.wait()
                continue
            painted = monotonic()
            await self._tick(next_timer=painted, count=0)

    def _in_haste(self) -> bool:
        if not self._haste_left or monotonic() > self._haste_until:
            return False
        self._haste_left -= 1
        return True
