"""How a lead comes in: everything about it in one transaction, or nothing.

The doors check what can be checked without the store; what depends on it is decided here,
inside the transaction, where no other process can change it meanwhile.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from json.encoder import encode_basestring
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, update
from sqlalchemy.engine import Connection

from storage import attempt_index, first_answers, guesses, phone_index
from storage.access import access_at
from storage.consent import Chain
from storage.dialects import among, among_packed, packed
from storage.driver import Written, fetch, fetch_together, run_at_last
from storage.ids import new_ids
from storage.jobs import apart, followed
from storage.leads import IntakeResult, OptIn
from storage.outbox import OPT_IN_FAILED, OPTED_IN, News, spread_mark, tell
from storage.refused_attempts import UNTOLD, attempt_row
from storage.rows import inserting, moment_of, moment_value
from storage.search import haystack
from storage.suppressions import phone_hash
from storage.tables import (
    ApiKey,
    Attempt,
    ConsentEvent,
    Contact,
    Message,
    OutboxEvent,
    SearchPending,
)
from storage.tallies import adding, hour_tally, stage_tally
from storage.texts import Outgoing
from storage.times import now
from storage.words import BADGE_BITS, UNTEXTED, Badge, Kind, Stage

STALE = "STALE"
"""The code of a lead that was judged by what is no longer true. Nothing was written; look again."""

_KEY_USE_SECONDS = 60
"""How exact `last_used_at` is; a row is not rewritten for every request."""

_MANY = 4
"""Leads in a batch from which on a question that is spared makes others wait less."""

_SALT_BYTES = 12
"""Of the random text in each event's evidence, so that nobody guesses what a hash was made of."""

_STATE = (
    "SELECT chain_seq, chain_head, access_seq, secret, attempts_to FROM store_state WHERE id = 1"
)
_SAVE_CHAIN = "UPDATE store_state SET chain_seq = ?, chain_head = ?, chain_seal = ? WHERE id = 1"

_contacts: Any = Contact.__table__  # type: ignore[attr-defined]
_attempts: Any = Attempt.__table__  # type: ignore[attr-defined]
_events: Any = ConsentEvent.__table__  # type: ignore[attr-defined]
_messages: Any = Message.__table__  # type: ignore[attr-defined]
_outbox: Any = OutboxEvent.__table__  # type: ignore[attr-defined]
_pending: Any = SearchPending.__table__  # type: ignore[attr-defined]
_keys: Any = ApiKey.__table__  # type: ignore[attr-defined]


@dataclass(slots=True)
class _Rows:
    contacts: list[list[Any]] = field(default_factory=list)
    phones: list[list[int]] = field(default_factory=list)
    events: list[list[Any]] = field(default_factory=list)
    attempts: list[list[Any]] = field(default_factory=list)
    messages: list[list[Any]] = field(default_factory=list)
    outbox: list[list[Any]] = field(default_factory=list)
    pending: list[list[Any]] = field(default_factory=list)
    answers: list[dict[str, Any]] = field(default_factory=list)
    arrived: int = 0
    """Contacts that a sender brought, and no person by mending a request."""
    stages: dict[Stage, int] = field(default_factory=dict)
    """By how much each stage grows."""
    superseded: list[tuple[int, str]] = field(default_factory=list)
    """Id and phone of failed contacts whose number opts in again."""

    def count(self, stage: Stage, n: int = 1) -> None:
        self.stages[stage] = self.stages.get(stage, 0) + n


@dataclass(slots=True)
class _Known:
    """A contact that already has a number, in the store or earlier in the batch."""

    id: int
    stage: str
    at: datetime


@dataclass(frozen=True, slots=True)
class _State:
    """Where the store stands, as far as leads depend on it."""

    chain_seq: int
    chain_head: bytes
    access_seq: int
    indexed_to: int = 0
    """The last attempt in the index of the intake log, as far as it matters."""


@followed
@apart
def take_in(conn: Connection, items: Sequence[OptIn]) -> Sequence[IntakeResult]:
    """Takes leads in: contact, consent event, attempt, text to send and event to tell of.

    A batch verb for `Store.write_many`. Every item is answered in its place.
    """
    intake = _Intake(conn, items)
    results = [intake.decide(item) for item in items]
    intake.store(conn)
    _note_key_use(conn, items)
    return results


