"""Events on their way to endpoints: spread, claimed, settled, looked at and sent again.

The functions that run for every event go below SQLAlchemy, as the intake does.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.engine import Connection

from storage import endpoints
from storage.access import access_at, access_seq
from storage.dialects import among, among_packed, packed, rows_packed
from storage.driver import fetch, run
from storage.ids import new_id, new_ids
from storage.rows import insert_rows, moment_of, moment_value
from storage.tables import DELIVERY_WAITS, Delivery, DeliveryTry, Endpoint
from storage.times import now
from storage.words import SYSTEM

SCHEDULE = tuple(
    timedelta(seconds=seconds)
    for seconds in (0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
"""How long after the try before it each try of a delivery comes."""

JITTER = 0.1
"""By how much of itself a pause is drawn out at random, so that tries do not come in step."""

CLAIM_SECONDS = 25
"""How long a claimed delivery may take; longer than a try lasts. Then it is tried again."""

LONGEST_PAUSE = timedelta(hours=24)
"""The most that an endpoint can ask for with `Retry-After`."""

SPREAD_AT_ONCE = 500
"""Events that are spread in one transaction."""

LONGEST_ANSWER = 2048
"""Characters kept of an answer."""

_deliveries: Any = Delivery.__table__  # type: ignore[attr-defined]
_tries: Any = DeliveryTry.__table__  # type: ignore[attr-defined]
_endpoints: Any = Endpoint.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Target:
    """An endpoint as the courier needs it. Holds secrets."""

    id: int
    url: str
    events: frozenset[str]
    secrets: tuple[str, ...]
    """The one in force, and beside it the old one while it is rotated."""
    seed_body: bool


@dataclass(frozen=True, slots=True)
class Parcel:
    """A delivery to carry out now."""

    delivery_id: int
    endpoint_id: int
    tries: int
    """How many there were, this one counted."""
    event_id: int
    event: str
    contact_id: int
    phone: str
    number_id: str
    campaign_id: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of a parcel."""

    delivery_id: int
    endpoint_id: int
    tries: int
    status: int | None
    """The HTTP status; None where none came."""
    answer: str
    """The beginning of the answer, or what went wrong. Untrusted."""
    took_ms: int
    retry_after: float | None = None
    """Seconds that the endpoint asked for."""

    @property
    def done(self) -> bool:
        """Whether the endpoint took it."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        """Whether the endpoint wants no more, ever."""
        return self.status == 410


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the courier finds to do."""

    fresh: bool
    """Events that were not spread yet."""
    due: Mapping[int, datetime]
    """By endpoint: when its next delivery is due."""


def targets(conn: Connection) -> dict[int, Target]:
    """The endpoints that events are delivered to, by id."""
    moment = now()
    rows = conn.execute(
        select(_endpoints).where(_endpoints.c.active.is_(True), _endpoints.c.removed_at.is_(None))
    )
    return {
        row.id: Target(
            row.id,
            row.url,
            frozenset(row.events.split()),
            (row.secret, row.old_secret)
            if row.old_secret_until is not None and row.old_secret_until > moment
            else (row.secret,),
            row.seed_body,
        )
        for row in rows
    }


def waiting(conn: Connection, endpoint_ids: Sequence[int]) -> Waiting:
    """Looks whether there is anything to do."""
    fresh = fetch(conn, "SELECT 1 FROM outbox WHERE spread = 0 LIMIT 1")
    due = {}
    for ident in endpoint_ids:
        for row in fetch(conn, _NEXT_DUE, (ident,)):
            due[ident] = moment_of(row[0])
    return Waiting(bool(fresh), due)


_NEXT_DUE = (
    f"SELECT due_at FROM deliveries WHERE endpoint_id = ? AND {DELIVERY_WAITS}"  # noqa: S608
    " ORDER BY due_at, id LIMIT 1"
)


