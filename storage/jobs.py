"""What waits for a transaction: who asked for it, how it is run with others, how it is answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy.engine import Connection
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, StatementError

from storage.driver import savepoint

BatchT = TypeVar("BatchT", bound=Callable[..., Any])


@dataclass(slots=True)
class Single:
    """A verb, and the future that waits for it. See `Writer.write`."""

    verb: Callable[[Connection], Any]
    future: Future[Any]
    quiet: bool | Callable[[Any], bool] = False
    lasting: bool = True
    since: float = 0.0
    """When it began to wait, by a clock that nobody sets; if patient, when it was first tried."""
    patient: bool = False
    """What else waits goes first."""
    apart: bool = False
    """As `apart` says of a batch verb."""


@dataclass(slots=True)
class Item:
    """One of many that a batch verb takes together. See `Writer.write_many`."""

    verb: Callable[[Connection, Sequence[Any]], Sequence[Any]]
    item: Any
    done: Callable[[Any], None]
    since: float = 0.0
    """As above."""


# Each job with what its verb returned or raised.
Answers = list[tuple[Single | Item, Any]]


class Failed(Exception):
    """A job failed that had no savepoint: nothing of its transaction is to be kept."""

    def __init__(self, cause: Exception) -> None:
        super().__init__()
        self.cause = cause


class Overtaken(Exception):
    """A transaction before this one has failed whose end was not waited for; nothing was sent."""


class HeldUp(Exception):
    """Others were in the way of a job that waits for them only for a moment; it was undone."""


def followed(verb: BatchT) -> BatchT:
    """Says of a batch verb that this process soon writes again because of it.

    Screens then look once for both commits: see `ChangeFeed.local_commit`.
    """
    verb.is_followed = True  # type: ignore[attr-defined]
    return verb


def apart(verb: BatchT) -> BatchT:
    """Says of a batch verb that it needs no handover spelled out; see `storage.handovers`."""
    verb.is_apart = True  # type: ignore[attr-defined]
    return verb


def urgent(verb: BatchT) -> BatchT:
    """Says of a batch verb that nothing which waits goes before it, such as a STOP."""
    verb.is_urgent = True  # type: ignore[attr-defined]
    return verb


def is_wanted(job: Single | Item) -> bool:
    """Whether nobody has cancelled a job; from here on nobody can."""
    if isinstance(job, Item) or job.future.running():
        return True
    return job.future.set_running_or_notify_cancel()


def is_urgent(job: Single | Item) -> bool:
    """Whether nothing that waits goes before it."""
    return isinstance(job, Item) and getattr(job.verb, "is_urgent", False)


def is_quiet(job: Single | Item, result: Any) -> bool:
    """Whether a job with this result does not count as a change."""
    if isinstance(job, Item):
        return False
    if isinstance(job.quiet, bool):
        return job.quiet
    return isinstance(result, BaseException) or job.quiet(result)


def all_followed(units: Sequence[Single | list[Item]]) -> bool:
    """Whether this process soon writes again because of each of them."""
    verbs = (unit[0].verb for unit in units if isinstance(unit, list))
    return not any(isinstance(unit, Single) for unit in units) and all(
        getattr(verb, "is_followed", False) for verb in verbs
    )


def all_apart(units: Sequence[Single | list[Item]]) -> bool:
    """Whether none of them needs handovers to be spelled out."""
    return all(
        unit.apart if isinstance(unit, Single) else getattr(unit[0].verb, "is_apart", False)
        for unit in units
    )


def lasts(units: Sequence[Single | list[Item]]) -> bool:
    """Whether the commit of what is run together waits for the disk."""
    return not units or any(isinstance(unit, list) or unit.lasting for unit in units)


def are_quiet(units: Sequence[Single | list[Item]], answers: Answers) -> bool:
    """Whether nothing of it counts as a change."""
    return bool(units) and all(is_quiet(job, result) for job, result in answers)


def answer_all(answers: Answers) -> None:
    """Answers all who waited for a transaction."""
    for job, result in answers:
        answer(job, result)


def answer(job: Single | Item, result: Any) -> None:
    """Hands its result or its error to who waits for a job."""
    if isinstance(job, Item):
        job.done(result)
    elif isinstance(result, BaseException):
        job.future.set_exception(result)
    else:
        job.future.set_result(result)


def in_units(jobs: Sequence[Single | Item]) -> list[Single | list[Item]]:
    """What is run as one: each single verb, then the items by their verb."""
    singles: list[Single | list[Item]] = []
    batches: dict[Any, list[Item]] = {}
    for job in jobs:
        if isinstance(job, Item):
            batches.setdefault(job.verb, []).append(job)
        else:
            singles.append(job)
    return [*singles, *batches.values()]


def run_units(conn: Connection, units: Sequence[Single | list[Item]], *, guarded: bool) -> Answers:
    """Runs jobs in the open transaction.

    Args:
        conn: The transaction.
        units: What is run as one.
        guarded: Each within a savepoint, so that its failure is its own.

    Raises:
        Failed: One failed that had no savepoint.
        DBAPIError: The store failed.
    """
    answers: Answers = []
    for unit in units:
        if isinstance(unit, Single):
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
        Failed: It failed by itself; the transaction is to be undone.
    """
    try:
        return verb(conn, *what)
    except DBAPIError as error:
        if spoils_all(error):
            raise
        raise Failed(error) from error
    except Exception as error:
        raise Failed(error) from error


def _run_single(conn: Connection, verb: Callable[[Connection], Any]) -> Any:
    try:
        with savepoint(conn):
            return verb(conn)
    except DBAPIError as error:
        if spoils_all(error):
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
        if spoils_all(error):
            raise
        failure: Exception = error
    except Exception as error:  # noqa: BLE001 - handed to whoever waits for the item
        failure = error
    if len(items) == 1:
        return [failure]
    # One bad item must not take its neighbours with it.
    return [answer for item in items for answer in _run_batch(conn, verb, [item])]


def spoils_all(error: StatementError) -> bool:
    """Whether an error belongs to the store and not to one job's data."""
    return not isinstance(error, IntegrityError | DataError)
