"""Double opt-in: who opted in is asked for a YES, and only that puts them into the queue."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.engine import Connection

from storage.access import touch_access
from storage.changes import record
from storage.compliance import demand_complete
from storage.dialects import among
from storage.errors import NotFound, Refused
from storage.outbox import OPT_IN_FAILED, News, tell
from storage.tables import Contact, Integration
from storage.tallies import add_tallies, stage_tally
from storage.times import now
from storage.words import Actor, Stage

USUAL_HOURS = 48
"""How long a YES is waited for."""

MOST_HOURS = 24 * 30

_contacts: Any = Contact.__table__  # type: ignore[attr-defined]
_integrations: Any = Integration.__table__  # type: ignore[attr-defined]


def switch(conn: Connection, who: Actor, *, on: bool, hours: int = USUAL_HOURS) -> None:
    """Switches double opt-in on or off for those who opt in from now on.

    Args:
        conn: A transaction that holds the write lock.
        who: By whose hand.
        on: Whether a YES is asked for.
        hours: How long it is waited for. Switching it off leaves those who were asked their time.

    Raises:
        NotFound: There is no integration.
        Refused: The hours are none, or a number's own text does not ask for a YES.
    """
    row = conn.execute(select(_integrations).where(_integrations.c.live == 1)).one_or_none()
    if row is None:
        raise NotFound("There is no Opt-In API.", "Add it first: optdesk integration add")
    if not 1 <= hours <= MOST_HOURS:
        raise Refused(f"A YES can be waited for 1 to {MOST_HOURS} hours.")
    options = json.loads(row.options or "{}") | {"double_opt_in": on}
    if on:
        options["confirm_hours"] = hours
    conn.execute(
        update(_integrations)
        .where(_integrations.c.id == row.id)
        .values(options=json.dumps(options), changed_at=now())
    )
    if row.active:
        demand_complete(conn)
    record(conn, who, "integration.double_opt_in", subject="on" if on else "off")
    touch_access(conn)


def show(conn: Connection) -> tuple[bool, int]:
    """Whether a YES is asked for, and how many hours it is waited for."""
    options = conn.execute(
        select(_integrations.c.options).where(_integrations.c.live == 1)
    ).scalar()
    return asked(options)


def asked(options: str | None) -> tuple[bool, int]:
    """The same, of an integration's options as they are stored."""
    said = json.loads(options or "{}")
    return bool(said.get("double_opt_in")), int(said.get("confirm_hours") or USUAL_HOURS)


def expire(conn: Connection, limit: int = 500) -> int:
    """Lets those go who did not say YES in time: their opt-in has failed.

    Returns:
        How many.
    """
    moment = now()
    hours = show(conn)[1]
    longest = conn.execute(
        select(_contacts.c.id, _contacts.c.phone, _contacts.c.number_id, _contacts.c.received_at)
        .where(_contacts.c.stage == Stage.AWAITING)
        .order_by(_contacts.c.id)
        .limit(limit)
    )
    late = [row for row in longest if row.received_at <= moment - timedelta(hours=hours)]
    if not late:
        return 0
    conn.execute(
        update(_contacts)
        .where(among(conn, _contacts.c.id, [row.id for row in late]))
        .values(stage=Stage.FAILED, version=_contacts.c.version + 1, changed_at=moment)
    )
    add_tallies(
        conn, {stage_tally(Stage.AWAITING): -len(late), stage_tally(Stage.FAILED): len(late)}
    )
    tell(conn, [News(OPT_IN_FAILED, row.id, row.phone, row.number_id, at=moment) for row in late])
    return len(late)
