"""Every sender's body maps to exactly the person in it, with no set-up at all."""

from __future__ import annotations

from typing import Any

import pytest

from server.mapping.mapper import Fault, Mapped, map_lead
from server.mapping.numbers import Unreadable
from server.mapping.reading import read_body
from server.mapping.recognise import recognise
from storage.phones import Phone
from storage.senders import SENDERS
from tests.server.senders.shape import Shape
from tests.server.senders.shapes import SHAPES


def mapped(tree: Any, region: str = "US") -> Mapped | Fault:
    """What the door makes of a body."""
    return map_lead(tree, (), region)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_a_senders_body_maps_right(shape: Shape) -> None:
    tree = read_body(shape.body.encode(), shape.media).tree
    lead = mapped(tree, shape.region)
    assert isinstance(lead, Mapped), lead
    assert isinstance(lead.phone, Phone), lead.phone
    assert (lead.first_name, lead.last_name, lead.phone.e164) == shape.lead
    if shape.sender:
        assert recognise("", tree) == shape.sender


def test_there_are_enough_shapes_and_each_has_its_name() -> None:
    names = [shape.name for shape in SHAPES]
    assert len(names) == len(set(names)) >= 500
    assert sum(bool(shape.source) for shape in SHAPES) >= 60
    assert {shape.sender for shape in SHAPES} - {""} <= SENDERS.keys()


CURLED = {
    "Fillout": "fillout",
    "Formspree": "formspree",
    "Elementor, form fields": "elementor",
    "WPForms, posted": "wpforms",
    "Webflow, v1": "webflow",
    "TikTok": "tiktok",
    "Calendly": "calendly",
    "Mailchimp": "mailchimp",
    "ClickFunnels 2": "clickfunnels",
    "LinkedIn, form response": "linkedin",
    "ActiveCampaign, JSON": "activecampaign",
    "tried: paperform v2": "paperform",
    "tried: wix automations": "wix",
    "tried: unbounce json": "unbounce",
    "tried: instapage real": "instapage",
    "tried: ninja fields_by_key": "ninja",
    "tried: jotform flat q": "jotform",
    "tried: cf7 tel": "cf7",
}
"""Who is recognised by the shape alone, where a program such as curl hands the body on."""


def test_a_builders_body_is_recognised_whoever_hands_it_on() -> None:
    shapes = {shape.name: shape for shape in SHAPES}
    for name, sender in CURLED.items():
        tree = read_body(shapes[name].body.encode(), shapes[name].media).tree
        assert recognise("curl/8.5.0", tree) == sender, name
        assert recognise("PHP/8.2", tree) == sender, name
    assert recognise("curl/8.5.0", {"name": "Ada Byron", "phone": P}) == "script"


P = "+12025550146"


@pytest.mark.parametrize(
    ("body", "code", "fields"),
    [
        ({"phone": P, "mobile": "+12025550147", "name": "Ada Byron"}, "AMBIGUOUS_FIELD", "phone"),
        ({"phones": [P, "+12025550147"], "phone": "", "name": "Ada B"}, "AMB", "phone"),
        ({"phone": [P, "+12025550147"], "name": "Ada Byron"}, "AMBIGUOUS_FIELD", "phone"),
        ({"phone": P, "tel": "12345", "name": "Ada Byron"}, "AMBIGUOUS_FIELD", "phone"),
        ([{"name": "Ada B", "phone": P}, {"name": "C D", "phone": "+12025550147"}], "AMB", "phone"),
        ({"first_name": "Ada", "fname": "Bea", "last_name": "B", "phone": P}, "AMB", "first_name"),
        ({"name": "Ada Byron", "fullname": "Bea Byron", "phone": P}, "AMB", "full_name"),
        ({"first_name": "Ada", "name": "Grace Hopper", "phone": P}, "AMB", "first_name"),
        ({"phone": P, "form_name": "Contact", "username": "ada"}, "MISSING", "first_name"),
        ({"name": "Ada Byron", "emergency_contact_phone": P}, "MISSING", "phone"),
        ({"name": "Ada Byron", "company": {"phone": P}}, "MISSING", "phone"),
        ({"name": "Ada Byron", "Company phone": P, "fax": P}, "MISSING", "phone"),
        ({"name": "Ada Byron", "sms": "yes"}, "MISSING", "phone"),
        ({"value1": "Ada", "value2": "Byron", "value3": P}, "MISSING", "first_name"),
        ({"name": "Ada B", "Number to call": P, "or text me": "+12025550147"}, "AMB", "phone"),
        ({"name": "Ada B", "Order number we contact you with": P}, "MISSING", "phone"),
        ({"name": "Ada B", "Número de pedido para contactar": P}, "MISSING", "phone"),
        ({"name": "Ada B", "Phone model": P, "Best time to call": P}, "MISSING", "phone"),
        ({"Name (Middle)": "Ada Byron", "phone": P}, "MISSING", "first_name"),
        ({"name": "Ada B", "phones": [{"type": "fax", "number": P}]}, "MISSING", "phone"),
        ({"name": "Ada B", "phone": P, "lead": {"phone": "+12025550147"}}, "AMB", "phone"),
        ({"name": "Ada B", "phone": P, "user": {"phone": "+12025550147"}}, "AMB", "phone"),
        ({"name": "Ada B", "number": P}, "MISSING", "phone"),
        ({"name": "Ada B", "location": {"phone": P}}, "MISSING", "phone"),
        ({"name": "Ada B", "tracking_phone_number": P}, "MISSING", "phone"),
        ({"last_input_text": "Ada", "first_form": "yes", "phone": P}, "MISSING", "first_name"),
        ({"old": {"name": "Ada B", "phone": P}}, "MISSING", "first_name"),
        ({"headers": ["Name", "Phone"], "values": ["Ada B"]}, "MISSING", "first_name"),
        ({"1.3": "Ada", "1.6": "Byron", "4": P, "5": "+12025550147"}, "AMB", "phone"),
        ({"name": "Ada B", "phone": "+12025550147 2025550146"}, "AMB", "phone"),
        ({"name": "Ada B", "phone": "home 2025550146 cell 2025550147"}, "AMB", "phone"),
        ({"first_name": "Ada", "nickname": "Addie", "phone": P}, "MISSING", "last_name"),
        ({"name": "Ada B", "From": "+14155550100", "To": P, "SmsStatus": "sent"}, "MIS", "phone"),
        ({"name": "Ada B", "from": "Ada <a@b.example>"}, "MISSING", "phone"),
        ({"contact_name": False, "name": None, "phone": P}, "MISSING", "first_name"),
        (
            {
                "call": {
                    "customer": {"number": P, "name": "Ada B"},
                    "phone": {"number": "+14155550100"},
                }
            },
            "AMB",
            "phone",
        ),
    ],
)
def test_what_is_not_certain_is_refused(body: Any, code: str, fields: str) -> None:
    found = mapped(body)
    assert isinstance(found, Fault), found
    assert found.code.startswith(code)
    assert found.fields[0] == fields


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({"first_name": "Ada", "name": "Ada Byron"}, ("Ada", "Byron")),
        ({"last_name": "Byron", "name": "Ada Byron"}, ("Ada", "Byron")),
        ({"name": "Ada", "surname": "Byron"}, ("Ada", "Byron")),
        ({"Vorname": "Jan", "Name": "van der Berg"}, ("Jan", "van der Berg")),
        ({"first_name": "ADA", "fname": "Ada", "last_name": " By  ron "}, ("ADA", "By ron")),
        ({"user": {"first_name": "Ada", "last_name": "Byron"}, "name": "Form"}, ("Ada", "Byron")),
    ],
)
def test_names_beside_one_another_are_brought_together(body: Any, names: tuple[str, str]) -> None:
    found = mapped(body | {"phone": P})
    assert isinstance(found, Mapped), found
    assert (found.first_name, found.last_name) == names


