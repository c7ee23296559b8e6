"""Moments as people type them."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta

from storage.errors import Refused

_AGO = re.compile(r"(\d{1,5})\s*(min|m|h|d)(?:\s+ago)?")
_UNITS = {"min": "minutes", "m": "minutes", "h": "hours", "d": "days"}


def moment_of(text: str, now: datetime) -> datetime:
    """Reads `now`, `2 h` (ago), `14:00` (today), `2026-03-28` or `2026-03-28 12:00`.

    Args:
        text: As it was typed.
        now: The present with its zone; a moment without one is taken to be in that.

    Raises:
        Refused: It is no moment.
    """
    said = text.strip().casefold()
    if said == "now":
        return now
    ago = _AGO.fullmatch(said)
    try:
        if ago is not None:
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        if ":" in said and "-" not in said:
            return datetime.combine(now.date(), time.fromisoformat(said), now.tzinfo)
        moment = datetime.fromisoformat(text.strip())
    except (ValueError, OverflowError):
        raise Refused(f"“{text}” is no time.", "Write it like 2 h, 14:00 or 2026-03-28.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=now.tzinfo)
