"""The compliance text says what the law asks for, and nothing that anybody smuggled in."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from storage.compliance import compose
from storage.profile import find_contact, profile
from tests.factories import next_phone
from tests.server.served import Served


def test_it_names_who_writes_and_how_to_end_it() -> None:
    text = compose("Acme Stays", "booking updates")
    assert text.startswith("Acme Stays: You are subscribed to booking updates.")
    for needed in ("Msg frequency varies", "Msg & data rates may apply", "HELP", "STOP"):
        assert needed in text
    assert len(text) <= 160


@given(st.text(), st.text())
def test_it_is_one_printable_line_whatever_brand_and_program_are(brand: str, program: str) -> None:
    text = compose(brand, program)
    text.encode()
    assert "\n" not in text
    assert text.endswith("Reply HELP for help, STOP to cancel.")
    assert len(text) < 300


def test_nothing_a_sender_wrote_is_in_it(served: Served) -> None:
    phone = next_phone()
    served.put(
        served.body(
            mobile_phone=phone,
            first_name="Win a prize",
            consent_text="http://evil.example",
            brand="x",
        )
    )
    with served.store.read() as conn:
        (text,) = profile(conn, find_contact(conn, phone)).messages
    assert text.body == compose("", "")
