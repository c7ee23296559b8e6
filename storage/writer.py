"""Group commit: one thread writes; those who wait share one transaction and one sync."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import Engine
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError, StatementError

from storage import engine
from storage.bell import Bell
from storage.commits import begin, commit, commit_aside, next_place, send_commit
from storage.dialects import changes_so_far, is_postgresql
from storage.driver import (
    begin_by_hand,
    fetch,
    has_ended,
    must_sync_at_once,
    rest,
    start_over,
    undo,
    wait_for_ends,
    waits_briefly,
    watch_beside,
)
from storage.engine import tells_of_its_log, wait_at_most
from storage.errors import OptdeskError, StoreDamaged, StoreTooNew, StoreUnavailable
from storage.faults import explain, gave_way, is_held
from storage.guesses import was_wrong
from storage.job_queue import JobQueue
from storage.jobs import (
    Answers,
    Failed,
    HeldUp,
    Item,
    Overtaken,
    Single,
    all_apart,
    all_followed,
    answer,
    answer_all,
    are_quiet,
    in_units,
    is_wanted,
    lasts,
    run_units,
    spoils_all,
)
from storage.log_copying import LogKeeper
from storage.transactions import Made, Sent
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

MOST_SENT = 3
"""Transactions that PostgreSQL may have at once: one that it works on, and those that follow."""

FEW = 3
"""Jobs that are no crowd."""

LEAST_BESIDE = 8
"""Jobs that go on their way beside those that are not back yet. Fewer wait for more, at the longest
until those are: each transaction costs as much as several leads."""

GATHER_SECONDS = 0.003
"""How long fewer wait at most once PostgreSQL has nothing to do but to wait for its disk."""


class Writer:
    """A hand of this process that writes to the store; all but couriers of webhooks share one.

    Args:
        engine: Its transactions take the write lock when they begin.
        name: The store's name in sentences.
        watcher: Told of each commit and failure, in the writer's thread.
        aside: On PostgreSQL its transactions take no write lock, unless a verb takes it at its end:
            for what has a lock of its own. It says nothing of the store's health.
    """

    def __init__(self, engine: Engine, name: str, watcher: Watcher, *, aside: bool = False) -> None:
        self._engine = engine
        self._aside = aside
        self._name = name
        self._watcher = watcher
        server = engine.dialect.name == "postgresql"
        self._on_server = server
        self._bell = Bell() if server else None
        self._queue = JobQueue(name, 0.0 if server else REST_SECONDS, self._bell)
        self._conn: Connection | None = None
        self._lasting = True
        """Whether the connection waits for the disk with each commit, as it does at first."""
        self._disk: DiskLine[Answers] | None = None
        """Waits for PostgreSQL's disk while this goes on, once others have had to wait."""
        self._may_open_disk = server and not aside
        self._sent: deque[Sent] = deque()
        """Transactions on PostgreSQL of whose end nothing is known, the oldest first."""
        self._last_end = 0.0
        """When the last of them had ended."""
        self._failed: list[Sent] = []
        """Those that were found to have failed."""
        watches_log = engine.dialect.name == "sqlite" and tells_of_its_log()
        self._log = LogKeeper(engine, watcher.check) if watches_log else None
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
        apart: bool = False,
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
            apart: It needs no handover spelled out; see `storage.handovers`.
        """
        future: Future[T] = Future()
        try:
            self._queue.put(Single(verb, future, quiet, lasting, apart=apart), patient=patient)
        except OptdeskError as error:
            future.set_exception(error)
        return future

    def write_many(self, *items: Item) -> None:
        """Hands items to their batch verbs, together with the others that wait for them.

        Raises:
            StoreUnavailable: Too many wait already.
        """
        self._queue.put(*items)

    def stands_at(self, seq: int) -> None:
        """Takes note of the place of a transaction that this process made otherwise."""
        self._seq = max(self._seq, seq)

    def close(self) -> None:
        """Finishes what waits and stops."""
        self._queue.close()
        self._thread.join()

    def _run(self) -> None:
        while True:
            if self._disk is not None and self._disk.failure is not None:
                self._leave_disk()
            if self._bell is not None and self._is_awaited:
                # On the server or on its way to the disk: what comes meanwhile goes beside it.
                room = len(self._sent) < MOST_SENT
                jobs = self._queue.take_if(self._least) if room else []
                if not jobs:
                    self._rest(self._bell)
                    continue
            else:
                jobs = self._queue.take(trying=self._may_try)
                if not jobs and self._queue.over:
                    break
                if self._on_server and self._conn is not None and has_ended(self._conn):
                    # It was started anew, or ended what rested for long. Nothing is lost with it.
                    self._drop()
            wanted = [job for job in jobs if is_wanted(job)]
            if wanted or (not jobs and self._may_try):
                self._serve(wanted)
        self._drop()
        if self._bell is not None:
            self._bell.close()

    @property
    def _is_awaited(self) -> bool:
        """Whether something was handed to PostgreSQL that is not answered yet."""
        return bool(self._sent) or (self._disk is not None and bool(self._disk.backlog))

    @property
    def _may_try(self) -> bool:
        """Whether trying the store while nobody asks may tell that it works again."""
        return self._problem is not None and not isinstance(self._problem, StoreDamaged)

    @property
    def _least(self) -> int:
        """How many jobs are enough for a transaction beside those that are not back yet."""
        gathers = self._sent or time.monotonic() < self._last_end + GATHER_SECONDS
        return LEAST_BESIDE if gathers else 1

    def _rest(self, bell: Bell) -> None:
        """Waits until something has come back from the server, or others want to go."""
        try:
            rest(self._connection(), bell.socket, None if self._sent else GATHER_SECONDS)
            bell.silence()
            if self._failed:
                self._start_over()
        except (OptdeskError, SQLAlchemyError, OSError) as error:
            self._fail(error, [])

    def _serve(self, jobs: list[Single | Item], *, wait: bool = False) -> None:
        """Runs jobs in a transaction and sees that they are answered.

        Args:
            jobs: What goes together.
            wait: For the transaction's end.
        """
        try:
            made = self._insist(jobs, wait=wait)
        except Overtaken:
            try:
                self._start_over()
            except (OptdeskError, SQLAlchemyError, OSError) as error:
                self._fail(error, jobs)
            else:
                self._serve(jobs)
            return
        except (OptdeskError, SQLAlchemyError, OSError) as error:
            self._fail(error, jobs)
            return
        if self._problem is not None:
            self._problem = None
            if not self._aside:
                self._watcher.recovered()
        if made is not None:
            self._queue.rest()
            # The screen's refresh and the answers wait for nothing else from here on.
            if not self._leave_to_disk(made):
                answer_all(made.answers)
            if made.seq is not None:
                self._watcher.committed(made.seq, followed=all_followed(in_units(jobs)))
        if self._queue.hurries and self._may_open_disk:
            self._open_disk()
        if self._log is not None:
            self._see_to_log(self._log)

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

    def _fail(self, error: Exception, jobs: list[Single | Item]) -> None:
        """Answers who waits for a transaction that the store has failed."""
        # Never again on this connection: after a failed commit its state is unknown.
        jobs = [*(job for sent in (*self._failed, *self._sent) for job in sent.jobs), *jobs]
        self._failed.clear()
        self._sent.clear()
        self._drop()
        self._problem = problem = self._diagnosis(error)
        if self._aside:
            # Whether the store works, who takes the leads in finds out. It may lack a connection.
            self._watcher.undone()
        else:
            self._watcher.failed(problem)
        held = is_held(error) and isinstance(problem, StoreUnavailable)
        for job in self._out_of_time(jobs) if held else jobs:
            answer(job, problem)
        if held:
            # However soon it is told so again, this makes no busy loop.
            time.sleep(engine.SELDOM_SECONDS)

    def _start_over(self) -> None:
        """Runs again, one after the other, what failed after nobody had waited for it.

        Raises:
            DBAPIError: It is the store that failed.
        """
        conn = self._connection()
        with suppress(Overtaken):
            wait_for_ends(conn)
        failed = [*self._failed]
        first = failed[0]
        error = None if first.wrong else first.error
        if error is not None and spoils_all(error) and not gave_way(error):
            raise error
        start_over(conn)
        self._failed.clear()
        if not first.wrong or any(isinstance(job, Single) for sent in failed for job in sent.jobs):
            self._watcher.undone()
        for sent in failed:
            self._serve(sent.jobs, wait=True)

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

    def _leave_to_disk(self, made: Made) -> bool:
        """Has a transaction answered once it is on the disk, behind those before it."""
        if self._disk is None:
            return False
        if made.flushed:
            self._disk.settle()
        if made.synced and not self._disk.backlog:
            return False
        self._disk.leave(made.answers)
        return True

    def _leave_disk(self) -> None:
        """Lets go of a line to the disk that has ended.

        Whoever was to be brought there by it is perhaps not there. Who waits for the disk by
        himself is, and so are all before him.
        """
        try:
            if self._sent:
                with suppress(Overtaken):
                    wait_for_ends(self._connection())
            if self._failed:
                self._start_over()
        except (OptdeskError, SQLAlchemyError, OSError) as error:
            self._fail(error, [])
        self._drop()

    def _lose(self, disk: DiskLine[Answers], why: StatementError) -> None:
        """Tells those whose transaction is perhaps not on the disk."""
        self._problem = problem = self._diagnosis(why)
        self._watcher.failed(problem)
        for answers in disk.backlog:
            answer_all([(job, problem) for job, _ in answers])

    def _see_to_log(self, log: LogKeeper) -> None:
        try:
            log.see_to(self._connection())
        except (OptdeskError, SQLAlchemyError):
            # The next transaction meets with it as well, and tells of it.
            return

    def _insist(self, jobs: list[Single | Item], *, wait: bool) -> Made | None:
        """Runs jobs, again where the server chose this transaction to give way to another."""
        for _ in range(MOST_ATTEMPTS - 1):
            try:
                return self._transaction(jobs, wait=wait)
            except DBAPIError as error:
                if not gave_way(error):
                    raise
                self._watcher.undone()
                self._drop()
        return self._transaction(jobs, wait=wait)

    def _diagnosis(self, error: Exception) -> OptdeskError:
        try:
            self._watcher.check()
        except OptdeskError as found:
            return found  # What the driver met with is only what came of it.
        return explain(error, self._name)

    def _transaction(self, jobs: list[Single | Item], *, wait: bool) -> Made | None:
        """Runs jobs and commits; None where the end of it is not waited for.

        None of them has a savepoint until one fails, which few do: then all are run again, each
        within its own.
        """
        units = in_units(jobs)
        try:
            if self._on_server:
                return self._attempt_there(jobs, units, guarded=False, wait=wait)
            return self._attempt(units, guarded=False)
        except Failed as failed:
            if isinstance(failed.cause, Overtaken):
                raise failed.cause from None
            wrong = was_wrong(self._connection(), failed.cause)
            if not wrong or any(isinstance(job, Single) for job in jobs):
                self._watcher.undone()
            if wrong:
                # The next one asks.
                return self._transaction(jobs, wait=wait)
            if len(jobs) == 1:
                return Made([(jobs[0], failed.cause)])
            if self._on_server:
                wait_for_ends(self._connection())
                return self._attempt_there(jobs, units, guarded=True, wait=True)
            return self._attempt(units, guarded=True)

    def _attempt(self, units: Sequence[Single | list[Item]], *, guarded: bool) -> Made:
        """Runs jobs in a transaction on SQLite and commits."""
        conn = self._connection()
        self._sync(conn, lasting=lasts(units))
        patience = self._patience(units)
        wait_at_most(conn, engine.BUSY_SECONDS if patience is None else patience)
        with conn.begin() as transaction:
            self._probe(conn)
            before = changes_so_far(conn)
            answers = run_units(conn, units, guarded=guarded)
            self._watcher.check()
            if units and changes_so_far(conn) == before:
                transaction.rollback()
                return Made(answers)
            seq = None if are_quiet(units, answers) else next_place(conn)
            if all_followed(units):
                self._watcher.committing(seq)
            self._seq = seq or self._seq
        self._watcher.check()
        return Made(answers, seq)

    def _attempt_there(
        self,
        jobs: list[Single | Item],
        units: Sequence[Single | list[Item]],
        *,
        guarded: bool,
        wait: bool,
    ) -> Made | None:
        """The same on PostgreSQL; None where its end is not waited for."""
        conn, lasting = self._connection(), lasts(units)
        try:
            patience = self._patience(units)
            begin(
                conn,
                aside=self._aside,
                lasting=lasting,
                apart=all_apart(units),
                guarded=guarded,
                patience=patience,
            )
            self._probe(conn)
            answers = run_units(conn, units, guarded=guarded)
            quiet, followed = are_quiet(units, answers), all_followed(units)
            if followed:
                # Its place is known only with the commit. Where another process comes
                # between, screens look once more than they need to.
                self._watcher.committing(self._seq + len(self._sent) + 1)
            if self._aside:
                seq = commit_aside(conn, quiet=quiet, trial=not units, guarded=guarded)
                self._seq = seq or self._seq
                return Made(answers, seq)
            at_once = must_sync_at_once(conn)
            behind = lasting and not at_once and self._may_leave(len(jobs))
            if lasting and units and not (guarded or wait or at_once or self._problem):
                sent = Sent(jobs, answers, behind, followed)
                send_commit(conn, partial(self._ended, sent), behind=behind, quiet=quiet)
                self._sent.append(sent)
                return None
            seq = commit(conn, behind=behind, quiet=quiet, trial=not units, guarded=guarded)
        except BaseException as error:
            undo(conn)
            if waits_briefly(conn) and is_held(error):
                raise Failed(HeldUp()) from error
            raise
        if followed and seq is None:
            self._watcher.committing(None)
        self._seq = seq or self._seq
        # With a place it has written, so its commit has waited.
        flushed = lasting and not behind and seq is not None
        return Made(answers, seq, synced=not behind, flushed=flushed)

    def _ended(
        self, sent: Sent, seq: int | None, wrong: bool, error: StatementError | None
    ) -> None:
        """Takes note of the end of a transaction that nobody waited for."""
        self._sent.popleft()
        self._last_end = time.monotonic()
        sent.wrong, sent.error = wrong, error
        if error is not None:
            self._failed.append(sent)
            return
        self._seq = seq or self._seq
        flushed = not sent.behind and seq is not None
        made = Made(sent.answers, seq, synced=not sent.behind, flushed=flushed)
        if not self._leave_to_disk(made):
            answer_all(made.answers)
        if seq is not None:
            self._watcher.committed(seq, followed=sent.followed)

    def _probe(self, conn: Connection) -> None:
        if isinstance(self._problem, StoreDamaged | StoreTooNew):
            self._watcher.probe(conn)

    def _may_leave(self, count: int) -> bool:
        """Whether a transaction of so many need not wait for the disk by itself.

        Where nobody else is on the way, few have it sooner by waiting.
        """
        disk = self._disk
        if disk is None or disk.failure is not None:
            return False
        if count <= FEW and not self._sent and not self._queue.hurries:
            return False
        return len(disk.backlog) + len(self._sent) < MOST_UNSYNCED

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
        self._lasting = True
        self._may_open_disk = disk is not None or self._may_open_disk
        if disk is not None:
            disk.wait()
            disk.close()
            if disk.failure is not None and disk.backlog:
                self._lose(disk, disk.failure)
        if self._log is not None:
            self._log.close()
        if conn is not None:
            try:
                conn.invalidate()
                conn.close()
            except SQLAlchemyError:
                return
