"""URL tokens that no longer work: who still uses them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.engine import Connection

from storage.tables import RetiredToken
from storage.times import now

_retired: Any = RetiredToken.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class OldUrlHit:
    """A request at a URL that was regenerated or deleted."""

    token_hash: bytes
    sender: str
    """The user agent. Untrusted."""


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
    last = {item.token_hash: item.sender for item in items}
    for token_hash, sender in sorted(last.items()):
        hits = sum(item.token_hash == token_hash for item in items)
        conn.execute(
            update(_retired)
            .where(_retired.c.token_hash == token_hash)
            .values(hits=_retired.c.hits + hits, last_hit_at=now(), last_sender=sender)
        )
    return [None] * len(items)