class _Intake:
    """One batch: what the store knows of it, and the rows it makes."""

    def __init__(self, conn: Connection, items: Sequence[OptIn]) -> None:
        self.moment = now()
        self.at = moment_value(conn, self.moment)
        # The store's secret does not change while it is open, unless another store takes its place.
        secret = _secrets.get(conn.engine, b"")
        phones = [item.phone for item in items]
        self.hashes = {phone: phone_hash(secret, phone) for phone in phones}
        state = guesses.guess(conn) if _may_guess(items) else None
        found: Sequence[tuple[Any, ...]] = ()
        if state is not None and secret:
            run_at_last(conn, [_nobody_known(conn, state, secret, self.hashes, items)])
        else:
            state, stored, found = _ask(conn, self.hashes)
            if stored != secret:
                secret = _secrets[conn.engine] = stored
                self.hashes = {phone: phone_hash(secret, phone) for phone in phones}
                found = fetch(conn, *_known_among(conn, self.hashes))
        self.known, self.blocked = _told_apart(found)
        self.state = state
        self.access = access_at(conn, state.access_seq)
        self.chain = Chain(state.chain_seq, state.chain_head, secret)
        self.rows = _Rows()
        self.answered = first_answers.known_answers(conn, items, self.moment)
        self.failed: list[News] = []
        """Refused for good: told of, where anybody wants to know."""
        self.purpose = "confirm" if self.access.double_opt_in else "compliance"
        self.spread = spread_mark(self.access, OPTED_IN)
        milliseconds = int(self.moment.timestamp() * 1000)
        self.hour = milliseconds // 3_600_000
        # A contact, a text and an event to tell of.
        self.ids = iter(new_ids(3 * len(items), milliseconds))
        self.salts = iter(_salts(len(items)))

    def decide(self, item: OptIn) -> IntakeResult:
        if item.judged_by is not None and item.judged_by != self.access.seq:
            return IntakeResult("refused", STALE, item.request_id)
        closed = self._closed(item)
        if closed is not None:
            return self._refuse(item, closed)
        replay = self._replay(item)
        if replay is not None:
            return replay
        if not self.access.knows_number(item.number_id):
            return self._remember(item, self._refuse(item, "INVALID_OPT_IN_NUMBER"))
        if self.hashes[item.phone] in self.blocked:
            return self._remember(item, self._refuse(item, "BLOCKED_NUMBER"))
        known = self.known.get(item.phone)
        if known is not None and known.stage != Stage.FAILED:
            return self._remember(item, self._repeat(item, known))
        if known is not None:
            self.rows.superseded.append((known.id, item.phone))
            self.rows.count(Stage.FAILED, -1)
        return self._remember(item, self._accept(item))

    def store(self, conn: Connection) -> None:
        rows = self.rows
        if rows.superseded:
            conn.execute(
                update(_contacts)
                .where(among(conn, _contacts.c.id, [ident for ident, _ in rows.superseded]))
                .values(
                    stage=Stage.DELETED,
                    version=_contacts.c.version + 1,
                    changed_at=self.moment,
                )
            )
            phone_index.leave(conn, rows.superseded)
            rows.count(Stage.DELETED, len(rows.superseded))
        # Committed after newer ones were indexed: as a rule, none is.
        late = [row[0] for row in rows.attempts if row[0] <= self.state.indexed_to]
        attempt_index.note(conn, late)
        if OPT_IN_FAILED in self.access.told:
            tell(conn, self.failed)
        first_answers.keep(conn, rows.answers)
        statements = [
            *inserting(conn, _contacts, rows.contacts, self._of_contacts()),
            *phone_index.adding(conn, rows.phones),
            *inserting(conn, _events, rows.events),
            *inserting(conn, _attempts, rows.attempts),
            *inserting(conn, _messages, rows.messages, self._of_texts()),
            *inserting(conn, _outbox, rows.outbox, self._of_news()),
            *inserting(conn, _pending, rows.pending),
        ]
        if rows.events:
            statements.append((_SAVE_CHAIN, (self.chain.seq, self.chain.head, self.chain.seal)))
        tallies = {stage_tally(stage): n for stage, n in rows.stages.items()}
        statements += adding(tallies | {hour_tally(self.hour): rows.arrived})
        run_at_last(conn, statements)
        phone_index.settle(conn, len(rows.phones))
        guesses.leave(conn, _State(self.chain.seq, self.chain.head, self.access.seq))

    def _closed(self, item: OptIn) -> str | None:
        access = self.access
        if access.integration_id is None:
            return "INTEGRATION_NOT_FOUND"
        if item.key_id is not None and item.key_id not in access.key_ids:
            return "INVALID_API_KEY"
        return None if access.active else "INTEGRATION_INACTIVE"

    def _replay(self, item: OptIn) -> IntakeResult | None:
        if item.idempotency is None:
            return None
        known = self.answered.get((item.key_id or 0, item.idempotency.key))
        if known is None:
            return None
        body_hash, result = known
        if body_hash != item.idempotency.body_hash:
            return self._refuse(item, "IDEMPOTENCY_MISMATCH")
        self._log(item, result.outcome, result.code or "", result.contact_id, "replayed")
        return result

    def _remember(self, item: OptIn, result: IntakeResult) -> IntakeResult:
        if item.idempotency is None:
            return result
        key = (item.key_id or 0, item.idempotency.key)
        body_hash = item.idempotency.body_hash
        self.answered[key] = (body_hash, replace(result, replayed=True, text=None))
        self.rows.answers.append(first_answers.answer_row(key, body_hash, result, self.moment))
        return result

    def _refuse(self, item: OptIn, code: str) -> IntakeResult:
        self._log(item, "refused", code, None)
        if code not in UNTOLD:
            self.failed.append(News(OPT_IN_FAILED, 0, item.phone, item.number_id))
        return IntakeResult("refused", code, item.request_id)

    def _repeat(self, item: OptIn, known: _Known) -> IntakeResult:
        self._event(item, "repeat", known.id)
        if item.test:
            self._log(item, "accepted", "", known.id)
            return IntakeResult("accepted", None, item.request_id, known.id, item.phone, known.at)
        self._log(item, "duplicate", "ALREADY_OPTED_IN", known.id)
        return IntakeResult(
            "duplicate", "ALREADY_OPTED_IN", item.request_id, known.id, item.phone, known.at
        )

    def _accept(self, item: OptIn) -> IntakeResult:
        contact_id = next(self.ids)
        texted = item.kind not in UNTEXTED and not item.test
        stage = Stage.CONFIRMING if texted else Stage.QUEUED
        rows = self.rows
        rows.contacts.append(
            [
                contact_id,
                item.phone,
                item.first_name,
                item.last_name,
                stage.value,
                item.kind.value,
                item.region,
                item.badges | _kind_badges(item),
                item.number_id,
                haystack(item.first_name, item.last_name, item.phone),
                item.sender or item.door,
            ]
        )
        rows.phones.append([phone_index.number_of(item.phone), contact_id])
        rows.pending.append([contact_id])
        rows.count(stage)
        rows.arrived += item.replay_of is None
        self.known[item.phone] = _Known(contact_id, stage, self.moment)
        self._event(item, "opt_in", contact_id)
        self._log(item, "accepted", "", contact_id)
        result = IntakeResult(
            "accepted", None, item.request_id, contact_id, item.phone, self.moment
        )
        if texted:
            result.text = self._text(item, contact_id)
        if self.access.double_opt_in and not item.test:
            # Told of once the person has said YES.
            return result
        rows.outbox.append([next(self.ids), contact_id, item.phone, item.number_id])
        return result

    def _text(self, item: OptIn, contact_id: int) -> Outgoing:
        text = Outgoing(
            next(self.ids),
            contact_id,
            item.phone,
            item.number_id,
            self.access.text_of(item.number_id),
            purpose=self.purpose,
        )
        self.rows.messages.append(
            [text.message_id, text.contact_id, text.number_id, text.phone, text.body]
        )
        return text

    # What is the same in all rows of a batch.

    def _of_contacts(self) -> dict[str, Any]:
        return {
            "group_id": None,
            "favorite": 0,
            "received_at": self.at,
            "changed_at": self.at,
            "version": 1,
        }

    def _of_texts(self) -> dict[str, Any]:
        return {
            "direction": "out",
            "purpose": self.purpose,
            "status": "pending",
            "claimed_by": "",
            "provider_id": "",
            "error": "",
            "due_at": self.at,
            "created_at": self.at,
            "changed_at": self.at,
            "gateway": "",
            "review": "",
            "tries": 0,
        }

    def _of_news(self) -> dict[str, Any]:
        return {
            "event": OPTED_IN,
            "campaign_id": None,
            "at": self.at,
            "spread": self.spread,
        }

    def _event(self, item: OptIn, kind: str, contact_id: int) -> None:
        evidence = (
            f'{{"salt":"{next(self.salts)}","door":"{item.door}","phone":"{item.phone}"'
            f',"program":{encode_basestring(self.access.program_of(item.number_id))}'
            f"{_more_json(item.evidence)}}}"
        )
        self.rows.events.append(
            self.chain.link(
                at=self.moment,
                kind=kind,
                contact_id=contact_id,
                number_id=item.number_id,
                request_id=item.request_id,
                evidence=evidence,
                moment=self.at,
            )
        )

    def _log(
        self, item: OptIn, outcome: str, code: str, contact_id: int | None, reason: str = ""
    ) -> None:
        refused = outcome == "refused"
        phone = item.phone if refused else ""
        row = attempt_row(item, self.at, outcome, code, reason, contact_id, phone)
        self.rows.attempts.append(row)


