"""The delivery log: what became of each event at each endpoint, and sending it again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, func, literal_column, select, text
from sqlalchemy.engine import Connection

from storage import endpoints
from storage.changes import record
from storage.deliveries import queue_one, send_again
from storage.dialects import among
from storage.errors import NotFound, Refused
from storage.folding import fold
from storage.ids import id_at, public
from storage.log_pages import LogPage, read_page
from storage.outbox import TEST, News, tell
from storage.rounds import take_turn
from storage.store import Store
from storage.tables import (
    DELIVERY_FAILED,
    DELIVERY_WAITS,
    Delivery,
    DeliveryTry,
    Endpoint,
    OutboxEvent,
)
from storage.words import Actor, DeliveriesView

REPLAY_AT_ONCE = 500
"""Events that are sent again in one transaction."""

STATUSES = ("pending", "sending", "delivered", "failed", "cancelled")
"""How a delivery can stand."""

_deliveries: Any = Delivery.__table__  # type: ignore[attr-defined]
_tries: Any = DeliveryTry.__table__  # type: ignore[attr-defined]
_endpoints: Any = Endpoint.__table__  # type: ignore[attr-defined]
_outbox: Any = OutboxEvent.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A delivery as lists show it. `answer`, `url` and `phone` are untrusted."""

    id: int
    endpoint_id: int
    url: str
    event_id: int
    event: str
    contact_id: int
    phone: str
    at: datetime
    """When the event happened."""
    status: str
    tries: int
    due_at: datetime
    """When it is tried next, while it waits."""
    answer_status: int | None
    answer: str
    took_ms: int
    changed_at: datetime

    @property
    def public_id(self) -> str:
        """`dlv_` and 16 hex digits."""
        return public("dlv", self.id)


@dataclass(frozen=True, slots=True)
class TryRow:
    """One request and what came back. `answer` is untrusted."""

    at: datetime
    status: int | None
    answer: str
    took_ms: int


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """A delivery, whole."""

    row: DeliveryRow
    number_id: str
    campaign_id: int | None
    seed_body: bool
    tries: tuple[TryRow, ...]
    """The oldest first."""


def listing(
    conn: Connection,
    *,
    endpoint_id: int | None = None,
    status: str = "",
    beyond: int | None = None,
    limit: int = 100,
) -> list[DeliveryRow]:
    """Deliveries, the newest first.

    Args:
        conn: An open transaction.
        endpoint_id: Only those to one endpoint.
        status: Only those that stand so.
        beyond: Only older ones than this delivery: the last of the page before.
        limit: At most so many.
    """
    query = _joined().order_by(_deliveries.c.id.desc()).limit(limit)
    if endpoint_id is not None:
        query = query.where(_deliveries.c.endpoint_id == endpoint_id)
    if status:
        query = query.where(_deliveries.c.status == status)
    if beyond is not None:
        query = query.where(_deliveries.c.id < beyond)
    return [_row(row) for row in conn.execute(query)]


_KEPT = {
    "waiting": DELIVERY_WAITS,
    "failed": DELIVERY_FAILED,
    "delivered": "status = 'delivered'",
}
"""In the words of the partial indexes."""


def page(
    conn: Connection,
    view: DeliveriesView,
    *,
    before: int | None = None,
    after: int | None = None,
    limit: int,
) -> LogPage[DeliveryRow]:
    """Some deliveries, the newest first; see `storage.log_pages.read_page`."""
    query = _joined()
    if view.only:
        query = query.where(text(_KEPT[view.only]))
    if view.endpoint_id is not None:
        query = query.where(_deliveries.c.endpoint_id == view.endpoint_id)
    # What waits has no index along the ids: it is few, so it is sorted.
    order: ColumnElement[int] | None = (
        literal_column("+deliveries.id") if view.only == "waiting" else None
    )
    words = fold(view.search)

    def lets(row: DeliveryRow) -> bool:
        ids = f"{row.public_id} {public('evt', row.event_id)} {public('con', row.contact_id)}"
        return words in fold(f"{row.event} {row.phone} {row.url} {row.answer} {ids}")

    return read_page(
        conn,
        query,
        _deliveries.c.id,
        _row,
        before=before,
        after=after,
        limit=limit,
        order=order,
        lets=lets if words else None,
    )


def newest(conn: Connection) -> int:
    """The largest id of a delivery; 0 for none."""
    return int(conn.execute(select(func.max(_deliveries.c.id))).scalar() or 0)


def show(conn: Connection, delivery_id: int) -> DeliveryView:
    """One delivery with its requests and answers.

    Raises:
        NotFound: There is none.
    """
    found = conn.execute(_joined().where(_deliveries.c.id == delivery_id)).one_or_none()
    if found is None:
        raise NotFound("There is no such delivery.", "See: optdesk webhooks deliveries")
    tries = [
        TryRow(row.at, row.status, row.answer, row.took_ms)
        for row in conn.execute(
            select(_tries).where(_tries.c.delivery_id == delivery_id).order_by(_tries.c.id)
        )
    ]
    row = _row(found)
    if row.status == "delivered":
        tries.append(TryRow(row.changed_at, row.answer_status, row.answer, row.took_ms))
    return DeliveryView(row, found.number_id, found.campaign_id, found.seed_body, tuple(tries))


