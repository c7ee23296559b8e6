"""The intake log: every authenticated attempt and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from storage.ids import id_at, public
from storage.tables import Attempt

_attempts: Any = Attempt.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """An attempt as lists show it. Its texts are untrusted."""

    id: int
    at: datetime
    door: str
    outcome: str
    code: str
    reason: str
    contact_id: int | None
    peer: str
    user_agent: str
    body: str

    @property
    def request_id(self) -> str:
        """`req_` and 16 hex digits."""
        return public("req", self.id)


def listing(conn: Connection, *, limit: int = 100, refused_only: bool = False) -> list[AttemptRow]:
    """The newest attempts."""
    query = select(_attempts).order_by(_attempts.c.id.desc()).limit(limit)
    if refused_only:
        query = query.where(_attempts.c.outcome == "refused")
    return [_row(row) for row in conn.execute(query)]


def refusals_since(conn: Connection, moment: datetime) -> dict[str, int]:
    """How many attempts were refused since a moment, by error code."""
    rows = conn.execute(
        select(_attempts.c.code, func.count())
        .where(_attempts.c.id >= id_at(moment), _attempts.c.outcome == "refused")
        .group_by(_attempts.c.code)
        .order_by(_attempts.c.code)
    )
    return {row.code: row[1] for row in rows}


def _row(row: Any) -> AttemptRow:
    return AttemptRow(
        row.id,
        row.at,
        row.door,
        row.outcome,
        row.code,
        row.reason,
        row.contact_id,
        row.peer,
        row.user_agent,
        row.body,
    )