@pytest.mark.parametrize(
    "beside",
    [
        {"country_code": "+49", "phone": "555-0146-0146-0146"},
        {"country_code": "+999", "phone": "(202) 555-0146"},
        {"phone_country": "Atlantis", "phone": "(202) 555-0146"},
        {"country": "United Kingdom", "phone": "(202) 555-0146"},
        {"country": "Atlantis", "phone": "7911 123456"},
        {"phone": {"country": "Atlantis", "number": "7911 123456"}},
        {"phone": {"country": "XX", "number": "(202) 555-0146"}},
        {"dial_code": "no idea", "contact": {"phone": "(202) 555-0146"}},
        {"prefix": "555", "phone": "(202) 555-0146"},
        {"phone": "GB +1 202 555 0146"},
        {"phone": "(202) 555-0146", "ext": "12"},
        {"phone": {"number": "(202) 555-0146", "extension": "12"}},
    ],
)
def test_a_number_that_the_country_beside_it_has_not_is_refused(beside: dict[str, Any]) -> None:
    found = mapped({"name": "Ada Byron", **beside})
    assert isinstance(found, Mapped), found
    assert isinstance(found.phone, Unreadable), found.phone


OTHER_NUMBERS = """
    company_phone office_main_line phone_verified phone_type phone_consent consent_phone
    order_number
    order_id invoice_no timestamp created_at lead_id account_number agent_phone store_phone
    old_phone
    assigned_agent_phone call_tracking_number fax referral_phone friend_phone spouse_mobile
    emergency_contact_number from_number to_number destination_number sms_sender_id policy_number
    member_number ticket_number phone_number_id display_phone_number phone_hash phone_last4
    previous_phone phone_opt_in_timestamp sms_opt_in_date text_message_count call_id cell_id
    mobile_device smsSentAt phoneClicks previousPhone advisor_phone consultant_mobile dealer_phone
"""
SOMEBODY_ELSE = """
    agent advisor loan_officer consultant rep manager office practitioner operator merchant company
"""


@pytest.mark.parametrize("name", OTHER_NUMBERS.split())
def test_no_other_number_is_taken_for_the_phone(name: str) -> None:
    alone = mapped({"name": "Ada Byron", name: "2025550146"}, "US")
    assert isinstance(alone, Fault), alone
    beside = mapped({"name": "Ada Byron", "phone": P, name: "+14155550123"})
    assert isinstance(beside, Mapped), beside
    assert isinstance(beside.phone, Phone)
    assert beside.phone.e164 == P


@pytest.mark.parametrize("branch", SOMEBODY_ELSE.split())
def test_somebody_else_in_a_body_is_not_the_person(branch: str) -> None:
    other = {"name": "Bea Else", "first_name": "Bea", "phone": "+14155550123"}
    found = mapped({"name": "Ada Byron", "phone": P, branch: other})
    assert isinstance(found, Mapped), found
    assert (found.first_name, found.written_phone) == ("Ada", P)


def test_a_number_in_a_dress_is_read() -> None:
    for written in (
        *("US +1 202-555-0146", "🇺🇸 +1 202-555-0146", "++12025550146", "+1+12025550146"),
        *("202-555-0146 (cell)", "(202) 555-0146 mobile", "Mobile: 202-555-0146"),
    ):
        found = mapped({"name": "Ada Byron", "phone": written})
        assert isinstance(found, Mapped), written
        assert isinstance(found.phone, Phone), (written, found.phone)
        assert found.phone.e164 == P
