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
from storage.dialects import is_postgresql
from storage.errors import OptdeskError, StoreUnavailable
from storage.feed import ChangeFeed
from storage.jobs import HeldUp
from storage.trigram_index import Backing, TrigramIndex

BATCH = 1_000
"""Contacts indexed in one transaction on SQLite, which is held for them some ten milliseconds: of
larger batches each contact costs less, and they leave fewer pieces to be merged."""
BATCH_ON_GRAMS = 500
"""The same on PostgreSQL, which needs as long for fewer, but mostly beside those who write."""
TIDY_EVERY = 32
"""Batches after which their pieces of the index are merged."""
GATHER_SECONDS = 1.0
"""Notes are left to gather this long; until then search reads the noted contacts."""
REST_SHARE = 3
"""Rests so many times as long as the last step took, so that writers always come between."""
REST_SHARE_BESIDE = 1
"""The same where writers need not wait meanwhile."""
LOG_REST_SHARE = 2
"""The same for the intake log, whose steps are more."""
BUSY_REST_SHARE = 9
"""The same for it while much comes in."""
MOST_REST_SECONDS = 1.0
"""Not longer, however long the step took: perhaps it was only that the process stood still."""
RETRY_SECONDS = 5.0
BESIDE_AGAIN_SECONDS = 60.0
"""How long it goes with the others after there was no connection to go beside them."""
BUSY_ATTEMPTS = 400
"""While so many requests come in within `attempt_index.BUSY`, contacts are left to gather,"""
MOST_LEFT = 4_000
"""but not more than so many: a search looks them up one by one, in some 10 ms."""


class Indexed(Protocol):
    """What the indexer needs of a store."""

    feed: ChangeFeed
    kind: str
    """`sqlite` or `postgresql`."""

    @property
    def is_worked_on(self) -> bool:
        """Whether somebody waits for something long that is done step by step."""

    def read(self) -> AbstractContextManager[Connection]:
        """One snapshot to read from."""

    def write(
        self,
        verb: Callable[[Connection], Any],
        *,
        patient: bool = False,
        quiet: bool = False,
        aside: bool = False,
        lasting: bool = True,
        apart: bool = False,
    ) -> Future[Any]:
        """Runs a verb in the next transaction, in one that leads go before, or beside those."""


@dataclass(frozen=True)
class _Work:
    """One index and what is to be done for it."""

    index: TrigramIndex
    due: Callable[[Connection], Due]
    step: Callable[[Connection], bool]
    """Indexes some; tells whether more may be left."""
    beside: Callable[[Connection], bool | None] | None = None
    """The same on PostgreSQL beside those who write; None: another process does it."""
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


def _index_contacts(conn: Connection) -> bool:
    size = BATCH_ON_GRAMS if is_postgresql(conn) else BATCH
    return search_index.index_pending(conn, size) == size


def _index_contacts_beside(conn: Connection) -> bool | None:
    done = search_index.index_beside(conn, BATCH_ON_GRAMS)
    return None if done is None else done == BATCH_ON_GRAMS


_WORK = (
    _Work(
        search_index.index,
        _contacts_due,
        _index_contacts,
        _index_contacts_beside,
    ),
    _Work(
        attempt_index.index,
        attempt_index.due,
        attempt_index.index_some,
        rest_share=LOG_REST_SHARE,
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
        self._beside_after = 0.0
        """When it may go beside those who write, by a clock that nobody sets."""
        self._slowly_after: dict[TrigramIndex, float] = {}
        """When the next step may be made of what is done slowly, by the same clock."""

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
        left, asked = [*_WORK], time.monotonic()
        while left and not self._closing.is_set():
            if self._store.is_worked_on:
                # It would take twice as long; looked at again when more has gathered.
                self._changed.set()
                return
            if time.monotonic() - asked >= GATHER_SECONDS:
                # One kind may take for ever; meanwhile more of the other has gathered.
                left, asked = [*_WORK], time.monotonic()
            left = [work for work in left if self._turn(work, alone=len(left) == 1)]

    def _turn(self, work: _Work, *, alone: bool) -> bool:
        """Index some of one kind if that is due; tell whether more may be left."""
        resting = self._slowly_after.get(work.index, 0.0) - time.monotonic()
        if resting > 0:
            if alone:
                self._closing.wait(resting)
            return True
        due = self._due(work)
        if due in (Due.NOTHING, Due.LATER):
            return False
        began = time.monotonic()
        more = self._batch(work)
        if due is Due.SLOWLY:
            ended = time.monotonic()
            rest = min((ended - began) * BUSY_REST_SHARE, MOST_REST_SECONDS)
            self._slowly_after[work.index] = ended + rest
        return more

    def _batch(self, work: _Work) -> bool:
        """Index some; tell whether more may be left."""
        more = self._index(work)
        self._batches[work.index] += 1
        if self._batches[work.index] >= TIDY_EVERY:
            while self._step(work, work.index.tidy) and not self._closing.is_set():
                pass
            self._batches[work.index] = 0
        return more

    def _index(self, work: _Work) -> bool:
        """Index some the one way or the other; tell whether more may be left."""
        if work.beside is not None and self._goes_beside:
            try:
                # What is lost with the server is lost whole: its notes are there again.
                more = self._step(work, work.beside, aside=True, lasting=False)
            except HeldUp:
                pass
            except StoreUnavailable:
                # There may be room for one connection less than this process would like.
                self._beside_after = time.monotonic() + BESIDE_AGAIN_SECONDS
            else:
                if more is None:
                    # Another process does it. Looked at again, as that one may end.
                    self._changed.set()
                return bool(more)
        return bool(self._step(work, work.step))

    @property
    def _goes_beside(self) -> bool:
        return self._store.kind == "postgresql" and time.monotonic() >= self._beside_after

    def _step(
        self, work: _Work, verb: Callable[[Connection], bool | None], **how: bool
    ) -> bool | None:
        """Let one verb write, then let others."""
        began = time.monotonic()
        done: bool | None = self._store.write(
            verb, patient=True, quiet=work.quiet, apart=True, **how
        ).result()
        rest_share = REST_SHARE_BESIDE if how.get("aside") else work.rest_share
        self._closing.wait(min((time.monotonic() - began) * rest_share, MOST_REST_SECONDS))
        return done

    def _due(self, work: _Work) -> Due:
        with self._store.read() as conn:
            due = work.due(conn)
        if due is Due.LATER:
            # Looked at again when it has gathered once more.
            self._changed.set()
        return due
