"""Texts on their way: claimed, handed over, settled. A status only moves forward."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.engine import Connection

from storage.dialects import among, among_packed, packed, rows_packed, upsert
from storage.driver import fetch, run
from storage.errors import Refused
from storage.outbox import OPT_IN_FAILED, News, tell
from storage.phones import parse_e164
from storage.rows import moment_value
from storage.suppressions import phone_hash, store_secret, suppress_contacts
from storage.tables import (
    WAITING,
    Contact,
    GatewayScript,
    Message,
    Suppression,
)
from storage.tallies import add_tallies, stage_tally
from storage.times import now
from storage.words import BADGE_BITS, GATEWAY, Badge, Kind, Stage

CLAIM_SECONDS = 30
"""How long a claimed text may take to be handed over before its fate counts as unknown."""

RECEIPT_SECONDS = 60
"""How long a lead waits for a receipt before it is queued as unconfirmed."""

_messages: Any = Message.__table__  # type: ignore[attr-defined]
_contacts: Any = Contact.__table__  # type: ignore[attr-defined]
_script: Any = GatewayScript.__table__  # type: ignore[attr-defined]
_suppressions: Any = Suppression.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A text to hand over to the gateway."""

    message_id: int
    contact_id: int
    phone: str
    number_id: str
    body: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a gateway said of a text."""

    message_id: int
    status: str
    """`sent` (no receipt yet), `accepted`, `delivered`, `landline`, `blocked`, `failed`,
    `retry` (try again later) or `unknown` (the answer was lost)."""
    provider_id: str = ""
    error: str = ""


def claim_pending(conn: Connection, worker: str, limit: int) -> list[Outgoing]:
    """Takes texts that are due for one courier; no other gets them.

    Args:
        conn: A transaction that holds the write lock.
        worker: Who claims.
        limit: At most so many, the longest waiting first.
    """
    moment = now()
    at = moment_value(conn, moment)
    until = moment_value(conn, moment + timedelta(seconds=CLAIM_SECONDS))
    return [Outgoing(*row) for row in fetch(conn, _CLAIM, (worker, until, at, at, limit))]


_CLAIM = (
    "UPDATE messages SET status = 'sending', claimed_by = ?, due_at = ?, changed_at = ?"  # noqa: S608
    f" WHERE id IN (SELECT id FROM messages WHERE {WAITING} AND status = 'pending'"
    " AND due_at <= ? ORDER BY due_at, id LIMIT ?)"
    " RETURNING id, contact_id, phone, number_id, body"
)


def next_due(conn: Connection) -> datetime | None:
    """When the next text is to be sent, or the next wait ends; None when nothing waits."""
    found: datetime | None = conn.execute(
        select(_messages.c.due_at).where(text(WAITING)).order_by(_messages.c.due_at).limit(1)
    ).scalar()
    return found


_FORWARD = {
    "sent": ("sending",),
    "accepted": ("sending", "sent", "unknown"),
    "delivered": ("sending", "sent", "accepted", "unknown"),
    "landline": ("sending", "sent", "accepted", "unknown"),
    "blocked": ("sending", "sent", "accepted", "unknown"),
    "failed": ("sending", "sent", "accepted", "unknown"),
    "retry": ("sending",),
    "unknown": ("sending",),
}
"""From which states each report may move a message."""

_STORED = {"landline": "failed", "retry": "pending"}

RETRY_AFTER = timedelta(seconds=15)


def settle(conn: Connection, receipts: Sequence[Receipt]) -> Sequence[bool]:
    """Writes down what became of texts, and moves their contacts on. A batch verb's body.

    Returns:
        For each receipt whether it moved its message; an old or repeated one does not.
    """
    moment = now()
    by_status: dict[str, dict[int, Receipt]] = {}
    for receipt in receipts:
        by_status.setdefault(receipt.status, {})[receipt.message_id] = receipt
    moved: set[tuple[str, int]] = set()
    for status, said in by_status.items():
        contacts = _save_status(conn, status, list(said.values()), moment)
        if contacts:
            _move_contacts(conn, status, list(contacts.values()), moment)
        moved.update((status, message_id) for message_id in contacts)
    return [(receipt.status, receipt.message_id) in moved for receipt in receipts]


def _save_status(
    conn: Connection, status: str, receipts: Sequence[Receipt], moment: datetime
) -> dict[int, int]:
    """Moves messages on; returns the contact of each that it moved."""
    # One statement for all: each alone would cost more than everything else about a lead.
    waits = {"sent": timedelta(seconds=RECEIPT_SECONDS), "retry": RETRY_AFTER}
    forward = ", ".join(f"'{state}'" for state in _FORWARD[status])
    rows = [(receipt.message_id, receipt.provider_id, receipt.error) for receipt in receipts]
    table, values = rows_packed(conn, {"id": "bigint", "provider": "text", "fault": "text"}, rows)
    statement = (
        "UPDATE messages SET status = ?, provider_id = said.provider, error = said.fault,"  # noqa: S608
        f" due_at = ?, changed_at = ? FROM {table} AS said"
        f" WHERE messages.id = said.id AND messages.status IN ({forward})"
        " RETURNING messages.id, messages.contact_id"
    )
    due = moment_value(conn, moment + waits.get(status, timedelta(0)))
    changed = moment_value(conn, moment)
    moved = fetch(conn, statement, (_STORED.get(status, status), due, changed, *values))
    return {row[0]: row[1] for row in moved}


def _move_contacts(
    conn: Connection, status: str, contact_ids: Sequence[int], moment: datetime
) -> None:
    if status in ("accepted", "delivered"):
        _enter_queue(conn, contact_ids, moment)
    elif status == "landline":
        _enter_queue(conn, contact_ids, moment, badge=Badge.LANDLINE, kind=Kind.LANDLINE)
    elif status == "unknown":
        _enter_queue(conn, contact_ids, moment, badge=Badge.UNCONFIRMED)
    elif status == "blocked":
        _block(conn, contact_ids, moment)
    elif status == "failed":
        _fail(conn, contact_ids, moment)


def _enter_queue(
    conn: Connection,
    contact_ids: Sequence[int],
    moment: datetime,
    *,
    badge: Badge | None = None,
    kind: Kind | None = None,
) -> int:
    """The only way into the queue for a contact that was texted."""
    changes = "stage = 'queued', version = version + 1, changed_at = ?"
    values: list[Any] = [moment_value(conn, moment)]
    if badge is not None:
        changes += ", badges = badges | ?"
        values.append(BADGE_BITS[badge])
    if kind is not None:
        changes += ", kind = ?"
        values.append(kind.value)
    which = f"{among_packed(conn, 'id')} AND stage = 'confirming'"
    entered = run(
        conn,
        f"UPDATE contacts SET {changes} WHERE {which}",  # noqa: S608 - our own names
        (*values, packed(conn, contact_ids)),
    )
    add_tallies(conn, {stage_tally(Stage.CONFIRMING): -entered, stage_tally(Stage.QUEUED): entered})
    return entered


def _fail(conn: Connection, contact_ids: Sequence[int], moment: datetime) -> None:
    rows = conn.execute(
        update(_contacts)
        .where(among(conn, _contacts.c.id, contact_ids), _contacts.c.stage == Stage.CONFIRMING)
        .values(stage=Stage.FAILED, version=_contacts.c.version + 1, changed_at=moment)
        .returning(_contacts.c.id, _contacts.c.phone, _contacts.c.number_id)
    ).all()
    add_tallies(
        conn, {stage_tally(Stage.CONFIRMING): -len(rows), stage_tally(Stage.FAILED): len(rows)}
    )
    tell(
        conn,
        [News(OPT_IN_FAILED, row.id, row.phone, row.number_id, at=moment) for row in rows],
    )


def _block(conn: Connection, contact_ids: Sequence[int], moment: datetime) -> None:
    """The carrier knows a STOP that we do not: the number is suppressed as if we had got it."""
    secret = store_secret(conn)
    phones = list(
        conn.execute(
            select(_contacts.c.phone).where(among(conn, _contacts.c.id, contact_ids))
        ).scalars()
    )
    statement = upsert(conn, _suppressions, ("phone_hash", "source"), ("at",))
    for phone in phones:
        conn.execute(
            statement,
            {
                "phone_hash": phone_hash(secret, phone),
                "source": "stop",
                "phone": phone,
                "reason": "blocked by the carrier after a STOP",
                "actor": GATEWAY.name,
                "at": moment,
            },
        )
    suppress_contacts(conn, GATEWAY, phones, "blocked by the carrier after a STOP")


def sweep(conn: Connection, limit: int = 500) -> int:
    """Ends waits that took too long: unconfirmed leads are queued with a badge.

    A text that was claimed by a courier which then died counts as unknown and is not sent again.

    Returns:
        How many texts it concerned.
    """
    moment = now()
    overdue = conn.execute(
        select(_messages.c.id, _messages.c.contact_id, _messages.c.status)
        .where(
            text(WAITING),
            _messages.c.status.in_(["sending", "sent"]),
            _messages.c.due_at <= moment,
        )
        .order_by(_messages.c.due_at, _messages.c.id)
        .limit(limit)
    ).all()
    if not overdue:
        return 0
    conn.execute(
        update(_messages)
        .where(among(conn, _messages.c.id, [row.id for row in overdue]))
        .values(status="unknown", changed_at=moment)
    )
    _enter_queue(conn, [row.contact_id for row in overdue], moment, badge=Badge.UNCONFIRMED)
    return len(overdue)


# What the simulated gateway is told to do.

OUTCOMES = ("accept", "deliver", "block", "landline", "fail", "silent", "error")


@dataclass(frozen=True, slots=True)
class Scripted:
    """What the simulated gateway shall do with a number."""

    phone: str
    """E.164, or `*` for every number not named."""
    outcome: str
    delay_ms: int


def script(conn: Connection, phone: str, outcome: str, delay_ms: int = 0) -> Scripted:
    """Tells the simulated gateway what to do with a number from now on.

    Raises:
        Refused: The number or the outcome is none.
    """
    if outcome not in OUTCOMES:
        raise Refused(f"“{outcome}” is no outcome.", f"One of: {', '.join(OUTCOMES)}.")
    if phone != "*":
        parsed = parse_e164(phone)
        if parsed is None:
            raise Refused(
                f"“{phone}” is no phone number in E.164 format.", "Write it like +14155550123."
            )
        phone = parsed.e164
    conn.execute(
        upsert(conn, _script, ("phone",), ("outcome", "delay_ms")),
        {"phone": phone, "outcome": outcome, "delay_ms": delay_ms},
    )
    return Scripted(phone, outcome, delay_ms)


def unscript(conn: Connection, phone: str) -> bool:
    """Forgets what the simulated gateway was told of a number; returns whether it was told."""
    return bool(conn.execute(_script.delete().where(_script.c.phone == phone)).rowcount)


def scripts(conn: Connection) -> dict[str, Scripted]:
    """All that the simulated gateway is told, by number."""
    rows = conn.execute(select(_script).order_by(_script.c.phone))
    return {row.phone: Scripted(row.phone, row.outcome, row.delay_ms) for row in rows}
