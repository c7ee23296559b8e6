"""Paints rows of contacts. Untrusted text passes `widgets.display` and is never parsed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from storage.words import ContactRow, Order, Place
from widgets.display import ascii_only, clean, fitted, glyphs
from widgets.runs import Parts, strip_of
from widgets.table_columns import GAP, IN_SHORT, LINES, Column, Layout, badges, where

MOST_STRIPS = 512
"""Painted rows kept."""

MOST_SPARE = 128
"""Painted rows kept for a width that the list may have again."""

_LEAST = 3
"""Cells that the start of a label needs to say anything."""


@dataclass(frozen=True, slots=True)
class Look:
    """The state that a row is painted in."""

    cursor: bool = False
    focused: bool = True
    marked: bool = False
    sign: str = ""
    """Who else looks at it; see `widgets.others`."""


@dataclass(frozen=True, slots=True)
class Palette:
    """The styles of rows."""

    plain: Style
    dim: Style
    star: Style
    mark: Style
    marked: Style
    badge: Style
    cursor: Style
    cursor_bar: Style
    blurred: Style
    blurred_bar: Style
    header: Style
    labels: dict[str, Style]


class RowPainter:
    """Paints rows, and keeps what it painted.

    Args:
        phone: Writes a number as people read it.
    """

    def __init__(self, palette: Palette, shown: Layout, phone: Callable[[str], str]) -> None:
        self._palette = palette
        self.layout = shown
        self.ascii_only = ascii_only()
        """What it was made for."""
        self._phone = phone
        self._strips: dict[object, Strip] = {}

    def row(self, row: ContactRow, look: Look, received: str) -> Strip:
        """A contact's line; `received` is how long ago they came, in words."""
        key = (row, look, received)
        strip = self._strips.get(key)
        if strip is None:
            if len(self._strips) >= MOST_STRIPS:
                self._strips.clear()
            strip = self._strips[key] = self._paint(row, look, received)
        return strip

    def keep(self, seen: Iterable[object]) -> None:
        """Forgets all rows but those that are seen, each told as `row` is, where there are many."""
        strips = self._strips
        if len(strips) <= MOST_SPARE:
            return
        self._strips = {key: strips[key] for key in seen if key in strips}

    def waiting(self, look: Look) -> Strip:
        """A line whose contact is still being read."""
        base = self._base(look)
        text = f"{self._bar(look)}    {glyphs().waiting * 3}"
        return strip_of([(fitted(text, self.layout.width), base)], self.layout.width)

    def blank(self) -> Strip:
        """A line behind the last contact."""
        width = self.layout.width
        return Strip([Segment(" " * width, self._palette.plain)], width)

    def header(self, place: Place, order: Order) -> Strip:
        """The line of headings; an arrow says what the order follows."""
        shown, signs = self.layout, glyphs()
        lit = order is Order.FAVORITE or self.ascii_only
        star = signs.star if lit else signs.no_star
        text = "   " + (f"{star} " if shown.star else "")
        cells = []
        for column, width in shown.columns:
            title = column.value
            if column is Column.RECEIVED:
                arrow = {Order.NEWEST: signs.down, Order.OLDEST: signs.up}.get(order, "")
                title = f"{title if width > 8 else 'When'} {arrow}".rstrip()
            cells.append(fitted(title, width, right=column is Column.RECEIVED))
        line = text + (" " * GAP).join(cells)
        return strip_of([(fitted(line, shown.width), self._palette.header)], shown.width)

    def _paint(self, row: ContactRow, look: Look, received: str) -> Strip:
        palette, shown, signs = self._palette, self.layout, glyphs()
        base = self._base(look)
        # One style for the cursor's row: legible on any background, and few bytes to send.
        plain = look.cursor
        dim = base if plain else base + palette.dim
        parts: Parts = [(self._bar(look), self._bar_style(look, base))]
        mark = signs.marked if look.marked else " "
        parts.append((f"{mark} ", base if plain or not look.marked else base + palette.mark))
        if shown.star:
            star = signs.star if row.favorite else signs.no_star if plain else " "
            parts.append((f"{star} ", base + palette.star if row.favorite and not plain else base))
        for place, (column, width) in enumerate(shown.columns):
            if place:
                parts.append((" " * GAP, parts[-1][1]))
            if column is Column.NAME:
                parts += self._signed_name(row, look, width, base, dim)
            elif column is Column.PHONE:
                parts.append((fitted(self._phone(row.phone), width), base))
            elif column is Column.LINE:
                parts.append((fitted(LINES[row.kind], width), dim))
            elif column is Column.WHERE:
                parts.append((fitted(where(row), width), dim))
            elif column is Column.RECEIVED:
                parts.append((fitted(received, width, right=True), dim))
            else:
                parts += self._tags(row, width, base, plain=plain)
        return strip_of([*parts, (" ", parts[-1][1])], shown.width)

    def _signed_name(
        self, row: ContactRow, look: Look, width: int, base: Style, dim: Style
    ) -> Parts:
        sign = look.sign if width >= 14 else look.sign[:1]
        if not sign or width < 6:
            return [self._name(row, width, base, dim)]
        style = base if look.cursor else base + self._palette.badge
        name = self._name(row, width - cell_len(sign) - 1, base, dim)
        return [name, (" ", name[1]), (sign, style)]

    def _name(self, row: ContactRow, width: int, base: Style, dim: Style) -> tuple[str, Style]:
        name, ink = clean(row.name).strip(), base
        if not name and self.layout.has(Column.PHONE):
            name, ink = "(no name)", dim
        name = name or self._phone(row.phone)
        if width > 8 and self._badges(row)[1]:
            # No room for badges: a sign says that there is something to notice.
            return f"{fitted(name, width - 2)} !", ink
        return fitted(name, width), ink

    def _badges(self, row: ContactRow) -> tuple[Parts, bool]:
        """The badges that fit beside the labels, and whether others are left out unsaid.

        Labels, which people put on, come before badges where there is no room for both.
        """
        width, words = self.layout.width_of(Column.LABELS), badges(row, self.layout)
        if not words or not width:
            return [], bool(words)
        room = width - sum(cell_len(text) + GAP for text, _ in self._labels(row, width))
        for spelled in (words, [IN_SHORT.get(word, word) for word in words]):
            tags = [f"[{word}]" for word in spelled]
            if _together(tags) <= room:
                return [(tag, self._palette.badge) for tag in tags], False
        if row.labels:
            fitting = [tag for n, tag in enumerate(tags) if _together(tags[: n + 1]) <= room]
            return [(tag, self._palette.badge) for tag in fitting], True
        more = f"+{len(tags) - 1}" if len(tags) > 1 else ""
        blank = " " if cell_len(tags[0]) + cell_len(more) < room else ""
        return [(f"{tags[0]}{blank}{more}", self._palette.badge)], False

    def _labels(self, row: ContactRow, width: int) -> Parts:
        palette = self._palette
        # In a narrow column every cell is for the words.
        bullet = f"{glyphs().bullet} " if width >= 14 else ""
        return [
            (bullet + clean(label.name), palette.labels.get(label.colour, palette.dim))
            for label in row.labels
        ]

    def _tags(self, row: ContactRow, width: int, base: Style, *, plain: bool) -> Parts:
        tags = self._badges(row)[0] + self._labels(row, width)
        parts: Parts = []
        room = width
        for place, (tag, style) in enumerate(tags):
            left = len(tags) - place - 1
            more = f"+{left}" if left else ""
            text, size = tag, min(cell_len(tag), room)
            if more and room - size < GAP + _LEAST:
                # Not all of them fit: the last cells count those that are left out.
                size = min(size, room - len(more) - 1)
                text = f"{fitted(text, size)} {more}"
                size += len(more) + 1
                left = 0
            parts.append((fitted(text, size), base if plain else base + style))
            blank = min(GAP, room - size)
            parts.append((" " * blank, parts[-1][1]))
            room -= size + blank
            if more and not left:
                break
        parts.append((" " * room, base))
        return parts

    def _base(self, look: Look) -> Style:
        palette = self._palette
        if look.cursor:
            return palette.cursor if look.focused else palette.blurred
        return palette.marked if look.marked else palette.plain

    def _bar(self, look: Look) -> str:
        if not look.cursor:
            return " "
        return glyphs().cursor if look.focused else glyphs().resting

    def _bar_style(self, look: Look, base: Style) -> Style:
        if not look.cursor:
            return base
        return base + (self._palette.cursor_bar if look.focused else self._palette.blurred_bar)


def _together(tags: Sequence[str]) -> int:
    """How many cells tags take side by side."""
    return sum(map(cell_len, tags)) + GAP * (len(tags) - 1)
