"""The consent ledger: events that are never changed, each hashing the one before.

Whoever can write to the store could hash a changed ledger anew, or cut it and move the mark of its
end. So both its ends bear a seal: a hash that is keyed with the store's secret. What nobody inside
a store can rule out, that the whole of it was replaced, a receipt kept elsewhere does: it names the
head of its day.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError

from storage import guesses
from storage.dialects import among_packed, is_postgresql, packed
from storage.driver import fetch, few_pages, run_at_last, undecoded
from storage.rows import moment_of
from storage.times import now, to_micros

GENESIS = bytes(32)
"""What the first event hashes as the one before it."""

MINIMUM_YEARS = 5
"""How long after a person's last event their evidence is kept at least."""

A_YEAR = timedelta(days=365.25)

_END_OF_TIME = to_micros(datetime.max.replace(tzinfo=UTC))

_DOUBT = timedelta(days=31)
"""By how much a clock may be wrong before evidence that was let go counts as taken away."""


@dataclass(slots=True)
class Chain:
    """Where the ledger ends, while a transaction appends to it."""

    seq: int
    head: bytes
    secret: bytes = field(default=b"", repr=False)
    """The store's."""

    @property
    def seal(self) -> bytes:
        """What the store remembers of its end."""
        return sealed(self.secret, END, self.seq, self.head)

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


END, BASE = b"end", b"base"
"""The two ends of the ledger: its newest event, and the last one that was let go."""

_PLACE_BYTES = 8

_BYTES = (bytes, memoryview)


def sealed(secret: bytes, which: bytes, seq: int, head: bytes) -> bytes:
    """The seal of an end of the ledger: its place, and a hash that needs the store's secret.

    Args:
        secret: The store's.
        which: `END` or `BASE`.
        seq: The event it ends with.
        head: The hash of that event.
    """
    place = seq.to_bytes(_PLACE_BYTES, "big")
    said = b"ledger " + which + b" " + place + head
    return place + hashlib.blake2b(said, key=secret, digest_size=24).digest()


_STATE = "SELECT chain_seq, chain_head, secret FROM store_state WHERE id = 1"
_SAVE = "UPDATE store_state SET chain_seq = ?, chain_head = ?, chain_seal = ? WHERE id = 1"
_SAVE_BASE = text(
    "UPDATE store_state SET chain_base_seq = :seq, chain_base_head = :head,"
    " chain_base_seal = :seal WHERE id = 1"
)


def open_chain(conn: Connection) -> Chain:
    """The end of the ledger, in a transaction that holds the write lock."""
    ((seq, head, secret),) = fetch(conn, _STATE)
    return Chain(int(seq), bytes(head), bytes(secret))


def save_chain(conn: Connection, chain: Chain) -> None:
    """Keeps where the ledger ends."""
    run_at_last(conn, [(_SAVE, (chain.seq, chain.head, chain.seal))])
    guesses.leave(conn, None)


def save_base(conn: Connection, seq: int, head: bytes) -> None:
    """Keeps where the ledger begins: behind the last event that was let go, with this hash."""
    seal = sealed(open_chain(conn).secret, BASE, seq, head)
    conn.execute(_SAVE_BASE, {"seq": seq, "head": head, "seal": seal})


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What a verification found."""

    events: int
    faults: tuple[str, ...]
    """One clause for each changed, missing or cut event."""
    let_go: int = 0
    """Events before the first one, taken off after their time; their last hash is kept."""


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the ledger on the day of a receipt."""

    seq: int
    hash: bytes


def verify(
    conn: Connection,
    progress: Callable[[int, int], None] | None = None,
    witness: Head | None = None,
) -> ChainReport:
    """Walks the whole ledger in constant memory and names every change, gap or cut.

    Args:
        conn: An open transaction.
        progress: Told how many events are through, of how many.
        witness: What a receipt says that the ledger once ended with; it has to be there.
    """
    row = conn.execute(_ENDS).one()
    if not _are_ends(row):
        return ChainReport(0, ("what the store remembers of the ledger's ends was changed",))
    secret, base, last = bytes(row.secret), int(row.chain_base_seq), int(row.chain_seq)
    base_head = bytes(row.chain_base_head) if row.chain_base_head is not None else GENESIS
    walk = _Walk(base, base_head, now() - MINIMUM_YEARS * A_YEAR + _DOUBT, witness)
    if base and _seal_of(row.chain_base_seal) != sealed(secret, BASE, base, base_head):
        walk.fault(f"{_events(1, base)} missing: it was not this store that let them go")
    with few_pages(conn):
        while rows := _some_after(conn, walk.seq):
            bare = [walk.step(row) for row in rows]
            for seq in _taken(conn, [one for one in bare if one is not None]):
                walk.fault(f"the evidence of event {seq} was taken away")
            if progress is not None:
                progress(walk.seq - base, max(last, walk.seq) - base)
    _check_end(walk, last, bytes(row.chain_head), _seal_of(row.chain_seal), secret)
    if walk.witness is not None and walk.witness.seq > base:
        walk.fault(f"event {walk.witness.seq}, which the receipt names, is missing")
    if walk.more:
        walk.faults.append(f"and {walk.more:,} more faults")
    return ChainReport(walk.count, tuple(walk.faults), base)


