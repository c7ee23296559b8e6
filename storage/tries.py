"""What became of deliveries that were tried, and when those that failed are tried again."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from storage import endpoints
from storage.dialects import among_packed, by_keys, packed, rows_packed
from storage.driver import fetch, run, run_at_last
from storage.ids import new_ids
from storage.rows import insert_rows, moment_value
from storage.tables import DeliveryTry, Endpoint
from storage.times import AHEAD, now
from storage.words import SYSTEM

SCHEDULE = tuple(
    timedelta(seconds=seconds)
    for seconds in (0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
"""How long after the try before it each try of a delivery comes."""

JITTER = 0.1
"""By how much of itself a pause is drawn out at random, so that tries do not come in step."""

LONGEST_PAUSE = timedelta(hours=24)
"""The most that an endpoint can ask for with `Retry-After`."""

LONGEST_ANSWER = 2048
"""Characters kept of an answer."""

_tries: Any = DeliveryTry.__table__  # type: ignore[attr-defined]
_endpoints: Any = Endpoint.__table__  # type: ignore[attr-defined]


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


def settle(
    conn: Connection, worker: str, tried: Sequence[Tried], disable_after: timedelta | None = None
) -> None:
    """Writes down what became of parcels, and when those that failed are tried again.

    A parcel whose claim has lapsed and went to another courier is left to that one.
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
    by_key, which = by_keys(conn, "deliveries.id", [one.delivery_id for one in tried])
    # The status is wrapped, so that no index of all that waits looks like the way to them.
    statement = (
        "UPDATE deliveries SET status = said.state, due_at = said.due,"  # noqa: S608
        " answer_status = said.code, answer = said.words, took_ms = said.took, changed_at = ?"
        f" FROM {table} AS said WHERE deliveries.id = said.id AND {by_key}"
        " AND deliveries.status || '' = 'sending' AND deliveries.claimed_by = ?"
    )
    given = (moment_value(conn, moment), *values, *which, worker)
    failed = [one for one in tried if not one.done]
    if failed:
        ours = {row[0] for row in fetch(conn, f"{statement} RETURNING deliveries.id", given)}
        _keep_tries(conn, [one for one in failed if one.delivery_id in ours], moment)
    else:
        run_at_last(conn, [(statement, given)])
    _note_health(conn, tried, moment, disable_after)


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
    recovered = "failing_since = NULL WHERE failing_since IS NOT NULL"
    which = f"UPDATE endpoints SET {recovered} AND {among_packed(conn, 'id')}"  # noqa: S608
    run_at_last(conn, [(which, (packed(conn, sorted(healthy)),))])
    at, latest = moment_value(conn, moment), moment_value(conn, moment + AHEAD)
    for ident in ill:
        run(
            conn,
            "UPDATE endpoints SET failing_since = ? WHERE id = ?"
            # Later than now: by a clock that was ahead and has been set back.
            " AND (failing_since IS NULL OR failing_since > ?)",
            (at, ident, latest),
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