def carry(
    conn: Connection,
    worker: str,
    tried: Sequence[Tried],
    room: Mapping[int, int],
    disable_after: timedelta | None,
) -> list[Parcel]:
    """One round of the courier: settles what was tried, spreads what is new, claims what is due.

    Args:
        conn: A transaction that holds the write lock.
        worker: Who claims.
        tried: What became of earlier parcels.
        room: How many parcels each endpoint can take now.
        disable_after: How long an endpoint may fail before it is disabled; None for ever.

    Returns:
        The parcels that are this worker's to carry out now; no other gets them.
    """
    if tried:
        settle(conn, worker, tried, disable_after)
    spread(conn)
    parcels: list[Parcel] = []
    # Whoever was removed or disabled a moment ago gets no more.
    told = access_at(conn, access_seq(conn)).subscribed
    for endpoint_id, limit in room.items():
        if limit > 0 and endpoint_id in told:
            parcels += claim(conn, worker, endpoint_id, limit)
    return parcels


def spread(conn: Connection, limit: int = SPREAD_AT_ONCE) -> int:
    """Makes a delivery of each new event for each endpoint that is told of it.

    Returns:
        How many events were new.
    """
    events = fetch(conn, _FRESH, (limit,))
    if not events:
        return 0
    moment = moment_value(conn, now())
    which = packed(conn, [row[0] for row in events])
    names = {row[1] for row in events}
    for endpoint_id, told in access_at(conn, access_seq(conn)).subscribed.items():
        if wanted := sorted(told & names):
            first = new_ids(len(events))[0]
            run(
                conn,
                _SPREAD.format(  # our own names alone
                    among=among_packed(conn, "id"), events=", ".join("?" for _ in wanted)
                ),
                (first, endpoint_id, moment, moment, moment, which, *wanted),
            )
    run(
        conn,
        f"UPDATE outbox SET spread = 1 WHERE {among_packed(conn, 'id')}",  # noqa: S608
        (which,),
    )
    # Few of them: only numbers that belong to a campaign.
    run(
        conn,
        "UPDATE outbox SET campaign_id ="  # noqa: S608 - our own names
        " (SELECT campaign_id FROM numbers WHERE numbers.id = outbox.number_id)"
        f" WHERE {among_packed(conn, 'id')} AND campaign_id IS NULL AND number_id IN"
        " (SELECT id FROM numbers WHERE campaign_id IS NOT NULL)",
        (which,),
    )
    return len(events)


_FRESH = "SELECT id, event FROM outbox WHERE spread = 0 ORDER BY id LIMIT ?"

# What belongs to no contact waits for nothing but itself.
_SPREAD = (
    "INSERT INTO deliveries (id, endpoint_id, event_id, contact_id, status, tries, claimed_by,"
    " due_at, answer_status, answer, took_ms, created_at, changed_at)"
    " SELECT ? + row_number() OVER (ORDER BY id) - 1, ?, id,"
    " CASE contact_id WHEN 0 THEN id ELSE contact_id END, 'pending', 0, '', ?, NULL, '', 0, ?, ?"
    " FROM outbox WHERE {among} AND event IN ({events})"
)


def _delivery(
    ident: int, endpoint_id: int, event_id: int, contact_id: int, moment: Any, status: str
) -> list[Any]:
    return [
        ident,
        endpoint_id,
        event_id,
        # What belongs to no contact waits for nothing but itself.
        contact_id or event_id,
        status,
        0,
        "",
        moment,
        None,
        "",
        0,
        moment,
        moment,
    ]


