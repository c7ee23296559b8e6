"""Phone numbers: one strict shape in, one canonical number out.

`phonenumbers.parse` costs most of what validation takes, so a strict E.164 string is taken
apart by its country code alone, and only where a trunk prefix could hide in it, parsed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberType
from phonenumbers.phonenumberutil import NumberParseException, national_significant_number

from storage.errors import Refused
from storage.folding import E164
from storage.plans import NON_GEOGRAPHIC, Plan, dialling_in, plan_of
from storage.words import UNTEXTED, Kind

_KINDS = {
    PhoneNumberType.MOBILE: Kind.MOBILE,
    PhoneNumberType.FIXED_LINE: Kind.LANDLINE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE: Kind.EITHER,
    PhoneNumberType.VOIP: Kind.VOIP,
    PhoneNumberType.TOLL_FREE: Kind.TOLL_FREE,
    PhoneNumberType.PREMIUM_RATE: Kind.PREMIUM,
}


@dataclass(frozen=True, slots=True)
class Phone:
    """A canonical number and what its numbering plan says of it."""

    e164: str
    kind: Kind
    region: str
    """ISO 3166 alpha-2, or empty where the plan names none."""

    @property
    def texted(self) -> bool:
        """Whether a compliance text is sent to such a line."""
        return self.kind not in UNTEXTED


def warm_up() -> None:
    """Lets regular expressions of every region be cached; call once where many are parsed."""
    from phonenumbers import re_util

    enable: Any = getattr(re_util, "enable_pattern_cache", None)
    if enable is not None:
        enable()


def parse_e164(text: str) -> Phone | None:
    """Reads a number as the API door takes it.

    Args:
        text: What a sender wrote.

    Returns:
        The canonical number, or None where it is not strict E.164 or no possible number.
        `+4407911123456` gives `+447911123456`.
    """
    if not E164.fullmatch(text):
        return None
    taken = _take_apart(text)
    if taken is None:
        return None
    plan, national = taken
    if len(national) not in plan.lengths:
        return None
    kind, region = plan.describe(national)
    if kind == PhoneNumberType.UNKNOWN:
        return Phone(f"+{plan.code}{national}", Kind.UNASSIGNED, "")
    if region == NON_GEOGRAPHIC:
        region = ""
    return Phone(f"+{plan.code}{national}", _KINDS.get(kind, Kind.OTHER), region)


def parse_dialled(digits: str, region: str) -> Phone | None:
    """Reads a number as it is dialled inside a region.

    Args:
        digits: ASCII digits, perhaps with the region's prefixes before them.
        region: ISO 3166 alpha-2.

    Returns:
        The canonical number, or None where it is none that is possible.
    """
    dialling = dialling_in(region)
    national = dialling.national(digits) if dialling is not None else None
    if dialling is not None and national is not None:
        return parse_e164(f"+{dialling.code}{national}")
    try:
        number = phonenumbers.parse(digits, region)
    except NumberParseException:
        return None
    return parse_e164(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _take_apart(text: str) -> tuple[Plan, str] | None:
    """The plan and the national number without a trunk prefix, or None where no plan has it."""
    plan = plan_of(text[1:4])
    if plan is None:
        return None
    national = text[1 + len(plan.code) :]
    if national[:1] != "0" and not (plan.trunk and plan.trunk(national)):
        return plan, national
    # What looks like a prefix may be part of the number: that is for the library to tell.
    try:
        number = phonenumbers.parse(text, None)
    except NumberParseException:
        return None
    return plan, national_significant_number(number)


def region_of(text: str) -> str:
    """A region as two capital letters.

    Raises:
        Refused: No numbering plan has it.
    """
    region = text.strip().upper()
    if region not in phonenumbers.SUPPORTED_REGIONS:
        raise Refused(f"“{text}” is no region.", "Give two letters, such as US, GB or DE.")
    return region


@lru_cache(maxsize=8192)
def international(e164: str) -> str:
    """A stored number as people read it, such as `+44 7911 123456`.

    A number that cannot be read comes back as it is.
    """
    number = _number(e164) if E164.fullmatch(e164) else None
    if number is None:
        return e164
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def national(e164: str) -> str:
    """The digits of a stored number without its country's code."""
    taken = _take_apart(e164)
    return e164[1:] if taken is None else taken[1]


def _number(e164: str) -> PhoneNumber | None:
    taken = _take_apart(e164)
    if taken is None:
        return None
    plan, national = taken
    if national[:1] != "0":
        return PhoneNumber(country_code=int(plan.code), national_number=int(national))
    return phonenumbers.parse(e164, None)


def shortened(e164: str) -> str:
    """A number fit for a log: country and last two digits."""
    return f"{e164[:3]}…{e164[-2:]}"
