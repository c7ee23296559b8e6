"""Events for webhooks, written in the transaction of the change they tell of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Connection

from storage.access import Access, access_at, access_seq
from storage.driver import run_at_last
from storage.ids import new_ids
from storage.rows import inserting, moment_value
from storage.tables import OutboxEvent
from storage.times import now

OPTED_IN = "sms.opted_in"
OPTED_OUT = "sms.opted_out"
OPT_IN_FAILED = "sms.opt_in_failed"

EVENTS = (OPTED_IN, OPTED_OUT, OPT_IN_FAILED)
"""What an endpoint can be told of."""

TEST = "sms.test"
"""What a person sends an endpoint to try it."""

_outbox: Any = OutboxEvent.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class News:
    """Something that happened."""

    event: str
    contact_id: int
    """0 where the attempt never became a contact."""
    phone: str
    number_id: str = ""
    campaign_id: int | None = None
    at: datetime | None = None
    """Now when left out."""


def spread_mark(access: Access, event: str) -> int:
    """What `outbox.spread` is for a new event: 0 where somebody is to be told of it."""
    return 0 if event in access.told else 1


def tell(conn: Connection, news: Sequence[News]) -> list[int]:
    """Writes events down; returns their ids.

    Args:
        conn: A transaction that holds the write lock.
        news: What happened, in order.
    """
    if not news:
        return []
    access = access_at(conn, access_seq(conn))
    moment = now()
    ids = list(new_ids(len(news)))
    rows = inserting(
        conn,
        _outbox,
        [
            [
                ident,
                one.event,
                one.contact_id,
                one.phone,
                one.number_id,
                one.campaign_id,
                moment_value(conn, one.at or moment),
                spread_mark(access, one.event),
            ]
            for ident, one in zip(ids, news, strict=True)
        ],
    )
    run_at_last(conn, rows)
    return ids
