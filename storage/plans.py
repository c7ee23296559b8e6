"""Numbering plans, unfolded once so that a number is told in a few microseconds.

`phonenumbers` finds plan, region and patterns anew for every number and at every question.
Here they are looked up once for each country code; what is asked of them stays the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from phonenumbers import PhoneMetadata, PhoneNumberType
from phonenumbers.phonenumberutil import COUNTRY_CODE_TO_REGION_CODE

NON_GEOGRAPHIC = "001"
"""The region of plans that belong to no country, such as +800."""

_SPECIAL = (
    ("premium_rate", PhoneNumberType.PREMIUM_RATE),
    ("toll_free", PhoneNumberType.TOLL_FREE),
    ("shared_cost", PhoneNumberType.SHARED_COST),
    ("voip", PhoneNumberType.VOIP),
    ("personal_number", PhoneNumberType.PERSONAL_NUMBER),
    ("pager", PhoneNumberType.PAGER),
    ("uan", PhoneNumberType.UAN),
    ("voicemail", PhoneNumberType.VOICEMAIL),
)
"""The kinds that are looked for before lines and mobiles, in this order."""

_Matches = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class _Kind:
    lengths: frozenset[int]
    pattern: str
    matches: _Matches

    def has(self, national: str) -> bool:
        return (not self.lengths or len(national) in self.lengths) and bool(self.matches(national))


@dataclass(frozen=True, slots=True)
class RegionPlan:
    """What one region makes of national numbers."""

    code: str
    """ISO 3166 alpha-2, or `NON_GEOGRAPHIC`."""
    leading: _Matches | None
    """Whether a number begins like one of this region; None where only its kind can tell."""
    general: _Kind | None
    special: tuple[tuple[_Kind, int], ...]
    maybe_special: _Matches
    """Whether a number may be of a special kind: one look instead of one for each."""
    fixed_line: _Kind | None
    mobile: _Kind | None
    same_lines: bool
    """Lines and mobiles share one pattern."""

    def kind(self, national: str) -> int:
        """A `PhoneNumberType`; UNKNOWN where the number is assigned to nothing."""
        if self.general is None or not self.general.has(national):
            return PhoneNumberType.UNKNOWN
        if self.maybe_special(national):
            for special, kind in self.special:
                if special.has(national):
                    return kind
        if self.fixed_line is not None and self.fixed_line.has(national):
            if self.same_lines or (self.mobile is not None and self.mobile.has(national)):
                return PhoneNumberType.FIXED_LINE_OR_MOBILE
            return PhoneNumberType.FIXED_LINE
        if not self.same_lines and self.mobile is not None and self.mobile.has(national):
            return PhoneNumberType.MOBILE
        return PhoneNumberType.UNKNOWN


@dataclass(frozen=True, slots=True)
class Dialling:
    """How numbers are dialled inside a region, as far as `phonenumbers` makes no exceptions."""

    code: str
    """The country code."""
    abroad: _Matches | None
    """Whether a number begins with what is dialled before a country code."""
    trunk: Callable[[str], re.Match[str] | None] | None
    """What is dialled before a national number."""
    rewrites: bool
    """The trunk prefix hides what belongs into the number."""
    general: _Matches
    """Whether digits look like a national number."""
    lengths: frozenset[int]

    def national(self, digits: str) -> str | None:
        """The national number in what was dialled; None where the library has to tell."""
        if digits.startswith(self.code) or (self.abroad and self.abroad(digits)):
            return None
        found = self.trunk(digits) if self.trunk else None
        if found is not None:
            if self.rewrites or not found.end():
                return None
            rest = digits[found.end() :]
            if self.general(rest) or not self.general(digits):
                digits = rest
        return digits if len(digits) in self.lengths else None


@dataclass(frozen=True, slots=True)
class Plan:
    """The plan behind one country code."""

    code: str
    lengths: frozenset[int]
    """How many digits a possible national number has."""
    trunk: _Matches | None
    """Whether a number begins with what is dialled before it inside the country."""
    regions: tuple[RegionPlan, ...]
    """The main one first."""

    def describe(self, national: str) -> tuple[int, str]:
        """Kind and region of a national number; no region where none claims it."""
        if len(self.regions) == 1:
            return self.regions[0].kind(national), self.regions[0].code
        for region in self.regions:
            if region.leading is not None:
                if region.leading(national):
                    return region.kind(national), region.code
            elif (kind := region.kind(national)) != PhoneNumberType.UNKNOWN:
                return kind, region.code
        return PhoneNumberType.UNKNOWN, ""


def plan_of(digits: str) -> Plan | None:
    """The plan that a number in E.164 digits belongs to, or None where the code is no one's."""
    for length in (1, 2, 3):
        plan = _plan(digits[:length])
        if plan is not None:
            return plan
    return None


@lru_cache(maxsize=2048)
def _plan(code: str) -> Plan | None:
    regions = COUNTRY_CODE_TO_REGION_CODE.get(int(code))
    if regions is None:
        return None
    known = [(name, _metadata(int(code), name)) for name in regions]
    main = known[0][1]
    trunk = main.national_prefix_for_parsing
    possible = main.general_desc
    return Plan(
        code,
        frozenset(possible.possible_length) - frozenset(possible.possible_length_local_only),
        re.compile(trunk).match if trunk else None,
        tuple(_region(name, metadata) for name, metadata in known if metadata is not None),
    )


@lru_cache(maxsize=512)
def dialling_in(region: str) -> Dialling | None:
    """How numbers are dialled in a region, or None where that is not known."""
    metadata: Any = PhoneMetadata.metadata_for_region(region, None)
    if metadata is None or metadata.general_desc.national_number_pattern is None:
        return None
    abroad, trunk = metadata.international_prefix, metadata.national_prefix_for_parsing
    possible = metadata.general_desc
    return Dialling(
        str(metadata.country_code),
        re.compile(abroad).match if abroad else None,
        re.compile(trunk).match if trunk else None,
        metadata.national_prefix_transform_rule is not None,
        re.compile(possible.national_number_pattern).fullmatch,
        frozenset(possible.possible_length) - frozenset(possible.possible_length_local_only),
    )


def _metadata(code: int, region: str) -> Any:
    return PhoneMetadata.metadata_for_region_or_calling_code(code, region)


def _region(name: str, metadata: Any) -> RegionPlan:
    leading = metadata.leading_digits
    found = ((_kind(getattr(metadata, field)), kind) for field, kind in _SPECIAL)
    special = tuple((described, kind) for described, kind in found if described is not None)
    patterns = [described.pattern for described, _ in special]
    return RegionPlan(
        name,
        re.compile(leading).match if leading is not None else None,
        _kind(metadata.general_desc),
        special,
        re.compile("|".join(f"(?:{pattern})" for pattern in patterns) or "(?!)").fullmatch,
        _kind(metadata.fixed_line),
        _kind(metadata.mobile),
        bool(metadata.same_mobile_and_fixed_line_pattern),
    )


def _kind(described: Any) -> _Kind | None:
    """A kind of number, or None where the region has none of it."""
    if described is None or not described.national_number_pattern:
        return None
    pattern = described.national_number_pattern
    lengths = frozenset(described.possible_length)
    return _Kind(lengths, pattern, re.compile(pattern).fullmatch)
