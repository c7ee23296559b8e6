"""The Opt-In API connection: at most one, on or off."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.engine import Connection

from storage import keys, numbers
from storage.access import credential_hash, touch_access
from storage.changes import record
from storage.errors import NotFound, Refused
from storage.ids import moment_of, new_id
from storage.tables import ApiKey, Contact, Integration
from storage.tallies import hour_tally, read_tallies
from storage.times import now
from storage.words import Actor, NumberStatus

HOURS = 24

SIMULATED_NUMBER = "+12025550123"
"""The number a store texts from while nothing real is connected; reserved for fiction."""

_integrations: Any = Integration.__table__  # type: ignore[attr-defined]
_contacts: Any = Contact.__table__  # type: ignore[attr-defined]
_keys: Any = ApiKey.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Added:
    """What adding the integration made."""

    integration_id: int
    token: str
    """The secret of the hook URL."""
    number_id: str
    """The messaging number to opt in to."""
    key: str | None
    """A first API key, where there was none. Shown once."""
    key_id: int | None


@dataclass(frozen=True, slots=True)
class IntegrationView:
    """The integration as the panel shows it."""

    id: int
    active: bool
    token: str
    number_id: str
    brand: str
    program: str
    default_region: str
    created_at: datetime
    changed_at: datetime
    last_arrival: datetime | None
    hourly: tuple[int, ...]
    """Arrivals in each of the last 24 hours, the oldest first."""


def add(
    conn: Connection,
    who: Actor,
    *,
    brand: str = "",
    program: str = "",
    default_region: str = "US",
    simulated: bool = True,
) -> Added:
    """Adds the integration, switched on, with everything that a first lead needs.

    Args:
        conn: A transaction that holds the write lock.
        who: By whose hand.
        brand: Who texts, in the compliance text.
        program: What about.
        default_region: Of numbers that come without a country.
        simulated: Whether the gateway is the simulated one. Then a store without a messaging
            number gets an approved simulated one, and a store without a key its first key.

    Raises:
        Refused: There is one already, or no number to text from.
    """
    if show_row(conn) is not None:
        raise Refused(
            "There is an Opt-In API already.", "Only one can exist: optdesk integration show"
        )
    number_id = _number_for(conn, who, simulated=simulated)
    first_key = None
    if conn.execute(select(func.count()).select_from(_keys)).scalar_one() == 0:
        first_key = keys.create(conn, who, "first key")
    token, moment, ident = secrets.token_urlsafe(24), now(), new_id()
    conn.execute(
        insert(_integrations),
        {
            "id": ident,
            "live": 1,
            "active": True,
            "token": token,
            "token_hash": credential_hash(token),
            "default_region": default_region,
            "brand": brand.strip(),
            "program": program.strip(),
            "number_id": number_id,
            "options": "{}",
            "created_at": moment,
            "changed_at": moment,
        },
    )
    record(conn, who, "integration.add")
    touch_access(conn)
    return Added(
        ident,
        token,
        number_id,
        first_key.key if first_key else None,
        first_key.id if first_key else None,
    )


def _number_for(conn: Connection, who: Actor, *, simulated: bool) -> str:
    known = numbers.listing(conn)
    approved = [number for number in known if number.status is NumberStatus.APPROVED]
    if approved:
        return approved[0].id
    if known:
        raise Refused(
            "No messaging number is approved, so the Opt-In API cannot be on.",
            f"Approve one first: optdesk numbers approve {known[0].id}",
        )
    if not simulated:
        raise Refused(
            "There is no messaging number to send the compliance text from.",
            "Add and approve one first: optdesk numbers add +1…",
        )
    return numbers.add(conn, who, SIMULATED_NUMBER, name="simulated", approved=True).id


def switch(conn: Connection, who: Actor, *, on: bool) -> bool:
    """Switches the integration on or off, for every process at once.

    Returns:
        Whether that changed anything.

    Raises:
        NotFound: There is no integration.
        Refused: It cannot be on without an approved number.
    """
    row = show_row(conn)
    if row is None:
        raise NotFound("There is no Opt-In API to switch.", "Add it first: optdesk integration add")
    if on and not numbers.count_approved(conn):
        known = numbers.listing(conn)
        step = f"optdesk numbers approve {known[0].id}" if known else "optdesk numbers add +1…"
        raise Refused(
            "The Opt-In API cannot be on without an approved messaging number.",
            f"Approve one first: {step}",
        )
    if row.active == on:
        return False
    conn.execute(
        update(_integrations)
        .where(_integrations.c.id == row.id)
        .values(active=on, changed_at=now())
    )
    record(conn, who, "integration.on" if on else "integration.off")
    touch_access(conn)
    return True


def show_row(conn: Connection) -> Any:
    """The stored row of the integration, or None."""
    return conn.execute(select(_integrations).where(_integrations.c.live == 1)).one_or_none()


def show(conn: Connection) -> IntegrationView | None:
    """The integration, or None while there is none."""
    row = show_row(conn)
    if row is None:
        return None
    return IntegrationView(
        id=row.id,
        active=row.active,
        token=row.token,
        number_id=row.number_id,
        brand=row.brand,
        program=row.program,
        default_region=row.default_region,
        created_at=row.created_at,
        changed_at=row.changed_at,
        last_arrival=last_arrival(conn),
        hourly=hourly(conn),
    )


def last_arrival(conn: Connection) -> datetime | None:
    """When the newest lead came in, whatever became of it since."""
    newest = conn.execute(select(func.max(_contacts.c.id))).scalar()
    return None if newest is None else moment_of(newest)


def hourly(conn: Connection) -> tuple[int, ...]:
    """Arrivals in each of the last 24 hours, the oldest first."""
    this_hour = int(now().timestamp()) // 3600
    names = [hour_tally(hour) for hour in range(this_hour - HOURS + 1, this_hour + 1)]
    found = read_tallies(conn, names)
    return tuple(found[name] for name in names)
