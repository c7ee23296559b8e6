"""How long the evidence of consent is kept, and letting it go when its time is over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.engine import Connection

from storage.changes import record
from storage.consent import A_YEAR, MINIMUM_YEARS, save_base
from storage.dialects import among
from storage.errors import Refused
from storage.tables import ConsentEvent, Contact
from storage.times import now
from storage.words import Actor, Stage

RELIED_ON = (Stage.CONFIRMING, Stage.AWAITING, Stage.QUEUED, Stage.GROUPED)
"""Where people stand who may be texted because of what they agreed to, however long ago."""

_SILENCE = timedelta(days=31)
"""How long a ledger may be without an event before the clock is doubted."""

_AT_ONCE = 500
_CUT_AT_ONCE = 5000

_events: Any = ConsentEvent.__table__  # type: ignore[attr-defined]
_contacts: Any = Contact.__table__  # type: ignore[attr-defined]


def edge(years: float) -> datetime:
    """The moment before which a person's last event must lie.

    Raises:
        Refused: It is less than the evidence has to be kept.
    """
    if years < MINIMUM_YEARS:
        raise Refused(
            f"Evidence of consent has to be kept for {MINIMUM_YEARS} years at least.",
            f"Give --years {MINIMUM_YEARS} or more.",
        )
    return now() - years * A_YEAR


def due_edge(conn: Connection, years: float) -> datetime | None:
    """The moment before which evidence is forgotten without being asked; None where none is due.

    Counted from the newest event, so that a clock that is years ahead forgets nothing.
    """
    at = select(_events.c.at)
    first = conn.execute(at.order_by(_events.c.seq).limit(1)).scalar()
    newest = conn.execute(at.order_by(_events.c.seq.desc()).limit(1)).scalar()
    if first is None or newest is None:
        return None
    before = edge(years) - max(timedelta(0), now() - newest - _SILENCE)
    return before if first < before else None


Chunk = tuple[int | None, int]
"""Where to go on, or None when all is done; and how many pieces of evidence went."""


def let_go_all(
    write: Callable[[Callable[[Connection], Chunk]], Chunk], who: Actor, years: float
) -> int:
    """Lets go of everything whose time is over, in chunks; returns how many pieces of evidence.

    Args:
        write: Runs a verb and waits for it, as `Store.do` does.
        who: By whose hand.
        years: How long evidence is kept.

    Raises:
        Refused: It is less than the evidence has to be kept.
    """
    before, beyond, forgotten = edge(years), 0, 0
    while True:
        goes_on, gone = write(partial(let_go, who=who, before=before, beyond=beyond))
        forgotten += gone
        if goes_on is None:
            return forgotten
        beyond = goes_on


def let_go(
    conn: Connection, who: Actor, before: datetime, beyond: int, limit: int = _AT_ONCE
) -> Chunk:
    """Forgets the evidence of people of whom nothing was heard since a moment.

    Nobody who stands in the queue or in a group is forgotten: what they agreed to is why they may
    be texted. The events stay in the chain without their evidence; those at its very beginning
    go, and the ledger remembers the hash they ended with, so that it still verifies.

    Args:
        conn: A transaction that holds the write lock.
        who: By whose hand.
        before: People whose last event is older are forgotten.
        beyond: Only events after this one: where the last call ended.
        limit: At most so many events.
    """
    rows = conn.execute(
        select(_events.c.seq, _events.c.contact_id, _events.c.at, _events.c.evidence.is_not(None))
        .where(_events.c.seq > beyond)
        .order_by(_events.c.seq)
        .limit(limit)
    ).all()
    # Events follow the clock, but for its jumps: where a whole chunk is young, so is the rest.
    old = [row for row in rows if row.at < before]
    if not old:
        return None if _cut(conn, who, before) < _CUT_AT_ONCE else beyond, 0
    candidates = {row.contact_id for row in old if row[3]}
    kept = _kept(conn, list(candidates), before)
    gone = [row.seq for row in old if row[3] and row.contact_id not in kept]
    if gone:
        conn.execute(update(_events).where(among(conn, _events.c.seq, gone)).values(evidence=None))
        record(conn, who, "consent.prune", subject=f"{len(gone):,} events", size=len(gone))
    return int(rows[-1].seq), len(gone)


def _kept(conn: Connection, contact_ids: list[int], before: datetime) -> set[int]:
    """Who was heard of lately, or may be texted."""
    heard = conn.execute(
        select(_events.c.contact_id)
        .where(among(conn, _events.c.contact_id, contact_ids), _events.c.at >= before)
        .distinct()
    ).scalars()
    relied_on = conn.execute(
        select(_contacts.c.id).where(
            among(conn, _contacts.c.id, contact_ids), _contacts.c.stage.in_(RELIED_ON)
        )
    ).scalars()
    return {*heard, *relied_on}


def _cut(conn: Connection, who: Actor, before: datetime) -> int:
    """Takes events without evidence off the beginning of the chain; returns how many."""
    first = conn.execute(
        select(_events.c.seq)
        .where(or_(_events.c.evidence.is_not(None), _events.c.at >= before))
        .order_by(_events.c.seq)
        .limit(1)
    ).scalar()
    condition = _events.c.at < before if first is None else _events.c.seq < first
    gone = conn.execute(
        select(_events.c.seq, _events.c.hash)
        .where(condition)
        .order_by(_events.c.seq)
        .limit(_CUT_AT_ONCE)
    ).all()
    if not gone:
        return 0
    last, head = int(gone[-1].seq), bytes(gone[-1].hash)
    conn.execute(delete(_events).where(_events.c.seq <= last))
    save_base(conn, last, head)
    record(
        conn,
        who,
        "consent.cut",
        subject=f"up to event {last:,}",
        details={"through": last, "head": head.hex()},
        size=len(gone),
    )
    return len(gone)
