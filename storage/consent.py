"""The consent ledger: events that are never changed, each hashing the one before."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import Connection

from storage.driver import fetch
from storage.rows import moment_of
from storage.times import to_micros

GENESIS = bytes(32)
"""What the first event hashes as the one before it."""


@dataclass(slots=True)
class Chain:
    """Where the ledger ends, while a transaction appends to it."""

    seq: int
    head: bytes

    def link(
        self,
        *,
        at: datetime,
        kind: str,
        contact_id: int,
        number_id: str,
        request_id: int | None,
        evidence: str,
        moment: Any,
    ) -> list[Any]:
        """The row of the next event for `insert_rows`; the caller inserts it and saves the chain.

        Args:
            at: When the consent was given or withdrawn.
            kind: `opt_in`, `repeat` and so on.
            contact_id: Whose it is.
            number_id: The messaging number it is about.
            request_id: The request that carried it, if one did.
            evidence: JSON with a salt.
            moment: `at` as `insert_rows` takes it.
        """
        evidence_hash = hashlib.sha256(evidence.encode()).digest()
        self.seq += 1
        prev = self.head
        self.head = event_hash(
            prev, self.seq, at, kind, contact_id, number_id, request_id, evidence_hash
        )
        return [
            self.seq,
            moment,
            kind,
            contact_id,
            number_id,
            request_id,
            evidence,
            evidence_hash,
            prev,
            self.head,
        ]


def event_hash(
    prev: bytes,
    seq: int,
    at: datetime,
    kind: str,
    contact_id: int,
    number_id: str,
    request_id: int | None,
    evidence_hash: bytes,
) -> bytes:
    """The hash that ties an event to all before it."""
    facts = f"|{seq}|{to_micros(at)}|{kind}|{contact_id}|{number_id}|{request_id or 0}|"
    return hashlib.sha256(prev + facts.encode() + evidence_hash).digest()


_STATE = text("SELECT chain_seq, chain_head FROM store_state WHERE id = 1")
_SAVE = text("UPDATE store_state SET chain_seq = :seq, chain_head = :head WHERE id = 1")


def open_chain(conn: Connection) -> Chain:
    """The end of the ledger, in a transaction that holds the write lock."""
    seq, head = conn.execute(_STATE).one()
    return Chain(int(seq), bytes(head))


def save_chain(conn: Connection, chain: Chain) -> None:
    """Keeps where the ledger ends."""
    conn.execute(_SAVE, {"seq": chain.seq, "head": chain.head})


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What a verification found."""

    events: int
    faults: tuple[str, ...]
    """One clause for each changed, missing or cut event."""
    let_go: int = 0
    """Events before the first one, taken off after their time; their last hash is kept."""


def verify(conn: Connection, progress: Callable[[int, int], None] | None = None) -> ChainReport:
    """Walks the whole ledger in constant memory and names every change, gap or cut.

    Args:
        conn: An open transaction.
        progress: Told how many events are through, of how many.
    """
    base, base_head, last, head = conn.execute(_ENDS).one()
    walk = _Walk(base, bytes(base_head) if base_head is not None else GENESIS)
    while rows := fetch(conn, _EVENTS, (walk.seq, _AT_ONCE)):
        for row in rows:
            walk.step(row)
        if progress is not None:
            progress(walk.seq - base, max(last, walk.seq) - base)
    if walk.seq != last:
        walk.fault(f"the ledger ends at event {walk.seq}, not at {last}")
    elif walk.head != bytes(head):
        walk.fault("the last event is not the one the store remembers")
    if walk.more:
        walk.faults.append(f"and {walk.more:,} more faults")
    return ChainReport(walk.count, tuple(walk.faults), base)


_AT_ONCE = 2000

_MOST_FAULTS = 100
"""Faults that are named one by one."""

_ENDS = text(
    "SELECT chain_base_seq, chain_base_head, chain_seq, chain_head FROM store_state WHERE id = 1"
)
_EVENTS = (
    "SELECT seq, at, kind, contact_id, number_id, request_id, evidence, evidence_hash, prev_hash,"
    " hash FROM consent_events WHERE seq > ? ORDER BY seq LIMIT ?"
)


class _Walk:
    """Where a verification stands.

    Args:
        seq: The event before the first one.
        head: Its hash.
    """

    def __init__(self, seq: int, head: bytes) -> None:
        self.seq = seq
        self.head = head
        self.count = 0
        self.faults: list[str] = []
        self.more = 0

    def fault(self, clause: str) -> None:
        if len(self.faults) < _MOST_FAULTS:
            self.faults.append(clause)
        else:
            self.more += 1

    def step(self, row: tuple[Any, ...]) -> None:
        seq, at, kind, contact_id, number_id, request_id, evidence, digest, prev, whole = row
        digest, prev, whole = bytes(digest), bytes(prev), bytes(whole)
        if seq != self.seq + 1:
            self.fault(f"events {self.seq + 1} to {seq - 1} are missing")
        elif prev != self.head:
            self.fault(f"event {seq} does not follow from event {seq - 1}")
        if evidence is not None and hashlib.sha256(evidence.encode()).digest() != digest:
            self.fault(f"the evidence of event {seq} was changed")
        moment = moment_of(at)
        if event_hash(prev, seq, moment, kind, contact_id, number_id, request_id, digest) != whole:
            self.fault(f"event {seq} was changed")
        self.seq, self.head = seq, whole
        self.count += 1