def claim(conn: Connection, worker: str, endpoint_id: int, limit: int) -> list[Parcel]:
    """Takes deliveries that are due for one courier, also those whose claim has lapsed.

    An event waits while an earlier one of the same contact is on its way to the same endpoint.
    """
    moment = now()
    at = moment_value(conn, moment)
    until = moment_value(conn, moment + timedelta(seconds=CLAIM_SECONDS))
    taken = fetch(conn, _CLAIM, (worker, until, at, endpoint_id, at, limit))
    if not taken:
        return []
    by_event = {event_id: (ident, tries) for ident, event_id, tries in taken}
    query = f"{_EVENTS} WHERE {among_packed(conn, 'id')} ORDER BY id"
    parcels = []
    for row in fetch(conn, query, (packed(conn, list(by_event)),)):
        event_id, event, contact_id, phone, number_id, campaign_id, happened = row
        ident, tries = by_event[event_id]
        parcels.append(
            Parcel(
                ident,
                endpoint_id,
                tries,
                event_id,
                event,
                contact_id,
                phone,
                number_id,
                campaign_id,
                moment_of(happened),
            )
        )
    return parcels


_CLAIM = (
    "UPDATE deliveries SET status = 'sending', claimed_by = ?, due_at = ?, changed_at = ?,"  # noqa: S608
    " tries = tries + 1 WHERE id IN (SELECT id FROM deliveries AS d WHERE endpoint_id = ?"
    f" AND {DELIVERY_WAITS} AND due_at <= ? AND NOT EXISTS (SELECT 1 FROM deliveries AS before"
    " WHERE before.endpoint_id = d.endpoint_id AND before.contact_id = d.contact_id"
    " AND before.id < d.id AND before.status IN ('pending', 'sending'))"
    " ORDER BY due_at, id LIMIT ?) RETURNING id, event_id, tries"
)

_EVENTS = "SELECT id, event, contact_id, phone, number_id, campaign_id, at FROM outbox"


def settle(
    conn: Connection, worker: str, tried: Sequence[Tried], disable_after: timedelta | None = None
) -> int:
    """Writes down what became of parcels, and when those that failed are tried again.

    A parcel whose claim has lapsed and went to another courier is left to that one.

    Returns:
        How many parcels were still the worker's.
    """
    moment = now()
    table, values = rows_packed(
        conn,
        {
            "id": "bigint",
            "state": "text",
            "due": "timestamptz",
            "code": "bigint",
            "words": "text",
            "took": "bigint",
        },
        [_outcome(conn, one, moment) for one in tried],
    )
    settled = fetch(
        conn,
        "UPDATE deliveries SET status = said.state, due_at = said.due,"  # noqa: S608
        " answer_status = said.code, answer = said.words, took_ms = said.took, changed_at = ?"
        f" FROM {table} AS said WHERE deliveries.id = said.id"
        " AND deliveries.status = 'sending' AND deliveries.claimed_by = ?"
        " RETURNING deliveries.id",
        (moment_value(conn, moment), *values, worker),
    )
    ours = {row[0] for row in settled}
    failed = [one for one in tried if one.delivery_id in ours and not one.done]
    _keep_tries(conn, failed, moment)
    _note_health(conn, tried, moment, disable_after)
    return len(ours)


def _outcome(conn: Connection, one: Tried, moment: datetime) -> tuple[Any, ...]:
    if one.done:
        state, due = "delivered", moment
    elif one.gone or one.tries >= len(SCHEDULE):
        state, due = "failed", moment
    else:
        state, due = "pending", moment + pause_after(one.tries, one.retry_after)
    return (
        one.delivery_id,
        state,
        moment_value(conn, due),
        one.status,
        one.answer[:LONGEST_ANSWER].replace("\x00", "\ufffd"),
        one.took_ms,
    )


def pause_after(tries: int, retry_after: float | None = None) -> timedelta:
    """How long to wait after so many tries; `Retry-After` can make it longer, never shorter."""
    usual = SCHEDULE[min(tries, len(SCHEDULE) - 1)]
    asked = timedelta(seconds=max(0.0, min(retry_after or 0.0, LONGEST_PAUSE.total_seconds())))
    return max(usual, asked) * (1 + random.random() * JITTER)  # noqa: S311 - spreads load, keeps no secret


