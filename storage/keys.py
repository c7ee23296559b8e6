"""API keys: shown once, kept as hashes."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.engine import Connection

from storage.access import credential_hash, touch_access
from storage.changes import record
from storage.errors import NotFound, Refused
from storage.ids import new_id
from storage.tables import ApiKey
from storage.tallies import add_tallies, read_tallies, turned_away_tally
from storage.times import now
from storage.words import Actor

_keys: Any = ApiKey.__table__  # type: ignore[attr-defined]


MOST_LIVE = 50
"""Keys that may be live at once. Every sender can have its own, and two while it changes over."""


_HOUR = 3600


def note_turned_away(conn: Connection, counts: Sequence[int]) -> Sequence[None]:
    """Counts requests that came without a key that works. A batch verb."""
    this_hour = int(now().timestamp()) // _HOUR
    add_tallies(conn, {turned_away_tally(this_hour): sum(counts)})
    return [None] * len(counts)


def turned_away(conn: Connection) -> int:
    """How many requests of the last 24 hours came without a key that works."""
    this_hour = int(now().timestamp()) // _HOUR
    names = [turned_away_tally(hour) for hour in range(this_hour - 23, this_hour + 1)]
    return sum(read_tallies(conn, names).values())


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made. The only time that `key` is known."""

    id: int
    name: str
    key: str


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key as lists show it. `name` is untrusted."""

    id: int
    name: str
    hint: str
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


def create(conn: Connection, who: Actor, name: str) -> NewKey:
    """Makes a key.

    Raises:
        Refused: The name is blank, or `MOST_LIVE` keys are live.
    """
    name = name.strip()
    if not name:
        raise Refused("An API key needs a name.", "Name it after what uses it, such as “website”.")
    if count_live(conn) >= MOST_LIVE:
        raise Refused(
            f"There are {MOST_LIVE} live API keys already.",
            "Revoke one that nobody uses: optdesk keys list",
        )
    made = NewKey(new_id(), name, str(uuid.uuid4()))
    conn.execute(
        insert(_keys),
        {
            "id": made.id,
            "name": name,
            "key_hash": credential_hash(made.key),
            "hint": made.key[-4:],
            "created_at": now(),
        },
    )
    record(conn, who, "key.create", subject=name, details={"id": made.id})
    touch_access(conn)
    return made


def revoke(conn: Connection, who: Actor, key_id: int) -> KeyRow:
    """Makes a key useless at once, for good.

    Raises:
        NotFound: There is no such live key.
    """
    row = conn.execute(
        update(_keys)
        .where(_keys.c.id == key_id, _keys.c.revoked_at.is_(None))
        .values(revoked_at=now())
        .returning(_keys)
    ).one_or_none()
    if row is None:
        raise NotFound(
            "There is no such API key, or it is revoked already.", "See: optdesk keys list"
        )
    record(conn, who, "key.revoke", subject=row.name, details={"id": row.id})
    touch_access(conn)
    return _row(row)


def count_live(conn: Connection) -> int:
    """How many keys open the API door."""
    live = select(func.count()).select_from(_keys).where(_keys.c.revoked_at.is_(None))
    return int(conn.execute(live).scalar_one())


def listing(conn: Connection) -> list[KeyRow]:
    """All keys, the newest first."""
    return [_row(row) for row in conn.execute(select(_keys).order_by(_keys.c.id.desc()))]


def _row(row: Any) -> KeyRow:
    return KeyRow(row.id, row.name, row.hint, row.created_at, row.last_used_at, row.revoked_at)
