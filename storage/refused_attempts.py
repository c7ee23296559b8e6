"""Attempts that a door refused: kept for the intake log, and told of to whom wants to know."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Connection

from storage import attempt_index, first_answers
from storage.access import access_at, access_seq
from storage.jobs import apart
from storage.leads import Idempotency, IntakeResult, OptIn
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
    idempotency: Idempotency | None = None
    """The sender's name for the request, under which the refusal is kept as its first answer."""
    sentence: str = ""
    """What is answered instead of the code's own sentence."""
    missing: tuple[str, ...] = ()
    """The required fields that the body lacked."""


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


@apart
def record_refused(
    conn: Connection, items: Sequence[RefusedAttempt]
) -> Sequence[IntakeResult | None]:
    """Keeps attempts that a door refused after it knew who asked. A batch verb.

    Returns:
        For each what is to be answered, where a request of the same name was answered before.
    """
    moment = now()
    at = moment_value(conn, moment)
    answers = _first_answers(conn, items, moment)
    rows, failed = [], []
    for item, first in zip(items, answers, strict=True):
        phone, number_id = _subject(item)
        about = phone if parse_e164(phone) else ""
        code, reason = item.code, item.reason
        if first is not None:
            code, reason = first.code or "", "replayed" if first.replayed else ""
        if first is None or first.outcome == "refused":
            rows.append(attempt_row(item, at, "refused", code, reason, None, about))
        else:
            rows.append(attempt_row(item, at, first.outcome, code, reason, first.contact_id, ""))
        if first is None and code not in UNTOLD:
            failed.append(News(OPT_IN_FAILED, 0, phone, number_id))
    insert_rows(conn, _attempts, rows)
    indexed_to = attempt_index.reached(conn)
    attempt_index.note(conn, [it.request_id for it in items if it.request_id <= indexed_to])
    if failed and OPT_IN_FAILED in access_at(conn, access_seq(conn)).told:
        tell(conn, failed)
    return answers


def _first_answers(
    conn: Connection, items: Sequence[RefusedAttempt], moment: datetime
) -> list[IntakeResult | None]:
    """What requests of the same names were answered before; keeps those that are the first."""
    known = first_answers.known_answers(conn, items, moment)
    answers: list[IntakeResult | None] = []
    kept = []
    for item in items:
        if item.idempotency is None:
            answers.append(None)
            continue
        key, body_hash = (item.key_id or 0, item.idempotency.key), item.idempotency.body_hash
        before = known.get(key)
        if before is None:
            first = IntakeResult(
                *("refused", item.code, item.request_id),
                sentence=item.sentence,
                missing=item.missing,
            )
            known[key] = (body_hash, replace(first, replayed=True))
            kept.append(first_answers.answer_row(key, body_hash, first, moment))
            answers.append(None)
        elif before[0] == body_hash:
            answers.append(before[1])
        else:
            answers.append(IntakeResult("refused", "IDEMPOTENCY_MISMATCH", item.request_id))
    first_answers.keep(conn, kept)
    return answers


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
