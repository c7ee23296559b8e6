"""The index of the intake log, and how it follows the attempts.

It is filled behind the intake, which pays nothing for it: when some hundred attempts have come in,
they become the next stretch. A stretch is a few dozen documents, each of eight attempts that are
much alike; what is found in a document is looked for in its attempts. So what all requests say is
held once for eight of them. Stretches follow each other without a gap: what is newer than the last
one or older than the first is read. An attempt that belongs into a stretch and came too late, or
has changed, is noted in `attempts_pending` until it has a document, and is read until then.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from storage.attempt_words import COLUMNS, KNOWN, document
from storage.dialects import among, insert_or_skip, is_postgresql
from storage.ids import id_at
from storage.tables import Attempt, AttemptPending, AttemptsIndexed, StoreState
from storage.times import now
from storage.trigram_index import Backing, TrigramIndex

attempts: Any = Attempt.__table__  # type: ignore[attr-defined]
pending: Any = AttemptPending.__table__  # type: ignore[attr-defined]
stretches: Any = AttemptsIndexed.__table__  # type: ignore[attr-defined]
_state: Any = StoreState.__table__  # type: ignore[attr-defined]
index = TrigramIndex("attempts_fts", "document_id")

STRETCH = 64
"""Attempts that are indexed in one transaction, which holds the store for about 25 ms."""
STRETCH_ON_GRAMS = 16
"""The same on PostgreSQL, whose index takes several times as long for each: about 30 ms."""
TOGETHER = 8
"""Attempts of one document. With more, words that many attempts hold are found more slowly; with
fewer, the index is larger."""
LONGEST = 32_000
"""Characters after which a document takes no more attempts."""
PLACES = 1 << 12
"""Documents that a stretch has numbers for; most take late ones."""
FIRST_NUMBER = 1 << 30
"""Of the stretch that is made first; newer ones have larger numbers, older ones smaller."""
BUSY = timedelta(seconds=2)
BUSY_ATTEMPTS = 20
"""While so many attempts come in within `BUSY`, they are left to gather,"""
MOST_LEFT = 131_072
"""but not more than so many: a search reads them, in half a second. Indexing one takes longer than
taking it in, so that even then it goes slowly as long as the store is busy."""

RECOUNT_SECONDS = 300.0
"""How often what is left is counted anew: those that were committed late are not counted yet."""

_SLOTS = struct.Struct(f"<{TOGETHER}q")
_ROW = (attempts.c.id, *(attempts.c[name] for name in dict.fromkeys((*COLUMNS, *KNOWN))))


class Due(Enum):
    """Whether there is something to index."""

    NOTHING = "nothing"
    LATER = "later"
    """Something, when the store is less busy."""
    SLOWLY = "slowly"
    """Something, and too much has gathered, but the store is busy."""
    NOW = "now"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Consecutive attempts that the index holds."""

    number: int
    first_id: int
    last_id: int
    members: bytes

    def ids(self, document_id: int) -> list[int]:
        """The attempts of one of its documents."""
        place = (document_id - self.number * PLACES) * _SLOTS.size
        if not 0 <= place < len(self.members):
            return []
        return [ident for ident in _SLOTS.unpack_from(self.members, place) if ident]

    def documents(self) -> range:
        """The ids of its documents."""
        first = self.number * PLACES
        return range(first, first + len(self.members) // _SLOTS.size)


@dataclass(frozen=True, slots=True)
class _Counted:
    """How many attempts come after one, up to another."""

    first: int
    last: int
    count: int
    since: float
    """When counting began, by a clock that nobody sets."""


_counted: WeakKeyDictionary[Engine, _Counted] = WeakKeyDictionary()
"""Of what comes after the index, by engine. To count a hundred thousand anew each second, as many
pages would be read: they hold whole requests."""


def reach(conn: Connection) -> tuple[int, int] | None:
    """From which attempt to which all are indexed or noted; None: none is."""
    last = reached(conn)
    if not last or index.backing(conn) is Backing.SCAN:
        return None
    first = select(stretches.c.first_id).order_by(stretches.c.number).limit(1)
    return conn.execute(first).scalar_one(), last


def reached(conn: Connection) -> int:
    """The last attempt that the index reaches to; one that comes in below it is to be noted."""
    return int(conn.scalar(select(_state.c.attempts_to)) or 0)


def note(conn: Connection, ids: Collection[int]) -> None:
    """Notes attempts that came in late or have changed, in the transaction that writes them.

    Args:
        conn: An open transaction.
        ids: Those among them that the index reaches to, or all.
    """
    if ids:
        rows = [{"attempt_id": ident} for ident in sorted(set(ids))]
        conn.execute(insert_or_skip(conn, pending), rows)


def forget(conn: Connection, ids: Collection[int]) -> None:
    """Takes out what attempts said, in the transaction that empties them."""
    emptied = set(ids)
    last = reached(conn)
    known = sorted(ident for ident in emptied if ident <= last)
    others: set[int] = set(known)
    for stretch, _ in _stretches_of(conn, known):
        members = bytearray(stretch.members)
        gone = []
        for document_id in stretch.documents():
            theirs = stretch.ids(document_id)
            if not emptied.isdisjoint(theirs):
                gone.append(document_id)
                others.update(theirs)
                place = (document_id - stretch.number * PLACES) * _SLOTS.size
                members[place : place + _SLOTS.size] = bytes(_SLOTS.size)
        if gone:
            index.drop(conn, gone)
            _keep_members(conn, stretch, bytes(members))
    note(conn, others)


def let_go(conn: Connection, last_id: int) -> None:
    """Takes out all attempts up to one, in the transaction that deletes them.

    What is left of a stretch of which some were deleted is indexed anew.
    """
    conn.execute(delete(pending).where(pending.c.attempt_id <= last_id))
    _drop(conn, stretches.c.first_id <= last_id)


def due(conn: Connection) -> Due:
    """Whether there is something to index."""
    if index.backing(conn) is Backing.SCAN:
        return Due.NOTHING
    if conn.scalar(select(pending.c.attempt_id).limit(1)) is not None:
        return Due.NOW
    held = reach(conn)
    some_newer = bool(_newer(conn, held, _stretch(conn)))
    if not some_newer and (held is None or not _older(conn, held[0], 1)):
        return Due.NOTHING
    if not is_busy(conn, BUSY_ATTEMPTS):
        return Due.NOW
    return Due.SLOWLY if some_newer and _are_newer(conn, held, MOST_LEFT) else Due.LATER


def index_some(conn: Connection) -> bool:
    """Indexes what was noted, the next stretch or, when the newest are, the one before the first.

    Returns:
        Whether something was indexed, so that more may be left.
    """
    if index.backing(conn) is Backing.SCAN:
        return False
    wanted = _stretch(conn)
    noted = conn.scalars(select(pending.c.attempt_id).order_by(pending.c.attempt_id).limit(wanted))
    if ids := [*noted]:
        _index_noted(conn, ids)
        return True
    held = reach(conn)
    if ids := _newer(conn, held, wanted):
        after = held[1] + 1 if held else ids[0]
        number = conn.scalar(select(func.max(stretches.c.number))) or FIRST_NUMBER - 1
        _make(conn, number + 1, (after, ids[-1]), ids)
        conn.execute(update(_state).values(attempts_to=ids[-1]))
        return True
    if held and (ids := _older(conn, held[0], wanted)):
        number = conn.execute(select(func.min(stretches.c.number))).scalar_one()
        _make(conn, number - 1, (ids[0], held[0] - 1), ids)
        return True
    return False


def _stretch(conn: Connection) -> int:
    return min(STRETCH, STRETCH_ON_GRAMS) if is_postgresql(conn) else STRETCH


def _newer(conn: Connection, held: tuple[int, int] | None, wanted: int) -> list[int]:
    """Attempts that come next, rising; none where they are fewer. At first the newest."""
    key = attempts.c.id
    if held is None:
        found = conn.scalars(select(key).order_by(key.desc()).limit(wanted)).all()[::-1]
    else:
        found = conn.scalars(select(key).where(key > held[1]).order_by(key).limit(wanted)).all()
    return [*found] if len(found) == wanted else []


def _are_newer(conn: Connection, held: tuple[int, int] | None, wanted: int) -> bool:
    """Whether so many attempts come next. Each is counted once, as it comes."""
    last = held[1] if held else 0
    counted = _counted.get(conn.engine)
    moment = time.monotonic()
    if (
        counted is None
        or not counted.first <= last <= counted.last
        or moment - counted.since >= RECOUNT_SECONDS
    ):
        counted = _Counted(last, last, 0, moment)
    gone, _ = _count(conn, counted.first, last, counted.count)
    count = counted.count - gone
    more, newest = _count(conn, counted.last, None, max(0, wanted - count))
    _counted[conn.engine] = _Counted(last, newest or counted.last, count + more, counted.since)
    return count + more >= wanted


def _count(conn: Connection, after: int, to: int | None, most: int) -> tuple[int, int | None]:
    """How many attempts come after one and not after another, up to a limit, and the last."""
    key = attempts.c.id
    some = select(key).where(key > after, *([] if to is None else [key <= to]))
    found = some.order_by(key).limit(most).subquery()
    count, last = conn.execute(select(func.count(), func.max(found.c.id))).one()
    return count, last


def _older(conn: Connection, first_id: int, wanted: int) -> list[int]:
    """The last attempts before one, rising."""
    key = attempts.c.id
    rows = select(key).where(key < first_id).order_by(key.desc()).limit(wanted)
    return [*conn.scalars(rows)][::-1]


def is_busy(conn: Connection, count: int) -> bool:
    """Whether more than so many attempts came in within `BUSY`."""
    key = attempts.c.id
    ago = conn.scalar(select(key).order_by(key.desc()).limit(1).offset(count))
    return ago is not None and ago >= id_at(now() - BUSY)


def _make(conn: Connection, number: int, ends: tuple[int, int], ids: Sequence[int]) -> None:
    """Makes a stretch."""
    conn.execute(delete(pending).where(pending.c.attempt_id.between(*ends)))
    stretch = Stretch(number, *ends, b"")
    members = _put(conn, stretch, ids)
    row = {"number": number, "first_id": ends[0], "last_id": ends[1], "members": members}
    conn.execute(insert(stretches), row)


def _index_noted(conn: Connection, ids: Sequence[int]) -> None:
    """Gives noted attempts documents of their own, at the end of their stretches."""
    conn.execute(delete(pending).where(among(conn, pending.c.attempt_id, ids)))
    held = reach(conn)
    if held is None:
        return
    for stretch, theirs in _stretches_of(conn, [ident for ident in ids if ident >= held[0]]):
        if len(stretch.documents()) + len(theirs) > PLACES:
            # A clock went back for long: from here on all of it is indexed anew, in its order.
            _drop(conn, stretches.c.number >= stretch.number)
            return
        _keep_members(conn, stretch, _put(conn, stretch, theirs))


def _stretches_of(conn: Connection, ids: Sequence[int]) -> Iterator[tuple[Stretch, list[int]]]:
    """The stretches that attempts, rising, belong to, each with its own of them."""
    left = [*ids]
    while left:
        holds = select(stretches).where(stretches.c.last_id >= left[0])
        row = conn.execute(holds.order_by(stretches.c.last_id).limit(1)).one_or_none()
        if row is None:
            return
        theirs = [ident for ident in left if ident <= row.last_id]
        left = left[len(theirs) :]
        yield Stretch(*row), theirs


def _put(conn: Connection, stretch: Stretch, ids: Sequence[int]) -> bytes:
    """Makes documents of attempts behind those of a stretch; returns its members."""
    rows = conn.execute(select(*_ROW).where(among(conn, attempts.c.id, ids))).all()
    members, texts = stretch.members, {}
    place = stretch.documents().stop
    for some in _alike(rows):
        texts[place] = document(some)
        idents = [row.id for row in some]
        members += _SLOTS.pack(*idents, *[0] * (TOGETHER - len(some)))
        place += 1
    index.put(conn, texts)
    return members


def _alike(rows: Sequence[Any]) -> Iterator[list[Any]]:
    """Attempts in lots of a document, those together that a filter lets through together."""
    lot: list[Any] = []
    size = 0
    for row in sorted(rows, key=lambda row: (*(getattr(row, name) for name in KNOWN), row.id)):
        if lot and (len(lot) == TOGETHER or size + len(row.body) > LONGEST):
            yield lot
            lot, size = [], 0
        lot.append(row)
        size += len(row.body)
    if lot:
        yield lot


def _keep_members(conn: Connection, stretch: Stretch, members: bytes) -> None:
    where = stretches.c.number == stretch.number
    conn.execute(update(stretches).where(where).values(members=members))


def _drop(conn: Connection, where: Any) -> None:
    """Takes out whole stretches, from either end of what is indexed."""
    rows = conn.execute(select(stretches).where(where)).all()
    if not rows:
        return
    index.drop(conn, [ident for row in rows for ident in Stretch(*row).documents()])
    conn.execute(delete(stretches).where(where))
    last = conn.scalar(select(func.max(stretches.c.last_id))) or 0
    conn.execute(update(_state).values(attempts_to=last))
