"""An app on a terminal that is not there: what would be drawn is counted and timed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import perf_counter
from typing import Any

from textual import events
from textual.app import App
from textual.drivers.headless_driver import HeadlessDriver

TIMEOUT = 900.0


class CountingDriver(HeadlessDriver):
    """Takes everything that an app writes to its terminal."""

    sent = 0
    tail = ""
    wrote = 0.0
    """When something was last written."""

    @property
    def is_headless(self) -> bool:
        return False

    def write(self, data: str) -> None:
        kind = type(self)
        kind.sent += len(data.encode("utf-8", "replace"))
        kind.tail = (kind.tail + data)[-65_536:]
        kind.wrote = perf_counter()

    def flush(self) -> None:
        pass


class Screen:
    """Runs an app and presses its keys.

    Args:
        size: Columns and lines.
        app: The app's class; an empty one when left out.
    """

    def __init__(self, size: tuple[int, int], app: type[App[Any]] = App) -> None:
        CountingDriver.sent, CountingDriver.tail, CountingDriver.wrote = 0, "", 0.0
        self.app = app(driver_class=CountingDriver)
        self._size = size
        self._task: asyncio.Task[Any] | None = None

    async def __aenter__(self) -> Screen:
        self._task = asyncio.create_task(self.app.run_async(size=self._size))
        await self.until(lambda: self.app.is_running or self._task is None or self._task.done())
        return self

    async def __aexit__(self, *_: object) -> None:
        self.app.exit()
        if self._task is not None:
            await self._task

    @property
    def sent(self) -> int:
        """Bytes written so far."""
        return CountingDriver.sent

    @property
    def tail(self) -> str:
        """The last that was written."""
        return CountingDriver.tail

    async def until(self, condition: Callable[[], bool]) -> None:
        """Waits for something, without stealing the app's time."""
        end = perf_counter() + TIMEOUT
        while not condition():
            if perf_counter() > end:
                raise TimeoutError
            if self._task is not None and self._task.done():
                raise RuntimeError("the app has ended") from self._task.exception()
            await asyncio.sleep(0.0005)

    async def settled(self, quiet: float = 0.15) -> None:
        """Waits until nothing has been written for a while."""
        await asyncio.sleep(quiet)
        await self.until(lambda: perf_counter() - CountingDriver.wrote > quiet)

    async def press(self, key: str) -> float:
        """Seconds from a key to what it paints."""
        return await self.done(lambda: self.app.post_message(events.Key(key, None)))

    async def done(self, act: Callable[[], object]) -> float:
        """Seconds from an act to the last thing that it paints."""
        await asyncio.sleep(0.005)
        before = CountingDriver.sent
        began = perf_counter()
        act()
        await self.until(lambda: CountingDriver.sent != before)
        painted = CountingDriver.wrote
        # The end of an update follows in the same breath.
        await asyncio.sleep(0.002)
        return painted - began
