"""URL tokens that no longer work: who still uses them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection

from storage.questions import Question
from storage.rows import moment_value
from storage.tables import RetiredHit, RetiredToken
from storage.times import now

MOST_SENDERS = 20
"""Senders that are told apart for each old URL; those that come later are counted as `OTHER`."""

OTHER = "other"

LONGEST_SENDER = 80

_retired: Any = RetiredToken.__table__  # type: ignore[attr-defined]
_hits: Any = RetiredHit.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class OldUrlHit:
    """A request at a URL that was regenerated or deleted."""

    token_hash: bytes
    sender: str
    """The recognised sender, or the user agent. Untrusted."""


@dataclass(frozen=True, slots=True)
class StaleSender:
    """Who still uses an old URL."""

    why: str
    """`regenerated` or `deleted`."""
    sender: str
    """A key of `storage.senders`, or the start of a user agent. Untrusted."""
    hits: int
    first_at: datetime
    last_at: datetime


def retire(conn: Connection, token_hash: bytes, why: str) -> None:
    """Takes note that a URL is dead from now on.

    Args:
        conn: The transaction that ends it.
        token_hash: Of its token; the token itself is kept nowhere.
        why: `regenerated` or `deleted`.
    """
    conn.execute(
        insert(_retired),
        {
            "token_hash": token_hash,
            "why": why,
            "retired_at": now(),
            "hits": 0,
            "last_sender": "",
        },
    )


def count_hits(conn: Connection, items: Sequence[OldUrlHit]) -> Sequence[None]:
    """Counts uses of retired URLs, so that people can be told who has to change theirs.

    A batch verb for `Store.write_many`.
    """
    moment = now()
    counted: dict[bytes, dict[str, int]] = {}
    last: dict[bytes, str] = {}
    for item in items:
        sender = item.sender[:LONGEST_SENDER]
        senders = counted.setdefault(item.token_hash, {})
        senders[sender] = senders.get(sender, 0) + 1
        last[item.token_hash] = sender
    for token_hash, senders in sorted(counted.items()):
        done = conn.execute(
            update(_retired)
            .where(_retired.c.token_hash == token_hash)
            .values(
                hits=_retired.c.hits + sum(senders.values()),
                last_hit_at=moment,
                last_sender=last[token_hash],
            )
        )
        if done.rowcount:
            _count_senders(conn, token_hash, senders, moment)
    return [None] * len(items)


def _count_senders(
    conn: Connection, token_hash: bytes, senders: dict[str, int], moment: datetime
) -> None:
    known = set(
        conn.execute(select(_hits.c.sender).where(_hits.c.token_hash == token_hash)).scalars()
    )
    for name, hits in sorted(senders.items()):
        sender = name if name in known or len(known) < MOST_SENDERS else OTHER
        if sender in known:
            conn.execute(
                update(_hits)
                .where(_hits.c.token_hash == token_hash, _hits.c.sender == sender)
                .values(hits=_hits.c.hits + hits, last_at=moment)
            )
            continue
        known.add(sender)
        conn.execute(
            insert(_hits),
            {
                "token_hash": token_hash,
                "sender": sender,
                "hits": hits,
                "first_at": moment,
                "last_at": moment,
            },
        )


_LATELY = (
    "SELECT COALESCE(SUM(hits), 0) FROM (SELECT hits FROM retired_hits WHERE last_at >= ?"
    " ORDER BY last_at DESC, sender LIMIT 100) AS latest"
)


def used_since(conn: Connection, since: datetime) -> Question[int]:
    """Asks how often the old URLs were used that `radar` tells of and that were used since."""
    values = (moment_value(conn, since),)
    return Question(((_LATELY, values),), lambda rows: int(rows[0][0]))


_RADAR = (
    select(_hits, _retired.c.why)
    .join(_retired, _retired.c.token_hash == _hits.c.token_hash)
    .order_by(_hits.c.last_at.desc(), _hits.c.sender)
    .limit(100)
)


def radar(conn: Connection) -> list[StaleSender]:
    """Who still uses old URLs, the latest first; at most a hundred."""
    rows = conn.execute(_RADAR)
    return [StaleSender(row.why, row.sender, row.hits, row.first_at, row.last_at) for row in rows]
