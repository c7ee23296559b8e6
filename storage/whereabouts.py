"""Where a number is at home, as far as its digits tell: region and local time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from phonenumbers import timezone
from phonenumbers.phonenumberutil import NumberParseException

from storage.regions import REGION_NAMES

_UNKNOWN = "Etc/Unknown"


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What the digits of a number tell of the place. A mobile number may be anywhere."""

    region: str
    """The region's name in English, or empty."""
    zones: tuple[str, ...]
    """The time zones that the number may be in, such as `America/Los_Angeles`."""

    def times(self, now: datetime) -> list[datetime]:
        """The local times there, the earliest first; zones that agree count once."""
        found: dict[object, datetime] = {}
        for name in self.zones:
            try:
                local = now.astimezone(ZoneInfo(name))
            except (ZoneInfoNotFoundError, ValueError):
                continue
            found.setdefault(local.utcoffset(), local)
        return sorted(found.values(), key=lambda local: local.replace(tzinfo=None))


NOWHERE = Whereabouts("", ())
"""What is known of a number that tells nothing."""


@lru_cache(maxsize=1024)
def whereabouts(phone: str, region: str) -> Whereabouts:
    """Where a number is at home.

    Args:
        phone: In E.164.
        region: ISO 3166 alpha-2, or empty.
    """
    return Whereabouts(REGION_NAMES.get(region, region), tuple(_zones(phone)))


def _zones(phone: str) -> Sequence[str]:
    try:
        zones: Sequence[str] = timezone.time_zones_for_number(phonenumbers.parse(phone, None))
    except NumberParseException:
        return ()
    return [zone for zone in zones if zone != _UNKNOWN]
