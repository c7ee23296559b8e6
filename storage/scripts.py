"""What the simulated gateway is told to do with numbers: `optdesk sms simulate`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import Connection

from storage.dialects import is_postgresql, upsert
from storage.driver import fetch, run_at_last
from storage.errors import Refused
from storage.guesses import may_guess, right_if
from storage.phones import parse_e164
from storage.tables import GatewayScript

_script: Any = GatewayScript.__table__  # type: ignore[attr-defined]

OUTCOMES = ("accept", "deliver", "block", "landline", "fail", "silent", "error", "lost")


@dataclass(frozen=True, slots=True)
class Scripted:
    """What the simulated gateway shall do with a number."""

    phone: str
    """E.164, or `*` for every number not named."""
    outcome: str
    delay_ms: int
    reply: str = ""
    """What the person texts back once the text has arrived; empty for nothing."""


def script(
    conn: Connection, phone: str, outcome: str, delay_ms: int = 0, reply: str = ""
) -> Scripted:
    """Tells the simulated gateway what to do with a number from now on.

    Args:
        conn: A transaction that holds the write lock.
        phone: E.164, or `*` for every number not named.
        outcome: One of `OUTCOMES`.
        delay_ms: How long it takes.
        reply: What the person texts back once the text has arrived.

    Raises:
        Refused: The number or the outcome is none.
    """
    if outcome not in OUTCOMES:
        raise Refused(
            f"“{outcome}” is no outcome.",
            f"One of: {', '.join(OUTCOMES)}. What a person texts: optdesk sms inbound {phone} STOP",
        )
    if phone != "*":
        parsed = parse_e164(phone)
        if parsed is None:
            raise Refused(
                f"“{phone}” is no phone number in E.164 format.", "Write it like +14155550123."
            )
        phone = parsed.e164
    conn.execute(
        upsert(conn, _script, ("phone",), ("outcome", "delay_ms", "reply")),
        {"phone": phone, "outcome": outcome, "delay_ms": delay_ms, "reply": reply},
    )
    return Scripted(phone, outcome, delay_ms, reply)


def unscript(conn: Connection, phone: str) -> bool:
    """Forgets what the simulated gateway was told of a number; returns whether it was told."""
    return bool(conn.execute(_script.delete().where(_script.c.phone == phone)).rowcount)


def scripts(
    conn: Connection, before: Mapping[str, Scripted] | None = None
) -> Mapping[str, Scripted]:
    """All that the simulated gateway is told, by number.

    Args:
        conn: A transaction.
        before: What it was told the last time. Where that was nothing, it nearly always still is,
            which PostgreSQL is not asked but told.
    """
    if before is not None and not before and is_postgresql(conn) and may_guess(conn):
        run_at_last(conn, [(_NOTHING, ())])
        return before
    return {row[0]: Scripted(*row) for row in fetch(conn, _ALL)}


_NOTHING = f"SELECT {right_if('NOT EXISTS (SELECT 1 FROM gateway_script)')}"  # noqa: S608
_ALL = "SELECT phone, outcome, delay_ms, reply FROM gateway_script ORDER BY phone"
"""Below SQLAlchemy, because it is asked with every batch of texts."""
