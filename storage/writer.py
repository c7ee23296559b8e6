"""Group commit: one thread writes; those who wait share one transaction and one sync."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from sqlalchemy import Engine
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError

from storage.dialects import changes_so_far, is_postgresql
from storage.driver import begin_by_hand, begin_with, end_with, fetch, savepoint
from storage.errors import OptdeskError, StoreDamaged, StoreUnavailable
from storage.faults import explain, gave_way

T = TypeVar("T")
ItemT = TypeVar("ItemT")
AnswerT = TypeVar("AnswerT")

Verb = Callable[[Connection], T]
BatchVerb = Callable[[Connection, Sequence[ItemT]], Sequence[AnswerT]]
Done = Callable[[AnswerT | BaseException], None]

MOST_WAITING = 20_000
"""Jobs that may wait; more are refused, so that an overload is answered and not hoarded."""

MOST_AT_ONCE = 500
"""Jobs in one transaction, so that none waits for an endless one."""

MOST_BESIDE_URGENT = 100
"""The same where one of them cannot wait."""

MOST_PASSED_OVER = 3
"""How many transactions may go before a job that is patient."""

REST_SECONDS = 0.001
"""How long a SQLite store is left alone between two patient jobs: long enough for another process
that asks for it again and again, as SQLite makes them do."""

MOST_ATTEMPTS = 4
"""How often a transaction is tried that lost to another one on PostgreSQL."""

RETRY_SECONDS = 1.0
"""How often a store in trouble is tried while nobody asks."""

_BUMP = "UPDATE store_state SET seq = seq + 1 WHERE id = 1 RETURNING seq"
_TELL = "WITH bumped AS ({}) SELECT seq, pg_notify('optdesk', seq::text) FROM bumped"
_BUMP_AND_NOTIFY = _TELL.format(_BUMP)
_BUMP_AFTER_CHANGES = _TELL.format(
    _BUMP.replace("id = 1", "id = 1 AND pg_current_xact_id_if_assigned() IS NOT NULL")
)
_WROTE = "SELECT pg_current_xact_id_if_assigned() IS NOT NULL"
_BEGIN_LOCKED = ("BEGIN", "SELECT pg_advisory_xact_lock(7164038)")
"""One writer at a time also on a server, so that sequence, chain and counters follow the order of
commits, and no two verbs can deadlock. An advisory lock, because locking a row would count as a
write of its own."""


_UNSYNCED = "SET LOCAL synchronous_commit = off"
"""For a step of something long: the commit that ends it has all of them on the disk."""


BatchT = TypeVar("BatchT", bound=Callable[..., Any])


def followed(verb: BatchT) -> BatchT:
    """Says of a batch verb that this process soon writes again because of it.

    Screens then look once for both commits: see `ChangeFeed.local_commit`.
    """
    verb.is_followed = True  # type: ignore[attr-defined]
    return verb


def urgent(verb: BatchT) -> BatchT:
    """Says of a batch verb that nothing which waits goes before it, such as a STOP."""
    verb.is_urgent = True  # type: ignore[attr-defined]
    return verb


class Watcher(Protocol):
    """Whom the writer tells what became of its transactions."""

    def check(self) -> None:
        """Raises a StoreError when the store must not be written, such as a replaced file."""

    def probe(self, conn: Connection) -> None:
        """Raises a StoreError while a store that was found damaged still is."""

    def committing(self, seq: int | None) -> None:
        """A transaction that another soon follows is about to be committed, or is not."""

    def undone(self) -> None:
        """Something was undone, and is tried again: what was read in it may never have been."""

    def committed(self, seq: int, *, followed: bool) -> None:
        """A transaction that wrote something is durable; `seq` is its place in the store."""

    def failed(self, error: OptdeskError) -> None:
        """A transaction failed; nothing of it is stored."""

    def recovered(self) -> None:
        """The store takes transactions again."""


@dataclass(slots=True)
class _Single:
    verb: Callable[[Connection], Any]
    future: Future[Any]
    quiet: bool | Callable[[Any], bool] = False
    lasting: bool = True


@dataclass(slots=True)
class _Item:
    verb: Callable[[Connection, Sequence[Any]], Sequence[Any]]
    item: Any
    done: Callable[[Any], None]


class _Failed(Exception):
    """A job failed that had no savepoint: nothing of its transaction is to be kept."""

    def __init__(self, cause: Exception) -> None:
        super().__init__()
        self.cause = cause


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
        self._jobs: list[_Single | _Item] = []
        self._urgent = 0
        """How many of them are."""
        self._patient: deque[_Single] = deque()
        self._passed_over = 0
        self._patient_after = 0.0
        self._rest = 0.0 if engine.dialect.name == "postgresql" else REST_SECONDS
        self._wake = threading.Condition()
        self._closing = False
        self._conn: Connection | None = None
        self._lasting = True
        """Whether the connection waits for the disk with each commit, as it does at first."""
        self._problem: OptdeskError | None = None
        self._seq = 0
        """The place of the newest transaction."""
        self._thread = threading.Thread(target=self._run, name="optdesk-writer", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many jobs wait for a transaction."""
        return len(self._jobs) + len(self._patient)

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
            self._put(_Single(verb, future, quiet, lasting), patient=patient)
        except OptdeskError as error:
            future.set_exception(error)
        return future

    def write_many(self, verb: BatchVerb[ItemT, AnswerT], item: ItemT, done: Done[AnswerT]) -> None:
        """Hands an item to a batch verb, together with the others that wait for it.

        `done` gets the item's result or the error, in the writer's thread, after the commit.

        Raises:
            StoreUnavailable: Too many wait already.
        """
        self._put(_Item(verb, item, done))

    def stands_at(self, seq: int) -> None:
        """Takes note of the place of a transaction that this process made otherwise."""
        self._seq = max(self._seq, seq)

    def close(self) -> None:
        """Finishes what waits and stops."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()

    def _put(self, job: _Single | _Item, *, patient: bool = False) -> None:
        with self._wake:
            if self._closing:
                raise StoreUnavailable(f"The store {self._name} is closing.")
            if patient and isinstance(job, _Single):
                self._patient.append(job)
                self._wake.notify()
                return
            if len(self._jobs) >= MOST_WAITING:
                raise StoreUnavailable(
                    f"The store {self._name} is overloaded.", "Send more slowly."
                )
            self._jobs.append(job)
            self._urgent += _is_urgent(job)
            if len(self._jobs) == 1:
                self._wake.notify()

    def _run(self) -> None:
        while True:
            with self._wake:
                jobs = self._next()
                if not jobs and self._closing:
                    break
            if jobs or self._may_try:
                self._serve(jobs)
        self._drop()

    def _next(self) -> list[_Single | _Item]:
        """Waits for jobs; none when the store is to be tried again or all is done."""
        while not self._jobs:
            rest = 0.0
            if self._patient:
                rest = self._patient_after - time.monotonic()
                if rest <= 0 or self._closing:
                    return [self._take_patient()]
            elif self._closing:
                return []
            elif self._may_try:
                rest = RETRY_SECONDS
            if not self._wake.wait(rest or None) and not self._patient:
                return []
        if self._patient and self._passed_over >= MOST_PASSED_OVER and not self._urgent:
            return [self._take_patient()]
        self._passed_over = self._passed_over + 1 if self._patient else 0
        most = MOST_AT_ONCE
        if self._urgent:
            most = MOST_BESIDE_URGENT
            self._jobs.sort(key=_is_urgent, reverse=True)
            self._urgent = max(0, self._urgent - most)
        jobs, self._jobs = self._jobs[:most], self._jobs[most:]
        return jobs

    @property
    def _may_try(self) -> bool:
        """Whether trying the store while nobody asks may tell that it works again."""
        return self._problem is not None and not isinstance(self._problem, StoreDamaged)

    def _take_patient(self) -> _Single:
        self._passed_over = 0
        return self._patient.popleft()

    def _serve(self, taken: list[_Single | _Item]) -> None:
        jobs = [job for job in taken if _wanted(job)]
        if taken and not jobs:
            return
        try:
            answers, seq = self._insist(jobs)
        except (OptdeskError, SQLAlchemyError, OSError) as error:
            # Never again on this connection: after a failed commit its state is unknown.
            self._drop()
            self._problem = problem = self._diagnosis(error)
            self._watcher.failed(problem)
            for job in jobs:
                _answer(job, problem)
            return
        if self._problem is not None:
            self._problem = None
            self._watcher.recovered()
        self._patient_after = time.monotonic() + self._rest
        # The screen's refresh and the answers wait for nothing else from here on.
        for job, result in answers:
            _answer(job, result)
        if seq is not None:
            self._watcher.committed(seq, followed=_all_followed(_units(jobs)))

    def _insist(
        self, jobs: list[_Single | _Item]
    ) -> tuple[list[tuple[_Single | _Item, Any]], int | None]:
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

    def _transaction(
        self, jobs: list[_Single | _Item]
    ) -> tuple[list[tuple[_Single | _Item, Any]], int | None]:
        """Runs jobs and commits; the sequence is None where nothing was written.

        None has a savepoint until one of them fails, which few do: then all are run again, each
        within its own.
        """
        units = _units(jobs)
        try:
            return self._attempt(units, guarded=False)
        except _Failed as failed:
            self._watcher.undone()
            if len(jobs) == 1:
                return [(jobs[0], failed.cause)], None
            return self._attempt(units, guarded=True)

    def _attempt(
        self, units: Sequence[_Single | list[_Item]], *, guarded: bool
    ) -> tuple[list[tuple[_Single | _Item, Any]], int | None]:
        conn = self._connection()
        postgresql = is_postgresql(conn)
        lasting = not units or any(isinstance(unit, list) or unit.lasting for unit in units)
        if not postgresql:
            self._sync(conn, lasting=lasting)
        with conn.begin() as transaction:
            if postgresql:
                lock = _BEGIN_LOCKED[: 1 if self._aside else None]
                begin_with(conn, *lock, *([] if lasting else [_UNSYNCED]))
            if isinstance(self._problem, StoreDamaged):
                self._watcher.probe(conn)
            before = 0 if postgresql else changes_so_far(conn)
            answers = _run_units(conn, units, guarded=guarded)
            self._watcher.check()
            quiet = bool(units) and all(_is_quiet(job, result) for job, result in answers)
            followed = _all_followed(units)
            if postgresql:
                if followed:
                    # Its place is known only with the commit. Where another process comes
                    # between, screens look once more than they need to.
                    self._watcher.committing(self._seq + 1)
                commit = _commit_aside if self._aside else _commit
                seq = commit(conn, quiet=quiet, trial=not units, guarded=guarded)
                if followed and seq is None:
                    self._watcher.committing(None)
            elif units and changes_so_far(conn) == before:
                transaction.rollback()
                return answers, None
            else:
                seq = None if quiet else int(fetch(conn, _BUMP)[0][0])
                if followed:
                    self._watcher.committing(seq)
            self._seq = seq or self._seq
        self._watcher.check()
        return answers, seq

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
        self._lasting = True
        if conn is not None:
            try:
                conn.invalidate()
                conn.close()
            except SQLAlchemyError:
                return


def _commit(conn: Connection, *, quiet: bool, trial: bool, guarded: bool) -> int | None:
    """Ends a transaction on PostgreSQL; returns its place, or None where it told nobody.

    Args:
        conn: The transaction.
        quiet: It does not count as a change.
        trial: It changes nothing else: only a commit that writes tells that the disk has room.
        guarded: What was put off in it was sent before.

    Raises:
        _Failed: What was put off failed by itself; the transaction is to be undone.
    """
    bump = [] if quiet else [_BUMP_AND_NOTIFY if trial else _BUMP_AFTER_CHANGES]
    bumped, *_ = _end(conn, [*bump, "COMMIT"], guarded=guarded)
    return int(bumped[0][0]) if bumped else None


def _commit_aside(conn: Connection, *, quiet: bool, trial: bool, guarded: bool) -> int | None:
    """The same for a transaction without the write lock: it gets its place after its commit.

    Within it, it would hold the row of all places while it waits for who holds the write lock.
    """
    wrote, _ = _end(conn, [_WROTE, "COMMIT"], guarded=guarded)
    if quiet or not (wrote[0][0] or trial):
        return None
    ((place,),) = end_with(conn, _BUMP_AND_NOTIFY)
    return int(place[0])


def _end(
    conn: Connection, statements: Sequence[str], *, guarded: bool
) -> list[list[tuple[Any, ...]]]:
    try:
        return end_with(conn, *statements)
    except DBAPIError as error:
        if guarded or _spoils_all(error):
            raise
        raise _Failed(error) from error


def _wanted(job: _Single | _Item) -> bool:
    """Whether nobody has cancelled a job; from here on nobody can."""
    return isinstance(job, _Item) or job.future.set_running_or_notify_cancel()


def _is_urgent(job: _Single | _Item) -> bool:
    return isinstance(job, _Item) and getattr(job.verb, "is_urgent", False)


def _is_quiet(job: _Single | _Item, result: Any) -> bool:
    if isinstance(job, _Item):
        return False
    if isinstance(job.quiet, bool):
        return job.quiet
    return isinstance(result, BaseException) or job.quiet(result)


def _all_followed(units: Sequence[_Single | list[_Item]]) -> bool:
    verbs = (unit[0].verb for unit in units if isinstance(unit, list))
    return not any(isinstance(unit, _Single) for unit in units) and all(
        getattr(verb, "is_followed", False) for verb in verbs
    )


def _answer(job: _Single | _Item, result: Any) -> None:
    if isinstance(job, _Item):
        job.done(result)
    elif isinstance(result, BaseException):
        job.future.set_exception(result)
    else:
        job.future.set_result(result)


def _units(jobs: Sequence[_Single | _Item]) -> list[_Single | list[_Item]]:
    """What is run as one: each single verb, then the items by their verb."""
    singles: list[_Single | list[_Item]] = []
    batches: dict[Any, list[_Item]] = {}
    for job in jobs:
        if isinstance(job, _Item):
            batches.setdefault(job.verb, []).append(job)
        else:
            singles.append(job)
    return [*singles, *batches.values()]


def _run_units(
    conn: Connection, units: Sequence[_Single | list[_Item]], *, guarded: bool
) -> list[tuple[_Single | _Item, Any]]:
    answers: list[tuple[_Single | _Item, Any]] = []
    for unit in units:
        if isinstance(unit, _Single):
            run_it = _run_single if guarded else _run_bare
            answers.append((unit, run_it(conn, unit.verb)))
        else:
            run_all = _run_batch if guarded else _run_bare
            results = run_all(conn, unit[0].verb, [job.item for job in unit])
            answers.extend(zip(unit, results, strict=True))
    return answers


def _run_bare(conn: Connection, verb: Callable[..., Any], *what: Any) -> Any:
    """Runs what has no savepoint.

    Raises:
        _Failed: It failed by itself; the transaction is to be undone.
    """
    try:
        return verb(conn, *what)
    except DBAPIError as error:
        if _spoils_all(error):
            raise
        raise _Failed(error) from error
    except Exception as error:
        raise _Failed(error) from error


def _run_single(conn: Connection, verb: Callable[[Connection], Any]) -> Any:
    try:
        with savepoint(conn):
            return verb(conn)
    except DBAPIError as error:
        if _spoils_all(error):
            raise
        return error
    except Exception as error:  # noqa: BLE001 - belongs to the caller, whose future carries it
        return error


def _run_batch(
    conn: Connection,
    verb: Callable[[Connection, Sequence[Any]], Sequence[Any]],
    items: list[Any],
) -> Sequence[Any]:
    try:
        with savepoint(conn):
            return verb(conn, items)
    except DBAPIError as error:
        if _spoils_all(error):
            raise
        failure: Exception = error
    except Exception as error:  # noqa: BLE001 - handed to whoever waits for the item
        failure = error
    if len(items) == 1:
        return [failure]
    # One bad item must not take its neighbours with it.
    return [answer for item in items for answer in _run_batch(conn, verb, [item])]


def _spoils_all(error: DBAPIError) -> bool:
    """Whether an error belongs to the store and not to one job's data."""
    return not isinstance(error, IntegrityError | DataError)