def _are_ends(row: Any) -> bool:
    """Whether the marks of both ends are of their sort; SQLite lets others write anything."""
    places = (row.chain_base_seq, row.chain_seq)
    hashes = (row.chain_base_head, row.chain_base_seal, row.chain_seal)
    return (
        all(isinstance(each, int) and each >= 0 for each in places)
        and all(each is None or isinstance(each, _BYTES) for each in hashes)
        and all(isinstance(each, _BYTES) for each in (row.chain_head, row.secret))
    )


def _some_after(conn: Connection, seq: int) -> list[tuple[Any, ...]]:
    try:
        return fetch(conn, _EVENTS, (seq, _AT_ONCE))
    except OperationalError:
        if is_postgresql(conn):
            raise
        with undecoded(conn):
            return fetch(conn, _EVENTS, (seq, _AT_ONCE))


def _check_end(walk: _Walk, last: int, head: bytes, seal: bytes, secret: bytes) -> None:
    place = int.from_bytes(seal[:_PLACE_BYTES], "big")
    if walk.seq != last:
        walk.fault(f"the ledger ends at event {walk.seq}, not at {last}")
    elif walk.head != head:
        walk.fault("the last event is not the one the store remembers")
    elif not seal:
        walk.fault("the seal of the ledger's end is missing")
    elif place > last:
        walk.fault(f"events {last + 1} to {place} were cut off the ledger's end")
    elif place < last:
        walk.fault(f"events {place + 1} to {last} were not written by this store")
    elif seal != sealed(secret, END, last, head):
        walk.fault(
            "the ledger was written anew: its end does not bear this store's seal,"
            " so any event may have been changed"
        )


def _seal_of(stored: Any) -> bytes:
    return b"" if stored is None else bytes(stored)


def _taken(conn: Connection, bare: list[tuple[int, int]]) -> list[int]:
    """The events without evidence that nobody erased: their contacts are still there."""
    if not bare:
        return []
    which = among_packed(conn, "id")
    ids = packed(conn, sorted({contact_id for _, contact_id in bare}))
    query = f"SELECT id FROM contacts WHERE {which}"  # noqa: S608 - our own names
    there = {row[0] for row in fetch(conn, query, (ids,))}
    # What belongs to no contact is never erased.
    return [seq for seq, contact_id in bare if contact_id in there or not contact_id]


_AT_ONCE = 500

_MOST_FAULTS = 100
"""Faults that are named one by one."""

_ENDS = text(
    "SELECT chain_base_seq, chain_base_head, chain_base_seal, chain_seq, chain_head, chain_seal,"
    " secret FROM store_state WHERE id = 1"
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
        kept_from: Whose event is younger still has its evidence, unless they were erased.
        witness: An event that has to be there.
    """

    def __init__(self, seq: int, head: bytes, kept_from: datetime, witness: Head | None) -> None:
        self.seq = seq
        self.head = head
        self.witness = witness
        self._kept_from = kept_from
        self.count = 0
        self.faults: list[str] = []
        self.more = 0

    def fault(self, clause: str) -> None:
        if len(self.faults) < _MOST_FAULTS:
            self.faults.append(clause)
        else:
            self.more += 1

    def step(self, row: tuple[Any, ...]) -> tuple[int, int] | None:
        """Judges an event; returns place and contact of a young one without evidence."""
        seq, at, kind, contact_id, number_id, request_id, evidence, digest, prev, whole = row
        if not _is_event(*row):
            self._skip(seq)
            return None
        digest, prev, whole = bytes(digest), bytes(prev), bytes(whole)
        if seq != self.seq + 1:
            self.fault(f"{_events(self.seq + 1, seq - 1)} missing")
        elif prev != self.head:
            self.fault(f"event {seq} does not follow from event {seq - 1}")
        if evidence is not None and _digest(evidence) != digest:
            self.fault(f"the evidence of event {seq} was changed")
        moment = moment_of(at)
        if event_hash(prev, seq, moment, kind, contact_id, number_id, request_id, digest) != whole:
            self.fault(f"event {seq} was changed")
        if self.witness is not None and seq == self.witness.seq:
            if whole != self.witness.hash:
                self.fault(f"event {seq} is not the one that the receipt names")
            self.witness = None
        self.seq, self.head = seq, whole
        self.count += 1
        return (seq, contact_id) if evidence is None and moment >= self._kept_from else None

    def _skip(self, seq: int) -> None:
        """Past a row that holds what no event does, such as words where a hash belongs."""
        if seq != self.seq + 1:
            self.fault(f"{_events(self.seq + 1, seq - 1)} missing")
        self.fault(f"event {seq} was changed: it is no event any more")
        self.seq, self.head = seq, b""
        self.count += 1


def _events(first: int, last: int) -> str:
    return f"event {first} is" if first == last else f"events {first} to {last} are"


def _digest(evidence: str) -> bytes:
    return hashlib.sha256(evidence.encode(errors="surrogateescape")).digest()


def _is_event(
    _seq: int,
    at: Any,
    kind: Any,
    contact_id: Any,
    number_id: Any,
    request_id: Any,
    evidence: Any,
    *hashes: Any,
) -> bool:
    """Whether each value is of its sort: SQLite lets others write anything anywhere."""
    return (
        (isinstance(at, datetime) or (isinstance(at, int) and 0 <= at < _END_OF_TIME))
        and isinstance(contact_id, int)
        and isinstance(request_id, int | None)
        and all(isinstance(word, str) and word.isascii() for word in (kind, number_id))
        and isinstance(evidence, str | None)
        and all(isinstance(each, _BYTES) for each in hashes)
    )
