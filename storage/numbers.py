"""Messaging numbers: those we text from, and how their carrier thinks of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.engine import Connection

from storage.access import SANDBOX, touch_access
from storage.changes import record
from storage.compliance import demand_complete
from storage.errors import NotFound, Refused
from storage.ids import new_id, parse, public
from storage.phones import parse_e164
from storage.tables import Campaign, Integration, MessagingNumber
from storage.times import now
from storage.words import Actor, NumberStatus

_numbers: Any = MessagingNumber.__table__  # type: ignore[attr-defined]
_integrations: Any = Integration.__table__  # type: ignore[attr-defined]
_campaigns: Any = Campaign.__table__  # type: ignore[attr-defined]

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


@dataclass(frozen=True, slots=True)
class Dropped:
    """A number that is not texted from any more."""

    number: NumberRow
    moved_to: NumberRow | None
    """The number that the integration opts people in to instead, where this one was its own."""

    @property
    def sentence(self) -> str:
        """What became of it."""
        done = f"{self.number.phone} ({self.number.id}) is {self.number.status} now."
        if self.moved_to is None:
            return done
        return f"{done} The Opt-In API texts from {self.moved_to.phone} ({self.moved_to.id})."


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
    """Notes that the carrier lets us text from a number.

    Raises:
        Refused: Its compliance text lacks something and the integration is on.
    """
    changed = _set(conn, who, ident, NumberStatus.APPROVED, "number.approve")
    on = select(_integrations.c.id).where(
        _integrations.c.live == 1, _integrations.c.active.is_(True)
    )
    if conn.execute(on).first() is not None:
        demand_complete(conn)
    return changed


def reject(conn: Connection, who: Actor, ident: str) -> Dropped:
    """Notes that the carrier does not let us text from a number.

    Raises:
        Refused: It is the last approved one and the integration is on.
    """
    return _drop(conn, who, ident, NumberStatus.REJECTED, "number.reject")


def demand_not_needed(conn: Connection, ident: str) -> None:
    """Says before anybody is asked whether a number may go now; going, it is asked again.

    Raises:
        Refused: It is the last approved one and the integration is on.
    """
    _others(conn, get(conn, ident))


def remove(conn: Connection, who: Actor, ident: str) -> Dropped:
    """Removes a number.

    Raises:
        Refused: It is the last approved one and the integration is on.
    """
    return _drop(conn, who, ident, NumberStatus.REMOVED, "number.remove")


def rename(conn: Connection, who: Actor, ident: str, name: str) -> NumberRow:
    """Calls a number something else; nothing is a name too."""
    before = get(conn, ident)
    return _edit(conn, who, before, "number.rename", {"name": before.name}, name=name.strip())


def set_campaign(conn: Connection, who: Actor, ident: str, campaign: str | None) -> NumberRow:
    """Says which campaign a number belongs to. It belongs to one at most: the last one named.

    Args:
        conn: A transaction that holds the write lock.
        who: By whose hand.
        ident: The number's id or E.164.
        campaign: The campaign's `cam_…` id, or None for no campaign.

    Raises:
        NotFound: There is no such number or campaign.
    """
    before = get(conn, ident)
    campaign_id = None if campaign is None else _campaign(conn, campaign)
    kept = {"campaign_id": before.campaign_id}
    return _edit(conn, who, before, "number.campaign", kept, campaign_id=campaign_id)


def campaign_names(conn: Connection) -> dict[int, str]:
    """The campaigns that a number can belong to, by id. The names are untrusted."""
    rows = conn.execute(select(_campaigns.c.id, _campaigns.c.name).order_by(_campaigns.c.name))
    return {row.id: row.name for row in rows}


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
    return _edit(conn, who, before, verb, {"status": before.status}, status=status)


def _edit(
    conn: Connection,
    who: Actor,
    before: NumberRow,
    verb: str,
    kept: dict[str, Any],
    **values: Any,
) -> NumberRow:
    """Changes a number; `kept` is what the record needs to say how it was."""
    conn.execute(
        update(_numbers).where(_numbers.c.id == before.id).values(changed_at=now(), **values)
    )
    record(conn, who, verb, subject=before.phone, details={"id": before.id, "before": kept})
    touch_access(conn)
    return replace(before, **values)


def _drop(conn: Connection, who: Actor, ident: str, status: NumberStatus, verb: str) -> Dropped:
    before = get(conn, ident)
    integration, others = _others(conn, before)
    number = _edit(conn, who, before, verb, {"status": before.status}, status=status)
    if integration is None or integration.number_id != number.id or not others:
        return Dropped(number, None)
    conn.execute(
        update(_integrations)
        .where(_integrations.c.id == integration.id)
        .values(number_id=others[0].id, changed_at=now())
    )
    details = {"before": {"number_id": number.id}, "after": {"number_id": others[0].id}}
    record(conn, who, "integration.edit", details=details)
    return Dropped(number, others[0])


def _others(conn: Connection, before: NumberRow) -> tuple[Any, list[NumberRow]]:
    """The integration, and the other approved numbers: it must not lose its last one."""
    others = [
        other
        for other in listing(conn)
        if other.status is NumberStatus.APPROVED and other.id != before.id
    ]
    integration = conn.execute(select(_integrations).where(_integrations.c.live == 1)).one_or_none()
    if before.status is NumberStatus.APPROVED and integration and integration.active and not others:
        raise Refused(
            f"{before.phone} ({before.id}) is the last approved messaging number and the "
            "Opt-In API is on.",
            "Switch the Opt-In API off first (optdesk integration off), or approve another number.",
        )
    return integration, others


def _campaign(conn: Connection, ident: str) -> int:
    campaign = parse(ident) if ident.startswith("cam_") else None
    there = select(_campaigns.c.id).where(_campaigns.c.id == campaign)
    if campaign is None or conn.execute(there).first() is None:
        raise NotFound(f"There is no campaign “{ident}”.", "See: optdesk campaigns list")
    return campaign


def _row(row: Any) -> NumberRow:
    return NumberRow(
        row.id, row.phone, row.name, NumberStatus(row.status), row.campaign_id, row.created_at
    )
