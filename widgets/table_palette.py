"""The colours of the contact table, from the theme in force."""

from __future__ import annotations

from functools import lru_cache

from rich.style import Style
from textual.color import Color
from textual.widget import Widget

from widgets.table_painter import Palette

PREFIX = "contact-table--"

COMPONENTS = (
    *("header", "dim", "star", "mark", "marked", "badge"),
    *("cursor", "cursor-bar", "blurred", "blurred-bar"),
)
"""What the style sheet can name, each behind `PREFIX`."""

READABLE = 4.5
"""The contrast that WCAG 2 asks of letters of this size."""

_LABELS = {
    "red": "#e5786d",
    "orange": "#e09a5b",
    "yellow": "#d9bf5e",
    "green": "#8fc98b",
    "cyan": "#67c1c1",
    "blue": "#77a9e6",
    "violet": "#b096e6",
    "pink": "#e08fc0",
}


def palette_of(widget: Widget) -> Palette:
    """The styles of rows as a widget's style sheet has them at present."""

    def whole(name: str) -> Style:
        return widget.get_component_rich_style(PREFIX + name)

    def ink(name: str) -> Style:
        # The colour of the letters alone: the ground is that of the row.
        style = whole(name)
        return Style(color=style.color, bold=style.bold, italic=style.italic)

    background = widget.background_colors[1]
    return Palette(
        plain=widget.rich_style,
        dim=ink("dim"),
        star=ink("star"),
        mark=ink("mark"),
        marked=whole("marked"),
        badge=ink("badge"),
        cursor=whole("cursor"),
        cursor_bar=ink("cursor-bar"),
        blurred=whole("blurred"),
        blurred_bar=ink("blurred-bar"),
        header=whole("header"),
        labels={
            name: Style(color=_readable(hue, background).rich_color)
            for name, hue in _LABELS.items()
        },
    )


def label_hue(colour: str, background: Color) -> str:
    """The colour of a label as a style names it; empty for a colour that nobody knows."""
    hue = _LABELS.get(colour)
    return _readable(hue, background).hex if hue else ""


@lru_cache(maxsize=64)
def _readable(hue: str, background: Color) -> Color:
    """A hue, made darker or lighter until it can be read on its ground."""
    color = Color.parse(hue)
    light = background.brightness >= 0.5
    for step in range(20):
        moved = color.darken(step * 0.04) if light else color.lighten(step * 0.04)
        if contrast(moved, background) >= READABLE:
            return moved
    return color.darken(0.8) if light else color.lighten(0.8)


def contrast(ink: Color, ground: Color) -> float:
    """How far two colours are apart, from 1 to 21, as WCAG 2 counts it."""
    bright, dark = sorted((_luminance(ink), _luminance(ground)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(color: Color) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4
        for part in color.normalized
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
