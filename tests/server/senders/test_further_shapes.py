"""Bodies that were tried after the mapping was written, and all bodies as tools hand them on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote_plus

import pytest

from server.mapping.mapper import Fault, Mapped, map_lead
from server.mapping.reading import read_body
from server.mapping.unfolding import unfolded
from storage.phones import Phone
from tests.server.senders.recorded import read_shapes
from tests.server.senders.shape import JSON, Shape
from tests.server.senders.shapes import SHAPES

P = "+12025550146"
FURTHER = read_shapes("further.jsonl")


def lead_of(body: str, media: str, region: str) -> tuple[str, ...]:
    """First name, last name and phone; or what is said of a body that makes no lead."""
    found = map_lead(read_body(body.encode(), media).tree, (), region)
    if isinstance(found, Fault):
        return found.code, *found.fields
    phone = found.phone.e164 if isinstance(found.phone, Phone) else found.phone.reason
    return found.first_name, found.last_name, phone


def wrong(shapes: list[Shape], handed_on: Callable[[Any], Any]) -> dict[str, tuple[str, ...]]:
    """What is not mapped right of bodies that a tool hands on as JSON."""
    found = {}
    for shape in shapes:
        tree = read_body(shape.body.encode(), shape.media).tree
        lead = lead_of(json.dumps(handed_on(tree)), JSON, shape.region)
        if lead != shape.lead:
            found[shape.name] = lead
    return found


def test_further_bodies_map_right() -> None:
    assert len(FURTHER) >= 300
    assert {
        shape.name: lead
        for shape in FURTHER
        if (lead := lead_of(shape.body, shape.media, shape.region)) != shape.lead
    } == {}


@pytest.mark.parametrize(
    "handed_on",
    [
        lambda body: [{"headers": {"user-agent": "x"}, "params": {}, "query": {}, "body": body}],
        lambda body: {"event": {"body": body, "client_ip": "198.51.100.7", "method": "POST"}},
        lambda body: {"body": json.dumps(body), "isBase64Encoded": False},
        lambda body: {"form_data": body, "form_name": "Contact us", "form_id": 5},
    ],
    ids=["n8n", "Pipedream", "a gateway's text", "a form's envelope"],
)
def test_a_body_maps_the_same_inside_what_a_tool_wraps_it_into(
    handed_on: Callable[[Any], Any],
) -> None:
    assert wrong([*SHAPES, *FURTHER], handed_on) == {}


def test_a_body_maps_the_same_as_a_form_of_nested_names() -> None:
    found = {}
    for shape in (shape for shape in SHAPES if shape.media == JSON):
        tree = json.loads(shape.body)
        if isinstance(tree, dict):
            body = "&".join(f"{quote_plus(name)}={quote_plus(said)}" for name, said in _names(tree))
            lead = lead_of(body, "application/x-www-form-urlencoded", shape.region)
            if lead != shape.lead:
                found[shape.name] = lead
    # Without its list, nothing shows which of the two in it is of the staff.
    assert found.keys() <= {"tried: livechat"}


def _names(tree: Any, before: str = "") -> Iterator[tuple[str, str]]:
    """A tree as PHP and others write it into a form."""
    if isinstance(tree, dict | list):
        for step, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
            yield from _names(value, f"{before}[{step}]" if before else str(step))
    elif tree is not None:
        yield before, str(int(tree) if isinstance(tree, bool) else tree)


def test_a_flattened_body_is_unfolded_where_it_says_nothing_as_it_is() -> None:
    flat = {
        "form__questions__0__title": "First name",
        "form__questions__0__answer": "Ada",
        "form__questions__1__title": "Last name",
        "form__questions__1__answer": "Byron",
        "form__questions__2__title": "Phone",
        "form__questions__2__answer": "(202) 555-0146",
    }
    assert lead_of(json.dumps(flat), JSON, "US") == ("Ada", "Byron", P)
    assert unfolded({"first_name": "Ada", "phone": P}) is None
    assert unfolded({"a__b": "1", "a__b__c": "2"}) == {"a": {"b": "1"}, "a__b__c": "2"}


@pytest.mark.parametrize(
    ("body", "missing"),
    [
        ({"lead": {"name": "Engine Works LLC", "phone": P}}, "first_name"),
        ({"lead": {"name": "Engine Works", "company": "Engine Works", "phone": P}}, "first_name"),
        ({"name": "Müller GmbH", "phone": P}, "first_name"),
        ({"q20_emergencyContact": {"first": "Bea", "last": "Else"}, "phone": P}, "first_name"),
        ({"first_name_type": "rich", "last_name_type": "text", "phone": P}, "first_name"),
        ({"name": "Ada B", "f": [{"objectTypeId": "0-2", "name": "phone", "value": P}]}, "phone"),
    ],
)
def test_nobody_is_made_of_a_firm_or_of_somebody_else(body: Any, missing: str) -> None:
    found = map_lead(body, (), "US")
    assert isinstance(found, Fault)
    assert missing in found.fields


def test_a_prefix_is_the_code_of_a_country_where_it_is_no_middle_of_a_number() -> None:
    for prefix in ("+44", "44"):
        body = {"name": "Ada Byron", "phone_prefix": prefix, "phone": "7911 123456"}
        assert lead_of(json.dumps(body), JSON, "US") == ("Ada", "Byron", "+447911123456")


def test_the_payer_is_meant_where_the_parcel_goes_to_somebody_else() -> None:
    billing = {"first_name": "Ada", "last_name": "Byron", "phone": P}
    shipping = {"first_name": "Bea", "last_name": "Else", "phone": "+14155550123"}
    found = map_lead({"billing": billing, "shipping": shipping}, (), "US")
    assert isinstance(found, Mapped)
    assert (found.first_name, found.written_phone) == ("Ada", P)
