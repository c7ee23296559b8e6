"""A QR code in block characters, two of its rows to a line."""

from __future__ import annotations

import importlib
from typing import Any

from textual.content import Content
from textual.style import Style

from widgets.display import ascii_only

QUIET = 2
"""Modules of light border; the norm asks for four, and readers are content with two."""
LEAST_QUIET = 1
"""What they make do with where there is no room for more."""

_LIGHT, _DARK = "#ffffff", "#000000"
_HALVES = {(False, False): "█", (False, True): "▀", (True, False): "▄", (True, True): " "}
"""The sign of two modules above each other; ink stands for light."""


def qr_code(text: str, quiet: int = QUIET) -> Content:
    """The code of a text, light on dark so that it also holds without colours.

    In ASCII each module takes two cells and a line of its own.

    Args:
        text: What a camera reads.
        quiet: Modules of light border.
    """
    rows = _modules(text, quiet)
    style = Style.parse(f"{_LIGHT} on {_DARK}")
    if ascii_only():
        lines = ["".join("  " if dark else "##" for dark in row) for row in rows]
    else:
        if len(rows) % 2:
            rows.append([False] * len(rows[0]))
        pairs = zip(rows[::2], rows[1::2], strict=True)
        lines = ["".join(_HALVES[two] for two in zip(*pair, strict=True)) for pair in pairs]
    return Content("\n").join(Content.styled(line, style) for line in lines)


def qr_size(text: str, quiet: int = QUIET, *, in_ascii: bool | None = None) -> tuple[int, int]:
    """Cells and lines that the code of a text takes, as the desk draws unless it is said."""
    side = len(_modules(text, quiet))
    plain = ascii_only() if in_ascii is None else in_ascii
    return (2 * side, side) if plain else (side, (side + 1) // 2)


def _modules(text: str, quiet: int) -> list[list[bool]]:
    # Imported when a first code is wanted: few desks ever draw one.
    segno: Any = importlib.import_module("segno")
    code = segno.make_qr(text, error="l", boost_error=False)
    return [[bool(module) for module in row] for row in code.matrix_iter(border=quiet)]
