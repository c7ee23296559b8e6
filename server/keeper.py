"""Keeps what the doors decide by: a snapshot that follows the store."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from server.runtime import call_later
from storage.access import Access, access_seq, load_access
from storage.errors import StoreError, StoreUnavailable
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
        patience: Seconds after which who asks is told that the store does not answer.
    """

    def __init__(self, store: Store, patience: float) -> None:
        self._store = store
        self._patience = patience
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="optdesk-access")
        self._running: asyncio.Future[Access] | None = None
        self._next: asyncio.Task[Access] | None = None
        self._following: asyncio.Task[None] | None = None
        self._throttle = Throttle(self._changed, _FOLLOW_SECONDS, partial(call_later, self._loop))
        self._unsubscribe = store.feed.subscribe(self._throttle)
        self.current = NOBODY

    async def reread(self, patience: float | None = None) -> Access:
        """The snapshot as it is in the store now, or later. Many who ask at once share one look.

        Args:
            patience: Another than is usual, in seconds.

        Raises:
            StoreError: The store cannot be read, or does not answer in time.
        """
        try:
            async with asyncio.timeout(self._patience if patience is None else patience):
                return await self._reread()
        except TimeoutError:
            raise StoreUnavailable("The store does not answer in time.") from None

    def close(self) -> None:
        """Stops following."""
        self._unsubscribe()
        self._throttle.close()
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _reread(self) -> Access:
        if self._running is None:
            return await asyncio.shield(self._look())
        # What runs already may have read before the change that matters to who asks now.
        if self._next is None:
            self._next = self._loop.create_task(self._look_after(self._running))
            self._next.add_done_callback(_heard)
        return await asyncio.shield(self._next)

    async def _look_after(self, running: asyncio.Future[Access]) -> Access:
        await asyncio.wait([running])
        self._next = None
        return await asyncio.shield(self._look())

    def _look(self) -> asyncio.Future[Access]:
        self._running = running = self._loop.run_in_executor(self._thread, self._read)
        # Not whoever waits for it: they may have left before it ends.
        running.add_done_callback(self._looked)
        return running

    def _looked(self, running: asyncio.Future[Access]) -> None:
        if self._running is running:
            self._running = None
        if _heard(running):
            self.current = running.result()

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


def _heard(looked: asyncio.Future[Access]) -> bool:
    """Whether a look succeeded; why it did not is told to those who still wait for it."""
    return not looked.cancelled() and looked.exception() is None
