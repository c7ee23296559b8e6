"""The contact table: ten rows and a million behave alike.

It reads windows of rows in a worker thread and never waits for the store. Cursor and marks
belong to contacts, so arrivals, removals, another order or a search never move the reader.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType

from storage.glimpses import End, Key, Rows
from storage.words import ContactRow, Target, View
from widgets.table_marks import same_contacts
from widgets.table_mouse import TableMouse
from widgets.table_palette import COMPONENTS, PREFIX
from widgets.table_state import Goal


class ContactTable(TableMouse, can_focus=True, inherit_bindings=False):
    """A list of contacts.

    Args:
        rows: Reads the store; may be given later with `attach`.
        view: What to show at first.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = Path(__file__).with_suffix(".tcss").read_text(encoding="utf-8")
    COMPONENT_CLASSES: ClassVar[set[str]] = {PREFIX + name for name in COMPONENTS}
    # The rest comes from the verb registry; the ids are its own, so that one change of a key
    # holds for both.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "cursor_down", "Down", show=False, id="list.down"),
        Binding("up", "cursor_up", "Up", show=False, id="list.up"),
        Binding("pagedown", "page_down", "A screen down", show=False),
        Binding("pageup", "page_up", "A screen up", show=False),
        Binding("home", "go_top", "Top", show=False),
        Binding("end", "go_bottom", "Bottom", show=False),
        Binding("enter", "open", "Open", show=False, id="contact.open"),
    ]

    _all_due = False
    """All that match are to be marked once the view is read."""

    # What is shown.

    def attach(self, rows: Rows) -> None:
        """Gives the table the store to read, for a screen that was painted before it was open."""
        self._reader.rows = rows
        self._reader.pump()

    def show(self, view: View) -> None:
        """Shows a view.

        The cursor stays on its contact, or goes to the neighbour that the view holds, and comes
        back with the contact when the search lets go of it. Another place starts at its top,
        without marks.
        """
        if view == self._state.view:
            return
        self._all_due = False
        self._marks.settle_range()
        if self._state.show(view):
            self._marks.clear()
            self._told.pop("total", None)
        self._update()

    def refresh_from_store(self) -> None:
        """Reads again: at once while rows come and go singly, ten times a second in a burst.

        For every change of the store, from the UI thread; it needs no throttle before it.
        """
        self._reader.refresh()

    def show_signs(self, signs: Mapping[int, str]) -> None:
        """Shows a few letters in the rows of these contacts; only rows that change are painted.

        Args:
            signs: What to show, by contact id; see `widgets.others`.
        """
        if signs != self._signs:
            self._signs = dict(signs)
            self._update()

    @property
    def view(self) -> View:
        """What is shown."""
        return self._state.view

    @property
    def total(self) -> int | None:
        """How many rows the view has; at least so many where `total_more`; None: not read yet."""
        state = self._state
        nobody_yet = state.window.unfinished and not state.window.rows
        return state.total if state.read and not nobody_yet else None

    @property
    def total_more(self) -> bool:
        """Whether there are more rows than `total`."""
        return self._state.window.more

    @property
    def hurried(self) -> bool:
        """Whether rows come and go faster than a person can follow."""
        return self._reader.hurried

    # The cursor.

    @property
    def cursor_contact(self) -> ContactRow | None:
        """The contact under the cursor; None in an empty list, and while a far row is read."""
        return self._state.cursor_row

    @property
    def cursor_place(self) -> int:
        """The number of the cursor's row, 0 being the first."""
        return self._state.number

    def cursor_among_last(self, lines: int) -> bool:
        """Whether the cursor's row is among the last lines of the table."""
        state = self._state
        return state.cursor_visible and state.number - state.top >= state.height - lines

    @property
    def visible_rows(self) -> list[ContactRow]:
        """The contacts on the screen, from top to bottom, as far as they are read."""
        found = (self._state.window.get(number) for number in self._state.visible)
        return [row for row in found if row is not None]

    @property
    def neighbours(self) -> list[ContactRow]:
        """The contacts below and above the cursor, as far as they are read."""
        number = self._state.number
        found = (self._state.window.get(each) for each in (number + 1, number - 1))
        return [row for row in found if row is not None]

    def go_to(self, contact_id: int, *, favorite: bool = False) -> None:
        """Puts the cursor on a contact, or on its neighbour where the view does not hold it.

        Where it was there already, that is told all the same: somebody waits for it.
        """
        self._told.pop("cursor", None)
        self._go(Key(contact_id, favorite))

    def go_top(self) -> None:
        """Puts the cursor on the first row."""
        self.action_go_top()

    def go_bottom(self) -> None:
        """Puts the cursor on the last row."""
        self.action_go_bottom()

    def go_to_arrivals(self) -> None:
        """Goes to the newest arrival: what pressing the pill does."""
        self._go(self._state.newest_goal)

    def follow(self, on: bool) -> None:
        """Keeps the cursor on the newest arrival, until the person moves it."""
        self._state.following = on
        if on:
            self._state.jump(self._state.newest_goal)
        self._update()

    @property
    def following(self) -> bool:
        """Whether the cursor follows arrivals."""
        return self._state.following

    # Marks.

    def target(self) -> Target:
        """What an act is about: the marks, else the cursor's contact.

        Holds no ids and no view in an empty list, and while a far row is being read.
        """
        if self._marks:
            return self._marks.target()
        row = self._state.cursor_row
        return Target() if row is None else Target(ids=(row.id,))

    @property
    def marks_count(self) -> int:
        """How many contacts are marked, also where the view does not show them."""
        return self._marks.count

    @property
    def marks_counting(self) -> bool:
        """The marks are still being counted; there are at least `marks_count`."""
        return self._marks.counting

    @property
    def range_active(self) -> bool:
        """Whether moving the cursor marks a range."""
        return self._marks.range_from is not None

    def is_marked(self, row: ContactRow) -> bool:
        """Whether a contact that the table shows is marked."""
        return self._marks.holds(row, self._state.view)

    def mark(self, ids: Iterable[int]) -> None:
        """Marks contacts by id, unless all that match are marked."""
        if self._marks.by_view is None:
            self._marks.add(ids)
        self._update()

    def unmark(self, ids: Iterable[int]) -> None:
        """Takes marks away."""
        self._marks.discard(ids)
        self._update()

    def mark_all_matching(self) -> None:
        """Marks all that the view matches now; later arrivals are not among them."""
        # Of a view that is still being read, nobody knows where now ends.
        self._all_due = True
        self._update()

    def _update(self) -> None:
        if self._all_due and self._state.shown == self._state.view:
            self._all_due = False
            self._mark_all()
        super()._update()

    def _mark_all(self) -> None:
        state = self._state
        view, top, counting = state.view, state.arrivals.newest, state.window.more
        if top is None or not state.total:
            return
        self._marks.mark_view(view, top, state.total, counting=counting)
        if not counting:
            return
        marked = self._marks.by_view

        def counted(count: int) -> None:
            if self._marks.by_view is marked:
                self._marks.counted(count - len(self._marks.target().spared))

        self._reader.count(view, top, counted)

    def clear_marks(self) -> None:
        """Takes all marks away and ends a range."""
        self._all_due = False
        self._marks.clear()
        self._update()

    # Actions. The keys come from the verb registry.

    def action_cursor_down(self) -> None:
        """Move the cursor one row down."""
        self._move(1)

    def action_cursor_up(self) -> None:
        """Move the cursor one row up."""
        self._move(-1)

    def action_half_page_down(self) -> None:
        """Move the cursor half a screen down."""
        self._move_page(self._state.height // 2)

    def action_half_page_up(self) -> None:
        """Move the cursor half a screen up."""
        self._move_page(-(self._state.height // 2))

    def action_page_down(self) -> None:
        """Move the cursor a screen down."""
        self._move_page(self._state.height)

    def action_page_up(self) -> None:
        """Move the cursor a screen up."""
        self._move_page(-self._state.height)

    def action_go_top(self) -> None:
        """Go to the first row; arrivals that wait there are seen."""
        self._go(End.HEAD)

    def action_go_bottom(self) -> None:
        """Go to the last row."""
        state = self._state
        if state.window.more:
            # Rows are numbered from the top, so the last one needs a true count.
            view = state.view
            self._reader.count(view, None, lambda count: state.know_total(view, count))
        self._go(End.TAIL)

    def action_go_to_arrivals(self) -> None:
        """Go to the newest arrival."""
        self.go_to_arrivals()

    def action_open(self) -> None:
        """Open the contact under the cursor."""
        self._open()

    def action_mark_and_step(self) -> None:
        """Mark or unmark the contact under the cursor and step down; ends a range."""
        if self.range_active:
            self.action_end_range()
        elif self._toggle():
            self._move(1)

    def action_toggle_mark(self) -> None:
        """Mark or unmark the contact under the cursor."""
        self._toggle()

    def action_toggle_range(self) -> None:
        """Begin to mark a range at the cursor, or end it and keep its marks."""
        if self.range_active:
            self.action_end_range()
        elif self._marks.by_view is not None:
            self._refuse("All that match are marked already; clear the marks to begin a range.")
        elif self._state.cursor is not None:
            self._marks.begin_range(self._state.cursor)
            self._update()

    def action_end_range(self) -> None:
        """End the range and keep its marks."""
        self._marks.settle_range()
        self._update()

    def action_mark_all(self) -> None:
        """Mark all that match; again for none."""
        marked = self._marks.by_view
        if marked is not None and marked.view is not None and same_contacts(marked.view, self.view):
            self.clear_marks()
        else:
            self.mark_all_matching()

    def action_clear_marks(self) -> None:
        """Take all marks away."""
        self.clear_marks()

    def action_toggle_follow(self) -> None:
        """Begin or cease to follow arrivals."""
        self.follow(not self._state.following)

    def _move(self, rows: int) -> None:
        self._state.following = False
        self._state.move_to(self._state.number + rows)
        self._update()

    def _move_page(self, rows: int) -> None:
        self._state.following = False
        self._state.move_page(rows)
        self._update()

    def _go(self, goal: Goal) -> None:
        self._state.following = False
        self._state.jump(goal)
        self._update()
