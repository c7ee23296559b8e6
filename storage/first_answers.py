"""First answers, kept for a day so that a sender's retry hears the same again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select
from sqlalchemy.engine import Connection

from storage.dialects import among, upsert
from storage.leads import IntakeResult, OptIn
from storage.tables import IdempotencyKey
from storage.times import now

if TYPE_CHECKING:
    from storage.refused_attempts import RefusedAttempt

IDEMPOTENCY_HOURS = 24
"""How long a first answer is replayed."""

_answers: Any = IdempotencyKey.__table__  # type: ignore[attr-defined]


def known_answers(
    conn: Connection, items: Sequence[OptIn | RefusedAttempt], moment: datetime
) -> dict[tuple[int, str], tuple[bytes, IntakeResult]]:
    """What was answered to requests of the same name before.

    Args:
        conn: A transaction that holds the write lock.
        items: The requests.
        moment: Now.

    Returns:
        By API key (0 for the hook door) and name: a hash of that body, and the answer as it is
        replayed.
    """
    names = [item.idempotency.key for item in items if item.idempotency]
    if not names:
        return {}
    limit = moment - timedelta(hours=IDEMPOTENCY_HOURS)
    rows = conn.execute(
        select(_answers).where(among(conn, _answers.c.key, names), _answers.c.at >= limit)
    )
    return {
        (row.key_id, row.key): (bytes(row.body_hash), _answer_from_json(row.answer)) for row in rows
    }


def answer_row(
    key: tuple[int, str], body_hash: bytes, result: IntakeResult, moment: datetime
) -> dict[str, Any]:
    """A first answer for `keep`."""
    at = result.at.isoformat() if result.at else None
    said: list[Any] = [
        result.outcome,
        result.code,
        result.request_id,
        result.contact_id,
        result.phone,
        at,
    ]
    if result.sentence or result.missing:
        said += [result.sentence, result.missing]
    return {
        "key_id": key[0],
        "key": key[1],
        "body_hash": body_hash,
        "status": 200 if result.code is None else 0,
        "answer": json.dumps(said),
        "at": moment,
    }


def keep(conn: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Keeps answers, in the place of older ones of the same name."""
    if rows:
        changed = ("body_hash", "status", "answer", "at")
        conn.execute(upsert(conn, _answers, ("key_id", "key"), changed), list(rows))


def _answer_from_json(text: str) -> IntakeResult:
    outcome, code, request_id, contact_id, phone, at, *more = json.loads(text)
    moment = datetime.fromisoformat(at) if at else None
    sentence, missing = more or ("", ())
    return IntakeResult(
        *(outcome, code, request_id, contact_id, phone, moment),
        replayed=True,
        sentence=sentence,
        missing=tuple(missing),
    )


def purge_answers(conn: Connection) -> int:
    """Forgets idempotent answers older than a day; returns how many."""
    limit = now() - timedelta(hours=IDEMPOTENCY_HOURS)
    return int(conn.execute(delete(_answers).where(_answers.c.at < limit)).rowcount)
