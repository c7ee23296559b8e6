"""Which arrivals the reader of a list has not seen yet."""

from __future__ import annotations

from storage.glimpses import Glimpse
from storage.words import Order, View
from widgets.table_window import RowWindow


class Arrivals:
    """Counts the contacts that came since the reader last had the newest before the eyes."""

    def __init__(self) -> None:
        self.newest: int | None = None
        """The largest id in the list."""
        self.seen: int | None = None
        """The largest id that the reader has had before the eyes."""
        self.newer = 0
        """Contacts that came since."""

    def note(self, glimpse: Glimpse) -> None:
        """Takes over what was read."""
        self.newest = glimpse.newest
        self.newer = glimpse.newer
        if self.seen is None:
            # In an empty list everything that arrives is new.
            self.seen = 0 if glimpse.newest is None else glimpse.newest
            self.newer = 0

    def waiting(self, view: View, window: RowWindow, top: int, shown: range) -> int:
        """How many wait outside the screen.

        Args:
            view: What is listed.
            window: The rows in memory.
            top: The number of the first visible row.
            shown: The numbers of the visible rows.
        """
        self._look(view, window, shown)
        if view.order is Order.NEWEST:
            return min(self.newer, top)
        if view.order is Order.OLDEST and not window.more:
            return min(self.newer, window.total - shown.stop)
        return self.newer

    def _look(self, view: View, window: RowWindow, shown: range) -> None:
        """Takes note of arrivals that came before the reader's eyes."""
        if not shown or self.seen is None:
            return
        if view.order is Order.FAVORITE:
            at = None if self.newest is None else window.find(self.newest)
            row = window.get(at) if at is not None and at in shown else None
        else:
            row = window.get(shown[-1] if view.order is Order.OLDEST else shown[0])
        if row is None or row.id < self.seen:
            return
        if not view.search.strip():
            # A search shows some of the arrivals and leaves others out.
            self.seen = row.id
        if view.order is Order.NEWEST:
            self.newer = min(self.newer, shown[0])
        elif view.order is Order.OLDEST:
            self.newer = min(self.newer, window.total - shown.stop)
        else:
            self.newer = 0
