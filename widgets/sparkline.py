"""A row of bars: how much came, hour by hour."""

from __future__ import annotations

from collections.abc import Sequence

from widgets.display import glyphs


def sparkline(counts: Sequence[int]) -> str:
    """One character a count, as high as its share of the largest; a blank where it is zero."""
    bars = glyphs().bars
    top = max(counts, default=0)
    if not top:
        return bars[0] * len(counts)
    steps = len(bars) - 1
    # The lowest bar is the ground line, so that one lead looks different from none.
    return "".join(bars[0 if not n else max(1, round(n / top * steps))] for n in counts)
