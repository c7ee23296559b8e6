"""The search line that completes as you type: a small list of ways to go on, never in the way."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

from rich.cells import cell_len
from textual import on
from textual.actions import SkipAction
from textual.binding import Binding
from textual.content import Content
from textual.geometry import Region
from textual.message import Message
from textual.widget import Widget
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from screens.backstage import backstage
from screens.commands import Context, verbs_in
from screens.keymap import bindings
from screens.latch import Latch
from screens.search_line import SearchLine
from storage.query import Begun, begun, is_value
from widgets.display import clean, fitted

if TYPE_CHECKING:
    from storage.completion import Completion
    from storage.store import Store

LINES = 8
"""Ways to go on that are in sight at once."""

WIDEST = 44
"""Cells of the list, where there is room."""

LONGEST = 1.0
"""Seconds that tab waits for suggestions that are still being read."""


class Completed(Message):
    """What the part of the query before the cursor may become was read."""

    def __init__(self, typed: str, cursor: int, found: Sequence[Completion]) -> None:
        super().__init__()
        self.typed = typed
        self.cursor = cursor
        self.found = tuple(found)


class NotCompleted(Message):
    """It could not be read; the line goes on without it."""


class Suggestions(OptionList, inherit_bindings=False):
    """The ways to go on, below the line; it never has the focus."""

    def __init__(self) -> None:
        super().__init__(markup=False, compact=True)
        self.can_focus = False
        self.display = False

    def offer(self, found: Sequence[Completion], x: int, room: int) -> None:
        """Shows these below a place of the line.

        Args:
            found: The ways to go on.
            x: The cell of the part that they would take the place of.
            room: Cells from the left edge of the list to the right edge of the screen.
        """
        names = [clean(each.text.strip()) for each in found]
        hints = [clean(each.hint) for each in found]
        widest = max(cell_len(name) for name in names) + max(cell_len(hint) for hint in hints)
        width = max(12, min(widest + 2, WIDEST, room - 2))
        self.set_options(
            [Option(_line(name, hint, width)) for name, hint in zip(names, hints, strict=True)]
        )
        self.styles.width = width + 2
        self.styles.height = min(LINES, len(found))
        self.styles.offset = (max(0, min(x - 1, room - width - 2)), 1)
        self.highlighted = 0
        self.display = True


class CompletingLine(SearchLine):
    """A search line with suggestions. Typing goes on as if they were not there.

    Args:
        suggestions: Where they are shown; its parent holds the line as well.
    """

    # The keys of the suggestions come before those of the line; closed, they let them through.
    BINDINGS: ClassVar = [
        *(replace(cast("Binding", each), priority=True) for each in bindings(Context.COMPLETION)),
        *bindings(Context.SEARCH),
        Binding("right", "cursor_right", show=False),
    ]

    class Opened(Message):
        """The suggestions opened or closed: other keys are in force."""

    def __init__(self, suggestions: Suggestions) -> None:
        super().__init__()
        self._suggestions = suggestions
        self._found: tuple[Completion, ...] = ()
        self._at = 0
        self._chosen = False
        self._closed_for = ""
        self._held: Begun | None = None
        """A condition that is not searched for before it is known whether it is whole."""
        self._latch = Latch(self._look)
        self._answered = ""
        """The text whose suggestions are known."""
        self._answer = asyncio.Event()

    @property
    def completing(self) -> bool:
        """Whether suggestions are shown."""
        return bool(self._found)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The keys of the suggestions are in force only while there are some."""
        if action in _ACTIONS and not (self.completing and self.cursor_position == self._at):
            return action == _ACCEPT and self._awaited
        return super().check_action(action, parameters)

    # What may follow.

    def text_changed(self, text: str) -> None:
        """Another text may go on in another way."""
        self._closed_for = ""
        half = begun(text) if self.has_focus else None
        # Half a condition would only be found as a text that nobody has in the name.
        self._held = half if half is not None and half.unknown else None
        if self._held is None:
            self.search(text if half is None else half.before)
        if self.has_focus:
            self._latch.ask()

    def _let_go(self, found: Sequence[Completion] = ()) -> None:
        """Searches for what was held back, once it is known what it may become."""
        half, self._held = self._held, None
        if half is not None:
            whole = not found or any(is_value(each.text, half.value) for each in found)
            self.search(self.value if whole else half.before)

    def set(self, text: str) -> None:
        """Another search, which nobody typed."""
        self._close()
        self.value = text
        self.cursor_position = len(text)

    def _look(self) -> None:
        job = partial(_complete, typed=self.value, cursor=self.cursor_position)
        backstage(self).work(self, job, lambda _: NotCompleted())

    @on(Completed)
    def completed(self, event: Completed) -> None:
        """Offer what was found, unless the text has changed since."""
        event.stop()
        self._latch.done()
        if event.typed == self.value:
            self._offer(event)
            self._answered = event.typed
            self._answer.set()

    def _offer(self, event: Completed) -> None:
        if event.cursor != self.cursor_position or not self.has_focus:
            return
        self._let_go(event.found)
        begun = event.found and event.typed[event.found[0].start : event.found[0].end]
        at_word = bool(event.typed[: event.cursor].strip()) and not _ends_open(event)
        same = len(event.found) == 1 and event.found[0].text.strip() == begun
        if not event.found or not at_word or same or self._closed_for == event.typed:
            self._close()
            return
        self._found, self._at = event.found, event.cursor
        self._chosen = False
        x = self.region.x - self._home.x + cell_len(event.typed[: event.found[0].start])
        self._suggestions.offer(event.found, x, self._home.width)
        self.post_message(self.Opened())

    @on(NotCompleted)
    def not_completed(self, event: NotCompleted) -> None:
        """It goes on without."""
        event.stop()
        self._latch.done()
        self._let_go()
        self._close()
        self._answer.set()

    @property
    def _awaited(self) -> bool:
        """Whether suggestions for what stands there are still being read."""
        return bool(self.value.strip()) and self._answered != self.value

    @property
    def _home(self) -> Region:
        parent = self._suggestions.parent
        assert isinstance(parent, Widget)  # noqa: S101 - mounted before the line is
        return parent.region

    def _close(self) -> None:
        if self._found:
            self._found = ()
            self._suggestions.display = False
            self.post_message(self.Opened())

    # What the keys do.

    async def action_completion_accept(self) -> None:
        """Take the suggestion under the cursor, also where it was typed on faster than it came."""
        if self._awaited:
            self._answer.clear()
            self._latch.ask()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._answer.wait(), LONGEST)
        if not self.completing or self._awaited:
            # There is none: the key means what it means elsewhere.
            raise SkipAction
        self._accept()

    def _accept(self) -> None:
        place = self._suggestions.highlighted or 0
        if place < len(self._found):
            text, cursor = self._found[place].applied(self.value)
            self._close()
            self.value, self.cursor_position = text, cursor
            self._latch.ask()

    def action_completion_down(self) -> None:
        """The next suggestion; from the last one on to the list."""
        if (self._suggestions.highlighted or 0) >= len(self._found) - 1:
            self.action_search_done()
        else:
            self._chosen = True
            self._suggestions.action_cursor_down()

    def action_completion_up(self) -> None:
        """The suggestion before."""
        if self._suggestions.highlighted:
            self._chosen = True
            self._suggestions.action_cursor_up()

    def action_completion_close(self) -> None:
        """Without suggestions, until the text changes."""
        self._closed_for = self.value
        self._close()

    def action_search_done(self) -> None:
        """Take what was chosen; else keep the search."""
        if self.completing and self._chosen:
            self._accept()
            return
        self._close()
        self.search(self.value)
        super().action_search_done()

    def clicked(self, place: int) -> None:
        """A click on a suggestion takes it."""
        self._suggestions.highlighted = place
        self._accept()
        self.focus()

    def on_blur(self) -> None:
        """Nothing is typed any more."""
        self._held = None
        self.search(self.value)
        self._close()


_ACTIONS = frozenset(each.action for each in verbs_in(Context.COMPLETION))
_ACCEPT = "completion_accept"


def _ends_open(event: Completed) -> bool:
    """Whether the text ends in a blank: the next part has not begun, and nothing is offered."""
    before = event.typed[: event.cursor]
    return before.endswith(" ") and event.found != () and event.found[0].start == event.cursor


def _line(name: str, hint: str, width: int) -> Content:
    room = max(4, width - cell_len(hint) - 1)
    return Content.assemble(
        fitted(name, room), " ", (fitted(hint, max(0, width - room - 1)), "$text-muted")
    )


def _complete(store: Store, *, typed: str, cursor: int) -> Completed:
    from storage.completion import complete

    with store.read() as conn:
        return Completed(typed, cursor, complete(conn, typed, cursor))
