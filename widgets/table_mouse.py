"""The mouse on the contact table: it works everywhere and is needed nowhere."""

from __future__ import annotations

from typing import Any

from textual import events

from storage.words import Order
from widgets.table_canvas import TableCanvas
from widgets.table_columns import Column

WHEEL_LINES = 3


class TableMouse(TableCanvas, inherit_bindings=False):
    """Clicks, the wheel and the scrollbar."""

    def on_click(self, event: events.Click) -> None:
        """Moves the cursor; on the mark column marks, on the ★ stars; twice opens.

        On a heading it orders.
        """
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
