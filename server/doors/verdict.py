"""A door's no."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a request of a known sender is not taken in."""

    code: str
    reason: str = ""
    """For the intake log; may name fields, never quotes them."""
    missing: tuple[str, ...] = ()
    sentence: str = ""
    retry_after: int | None = None
