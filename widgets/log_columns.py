"""The columns of a log, and how they share the width there is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

GAP = 2
"""Blank cells between two columns."""


class LogRow(Protocol):
    """A row of a log. Its id grows with time, so that newest first is largest first."""

    @property
    def id(self) -> int:
        """Names the row."""


R = TypeVar("R", bound=LogRow)
R_co = TypeVar("R_co", bound=LogRow, covariant=True)


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in one cell."""

    text: str
    """Untrusted; the table lets it through the door for display text."""
    tone: str = "plain"
    """`plain`, `dim`, `good`, `warn` or `bad`. Colour only repeats what the text says."""


@dataclass(frozen=True, slots=True)
class Column(Generic[R]):
    """One column of a log."""

    name: str
    least: int
    """Cells that it needs to say anything."""
    most: int
    """Cells that it can use; 0: all that are left."""
    paint: Callable[[R], Cell]
    """What it shows of a row."""
    goes: int = 0
    """Where room is short the column with 1 goes first, then 2; the others stay."""


def widths(columns: Sequence[Column[R]], room: int) -> list[int]:
    """How wide each column is in a line of `room` cells; 0 for one that has gone."""
    gone: set[int] = set()

    def needed() -> int:
        stay = [each.least for place, each in enumerate(columns) if place not in gone]
        return sum(stay) + GAP * (len(stay) - 1)

    leaving = [place for place, each in enumerate(columns) if each.goes]
    for place in sorted(leaving, key=lambda place: columns[place].goes):
        if needed() <= room:
            break
        gone.add(place)
    spare = max(0, room - needed())
    found = []
    for place, each in enumerate(columns):
        if place in gone:
            found.append(0)
            continue
        more = spare if each.most == 0 else min(spare, each.most - each.least)
        spare -= more
        found.append(each.least + more)
    return _cut_to(found, room)


def _cut_to(found: Sequence[int], room: int) -> list[int]:
    """Cuts the last columns where even their least is too much."""
    cut = []
    for width in found:
        cut.append(max(0, min(width, room)))
        room -= cut[-1] + GAP if cut[-1] else 0
    return cut
