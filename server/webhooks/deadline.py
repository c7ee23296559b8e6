"""A limit for many waits at once: one timer for all of them.

`asyncio.timeout` makes a timer for each, which was a tenth of what a delivery costs.
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any


class Deadline:
    """Ends what takes longer than so many seconds, within `with`, with a `TimeoutError`.

    One serves any number of tasks; a task may not enter it twice.

    Args:
        seconds: How long each may take.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._ends: dict[asyncio.Task[Any], tuple[float, int]] = {}
        """When each must have ended, and how often it was cancelled before; the first first."""
        self._late: set[asyncio.Task[Any]] = set()
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        if task is None:
            raise RuntimeError("a deadline is for tasks")
        end = loop.time() + self._seconds
        self._ends[task] = (end, task.cancelling())
        if self._timer is None:
            self._timer = loop.call_at(end, self._look)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _where: TracebackType | None,
    ) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - it has entered
        _, cancelled = self._ends.pop(task)
        if task in self._late:
            self._late.discard(task)
            # Whoever else cancelled it as well is not to be overruled.
            if task.uncancel() <= cancelled and kind is asyncio.CancelledError:
                raise TimeoutError

    def close(self) -> None:
        """Looks no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = None
        for task, (end, _) in self._ends.items():
            if end > loop.time():
                self._timer = loop.call_at(end, self._look)
                return
            if task not in self._late:
                self._late.add(task)
                task.cancel()
