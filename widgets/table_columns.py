"""Which columns of a contact fit into how many cells, and what stands in them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from storage.words import Badge, ContactRow, Kind, Place, Stage

GAP = 2
"""Blank cells between columns."""


class Column(Enum):
    """A column, named as its heading."""

    NAME = "Name"
    PHONE = "Phone"
    LINE = "Line"
    WHERE = "Where"
    LABELS = "Labels"
    RECEIVED = "Received"


@dataclass(frozen=True, slots=True)
class Layout:
    """How a row is divided."""

    width: int
    star: bool
    """The ★ has a place of its own, behind cursor and mark."""
    columns: tuple[tuple[Column, int], ...]
    """From left to right, each with its width; `GAP` blanks between them."""

    @property
    def gutter(self) -> int:
        """Cells for cursor, mark and ★, before the first column."""
        return 5 if self.star else 3

    @property
    def mark_ends(self) -> int:
        """Clicks left of this cell mark."""
        return 3

    @property
    def star_ends(self) -> int:
        """Clicks left of this cell, and right of the mark, star."""
        return self.gutter

    def column_at(self, cell: int) -> Column | None:
        """The column that a cell is of; None for those before the first and after the last."""
        end = self.gutter
        for column, width in self.columns:
            end += width + GAP
            if cell < end:
                return column if cell >= self.gutter else None
        return None

    def has(self, column: Column) -> bool:
        """Whether there is room for a column."""
        return self.width_of(column) > 0

    def width_of(self, column: Column) -> int:
        """Cells of a column; 0 for one that has no room."""
        return next((width for each, width in self.columns if each is column), 0)


@lru_cache(maxsize=64)
def layout(width: int, place: Place) -> Layout:
    """Divides the width of a row.

    Name and phone come first, then when it was received, labels, where a contact stands where
    that differs, and the kind of line.

    Args:
        width: Cells.
        place: What is listed; everything needs a column that says where each contact stands.
    """
    if width < 30:
        return Layout(width, False, ((Column.NAME, max(1, width - 3)),))
    phone, received = 17, 10 if width >= 90 else 7
    star = width >= 36
    # The last cell stays blank, so that nothing touches the scrollbar.
    room = width - (5 if star else 3) - 1
    widths = {Column.NAME: room}
    least = 8

    def fits(column: Column, size: int, name: int) -> bool:
        if widths[Column.NAME] - size - GAP < name:
            return False
        widths[Column.NAME] -= size + GAP
        widths[column] = size
        return True

    fits(Column.PHONE, phone, least)
    fits(Column.RECEIVED, received, least + 4)
    if place is Place.ALL:
        fits(Column.WHERE, 12, 14)
    if fits(Column.LABELS, 8, 15):
        fits(Column.LINE, 10, 22)
        _share(widths)
    return Layout(
        width, star, tuple((column, widths[column]) for column in Column if column in widths)
    )


def _share(widths: dict[Column, int]) -> None:
    """Gives the room that names do not need to the labels, which hold the badges."""
    spare = widths[Column.NAME] - 16
    if spare > 0:
        # Two badges come before the room that only long names need.
        name = 16 + min(12, max(0, spare - 20))
        widths[Column.LABELS] += widths[Column.NAME] - name
        widths[Column.NAME] = name


LINES = {
    Kind.MOBILE: "mobile",
    Kind.LANDLINE: "landline",
    Kind.EITHER: "mob/land",
    Kind.VOIP: "voip",
    Kind.TOLL_FREE: "toll-free",
    Kind.PREMIUM: "premium",
    Kind.OTHER: "other",
    Kind.UNASSIGNED: "unassigned",
}
"""Kinds of line as a column shows them."""

STAGES = {
    Stage.CONFIRMING: "confirming",
    Stage.AWAITING: "awaits YES",
    Stage.QUEUED: "queue",
    Stage.GROUPED: "group",
    Stage.SUPPRESSED: "do not text",
    Stage.FAILED: "failed",
    Stage.DELETED: "deleted",
}
"""Where a contact stands, as a column shows it."""

BADGES = {
    Badge.TEST: "test",
    Badge.UNASSIGNED: "unassigned",
    Badge.LANDLINE: "landline",
    Badge.UNCONFIRMED: "unconfirmed",
    Badge.PRIVATE_IP: "private IP",
}
"""Badges as tags."""

IN_SHORT = {
    BADGES[Badge.UNASSIGNED]: "unasgn",
    BADGES[Badge.LANDLINE]: "land",
    BADGES[Badge.UNCONFIRMED]: "unconf",
    BADGES[Badge.PRIVATE_IP]: "priv",
}
"""What those are called where they have no room: a tag is never cut in the middle of a word."""

_BARRED = "DNC"
"""Who must not be texted, where no column says so."""

_SAID_BY_LINE = {Badge.UNASSIGNED, Badge.LANDLINE}


def where(row: ContactRow) -> str:
    """Where a contact stands: its group's name, or its stage. Untrusted."""
    return row.group or STAGES[row.stage]


def badges(row: ContactRow, shown: Layout) -> list[str]:
    """The badges of a row that no other column says already."""
    said = _SAID_BY_LINE if shown.has(Column.LINE) else set()
    barred = row.stage is Stage.SUPPRESSED and not shown.has(Column.WHERE)
    tags = [BADGES[badge] for badge in row.badges if badge not in said]
    return [_BARRED, *tags] if barred else tags
