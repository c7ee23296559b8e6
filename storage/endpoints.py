"""Webhook endpoints: the addresses that events are delivered to."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import insert, select, text, update
from sqlalchemy.engine import Connection

from storage.access import touch_access
from storage.changes import record
from storage.errors import NotFound, Refused
from storage.ids import new_id, parse, public
from storage.outbox import EVENTS
from storage.questions import Question
from storage.rounds import take_turn
from storage.store import Store
from storage.tables import DELIVERY_WAITS, Delivery, Endpoint
from storage.times import now
from storage.words import Actor

ROTATION_HOURS = 24
"""How long the old secret signs beside the new one."""

CANCELLED_AT_ONCE = 1000
"""Deliveries that are cancelled in one transaction."""

_SECRET_BYTES = 24
_LONGEST_URL = 2000

_endpoints: Any = Endpoint.__table__  # type: ignore[attr-defined]
_deliveries: Any = Delivery.__table__  # type: ignore[attr-defined]
_THERE = select(_endpoints).where(_endpoints.c.removed_at.is_(None)).order_by(_endpoints.c.id)


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """An endpoint as lists show it: without its secrets. `url` and `disabled_why` are untrusted."""

    id: int
    url: str
    events: tuple[str, ...]
    seed_body: bool
    active: bool
    failing_since: datetime | None
    disabled_why: str
    old_secret_until: datetime | None
    created_at: datetime

    @property
    def public_id(self) -> str:
        """`end_` and 16 hex digits."""
        return public("end", self.id)


@dataclass(frozen=True, slots=True)
class Secret:
    """An endpoint and its secret, which is shown this once."""

    endpoint: EndpointRow
    secret: str


def add(
    conn: Connection, who: Actor, url: str, *, events: Iterable[str] = EVENTS, seed: bool = False
) -> Secret:
    """Adds an endpoint, switched on.

    Args:
        conn: A transaction that holds the write lock.
        who: By whose hand.
        url: Where events are posted to.
        events: What it is told of.
        seed: Leave `type` out of the body, as the seed's documentation prints it.

    Raises:
        Refused: The address or an event is none.
    """
    take_turn(conn)
    ident, moment, secret = new_id(), now(), _new_secret()
    conn.execute(
        insert(_endpoints),
        {
            "id": ident,
            "url": _address(url),
            "events": _events(events),
            "secret": secret,
            "old_secret": "",
            "old_secret_until": None,
            "seed_body": seed,
            "active": True,
            "failing_since": None,
            "disabled_why": "",
            "created_at": moment,
            "changed_at": moment,
            "removed_at": None,
        },
    )
    _noted(conn, who, "webhook.add", ident)
    return Secret(get(conn, ident), secret)


def listing(conn: Connection) -> list[EndpointRow]:
    """All endpoints that were not removed, the oldest first."""
    return [_row(row) for row in conn.execute(_THERE)]


FAILING: Question[int] = Question(
    (
        (
            "SELECT COUNT(*) FROM endpoints WHERE removed_at IS NULL"
            " AND (failing_since IS NOT NULL OR disabled_why <> '')",
            (),
        ),
    ),
    lambda rows: int(rows[0][0]),
)
"""Asks how many endpoints fail, or were disabled because they did."""


def get(conn: Connection, ident: int) -> EndpointRow:
    """One endpoint.

    Raises:
        NotFound: There is none, or it was removed.
    """
    row = conn.execute(
        select(_endpoints).where(_endpoints.c.id == ident, _endpoints.c.removed_at.is_(None))
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such webhook endpoint.", "See: optdesk webhooks list")
    return _row(row)


def find(conn: Connection, text: str) -> EndpointRow:
    """An endpoint by its `end_…` id, or by its address where only one has it.

    Raises:
        NotFound: There is none.
    """
    ident = parse(text)
    if ident is not None:
        return get(conn, ident)
    found = [row for row in listing(conn) if row.url == text]
    if len(found) != 1:
        raise NotFound(f"There is no webhook endpoint “{text}”.", "See: optdesk webhooks list")
    return found[0]


def edit(
    conn: Connection,
    who: Actor,
    ident: int,
    *,
    url: str | None = None,
    events: Iterable[str] | None = None,
    seed: bool | None = None,
) -> EndpointRow:
    """Changes what is given and leaves the rest.

    Raises:
        NotFound: There is no such endpoint.
        Refused: The address or an event is none.
    """
    take_turn(conn)
    get(conn, ident)
    values: dict[str, Any] = {}
    if url is not None:
        values["url"] = _address(url)
    if events is not None:
        values["events"] = _events(events)
    if seed is not None:
        values["seed_body"] = seed
    if values:
        _set(conn, ident, **values)
        _noted(conn, who, "webhook.edit", ident)
    return get(conn, ident)


def rotate(conn: Connection, who: Actor, ident: int) -> Secret:
    """Gives an endpoint a new secret; the old one signs beside it for a day.

    Raises:
        NotFound: There is no such endpoint.
    """
    take_turn(conn)
    old = conn.execute(
        select(_endpoints.c.secret).where(
            _endpoints.c.id == ident, _endpoints.c.removed_at.is_(None)
        )
    ).scalar()
    if old is None:
        get(conn, ident)
    secret = _new_secret()
    _set(
        conn,
        ident,
        secret=secret,
        old_secret=old,
        old_secret_until=now() + timedelta(hours=ROTATION_HOURS),
    )
    _noted(conn, who, "webhook.rotate", ident)
    return Secret(get(conn, ident), secret)


def switch(conn: Connection, who: Actor, ident: int, *, on: bool, why: str = "") -> bool:
    """Enables or disables an endpoint; what waits for it is kept meanwhile.

    Args:
        conn: A transaction that holds the write lock.
        who: By whose hand.
        ident: Which one.
        on: Whether events are delivered to it.
        why: Shown with one that is disabled.

    Returns:
        Whether that changed anything.

    Raises:
        NotFound: There is no such endpoint.
    """
    take_turn(conn)
    if get(conn, ident).active == on:
        return False
    _set(conn, ident, active=on, failing_since=None, disabled_why="" if on else why)
    if on:
        # What waited while it was off is tried now and not at the end of a long pause.
        conn.execute(
            update(_deliveries)
            .where(_deliveries.c.endpoint_id == ident, _deliveries.c.status == "pending")
            .values(due_at=now(), changed_at=now())
        )
    _noted(conn, who, "webhook.enable" if on else "webhook.disable", ident, why)
    return True


def remove(conn: Connection, who: Actor, ident: int) -> EndpointRow:
    """Removes an endpoint and forgets its secrets: from now on nothing is delivered to it.

    What waits for it is cancelled, the first of it here; for the rest, which may be a million,
    call `clear_left_over`.

    Raises:
        NotFound: There is no such endpoint.
    """
    take_turn(conn)
    gone = get(conn, ident)
    _set(conn, ident, active=False, removed_at=now(), secret="", old_secret="")
    _noted(conn, who, "webhook.remove", ident)
    cancel_left_over(conn)
    return gone


def cancel_left_over(conn: Connection, limit: int = CANCELLED_AT_ONCE) -> int:
    """Cancels deliveries that wait for endpoints that were removed; returns how many.

    Args:
        conn: A transaction that holds the write lock.
        limit: At most so many; call it again while there may be more.
    """
    take_turn(conn)
    removed = conn.execute(
        select(_endpoints.c.id).where(_endpoints.c.removed_at.is_not(None))
    ).scalars()
    for ident in list(removed):
        waiting = (
            select(_deliveries.c.id)
            .where(_deliveries.c.endpoint_id == ident, text(DELIVERY_WAITS))
            .order_by(_deliveries.c.due_at, _deliveries.c.id)
            .limit(limit)
        )
        done = conn.execute(
            update(_deliveries)
            .where(_deliveries.c.id.in_(waiting))
            .values(status="cancelled", changed_at=now())
        ).rowcount
        if done:
            return int(done)
    return 0


def clear_left_over(store: Store) -> int:
    """Cancels all of them, a little at a time, so that leads come in between."""
    total = 0
    while done := store.do(cancel_left_over, patient=True):
        total += done
    return total


def _set(conn: Connection, ident: int, **values: Any) -> None:
    conn.execute(
        update(_endpoints).where(_endpoints.c.id == ident).values(changed_at=now(), **values)
    )


def _noted(conn: Connection, who: Actor, verb: str, ident: int, why: str = "") -> None:
    # The address is not written down: it may hold a secret of its own.
    record(conn, who, verb, subject=public("end", ident), details={"why": why} if why else None)
    touch_access(conn)


def _new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def _address(url: str) -> str:
    written = url.strip()
    hint = "Write it like https://example.com/hooks."
    if len(written) > _LONGEST_URL or not re.fullmatch(r"[\x21-\x7e]+", written):
        raise Refused("That is no web address.", hint)
    try:
        parts = urlsplit(written)
        port = parts.port
    except ValueError:
        raise Refused("That is no web address.", hint) from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise Refused("That is no web address.", hint)
    if "@" in parts.netloc:
        raise Refused("A webhook's address must not hold a name or password.", hint)
    return written.partition("#")[0]


def _events(names: Iterable[str]) -> str:
    wanted = set(names)
    for name in sorted(wanted.difference(EVENTS)):
        raise Refused(f"“{name}” is no event.", f"One of: {', '.join(EVENTS)}.")
    if not wanted:
        raise Refused("An endpoint must be told of something.", f"One of: {', '.join(EVENTS)}.")
    return " ".join(name for name in EVENTS if name in wanted)


def _row(row: Any) -> EndpointRow:
    return EndpointRow(
        row.id,
        row.url,
        tuple(row.events.split()),
        row.seed_body,
        row.active,
        row.failing_since,
        row.disabled_why,
        row.old_secret_until if row.old_secret_until and row.old_secret_until > now() else None,
        row.created_at,
    )
