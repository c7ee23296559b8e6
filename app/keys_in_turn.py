"""Keys that arrive all at once, as over a slow line, each go where those before them lead."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence

from textual import events
from textual.app import App
from textual.message import Message
from textual.message_pump import MessagePump
from textual.widget import Widget
from textual.widgets import Input

LONGEST = 2.0
"""Seconds that keys wait for what the one before them does, without those of a stall."""

_TICK = 0.1
"""Seconds of it that may pass at a time."""

_AT_ONCE = 50
"""Turns of the loop in which a key is looked after; it takes one for each part it rises through."""

_LOOK_SECONDS = 0.005
"""How often it is looked after from then on."""


class KeyTaken(Message, bubble=False):
    """Behind everything that was on its way to the desk: a key is not, so a part has taken it."""

    def __init__(self, key: events.Key) -> None:
        super().__init__()
        self.key = key


class KeysInTurn(App[None]):
    """Textual hands each key to whatever has the focus when it arrives, however many wait there.

    So the letters after `/` would be verbs of the list, the verbs after `enter` letters in the
    line that `enter` leaves, what follows an arrow would be typed before it moved, and what comes
    while a dialog opens would overtake what came just before. Here a key goes on its way when the
    one before it has arrived.
    """

    def __init__(self) -> None:
        super().__init__()
        self._turn: events.Key | None = None
        """The key that is on its way."""
        self._for: Widget | None = None
        """What had the focus when it set out."""
        self._line: Sequence[MessagePump] = ()
        """A line of text in which it does something other than being typed, and all around it."""
        self._held: deque[events.Key | events.Paste] = deque()
        """What was typed or pasted since."""
        self._patience: asyncio.TimerHandle | None = None
        """Ends the wait for that key at the latest."""

    async def on_event(self, event: events.Event) -> None:
        """Lets a key set out, or wait for the one before it."""
        if isinstance(event, events.Key | events.Paste):
            if not self.screen_stack:
                # The desk is closing: nothing is there any more that a key could be for.
                return
            if not event.is_forwarded:
                if self._turn is not None:
                    self._held.append(event)
                    return
                if isinstance(event, events.Key):
                    self._set_out(event)
        await super().on_event(event)
        if isinstance(event, events.Key) and event is self._turn:
            self._came_by(event)

    def on_key(self, event: events.Key) -> None:
        """A key that nobody took: a verb, unless keys before it have moved the focus meanwhile."""
        if not self.screen_stack:
            event.prevent_default()
        elif event is not self._turn:
            # It was waited for in vain.
            event.prevent_default()
            self._held.appendleft(events.Key(event.key, event.character))
            if self._turn is None:
                self.call_next(self._go_on, None)
        elif (focus := self.focused or self.screen) is not self._for:
            event.prevent_default()
            again = events.Key(event.key, event.character)
            again._set_forwarded()
            self._set_out(again)
            focus.post_message(again)
            self._look_after(again)

    def _set_out(self, key: events.Key) -> None:
        self._turn, self._for = key, self.focused or self.screen
        does = isinstance(self._for, Input) and not key.is_printable
        self._line = self._for.ancestors_with_self if does else ()
        self._be_patient(key, LONGEST)

    def _be_patient(self, key: events.Key, left: float) -> None:
        """Waits so many seconds longer, in steps: a stall of any length is one of them."""
        if self._patience is not None:
            self._patience.cancel()
        loop = asyncio.get_running_loop()
        if left > 0:
            self._patience = loop.call_later(_TICK, self._be_patient, key, left - _TICK)
        else:
            self._arrived(key)

    def _came_by(self, key: events.Key) -> None:
        """A key is on its way to a part, or it has come back and was done as a verb."""
        if not key.is_forwarded or key._stop_propagation:
            # Done, also where it is a verb that goes before whatever has the focus.
            self.call_next(self._settle, key)
        else:
            self._look_after(key)

    def _look_after(self, key: events.Key, turn: int = 0) -> None:
        """Waits until a part has taken a key, or is gone with it."""
        if self._turn is not key or self._for is None:
            return
        if key._stop_propagation or not self._for.is_attached:
            # So it is also where it has risen as far as the screen: then it comes back first.
            self.post_message(KeyTaken(key))
        elif turn < _AT_ONCE:
            asyncio.get_running_loop().call_soon(self._look_after, key, turn + 1)
        else:
            asyncio.get_running_loop().call_later(_LOOK_SECONDS, self._look_after, key, turn)

    def on_key_taken(self, event: KeyTaken) -> None:
        """It was for a part, which has it."""
        event.stop()
        if self._turn is event.key:
            self._settle(event.key)

    def _settle(self, key: events.Key) -> None:
        """Waits for the messages that a key brought about in a line of text."""
        if self._turn is key and any(part.message_queue_size for part in self._line):
            asyncio.get_running_loop().call_soon(self._settle, key)
        else:
            self._arrived(key)

    def _arrived(self, key: events.Key) -> None:
        if self._turn is key:
            self.call_next(self._go_on, key)

    async def _go_on(self, done: events.Key | None) -> None:
        if self._turn is not done:
            return
        self._turn, self._for, self._line = None, None, ()
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        while self._held and self._turn is None:
            await self.on_event(self._held.popleft())
