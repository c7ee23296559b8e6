"""Group commit: one thread writes; those who wait share one transaction and one sync."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import Engine
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError, StatementError

from storage import engine
from storage.commits import begin, commit, commit_aside, next_place
from storage.dialects import changes_so_far, is_postgresql
from storage.driver import (
    begin_by_hand,
    fetch,
    must_sync_at_once,
    watch_beside,
)
from storage.engine import tells_of_its_log, wait_at_most
from storage.errors import OptdeskError, StoreDamaged, StoreUnavailable
from storage.faults import explain, gave_way, is_held
from storage.guesses import was_wrong
from storage.job_queue import JobQueue
from storage.jobs import (
    Answers,
    Failed,
    Item,
    Single,
    all_followed,
    answer,
    answer_all,
    in_units,
    is_quiet,
    is_wanted,
    run_units,
)
from storage.log_copying import AGAIN_SECONDS, COPY_PAGES, LogCopier, pages_of_log
from storage.watcher import Watcher

if TYPE_CHECKING:
    from storage.flushing import DiskLine

T = TypeVar("T")
ItemT = TypeVar("ItemT")
AnswerT = TypeVar("AnswerT")

Verb = Callable[[Connection], T]
BatchVerb = Callable[[Connection, Sequence[ItemT]], Sequence[AnswerT]]
Done = Callable[[AnswerT | BaseException], None]

REST_SECONDS = 0.001
"""How long a SQLite store is left alone between two patient jobs: long enough for another process
that asks for it again and again, as SQLite makes them do."""

MOST_ATTEMPTS = 4
"""How often a transaction is tried that lost to another one on PostgreSQL."""

MOST_UNSYNCED = 8
"""Transactions that may be on their way to PostgreSQL's disk before one waits for it itself."""

_GLANCE_SECONDS = 0.1
"""How long a patient job waits at a time for a store that is held."""

_NEARLY = 0.05
"""Seconds short of its time in which nobody is tried once more."""

LOG_SECONDS = 0.03
"""How often is looked how long SQLite's log has grown: in that time it hardly grows by what is
copied at once, and a look costs a tenth of a transaction."""


@dataclass(frozen=True, slots=True)
class _Made:
    """A transaction that was committed."""

    answers: Answers
    seq: int | None = None
    """Its place in the store; None where it told nobody."""
    synced: bool = True
    """It is on the disk, or need not be; else that is left to who waits for the disk."""
    flushed: bool = False
    """It is on PostgreSQL's disk, and with it all before it."""