def test(conn: Connection, who: Actor, endpoint_id: int) -> int:
    """Sends an endpoint an event that is about nobody; returns the delivery's id.

    Raises:
        NotFound: There is no such endpoint.
        Refused: It is disabled.
    """
    endpoint = endpoints.get(conn, endpoint_id)
    if not endpoint.active:
        raise Refused(
            "This endpoint is disabled, so nothing is delivered to it.",
            f"Enable it first: optdesk webhooks enable {endpoint.public_id}",
        )
    [event_id] = tell(conn, [News(TEST, 0, "")])
    record(conn, who, "webhook.test", subject=endpoint.public_id)
    return queue_one(conn, endpoint_id, event_id)


def replay(conn: Connection, who: Actor, delivery_id: int) -> DeliveryRow:
    """Sends one event again, with the same `webhook-id`.

    Raises:
        NotFound: There is no such delivery, or its endpoint was removed.
        Refused: It is still on its way.
    """
    row = show(conn, delivery_id).row
    endpoints.get(conn, row.endpoint_id)
    if not send_again(conn, [delivery_id]):
        raise Refused("This delivery is still on its way.", "It is tried by itself.")
    record(conn, who, "webhook.replay", subject=row.public_id, size=1)
    return show(conn, delivery_id).row


def replay_span(
    store: Store,
    who: Actor,
    endpoint_id: int,
    since: datetime,
    until: datetime,
    *,
    failed_only: bool = False,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Sends an endpoint everything that happened in a span of time, in order, in chunks.

    That includes what happened before the endpoint was added or while it was disabled.

    Args:
        store: The store; call this outside of a transaction.
        who: By whose hand.
        endpoint_id: Which endpoint; it gets what it is subscribed to.
        since: The first moment.
        until: The moment behind the last.
        failed_only: Leave out what it has taken.
        progress: Told how many events are through.

    Returns:
        How many events are sent again.

    Raises:
        NotFound: There is no such endpoint.
    """
    # Ids are never behind the clock, but ahead of it where that was set back: the end of the
    # span is told by the events' own times.
    sent, beyond = 0, id_at(since) - 1
    while True:
        chunk, last = store.do(
            partial(
                _replay_chunk,
                endpoint_id=endpoint_id,
                beyond=beyond,
                since=since,
                until=until,
                failed_only=failed_only,
            ),
            patient=True,
        )
        sent += chunk
        if progress is not None:
            progress(sent)
        if last is None:
            break
        beyond = last
    store.do(
        lambda conn: record(
            conn, who, "webhook.replay", subject=public("end", endpoint_id), size=sent
        )
    )
    return sent


def _replay_chunk(
    conn: Connection,
    endpoint_id: int,
    beyond: int,
    since: datetime,
    until: datetime,
    failed_only: bool,
) -> tuple[int, int | None]:
    take_turn(conn)
    endpoint = endpoints.get(conn, endpoint_id)
    events = conn.execute(
        select(_outbox.c.id, _outbox.c.event, _outbox.c.at)
        .where(_outbox.c.id > beyond)
        .order_by(_outbox.c.id)
        .limit(REPLAY_AT_ONCE)
    ).all()
    if not events:
        return 0, None
    wanted = [row.id for row in events if row.event in endpoint.events and since <= row.at < until]
    known = _known_deliveries(conn, endpoint_id, wanted)
    again = [
        ident for ident, status in known.values() if not (failed_only and status == "delivered")
    ]
    sent = send_again(conn, again)
    for event_id in wanted:
        if event_id not in known:
            queue_one(conn, endpoint_id, event_id)
            sent += 1
    return sent, events[-1].id


def _known_deliveries(
    conn: Connection, endpoint_id: int, event_ids: Sequence[int]
) -> dict[int, tuple[int, str]]:
    rows = conn.execute(
        select(_deliveries.c.event_id, _deliveries.c.id, _deliveries.c.status).where(
            among(conn, _deliveries.c.event_id, list(event_ids)),
            _deliveries.c.endpoint_id == endpoint_id,
        )
    )
    return {row.event_id: (row.id, row.status) for row in rows}


def _joined() -> Any:
    return (
        select(
            _deliveries,
            _endpoints.c.url,
            _endpoints.c.seed_body,
            _outbox.c.event,
            _outbox.c.contact_id.label("about"),
            _outbox.c.phone,
            _outbox.c.number_id,
            _outbox.c.campaign_id,
            _outbox.c.at,
        )
        .join(_endpoints, _endpoints.c.id == _deliveries.c.endpoint_id)
        .join(_outbox, _outbox.c.id == _deliveries.c.event_id)
    )


def _row(row: Any) -> DeliveryRow:
    return DeliveryRow(
        row.id,
        row.endpoint_id,
        row.url,
        row.event_id,
        row.event,
        row.about,
        row.phone,
        row.at,
        row.status,
        row.tries,
        row.due_at,
        row.answer_status,
        row.answer,
        row.took_ms,
        row.changed_at,
    )
