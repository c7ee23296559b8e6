"""A lead as a door hands it in, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from storage.texts import Outgoing
from storage.words import Kind


@dataclass(frozen=True, slots=True)
class Idempotency:
    """A sender's own name for a request, and a hash of the body it came with."""

    key: str
    body_hash: bytes


@dataclass(slots=True)
class OptIn:
    """A request that passed every check that needs no store. Never changed.

    Not frozen: each field of what is frozen is set the long way, which took 3.5 µs a lead.
    """

    request_id: int
    door: str
    """`api` or `hook`."""
    key_id: int | None
    """The API key; None at the hook door."""
    phone: str
    """Canonical E.164."""
    kind: Kind
    region: str
    number_id: str
    first_name: str = ""
    last_name: str = ""
    badges: int = 0
    """Badges beside those that follow from the kind of line."""
    evidence: dict[str, Any] = field(default_factory=dict)
    """What the sender said and what was seen of it; kept as JSON."""
    body: str = ""
    peer: str = ""
    user_agent: str = ""
    """Of the request itself, not of the person."""
    idempotency: Idempotency | None = None
    test: bool = False
    """The test number that succeeds every time."""
    sender: str = ""
    """The recognised sender, such as `zapier`; empty where none was."""
    media: str = ""
    """The media type that the request named."""
    headers: str = ""
    """JSON: the headers that tell something, credentials left out."""
    replay_of: int | None = None
    """The refused attempt that this one mends."""
    judged_by: int | None = None
    """The `access_seq` that the hook door judged by: URL, rules and region must still be those."""


@dataclass(slots=True)
class IntakeResult:
    """What became of an opt-in. Never changed; for not being frozen see `OptIn`."""

    outcome: str
    """`accepted`, `duplicate` or `refused`."""
    code: str | None
    """The contract's error code, or None."""
    request_id: int
    """Of the answer; of the first one where it is replayed."""
    contact_id: int | None = None
    phone: str = ""
    at: datetime | None = None
    """When the contact opted in."""
    replayed: bool = False
    sentence: str = ""
    """Instead of the code's own; of a door's refusal that is replayed."""
    missing: tuple[str, ...] = ()
    """The required fields that a refused body lacked."""
    text: Outgoing | None = None
    """The one that was written with it, and waits."""
