"""A gateway in trouble, as the status line and the banner tell it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from screens.clock import clock
from widgets.status_line import Part

if TYPE_CHECKING:
    from storage.gateway_state import Circuit


def circuit_parts(circuit: Circuit) -> list[Part]:
    """That texts wait."""
    if circuit.state == "half_open":
        return [Part(f"! {circuit.name}: trying one text", "warn", "! texts wait")]
    since = clock(circuit.changed_at)
    return [Part(f"! texts wait since {since}", "bad", "! texts wait")]


def circuit_sentence(circuit: Circuit) -> str:
    """Why texts do not go out, and when that is tried again. Untrusted."""
    reason = f": {circuit.reason.rstrip('.')}" if circuit.reason else ""
    until = f" Tried again at {clock(circuit.until)}." if circuit.until is not None else ""
    return (
        f"Texts are not going out since {clock(circuit.changed_at)}{reason} ({circuit.name})."
        f"{until} They wait; nothing is lost."
    )
