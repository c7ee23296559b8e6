"""When a desk has done what it was asked for.

Textual's pilot asks every widget for a sign of life and then waits until the process uses little
of the processor. The one costs more than the desk itself, and the other is so as well where a busy
machine has not let the process go on. Here it is looked up.
"""

from __future__ import annotations

import asyncio
import threading
import unicodedata
from collections.abc import Iterable
from typing import Any

from textual import events
from textual._context import visible_screen_stack
from textual._queue import Queue
from textual.app import App
from textual.geometry import Size
from textual.keys import REPLACED_KEYS, _character_to_key, _get_unicode_name_from_key
from textual.message_pump import MessagePump
from textual.screen import Screen

from app.keys_in_turn import KeysInTurn
from tests.waiting import awake
from widgets.contact_table import ContactTable
from widgets.log_table import LogTable
from widgets.table_reading import Lane

HELD = 2.0
"""Seconds after which a test that holds work up on purpose gets its turn."""

ROUNDS = 3
"""How often nothing may be left to do before nothing more is believed to come."""


async def calm(app: App[Any]) -> None:
    """Waits until every message is handled, every job done and everything painted."""
    end = awake() + HELD
    quiet = 0
    while quiet < ROUNDS and awake() < end:
        if _working(app):
            quiet = 0
            await asyncio.sleep(0.002)
        elif _paint(app) or _talking(app):
            quiet = 0
            await asyncio.sleep(0)
        else:
            quiet += 1
            await asyncio.sleep(0)


async def press(app: App[Any], *keys: str) -> None:
    """Presses keys, each once the one before has taken effect."""
    for key in keys:
        app._driver.send_message(_key(key))  # type: ignore[union-attr]
        await calm(app)


def _key(name: str) -> events.Key:
    """What a terminal's driver makes of a key."""
    if len(name) == 1 and not name.isalnum():
        name = _character_to_key(name)
    letter: str | None
    try:
        letter = unicodedata.lookup(_get_unicode_name_from_key(REPLACED_KEYS.get(name, name)))
    except KeyError:
        letter = name if len(name) == 1 else None
    return events.Key(name, letter)


async def resize(app: App[Any], width: int, height: int) -> None:
    """Gives the terminal another size."""
    size = Size(width, height)
    app._driver._size = size  # type: ignore[union-attr]
    app.post_message(events.Resize(size, size))
    # Textual waits for a moment in which no further size comes.
    while app.screen.size != size:
        await asyncio.sleep(0.005)
    await calm(app)


def seen(app: App[Any]) -> str:
    """The whole screen as text, with what shines through from behind a dialog."""
    # Without it, a dialog would render its surroundings as empty, and keep that for later.
    visible_screen_stack.set(app._background_screens)
    width = app.size.width
    lines = app.screen._compositor.render_strips()
    return "\n".join(strip.text[:width].rstrip() for strip in lines)


def _working(app: App[Any]) -> bool:
    """Whether a key is on its way, or a thread still works for a screen."""
    if isinstance(app, KeysInTurn) and (app._turn or app._held):
        return True
    return any(thread.name == "optdesk-job" for thread in threading.enumerate()) or any(
        lane.busy for part in app._registry for lane in _lanes(part)
    )


def _lanes(part: MessagePump) -> Iterable[Lane]:
    if isinstance(part, ContactTable):
        return part._reader._lane, part._reader._slow_lane
    return (part._lane,) if isinstance(part, LogTable) else ()


def _talking(app: App[Any]) -> bool:
    """Whether a part has a message left, or is at one."""
    parts = [part for part in (app, *app._registry) if part._running and not part._closing]
    return not all(_waits(part) for part in parts)


def _waits(part: MessagePump) -> bool:
    """Whether a part waits for its next message."""
    queue: Queue[Any] = part._message_queue
    return queue.empty() and bool(vars(queue.ready_event)["_waiters"])


def _paint(app: App[Any]) -> bool:
    """Paints at once what the next frame would; False: nothing was left."""
    front = app.screen
    screens = [screen for screen in app._background_screens if _left(screen)]
    # One behind another is marked as to be painted again whenever it was.
    if _left(front) or front._repaint_required:
        screens.append(front)
    # For a screen that is not of the app that Textual holds to be at work, nothing is painted.
    with app._context():
        for screen in screens:
            screen._on_timer_update()
    return bool(screens)


def _left(screen: Screen[Any]) -> bool:
    return bool(
        screen._layout_required
        or screen._scroll_required
        or screen._recompose_required
        or screen._dirty_widgets
        or screen._callbacks
    )
