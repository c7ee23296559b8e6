"""The quick look at a number must say what `phonenumbers` says."""

from __future__ import annotations

from functools import cache

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from phonenumbers import NumberParseException, PhoneNumberType, ValidationResult
from phonenumbers.phonenumberutil import COUNTRY_CODE_TO_REGION_CODE

from storage.folding import E164
from storage.phones import Phone, international, parse_dialled, parse_e164
from storage.words import Kind

TYPES = [kind for kind in PhoneNumberType.values() if kind != PhoneNumberType.UNKNOWN]
KINDS = {
    PhoneNumberType.UNKNOWN: Kind.UNASSIGNED,
    PhoneNumberType.MOBILE: Kind.MOBILE,
    PhoneNumberType.FIXED_LINE: Kind.LANDLINE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE: Kind.EITHER,
    PhoneNumberType.VOIP: Kind.VOIP,
    PhoneNumberType.TOLL_FREE: Kind.TOLL_FREE,
    PhoneNumberType.PREMIUM_RATE: Kind.PREMIUM,
}


def by_the_library(text: str) -> Phone | None:
    """What the library's own functions make of a number."""
    if not E164.fullmatch(text):
        return None
    try:
        number = phonenumbers.parse(text, None)
    except NumberParseException:
        return None
    if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        return None
    kind = phonenumbers.number_type(number)
    region = phonenumbers.region_code_for_number(number) or ""
    if kind == PhoneNumberType.UNKNOWN or region == "001":
        region = ""
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return Phone(written, KINDS.get(kind, Kind.OTHER), region)


@cache
def known_numbers() -> list[str]:
    found = []
    for code, regions in COUNTRY_CODE_TO_REGION_CODE.items():
        for region in regions:
            for kind in TYPES:
                number = (
                    phonenumbers.example_number_for_non_geo_entity(code)
                    if region == "001"
                    else phonenumbers.example_number_for_type(region, kind)
                )
                if number is not None:
                    found.append(
                        phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
                    )
    return sorted(set(found))


def test_every_example_of_every_region_is_told_as_the_library_tells_it() -> None:
    numbers = known_numbers()
    assert len(numbers) > 1000
    differing = [text for text in numbers if parse_e164(text) != by_the_library(text)]
    assert differing == []


@pytest.mark.parametrize("change", [-1, 1, 7])
def test_neighbours_of_the_examples_are_told_as_the_library_tells_them(change: int) -> None:
    numbers = [f"+{int(text[1:]) + change * 1_000_003}" for text in known_numbers()]
    differing = [text for text in numbers if parse_e164(text) != by_the_library(text)]
    assert differing == []


@given(st.from_regex(r"\+[1-9][0-9]{5,15}", fullmatch=True))
@example("+4407911123456")
@example("+390236618300")
@example("+5491123456789")
@example("+541123456789")
@example("+19995550100")
def test_any_number_is_told_as_the_library_tells_it(text: str) -> None:
    assert parse_e164(text) == by_the_library(text)


def dialled_by_the_library(digits: str, region: str) -> Phone | None:
    """What the library makes of digits that are dialled inside a region."""
    try:
        number = phonenumbers.parse(digits, region)
    except NumberParseException:
        return None
    return parse_e164(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def dialled_in(region: str) -> set[str]:
    """Numbers of a region as people dial them there, and what is nearly one."""
    code = str(phonenumbers.country_code_for_region(region))
    trunk = phonenumbers.ndd_prefix_for_region(region, True) or "0"
    made = set()
    for kind in (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE, PhoneNumberType.TOLL_FREE):
        number = phonenumbers.example_number_for_type(region, kind)
        if number is not None:
            national = phonenumbers.national_significant_number(number)
            made |= {national, trunk + national, code + national, f"00{code}{national}"}
            made |= {national[:-1], f"1{national}", trunk + national[::-1], code + trunk + national}
    return {digits for digits in made if 4 <= len(digits) <= 18}


def test_numbers_dialled_in_every_region_are_told_as_the_library_tells_them() -> None:
    tried = [
        (digits, region)
        for region in sorted(phonenumbers.SUPPORTED_REGIONS)
        for digits in dialled_in(region)
    ]
    assert len(tried) > 4000
    differing = [one for one in tried if parse_dialled(*one) != dialled_by_the_library(*one)]
    assert differing == []


@given(
    st.from_regex(r"[0-9]{4,18}", fullmatch=True),
    st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)),
)
@example("07911123456", "GB")
@example("01115491123456789", "US")
@example("5491123456789", "AR")
@example("81012125550146", "RU")
@example("000000", "IT")
def test_any_digits_that_are_dialled_are_told_as_the_library_tells_them(
    digits: str, region: str
) -> None:
    assert parse_dialled(digits, region) == dialled_by_the_library(digits, region)


def test_a_number_is_shown_as_the_library_shows_it() -> None:
    for text in filter(E164.fullmatch, known_numbers()):
        number = phonenumbers.parse(text, None)
        shown = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
        assert international(text) == shown
