"""Activity > Messages: every text, in and out, and those that wait for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.content import Content
from textual.message import Message

from screens.backstage import backstage
from screens.clock import BRIEF, in_brief
from screens.commands import ActsOn, Context, verbs_in
from screens.empty import nothing_matches
from screens.keymap import bindings
from screens.log_place import LogPlace
from screens.picker import Choice, Picker
from screens.text_verbs import TextVerbs
from screens.text_words import status_cell
from storage.words import TextView
from widgets.display import glyphs
from widgets.log_columns import Cell, Column
from widgets.log_reader import Unhurried
from widgets.log_window import Page

if TYPE_CHECKING:
    from storage.store import Store
    from storage.text_log import TextRow

FILTERS = {
    "": ("All texts", ""),
    "review": ("To review", "look-alike opt-outs"),
    "unknown": ("Unknown", "nobody knows whether they were sent"),
    "waiting": ("Waiting", "to be sent, or without a receipt"),
    "failed": ("Failed", "failed or blocked"),
    "inbound": ("Inbound", "what people wrote"),
}

_NOTHING = {
    "": ("No text yet.", "Who opts in gets the compliance text; it is listed here."),
    "review": ("Nothing waits for a judgement.", "Texts that resemble an opt-out come here."),
    "unknown": ("The fate of every text is known.", ""),
    "waiting": ("No text waits.", ""),
    "failed": ("No text failed.", ""),
    "inbound": ("Nobody has texted yet.", ""),
}


class TextPages(Unhurried):
    """The log of texts as a view lets it through."""

    def __init__(self, store: Store, view: TextView) -> None:
        self._store = store
        self._view = view

    def page(self, *, before: int | None, after: int | None, limit: int) -> Page[TextRow]:
        """See `widgets.log_reader.Pages`."""
        from storage import text_log

        with self._store.read() as conn:
            found = text_log.page(conn, self._view, before=before, after=after, limit=limit)
        return Page(found.rows, found.on)

    def newest(self) -> int:
        """See `widgets.log_reader.Pages`."""
        from storage import text_log

        with self._store.read() as conn:
            return text_log.newest(conn)


class Texts(LogPlace, TextVerbs):
    """All texts, the newest first."""

    BINDINGS: ClassVar = bindings(Context.LOG, Context.TEXT)
    contexts = (Context.TEXT, Context.LOG)
    title = "Messages"
    columns: ClassVar[tuple[Column[Any], ...]] = (
        Column("Time", BRIEF, BRIEF, lambda row: Cell(in_brief(row.created_at), "dim"), goes=1),
        Column("", 3, 3, lambda row: _way(row), goes=3),
        Column("Who", 12, 22, lambda row: Cell(row.name or row.phone)),
        Column("Status", 9, 20, status_cell),
        Column(
            "Text", 12, 0, lambda row: Cell(row.body, "plain" if row.inbound else "dim"), goes=2
        ),
    )

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._view = TextView()

    # What the log shows.

    def pages(self) -> TextPages:
        """The texts that the filter and the search let through."""
        store = backstage(self).store
        assert store is not None  # noqa: S101 - asked for only when it is open
        return TextPages(store, self._view.searching(self.searched))

    @property
    def filter_word(self) -> str:
        """What the filter lets through."""
        return FILTERS[self._view.only][0].casefold() if self._view.only else ""

    def nothing(self) -> tuple[str, str]:
        """Why it is empty."""
        back = backstage(self).keymap.key_of("log.escape")
        if self.searched:
            return nothing_matches(self.searched, back)
        headline, step = _NOTHING[self._view.only]
        return headline, step or f"{back} shows all texts."

    def clear_filter(self) -> bool:
        """Lets everything through."""
        filtered = bool(self._view.only)
        self._view = TextView()
        return filtered

    def only(self, view: TextView) -> None:
        """Shows what another filter lets through."""
        self._view = view
        self.show_view()

    @property
    def idle_verbs(self) -> frozenset[str]:
        """Only what resembles an opt-out is judged, only what is unknown sent again."""
        row = self.shown_text
        if row is not None:
            return self.idle_for(row)
        here = verbs_in(Context.TEXT) + verbs_in(Context.LOG)
        return frozenset(each.id for each in here if each.acts_on is not ActsOn.NOTHING)

    @property
    def shown_text(self) -> TextRow | None:
        """The text under the cursor."""
        row: TextRow | None = self.table.row
        return row

    def open_row(self, row: TextRow) -> None:
        """Shows a text whole."""
        from screens.open_text import OpenText

        def left(wish: Message | None) -> None:
            if wish is not None:
                self.post_message(wish)

        self.app.push_screen(OpenText(row), left)

    def action_log_filter(self) -> None:
        """Ask what to let through."""

        def chosen(view: TextView | None) -> None:
            if view is not None:
                self.only(view)

        self.app.push_screen(TextFilter(self._view), chosen)


class TextFilter(Picker[TextView]):
    """Which texts to let through.

    Args:
        view: What is let through at present.
    """

    placeholder = "show only…"

    def __init__(self, view: TextView) -> None:
        super().__init__()
        tick = glyphs().marked
        self.offer(
            [
                Choice(key, name, aside, tick if key == view.only else " ")
                for key, (name, aside) in FILTERS.items()
            ]
        )

    def title_text(self) -> Content:
        """What is chosen."""
        return Content("Show only")

    def choose(self, choice: Choice) -> None:
        """Give back what to let through."""
        self.dismiss(TextView(choice.key))


def _way(row: TextRow) -> Cell:
    return Cell("in" if row.inbound else "out", "good" if row.inbound else "dim")
