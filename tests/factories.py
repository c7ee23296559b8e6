"""Believable leads for tests, through the same verb as real ones."""

from __future__ import annotations

import threading
from itertools import count
from typing import Any

from sqlalchemy.engine import Connection

from storage import integration
from storage.claims import claim
from storage.holding import QuietHours
from storage.ids import new_id
from storage.intake import take_in
from storage.integration import Added
from storage.leads import IntakeResult, OptIn
from storage.messages import settle
from storage.phones import parse_e164
from storage.refused_attempts import RefusedAttempt, record_refused
from storage.store import Store
from storage.texts import Outgoing, Receipt
from storage.words import Actor
from tests.waiting import PATIENCE

_numbers = count(2_025_550_200)


def next_phone() -> str:
    """A US number that no other call gives: mobile or landline, nobody can tell."""
    n = next(_numbers)
    return f"+1{n}" if n < 2_025_560_000 else f"+1{n + 10_000_000}"


def lead(**fields: Any) -> OptIn:
    """A request as a door hands it over."""
    written = fields.pop("phone", None) or next_phone()
    phone = parse_e164(written)
    assert phone is not None, written
    values: dict[str, Any] = {
        "request_id": new_id(),
        "door": "api",
        "key_id": None,
        "phone": phone.e164,
        "kind": phone.kind,
        "region": phone.region,
        "number_id": "num_test",
        "first_name": "Ada",
        "last_name": "Byron",
        "evidence": {"ip_address": "203.0.113.9", "user_agent": "Mozilla/5.0"},
        "body": "{}",
        "peer": "203.0.113.9",
    }
    return OptIn(**(values | fields))


def switched_on(store: Store, who: Actor | None = None) -> Added:
    """Adds the integration."""
    return store.do(lambda conn: integration.add(conn, who or Actor.person("ana")))


def put(store: Store, *items: OptIn) -> list[IntakeResult]:
    """Takes leads in and waits for the commit."""
    answers: dict[int, Any] = {}
    ready = threading.Event()

    def done(place: int, answer: Any) -> None:
        answers[place] = answer
        if len(answers) == len(items):
            ready.set()

    for place, item in enumerate(items):
        store.write_many(take_in, item, lambda answer, place=place: done(place, answer))  # type: ignore[misc]
    assert ready.wait(PATIENCE)
    for answer in answers.values():
        if isinstance(answer, BaseException):
            raise answer
    return [answers[place] for place in range(len(items))]


def claim_pending(
    conn: Connection,
    worker: str,
    limit: int,
    quiet: QuietHours | None = None,
    *,
    fresh: bool = False,
) -> list[Outgoing]:
    """The texts that a courier would hand over now."""
    return claim(conn, worker, limit, quiet, fresh=fresh).texts


def settle_all(store: Store, status: str = "accepted") -> int:
    """Plays the courier: hands over everything that waits."""
    outgoing = store.do(lambda conn: claim_pending(conn, "test", 100_000))
    receipts = [
        Receipt(message.message_id, status, f"SM{message.message_id:x}") for message in outgoing
    ]
    store.do(lambda conn: settle(conn, receipts))
    return len(receipts)


def make_queued(store: Store, n: int = 1, **fields: Any) -> list[int]:
    """Leads that are in the queue; returns their ids in order of arrival."""
    with store.read() as conn:
        there = integration.show_row(conn) is not None
    if not there:
        switched_on(store)
    results = put(store, *[lead(**fields) for _ in range(n)])
    settle_all(store)
    return [result.contact_id for result in results if result.contact_id is not None]


def refuse(store: Store, **fields: Any) -> int:
    """An attempt at the hook door that named the phone in its own way."""
    values: dict[str, Any] = {
        "request_id": new_id(),
        "door": "hook",
        "key_id": None,
        "code": "MISSING_REQUIRED_FIELD",
        "reason": "phone",
        "body": '{"first_name": "Ada", "last_name": "Byron", "Rückruf": "+1 415 555 0123"}',
        "peer": "203.0.113.9",
        "user_agent": "Zapier",
        "sender": "zapier",
        "media": "application/json",
        "headers": '{"Content-Type": "application/json"}',
    }
    values |= fields
    done = threading.Event()
    store.write_many(record_refused, RefusedAttempt(**values), lambda _: done.set())
    assert done.wait(PATIENCE)
    return int(values["request_id"])


def indexed(store: Store) -> bool:
    """Whether search needs to look at no contact itself."""
    with store.read() as conn:
        return not conn.exec_driver_sql("SELECT count(*) FROM search_pending").scalar_one()
