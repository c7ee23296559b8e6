"""How the interpreter is tuned for a listener: collector, switch interval, event loop, files."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")

_SWITCH_SECONDS = 0.001
"""How long a busy screen may keep the interpreter while the listener waits. Measured: the slowest
answers come four times as fast as with the usual 5 ms. Without a screen those cost less: loop and
writer take turns less often."""

COLLECT_AFTER = (20_000, 5, 2)
"""When the collector looks at new objects, at those that are some seconds old, and at all.

Requests make many short-lived objects and few cycles, so it looks at new ones less often than
usual. What a screen shows lives for seconds and goes in cycles: where the old ones are looked at as
seldom, the panels that were closed in a day lie in memory and nobody looks."""

_ARENA_MAX = -8
"""What the C library calls the greatest number of its heaps."""

_MANY_FILES = 8192
"""Files that are asked for in any case."""

_OWN_FILES = 128
"""Files that no sender gets: the store's, and connections to gateways and webhooks."""


def settle_down(*, screen: bool) -> None:
    """Takes everything built so far out of the collector's sight. Call when all is built.

    Measured: the collector's full passes over modules, tables and widgets make the longest
    pauses of a desk with a listener.

    Nothing is collected first: it took a tenth of a listener's start and found 33 objects.

    Args:
        screen: Whether there is one.
    """
    if screen:
        sys.setswitchinterval(_SWITCH_SECONDS)
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


@cache
def share_one_heap() -> None:
    """Lets all threads that are started from now on take memory from the heaps there are.

    The C library gives each thread a heap of its own, so that several can take memory at once,
    which Python's threads do not. What hundreds of short-lived threads leave in each heap is in the
    way of giving it back: after a day at a desk 26 of the heaps' 60 MB were empty, and 6 of one's.
    What is empty inside is given back whenever the collector has looked at everything.
    """
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    with suppress(OSError, AttributeError):  # Another C library has no such thing.
        library = ctypes.CDLL(None)
        library.mallopt(_ARENA_MAX, 1)
        trim = library.malloc_trim

        def give_back(phase: str, info: dict[str, int]) -> None:
            if phase == "stop" and info["generation"] == 2:
                trim(0)

        gc.callbacks.append(give_back)


def room_for(connections: int) -> int:
    """How many senders this process can be connected with, after it asked for as many files.

    Systems give a program 1,024 until it asks for more. Where there are no files left, nobody is
    let in, while a connection that is one too many makes way.

    Args:
        connections: As many are wanted; 0 for any number.

    Returns:
        So many, or as many as there is room for; 0 for any number.
    """
    try:
        import resource
    except ImportError:
        return connections
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(_MANY_FILES, connections + _OWN_FILES)
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):  # Some systems have a limit behind the limit.
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    if soft == resource.RLIM_INFINITY:
        return connections
    room = max(soft - _OWN_FILES, soft // 4)
    return min(connections, room) if connections else room


def run(main: Coroutine[Any, Any, T]) -> T:
    """Runs a coroutine in an own event loop, a fast one where there is one."""
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(main)


def call_later(loop: asyncio.AbstractEventLoop, seconds: float, action: Callable[[], None]) -> None:
    """Calls a function in a loop's thread after a while; for any thread.

    A timer of a loop costs a tenth of a thread that waits. Of a loop that is closed nothing is
    wanted any more.
    """
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(loop.call_later, seconds, action)


def _loop_factory() -> Any:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
