"""Which contacts are marked. Marks belong to contacts, whatever the list shows."""

from __future__ import annotations

from collections.abc import Iterable

from storage.glimpses import Key
from storage.words import ContactRow, Target, View


def same_contacts(one: View, other: View) -> bool:
    """Whether two views hold the same contacts, in whatever order."""
    return one.ordered(other.order) == other


class Marks:
    """Marked contacts: those named one by one, or all that a view held at a moment."""

    def __init__(self) -> None:
        self._ids: dict[int, None] = {}
        self._spared: set[int] = set()
        self._held: frozenset[int] = frozenset()
        self._by_view: Target | None = None
        self._view_count = 0
        self.counting = False
        """All that match are marked, and still being counted."""
        self.range_from: Key | None = None
        """Where a range begins that grows with the cursor."""
        self._range: frozenset[int] = frozenset()

    @property
    def by_view(self) -> Target | None:
        """The marks as a target by view, when all that match were marked."""
        return self._by_view

    @property
    def held(self) -> frozenset[int]:
        """Rows in memory that are known to be in the marked view."""
        return self._held

    @property
    def count(self) -> int:
        """How many contacts are marked; at least so many while counting."""
        if self._by_view is not None:
            return self._view_count
        return len(self._ids) + sum(ident not in self._ids for ident in self._range)

    def __bool__(self) -> bool:
        return self._by_view is not None or bool(self._ids) or bool(self._range)

    def holds(self, row: ContactRow, view: View) -> bool:
        """Whether a row of a view is marked."""
        marked = self._by_view
        if marked is None:
            return row.id in self._ids or row.id in self._range
        if row.id in self._spared or (marked.top is not None and row.id > marked.top):
            return False
        if marked.view is not None and same_contacts(marked.view, view):
            return True
        return row.id in self._held

    def target(self) -> Target:
        """The marks as the target of an act."""
        if self._by_view is not None:
            return Target(
                view=self._by_view.view, top=self._by_view.top, spared=frozenset(self._spared)
            )
        return Target(ids=tuple(self._ids | dict.fromkeys(sorted(self._range))))

    # Marking one by one.

    def add(self, ids: Iterable[int]) -> None:
        """Marks contacts."""
        self._ids |= dict.fromkeys(ids)

    def discard(self, ids: Iterable[int]) -> None:
        """Takes marks away."""
        for ident in ids:
            if self._by_view is None:
                self._ids.pop(ident, None)
            elif ident not in self._spared:
                self._spared.add(ident)
                self._view_count = max(0, self._view_count - 1)

    def toggle(self, row: ContactRow, view: View) -> bool:
        """Marks a row or takes its mark away.

        Returns:
            False where that cannot be said: all that another search found are marked, and this
            row is none of them.
        """
        if self._by_view is None:
            if row.id in self._range:
                self.settle_range()
            if self.holds(row, view):
                self.discard([row.id])
            else:
                self.add([row.id])
            return True
        if self.holds(row, view):
            self.discard([row.id])
            return True
        if row.id in self._spared:
            self._spared.discard(row.id)
            self._held |= {row.id}
            self._view_count += 1
            return True
        return False

    def clear(self) -> None:
        """Takes all marks away."""
        self.__init__()  # type: ignore[misc]

    # Marking a range.

    def begin_range(self, key: Key) -> None:
        """Begins a range at a contact."""
        self.range_from = key
        self._range = frozenset((key.id,))

    def set_range(self, ids: Iterable[int]) -> None:
        """Says what lies in the range now."""
        self._range = frozenset(ids)

    def settle_range(self) -> None:
        """Ends the range and keeps its marks."""
        self._ids |= dict.fromkeys(sorted(self._range))
        self._range = frozenset()
        self.range_from = None

    # Marking all that match.

    def mark_view(self, view: View, top: int | None, count: int, *, counting: bool) -> None:
        """Marks all that a view holds.

        Args:
            view: What is marked.
            top: The largest id among them; later arrivals are left alone.
            count: How many there are; at least so many while counting.
            counting: The count is not known yet.
        """
        self.clear()
        self._by_view = Target(view=view, top=top)
        self._view_count = count
        self.counting = counting

    def counted(self, count: int) -> None:
        """Takes note how many of the marked view there are, spared ones not among them."""
        self._view_count = count
        self.counting = False

    def known(self, held: frozenset[int]) -> None:
        """Says which of the rows in memory the marked view holds."""
        self._held = held
