"""What becomes of texts that were handed over. A status only moves forward."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, text, true, update
from sqlalchemy.engine import Connection

from storage import failing, guesses, handovers, phone_index
from storage.changes import record
from storage.dialects import (
    among,
    among_packed,
    by_keys,
    is_postgresql,
    packed,
    texts_packed,
)
from storage.driver import Written, fetch, run, run_at_last, savepoint
from storage.errors import NotFound, Refused
from storage.holding import OPENING
from storage.inbound import opt_out
from storage.noting import note
from storage.rows import moment_value
from storage.suppressions import (
    phone_hash,
    store_secret,
    suppress_contacts,
    suppressed_among,
)
from storage.tables import (
    PROVIDED,
    WAITING,
    Contact,
    Message,
    Suppression,
)
from storage.tallies import add_tallies, adding, stage_tally
from storage.texts import Outgoing, Receipt
from storage.times import AHEAD, now
from storage.words import BADGE_BITS, GATEWAY, Actor, Badge, Kind, Stage

RECEIPT_SECONDS = 60
"""How long a lead waits for a receipt before it is queued as unconfirmed."""

BLOCKED = "blocked by the carrier after a STOP"
"""How a number was opted out whose STOP only the carrier has heard."""

_messages: Any = Message.__table__  # type: ignore[attr-defined]
_contacts: Any = Contact.__table__  # type: ignore[attr-defined]
_suppressions: Any = Suppression.__table__  # type: ignore[attr-defined]


_FORWARD = {
    "sent": ("sending",),
    "accepted": ("sending", "sent", "unknown"),
    "delivered": ("sending", "sent", "accepted", "unknown"),
    "landline": ("sending", "sent", "accepted", "unknown"),
    "blocked": ("sending", "sent", "accepted", "unknown"),
    "failed": ("sending", "sent", "accepted", "unknown"),
    "retry": ("sending",),
    "kept": ("sending",),
    "unknown": ("sending",),
}
"""From which states each report may move a message."""

_STORED = {"landline": "failed", "retry": "pending", "kept": "pending"}

RETRY_AFTER = timedelta(seconds=15)


def settle(
    conn: Connection,
    receipts: Sequence[Receipt],
    handed_over: Sequence[Outgoing] = (),
    handover: int = 0,
) -> Sequence[bool]:
    """Writes down what became of texts, and moves their contacts on. A batch verb's body.

    Args:
        conn: A transaction that holds the write lock.
        receipts: What was said of them.
        handed_over: The texts that this is about, where they were just claimed: nearly always they
            and their contacts are as they were then, which is counted and not asked of each.
        handover: The row by which they were claimed; 0 where each was by itself.

    Returns:
        For each receipt whether it moved its message; an old or repeated one does not.
    """
    moment = now()
    if not handovers.may_stand(conn):
        # It was spelled out as the transaction began.
        handover = 0
    if handed_over and _are_usual(receipts, handed_over):
        contact_ids = [text.contact_id for text in handed_over]
        if _settle_usual(conn, receipts, contact_ids, moment, handover):
            return [True] * len(receipts)
    handovers.spell_out(conn)
    said: dict[tuple[str, str, str], list[Receipt]] = {}
    for receipt in receipts:
        said.setdefault((receipt.status, receipt.error, receipt.gateway), []).append(receipt)
    moved: set[tuple[str, int]] = set()
    for (status, *_), alike in said.items():
        statement, values = _saving(conn, alike, moment)
        returning = f"{statement} RETURNING messages.id, messages.contact_id, messages.purpose"
        rows = fetch(conn, returning, values)
        by_purpose: dict[str, list[int]] = {}
        for message_id, contact_id, purpose in rows:
            by_purpose.setdefault(purpose, []).append(contact_id)
            moved.add((status, message_id))
        for purpose, contacts in by_purpose.items():
            move_contacts(conn, status, purpose, contacts, moment)
    return [(receipt.status, receipt.message_id) in moved for receipt in receipts]


def _are_usual(receipts: Sequence[Receipt], texts: Sequence[Outgoing]) -> bool:
    """Whether they all were accepted by one gateway, and lead their contacts into the queue."""
    if not len({text.contact_id for text in texts}) == len(receipts) == len(texts):
        return False
    usual = ("accepted", receipts[0].error, receipts[0].gateway)
    return (
        all(text.purpose == "compliance" for text in texts)
        and all((one.status, one.error, one.gateway) == usual for one in receipts)
        and {text.message_id for text in texts} == {receipt.message_id for receipt in receipts}
    )


def _settle_usual(
    conn: Connection,
    receipts: Sequence[Receipt],
    contact_ids: Sequence[int],
    moment: datetime,
    handover: int,
) -> bool:
    """Writes that down, unless not all of them are moved by it; tells whether it did."""
    count = len(receipts)
    statements = (
        _saving(conn, receipts, moment, ("pending",) if handover else _FORWARD["accepted"]),
        _entering(conn, contact_ids, moment, stage=Stage.QUEUED),
    )
    tallies = {stage_tally(Stage.CONFIRMING): -count, stage_tally(Stage.QUEUED): count}
    if is_postgresql(conn):
        if not guesses.may_guess(conn):
            return False
        checked = [guesses.all_of(count, _returning_ids(one)) for one in statements]
        if handover:
            checked.append(guesses.all_of(1, handovers.ending(handover)))
        run_at_last(conn, [*checked, *adding(tallies)])
        return True
    try:
        with savepoint(conn):
            for statement, values in statements:
                if run(conn, statement, values) != count:
                    raise _Unusual
            add_tallies(conn, tallies)
    except _Unusual:
        return False
    return True


class _Unusual(Exception):
    """A text or its contact is not where it was when the text was claimed."""


def _returning_ids(writing: Written) -> Written:
    statement, values = writing
    return f"{statement} RETURNING 1", values


def _saving(
    conn: Connection, receipts: Sequence[Receipt], moment: datetime, states: Sequence[str] = ()
) -> Written:
    """What moves messages on; of all of them their gateway says the same.

    Args:
        conn: The store.
        receipts: What it says.
        moment: Now.
        states: Where they may be; usually what the receipts themselves allow.
    """
    # One statement for all: each alone would cost more than everything else about a lead.
    status, error, gateway = receipts[0].status, receipts[0].error, receipts[0].gateway
    waits = {"sent": timedelta(seconds=RECEIPT_SECONDS), "retry": RETRY_AFTER}
    forward = ", ".join(f"'{state}'" for state in states or _FORWARD[status])
    said = {receipt.message_id: receipt.provider_id for receipt in receipts}
    table, values = texts_packed(conn, "id", "provider", said)
    by_key, which = by_keys(conn, "messages.id", [*said])
    in_vain = ", tries = tries + 1" if status == "retry" else ""
    given_back = ", claimed_by = ''" if status in ("retry", "kept") else ""
    statement = (
        "UPDATE messages SET status = ?, error = ?,"  # noqa: S608
        " provider_id = CASE said.provider WHEN '' THEN provider_id ELSE said.provider END,"
        " gateway = COALESCE(?, gateway),"
        f" due_at = ?, changed_at = ?{in_vain}{given_back} FROM {table} AS said"
        f" WHERE messages.id = said.id AND {by_key} AND messages.status || '' IN ({forward})"
    )
    due = moment_value(conn, moment + waits.get(status, timedelta(0)))
    changed = moment_value(conn, moment)
    to = _STORED.get(status, status)
    return statement, (to, error, gateway or None, due, changed, *values, *which)


def move_contacts(
    conn: Connection, status: str, purpose: str, contact_ids: Sequence[int], moment: datetime
) -> None:
    """Moves contacts on after what became of their texts, as far as that tells of the opt-in."""
    if status == "blocked":
        _block(conn, contact_ids)
    elif purpose not in OPENING:
        # What answers HELP says nothing about the opt-in.
        return
    elif status in ("accepted", "delivered", "unknown"):
        badge = Badge.UNCONFIRMED if status == "unknown" else None
        stage = Stage.AWAITING if purpose == "confirm" else Stage.QUEUED
        entered = _enter_queue(conn, contact_ids, moment, badge=badge, stage=stage)
        if badge is None and entered < len(contact_ids):
            failing.clear_doubt(conn, contact_ids, moment)
    elif status == "landline":
        entered = _enter_queue(conn, contact_ids, moment, badge=Badge.LANDLINE, kind=Kind.LANDLINE)
        if entered < len(contact_ids):
            failing.mark_landline(conn, contact_ids, moment)
    elif status == "failed":
        failing.fail(conn, purpose, contact_ids, moment)
    elif status in ("retry", "kept"):
        _cancel_unwanted(conn, contact_ids, moment)


def _cancel_unwanted(conn: Connection, contact_ids: Sequence[int], moment: datetime) -> None:
    """Ends texts that would be tried again, to people who left while they were under way."""
    conn.execute(
        update(_messages)
        .where(
            among(conn, _messages.c.contact_id, contact_ids),
            _messages.c.status == "pending",
            _messages.c.contact_id.in_(
                select(_contacts.c.id).where(
                    among(conn, _contacts.c.id, contact_ids),
                    _contacts.c.stage.in_([Stage.SUPPRESSED, Stage.DELETED]),
                )
            ),
        )
        .values(status="cancelled", changed_at=moment)
    )


def _enter_queue(
    conn: Connection,
    contact_ids: Sequence[int],
    moment: datetime,
    *,
    badge: Badge | None = None,
    kind: Kind | None = None,
    stage: Stage = Stage.QUEUED,
) -> int:
    """The only way into the queue for a contact that was texted; or to wait for its YES."""
    entering = _entering(conn, contact_ids, moment, badge=badge, kind=kind, stage=stage)
    entered = run(conn, *entering)
    add_tallies(conn, {stage_tally(Stage.CONFIRMING): -entered, stage_tally(stage): entered})
    return entered


def _entering(
    conn: Connection,
    contact_ids: Sequence[int],
    moment: datetime,
    *,
    badge: Badge | None = None,
    kind: Kind | None = None,
    stage: Stage = Stage.QUEUED,
) -> Written:
    changes = "stage = ?, version = version + 1, changed_at = ?"
    values: list[Any] = [stage.value, moment_value(conn, moment)]
    if badge is not None:
        changes += ", badges = badges | ?"
        values.append(BADGE_BITS[badge])
    if kind is not None:
        changes += ", kind = ?"
        values.append(kind.value)
    which = f"{among_packed(conn, 'id')} AND stage = 'confirming'"
    statement = f"UPDATE contacts SET {changes} WHERE {which}"  # noqa: S608 - our own names
    return statement, (*values, packed(conn, contact_ids))


def _block(conn: Connection, contact_ids: Sequence[int]) -> None:
    """The carrier knows a STOP that we do not: it holds as if we had got it."""
    rows = conn.execute(
        select(_contacts.c.phone, _contacts.c.number_id).where(
            among(conn, _contacts.c.id, contact_ids)
        )
    ).all()
    secret = store_secret(conn)
    digests = {row.phone: phone_hash(secret, row.phone) for row in rows}
    known = conn.execute(
        select(_suppressions.c.phone_hash).where(
            among(conn, _suppressions.c.phone_hash, list(digests.values())),
            _suppressions.c.source == "stop",
        )
    ).scalars()
    out = {bytes(one) for one in known}
    for row in rows:
        if digests[row.phone] not in out:
            opt_out(conn, GATEWAY, row.phone, row.number_id, {"method": BLOCKED}, BLOCKED)
    suppress_contacts(conn, GATEWAY, list(digests), BLOCKED)


def follow_clock(conn: Connection, limit: int = 500) -> int:
    """Shortens waits that began by a clock which was ahead, and has been set back since.

    Each has as long to wait from now on as it had when it began.

    Returns:
        How many texts it concerned.
    """
    moment = now()
    ahead = conn.execute(
        select(_messages.c.id, _messages.c.due_at, _messages.c.changed_at)
        .where(
            text(WAITING),
            _messages.c.due_at > moment,
            _messages.c.changed_at > moment + AHEAD,
        )
        .limit(limit)
    ).all()
    for row in ahead:
        conn.execute(
            update(_messages)
            .where(_messages.c.id == row.id)
            .values(due_at=moment + (row.due_at - row.changed_at), changed_at=moment)
        )
    return len(ahead)


def sweep(conn: Connection, limit: int = 500) -> int:
    """Ends waits that took too long: unconfirmed leads are queued with a badge.

    A text that was claimed by a courier which then died counts as unknown and is not sent again.

    Returns:
        How many texts it concerned.
    """
    moment = now()
    overdue = conn.execute(
        select(_messages.c.id, _messages.c.contact_id, _messages.c.purpose)
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
    for purpose in {row.purpose for row in overdue}:
        contacts = [row.contact_id for row in overdue if row.purpose == purpose]
        move_contacts(conn, "unknown", purpose, contacts, moment)
    return len(overdue)


# Texts whose fate nobody knows.


@dataclass(frozen=True, slots=True)
class UnknownRow:
    """A text that was handed over, perhaps: the answer was lost."""

    message_id: int
    contact_id: int
    phone: str
    number_id: str
    purpose: str
    error: str
    at: datetime


def unknown(conn: Connection, limit: int = 200, beyond: int | None = None) -> list[UnknownRow]:
    """The texts whose fate nobody knows, the newest first.

    Args:
        conn: An open transaction.
        limit: At most so many.
        beyond: Only older ones than this: the last of the page before.
    """
    query = select(_messages).where(text("status = 'unknown'"))
    if beyond is not None:
        query = query.where(_messages.c.id < beyond)
    rows = conn.execute(query.order_by(_messages.c.id.desc()).limit(limit))
    return [
        UnknownRow(
            row.id, row.contact_id, row.phone, row.number_id, row.purpose, row.error, row.changed_at
        )
        for row in rows
    ]


def resend(conn: Connection, who: Actor, message_id: int) -> UnknownRow:
    """Sends a text of unknown fate again, because a person says so: it may arrive twice.

    Raises:
        NotFound: There is no such text.
        Refused: Its fate is known, or its number must not be texted.
    """
    row = _unknown(conn, message_id)
    if suppressed_among(conn, [phone_hash(store_secret(conn), row.phone)]):
        raise Refused("This number is on a Do Not Contact list.")
    conn.execute(
        update(_messages)
        .where(_messages.c.id == message_id)
        .values(status="pending", claimed_by="", due_at=now(), changed_at=now())
    )
    note(conn, record(conn, who, "text.resend", size=1), [row.contact_id], true())
    return row


def arrived(conn: Connection, who: Actor, message_id: int) -> UnknownRow:
    """Settles a text of unknown fate: a person has found that it went out.

    Raises:
        NotFound: There is no such text.
        Refused: Its fate is known.
    """
    row = _unknown(conn, message_id)
    settle(conn, [Receipt(message_id, "accepted")])
    note(conn, record(conn, who, "text.arrived", size=1), [row.contact_id], true())
    return row


def _unknown(conn: Connection, message_id: int) -> UnknownRow:
    row = conn.execute(select(_messages).where(_messages.c.id == message_id)).one_or_none()
    if row is None:
        raise NotFound("There is no such text.", "See: optdesk sms unknown")
    if row.status != "unknown":
        raise Refused(f"The fate of this text is known: {row.status}.", "See: optdesk sms unknown")
    return UnknownRow(
        row.id, row.contact_id, row.phone, row.number_id, row.purpose, row.error, row.changed_at
    )


def message_of(conn: Connection, gateway: str, provider_id: str, phone: str) -> int | None:
    """The text that a gateway's report is about, or None where it is none of ours.

    A report may be quicker than the answer to the handing over, or that answer was lost: then
    the text is known by its number.
    """
    found = conn.execute(
        select(_messages.c.id).where(
            _messages.c.gateway == gateway,
            _messages.c.provider_id == provider_id,
            text(PROVIDED),
        )
    ).scalar()
    if found is not None:
        return int(found)
    return conn.execute(
        select(_messages.c.id)
        .join(_contacts, _contacts.c.id == _messages.c.contact_id)
        .where(
            phone_index.with_phone(conn, [phone]),
            _messages.c.direction == "out",
            _messages.c.provider_id == "",
            _messages.c.status.in_(["sending", "unknown"]),
        )
        .order_by(_messages.c.id.desc())
        .limit(1)
    ).scalar()
