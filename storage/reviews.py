"""Texts that resemble a STOP: only a person can tell, and says so once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, true, update
from sqlalchemy.engine import Connection

from storage.changes import record
from storage.errors import NotFound, Refused
from storage.inbound import opt_out
from storage.noting import note
from storage.tables import Message
from storage.times import now
from storage.words import Actor

_messages: Any = Message.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """An inbound text that resembles an opt-out. `body` is untrusted."""

    message_id: int
    contact_id: int
    """0 where the number is nobody's we know."""
    phone: str
    number_id: str
    body: str
    at: datetime


def reviews(conn: Connection, limit: int = 200, beyond: int | None = None) -> list[ReviewRow]:
    """The texts that wait for a person's judgement, the newest first.

    Args:
        conn: An open transaction.
        limit: At most so many.
        beyond: Only older ones than this: the last of the page before.
    """
    query = select(_messages).where(_messages.c.review == "open")
    if beyond is not None:
        query = query.where(_messages.c.id < beyond)
    rows = conn.execute(query.order_by(_messages.c.id.desc()).limit(limit))
    return [
        ReviewRow(row.id, row.contact_id, row.phone, row.number_id, row.body, row.created_at)
        for row in rows
    ]


def confirm_review(conn: Connection, who: Actor, message_id: int) -> ReviewRow:
    """Takes a text for what it resembles: its number is opted out.

    Raises:
        NotFound: There is no such text.
        Refused: Somebody has judged it already.
    """
    row = _judge(conn, who, message_id, "confirmed")
    evidence = {
        "method": "text, judged by a person",
        "judged_by": who.name,
        "to": row.number_id,
        "text": row.body,
    }
    opt_out(conn, who, row.phone, row.number_id, evidence)
    return row


def dismiss_review(conn: Connection, who: Actor, message_id: int) -> ReviewRow:
    """Lets a text be: it was no opt-out.

    Raises:
        NotFound: There is no such text.
        Refused: Somebody has judged it already.
    """
    return _judge(conn, who, message_id, "dismissed")


def _judge(conn: Connection, who: Actor, message_id: int, verdict: str) -> ReviewRow:
    row = conn.execute(
        select(_messages).where(_messages.c.id == message_id, _messages.c.review != "")
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such text to review.", "See: optdesk sms review list")
    if row.review != "open":
        raise Refused(f"This text was {row.review} already.", "See: optdesk sms review list")
    conn.execute(
        update(_messages)
        .where(_messages.c.id == message_id)
        .values(review=verdict, changed_at=now())
    )
    about = [] if row.contact_id is None else [row.contact_id]
    change_id = record(conn, who, f"review.{verdict}", size=len(about))
    note(conn, change_id, about, true())
    return ReviewRow(row.id, row.contact_id, row.phone, row.number_id, row.body, row.created_at)
