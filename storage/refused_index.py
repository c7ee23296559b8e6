"""The index of what refused attempts say, and how it follows them.

Like that of the contacts it is filled behind the intake: a refused attempt is noted in
`refused_pending`, and the notes are dealt with in batches. Attempts that were taken in are found
by their contacts instead, so the index costs a lead nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any
from urllib.parse import unquote_plus

from sqlalchemy import Connection, delete, func, insert, select

from storage.dialects import among
from storage.folding import digits, fold
from storage.senders import title_of
from storage.tables import Attempt, RefusedPending
from storage.trigram_index import Backing, TrigramIndex

attempts: Any = Attempt.__table__  # type: ignore[attr-defined]
pending: Any = RefusedPending.__table__  # type: ignore[attr-defined]
index = TrigramIndex("refused_fts", "attempt_id")

LONGEST = 8_000
"""Characters of an attempt that are indexed."""
MOST_DIGITS = 2_000
"""Characters that the numbers in a body may take of those."""
BATCH_CHARACTERS = 40_000
"""Characters indexed in one transaction: about two hundredths of a second."""

WORDS = ("phone", "code", "reason", "sender", "user_agent", "peer", "body")
"""The columns that a haystack is made of."""

_NOTED = (
    select(pending.c.attempt_id, *(attempts.c[name] for name in WORDS))
    .select_from(pending.outerjoin(attempts, attempts.c.id == pending.c.attempt_id))
    .order_by(pending.c.attempt_id.desc())
)
_NUMBER = re.compile(r"[0-9][-+()./ 0-9]{4,}[0-9]")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")


def hay_of(row: Any) -> str:
    """What the words of a search are looked for in.

    Args:
        row: With the columns `WORDS`.
    """
    body = _readable(row.body)
    # Numbers first, in whatever spelling, so that no long body keeps them from being found.
    numbers = "\n".join(dict.fromkeys(map(digits, _NUMBER.findall(fold(body)))))
    said = (row.code, row.reason, row.sender, title_of(row.sender), row.user_agent, row.peer)
    parts = [row.phone[1:], numbers[:MOST_DIGITS], *map(fold, said), fold(body)]
    return "\n".join(part for part in parts if part)[:LONGEST]


def note(conn: Connection, ids: Collection[int]) -> None:
    """Notes attempts that were just refused, in the transaction that keeps them."""
    if ids:
        conn.execute(insert(pending), [{"attempt_id": ident} for ident in ids])


def forget(conn: Connection, ids: Sequence[int]) -> None:
    """Takes attempts out of the index, in the transaction that deletes or empties them."""
    conn.execute(delete(pending).where(among(conn, pending.c.attempt_id, ids)))
    index.drop(conn, ids)


def index_pending(conn: Connection, limit: int) -> bool:
    """Indexes some of the attempts that were noted, the newest first.

    Returns:
        Whether it stopped at a limit, so that more may be left.
    """
    if index.backing(conn) is Backing.SCAN:
        return False
    texts: dict[int, str] = {}
    done: list[int] = []
    size = 0
    for row in conn.execute(_NOTED.limit(limit)).all():
        done.append(row.attempt_id)
        if row.body is not None:
            texts[row.attempt_id] = hay_of(row)
            size += len(texts[row.attempt_id])
        if size > BATCH_CHARACTERS:
            break
    if done:
        conn.execute(delete(pending).where(among(conn, pending.c.attempt_id, done)))
        index.put(conn, texts)
    return len(done) == limit or size > BATCH_CHARACTERS


def oldest_note(conn: Connection) -> int | None:
    """The oldest attempt that is not indexed yet; None: all are."""
    return conn.scalar(select(func.min(pending.c.attempt_id)))


def _readable(body: str) -> str:
    """A body with its letters as people write them."""
    if "%" in body or "+" in body:
        body = f"{body}\n{unquote_plus(body)}" if "=" in body[:200] else body
    if "\\u" in body:
        # Letters beyond the first plane come as two halves.
        halves = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), body)
        body = halves.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return body
