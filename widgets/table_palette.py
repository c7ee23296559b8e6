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
    """A hue, darkened where the ground is light."""
    color = Color.parse(hue)
    return color if background.brightness < 0.5 else color.darken(0.3)
