"""Attempts that a door refused: kept for the intake log, and told of to whom wants to know."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import Connection

from storage import refused_index
from storage.access import access_at, access_seq
from storage.leads import OptIn
from storage.outbox import OPT_IN_FAILED, News, tell
from storage.phones import parse_e164
from storage.rows import insert_rows, moment_value
from storage.tables import Attempt
from storage.times import now

UNTOLD = frozenset(
    (
        *("RATE_LIMITED", "INTEGRATION_INACTIVE", "IDEMPOTENCY_MISMATCH", "ALREADY_OPTED_IN"),
        *("REQUEST_TIMEOUT", "MALFORMED_REQUEST"),
    )
)
"""Refusals that no webhook tells of: the sender is to try again, or the lead came in before."""

_LONGEST_SUBJECT = 64
"""Characters that are told of what a refused sender gave as a number."""

_attempts: Any = Attempt.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class RefusedAttempt:
    """An authenticated request that a door refused."""

    request_id: int
    door: str
    key_id: int | None
    code: str
    reason: str = ""
    body: str = ""
    peer: str = ""
    user_agent: str = ""
    sender: str = ""
    media: str = ""
    headers: str = ""
    replay_of: int | None = None
    phone: str = ""
    """Whom it was about, in E.164 where that could be read. For the API door the body tells."""
    number_id: str = ""


def attempt_row(
    item: OptIn | RefusedAttempt,
    at: Any,
    outcome: str,
    code: str,
    reason: str,
    contact_id: int | None,
    phone: str,
) -> list[Any]:
    """A row of the intake log, in the order of its table's columns.

    Args:
        item: What came in.
        at: When, as `storage.rows.moment_value` writes it.
        outcome: `accepted`, `duplicate` or `refused`.
        code: The contract's error code, or an empty string.
        reason: What was wrong, in words.
        contact_id: Whom it became.
        phone: Whom it was about, in E.164, where it is looked for by that.
    """
    return [
        item.request_id,
        at,
        item.door,
        item.key_id,
        outcome,
        code,
        reason,
        contact_id,
        item.peer,
        item.user_agent,
        item.body,
        item.sender,
        item.media,
        item.headers,
        item.replay_of,
        phone,
    ]


def record_refused(conn: Connection, items: Sequence[RefusedAttempt]) -> Sequence[None]:
    """Keeps attempts that a door refused after it knew who asked. A batch verb."""
    at = moment_value(conn, now())
    subjects = [_subject(item) for item in items]
    insert_rows(
        conn,
        _attempts,
        [
            attempt_row(
                item,
                at,
                "refused",
                item.code,
                item.reason,
                None,
                phone if parse_e164(phone) else "",
            )
            for item, (phone, _) in zip(items, subjects, strict=True)
        ],
    )
    refused_index.note(conn, [item.request_id for item in items])
    failed = [
        News(OPT_IN_FAILED, 0, *subject)
        for item, subject in zip(items, subjects, strict=True)
        if item.code not in UNTOLD
    ]
    if failed and OPT_IN_FAILED in access_at(conn, access_seq(conn)).told:
        tell(conn, failed)
    return [None] * len(items)


def _subject(item: RefusedAttempt) -> tuple[str, str]:
    """The number and the messaging number that a refused attempt was about, as far as it said."""
    said: Any = {}
    if item.door == "api" and not (item.phone and item.number_id):
        # Whatever a door could not read is not told of.
        with suppress(ValueError, RecursionError):
            said = json.loads(item.body)
    if not isinstance(said, dict):
        said = {}
    phone, number_id = said.get("mobile_phone"), said.get("opt_in_number_id")
    return (
        item.phone or (phone[:_LONGEST_SUBJECT] if isinstance(phone, str) else ""),
        (item.number_id or (number_id if isinstance(number_id, str) else ""))[:_LONGEST_SUBJECT],
    )
