"""Who still uses secret URLs that no longer work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from storage.tables import RetiredHit, RetiredToken

_tokens: Any = RetiredToken.__table__  # type: ignore[attr-defined]
_hits: Any = RetiredHit.__table__  # type: ignore[attr-defined]

MOST_USES = 100
"""So many senders are told of; anybody may call an old URL under any name."""


@dataclass(frozen=True, slots=True)
class OldUrlUse:
    """A sender that still uses an old URL."""

    sender: str
    """The recognised sender, or the start of its user agent. Untrusted."""
    hits: int
    last_at: datetime
    why: str
    """`regenerated` or `deleted`: what became of the URL it uses."""


def uses_since(conn: Connection, since: datetime) -> list[OldUrlUse]:
    """Who used an old URL since a moment, the latest first."""
    by_sender = (
        select(_hits.c.sender, _hits.c.hits, _hits.c.last_at, _tokens.c.why)
        .join(_tokens, _tokens.c.token_hash == _hits.c.token_hash)
        .where(_hits.c.last_at >= since)
        .order_by(_hits.c.last_at.desc(), _hits.c.sender)
        .limit(MOST_USES)
    )
    # Uses that were counted before senders were told apart.
    told = select(_hits.c.token_hash).where(_hits.c.token_hash == _tokens.c.token_hash)
    by_url = (
        select(_tokens.c.last_sender, _tokens.c.hits, _tokens.c.last_hit_at, _tokens.c.why)
        .where(_tokens.c.hits > 0, _tokens.c.last_hit_at >= since, ~told.exists())
        .limit(MOST_USES)
    )
    uses = [OldUrlUse(*row) for rows in (by_sender, by_url) for row in conn.execute(rows)]
    return sorted(uses, key=lambda use: use.last_at, reverse=True)
