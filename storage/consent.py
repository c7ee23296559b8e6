"""The consent ledger: events that are never changed, each hashing the one before."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.engine import Connection

from storage.tables import ConsentEvent
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


def verify(conn: Connection) -> ChainReport:
    """Walks the whole ledger in constant memory and names every change, gap or cut."""
    chain = open_chain(conn)
    prev, expected, faults = GENESIS, 1, []
    rows = conn.execution_options(yield_per=2000).execute(
        select(ConsentEvent.__table__).order_by(ConsentEvent.__table__.c.seq)  # type: ignore[attr-defined]
    )
    for row in rows:
        if row.seq != expected:
            faults.append(f"events {expected} to {row.seq - 1} are missing")
        elif bytes(row.prev_hash) != prev:
            faults.append(f"event {row.seq} does not follow from event {row.seq - 1}")
        digest = bytes(row.evidence_hash)
        if row.evidence is not None and hashlib.sha256(row.evidence.encode()).digest() != digest:
            faults.append(f"the evidence of event {row.seq} was changed")
        whole = event_hash(
            bytes(row.prev_hash),
            row.seq,
            row.at,
            row.kind,
            row.contact_id,
            row.number_id,
            row.request_id,
            digest,
        )
        if whole != bytes(row.hash):
            faults.append(f"event {row.seq} was changed")
        prev, expected = bytes(row.hash), row.seq + 1
    if expected - 1 != chain.seq:
        faults.append(f"the ledger ends at event {expected - 1}, not at {chain.seq}")
    elif prev != chain.head:
        faults.append("the last event is not the one the store remembers")
    return ChainReport(expected - 1, tuple(faults))
