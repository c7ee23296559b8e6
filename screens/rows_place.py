"""What the two settings lists share: a title, a line of headings, rows, and how they are read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from screens.backstage import backstage
from screens.latch import Latch
from screens.place import Place
from screens.row_list import RowList

if TYPE_CHECKING:
    from storage.store import Store


class RowsPlace(Place):
    """A place with a short list, read whole."""

    DEFAULT_CSS = Path(__file__).with_suffix(".tcss").read_text(encoding="utf-8")
    title = ""
    columns = ""
    """The headings, laid out like the rows."""
    nothing = ""
    """What an empty list says; `{key}` is the key that makes a first row."""
    create_verb = ""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes="rows")
        self._latch = Latch(self._look)

    def compose(self) -> ComposeResult:
        """Title, headings, rows."""
        yield Static(Content(self.title), classes="title")
        yield Static(Content(self.columns), classes="columns")
        yield RowList()
        key = backstage(self).keymap.key_of(self.create_verb)
        yield Static(Content(self.nothing.replace("{key}", key)), classes="nothing")

    def on_mount(self) -> None:
        """Nothing is known yet."""
        self.query_one(".nothing").display = False

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

    def read(self, store: Store) -> Message:
        """Reads the rows, in the background."""
        raise NotImplementedError

    def show(self, rows: Sequence[tuple[str, Content]]) -> None:
        """Shows rows that were read."""
        self._latch.done()
        self.query_one(RowList).show(rows)
        # It keeps the focus when it is empty: the keys of the place hang on it.
        self.query_one(RowList).set_class(not rows, "-empty")
        self.query_one(".columns").display = bool(rows)
        self.query_one(".nothing").display = not rows

    def on_work_failed(self) -> None:
        """The frame tells why; the next change of the store is looked at again."""
        self._latch.done()

    def _look(self) -> None:
        backstage(self).work(self, self.read)

    def action_rows_down(self) -> None:
        """Down."""
        self.query_one(RowList).action_cursor_down()

    def action_rows_up(self) -> None:
        """Up."""
        self.query_one(RowList).action_cursor_up()
