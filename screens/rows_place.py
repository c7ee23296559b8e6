"""What the two settings lists share: a title, columns, rows, and how they are read."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from screens.backstage import backstage
from screens.commands import ActsOn, verbs_in
from screens.latch import Latch
from screens.place import Place, Told
from screens.row_list import RowList
from widgets.display import fit
from widgets.log_columns import GAP

if TYPE_CHECKING:
    from storage.store import Store

LEAST = 8
"""Cells that a column of changing width needs to say anything."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column; without a width it takes what the others leave, or goes if that is too little."""

    title: str
    width: int = 0
    goes: int = 0
    """Where room is short the column with 1 goes first, then 2; the others stay."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row. The cells' texts may be strangers'."""

    key: str
    cells: tuple[str, ...]
    styles: tuple[str, ...] = ()
    """The style of each cell; the last one holds for the rest."""


class RowsPlace(Place):
    """A place with a short list, read whole."""

    DEFAULT_CSS = Path(__file__).with_suffix(".tcss").read_text(encoding="utf-8")

    title = ""
    columns: tuple[Column, ...] = ()
    nothing = ""
    """What an empty list says: that it is, and how `{key}` makes a first row."""
    create_verb = ""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes="rows")
        self._latch = Latch(self._look)
        self._shown: tuple[Row, ...] = ()
        self._awaited = ""

    def compose(self) -> ComposeResult:
        """Title, headings, rows."""
        yield Static(Content(self.title), classes="title")
        yield Static("", classes="columns", markup=False)
        yield RowList()
        key = backstage(self).keymap.key_of(self.create_verb)
        said, _, step = self.nothing.replace("{key}", key).partition(". ")
        words = Content.assemble((f"{said}.", "bold"), "\n\n", (step, "$text-muted"))
        yield Static(words, classes="nothing")

    def on_mount(self) -> None:
        """Nothing is known yet."""
        self.query_one(".nothing").display = False

    def on_resize(self) -> None:
        """The columns take what room there is."""
        self._draw()

    @property
    def idle_verbs(self) -> frozenset[str]:
        """Nothing can be done to a row that is not there."""
        if self._shown:
            return frozenset()
        here = (each for context in self.contexts for each in verbs_in(context))
        return frozenset(each.id for each in here if each.acts_on is not ActsOn.NOTHING)

    @property
    def sentence(self) -> str:
        """Where one is."""
        return self.title

    def take_focus(self) -> None:
        """The rows take the keys."""
        self.query_one(RowList).focus()

    def store_changed(self) -> None:
        """Look again."""
        self.look_again()

    def look_again(self) -> None:
        """Reads the rows, soon."""
        self._latch.ask()

    @abstractmethod
    def read(self, store: Store) -> Message:
        """Reads the rows, in the background."""

    def show(self, rows: Sequence[Row]) -> None:
        """Shows rows that were read."""
        self._latch.done()
        self._put(rows)
        if any(row.key == self._awaited for row in rows):
            self._awaited = ""

    def show_new(self, row: Row) -> None:
        """Shows a row that was just made, the last one, with the cursor on it at once.

        The next key may be meant for it already. A look may have found it before this was told.
        One that began before it was made may drop it again; then the cursor goes there once it is
        back.
        """
        self._awaited = row.key
        self._shown = tuple(each for each in self._shown if each.key != row.key)
        self._put((*self._shown, row))

    def _put(self, rows: Sequence[Row]) -> None:
        if bool(rows) != bool(self._shown):
            self.post_message(Told())
        new = {row.key for row in rows} - {row.key for row in self._shown}
        self._shown = tuple(rows)
        # It keeps the focus when it is empty: the keys of the place hang on it.
        self.query_one(RowList).set_class(not rows, "-empty")
        self.query_one(".columns").display = bool(rows)
        self.query_one(".nothing").display = not rows
        self._draw(self._awaited if self._awaited in new else "")

    def on_work_failed(self) -> None:
        """The frame tells why; the next change of the store is looked at again."""
        self._latch.done()

    def _look(self) -> None:
        backstage(self).work(self, self.read)

    def _draw(self, wanted: str = "") -> None:
        texts = zip(*(row.cells for row in self._shown), strict=True)
        needed = [max(map(cell_len, column)) for column in texts]
        widths = widths_of(self.columns, max(1, self.size.width - 4), needed)
        titles = Row("", tuple(column.title for column in self.columns))
        self.query_one(".columns", Static).update(_line(titles, widths))
        self.query_one(RowList).show([(row.key, _line(row, widths)) for row in self._shown], wanted)

    def action_rows_down(self) -> None:
        """Down."""
        self.query_one(RowList).action_cursor_down()

    def action_rows_up(self) -> None:
        """Up."""
        self.query_one(RowList).action_cursor_up()

    def action_rows_top(self) -> None:
        """To the first row."""
        self.query_one(RowList).action_first()

    def action_rows_bottom(self) -> None:
        """To the last row."""
        self.query_one(RowList).action_last()


def widths_of(columns: Sequence[Column], room: int, needed: Sequence[int] = ()) -> list[int]:
    """How wide each column is; 0 for one that has no room.

    Args:
        columns: In their order.
        room: Cells for all of them.
        needed: Cells that the widest text of each takes. Where one is short of room, others give
            what they do not need.
    """
    columns = _lent(columns, room, needed)
    gone: set[Column] = set()
    left = room - sum(column.width + GAP for column in columns if column.width)
    for column in sorted((each for each in columns if each.goes), key=lambda each: each.goes):
        if left >= LEAST:
            break
        gone.add(column)
        left += column.width + GAP
    widths = [column.width or (left if left >= LEAST else 0) for column in columns]
    # What still does not fit is cut, so that a row never takes two lines.
    fitting: list[int] = []
    for column, width in zip(columns, widths, strict=True):
        fitting.append(0 if column in gone else max(0, min(width, room)))
        room -= fitting[-1] + GAP if fitting[-1] else 0
    return fitting


def _lent(columns: Sequence[Column], room: int, needed: Sequence[int]) -> Sequence[Column]:
    """The columns, narrower where they have to spare what one without a width lacks."""
    if len(needed) != len(columns):
        return columns
    taken = sum(column.width + GAP for column in columns if column.width and not column.goes)
    lacks = sum(need for column, need in zip(columns, needed, strict=True) if not column.width)
    lacks -= room - taken
    lent = []
    for column, need in zip(columns, needed, strict=True):
        spare = column.width - max(need, cell_len(column.title)) if column.width else 0
        less = max(0, min(spare, lacks))
        lacks -= less
        lent.append(replace(column, width=column.width - less))
    return lent


def _line(row: Row, widths: Sequence[int]) -> Content:
    parts: list[Content] = []
    for place, (text, width) in enumerate(zip(row.cells, widths, strict=True)):
        if width:
            style = row.styles[min(place, len(row.styles) - 1)] if row.styles else ""
            parts += [fit(text, width).stylize(style), Content(" " * GAP)]
    return Content("").join(parts[:-1])
