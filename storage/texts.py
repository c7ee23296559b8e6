"""A text as a gateway gets it, and what the gateway says of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Outgoing:
    """A text to hand over to the gateway. Never changed; for not being frozen see `leads.OptIn`."""

    message_id: int
    contact_id: int
    phone: str
    number_id: str
    body: str
    tries: int = 0
    """How often it was handed over in vain."""
    purpose: str = "compliance"
    """Why: `compliance`, `confirm` (asks for a YES) or `help`."""


@dataclass(slots=True)
class Receipt:
    """What a gateway said of a text. Never changed."""

    message_id: int
    status: str
    """`sent` (no receipt yet), `accepted`, `delivered`, `landline`, `blocked`, `failed`,
    `retry` (try again later), `kept` (it was not handed over yet) or `unknown` (the answer was
    lost)."""
    provider_id: str = ""
    error: str = ""
    gateway: str = ""
    """Which gateway says so; empty leaves what is known."""
