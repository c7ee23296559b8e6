"""Keeps what the doors decide by: a snapshot that follows the store."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from server.runtime import call_later
from storage.access import Access, access_seq, load_access
from storage.errors import StoreError
from storage.feed import Throttle
from storage.store import Store

_FOLLOW_SECONDS = 0.1
"""The least time between two looks while the store changes all the time."""

NOBODY = Access(
    seq=-1,
    integration_id=None,
    active=False,
    brand="",
    program="",
    token_hash=None,
    keys={},
    key_ids=frozenset(),
    approved={},
    retired={},
)
"""What is known before the store was read: no one may come in."""


class AccessKeeper:
    """The snapshot of integration, keys and numbers.

    It follows the store's feed. Before somebody is turned away by it, `reread` sees to it that
    a change made a millisecond ago, by whatever process, counts; and a lead that comes in by it
    is judged once more inside the transaction.

    Args:
        store: The store.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="optdesk-access")
        self._running: asyncio.Future[Access] | None = None
        self._next: asyncio.Task[Access] | None = None
        self._following: asyncio.Task[None] | None = None
        self._throttle = Throttle(self._changed, _FOLLOW_SECONDS, partial(call_later, self._loop))
        self._unsubscribe = store.feed.subscribe(self._throttle)
        self.current = NOBODY

    async def reread(self) -> Access:
        """The snapshot as it is in the store now, or later. Many who ask at once share one look.

        Raises:
            StoreError: The store cannot be read.
        """
        if self._running is None:
            return await self._look()
        # What runs already may have read before the change that matters to who asks now.
        if self._next is None:
            self._next = self._loop.create_task(self._look_after(self._running))
        return await asyncio.shield(self._next)

    def close(self) -> None:
        """Stops following."""
        self._unsubscribe()
        self._throttle.close()
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _look_after(self, running: asyncio.Future[Access]) -> Access:
        await asyncio.wait([running])
        self._next = None
        return await self._look()

    async def _look(self) -> Access:
        running = self._running = self._loop.run_in_executor(self._thread, self._read)
        try:
            self.current = await asyncio.shield(running)
        finally:
            if self._running is running:
                self._running = None
        return self.current

    def _read(self) -> Access:
        with self._store.read() as conn:
            known = self.current
            return known if access_seq(conn) == known.seq else load_access(conn)

    def _changed(self) -> None:
        # In whatever thread tells of changes.
        try:
            self._loop.call_soon_threadsafe(self._follow)
        except RuntimeError:
            # The loop is closed; nobody decides by the snapshot any more.
            self._throttle.close()

    def _follow(self) -> None:
        self._following = self._loop.create_task(self._follow_quietly())

    async def _follow_quietly(self) -> None:
        try:
            await self.reread()
        except (StoreError, RuntimeError):
            # Whoever is turned away because of it will look again and hear why.
            return
