"""From the event loop to the writer's thread and back, one wake-up for many answers."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from itertools import takewhile
from typing import Any, TypeVar

from sqlalchemy.engine import Connection

from server.halts import Halts
from server.waits import Waits
from storage import jobs
from storage.errors import StoreUnavailable
from storage.store import Store

Item = TypeVar("Item")
Result = TypeVar("Result")

_LOOK_SECONDS = 0.5
"""How often those who wait too long are looked for."""


class Bridge:
    """Hands items to the store's batch verbs and brings the results into the loop.

    Args:
        store: The store.
        patience: Seconds after which who waits is told that the store does not answer.
    """

    def __init__(self, store: Store, patience: float) -> None:
        self._store = store
        self._loop = asyncio.get_running_loop()
        self._patience = patience
        self.waits = Waits()
        """How long items are on their way there and back."""
        self._leaving: list[tuple[Any, Any, asyncio.Future[Any], float]] = []
        self._arrived: deque[tuple[asyncio.Future[Any], float, Any]] = deque()
        self._woken = False
        self._waiting: dict[asyncio.Future[Any], float] = {}
        """Until when each may be waited for, the oldest first."""
        self._late: set[asyncio.Future[Any]] = set()
        """Those whom nobody waits for any more, and who are with the store still."""
        self._watch: asyncio.TimerHandle | None = None
        self._halts = Halts(self._loop)

    def write(
        self, verb: Callable[[Connection, Sequence[Item]], Sequence[Result]], item: Item
    ) -> asyncio.Future[Result]:
        """Writes one item; the future resolves after the commit that holds it.

        It fails with StoreUnavailable when the store is read-only, closing or overloaded.
        """
        future: asyncio.Future[Result] = self._loop.create_future()
        if not self._leaving:
            self._loop.call_soon(self._hand_over)
        moment = self._loop.time()
        self._leaving.append((verb, item, future, moment))
        self._waiting[future] = moment + self._patience
        if self._watch is None:
            self._look_later()
        return future

    def note(
        self, verb: Callable[[Connection, Sequence[Item]], Sequence[Result]], item: Item
    ) -> None:
        """Writes one item that nobody waits for; a store in trouble loses it."""
        try:
            self._store.write_many(verb, item, _forget)
        except StoreUnavailable:
            return

    def close(self) -> None:
        """Stops watching the clock."""
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def _hand_over(self) -> None:
        # Together, once the loop has read what there was to read: were each handed over by itself,
        # the writer would start a transaction for the first one alone.
        leaving, self._leaving = self._leaving, []
        items = [
            jobs.Item(verb, item, partial(self._came_back, future, began))
            for verb, item, future, began in leaving
        ]
        try:
            self._store.write_all(items)
        except StoreUnavailable as error:
            for _, _, future, _ in leaving:
                self._waiting.pop(future, None)
                if not future.done():
                    future.set_exception(error)

    def _came_back(self, future: asyncio.Future[Any], began: float, result: Any) -> None:
        # In the writer's thread. Whatever else comes back before the loop looks is taken along.
        self._arrived.append((future, began, result))
        if not self._woken:
            self._woken = True
            try:
                self._loop.call_soon_threadsafe(self._deliver)
            except RuntimeError:
                # The loop is closed: the listener was stopped and nobody waits any more.
                self._arrived.clear()

    def _deliver(self) -> None:
        # Lowered first: what arrives from here on calls again.
        self._woken = False
        arrived, moment = self._arrived, self._loop.time()
        while arrived:
            future, began, result = arrived.popleft()
            self._waiting.pop(future, None)
            if future in self._late:
                self._late.remove(future)
                self._store.heard()
            self.waits.note(moment - began)
            if future.done():
                continue
            if isinstance(result, BaseException):
                future.set_exception(result)
            else:
                future.set_result(result)

    def _look_later(self) -> None:
        pause = self._halts.wake_in(_LOOK_SECONDS)
        self._watch = self._loop.call_later(pause, self._give_up_on_the_late)

    def _give_up_on_the_late(self) -> None:
        self._watch = None
        waiting, now = self._waiting, self._loop.time()
        halted = self._halts.stood_still()
        if halted:
            # The store stood still as well, or its answer lies here unread.
            latest = now + self._patience
            for future, until in waiting.items():
                waiting[future] = min(until + halted, latest)
        late = list(takewhile(lambda one: waiting[one] <= now, waiting))
        for future in late:
            del waiting[future]
            self._late.add(future)
            if not future.done():
                future.set_exception(StoreUnavailable("The store does not answer in time."))
        if late:
            self._store.silent()
        if waiting:
            self._look_later()


def _forget(_result: object) -> None:
    """Nobody waits for it."""