class Writer:
    """A hand of this process that writes to the store; all but couriers of webhooks share one.

    Args:
        engine: Its transactions take the write lock when they begin.
        name: The store's name in sentences.
        watcher: Told of each commit and failure, in the writer's thread.
        aside: On PostgreSQL its transactions take no write lock: for what has a lock of its own.
    """

    def __init__(self, engine: Engine, name: str, watcher: Watcher, *, aside: bool = False) -> None:
        self._engine = engine
        self._aside = aside
        self._name = name
        self._watcher = watcher
        self._queue = JobQueue(name, 0.0 if engine.dialect.name == "postgresql" else REST_SECONDS)
        self._conn: Connection | None = None
        self._lasting = True
        """Whether the connection waits for the disk with each commit, as it does at first."""
        self._disk: DiskLine[Answers] | None = None
        """Waits for PostgreSQL's disk while this goes on, once others have had to wait."""
        self._may_open_disk = engine.dialect.name == "postgresql" and not aside
        self._log: LogCopier | None = None
        """Copies SQLite's log into the file while this goes on, once it has grown long."""
        self._watches_log = engine.dialect.name == "sqlite" and tells_of_its_log()
        self._log_seen = self._log_copied = 0.0
        self._problem: OptdeskError | None = None
        self._seq = 0
        """The place of the newest transaction."""
        self._thread = threading.Thread(target=self._run, name="optdesk-writer", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many jobs wait for a transaction."""
        return len(self._queue)

    def write(
        self,
        verb: Verb[T],
        *,
        patient: bool = False,
        quiet: bool | Callable[[T], bool] = False,
        lasting: bool = True,
    ) -> Future[T]:
        """Runs a verb in its own savepoint; the future resolves after the commit.

        Args:
            verb: What to do.
            patient: It takes long and is one of many: it gets a transaction of its own, and what
                else waits goes first.
            quiet: It does not count as a change, unless it shares its transaction with one; a
                function tells so of its result.
            lasting: The commit is on the disk when the future resolves. Otherwise it is with the
                next one that is.
        """
        future: Future[T] = Future()
        try:
            self._queue.put(Single(verb, future, quiet, lasting), patient=patient)
        except OptdeskError as error:
            future.set_exception(error)
        return future

    def write_many(self, verb: BatchVerb[ItemT, AnswerT], item: ItemT, done: Done[AnswerT]) -> None:
        """Hands an item to a batch verb, together with the others that wait for it.

        `done` gets the item's result or the error, in the writer's thread, after the commit.

        Raises:
            StoreUnavailable: Too many wait already.
        """
        self._queue.put(Item(verb, item, done))

    def stands_at(self, seq: int) -> None:
        """Takes note of the place of a transaction that this process made otherwise."""
        self._seq = max(self._seq, seq)

    def close(self) -> None:
        """Finishes what waits and stops."""
        self._queue.close()
        self._thread.join()

    def _run(self) -> None:
        while True:
            if self._disk is not None:
                self._see_to_disk(self._disk)
            jobs = self._queue.take(trying=self._may_try)
            if not jobs and self._queue.over:
                break
            if jobs or self._may_try:
                self._serve(jobs)
        self._drop()

    @property
    def _may_try(self) -> bool:
        """Whether trying the store while nobody asks may tell that it works again."""
        return self._problem is not None and not isinstance(self._problem, StoreDamaged)

    def _serve(self, taken: list[Single | Item]) -> None:
        jobs = [job for job in taken if is_wanted(job)]
        if taken and not jobs:
            return
        try:
            made = self._insist(jobs)
        except (OptdeskError, SQLAlchemyError, OSError) as error:
            # Never again on this connection: after a failed commit its state is unknown.
            self._drop()
            self._problem = problem = self._diagnosis(error)
            self._watcher.failed(problem)
            held = is_held(error) and isinstance(problem, StoreUnavailable)
            for job in self._out_of_time(jobs) if held else jobs:
                answer(job, problem)
            if held:
                # However soon it is told so again, this makes no busy loop.
                time.sleep(engine.SELDOM_SECONDS)
            return
        if self._problem is not None:
            self._problem = None
            self._watcher.recovered()
        self._queue.rest()
        # The screen's refresh and the answers wait for nothing else from here on.
        if not self._leave_to_disk(made):
            answer_all(made.answers)
        if made.seq is not None:
            self._watcher.committed(made.seq, followed=all_followed(in_units(jobs)))
        if self._queue.hurries and self._may_open_disk:
            self._open_disk()
        if self._watches_log and time.monotonic() >= self._log_seen + LOG_SECONDS:
            self._log_seen = time.monotonic()
            self._see_to_log()

    def _out_of_time(self, jobs: list[Single | Item]) -> list[Single | Item]:
        """Those of a store that is held who have waited long enough; the others wait on."""
        latest = time.monotonic() - engine.BUSY_SECONDS + _NEARLY
        self._queue.put_back([job for job in jobs if job.since > latest])
        return [job for job in jobs if job.since <= latest]

    def _patience(self, units: Sequence[Single | list[Item]]) -> float | None:
        """How long the next transaction may wait for another program; None for as long as usual.

        Who came while the one before it waited in vain has waited for that long already.
        """
        if self._problem is None or not units:
            return None
        firsts = [unit if isinstance(unit, Single) else unit[0] for unit in units]
        waited = time.monotonic() - min(job.since for job in firsts)
        left = max(0.0, engine.BUSY_SECONDS - waited)
        if any(isinstance(job, Single) and job.patient for job in firsts):
            # It is alone, and tried again; leads that come meanwhile do not wait behind it.
            return min(left, _GLANCE_SECONDS)
        return left

    def _open_disk(self) -> None:
        """Opens the line to the disk; without it each transaction waits by itself."""
        # The driver is there by now; for a file it is never needed.
        from storage.flushing import DiskLine

        self._may_open_disk = False
        try:
            disk = DiskLine(self._engine, answer_all)
        except SQLAlchemyError:
            return
        self._disk = disk
        watch_beside(self._connection(), disk.socket, disk.look)

    def _leave_to_disk(self, made: _Made) -> bool:
        """Has a transaction answered once it is on the disk, behind those before it."""
        if self._disk is None:
            return False
        if made.flushed:
            self._disk.settle()
        if made.synced and not self._disk.backlog:
            return False
        self._disk.leave(made.answers)
        return True

    def _see_to_disk(self, disk: DiskLine[Answers]) -> None:
        if not self._queue.hurries:
            disk.wait()
        if disk.failure is not None:
            self._drop()

    def _lose(self, disk: DiskLine[Answers], why: StatementError) -> None:
        """Tells those whose transaction is perhaps not on the disk."""
        self._problem = problem = self._diagnosis(why)
        self._watcher.failed(problem)
        for answers in disk.backlog:
            answer_all([(job, problem) for job, _ in answers])

    def _see_to_log(self) -> None:
        """Has SQLite's log copied beside what comes next, where it is long."""
        try:
            pages, left = pages_of_log(self._connection())
            due = COPY_PAGES if self._log_seen < self._log_copied + AGAIN_SECONDS else 1
            if pages >= COPY_PAGES and left >= due:
                self._log = self._log or LogCopier(self._engine, self._watcher.check)
                self._log.copy()
                self._log_copied = self._log_seen
        except (OptdeskError, SQLAlchemyError):
            # The next transaction meets with it as well, and tells of it.
            return

    def _insist(self, jobs: list[Single | Item]) -> _Made:
        """Runs jobs, again where the server chose this transaction to give way to another."""
        for _ in range(MOST_ATTEMPTS - 1):
            try:
                return self._transaction(jobs)
            except DBAPIError as error:
                if not gave_way(error):
                    raise
                self._watcher.undone()
                self._drop()
        return self._transaction(jobs)

    def _diagnosis(self, error: Exception) -> OptdeskError:
        try:
            self._watcher.check()
        except OptdeskError as found:
            return found  # What the driver met with is only what came of it.
        return explain(error, self._name)

    def _transaction(self, jobs: list[Single | Item]) -> _Made:
        """Runs jobs and commits.

        None has a savepoint until one of them fails, which few do: then all are run again, each
        within its own.
        """
        units = in_units(jobs)
        try:
            return self._attempt(units, guarded=False)
        except Failed as failed:
            wrong = was_wrong(self._connection(), failed.cause)
            if not wrong or any(isinstance(job, Single) for job in jobs):
                self._watcher.undone()
            if wrong:
                # The next one asks.
                return self._transaction(jobs)
            if len(jobs) == 1:
                return _Made([(jobs[0], failed.cause)])
            return self._attempt(units, guarded=True)

    def _attempt(self, units: Sequence[Single | list[Item]], *, guarded: bool) -> _Made:
        conn = self._connection()
        postgresql = is_postgresql(conn)
        lasting = not units or any(isinstance(unit, list) or unit.lasting for unit in units)
        if not postgresql:
            self._sync(conn, lasting=lasting)
        behind = flushed = False
        patience = self._patience(units)
        if not postgresql:
            wait_at_most(conn, engine.BUSY_SECONDS if patience is None else patience)
        with conn.begin() as transaction:
            if postgresql:
                begin(conn, aside=self._aside, lasting=lasting, patience=patience)
            if isinstance(self._problem, StoreDamaged):
                self._watcher.probe(conn)
            before = 0 if postgresql else changes_so_far(conn)
            answers = run_units(conn, units, guarded=guarded)
            self._watcher.check()
            quiet = bool(units) and all(is_quiet(job, result) for job, result in answers)
            followed = all_followed(units)
            if postgresql:
                if followed:
                    # Its place is known only with the commit. Where another process comes
                    # between, screens look once more than they need to.
                    self._watcher.committing(self._seq + 1)
                if self._aside:
                    seq = commit_aside(conn, quiet=quiet, trial=not units, guarded=guarded)
                else:
                    behind = lasting and self._may_leave(conn)
                    seq = commit(conn, behind=behind, quiet=quiet, trial=not units, guarded=guarded)
                    # With a place it has written, so its commit has waited.
                    flushed = lasting and not behind and seq is not None
                if followed and seq is None:
                    self._watcher.committing(None)
            elif units and changes_so_far(conn) == before:
                transaction.rollback()
                return _Made(answers)
            else:
                seq = None if quiet else next_place(conn)
                if followed:
                    self._watcher.committing(seq)
            self._seq = seq or self._seq
        self._watcher.check()
        return _Made(answers, seq, synced=not behind, flushed=flushed)

    def _may_leave(self, conn: Connection) -> bool:
        """Whether a transaction need not wait for the disk by itself: only where others wait."""
        disk = self._disk
        if disk is None or disk.failure is not None or must_sync_at_once(conn):
            return False
        return self._queue.hurries and len(disk.backlog) < MOST_UNSYNCED

    def _connection(self) -> Connection:
        if self._conn is None:
            self._watcher.check()
            self._conn = self._engine.connect()
            if is_postgresql(self._conn):
                begin_by_hand(self._conn)
        return self._conn

    def _sync(self, conn: Connection, *, lasting: bool) -> None:
        """Says whether SQLite waits for the disk when it commits."""
        if self._lasting is not lasting:
            level = "FULL" if lasting else "NORMAL"
            fetch(conn, f"PRAGMA synchronous = {level}")
            self._lasting = lasting

    def _drop(self) -> None:
        conn, self._conn = self._conn, None
        disk, self._disk = self._disk, None
        log, self._log = self._log, None
        self._lasting = True
        self._may_open_disk = disk is not None or self._may_open_disk
        if disk is not None:
            disk.wait()
            disk.close()
            if disk.failure is not None and disk.backlog:
                self._lose(disk, disk.failure)
        if log is not None:
            log.close()
        if conn is not None:
            try:
                conn.invalidate()
                conn.close()
            except SQLAlchemyError:
                return
