"""Keeps the search index up to date in the background, in small steps beside the intake."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from storage.errors import OptdeskError
from storage.feed import ChangeFeed
from storage.search_index import Backing, backing, index_pending, pending, tidy_index

BATCH = 250
"""Contacts indexed in one transaction; the store is held ten to thirty milliseconds for them."""
TIDY_EVERY = 16
"""Batches after which their pieces of the index are merged."""
GATHER_SECONDS = 1.0
"""Notes are left to gather this long; until then search reads the noted contacts."""
REST_SHARE = 3
"""Rests so many times as long as the last step took, so that writers always come between."""
RETRY_SECONDS = 5.0


class Indexed(Protocol):
    """What the indexer needs of a store."""

    feed: ChangeFeed

    def read(self) -> AbstractContextManager[Connection]:
        """One snapshot to read from."""

    def write(self, verb: Callable[[Connection], int], *, patient: bool = False) -> Future[Any]:
        """Runs a verb in the next transaction, or in one that leads go before."""


class Indexer:
    """A thread that indexes the contacts noted in `search_pending`.

    Two processes may do so at once: each note is taken by one of them.

    Args:
        store: The store whose index to keep.
    """

    def __init__(self, store: Indexed) -> None:
        self._store = store
        self._changed = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="optdesk-indexer", daemon=True)
        self._unsubscribe: Callable[[], None] = lambda: None
        self._batches = 0

    def start(self) -> None:
        """Begin, with what earlier processes left unindexed."""
        self._unsubscribe = self._store.feed.subscribe(self._changed.set)
        self._changed.set()
        self._thread.start()

    def close(self) -> None:
        """Finish the step that is under way and stop."""
        self._unsubscribe()
        self._closing.set()
        self._changed.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        while True:
            self._changed.wait()
            if self._closing.wait(GATHER_SECONDS):
                return
            self._changed.clear()
            # Whoever closes says so first and then wakes: that may just have been cleared.
            if self._closing.is_set():
                return
            try:
                self._drain()
            except (OptdeskError, SQLAlchemyError):
                # The store says itself what is wrong with it; here it is only tried again.
                self._changed.set()
                if self._closing.wait(RETRY_SECONDS):
                    return

    def _drain(self) -> None:
        """Index all that is noted, and tidy up after every few batches."""
        while self._has_notes():
            full = self._step(lambda conn: index_pending(conn, BATCH)) == BATCH
            self._batches += 1
            if self._batches >= TIDY_EVERY:
                while self._step(tidy_index) and not self._closing.is_set():
                    pass
                self._batches = 0
            if not full or self._closing.is_set():
                return

    def _step(self, verb: Callable[[Connection], int]) -> int:
        """Let one verb write, then let others."""
        began = time.monotonic()
        done: int = self._store.write(verb, patient=True).result()
        self._closing.wait((time.monotonic() - began) * REST_SHARE)
        return done

    def _has_notes(self) -> bool:
        with self._store.read() as conn:
            if conn.scalar(select(pending.c.contact_id).limit(1)) is None:
                return False
            return backing(conn) is not Backing.SCAN
