"""What is common to every change of the contact table: paint what changed, tell it, read on."""

from __future__ import annotations

from asyncio import get_running_loop
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from textual import events, on
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.timer import Timer

from storage.errors import OptdeskError
from storage.glimpses import Rows
from storage.words import ContactRow, Order, View
from widgets.allowance import Allowance
from widgets.display import ascii_only, next_change, relative_time
from widgets.leisure import Leisure
from widgets.phones import international
from widgets.quiet_scroll import QuietScroll
from widgets.runs import bare_lines
from widgets.seen import Prompt
from widgets.table_columns import Layout, layout
from widgets.table_marks import Marks
from widgets.table_messages import TableMessages
from widgets.table_painter import Look, Palette, RowPainter
from widgets.table_palette import palette_of
from widgets.table_reader import TableReader
from widgets.table_reading import Answer
from widgets.table_state import ListState

HEADER_FROM = 5
"""Lines that the table must have to spend one on headings."""

CLOCK = 30.0
"""Seconds that the age of a row may lag behind, so that an idle desk sends next to nothing."""

TOLD_AT_ONCE = 3
TOLD_A_SECOND = 10
"""How often the number of rows is told: a few times at once, then so often; nobody reads faster."""

SPARE = 2
"""Painters that are kept for other widths."""

AT_A_TIME = 4
"""Rows that are painted in one step before they are seen: half a millisecond."""

_PLAIN, _MARKED = Look(), Look(marked=True)

Line = tuple[ContactRow | None, Look, str]


