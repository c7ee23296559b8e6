"""Messaging numbers: those we text from, and how their carrier thinks of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.engine import Connection

from storage.access import SANDBOX, touch_access
from storage.changes import record
from storage.errors import NotFound, Refused
from storage.ids import new_id, public
from storage.phones import parse_e164
from storage.tables import Integration, MessagingNumber
from storage.times import now
from storage.words import Actor, NumberStatus

_numbers: Any = MessagingNumber.__table__  # type: ignore[attr-defined]
_integrations: Any = Integration.__table__  # type: ignore[attr-defined]

_ID = re.compile(r"num_[0-9A-Za-z_-]{1,60}", re.ASCII)


@dataclass(frozen=True, slots=True)
class NumberRow:
    """A messaging number as lists show it. `name` is untrusted."""

    id: str
    phone: str
    name: str
    status: NumberStatus
    campaign_id: int | None
    created_at: datetime


def add(
    conn: Connection,
    who: Actor,
    phone: str,
    *,
    number_id: str | None = None,
    name: str = "",
    approved: bool = False,
) -> NumberRow:
    """Adds a number; it is pending until its carrier approves it.

    Raises:
        Refused: It is no phone number, or it or its id is there already.
    """
    parsed = parse_e164(phone)
    if parsed is None:
        raise Refused(
            f"“{phone}” is no phone number in E.164 format.", "Write it like +14155550123."
        )
    ident = number_id or public("num", new_id())
    if not _ID.fullmatch(ident) or ident == SANDBOX:
        raise Refused(f"“{ident}” cannot be a number's id.", "Use num_ and letters or digits.")
    clash = conn.execute(
        select(_numbers.c.id, _numbers.c.phone).where(
            (_numbers.c.id == ident)
            | ((_numbers.c.phone == parsed.e164) & (_numbers.c.status != NumberStatus.REMOVED))
        )
    ).first()
    if clash is not None:
        raise Refused(f"{clash.phone} ({clash.id}) is there already.", "See: optdesk numbers list")
    moment = now()
    conn.execute(
        insert(_numbers),
        {
            "id": ident,
            "phone": parsed.e164,
            "name": name.strip(),
            "status": NumberStatus.APPROVED if approved else NumberStatus.PENDING,
            "campaign_id": None,
            "created_at": moment,
            "changed_at": moment,
        },
    )
    record(conn, who, "number.add", subject=parsed.e164)
    touch_access(conn)
    return get(conn, ident)


def get(conn: Connection, ident: str) -> NumberRow:
    """A number by its id or E.164.

    Raises:
        NotFound: There is none, or it was removed.
    """
    row = conn.execute(
        select(_numbers).where(
            (_numbers.c.id == ident) | (_numbers.c.phone == ident),
            _numbers.c.status != NumberStatus.REMOVED,
        )
    ).first()
    if row is None:
        raise NotFound(f"There is no messaging number “{ident}”.", "See: optdesk numbers list")
    return _row(row)


def approve(conn: Connection, who: Actor, ident: str) -> NumberRow:
    """Notes that the carrier lets us text from a number."""
    return _set(conn, who, ident, NumberStatus.APPROVED, "number.approve")


def reject(conn: Connection, who: Actor, ident: str) -> NumberRow:
    """Notes that the carrier does not let us text from a number.

    Raises:
        Refused: It is the last approved one and the integration is on.
    """
    return _set(conn, who, ident, NumberStatus.REJECTED, "number.reject")


def remove(conn: Connection, who: Actor, ident: str) -> NumberRow:
    """Removes a number.

    Raises:
        Refused: It is the last approved one and the integration is on.
    """
    return _set(conn, who, ident, NumberStatus.REMOVED, "number.remove")


def listing(conn: Connection) -> list[NumberRow]:
    """All numbers that are not removed, the oldest first."""
    rows = conn.execute(
        select(_numbers)
        .where(_numbers.c.status != NumberStatus.REMOVED)
        .order_by(_numbers.c.created_at, _numbers.c.id)
    )
    return [_row(row) for row in rows]


def count_approved(conn: Connection) -> int:
    """How many numbers may be texted from."""
    return int(
        conn.execute(
            select(func.count())
            .select_from(_numbers)
            .where(_numbers.c.status == NumberStatus.APPROVED)
        ).scalar_one()
    )


def _set(conn: Connection, who: Actor, ident: str, status: NumberStatus, verb: str) -> NumberRow:
    before = get(conn, ident)
    if before.status is NumberStatus.APPROVED and status is not NumberStatus.APPROVED:
        _keep_the_last(conn, before)
    conn.execute(
        update(_numbers).where(_numbers.c.id == before.id).values(status=status, changed_at=now())
    )
    record(conn, who, verb, subject=before.phone)
    touch_access(conn)
    return NumberRow(
        before.id, before.phone, before.name, status, before.campaign_id, before.created_at
    )


def _keep_the_last(conn: Connection, number: NumberRow) -> None:
    active = conn.execute(
        select(_integrations.c.id).where(
            _integrations.c.live == 1, _integrations.c.active.is_(True)
        )
    ).first()
    if active is not None and count_approved(conn) == 1:
        raise Refused(
            f"{number.phone} is the last approved messaging number and the Opt-In API is on.",
            "Switch the Opt-In API off first, or approve another number.",
        )


def _row(row: Any) -> NumberRow:
    return NumberRow(
        row.id, row.phone, row.name, NumberStatus(row.status), row.campaign_id, row.created_at
    )
