"""What a server would answer, where nobody else has written: not asked for, but checked.

Of a batch of leads the writer knows nearly always beforehand what the store would say: it stands
where this writer left it, and nobody in the batch is known. Then a condition goes with what is
written, in the same turn as the commit, instead of a question in a turn before. Where it does not
hold, the transaction is undone and run again with the question.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from storage.driver import Written

_GUESSES = "optdesk guesses"

_LONGEST_PAUSE = 63
"""Transactions that ask in any case, after many wrong guesses one after the other."""

_WRONG = "22012"
"""The division by zero that ends a transaction: PostgreSQL's SQL has no other way to end one."""


class _Guesses:
    """Of one connection."""

    __slots__ = ("asks", "left", "next", "open", "pause", "state")

    def __init__(self) -> None:
        self.state: Any = None
        """What the last transaction left."""
        self.next: Any = None
        """What the open one leaves, once it is committed."""
        self.open = False
        """It rests on a guess."""
        self.asks = False
        """It must not."""
        self.pause = self.left = 0

    def fail(self) -> None:
        """The guess was wrong, or nobody will know: the next ones ask."""
        self.open = False
        self.left = self.pause = min(_LONGEST_PAUSE, 2 * self.pause + 1)


def _of(conn: Connection) -> _Guesses:
    found: _Guesses | None = conn.info.get(_GUESSES)
    if found is None:
        found = conn.info[_GUESSES] = _Guesses()
    return found


def _may(found: _Guesses) -> bool:
    if found.asks:
        return False
    if found.open or not found.left:
        return True
    found.left -= 1
    return False


def guess(conn: Connection) -> Any:
    """What `leave` was told in the transaction before; None where it is better to ask.

    It is given once. Whoever takes it puts `right_if` into the transaction.
    """
    found = conn.info.get(_GUESSES)
    if found is None:
        return None
    state, found.state = found.state, None
    if state is None or not _may(found):
        return None
    found.open = True
    return state


def may_guess(conn: Connection) -> bool:
    """Whether the open transaction may rest on something else that is checked in it."""
    found = _of(conn)
    found.open = found.open or _may(found)
    return found.open


def leave(conn: Connection, state: Any) -> None:
    """Says how the open transaction leaves the store; None where that is not known."""
    found = _of(conn)
    found.next = state
    if state is None:
        found.state = None


def begun(conn: Connection, *, asking: bool = False) -> None:
    """Notes that a transaction begins.

    Args:
        conn: Its connection.
        asking: Nothing in it is to rest on a guess: each of those who share it fails by itself, and
            a wrong guess would be the answer of who made it.
    """
    found = _of(conn) if asking else conn.info.get(_GUESSES)
    if found is None:
        return
    found.asks = asking
    found.next = None
    if found.open:
        # Nobody knows how the last one ended.
        found.fail()


def committed(conn: Connection) -> None:
    """Notes that it has ended well."""
    found = conn.info.get(_GUESSES)
    if found is None:
        return
    if found.next is not None:
        found.state = found.next
    if found.open:
        found.open, found.pause = False, 0


def sent(conn: Connection) -> bool:
    """Notes that nobody waits for the open transaction's end: the next one builds on it.

    Returns:
        Whether it rests on a guess. Once it has ended, `came` is to be told.
    """
    found = conn.info.get(_GUESSES)
    if found is None:
        return False
    rested, found.open = found.open, False
    if found.next is not None:
        found.state = found.next
    return bool(rested)


def came(conn: Connection, error: BaseException | None, *, rested: bool) -> bool:
    """Notes how a transaction ended that was `sent`; tells whether a wrong guess was its end."""
    found = conn.info.get(_GUESSES)
    if found is None:
        return False
    if error is None:
        if rested:
            found.pause = 0
        return False
    # Whatever was built on it is as wrong.
    found.state = found.next = None
    found.open = False
    wrong = rested and _is_wrong(error)
    if wrong:
        found.fail()
    return wrong


def right_if(condition: str) -> str:
    """What a statement selects that ends the transaction where a condition does not hold."""
    return f"1 / ({condition})::integer"


def all_of(count: int, writing: Written, *conditions: Written) -> Written:
    """A statement that writes so many rows, or else ends the transaction.

    Args:
        count: How many.
        writing: Writes them and returns them.
        conditions: What must hold beside; a condition's SQL and its values.
    """
    statement, values = writing
    right = right_if(" AND ".join(["count(*) = ?", *(condition for condition, _ in conditions)]))
    checked = f"WITH written AS ({statement}) SELECT {right} FROM written"  # noqa: S608 - ours
    return checked, (*values, count, *(one for _, each in conditions for one in each))


def was_wrong(conn: Connection, error: BaseException) -> bool:
    """Whether the open transaction failed because of a wrong guess; said once of each."""
    found = conn.info.get(_GUESSES)
    if found is None or not found.open or not _is_wrong(error):
        return False
    found.fail()
    return True


def _is_wrong(error: BaseException) -> bool:
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) == _WRONG
