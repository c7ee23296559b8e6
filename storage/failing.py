"""What becomes of leads whose text did not get through, at once or after they were queued."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, exists, insert, or_, select, update
from sqlalchemy.engine import Connection

from storage import attempt_index
from storage.changes import record
from storage.dialects import among
from storage.holding import ARRIVED, OPENING
from storage.outbox import OPT_IN_FAILED, News, tell
from storage.tables import Attempt, ChangeItem, Contact, Message
from storage.tallies import add_tallies, stage_tally
from storage.words import BADGE_BITS, GATEWAY, Badge, Kind, Stage

LATE = "text_failed"
"""The verb of the change that takes a contact out of the queue again."""

_contacts: Any = Contact.__table__  # type: ignore[attr-defined]
_messages: Any = Message.__table__  # type: ignore[attr-defined]
_attempts: Any = Attempt.__table__  # type: ignore[attr-defined]
_items: Any = ChangeItem.__table__  # type: ignore[attr-defined]

_WORST = 200
"""Characters of a carrier's words that the intake log is told."""


def fail(conn: Connection, purpose: str, contact_ids: Sequence[int], moment: datetime) -> int:
    """Ends the opt-in of contacts whose text failed for good.

    Also of those that are in the queue already, because the carrier took the text first or said
    nothing for a minute: only who was texted belongs there. What a person has moved meanwhile
    stays where it is, and who has another text that got through is left alone.

    Args:
        conn: A transaction that holds the write lock.
        purpose: Of the text: who confirmed with a YES has certainly got it.
        contact_ids: Whose text it was.
        moment: Now.

    Returns:
        How many it concerned.
    """
    late = Stage.AWAITING if purpose == "confirm" else Stage.QUEUED
    another = exists().where(
        _messages.c.contact_id == _contacts.c.id,
        _messages.c.direction == "out",
        _messages.c.purpose.in_(OPENING),
        or_(_messages.c.status.in_(ARRIVED), _messages.c.status == "pending"),
    )
    rows = conn.execute(
        select(
            _contacts.c.id,
            _contacts.c.phone,
            _contacts.c.number_id,
            _contacts.c.stage,
            _contacts.c.group_id,
            _contacts.c.favorite,
        ).where(
            among(conn, _contacts.c.id, contact_ids),
            or_(
                _contacts.c.stage == Stage.CONFIRMING,
                and_(_contacts.c.stage == late, ~another),
            ),
        )
    ).all()
    if not rows:
        return 0
    ids = [row.id for row in rows]
    conn.execute(
        update(_contacts)
        .where(among(conn, _contacts.c.id, ids))
        .values(stage=Stage.FAILED, version=_contacts.c.version + 1, changed_at=moment)
    )
    deltas = {stage_tally(Stage.FAILED): len(rows)}
    for row in rows:
        deltas[stage_tally(row.stage)] = deltas.get(stage_tally(row.stage), 0) - 1
    add_tallies(conn, deltas)
    _note_late(conn, [row for row in rows if row.stage != Stage.CONFIRMING])
    _note_in_log(conn, ids)
    tell(conn, [News(OPT_IN_FAILED, row.id, row.phone, row.number_id, at=moment) for row in rows])
    return len(rows)


def _note_late(conn: Connection, rows: Sequence[Any]) -> None:
    """Writes down who took contacts out of a queue that people were looking at."""
    if not rows:
        return
    change_id = record(conn, GATEWAY, LATE, size=len(rows))
    conn.execute(
        insert(_items),
        [
            {
                "change_id": change_id,
                "contact_id": row.id,
                "stage": row.stage,
                "group_id": row.group_id,
                "favorite": row.favorite,
            }
            for row in rows
        ],
    )


def _note_in_log(conn: Connection, contact_ids: Sequence[int]) -> None:
    """Says in the intake log what became of the requests that were accepted."""
    errors = conn.execute(
        select(_messages.c.contact_id, _messages.c.error)
        .where(
            among(conn, _messages.c.contact_id, contact_ids),
            _messages.c.status == "failed",
            _messages.c.purpose.in_(OPENING),
        )
        .order_by(_messages.c.id)
    ).all()
    changed: list[int] = []
    for ident, error in {row.contact_id: row.error for row in errors}.items():
        changed += conn.scalars(
            update(_attempts)
            .where(
                _attempts.c.contact_id == ident,
                _attempts.c.outcome == "accepted",
                _attempts.c.reason == "",
            )
            .values(reason=f"the text failed: {error or 'no reason given'}"[:_WORST])
            .returning(_attempts.c.id)
        )
    indexed_to = attempt_index.reached(conn) if changed else 0
    attempt_index.note(conn, [ident for ident in changed if ident <= indexed_to])


def clear_doubt(conn: Connection, contact_ids: Sequence[int], moment: datetime) -> int:
    """Takes the badge “unconfirmed” from contacts whose receipt came after all."""
    bit = BADGE_BITS[Badge.UNCONFIRMED]
    changed = conn.execute(
        update(_contacts)
        .where(
            among(conn, _contacts.c.id, contact_ids),
            _contacts.c.badges.op("&")(bit) != 0,
        )
        .values(
            badges=_contacts.c.badges.op("&")(~bit),
            version=_contacts.c.version + 1,
            changed_at=moment,
        )
    )
    return int(changed.rowcount)


def mark_landline(conn: Connection, contact_ids: Sequence[int], moment: datetime) -> int:
    """Marks contacts in the queue of which the carrier says later that they have no mobile."""
    bit = BADGE_BITS[Badge.LANDLINE]
    changed = conn.execute(
        update(_contacts)
        .where(
            among(conn, _contacts.c.id, contact_ids),
            _contacts.c.stage == Stage.QUEUED,
            _contacts.c.badges.op("&")(bit) == 0,
        )
        .values(
            badges=_contacts.c.badges.op("&")(~BADGE_BITS[Badge.UNCONFIRMED]).op("|")(bit),
            kind=Kind.LANDLINE,
            version=_contacts.c.version + 1,
            changed_at=moment,
        )
    )
    return int(changed.rowcount)