_key_use_of: WeakKeyDictionary[Engine, dict[int, float]] = WeakKeyDictionary()
_secrets: WeakKeyDictionary[Engine, bytes] = WeakKeyDictionary()


def _salts(count: int) -> list[str]:
    drawn = os.urandom(_SALT_BYTES * count)
    return [drawn[at : at + _SALT_BYTES].hex() for at in range(0, len(drawn), _SALT_BYTES)]


def _more_json(evidence: Mapping[str, Any]) -> str:
    """Further members of a JSON object, each with a comma before it."""
    return "".join(
        f",{encode_basestring(name)}:{_to_json(value)}" for name, value in evidence.items()
    )


def _to_json(value: Any) -> str:
    if type(value) is str:
        return encode_basestring(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _may_guess(items: Sequence[OptIn]) -> bool:
    """Whether a question is worth being spared, and nothing else has to be asked anyway."""
    return len(items) >= _MANY and not any(item.idempotency for item in items)


def _ask(
    conn: Connection, hashes: Mapping[str, bytes]
) -> tuple[_State, bytes, Sequence[tuple[Any, ...]]]:
    """Where the store stands, its secret, and whom of a batch it knows."""
    state, found = fetch_together(conn, (_STATE, ()), _known_among(conn, hashes))
    ((seq, head, access_seq, secret, indexed_to),) = state
    return _State(seq, bytes(head), access_seq, indexed_to), bytes(secret), found


def _nobody_known(
    conn: Connection,
    state: _State,
    secret: bytes,
    hashes: Mapping[str, bytes],
    items: Sequence[OptIn],
) -> Written:
    """Ends the transaction unless the store stands there and knows nobody of a batch."""
    holders, numbers = phone_index.held_by(conn, hashes)
    condition = (
        "chain_seq = ? AND chain_head = ? AND access_seq = ?"
        " AND secret = ? AND attempts_to < ?"
        f" AND NOT EXISTS ({holders})"
        " AND NOT EXISTS (SELECT FROM suppressions"
        f" WHERE {among_packed(conn, 'phone_hash', binary=True)})"
    )
    statement = f"SELECT {guesses.right_if(condition)} FROM store_state WHERE id = 1"  # noqa: S608
    first = min(item.request_id for item in items)
    return statement, (
        *(state.chain_seq, state.chain_head, state.access_seq, secret, first),
        *(*numbers, packed(conn, list(hashes.values()))),
    )


def _known_among(conn: Connection, hashes: Mapping[str, bytes]) -> Written:
    """Asks for the contacts that have a number already, and the hashes not to be contacted."""
    holders, numbers = phone_index.held_by(conn, hashes)
    query = (
        "SELECT phone, id, stage, received_at, NULL FROM contacts"  # noqa: S608 - our own names
        f" WHERE {phone_index.among_holders(conn, holders)}"
        " UNION ALL SELECT NULL, NULL, NULL, NULL, phone_hash FROM suppressions"
        f" WHERE {among_packed(conn, 'phone_hash', binary=True)}"
    )
    return query, (*numbers, packed(conn, list(hashes.values())))


def _told_apart(rows: Sequence[tuple[Any, ...]]) -> tuple[dict[str, _Known], set[bytes]]:
    known = {
        phone: _Known(ident, stage, moment_of(at))
        for phone, ident, stage, at, _ in rows
        if phone is not None
    }
    return known, {bytes(row[4]) for row in rows if row[4] is not None}


def _kind_badges(item: OptIn) -> int:
    bits = 0
    if item.kind is Kind.UNASSIGNED and not item.test:
        bits |= BADGE_BITS[Badge.UNASSIGNED]
    if item.kind is Kind.LANDLINE:
        bits |= BADGE_BITS[Badge.LANDLINE]
    if item.test:
        bits |= BADGE_BITS[Badge.TEST]
    return bits


def _note_key_use(conn: Connection, items: Sequence[OptIn]) -> None:
    noted = _key_use_of.setdefault(conn.engine, {})
    moment = time.monotonic()
    for key_id in {item.key_id for item in items if item.key_id is not None}:
        if moment - noted.get(key_id, -_KEY_USE_SECONDS) >= _KEY_USE_SECONDS:
            noted[key_id] = moment
            conn.execute(update(_keys).where(_keys.c.id == key_id).values(last_used_at=now()))
