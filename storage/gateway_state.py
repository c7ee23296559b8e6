"""How a gateway does: for every process to show, and for every courier to keep to.

Of several listeners on a store one finds out that a provider is in trouble, and one tries it with
a single text when the pause is over; the others wait for what comes of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.engine import Connection

from storage.dialects import upsert
from storage.driver import fetch
from storage.questions import Question, Rows, ask
from storage.rows import moment_of
from storage.seats import served_at
from storage.tables import WAITING, GatewayState
from storage.times import now

STALE = timedelta(minutes=5)
"""So long after its pause a gateway is no longer in trouble: nothing is being sent by it."""

PATIENCE = timedelta(seconds=30)
"""How long a text may be due before the question is who carries it."""

FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(seconds=60)
"""How long a gateway in trouble is left alone: twice as long as the trouble lasts already, and no
longer than a lead waits for its receipt, for it may be one text alone that is not taken."""

TRY_LASTS = timedelta(seconds=30)
"""How long others wait for what comes of a try; its courier may have been killed."""

NOBODY = "no listener runs on this store; start one with: optdesk serve"

_OLDEST = f"SELECT due_at FROM messages WHERE {WAITING} ORDER BY due_at, id LIMIT 1"  # noqa: S608

_states: Any = GatewayState.__table__  # type: ignore[attr-defined]
_STATES = "SELECT name, state, reason, until, changed_at FROM gateway_state"
_ALL = f"{_STATES} ORDER BY name"


@dataclass(frozen=True, slots=True)
class Circuit:
    """Whether texts are handed over to a gateway. `reason` may quote the provider: untrusted."""

    name: str
    state: str
    """`closed` (it works), `open` or `half_open`."""
    reason: str
    until: datetime | None
    """The end of the pause, or of the time that a try may take."""
    changed_at: datetime
    """Since when it works, or is in trouble."""

    @property
    def sentence(self) -> str:
        """A clause for a status line; empty while all is well."""
        return "" if self.state == "closed" else f"texts wait: {self.reason}"


def note(
    conn: Connection, name: str, state: str, reason: str = "", until: datetime | None = None
) -> None:
    """Writes down how a gateway does. Since when it is in trouble stays as it is, while it is."""
    _save(conn, _of(conn, name), Circuit(name, state, reason, until, now()))


def leave_alone(conn: Connection, name: str, reason: str) -> None:
    """Has every courier leave a gateway alone for a while, longer each time."""
    moment, known = now(), _of(conn, name)
    pause = FIRST_PAUSE
    if known is not None and known.state != "closed":
        pause = max(pause, min(LONGEST_PAUSE, 2 * (moment - known.changed_at)))
    _save(conn, known, Circuit(name, "open", reason, moment + pause, moment))


def _save(conn: Connection, known: Circuit | None, found: Circuit) -> None:
    goes_on = known is not None and "closed" not in (known.state, found.state)
    since = known.changed_at if known is not None and goes_on else found.changed_at
    conn.execute(
        upsert(conn, _states, ("name",), ("state", "reason", "until", "changed_at")),
        {
            "name": found.name,
            "state": found.state,
            "reason": found.reason,
            "until": found.until,
            "changed_at": since,
        },
    )


def works(conn: Connection, name: str) -> None:
    """Notes that a gateway takes texts."""
    known = _of(conn, name)
    if known is not None and known.state != "closed":
        note(conn, name, "closed")


def pause_of(conn: Connection, name: str) -> tuple[timedelta, str] | None:
    """How long a gateway is still to be left alone, and why; None where it works.

    Nothing when the time for a try has come.
    """
    known = _of(conn, name)
    if known is None or known.state == "closed":
        return None
    left = timedelta() if known.until is None else known.until - now()
    # Where the clock was set back, the end of the pause may be an hour away.
    return max(timedelta(), left if left <= LONGEST_PAUSE else timedelta()), known.reason


def begin_try(conn: Connection, name: str) -> None:
    """Has the others wait for what comes of a try."""
    known = _of(conn, name)
    note(conn, name, "half_open", known.reason if known else "", now() + TRY_LASTS)


def _of(conn: Connection, name: str) -> Circuit | None:
    found = _circuits(fetch(conn, f"{_STATES} WHERE name = ?", (name,)))
    return found[0] if found else None


def circuits(conn: Connection) -> list[Circuit]:
    """Every gateway that was ever in trouble."""
    return _circuits(fetch(conn, _ALL))


def _circuits(rows: Rows) -> list[Circuit]:
    return [
        Circuit(
            name, state, reason, None if until is None else moment_of(until), moment_of(changed)
        )
        for name, state, reason, until, changed in rows
    ]


def in_trouble(conn: Connection) -> list[Circuit]:
    """The gateways that are left alone at present, or tried with a single text.

    Where texts are due and no process is there to carry them, that is told first.
    """
    return ask(conn, trouble(conn))


def trouble(conn: Connection) -> Question[list[Circuit]]:
    """Asks for them."""
    moment = now()

    def told(oldest: Rows, states: Rows) -> list[Circuit]:
        alone = _uncarried(conn, oldest, moment)
        return ([alone] if alone else []) + [
            each
            for each in _circuits(states)
            if each.state != "closed" and (each.until or each.changed_at) + STALE > moment
        ]

    return Question(((_OLDEST, ()), (_ALL, ())), told)


def _uncarried(conn: Connection, oldest: Rows, moment: datetime) -> Circuit | None:
    if not oldest or (due := moment_of(oldest[0][0])) > moment - PATIENCE or served_at(conn):
        return None
    return Circuit("nobody carries texts", "open", NOBODY, None, due)
