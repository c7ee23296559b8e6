"""Keys that arrive all at once, as over a slow line, each go where those before them lead."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from time import monotonic
from weakref import WeakKeyDictionary

from textual import events
from textual.app import App
from textual.message_pump import MessagePump
from textual.widget import Widget
from textual.widgets import Input

LONGEST = 2.0
"""Seconds that keys wait for what the one before them does."""


class KeysInTurn(App[None]):
    """Textual hands each key to whatever has the focus when it arrives, however many wait there.

    So the letters after `/` would be verbs of the list, the verbs after `enter` letters in the
    line that `enter` leaves, and what follows an arrow would be typed before it moved.
    """

    def __init__(self) -> None:
        super().__init__()
        self._typed_for: WeakKeyDictionary[events.Key, Widget] = WeakKeyDictionary()
        self._doing: events.Key | None = None
        """A key that a line of text was given and that does something other than being typed."""
        self._line: Sequence[MessagePump] = ()
        """That line and all that it stands in."""
        self._held: deque[events.Key | events.Paste] = deque()
        """What was typed or pasted since."""
        self._patience: asyncio.TimerHandle | None = None
        """Ends the wait for that key at the latest."""

    async def on_event(self, event: events.Event) -> None:
        """Notes whom a key is for when it arrives."""
        if isinstance(event, events.Key | events.Paste):
            if not self.screen_stack:
                # The desk is closing: nothing is there any more that a key could be for.
                return
            if not event.is_forwarded and self._doing is not None:
                self._held.append(event)
                return
            if not event.is_forwarded and isinstance(event, events.Key):
                self._note(event)
        await super().on_event(event)
        if event is self._doing and not event.is_forwarded:
            # A verb that goes before the line was given.
            self._settle(event, monotonic() + LONGEST)

    def on_key(self, event: events.Key) -> None:
        """A key that nobody took: a verb, unless keys before it have moved the focus meanwhile."""
        if not self.screen_stack:
            event.prevent_default()
            return
        if self._doing not in (None, event):
            event.prevent_default()
            self._held.append(events.Key(event.key, event.character))
            return
        focus = self.focused or self.screen
        if self._typed_for.get(event, focus) is not focus:
            event.prevent_default()
            again = events.Key(event.key, event.character)
            again._set_forwarded()
            self._note(again)
            focus.post_message(again)
        elif event is self._doing:
            self.call_next(self._settle, event, monotonic() + LONGEST)

    def _note(self, key: events.Key) -> None:
        self._typed_for[key] = focus = self.focused or self.screen
        if not isinstance(focus, Input) or key.is_printable:
            return
        self._doing, self._line = key, focus.ancestors_with_self
        self._patience = asyncio.get_running_loop().call_later(LONGEST, self._give_up, key)

    def _settle(self, key: events.Key, until: float) -> None:
        """Waits for the messages that the key brought about; then what was held goes on."""
        if any(part.message_queue_size for part in self._line) and monotonic() < until:
            asyncio.get_running_loop().call_soon(self._settle, key, until)
        else:
            self._give_up(key)

    def _give_up(self, key: events.Key) -> None:
        if self._doing is key:
            self.call_next(self._go_on, key)

    async def _go_on(self, done: events.Key) -> None:
        if self._doing is not done:
            return
        self._doing, self._line = None, ()
        if self._patience is not None:
            self._patience.cancel()
        while self._held and self._doing is None:
            await self.on_event(self._held.popleft())
