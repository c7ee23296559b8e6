"""What the doors decide by: one snapshot of integration, keys and numbers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, select, text
from sqlalchemy.engine import Connection

from storage.compliance import asks_for_yes, composed, named
from storage.driver import fetch, sync_at_once
from storage.mapping_rules import PLAIN, Options, parse
from storage.tables import ApiKey, Endpoint, Integration, MessagingNumber, RetiredToken
from storage.words import NumberStatus

SANDBOX = "num_test"
"""The messaging number that always resolves, carried by the simulated gateway."""


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """A live API key."""

    id: int
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Access:
    """Who may come in, as of one moment."""

    seq: int
    """`store_state.access_seq` of the moment: equal means unchanged."""
    integration_id: int | None
    active: bool
    brand: str
    program: str
    token_hash: bytes | None
    keys: Mapping[bytes, KeyInfo]
    """Live keys by `credential_hash`."""
    key_ids: frozenset[int]
    approved: Mapping[str, str]
    """E.164 by id of every approved number."""
    retired: Mapping[bytes, str]
    """`regenerated` or `deleted`, by hash of the retired URL token."""
    default_region: str = "US"
    """Of numbers that reach the hook door without a country."""
    number_id: str = ""
    """The messaging number that the hook door opts people in to."""
    options: Options = PLAIN
    """Mapping rules, redirect and thank-you text of the hook door."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """The compliance text by messaging number; under an empty name the usual one."""
    programs: Mapping[str, str] = field(default_factory=dict)
    """Brand and program by messaging number, likewise."""
    double_opt_in: bool = False
    """Whether who opts in is asked for a YES first."""
    told: frozenset[str] = frozenset()
    """The events that at least one endpoint is told of."""
    subscribed: Mapping[int, frozenset[str]] = field(default_factory=dict)
    """The events that each endpoint in use is told of, by its id."""

    def text_of(self, number_id: str) -> str:
        """The compliance text of a messaging number."""
        return self.texts.get(number_id) or self.texts[""]

    def program_of(self, number_id: str) -> str:
        """Brand and program that a messaging number writes for."""
        return self.programs.get(number_id) or self.programs[""]

    def knows_number(self, number_id: str) -> bool:
        """Whether people may opt in to a number."""
        return number_id == SANDBOX or number_id in self.approved


def credential_hash(secret: str) -> bytes:
    """How keys and URL tokens are kept and looked up.

    They are random and long, so a plain hash suffices, and looking up a hash leaks no timing.
    """
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


_SEQ = "SELECT access_seq FROM store_state"
_TOUCH = text("UPDATE store_state SET access_seq = access_seq + 1 WHERE id = 1")


def access_seq(conn: Connection) -> int:
    """Counts changes of what the doors decide by."""
    return int(fetch(conn, _SEQ)[0][0])


def touch_access(conn: Connection) -> None:
    """Tells every process that integration, keys or numbers have changed."""
    conn.execute(_TOUCH)
    # They keep what they read by this number, which must never come to stand for something else.
    sync_at_once(conn)


def load_access(conn: Connection) -> Access:
    """Reads the snapshot."""
    seq = access_seq(conn)
    integration = conn.execute(
        select(Integration.__table__).where(Integration.__table__.c.live == 1)  # type: ignore[attr-defined]
    ).one_or_none()
    keys = ApiKey.__table__  # type: ignore[attr-defined]
    live = {
        bytes(row.key_hash): KeyInfo(row.id, row.last_used_at)
        for row in conn.execute(select(keys).where(keys.c.revoked_at.is_(None)))
    }
    numbers = MessagingNumber.__table__  # type: ignore[attr-defined]
    approved = conn.execute(
        select(numbers.c.id, numbers.c.phone).where(numbers.c.status == NumberStatus.APPROVED)
    )
    retired = RetiredToken.__table__  # type: ignore[attr-defined]
    subscribed = _subscribed(conn)
    return Access(
        seq=seq,
        integration_id=integration.id if integration else None,
        active=bool(integration and integration.active),
        brand=integration.brand if integration else "",
        program=integration.program if integration else "",
        token_hash=bytes(integration.token_hash) if integration else None,
        keys=live,
        key_ids=frozenset(info.id for info in live.values()),
        approved={row.id: row.phone for row in approved},
        retired={
            bytes(row.token_hash): row.why
            for row in conn.execute(select(retired.c.token_hash, retired.c.why))
        },
        default_region=integration.default_region if integration else "US",
        number_id=integration.number_id if integration else "",
        options=parse(integration.options) if integration else PLAIN,
        texts=composed(conn),
        programs=named(conn),
        double_opt_in=asks_for_yes(integration.options) if integration else False,
        subscribed=subscribed,
        told=frozenset().union(*subscribed.values()),
    )


def _subscribed(conn: Connection) -> dict[int, frozenset[str]]:
    endpoints = Endpoint.__table__  # type: ignore[attr-defined]
    rows = conn.execute(
        select(endpoints.c.id, endpoints.c.events)
        .where(endpoints.c.active.is_(True), endpoints.c.removed_at.is_(None))
        .order_by(endpoints.c.id)
    )
    return {row.id: frozenset(row.events.split()) for row in rows}


_known: WeakKeyDictionary[Engine, Access] = WeakKeyDictionary()


def access_at(conn: Connection, seq: int) -> Access:
    """The snapshot that is true in this very transaction; reread only when it changed.

    Args:
        conn: A transaction that holds the write lock.
        seq: What `store_state.access_seq` is in it.
    """
    known = _known.get(conn.engine)
    if known is None or known.seq != seq:
        known = _known[conn.engine] = load_access(conn)
    return known


def forget_access(engine: Engine) -> None:
    """Forgets the snapshot: it may hold what was written in a transaction that was undone."""
    _known.pop(engine, None)
