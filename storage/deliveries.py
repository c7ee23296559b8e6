"""Events on their way to endpoints: spread, claimed, given back and sent again.

The functions that run for every event go below SQLAlchemy, as the intake does. What became of
deliveries that were tried is in `storage.tries`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import select, text, update
from sqlalchemy.engine import Connection

from storage.access import access_at
from storage.dialects import among, among_packed, packed, rows_packed, skipping_locked
from storage.driver import Written, fetch, fetch_together, run, run_at_last
from storage.ids import new_id, new_ids
from storage.rounds import take_turn
from storage.rows import insert_rows, moment_of, moment_value
from storage.tables import DELIVERY_WAITS, Delivery, DeliveryTry, Endpoint
from storage.times import AHEAD, now
from storage.tries import LONGEST_ANSWER, Tried, settle

__all__ = ["LONGEST_ANSWER", "Parcel", "Target", "Tried", "Waiting", "carry"]

CLAIM_SECONDS = 25
"""How long a claimed delivery may take; longer than a try lasts. Then it is tried again."""

SPREAD_AT_ONCE = 500
"""Events that are spread in one transaction."""

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


class Parcel(NamedTuple):
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
    # In the order of its index: planned for a table that was empty, it would be read whole.
    fresh = fetch(conn, "SELECT id FROM outbox WHERE spread = 0 ORDER BY id LIMIT 1")
    query = (
        f"SELECT id, ({_FIRST_DUE.format(endpoint='endpoints.id')}) FROM endpoints"  # noqa: S608
        f" WHERE {among_packed(conn, 'id')}"
    )
    rows = fetch(conn, query, (packed(conn, endpoint_ids),)) if endpoint_ids else []
    return Waiting(bool(fresh), {row[0]: moment_of(row[1]) for row in rows if row[1] is not None})


def carry(
    conn: Connection,
    worker: str,
    tried: Sequence[Tried],
    room: Mapping[int, int],
    disable_after: timedelta | None,
    at_once: int = SPREAD_AT_ONCE,
) -> list[Parcel]:
    """One round of the courier: settles what was tried, spreads what is new, claims what is due.

    Args:
        conn: A transaction; see `goes_aside` for whether it must hold the write lock.
        worker: Who claims.
        tried: What became of earlier parcels.
        room: How many parcels each endpoint can take now.
        disable_after: How long an endpoint may fail before it is disabled; None for ever.
        at_once: How many new events are spread at most.

    Returns:
        The parcels that are this worker's to carry out now; no other gets them.
    """
    take_turn(conn)
    if tried:
        settle(conn, worker, tried, disable_after)
    moment = now()
    asked = [ident for ident, limit in room.items() if limit > 0]
    seq, events, behind = fetch_together(
        conn,
        ("SELECT access_seq FROM store_state WHERE id = 1", ()),
        (_FRESH, (at_once,)),
        _behind(conn, asked, moment),
    )
    # Whoever was removed or disabled a moment ago gets no more.
    told = access_at(conn, seq[0][0]).subscribed
    late = [row[0] for row in behind if row[0] in told]
    free = {ident: room[ident] for ident in asked if ident in told and ident not in late}
    parcels: list[Parcel] = []
    if events:
        parcels += _spread(conn, worker, told, free, [_Event._make(row) for row in events], moment)
    return parcels + _claim(conn, worker, {ident: room[ident] for ident in late}, moment)


def goes_aside(tried: Sequence[Tried]) -> bool:
    """Whether a round needs no write lock: only one with failures may disable an endpoint."""
    return all(one.done for one in tried)


def _behind(conn: Connection, endpoint_ids: Sequence[int], moment: datetime) -> Written:
    """Asks which endpoints have deliveries that are due; what is new comes behind those."""
    query = (
        "SELECT id FROM endpoints WHERE "  # noqa: S608 - our own names
        f"{among_packed(conn, 'id')} AND ({_FIRST_DUE.format(endpoint='endpoints.id')}) <= ?"
    )
    return query, (packed(conn, endpoint_ids), moment_value(conn, moment))


_FIRST_DUE = (
    f"SELECT due_at FROM deliveries WHERE endpoint_id = {{endpoint}} AND {DELIVERY_WAITS}"  # noqa: S608
    " ORDER BY due_at, id LIMIT 1"
)

_FRESH = (
    "SELECT id, event, contact_id, phone, number_id, campaign_id, at,"
    " (SELECT campaign_id FROM numbers WHERE numbers.id = outbox.number_id)"
    " FROM outbox WHERE spread = 0 ORDER BY id LIMIT ?"
)


class _Event(NamedTuple):
    """An event that nobody was told of yet."""

    id: int
    event: str
    contact_id: int
    phone: str
    number_id: str
    campaign_id: int | None
    at: Any
    now_in: int | None
    """The campaign that its number belongs to."""

    def parcel(self, delivery_id: int, endpoint_id: int, tries: int = 1) -> Parcel:
        campaign_id = self.now_in if self.campaign_id is None else self.campaign_id
        at = moment_of(self.at)
        return Parcel(delivery_id, endpoint_id, tries, *self[:5], campaign_id=campaign_id, at=at)


def _spread(
    conn: Connection,
    worker: str,
    told: Mapping[int, frozenset[str]],
    free: Mapping[int, int],
    events: Sequence[_Event],
    moment: datetime,
) -> list[Parcel]:
    """Makes a delivery of each new event for each endpoint that is told of it.

    Deliveries to an endpoint that has time are claimed as they are made: a row that is made
    pending and claimed the moment after costs three times as much.
    """
    parcels: list[Parcel] = []
    statements: list[Written] = []
    until = moment + timedelta(seconds=CLAIM_SECONDS)
    wanted = {ident: [one for one in events if one.event in names] for ident, names in told.items()}
    taken = _taken(conn, {ident: wanted[ident][:limit] for ident, limit in free.items()})
    for ident, some in wanted.items():
        mine = taken.get(ident, [])
        others = {one.id for one in some}.difference(one.id for one in mine)
        rest = [one.id for one in some if one.id in others]
        # In this order, so that what a contact is told of later has the higher id.
        ids = new_ids(len(some))
        if mine:
            claimed = ("sending", 1, worker, until)
            which = [one.id for one in mine]
            statements.append(_making(conn, ids[0], ident, which, claimed, moment))
            parcels += [one.parcel(made, ident) for one, made in zip(mine, ids, strict=False)]
        if rest:
            left = ("pending", 0, "", moment)
            statements.append(_making(conn, ids[len(mine)], ident, rest, left, moment))
    run_at_last(conn, statements + _told_of(conn, events))
    return parcels


def _taken(conn: Connection, wanted: Mapping[int, Sequence[_Event]]) -> dict[int, list[_Event]]:
    """Of the events that each endpoint has time for, those that wait for no other one.

    An event waits while an earlier one of the same contact is on its way to the same endpoint.
    """
    asked = {ident: events for ident, events in wanted.items() if events}
    if not asked:
        return {}
    found = fetch_together(conn, *[_on_their_way(conn, *each) for each in asked.items()])
    taken: dict[int, list[_Event]] = {}
    for (ident, events), rows in zip(asked.items(), found, strict=True):
        seen = {row[0] for row in rows}
        mine = taken[ident] = []
        for one in events:
            if one.contact_id not in seen:
                mine.append(one)
            if one.contact_id:
                seen.add(one.contact_id)
    return taken


def _on_their_way(conn: Connection, endpoint_id: int, events: Sequence[_Event]) -> Written:
    """Asks which contacts of events have one that waits for an endpoint already."""
    contacts = [(one.contact_id,) for one in events]
    table, values = rows_packed(conn, {"contact": "bigint"}, contacts)
    query = (
        f"SELECT contact FROM {table} AS theirs"  # noqa: S608 - our own names
        f" WHERE ({_EARLIER.format(endpoint='?', contact='theirs.contact')}) IS NOT NULL"
    )
    return query, (*values, endpoint_id)


# Written so that PostgreSQL walks along the one index that leads there, however little it knows
# of the table: asked with EXISTS, it went through all that waits for the endpoint.
_EARLIER = (
    "SELECT before.id FROM deliveries AS before WHERE before.endpoint_id = {endpoint}"
    " AND before.contact_id = {contact} AND before.status IN ('pending', 'sending')"
    " ORDER BY before.id LIMIT 1"
)


def _making(
    conn: Connection,
    first: int,
    endpoint_id: int,
    event_ids: Sequence[int],
    state: tuple[str, int, str, datetime],
    moment: datetime,
) -> Written:
    """Makes deliveries of events, with ids from `first` on in the events' order.

    Args:
        conn: Which of the two stores.
        first: The id of the first one.
        endpoint_id: Whom they are for.
        event_ids: What they tell of.
        state: Status, tries, claimed by whom, and when due.
        moment: Now.
    """
    *claimed, due = state
    at = moment_value(conn, moment)
    values = (first, endpoint_id, *claimed, moment_value(conn, due), at, at)
    return _MAKE.format(among=among_packed(conn, "id")), (*values, packed(conn, event_ids))


# What belongs to no contact waits for nothing but itself.
_MAKE = (
    "INSERT INTO deliveries (id, endpoint_id, event_id, contact_id, status, tries, claimed_by,"
    " due_at, answer_status, answer, took_ms, created_at, changed_at)"
    " SELECT ? + row_number() OVER (ORDER BY id) - 1, ?, id,"
    " CASE contact_id WHEN 0 THEN id ELSE contact_id END, ?, ?, ?, ?, NULL, '', 0, ?, ?"
    " FROM outbox WHERE {among}"
)


def _told_of(conn: Connection, events: Sequence[_Event]) -> list[Written]:
    """Marks events as spread, with the campaign that each one's number belongs to by now."""
    among_them = among_packed(conn, "id")
    which = packed(conn, [one.id for one in events])
    made: list[Written] = [(f"UPDATE outbox SET spread = 1 WHERE {among_them}", (which,))]  # noqa: S608
    if any(one.now_in is not None and one.campaign_id is None for one in events):
        campaign = "(SELECT campaign_id FROM numbers WHERE numbers.id = outbox.number_id)"
        update_all = f"UPDATE outbox SET campaign_id = {campaign}"  # noqa: S608
        made.append((f"{update_all} WHERE {among_them} AND campaign_id IS NULL", (which,)))
    return made


