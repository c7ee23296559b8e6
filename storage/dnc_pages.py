"""Reading the Do Not Contact lists in their order, the newest first, at any length.

The order is that of one index, `ix_suppressions_at`, walked backwards: each page is a seek and
not a sort, also where a whole imported list has one and the same time.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, or_, select, tuple_
from sqlalchemy.engine import Connection

from storage.dialects import is_postgresql
from storage.folding import digits
from storage.log_pages import PATIENCE, LogPage
from storage.phones import parse_e164
from storage.suppressions import SuppressionRow, phone_hash, store_secret
from storage.tables import Suppression

INTERNAL = ("staff", "import")
"""Whose entries people may release; a STOP is lifted by START alone, an erasure by nothing."""

STRETCH = 10_000
"""Entries that a search looks through at a time."""

_ORDERED = ("erasure", "import", "staff", "stop")
"""The sources in the order of their names."""
_BEHIND_ALL = "zzz"
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_HASHES = 1 << 128
_STEP = 16
_LATEST = 7_000 * 366 * 86_400 * 10**6
"""Microseconds; further on no calendar reaches."""

_table: Any = Suppression.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Entry(SuppressionRow):
    """An entry of a list, with its place in the order of the lists."""

    phone_hash: bytes = b""
    import_id: int | None = None

    @property
    def place(self) -> int:
        """A number for the place in the order of the lists: newer entries have larger ones."""
        return _place(self.at, self.phone_hash, self.source)

    @property
    def releasable(self) -> bool:
        """Whether people may release it."""
        return self.source in INTERNAL


def entry_of(row: Any) -> Entry:
    """A stored entry as a value."""
    return Entry(
        row.phone,
        row.source,
        row.reason,
        row.actor,
        row.at,
        bytes(row.phone_hash),
        row.import_id,
    )


def page(
    conn: Connection, *, search: str = "", behind: int | None = None, limit: int = 100
) -> list[Entry]:
    """Some entries, the newest first.

    Args:
        conn: The store.
        search: Digits of a number, a source, or words of a reason or a person.
        behind: The `Entry.place` of the last entry of the page before.
        limit: At most so many.
    """
    found: list[Entry] = []
    while len(found) < limit:
        part = window(conn, search=search, before=behind, after=None, limit=limit - len(found))
        found += part.rows
        if part.on is None:
            break
        behind = part.on
    return found


def window(
    conn: Connection,
    *,
    search: str = "",
    before: int | None,
    after: int | None,
    limit: int,
    patience: float = PATIENCE,
) -> LogPage[Entry]:
    """Entries around a place in the list, the newest first.

    Args:
        conn: The store.
        search: As in `page`.
        before: Only entries with a smaller `Entry.place`, those nearest to it.
        after: Only those with a larger one. Without both, the newest entries.
        limit: At most so many.
        patience: Seconds after which a search says how far it came.
    """
    rising = after is not None
    place = after if rising else before
    number = parse_e164("".join(search.split())) if search.strip() else None
    if number is not None or not search.strip():
        query = _from(place, rising=rising)
        if number is not None:
            query = query.where(_table.c.phone_hash == phone_hash(store_secret(conn), number.e164))
        found = list(map(entry_of, conn.execute(query.limit(limit + 1))))
        on = found[limit - 1].place if len(found) > limit and limit else None
        return _page(found[:limit], on, rising=rising)
    return _searched(conn, search, place, rising=rising, limit=limit, patience=patience)


def _searched(
    conn: Connection, search: str, place: int | None, *, rising: bool, limit: int, patience: float
) -> LogPage[Entry]:
    """Looks through the entries from a place on, a stretch at a time."""
    until = time.monotonic() + patience
    found: list[Entry] = []
    while True:
        stretch = _from(place, rising=rising).limit(STRETCH).subquery("stretch")
        query = select(stretch).where(_says(conn, stretch.c, search))
        query = query.order_by(*_order(stretch.c, rising=rising)).limit(limit + 1 - len(found))
        found += map(entry_of, conn.execute(query))
        if len(found) > limit:
            return _page(found[:limit], found[limit - 1].place if limit else place, rising=rising)
        keys = _from(place, rising=rising).with_only_columns(*_key(_table.c))
        last = conn.execute(keys.offset(STRETCH - 1).limit(1)).one_or_none()
        if last is None:
            return _page(found, None, rising=rising)
        place = _place(last.at, bytes(last.phone_hash), last.source)
        if time.monotonic() > until:
            return _page(found, place, rising=rising)


def _page(found: list[Entry], on: int | None, *, rising: bool) -> LogPage[Entry]:
    return LogPage(tuple(reversed(found)) if rising else tuple(found), on)


def _key(columns: Any) -> tuple[Any, Any, Any]:
    return columns.at, columns.phone_hash, columns.source


def _order(columns: Any, *, rising: bool) -> list[Any]:
    return [each.asc() if rising else each.desc() for each in _key(columns)]


def _from(place: int | None, *, rising: bool) -> Select[Any]:
    """The entries on one side of a place, those nearest to it first."""
    query = select(_table).order_by(*_order(_table.c, rising=rising))
    if place is None:
        return query
    at, hashed, source = _bound(place, rising=rising)
    bound = tuple_(
        literal(at, _table.c.at.type),
        literal(hashed, _table.c.phone_hash.type),
        literal(source, _table.c.source.type),
    )
    key = tuple_(*_key(_table.c))
    return query.where(key > bound if rising else key < bound)


def _place(at: datetime, hashed: bytes, source: str) -> int:
    micros = int((at - _BEGINNING) / timedelta(microseconds=1))
    rank = _ORDERED.index(source) if source in _ORDERED else len(_ORDERED)
    return (micros * _HASHES + int.from_bytes(hashed)) * _STEP + 2 * (rank + 1)


def _bound(place: int, *, rising: bool) -> tuple[datetime, bytes, str]:
    """A key such that exactly the entries beyond a place are beyond it."""
    rest, low = divmod(place, _STEP)
    micros, hashed = divmod(rest, _HASHES)
    at = _BEGINNING + timedelta(microseconds=min(micros, _LATEST))
    ranks = [(2 * (rank + 1), source) for rank, source in enumerate(_ORDERED)]
    if rising:
        here = max((source for value, source in ranks if value <= low), default="")
    else:
        here = min((source for value, source in ranks if value >= low), default=_BEHIND_ALL)
    return at, hashed.to_bytes(16), here


def _says(conn: Connection, columns: Any, search: str) -> ColumnElement[bool]:
    """Whether an entry holds what is searched for."""
    position = func.strpos if is_postgresql(conn) else func.instr
    search = search.strip().replace("\0", "").encode("utf-8", "replace").decode()
    found = [
        position(func.lower(column), search.lower()) > 0
        for column in (columns.reason, columns.actor, columns.source)
    ]
    number = digits(search)
    if number:
        found.append(position(func.coalesce(columns.phone, ""), number) > 0)
    return or_(*found)
