"""The mouse on the contact table: it works everywhere and is needed nowhere."""

from __future__ import annotations

from typing import Any

from textual import events

from storage.glimpses import Key
from storage.words import Order
from widgets.table_canvas import TableCanvas
from widgets.table_columns import Column

WHEEL_LINES = 3


class TableMouse(TableCanvas, inherit_bindings=False):
    """Clicks, the wheel, dragging and the scrollbar."""

    _pressed: tuple[int, Key] | None = None
    """The row where the button was pressed, and its contact."""
    _dragging = False

    def on_click(self, event: events.Click) -> None:
        """Moves the cursor; on the mark column marks, on the ★ stars; twice opens.

        On a heading it orders.
        """
        if self._dragging:
            # The end of a range is no click on its last row.
            self._dragging = False
            event.stop()
            return
        offset = event.get_content_offset(self)
        if offset is None or event.button != 1:
            return
        line = offset.y - self._header_lines
        number = self._state.top + line
        if line < 0:
            event.stop()
            self._ask_order(offset.x)
            return
        if number >= self._state.total:
            return
        event.stop()
        self._state.following = False
        self._state.move_to(number)
        shown = self._layout
        row = self._state.cursor_row
        if offset.x < shown.mark_ends:
            self._toggle()
        elif offset.x < shown.star_ends:
            if row is not None:
                self.post_message(self.StarPressed(self, row))
        elif event.chain == 2:
            self._open()
        self._update()

    def _ask_order(self, cell: int) -> None:
        """A click on a heading that the order can follow; on the one it follows, turns it about."""
        now, shown = self._state.view.order, self._layout
        if shown.column_at(cell) is Column.RECEIVED:
            order = Order.OLDEST if now is Order.NEWEST else Order.NEWEST
        elif shown.mark_ends <= cell < shown.star_ends:
            order = Order.NEWEST if now is Order.FAVORITE else Order.FAVORITE
        else:
            return
        self.post_message(self.OrderAsked(self, order))

    # Dragging from row to row marks a range.

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """A range may begin here."""
        self._pressed, self._dragging = None, False
        offset = event.get_content_offset(self)
        if offset is None or event.button != 1 or offset.y < self._header_lines:
            return
        number = self._state.top + offset.y - self._header_lines
        if (row := self._state.window.get(number)) is not None:
            self._pressed = (number, Key.of(row))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """On another row than where it began, the range grows with the mouse."""
        if self._pressed is None or event.button != 1:
            return
        line = event.screen_y - self.content_region.y - self._header_lines
        number, key = self._pressed
        if not self._dragging and self._state.top + line != number:
            self._begin_drag(key)
        if self._dragging and self._marks.range_from is not None:
            self._drag_to(line)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """The range ends and keeps its marks."""
        self._pressed = None
        if self._dragging:
            self.release_mouse()
            self._marks.settle_range()
            self._update()

    def _begin_drag(self, key: Key) -> None:
        if self._marks.by_view is not None:
            self._pressed = None
            self._refuse("All that match are marked already; clear the marks to begin a range.")
            return
        self._dragging = True
        self._state.following = False
        self.capture_mouse()
        self._marks.settle_range()
        self._marks.begin_range(key)
        self._range_end = None

    def _drag_to(self, line: int) -> None:
        """To a line of the table; beyond its edges the rows move."""
        state = self._state
        beyond = min(0, line) or max(0, line - state.height + 1)
        if beyond:
            state.scroll_to(state.top + beyond)
        state.move_to(state.top + max(0, min(line, state.height - 1)))
        self._update()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scrolls; the cursor stays on its contact."""
        event.stop()
        event.prevent_default()
        self._scroll_by(WHEEL_LINES)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scrolls; the cursor stays on its contact."""
        event.stop()
        event.prevent_default()
        self._scroll_by(-WHEEL_LINES)

    def scroll_to(self, x: float | None = None, y: float | None = None, **options: Any) -> None:
        """Scrolls at once, as the scrollbar asks; the cursor stays on its contact."""
        if y is not None:
            self._scroll_by(round(y) - self._state.top)

    def _scroll_by(self, lines: int) -> None:
        self._state.following = False
        self._state.scroll_to(self._state.top + lines)
        self._update()

    def _toggle(self) -> bool:
        row = self._state.cursor_row
        if row is None:
            return False
        if not self._marks.toggle(row, self._state.view):
            self._refuse("All that another search found are marked; clear those marks first.")
            return False
        self._update()
        return True

    def _open(self) -> None:
        if (row := self._state.cursor_row) is not None:
            self.post_message(self.Opened(self, row))