def _claim(
    conn: Connection, worker: str, room: Mapping[int, int], moment: datetime
) -> list[Parcel]:
    """Takes deliveries that are due for one courier, also those whose claim has lapsed."""
    if not room:
        return []
    at = moment_value(conn, moment)
    until = moment_value(conn, moment + timedelta(seconds=CLAIM_SECONDS))
    # Apart from the update: while that is still open, PostgreSQL forgets none of the dead rows
    # that it comes upon, and comes upon them again each time.
    due = _DUE + skipping_locked(conn, "d")
    found = fetch_together(conn, *[(due, (ident, at, limit)) for ident, limit in room.items()])
    taken = [row for rows in found for row in rows]
    if not taken:
        return []
    claimed = (worker, until, at, packed(conn, [row[0] for row in taken]))
    run_at_last(conn, [(_CLAIM.format(among=among_packed(conn, "id")), claimed)])
    query = f"{_EVENTS} WHERE {among_packed(conn, 'id')}"
    events = {
        row[0]: _Event._make(row)
        for row in fetch(conn, query, (packed(conn, sorted({row[1] for row in taken})),))
    }
    # In the order in which they are due.
    return [
        events[event_id].parcel(ident, endpoint_id, tries + 1)
        for endpoint_id, rows in zip(room, found, strict=True)
        for ident, event_id, tries in rows
        if event_id in events
    ]


