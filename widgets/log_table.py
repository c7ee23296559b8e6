"""A log of any kind: ten rows and a million behave alike.

It reads pages by id in a worker thread, paints the lines that are visible, and never waits for
the store. The cursor belongs to a row: arrivals raise a count and move nothing. Which columns
there are and what they show is the place's to say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from time import monotonic
from typing import Any, ClassVar, TypeVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.timer import Timer

from storage.errors import OptdeskError
from storage.glimpses import GaveUp
from widgets.display import glyphs
from widgets.log_canvas import LogCanvas
from widgets.log_columns import Column, R
from widgets.log_messages import LogMessages
from widgets.log_painter import COMPONENTS, PREFIX
from widgets.log_reader import News, Pages, around, news
from widgets.log_window import PAGE, Around, Edge, Goal
from widgets.table_reading import Answer, Lane

CALM = 0.1
"""Seconds between two looks at a log that changes."""

RETRY = 1.0
"""Seconds until a log that could not be read is tried again."""

ROUGH = 0.1
"""Seconds from showing the first rows until more are read: who types goes on typing."""

SPARE_LINES = 8
"""Rows that are read first, beyond those that the screen has room for."""

WHEEL_LINES = 3

T = TypeVar("T")


class LogTable(LogMessages, LogCanvas[R], can_focus=True, inherit_bindings=False):
    """A log, the newest row first.

    Args:
        columns: What to show of each row.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = Path(__file__).with_suffix(".tcss").read_text(encoding="utf-8")
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"{PREFIX}{name}" for name in COMPONENTS}
    # The rest comes from the verb registry under the same ids.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", show=False),
    ]

    def __init__(
        self,
        columns: Sequence[Column[R]],
        *,
        id: str | None = None,  # noqa: A002 - Textual's own name
    ) -> None:
        super().__init__(columns, id=id)
        self._lane = Lane(self, "log-rows")
        self._pages: Pages[R] | None = None
        self._goal: Goal | None = Edge.NEWEST
        self._fresh = True
        """The pages were changed and not read yet."""
        self._stale = False
        self._calm: Timer | None = None
        self._retry: Timer | None = None
        self._error: OptdeskError | None = None
        self._told: dict[str, object] = {"row": None, "waiting": (0, False)}
        self._nothing = ("", "")
        self._read = False
        self._looked = 0.0
        """When the first rows were read."""
        self._typed = False
        """Another log was shown before in the place of this one, as with every letter typed."""
        self._resting: Timer | None = None

    # What is shown.

    def show(self, pages: Pages[R]) -> None:
        """Shows a log, or the same one through another filter or search.

        The cursor stays on its row, or goes to the next older one that is let through.
        """
        row = self._window.row
        if self._pages is not None:
            self._pages.give_up()
            self._typed = True
        self._pages = pages
        self._fresh, self._read = True, False
        self._window.forget()
        self._goal = Edge.NEWEST if row is None or self.at_top else row.id
        self._pump()

    def refresh_from_store(self) -> None:
        """Looks again, soon; for every change of the store."""
        self._stale = True
        self._pump()

    def when_empty(self, headline: str, step: str = "") -> None:
        """What an empty log says. The headline may quote a stranger's search."""
        self._nothing = (headline, step)
        if not self._window.rows:
            self.refresh()

    @property
    def row(self) -> R | None:
        """The row under the cursor."""
        return self._window.row

    @property
    def visible_rows(self) -> list[R]:
        """The rows on the screen, from top to bottom."""
        return self._window.visible

    @property
    def read(self) -> bool:
        """Whether what is shown is what was last asked for."""
        return self._read

    @property
    def searching(self) -> bool:
        """Whether nothing was found so far and the log was not read to its end."""
        return not self._window.rows and not (self._window.at_head and self._window.at_tail)

    @property
    def at_top(self) -> bool:
        """Whether the cursor is on the newest row."""
        return self._window.cursor == 0 and self._window.at_head

    # Moving. The keys come from the verb registry.

    def move(self, rows: int) -> None:
        """Moves the cursor."""
        self._window.move_to(self._window.cursor + rows)
        self._update()

    def move_page(self, share: float) -> None:
        """Moves by a share of the screen."""
        rows = max(1, round(self._window.height * abs(share)))
        self._window.move_page(rows if share > 0 else -rows)
        self._update()

    def go(self, goal: Goal) -> None:
        """Goes to an end, or to a row by its id."""
        window = self._window
        if goal is Edge.NEWEST and window.at_head:
            window.move_to(0)
        elif goal is Edge.OLDEST and window.at_tail:
            window.move_to(len(window.rows) - 1)
        else:
            self._goal = goal
        self._update()

    def action_open(self) -> None:
        """Open the row under the cursor."""
        if self.row is not None:
            self.post_message(self.Opened(self, self.row))

    # The mouse.

    def on_click(self, event: events.Click) -> None:
        """Moves the cursor; twice opens."""
        place = self._window.top + event.y - 1
        if event.y < 1 or place >= len(self._window.rows):
            return
        event.stop()
        self._window.move_to(place)
        self._update()
        if event.chain == 2:
            self.action_open()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scrolls; the cursor stays on its row."""
        self._wheel(event, WHEEL_LINES)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scrolls; the cursor stays on its row."""
        self._wheel(event, -WHEEL_LINES)

    def _wheel(self, event: events.Event, lines: int) -> None:
        event.stop()
        event.prevent_default()
        self._window.scroll_to(self._window.top + lines)
        self._update()

    @property
    def said_when_empty(self) -> tuple[str, str]:
        """Why there is no row, and what to do."""
        if self._error is not None:
            return self._error.sentence, self._error.next_step
        if self.searching:
            return f"Searching{glyphs().ellipsis}", ""
        return self._nothing if self.read else ("", "")

    # Keeping up.

    def on_resize(self, event: events.Resize) -> None:
        """Another number of lines."""
        self._painted = None
        self._window.resize(event.size.height - 1)
        self._update()

    def on_focus(self) -> None:
        """The cursor is the one that keys move."""
        self._paint_changes()

    def on_blur(self) -> None:
        """The cursor rests."""
        self._paint_changes()

    def on_unmount(self) -> None:
        """Lets the reading thread end."""
        self._lane.close()

    def _update(self) -> None:
        """Shows what is there now."""
        self._paint_changes()
        self._tell("row", self.row, lambda row: self.CursorMoved(self, row))
        waiting = (self._window.waiting, self._window.waiting_more)
        self._tell("waiting", waiting, lambda told: self.ArrivalsWaiting(self, *told))
        self._pump()

    def _tell(self, what: str, value: T, message: Callable[[T], Any]) -> None:
        if self._told[what] != value:
            self._told[what] = value
            self.post_message(message(value))

    # Reading.

    def _pump(self) -> None:
        """Reads the next thing that is needed, unless something is being read."""
        pages, window = self._pages, self._window
        if pages is None or self._lane.busy or not self.is_attached or self._retry is not None:
            return
        if self._goal is not None:
            goal, self._goal = self._goal, None
            stay = self._fresh or isinstance(goal, int)
            lines = min(PAGE, max(window.height, self.app.size.height) + SPARE_LINES)

            def take(found: Around[R]) -> None:
                window.take(found, stay=stay)
                self._looked = monotonic()

            self._fetch(pages, lambda: around(pages, goal, lines), take)
            self._fresh = self._stale = False
        elif window.wants_older and not self._rests():
            last = window.older_from
            self._fetch(
                pages, lambda: pages.page(before=last, after=None, limit=PAGE), window.older
            )
        elif window.wants_newer:
            first = window.newer_from
            self._fetch(
                pages, lambda: pages.page(before=None, after=first, limit=PAGE), window.newer
            )
        elif self._stale and self._calm is None:
            self._stale = False
            top = window.rows[window.top].id if window.rows else 0
            since, lines = window.look_from, window.height
            self._fetch(pages, lambda: news(pages, since, top, lines), self._hear_news)
            self._calm = self.set_timer(CALM, self._wake)

    def _rests(self) -> bool:
        """Whether more rows are read a little later, because the first ones can be read already."""
        window = self._window
        left = self._looked + ROUGH - monotonic()
        if not self._typed or not window.rows or window.cursor or window.top or left <= 0:
            return False
        if self._resting is None:
            self._resting = self.set_timer(left, self._rested)
        return True

    def _rested(self) -> None:
        self._resting = None
        self._pump()

    def _hear_news(self, found: News[R]) -> None:
        if found.first:
            self._window.refreshed(found.first, found.again)
        self._window.arrived(found.arrived, found.newest)

    def _fetch(self, pages: Pages[R], job: Callable[[], T], take: Callable[[T], object]) -> None:
        def heard(future: Future[T]) -> None:
            try:
                found = future.result()
            except GaveUp:
                self._update()
                return
            except OptdeskError as error:
                self._failed(error)
                return
            # What was read of another search is of no use any more.
            if pages is self._pages:
                self._read = True
                self._error = None
                take(found)
            self._update()

        self._lane.read(job, heard)

    def _failed(self, error: OptdeskError) -> None:
        """Tells it once, and tries again soon."""
        if self._error is None:
            self.post_message(self.ReadFailed(self, error))
        self._error = error
        self._stale = True
        if not self._window.rows:
            self._goal = Edge.NEWEST
        self._retry = self.set_timer(RETRY, self._try_again)
        self.refresh()

    def _wake(self) -> None:
        self._calm = None
        self._pump()

    def _try_again(self) -> None:
        self._retry = None
        self._pump()

    @on(Answer)
    def _hear(self, answer: Answer[Any]) -> None:
        answer.stop()
        answer.heard(answer.future)
