"""How a gateway does, for every process to show."""

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

NOBODY = "no listener runs on this store; start one with: optdesk serve"

_OLDEST = f"SELECT due_at FROM messages WHERE {WAITING} ORDER BY due_at, id LIMIT 1"  # noqa: S608

_states: Any = GatewayState.__table__  # type: ignore[attr-defined]
_ALL = "SELECT name, state, reason, until, changed_at FROM gateway_state ORDER BY name"


@dataclass(frozen=True, slots=True)
class Circuit:
    """Whether texts are handed over to a gateway. `reason` may quote the provider: untrusted."""

    name: str
    state: str
    """`closed` (it works), `open` or `half_open`."""
    reason: str
    until: datetime | None
    changed_at: datetime

    @property
    def sentence(self) -> str:
        """A clause for a status line; empty while all is well."""
        return "" if self.state == "closed" else f"texts wait: {self.reason}"


def note(
    conn: Connection, name: str, state: str, reason: str = "", until: datetime | None = None
) -> None:
    """Writes down how a gateway does."""
    conn.execute(
        upsert(conn, _states, ("name",), ("state", "reason", "until", "changed_at")),
        {"name": name, "state": state, "reason": reason, "until": until, "changed_at": now()},
    )


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
