"""Attempts as a replay needs them: whole, with what became of earlier replays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from storage.dialects import among
from storage.errors import NotFound, Refused
from storage.ids import public
from storage.tables import Attempt

_attempts: Any = Attempt.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Kept:
    """An attempt as the intake log keeps it. Its texts are untrusted."""

    id: int
    at: datetime
    door: str
    outcome: str
    peer: str
    user_agent: str
    body: str
    sender: str
    media: str
    headers: str


def mendable(conn: Connection, ident: int) -> Kept:
    """An attempt that was refused, and whose replays were.

    Raises:
        NotFound: There is none of this id.
        Refused: It was taken in, at first or by a replay.
    """
    found = kept(conn, [ident])
    if not found:
        raise NotFound(f"There is no request {public('req', ident)}.", "See: optdesk attempts list")
    taken = ident if found[0].outcome != "refused" else _taken(conn, ident)
    if taken is not None:
        raise Refused(
            f"{public('req', taken)} was taken in already, so there is nothing to mend.",
            f"See: optdesk attempts show {public('req', taken)}",
        )
    return found[0]


def kept(conn: Connection, idents: Sequence[int]) -> list[Kept]:
    """Those attempts that are there, in the order in which they are named."""
    columns = [_attempts.c[name] for name in Kept.__dataclass_fields__]
    rows = conn.execute(select(*columns).where(among(conn, _attempts.c.id, list(idents))))
    found = {row.id: Kept(*row) for row in rows}
    return [found[ident] for ident in idents if ident in found]


def _taken(conn: Connection, ident: int) -> int | None:
    """The replay of an attempt that was taken in, if there is one."""
    return conn.execute(
        select(_attempts.c.id)
        .where(
            _attempts.c.replay_of == ident,
            _attempts.c.replay_of.is_not(None),
            _attempts.c.outcome != "refused",
        )
        .limit(1)
    ).scalar()
