"""The Do Not Contact lists as people work with them: looking, checking, releasing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, or_, select
from sqlalchemy.engine import Connection

from storage.changes import record, row_of
from storage.dialects import among, is_postgresql
from storage.errors import NotFound, Refused
from storage.folding import digits
from storage.phones import parse_e164, shortened
from storage.putting_back import put_back
from storage.suppressions import SuppressionRow, phone_hash, store_secret
from storage.tables import Change, ChangeItem, Contact, Suppression
from storage.words import Actor, Stage

INTERNAL = ("staff", "import")
"""Whose entries people may release; a STOP is lifted by START alone, an erasure by nothing."""

_ORDERED = ("erasure", "import", "staff", "stop")
"""The sources in the order of their names."""
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_HASHES = (1 << 128) - 1
_STEP = 16
_LATEST = 7_000 * 366 * 86_400 * 10**6
"""Microseconds; further on no calendar reaches."""

_table: Any = Suppression.__table__  # type: ignore[attr-defined]
_contacts: Any = Contact.__table__  # type: ignore[attr-defined]
_changes: Any = Change.__table__  # type: ignore[attr-defined]
_items: Any = ChangeItem.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Entry(SuppressionRow):
    """An entry of a list, with its place in the order of the lists."""

    phone_hash: bytes = b""
    import_id: int | None = None

    @property
    def key(self) -> tuple[datetime, bytes, str]:
        """What `page` goes on behind."""
        return self.at, self.phone_hash, self.source

    @property
    def place(self) -> int:
        """A number for the place in the order of the lists: newer entries have larger ones."""
        micros = int((self.at - _BEGINNING) / timedelta(microseconds=1))
        within = _HASHES - int.from_bytes(self.phone_hash)
        return (micros * (_HASHES + 1) + within) * _STEP + 2 * (len(_ORDERED) - self._rank)

    @property
    def _rank(self) -> int:
        return _ORDERED.index(self.source) if self.source in _ORDERED else len(_ORDERED)

    @property
    def releasable(self) -> bool:
        """Whether people may release it."""
        return self.source in INTERNAL


def page(
    conn: Connection,
    *,
    search: str = "",
    behind: tuple[datetime, bytes, str] | None = None,
    limit: int = 100,
) -> list[Entry]:
    """Some entries, the newest first.

    Args:
        conn: The store.
        search: Digits of a number, a source, or words of a reason or a person.
        behind: The key of the last entry of the page before.
        limit: At most so many.
    """
    query = select(_table)
    if search.strip():
        query = query.where(_matching(conn, search))
    if behind is not None:
        at, hashed, source = behind
        query = query.where(
            _table.c.at <= at,
            or_(
                _table.c.at < at,
                and_(_table.c.at == at, _table.c.phone_hash > hashed),
                and_(_table.c.at == at, _table.c.phone_hash == hashed, _table.c.source > source),
            ),
        )
    query = query.order_by(_table.c.at.desc(), _table.c.phone_hash, _table.c.source).limit(limit)
    return [_entry(row) for row in conn.execute(query)]


def window(
    conn: Connection, *, search: str = "", before: int | None, after: int | None, limit: int
) -> list[Entry]:
    """Entries around a place in the list, the newest first.

    Args:
        conn: The store.
        search: As in `page`.
        before: Only entries with a smaller `Entry.place`, those nearest to it.
        after: Only those with a larger one. Without both, the newest entries.
        limit: At most so many.
    """
    query = select(_table)
    if search.strip():
        query = query.where(_matching(conn, search))
    bound = before if after is None else after
    if bound is not None:
        at, hashed, sources, beyond = _around(bound)
        newer = after is not None
        here = _table.c.at == at
        behind = _table.c.phone_hash < hashed if newer else _table.c.phone_hash > hashed
        query = query.where(
            _table.c.at >= at if newer else _table.c.at <= at,
            or_(
                _table.c.at > at if newer else _table.c.at < at,
                and_(here, behind),
                and_(
                    here,
                    _table.c.phone_hash == hashed,
                    _table.c.source.in_(sources if newer else beyond),
                ),
            ),
        )
    columns = (_table.c.at, _table.c.phone_hash, _table.c.source)
    if after is not None:
        query = query.order_by(columns[0], columns[1].desc(), columns[2].desc())
        return [_entry(row) for row in conn.execute(query.limit(limit))][::-1]
    query = query.order_by(columns[0].desc(), columns[1], columns[2])
    return [_entry(row) for row in conn.execute(query.limit(limit))]


def _around(place: int) -> tuple[datetime, bytes, list[str], list[str]]:
    """Time and hash of a place, and the sources that stand before and behind it there."""
    rest, low = divmod(place, _STEP)
    micros, within = divmod(rest, _HASHES + 1)
    at = _BEGINNING + timedelta(microseconds=min(micros, _LATEST))
    ranks = [(2 * (len(_ORDERED) - rank), source) for rank, source in enumerate(_ORDERED)]
    newer = [source for value, source in ranks if value > low]
    older = [source for value, source in ranks if value < low]
    return at, (_HASHES - within).to_bytes(16), newer, older


def _matching(conn: Connection, search: str) -> ColumnElement[bool]:
    search = search.strip()
    whole = parse_e164("".join(search.split()))
    if whole is not None:
        return _table.c.phone_hash == phone_hash(store_secret(conn), whole.e164)  # type: ignore[no-any-return]
    position = func.strpos if is_postgresql(conn) else func.instr
    search = search.replace("\0", "").encode("utf-8", "replace").decode()
    found = [
        position(func.lower(column), search.lower()) > 0
        for column in (_table.c.reason, _table.c.actor, _table.c.source)
    ]
    number = digits(search)
    if number:
        found.append(position(func.coalesce(_table.c.phone, ""), number) > 0)
    return or_(*found)


def entries_of(conn: Connection, phone: str) -> list[Entry]:
    """Every entry of one number, also where only its hash is kept.

    Raises:
        Refused: That is no phone number.
    """
    hashed = phone_hash(store_secret(conn), _canonical(phone))
    rows = conn.execute(select(_table).where(_table.c.phone_hash == hashed))
    return sorted(map(_entry, rows), key=lambda entry: entry.at, reverse=True)


def release(conn: Connection, who: Actor, phone: str, reason: str) -> list[Entry]:
    """Takes a number off the lists that people keep; its contact goes back to where it stood.

    Args:
        conn: A transaction that holds the write lock.
        who: By whose word.
        phone: E.164.
        reason: Why, for people to read.

    Returns:
        The entries that are gone.

    Raises:
        NotFound: The number is on no list.
        Refused: No reason is given, or the person opted out: nobody here can lift that.
    """
    if not reason.strip():
        raise Refused("A release needs a reason.", "Say why: --reason TEXT")
    canonical = _canonical(phone)
    found = entries_of(conn, canonical)
    if not found:
        raise NotFound(f"{canonical} is on no Do Not Contact list.")
    barring = [entry.source for entry in found if not entry.releasable]
    if "stop" in barring:
        raise Refused(
            f"{canonical} opted out by STOP.", "Only START from that phone lifts it: nobody else."
        )
    if barring:
        raise Refused(f"{canonical} was erased and is never texted again.")
    hashed = found[0].phone_hash
    conn.execute(delete(_table).where(_table.c.phone_hash == hashed))
    record(
        conn,
        who,
        "dnc.release",
        subject=f"{shortened(canonical)} ({reason.strip()})",
        details={"phone_hash": hashed.hex(), "reason": reason.strip()},
    )
    _return_contacts(conn, canonical)
    return found


def _return_contacts(conn: Connection, phone: str) -> None:
    """Back to where the suppression took them from, which for the queue was a door's doing."""
    ids: Sequence[int] = (
        conn.execute(
            select(_contacts.c.id).where(
                _contacts.c.phone == phone, _contacts.c.stage == Stage.SUPPRESSED
            )
        )
        .scalars()
        .all()
    )
    for ident in ids:
        row = conn.execute(
            select(_changes)
            .join(_items, _items.c.change_id == _changes.c.id)
            .where(among(conn, _items.c.contact_id, [ident]), _changes.c.verb == "suppress")
            .order_by(_changes.c.id.desc())
            .limit(1)
        ).one_or_none()
        if row is not None:
            put_back(conn, row_of(row), [ident])


def _canonical(phone: str) -> str:
    parsed = parse_e164("".join(phone.split()))
    if parsed is None:
        raise Refused(
            f"“{phone}” is no phone number in E.164 format.", "Write it like +14155550123."
        )
    return parsed.e164


def _entry(row: Any) -> Entry:
    return Entry(
        row.phone,
        row.source,
        row.reason,
        row.actor,
        row.at,
        bytes(row.phone_hash),
        row.import_id,
    )
