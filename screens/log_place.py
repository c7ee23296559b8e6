"""What all logs share: a title, a search, a filter, a list that arrivals do not move."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import Any, ClassVar

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.getters import query_one
from textual.widgets import Static

from screens.backstage import backstage
from screens.commands import Context
from screens.pill import Pill
from screens.place import Place, Told
from screens.search_line import SearchLine
from widgets.display import clean, glyphs, safe, thousands
from widgets.log_columns import Column
from widgets.log_reader import Pages
from widgets.log_table import LogTable
from widgets.log_window import Edge
from widgets.words import Words


class LogPlace(Place):
    """A place with a log in it."""

    DEFAULT_CSS = Path(__file__).with_suffix(".tcss").read_text(encoding="utf-8")
    SCOPED_CSS = False

    table = query_one(LogTable)

    title = ""
    columns: ClassVar[tuple[Column[Any], ...]] = ()
    told_whole = False
    """Below the list stands what the last column says of the row under the cursor, if it is cut."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes="log")
        self.searched = ""

    # What a log of its own says.

    @abstractmethod
    def pages(self) -> Pages[Any]:
        """The log as filter and search let it through at present."""

    @property
    def filter_word(self) -> str:
        """What the filter lets through, such as `refused`; empty for all. Untrusted."""
        return ""

    @abstractmethod
    def nothing(self) -> tuple[str, str]:
        """What the empty log says: a headline, which may quote strangers, and a next step."""

    @abstractmethod
    def open_row(self, row: Any) -> None:
        """Shows a row whole."""

    def clear_filter(self) -> bool:
        """Lets everything through; says whether something was kept out before."""
        return False

    # The frame.

    def compose(self) -> ComposeResult:
        """Head line and list."""
        with Horizontal(classes="head"):
            yield Static(Content(self.title), classes="title")
            yield Static("", classes="search-sign", markup=False)
            yield SearchLine()
            yield Static("", classes="filter", markup=False)
            yield Pill(classes="pill")
        yield LogTable(self.columns)
        if self.told_whole:
            yield Words(classes="told-whole")

    def on_mount(self) -> None:
        """Nothing is known yet."""
        self.query_one(".pill").display = False
        sign = backstage(self).keymap.key_of("list.search")
        self.query_one(".search-sign", Static).update(Content(sign))
        self.show_view()

    def show_view(self) -> None:
        """Another filter or search."""
        if self.filter_word != self._filtered:
            # Other words lay the head line out anew, and all is painted; not for every letter.
            self._filtered = self.filter_word
            self.query_one(".filter", Static).update(safe(self._filtered, 24))
        self.table.when_empty(*self.nothing())
        if backstage(self).store is not None:
            self.table.show(self.pages())
        self._shown = backstage(self).store is not None
        self.post_message(Told())

    _shown = False
    """The store was open when the log was shown."""

    _filtered = ""
    """What the head line says of the filter."""

    def store_changed(self) -> None:
        """Look again."""
        if self._shown:
            self.table.refresh_from_store()
        else:
            self.show_view()

    def take_focus(self) -> None:
        """The keys are for the list."""
        self.table.focus()

    @property
    def sentence(self) -> str:
        """Where one is, and what is let through."""
        parts = [self.title, self.filter_word, f"“{self.searched}”" if self.searched else ""]
        return ", ".join(part for part in parts if part)

    @property
    def contexts_now(self) -> tuple[Context, ...]:
        """In the search line or in the list."""
        return (Context.SEARCH,) if self.query_one(SearchLine).has_focus else self.contexts

    # Searching.

    @on(SearchLine.Searched)
    def search_typed(self, event: SearchLine.Searched) -> None:
        """On every key."""
        event.stop()
        if event.text.strip() != self.searched:
            self.searched = event.text.strip()
            self.show_view()

    @on(SearchLine.Left)
    def search_left(self, event: SearchLine.Left) -> None:
        """Back to the list."""
        event.stop()
        self.take_focus()

    # What the list tells.

    @on(LogTable.ArrivalsWaiting)
    def arrivals(self, event: LogTable.ArrivalsWaiting) -> None:
        """A counted pill; nothing else moves."""
        event.stop()
        pill = self.query_one(Pill)
        pill.display = event.count > 0
        pill.say(Content(f"{glyphs().up} {thousands(event.count, more=event.more)} new"))

    @on(Pill.Clicked)
    def to_arrivals(self, event: Pill.Clicked) -> None:
        """Like the key."""
        event.stop()
        self.action_list_top()

    @on(LogTable.Opened)
    def opened(self, event: LogTable.Opened) -> None:
        """A double click."""
        event.stop()
        self.open_row(event.row)

    @on(LogTable.CursorMoved)
    def moved(self, event: LogTable.CursorMoved) -> None:
        """Other verbs may make sense."""
        event.stop()
        self.post_message(Told())
        self._tell_whole()

    def on_resize(self) -> None:
        """More or less of it is cut."""
        self.call_after_refresh(self._tell_whole)

    def _tell_whole(self) -> None:
        if self.told_whole:
            row = self.table.row
            said = "" if row is None else self.columns[-1].paint(row).text
            whole = self.table.share_of_last >= cell_len(clean(said))
            self.query_one(".told-whole", Words).say(Content() if whole else safe(said))

    def on_click(self, event: events.Click) -> None:
        """A click on the sign goes to the search line."""
        if event.widget is not None and "search-sign" in event.widget.classes:
            self.action_list_search()

    # What the keys do.

    def action_list_search(self) -> None:
        """To the search line."""
        self.screen.set_focus(self.query_one(SearchLine))

    def action_log_open(self) -> None:
        """Show the row under the cursor whole."""
        if self.table.row is not None:
            self.open_row(self.table.row)

    def action_log_escape(self) -> None:
        """Back one layer: the search, then the filter."""
        if self.searched:
            self.query_one(SearchLine).value = ""
        elif self.clear_filter():
            self.show_view()

    def action_list_down(self) -> None:
        """Down."""
        self.table.move(1)

    def action_list_up(self) -> None:
        """Up."""
        self.table.move(-1)

    action_list_next = action_list_down
    action_list_previous = action_list_up

    def action_list_half_down(self) -> None:
        """Half a screen down."""
        self.table.move_page(0.5)

    def action_list_half_up(self) -> None:
        """Half a screen up."""
        self.table.move_page(-0.5)

    def action_list_page_down(self) -> None:
        """A screen down."""
        self.table.move_page(1)

    def action_list_page_up(self) -> None:
        """A screen up."""
        self.table.move_page(-1)

    def action_list_top(self) -> None:
        """To the newest row."""
        self.table.go(Edge.NEWEST)

    def action_list_bottom(self) -> None:
        """To the oldest row."""
        self.table.go(Edge.OLDEST)
