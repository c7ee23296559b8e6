"""Do Not Contact: numbers that must not be texted, and by whose word."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from storage import phone_index
from storage.changes import record
from storage.dialects import among_packed, insert_or_skip, packed, run_counted
from storage.driver import Written, fetch, run_at_last
from storage.rows import inserting, moment_value
from storage.spelling import canonical
from storage.tables import ChangeItem, Suppression
from storage.tallies import add_tallies, group_tally, stage_tally
from storage.times import now
from storage.words import Actor, Stage

_table = Suppression.__table__  # type: ignore[attr-defined]
_items = ChangeItem.__table__  # type: ignore[attr-defined]

SOURCES = ("staff", "stop", "import", "erasure")


def phone_hash(secret: bytes, phone: str) -> bytes:
    """What a suppressed number is known by, also when the number itself must be forgotten.

    Args:
        secret: The store's, from `store_secret`.
        phone: Canonical E.164.
    """
    return hashlib.blake2b(phone.encode(), key=secret, digest_size=16).digest()


def store_secret(conn: Connection) -> bytes:
    """The key of this store's phone hashes."""
    return bytes(fetch(conn, "SELECT secret FROM store_state WHERE id = 1")[0][0])


def suppressed_among(conn: Connection, hashes: Sequence[bytes]) -> set[bytes]:
    """Which of some phone hashes are on any list."""
    if not hashes:
        return set()
    which = among_packed(conn, "phone_hash", binary=True)
    query = f"SELECT phone_hash FROM suppressions WHERE {which}"  # noqa: S608 - our own names
    return {bytes(row[0]) for row in fetch(conn, query, (packed(conn, hashes),))}


@dataclass(frozen=True, slots=True)
class SuppressionRow:
    """An entry of a Do Not Contact list. `phone` is None where only its hash is kept."""

    phone: str | None
    source: str
    reason: str
    actor: str
    at: datetime


def add(
    conn: Connection, who: Actor, phones: Iterable[str], *, source: str = "staff", reason: str = ""
) -> int:
    """Puts numbers on a list; contacts with them leave every queue and group at once.

    Args:
        conn: A transaction that holds the write lock.
        who: By whose word.
        phones: In any spelling.
        source: One of `SOURCES`.
        reason: For people to read.

    Returns:
        How many numbers were not on that list before.

    Raises:
        Refused: One is no phone number; nothing is added.
    """
    numbers = [canonical(conn, written) for written in phones]
    secret, moment = store_secret(conn), now()
    rows = [
        {
            "phone_hash": phone_hash(secret, phone),
            "source": source,
            "phone": phone,
            "reason": reason,
            "actor": who.name,
            "at": moment,
        }
        for phone in dict.fromkeys(numbers)
    ]
    added = sum(run_counted(conn, insert_or_skip(conn, _table), row) for row in rows)
    record(conn, who, "dnc.add", subject=reason or source, details={"numbers": len(rows)})
    suppress_contacts(conn, who, [str(row["phone"]) for row in rows], reason or source)
    return added


def suppress_contacts(conn: Connection, who: Actor, phones: Sequence[str], reason: str) -> int:
    """Takes contacts out of queue and groups and cancels what was still to be sent to them.

    Returns:
        How many contacts it concerned.
    """
    if not phones:
        return 0
    moment = moment_value(conn, now())
    having = _having(conn, phones)
    run_at_last(conn, _cancelling(conn, phones, [row[0] for row in having], moment))
    rows = [row for row in having if row[1] not in _LEFT]
    if not rows:
        return 0
    ids = [row[0] for row in rows]
    change_id = record(conn, who, "suppress", subject=reason, size=len(ids))
    statements = inserting(conn, _items, [[change_id, *row] for row in rows])
    values = (moment, packed(conn, ids))
    statements.append((_SUPPRESS.format(among=among_packed(conn, "id")), values))
    run_at_last(conn, statements)
    deltas: dict[str, int] = {stage_tally(Stage.SUPPRESSED): len(ids)}
    for _, stage, group_id, _ in rows:
        for name in (stage_tally(stage), group_tally(group_id) if group_id else ""):
            if name:
                deltas[name] = deltas.get(name, 0) - 1
    add_tallies(conn, deltas)
    return len(ids)


def cancel_texts(conn: Connection, phones: Sequence[str]) -> None:
    """Cancels what was still to be sent to numbers, whatever became of who has them.

    Somebody who was deleted, or was never a contact, may wait for an answer to a HELP.
    """
    ids = [row[0] for row in _having(conn, phones)]
    run_at_last(conn, _cancelling(conn, phones, ids, moment_value(conn, now())))


def _having(conn: Connection, phones: Sequence[str]) -> Sequence[Any]:
    """Id, stage, group and star of the contacts that have some numbers."""
    holders, numbers = phone_index.ever_held_by(conn, phones)
    which = phone_index.among_holders(conn, holders)
    return fetch(conn, f"SELECT id, stage, group_id, favorite FROM contacts WHERE {which}", numbers)  # noqa: S608


def _cancelling(
    conn: Connection, phones: Sequence[str], ids: Sequence[int], moment: Any
) -> list[Written]:
    theirs = _CANCEL.format(among=among_packed(conn, "contact_id"))
    strangers = _CANCEL.format(among=f"contact_id = 0 AND {among_packed(conn, 'phone')}")
    return [(theirs, (moment, packed(conn, ids))), (strangers, (moment, packed(conn, phones)))]


_LEFT = (Stage.DELETED.value, Stage.SUPPRESSED.value)
_SUPPRESS = (
    "UPDATE contacts SET stage = 'suppressed', group_id = NULL, version = version + 1,"
    " changed_at = ? WHERE {among}"
)
# The status is wrapped, so that no index of all that waits looks like the way to them.
_CANCEL = (
    "UPDATE messages SET status = 'cancelled', changed_at = ?"
    " WHERE {among} AND direction = 'out' AND status || '' = 'pending'"
)


def listing(conn: Connection, limit: int = 1000) -> list[SuppressionRow]:
    """The newest entries of all lists."""
    rows = conn.execute(
        select(_table).order_by(_table.c.at.desc(), _table.c.phone_hash).limit(limit)
    )
    return [SuppressionRow(row.phone, row.source, row.reason, row.actor, row.at) for row in rows]
