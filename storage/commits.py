"""How a transaction of the writer begins and ends on either store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, StatementError

from storage import guesses, handovers
from storage.driver import begin_with, end_with, fetch, send_end
from storage.jobs import Failed, spoils_all

_BUMP = "UPDATE store_state SET seq = seq + 1 WHERE id = 1 RETURNING seq"
_TELL = "WITH bumped AS ({}) SELECT seq, pg_notify('optdesk', seq::text) FROM bumped"
_BUMP_AND_NOTIFY = _TELL.format(_BUMP)
_BUMP_AFTER_CHANGES = _TELL.format(
    _BUMP.replace("id = 1", "id = 1 AND pg_current_xact_id_if_assigned() IS NOT NULL")
)
_WROTE = "SELECT pg_current_xact_id_if_assigned() IS NOT NULL"
WRITE_LOCK = "SELECT pg_advisory_xact_lock(7164038)"
"""One writer at a time also on a server, so that sequence, chain and counters follow the order of
commits, and no two verbs can deadlock. An advisory lock, because locking a row would count as a
write of its own."""

_UNSYNCED = "SET LOCAL synchronous_commit = off"
"""For a step of something long: the commit that ends it has all of them on the disk. And for what
another line waits for."""


def begin(
    conn: Connection,
    *,
    aside: bool,
    lasting: bool,
    apart: bool = False,
    guarded: bool = False,
    patience: float | None = None,
) -> None:
    """Begins a transaction on PostgreSQL, with the first thing that it asks for.

    Args:
        conn: No transaction is open there.
        aside: It takes no write lock.
        lasting: Its commit waits for the disk.
        apart: It needs no handover spelled out; nor does one that is aside.
        guarded: What fails in it fails by itself, so nothing in it rests on a guess.
        patience: Seconds to wait for others; None for as long as usual.
    """
    lock = [] if aside else [WRITE_LOCK]
    if patience is not None:
        # None at all would be without end.
        lock.insert(0, f"SET LOCAL lock_timeout = {max(1, int(patience * 1000))}")
    guesses.begun(conn, asking=guarded)
    handovers.begun(conn, apart=apart and not aside)
    spelling_out = () if aside or apart else handovers.SPELLING_OUT
    begin_with(conn, "BEGIN", *lock, *([] if lasting else [_UNSYNCED]), *spelling_out)


def next_place(conn: Connection) -> int:
    """The place of a transaction on SQLite, which is about to be committed."""
    return int(fetch(conn, _BUMP)[0][0])


def commit(
    conn: Connection, *, behind: bool, quiet: bool, trial: bool, guarded: bool
) -> int | None:
    """Ends a transaction on PostgreSQL; returns its place, or None where it told nobody.

    Args:
        conn: The transaction.
        behind: Somebody else waits until it is on the disk.
        quiet: It does not count as a change.
        trial: It changes nothing else: only a commit that writes tells that the disk has room.
        guarded: What was put off in it was sent before.

    Raises:
        Failed: What was put off failed by itself; the transaction is to be undone.
    """
    bump = [] if quiet else [_BUMP_AND_NOTIFY if trial else _BUMP_AFTER_CHANGES]
    how = [_UNSYNCED] if behind else []
    bumped, *_ = _end(conn, [*bump, *how, "COMMIT"], guarded=guarded)
    guesses.committed(conn)
    return int(bumped[0][0]) if bumped else None


def send_commit(
    conn: Connection,
    ended: Callable[[int | None, bool, StatementError | None], None],
    *,
    behind: bool,
    quiet: bool,
) -> None:
    """The same as `commit` without waiting for it; not for a trial or where others failed.

    Args:
        conn: The transaction. The next one may begin at once.
        ended: Told its place, or why it failed and whether a wrong guess was the reason, while
            something else is waited for. Where one fails, all that were sent behind it do.
        behind: Somebody else waits until it is on the disk.
        quiet: It does not count as a change.
    """
    bump = [] if quiet else [_BUMP_AFTER_CHANGES]
    how = [_UNSYNCED] if behind else []
    rested = guesses.sent(conn)

    def came(answers: list[list[tuple[Any, ...]]], error: StatementError | None) -> None:
        wrong = guesses.came(conn, error, rested=rested)
        bumped = answers[0] if bump and answers else ()
        ended(int(bumped[0][0]) if bumped else None, wrong, error)

    try:
        send_end(conn, came, *bump, *how, "COMMIT")
    except DBAPIError as error:
        guesses.came(conn, error, rested=rested)
        if spoils_all(error):
            raise
        raise Failed(error) from error


def commit_aside(conn: Connection, *, quiet: bool, trial: bool, guarded: bool) -> int | None:
    """The same for a transaction without the write lock: it gets its place after its commit.

    Within it, it would hold the row of all places while it waits for who holds the write lock.
    """
    wrote, _ = _end(conn, [_WROTE, "COMMIT"], guarded=guarded)
    if quiet or not (wrote[0][0] or trial):
        return None
    # Of what it counts, all is on the disk; where it stands need not be.
    _, _, ((place, _),), _ = end_with(conn, "BEGIN", _UNSYNCED, _BUMP_AND_NOTIFY, "COMMIT")
    return int(place)


def _end(
    conn: Connection, statements: Sequence[str], *, guarded: bool
) -> list[list[tuple[Any, ...]]]:
    try:
        return end_with(conn, *statements)
    except DBAPIError as error:
        if guarded or spoils_all(error):
            raise
        raise Failed(error) from error
