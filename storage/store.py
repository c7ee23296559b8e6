"""A store, open: reading, writing, the change feed and how it is doing."""

from __future__ import annotations

import hashlib
import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Engine, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from storage import schema
from storage.driver import run
from storage.engine import read_engine, shown, sqlite_path, store_url, write_engine
from storage.errors import OptdeskError, StoreDamaged, StoreReadOnly
from storage.faults import explain
from storage.feed import ChangeFeed
from storage.file_guard import FileGuard
from storage.indexer import Indexer
from storage.jobs import Item
from storage.writer import BatchVerb, Done, Verb, Writer

LATELY_SECONDS = 0.25
"""How long after a step of something long the next one is still expected."""

T = TypeVar("T")
ItemT = TypeVar("ItemT")
AnswerT = TypeVar("AnswerT")


def _touch(conn: Connection) -> None:
    """Writes what says no more than before, so that there is something to commit."""
    run(conn, "UPDATE store_state SET seq = seq WHERE id = 1")


@dataclass(frozen=True, slots=True)
class StoreHealth:
    """How the store is doing, as a person should read it."""

    ok: bool = True
    sentence: str = ""
    next_step: str = ""


class Store:
    """One store, open in this process. Made by `Store.open`.

    Everything it offers may be called from any thread.
    """

    def __init__(self, url: str, *, read_only: bool) -> None:
        parsed = store_url(url)
        self.url = url
        self.path: Path | None = sqlite_path(parsed)
        self.kind = "sqlite" if self.path else "postgresql"
        self.read_only = read_only
        self.name = str(self.path) if self.path else shown(parsed)
        refusal = self._refusal()
        self._best = (
            StoreHealth(False, refusal.sentence, refusal.next_step) if read_only else StoreHealth()
        )
        self._silent = StoreHealth(
            False,
            f"The store {self.name} does not answer: what is to be written waits.",
            f"See to the {'disk that it lies on' if self.path else 'server'}; what waits is done"
            " as soon as it answers.",
        )
        self.health = self._best
        self._listeners: list[Callable[[StoreHealth], None]] = []
        self._lock = threading.Lock()
        self._closed = False
        self._last_step = -math.inf
        self._guard = FileGuard(self.path, read_only=read_only) if self.path else None
        check = self._guard.check_name if self._guard else None
        self._readers: Engine = read_engine(parsed, self.path, check=check)
        self._writers: Engine = write_engine(parsed, self.path, by_keys=True, check=check)
        self.feed = ChangeFeed(self)
        self._writer = Writer(self._writers, self.name, self)
        self._aside: Writer | None = None
        self._indexer = Indexer(self)
        self.feed.start()
        if not read_only:
            self._indexer.start()

    @classmethod
    def open(cls, url: str, *, create: bool = True, migrate: bool = True) -> Store:
        """Opens a store, making or upgrading it where that is wanted and needed.

        Args:
            url: `sqlite:///file`, `postgresql://…` or a path.
            create: Make a store where there is none.
            migrate: Upgrade an older store, after a backup.

        Raises:
            WrongUsage: The URL names no kind of store.
            StoreError: It cannot be used; the sentence says why and what to do.
        """
        parsed = store_url(url)
        path = sqlite_path(parsed)
        try:
            read_only = schema.prepare(parsed, path, create=create, migrate=migrate)
            return cls(url, read_only=read_only)
        except StoreDamaged as error:
            hint = schema.restore_hint(path) if path else ""
            raise StoreDamaged(error.sentence, f"{error.next_step} {hint}".strip()) from error
        except (SQLAlchemyError, OSError) as error:
            name = str(path) if path else shown(parsed)
            raise explain(error, name) from error

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One snapshot to read from; ends with the block.

        Raises:
            StoreError: The store cannot be read.
        """
        # A reader opened beside another file would mix it with the log of the first one.
        if self._guard is not None:
            self._guard.check_name()
        try:
            with self._readers.connect() as conn, conn.begin():
                yield conn
        except SQLAlchemyError as error:
            self.look()
            raise explain(error, self.name) from error
        except (LookupError, TypeError, ValueError, ArithmeticError):
            # Rows that make no sense may come from a file that is no longer the store.
            self.look()
            raise

    def write(
        self,
        verb: Verb[T],
        *,
        patient: bool = False,
        quiet: bool | Callable[[T], bool] = False,
        aside: bool = False,
        lasting: bool = True,
        apart: bool = False,
    ) -> Future[T]:
        """Runs a verb in the next transaction; the future resolves after its commit.

        Where another verb of the transaction fails, it is run once more: what it keeps outside the
        store has to bear that.

        Args:
            verb: What to do.
            patient: It takes long and is one of many: leads and single acts go first.
            quiet: Nobody needs to look again because of it: no subscriber of the feed is called.
                A function tells so of its result.
            aside: It has a lock of its own, see `storage.rounds`, or takes the one of all who write
                at its end, see `search_index.index_beside`, and nothing is lost where it has to be
                done again: on PostgreSQL it goes beside what others write.
            lasting: It is durable when the future resolves. A step of something long need not be:
                see `settle`.
            apart: It needs no handover spelled out, as it never looks at a text that waits or sees
                to it itself; see `storage.handovers`.
        """
        if self.read_only:
            future: Future[T] = Future()
            future.set_exception(self._refusal())
            return future
        writer = self._line_aside() if aside and self.path is None else self._writer
        return writer.write(verb, patient=patient, quiet=quiet, lasting=lasting, apart=apart)

    def do(
        self, verb: Verb[T], *, patient: bool = False, quiet: bool = False, lasting: bool = True
    ) -> T:
        """Runs a verb and waits for its commit; see `write`.

        Raises:
            OptdeskError: A rule refused it or the store failed.
        """
        if patient:
            self._last_step = time.monotonic()
        try:
            return self.write(verb, patient=patient, quiet=quiet, lasting=lasting).result()
        except SQLAlchemyError as error:
            raise explain(error, self.name) from error
        finally:
            if patient:
                self._last_step = time.monotonic()

    def settle(self) -> None:
        """Waits until all that was written is durable, also what was not `lasting` by itself.

        Raises:
            StoreError: The store failed.
        """
        self.do(_touch)

    def write_many(self, verb: BatchVerb[ItemT, AnswerT], item: ItemT, done: Done[AnswerT]) -> None:
        """Hands an item to a batch verb with those that wait beside it.

        `done` is called in the writer's thread after the commit, with the result or the error.

        Raises:
            StoreUnavailable: Read-only, closing or overloaded.
        """
        if self.read_only:
            raise self._refusal()
        self._writer.write_many(Item(verb, item, done))

    def write_all(self, items: Sequence[Item]) -> None:
        """Hands items over that came together, so that they go together; see `write_many`.

        Raises:
            StoreUnavailable: Read-only, closing or overloaded. None of them is written.
        """
        if self.read_only:
            raise self._refusal()
        self._writer.write_many(*items)

    @property
    def is_worked_on(self) -> bool:
        """Whether somebody waits for something long that is done here step by step."""
        return time.monotonic() - self._last_step < LATELY_SECONDS

    @property
    def waiting(self) -> int:
        """How many writes wait for a transaction."""
        return self._writer.waiting

    def on_health(self, listener: Callable[[StoreHealth], None]) -> None:
        """Calls `listener`, from any thread, whenever the store falls ill or recovers."""
        with self._lock:
            self._listeners.append(listener)

    def fingerprint(self) -> str:
        """What tells this store from every other, fit to be shown to a stranger."""
        with self.read() as conn:
            made = conn.execute(text("SELECT secret FROM store_state WHERE id = 1")).scalar_one()
        return hashlib.sha256(b"optdesk store " + bytes(made)).hexdigest()[:16]

    def close(self) -> None:
        """Finishes what waits to be written and lets go of the store. Twice is once."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        self._indexer.close()
        if self._aside is not None:
            self._aside.close()
        self._writer.close()
        self.feed.close()
        self._readers.dispose()
        self._writers.dispose()
        if self._guard is not None:
            self._guard.close()

    def _line_aside(self) -> Writer:
        """The writer for what goes beside, begun when it is first wanted."""
        with self._lock:
            if self._closed:
                return self._writer
            if self._aside is None:
                engine = write_engine(store_url(self.url), None, by_keys=True)
                self._aside = Writer(engine, self.name, self, aside=True)
            return self._aside

    # What the writer and the feed report.

    def check(self) -> None:
        """Raises StoreReplaced when the files behind the store are no longer those opened.

        Cheap: asked around every commit.
        """
        if self._guard is not None:
            self._guard.check()

    def look(self) -> None:
        """Like `check`, thoroughly: asked every few seconds."""
        if self._guard is not None:
            self._guard.look()

    def probe(self, conn: Connection) -> None:
        """Raises StoreDamaged while the tables are not as they should be, or StoreTooNew."""
        schema.refuse_unknown(schema.revision(conn), self.name)
        schema.demand_columns(conn, self.name)

    def committing(self, seq: int | None) -> None:
        """Lets the feed know its echo for one."""
        self.feed.expect(seq)

    def undone(self) -> None:
        """Forgets what was learned in a transaction that is no more."""
        # What the doors decide by is not needed for the first picture of a desk.
        from storage.access import forget_access

        self.feed.expect(None)
        forget_access(self._writers)

    def committed(self, seq: int, *, followed: bool) -> None:
        """Passes a commit on to the feed."""
        self._writer.stands_at(seq)
        self.feed.local_commit(seq, followed=followed)

    def failed(self, error: OptdeskError) -> None:
        """Takes note that the store cannot be written."""
        self.undone()
        self._set_health(StoreHealth(False, error.sentence, error.next_step))

    def recovered(self) -> None:
        """Takes note that the store works again."""
        self._set_health(self._best)

    # What those report who wait for the writer.

    def silent(self) -> None:
        """Takes note that who writes waits in vain: the store neither does it nor refuses."""
        self._set_health(self._silent, instead_of=self._best)

    def heard(self) -> None:
        """Takes note that what was waited for in vain has come back."""
        self._set_health(self._best, instead_of=self._silent)

    def _set_health(self, health: StoreHealth, instead_of: StoreHealth | None = None) -> None:
        with self._lock:
            before = self.health
            if health == before or instead_of not in (None, before):
                return
            self.health = health
            listeners = list(self._listeners)
        for listener in listeners:
            listener(health)

    def _refusal(self) -> StoreReadOnly:
        return StoreReadOnly(
            f"The store {self.name} is read-only: everything can be looked at, nothing changed.",
            "Give this user the right to write to it and to its folder.",
        )
