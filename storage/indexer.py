"""Keeps the search indexes up to date in the background, in small steps beside the intake."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from storage import attempt_index, search_index
from storage.attempt_index import Due
from storage.errors import OptdeskError
from storage.feed import ChangeFeed
from storage.trigram_index import Backing, TrigramIndex

BATCH = 250
"""Contacts indexed in one transaction; the store is held ten to thirty milliseconds for them."""
TIDY_EVERY = 16
"""Batches after which their pieces of the index are merged."""
GATHER_SECONDS = 1.0
"""Notes are left to gather this long; until then search reads the noted contacts."""
REST_SHARE = 3
"""Rests so many times as long as the last step took, so that writers always come between."""
LOG_REST_SHARE = 2
"""The same for the intake log, whose steps are more."""
RETRY_SECONDS = 5.0
BUSY_ATTEMPTS = 400
"""While so many requests come in within `attempt_index.BUSY`, contacts are left to gather,"""
MOST_LEFT = 4_000
"""but not more than so many: a search looks them up one by one, in some 10 ms."""


class Indexed(Protocol):
    """What the indexer needs of a store."""

    feed: ChangeFeed

    @property
    def is_worked_on(self) -> bool:
        """Whether somebody waits for something long that is done step by step."""

    def read(self) -> AbstractContextManager[Connection]:
        """One snapshot to read from."""

    def write(
        self,
        verb: Callable[[Connection], int],
        *,
        patient: bool = False,
        quiet: bool = False,
        apart: bool = False,
    ) -> Future[Any]:
        """Runs a verb in the next transaction, or in one that leads go before."""


@dataclass(frozen=True)
class _Work:
    """One index and what is to be done for it."""

    index: TrigramIndex
    due: Callable[[Connection], Due]
    step: Callable[[Connection], int]
    """Indexes some; tells whether more may be left."""
    rest_share: float = REST_SHARE
    quiet: bool = False
    """Nobody needs to look again because of it."""


def _contacts_due(conn: Connection) -> Due:
    if search_index.backing(conn) is Backing.SCAN or not _are_noted(conn, 1):
        return Due.NOTHING
    if _are_noted(conn, MOST_LEFT) or not attempt_index.is_busy(conn, BUSY_ATTEMPTS):
        return Due.NOW
    return Due.LATER


def _are_noted(conn: Connection, count: int) -> bool:
    """Whether so many contacts are not indexed yet."""
    some = select(search_index.pending.c.contact_id).limit(1).offset(count - 1)
    return conn.scalar(some) is not None


_WORK = (
    _Work(
        search_index.index,
        _contacts_due,
        lambda conn: search_index.index_pending(conn, BATCH) == BATCH,
    ),
    _Work(
        attempt_index.index,
        attempt_index.due,
        attempt_index.index_some,
        LOG_REST_SHARE,
        quiet=True,
    ),
)


class Indexer:
    """A thread that indexes contacts and attempts.

    Two processes may do so at once: each note, and each stretch of the log, is taken by one.

    Args:
        store: The store whose index to keep.
    """

    def __init__(self, store: Indexed) -> None:
        self._store = store
        self._changed = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="optdesk-indexer", daemon=True)
        self._unsubscribe: Callable[[], None] = lambda: None
        self._batches: Counter[TrigramIndex] = Counter()

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
        """Index all that is due, in turns, and tidy up after every few batches."""
        left = [*_WORK]
        while left and not self._closing.is_set():
            if self._store.is_worked_on:
                # It would take twice as long; looked at again when more has gathered.
                self._changed.set()
                return
            left = [work for work in left if self._is_due(work) and self._batch(work)]

    def _batch(self, work: _Work) -> bool:
        """Index some; tell whether more may be left."""
        more = bool(self._step(work, work.step))
        self._batches[work.index] += 1
        if self._batches[work.index] >= TIDY_EVERY:
            while self._step(work, work.index.tidy) and not self._closing.is_set():
                pass
            self._batches[work.index] = 0
        return more

    def _step(self, work: _Work, verb: Callable[[Connection], int]) -> int:
        """Let one verb write, then let others."""
        began = time.monotonic()
        done: int = self._store.write(verb, patient=True, quiet=work.quiet, apart=True).result()
        self._closing.wait((time.monotonic() - began) * work.rest_share)
        return done

    def _is_due(self, work: _Work) -> bool:
        with self._store.read() as conn:
            due = work.due(conn)
        if due is Due.LATER:
            # Looked at again when it has gathered once more.
            self._changed.set()
        return due is Due.NOW