_DUE = (
    "SELECT id, event_id, tries FROM deliveries AS d WHERE endpoint_id = ?"  # noqa: S608
    f" AND {DELIVERY_WAITS} AND due_at <= ?"
    f" AND ({_EARLIER.format(endpoint='d.endpoint_id', contact='d.contact_id')}) = d.id"
    " ORDER BY due_at, id LIMIT ?"
)

_CLAIM = (
    "UPDATE deliveries SET status = 'sending', claimed_by = ?, due_at = ?, changed_at = ?,"
    " tries = tries + 1 WHERE {among}"
)

_EVENTS = "SELECT id, event, contact_id, phone, number_id, campaign_id, at, NULL FROM outbox"


def ahead(conn: Connection, limit: int = 500) -> list[int]:
    """Deliveries whose wait began by a clock which was ahead, and has been set back since."""
    moment = now()
    # None is due before its wait begins, so the index of what waits leads to the few there can be.
    latest = moment_value(conn, moment + AHEAD)
    ids = [row[0] for row in fetch(conn, "SELECT id FROM endpoints WHERE removed_at IS NULL")]
    query = (
        f"SELECT id FROM deliveries WHERE {among_packed(conn, 'endpoint_id')} AND {DELIVERY_WAITS}"  # noqa: S608
        " AND due_at > ? AND changed_at > ? LIMIT ?"
    )
    return [row[0] for row in fetch(conn, query, (packed(conn, ids), latest, latest, limit))]


def follow_clock(conn: Connection, delivery_ids: Sequence[int]) -> None:
    """Gives such deliveries as long to wait from now on as they had when it began."""
    take_turn(conn)
    moment = now()
    rows = conn.execute(
        select(_deliveries.c.id, _deliveries.c.due_at, _deliveries.c.changed_at).where(
            among(conn, _deliveries.c.id, list(delivery_ids)),
            text(DELIVERY_WAITS),
            _deliveries.c.changed_at > moment + AHEAD,
        )
    ).all()
    for row in rows:
        conn.execute(
            update(_deliveries)
            .where(_deliveries.c.id == row.id)
            .values(due_at=moment + (row.due_at - row.changed_at), changed_at=moment)
        )


def release(conn: Connection, worker: str) -> int:
    """Gives back what a courier that ends has claimed and not tried; returns how many."""
    take_turn(conn)
    return run(
        conn,
        "UPDATE deliveries SET status = 'pending', due_at = ?, tries = tries - 1"  # noqa: S608
        f" WHERE {DELIVERY_WAITS} AND status = 'sending' AND claimed_by = ?",
        (moment_value(conn, now()), worker),
    )


def queue_one(conn: Connection, endpoint_id: int, event_id: int) -> int:
    """Makes a delivery of an event to one endpoint, whatever it is subscribed to."""
    take_turn(conn)
    ident, moment = new_id(), now()
    pending = ("pending", 0, "", moment)
    run(conn, *_making(conn, ident, endpoint_id, [event_id], pending, moment))
    return ident


def send_again(conn: Connection, delivery_ids: Sequence[int]) -> int:
    """Starts deliveries that ended from the beginning of the schedule; returns how many."""
    take_turn(conn)
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