class TableCanvas(TableMessages, Prompt, QuietScroll, inherit_bindings=False):
    """Paints the visible rows of a list and tells the screen what became of it."""

    def __init__(
        self,
        rows: Rows | None = None,
        view: View | None = None,
        *,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - Textual's name
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._state = ListState(view or View())
        self._marks = Marks()
        self._reader = TableReader(
            self,
            self._state,
            self._marks,
            changed=self._update,
            failed=self._read_failed,
            refused=self._refuse,
        )
        self._reader.rows = rows
        self._palette: Palette | None = None
        self._painter: RowPainter | None = None
        self._spare: list[RowPainter] = []
        """They divide other widths: the one before, the one to come."""
        self._leisure = Leisure()
        self._signs: dict[int, str] = {}
        self._painted: list[Line | None] = []
        self._fitted: Size | None = None
        """The size that the rows were divided for."""
        self._headed: object = None
        """What the painted headings are about."""
        self._now = datetime.now(UTC)
        self._clock: Timer | None = None
        self._clock_due = 0.0
        self._told: dict[str, object] = {
            "cursor": None,
            "marks": (0, False),
            "arrivals": (0, False, False),
            "range": False,
            "follow": False,
        }
        self._allowance = Allowance(TOLD_AT_ONCE, TOLD_A_SECOND)
        self._tell_due = False
        self._range_end: object = None
        self.set_reactive(TableCanvas.auto_links, False)

    # Painting.

    @property
    def _header_lines(self) -> int:
        return int(self.size.height >= HEADER_FROM)

    @property
    def _layout(self) -> Layout:
        # Without the scrollbar.
        return layout(self.scrollable_size.width, self._state.view.place)

    def _brush(self) -> RowPainter:
        if self._painter is None or self._painter.ascii_only != ascii_only():
            self._painter = self._painter_for(self._layout)
            self._spare = [each for each in self._spare if each is not self._painter]
        return self._painter

    def _painter_for(self, shown: Layout) -> RowPainter:
        self._palette = self._palette or palette_of(self)
        for painter in self._spare:
            if painter.layout == shown and painter.ascii_only == ascii_only():
                return painter
        return RowPainter(self._palette, shown, international)

    def _divide_anew(self) -> None:
        """Forgets how the width was divided; what is seen is kept for the way back."""
        if self._painter is not None:
            self._painter.keep(self._painted)
            self._spare = [self._painter, *self._spare][:SPARE]
            self._painter = None
        self._painted = []

    def expect_less(self, cells: int) -> None:
        """Something will take cells of the width: while there is time, rows are painted for it.

        Args:
            cells: How many; there is nothing to prepare for none.
        """
        self._leisure.do(self._paint_unseen(cells))

    def _paint_unseen(self, less: int) -> Iterator[None]:
        width, painted = self.scrollable_size.width - less, self._painted
        if less <= 0 or width <= 0 or self._painter is None:
            return
        painter = self._painter_for(layout(width, self._state.view.place))
        if painter not in self._spare:
            self._spare = [painter, *self._spare][:SPARE]
        for start in range(0, len(painted), AT_A_TIME):
            if self._painted is not painted or painter not in self._spare:
                return
            for row, look, received in filter(None, painted[start : start + AT_A_TIME]):
                if row is not None:
                    self._finish(painter.row(row, look, received)).render(self.app.console)
            yield
        self._finish(painter.header(self._state.view.place, self._state.order))

    def _finish(self, strip: Strip) -> Strip:
        """What filters make of a strip, which it remembers."""
        background = self.background_colors[1]
        for each in self.get_line_filters():
            strip = strip.apply_filter(each, background)
        return strip

    def _repaint(self) -> None:
        """Forgets everything painted: another theme."""
        self._palette = self._painter = None
        self._spare = []
        self._painted = []

    def render_lines(self, crop: Region) -> list[Strip]:
        """Lines of the screen."""
        header = self._header_lines
        return bare_lines(self, crop, lambda y: self._strip(y - header))

    def render_line(self, y: int) -> Strip:
        """A line of the screen."""
        return self._strip(y - self._header_lines)

    def _strip(self, place: int) -> Strip:
        """A row by its place on the screen; the headings stand at -1."""
        brush = self._brush()
        if place < 0:
            return brush.header(self._state.view.place, self._state.order)
        line = self._line(place)
        if line is None:
            return brush.blank()
        row, look, received = line
        return brush.waiting(look) if row is None else brush.row(row, look, received)

    def _line(self, place: int) -> Line | None:
        """What a visible line shows: a row, None and a look while it is read, or nothing."""
        state = self._state
        number = state.top + place
        if number >= state.total:
            return None
        row = state.window.get(number)
        marked = row is not None and self._marks.holds(row, state.view)
        if number == state.number:
            look = Look(cursor=True, focused=self.has_focus, marked=marked)
        else:
            look = _MARKED if marked else _PLAIN
        if self._signs and row is not None and row.id in self._signs:
            look = replace(look, sign=self._signs[row.id])
        return row, look, "" if row is None else relative_time(row.received_at, self._now)

    def _update(self) -> None:
        """Brings screen, listeners and reader up to date with the state."""
        if not self.is_mounted:
            return
        self._now = datetime.now(UTC)
        self._grow_range()
        # What is said about other rows comes with them, in one frame.
        self._tell_rows()
        # Hidden, as while it is empty, it still has to tell of what arrives.
        if self.size:
            if self._painter is not None and self._painter.layout != self._layout:
                self._divide_anew()
            self._sync_scroll()
            self._paint_changes()
        self._tell()
        self._reader.pump()

    def _paint_changes(self) -> None:
        header = self._header_lines
        # Without the scrollbar, which paints itself.
        width = self.scrollable_size.width
        lines = [self._line(place) for place in range(self._state.height)]
        heading = (self._state.view.place, self._state.order)
        if len(lines) != len(self._painted):
            self.refresh()
        else:
            changed = [
                Region(0, header + place, width, 1)
                for place, (new, old) in enumerate(zip(lines, self._painted, strict=True))
                if new != old
            ]
            if header and heading != self._headed:
                changed.append(Region(0, 0, width, header))
            if changed:
                self.refresh(*changed)
        self._painted, self._headed = lines, heading
        self._set_clock(lines)

    def _set_clock(self, lines: list[Line | None]) -> None:
        """Wakes up when a visible row becomes older by a unit."""
        ages = [
            next_change(line[0].received_at, self._now)
            for line in lines
            if line is not None and line[0] is not None
        ]
        if not ages:
            return
        wait = max(CLOCK, min(ages))
        if self._clock is not None:
            if self._clock_due <= monotonic() + wait:
                return
            self._clock.stop()
        self._clock, self._clock_due = self.set_timer(wait, self._ring), monotonic() + wait

    def _ring(self) -> None:
        self._clock = None
        self._update()

    def _size_updated(
        self, size: Size, virtual_size: Size, container_size: Size, layout: bool = True
    ) -> bool:
        resized = super()._size_updated(size, virtual_size, container_size, layout)
        if self.is_mounted and self.size and self.size != self._fitted:
            # The layout is painted as a whole right after this. What the table would ask for
            # when it hears of its size later would be a second frame.
            self._fit()
            self._exchange_repaint_regions()
        return resized

    def on_resize(self, _event: events.Resize) -> None:
        """The table is there, and of this size, or it is seen again."""
        if self.size == self._fitted:
            self._update()
        else:
            self._fit()

    def _fit(self) -> None:
        """Divides the new width; the cursor stays in sight."""
        self._fitted = self.size
        state = self._state
        seen = state.cursor_visible
        if state.total or not state.read:
            # Where nobody is, a sentence takes the room. As many rows as before come with the next.
            state.height = max(1, self.size.height - self._header_lines)
        if seen and not state.cursor_visible:
            state.top = state.number - state.height + 1
        state.scroll_to(state.top)
        self._divide_anew()
        self._reader.ready = True
        self._update()

    def on_focus(self) -> None:
        """Shows the cursor as the one that keys move."""
        self._update()

    def on_blur(self) -> None:
        """Shows the cursor at rest."""
        self._update()

    def notify_style_update(self) -> None:
        """Takes over another theme."""
        super().notify_style_update()
        self._repaint()

    # Scrolling.

    def _sync_scroll(self) -> None:
        """Tells Textual where the table has scrolled to.

        In silence, because rows that arrive above change every number and not one line.
        """
        state = self._state
        height = state.total + self._header_lines
        size = Size(self.scrollable_size.width, height)
        if self.show_vertical_scrollbar != (height > self.size.height):
            self.virtual_size = size
        else:
            self.set_reactive(TableCanvas.virtual_size, size)
        self.set_reactive(TableCanvas.scroll_y, float(state.top))
        self.set_reactive(TableCanvas.scroll_target_y, float(state.top))
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.scrolled(self.size.height, height, state.top)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Follows Textual where it changes the scroll itself, as after a resize."""
        if round(new_value) != self._state.top:
            self._state.scroll_to(round(new_value))
            self._update()

    def watch_show_vertical_scrollbar(self) -> None:
        """Divides the width anew: the scrollbar takes a cell of it."""
        self._update()

    # Marking a range.

    def _grow_range(self) -> None:
        """Marks what lies between the beginning of the range and the cursor."""
        state, marks = self._state, self._marks
        first, cursor, window = marks.range_from, state.cursor, state.window
        if first is None or cursor is None or (first, cursor) == self._range_end:
            return
        self._range_end = (first, cursor)
        began, ended = window.find(first.id), window.find(cursor.id)
        if began is not None and ended is not None:
            low, high = sorted((began, ended))
            rows = window.rows[low - window.start : high - window.start + 1]
            marks.set_range(row.id for row in rows)
            return
        self._reader.range_to(first, cursor)

    # Telling.

    def _tell_rows(self) -> None:
        """Posts of which view the rows are and how many there are, where that has changed."""
        state, window = self._state, self._state.window
        if state.shown != state.view:
            return
        if self._changed("view", state.view):
            self.post_message(self.Turned(self))
        if not window.rough and (window.rows or not window.unfinished):
            self._tell_total((state.view, state.total, state.window.more))
        elif window.rows and self._told_empty:
            # Who shows a sentence in the place of an empty list need not wait for the count.
            told = (state.view, len(window.rows), True)
            self._told["total"] = told
            self.post_message(self.TotalChanged(self, *told))

    def _tell(self) -> None:
        """Posts what else has changed since it was last told."""
        state, marks = self._state, self._marks
        row = state.cursor_row
        far = row is None and (state.goal is not None or not state.read)
        if not far and self._changed("cursor", row):
            self.post_message(self.CursorMoved(self, row))
        marked = (marks.count, marks.counting)
        if self._changed("marks", marked):
            self.post_message(self.MarksChanged(self, *marked))
        waiting = state.waiting
        arrivals = (waiting, bool(waiting) and state.waiting_more, state.view.order is Order.OLDEST)
        if self._changed("arrivals", arrivals):
            self.post_message(self.ArrivalsWaiting(self, *arrivals))
        ranging = marks.range_from is not None
        if self._changed("range", ranging):
            self.post_message(self.RangeChanged(self, ranging))
        if self._changed("follow", state.following):
            self.post_message(self.FollowChanged(self, state.following))

    def _tell_total(self, told: tuple[View, int, bool]) -> None:
        before = self._told.get("total")
        if told == before:
            return
        match before:
            case (view, total, _) if view == told[0] and total and told[1]:
                wait = self._allowance.wait()
            case _:
                wait = 0.0
        if wait <= 0:
            self._told["total"] = told
            self.post_message(self.TotalChanged(self, *told))
        elif not self._tell_due:
            self._tell_due = True
            get_running_loop().call_later(wait, self._tell_late)

    def _tell_late(self) -> None:
        self._tell_due = False
        if self.is_mounted:
            self._tell_rows()

    @property
    def _told_empty(self) -> bool:
        match self._told.get("total"):
            case (_, 0, _):
                return True
        return False

    def _changed(self, what: str, value: object) -> bool:
        if what in self._told and self._told[what] == value:
            return False
        self._told[what] = value
        return True

    # Reading.

    @on(Answer)
    def _hear(self, answer: Answer[Any]) -> None:
        answer.stop()
        answer.heard(answer.future)

    def _refuse(self, sentence: str) -> None:
        self.post_message(self.Refused(self, sentence))

    def _read_failed(self, error: OptdeskError | None) -> None:
        if error is None:
            self.post_message(self.ReadAgain(self))
        else:
            self.post_message(self.ReadFailed(self, error))

    def on_unmount(self) -> None:
        """Lets the reading threads end."""
        self._reader.close()