def _keep_tries(conn: Connection, tried: Sequence[Tried], moment: datetime) -> None:
    """Keeps each try that failed; of one that succeeded the delivery itself tells."""
    at = moment_value(conn, moment)
    ids = new_ids(len(tried))
    insert_rows(
        conn,
        _tries,
        [
            [
                ident,
                one.delivery_id,
                at,
                one.status,
                one.answer[:LONGEST_ANSWER].replace("\x00", "\ufffd"),
                one.took_ms,
            ]
            for ident, one in zip(ids, tried, strict=True)
        ],
    )


def _note_health(
    conn: Connection, tried: Sequence[Tried], moment: datetime, disable_after: timedelta | None
) -> None:
    """Remembers since when an endpoint fails; disables one that is gone or fails too long."""
    healthy = {one.endpoint_id for one in tried if one.done}
    ill = {one.endpoint_id for one in tried if not one.done} - healthy
    for ident in healthy:
        run(
            conn,
            "UPDATE endpoints SET failing_since = NULL WHERE id = ? AND failing_since IS NOT NULL",
            (ident,),
        )
    at = moment_value(conn, moment)
    for ident in ill:
        run(
            conn,
            "UPDATE endpoints SET failing_since = ? WHERE id = ? AND failing_since IS NULL",
            (at, ident),
        )
        if disable_after is not None:
            _disable_hopeless(conn, ident, moment, disable_after)
    for ident in {one.endpoint_id for one in tried if one.gone}:
        _disable(conn, ident, "it answered 410 Gone")


def _disable_hopeless(
    conn: Connection, ident: int, moment: datetime, disable_after: timedelta
) -> None:
    since = conn.execute(
        select(_endpoints.c.failing_since).where(_endpoints.c.id == ident)
    ).scalar()
    if since is not None and moment - since >= disable_after:
        _disable(conn, ident, f"it has failed for {disable_after.days} days")


def _disable(conn: Connection, ident: int, why: str) -> None:
    # Another courier may have removed it meanwhile.
    there = conn.execute(
        select(_endpoints.c.id).where(
            _endpoints.c.id == ident,
            _endpoints.c.removed_at.is_(None),
            _endpoints.c.active.is_(True),
        )
    ).first()
    if there is not None:
        endpoints.switch(conn, SYSTEM, ident, on=False, why=why)


def release(conn: Connection, worker: str) -> int:
    """Gives back what a courier that ends has claimed and not tried; returns how many."""
    return run(
        conn,
        "UPDATE deliveries SET status = 'pending', due_at = ?, tries = tries - 1"  # noqa: S608
        f" WHERE {DELIVERY_WAITS} AND status = 'sending' AND claimed_by = ?",
        (moment_value(conn, now()), worker),
    )


def queue_one(conn: Connection, endpoint_id: int, event_id: int) -> int:
    """Makes a delivery of an event to one endpoint, whatever it is subscribed to."""
    ident, moment = new_id(), moment_value(conn, now())
    contact = fetch(conn, "SELECT contact_id FROM outbox WHERE id = ?", (event_id,))[0][0]
    row = _delivery(ident, endpoint_id, event_id, contact, moment, "pending")
    insert_rows(conn, _deliveries, [row])
    return ident


def send_again(conn: Connection, delivery_ids: Sequence[int]) -> int:
    """Starts deliveries that ended from the beginning of the schedule; returns how many."""
    moment = now()
    ended = _deliveries.c.status.in_(["delivered", "failed", "cancelled"])
    which = among(conn, _deliveries.c.id, list(delivery_ids))
    rows = conn.execute(select(_deliveries).where(which, _deliveries.c.status == "delivered")).all()
    insert_rows(
        conn,
        _tries,
        [
            [
                ident,
                row.id,
                moment_value(conn, row.changed_at),
                row.answer_status,
                row.answer,
                row.took_ms,
            ]
            for ident, row in zip(new_ids(len(rows)), rows, strict=True)
        ],
    )
    changed = conn.execute(
        update(_deliveries)
        .where(which, ended)
        .values(status="pending", tries=0, due_at=moment, changed_at=moment)
    )
    return int(changed.rowcount)
