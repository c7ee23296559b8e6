"""Names, numbers and odd bodies on their way to a lead."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from server.mapping import names
from server.mapping.aliases import meaning_of
from server.mapping.mapper import Fault, Mapped, map_lead
from server.mapping.numbers import Unreadable as UnreadablePhone
from server.mapping.numbers import read_phone
from server.mapping.reading import Unreadable, read_body
from storage.phones import Phone
from storage.words import Kind

P = "+12025550146"


@pytest.mark.parametrize(
    ("written", "first", "last"),
    [
        ("Ada Byron", "Ada", "Byron"),
        ("  Ada   Byron ", "Ada", "Byron"),
        ("Byron, Ada", "Ada", "Byron"),
        ("van Beethoven, Ludwig", "Ludwig", "van Beethoven"),
        ("Ludwig van Beethoven", "Ludwig", "van Beethoven"),
        ("María de la Cruz", "María", "de la Cruz"),
        ("Al Pacino", "Al", "Pacino"),
        ("Dr. Ada Byron", "Ada", "Byron"),
        ("Mr John Smith", "John", "Smith"),
        ("Martin Luther King Jr.", "Martin Luther", "King Jr."),
        ("King, Martin Luther, Jr.", "Martin Luther", "King Jr."),
        ("John Smith, PhD", "John", "Smith PhD"),
        ("Mary Jane Watson", "Mary Jane", "Watson"),
        ("Ada", "Ada", ""),
        ("山田太郎", "山田太郎", ""),
        ("高橋誠", "高橋誠", ""),
        ("張本勲", "張本勲", ""),
        ("田中", "田中", ""),
        ("さくら", "さくら", ""),
        ("小明", "小明", ""),
        ("王小明", "小明", "王"),
        ("李娜", "娜", "李"),
        ("歐陽修", "修", "歐陽"),
        ("司马相如", "相如", "司马"),
        ("王小明明", "王小明明", ""),
        ("歐陽", "歐陽", ""),
        ("김철수", "철수", "김"),
        ("남궁민", "남궁민", ""),
        ("남궁민수", "민수", "남궁"),
        ("전지현", "지현", "전"),
        ("马小军", "小军", "马"),
        ("游素蘭", "素蘭", "游"),
        ("庄司誠", "庄司誠", ""),
        ("周藤誠", "周藤誠", ""),
        ("翁長剛", "翁長剛", ""),
        ("이슬", "이슬", ""),
        ("", "", ""),
        (" , ", "", ""),
        ("John E. Smith", "John E.", "Smith"),
        ("Mary Ann I Smith", "Mary Ann I", "Smith"),
        ("José da Silva e Souza", "José", "da Silva e Souza"),
        ("Jordi Puig i Cadafalch", "Jordi", "Puig i Cadafalch"),
        ("Hans-Peter von und zu Stein", "Hans-Peter", "von und zu Stein"),
        ("Bartolomé de las Casas", "Bartolomé", "de las Casas"),
        ("Tomás Ó Súilleabháin", "Tomás", "Ó Súilleabháin"),
        ("محمد عبد الله", "محمد", "عبد الله"),
        ("Ada Byron (she/her)", "Ada", "Byron"),
        ("Ada | King | Byron", "Ada", "Byron"),
    ],
)
def test_a_full_name_is_split(written: str, first: str, last: str) -> None:
    assert names.split(written) == (first, last)


@pytest.mark.parametrize(
    ("written", "region", "e164"),
    [
        ("+12025550146", "US", "+12025550146"),
        ("+12025550146", "DE", "+12025550146"),
        ("(202) 555-0146", "US", "+12025550146"),
        ("1-202-555-0146", "US", "+12025550146"),
        ("2025550146.0", "US", "+12025550146"),
        ("1.2025550146E10", "US", "+12025550146"),
        ("1.2025550146e+10", "US", "+12025550146"),
        ("２０２５５５０１４６", "US", "+12025550146"),
        ("٢٠٢٥٥٥٠١٤٦", "US", "+12025550146"),
        ("＋１２０２５５５０１４６", "DE", "+12025550146"),
        ("tel:+1-202-555-0146", "US", "+12025550146"),
        ("whatsapp:+12025550146", "GB", "+12025550146"),
        ("p:+12025550146", "GB", "+12025550146"),
        ("'+12025550146", "GB", "+12025550146"),
        ("\u202a+1 202\u00a0555\u20110146\u202c", "GB", "+12025550146"),
        ("202-555-0146, (202) 555 0146", "US", "+12025550146"),
        ("+44 (0)7911 123456", "US", "+447911123456"),
        ("07911 123456", "GB", "+447911123456"),
        ("447911123456", "GB", "+447911123456"),
        ("0044 7911 123456", "GB", "+447911123456"),
        ("0044 7911 123456", "US", "+447911123456"),
        ("011 44 7911 123456", "US", "+447911123456"),
        ("030/12345678", "DE", "+493012345678"),
        ("4915112345678", "DE", "+4915112345678"),
        ("62812345678", "ID", "+62812345678"),
        ("0061412345678", "AU", "+61412345678"),
        ("005511961234567", "BR", "+5511961234567"),
    ],
)
def test_a_number_is_read_however_it_is_written(written: str, region: str, e164: str) -> None:
    found = read_phone(written, region)
    assert isinstance(found, Phone), found
    assert found.e164 == e164


@pytest.mark.parametrize(
    "written",
    [
        "202-555-0146 x12",
        "202-555-0146 ext. 12",
        "+1 202 555 0146;ext=12",
        "202-555-0146 #4",
        "1-800-FLOWERS",
        "1.20255E+10",
        "2025550146 / 2025550147",
        "2025550146 or 2025550147",
        "202-555-0146\n202-555-0147",
        "20255501462025550147",
        "202 555 014⁶",
        "202 555 0146¹",
        "②025550146",
        "447911123456",
        "07911 123456",
        "5550146",
        "911",
        "+1",
        "+",
        "call me",
        "9" * 500,
        "",
    ],
)
def test_what_might_text_a_stranger_is_not_read(written: str) -> None:
    assert isinstance(read_phone(written, "US"), UnreadablePhone)


def test_a_number_that_only_another_country_could_have_is_not_texted() -> None:
    # Ten digits fit the US plan, and belong to nobody there: people judge, no text is sent.
    found = read_phone("7911123456", "US")
    assert isinstance(found, Phone)
    assert found.kind is Kind.UNASSIGNED
    assert not found.texted


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("First Name", "first_name"),
        ("What's your first name? *", "first_name"),
        ("q3_firstName", "first_name"),
        ("contact__first_name", "first_name"),
        ("First-Name-2", "first_name"),
        ("PRÉNOM", "first_name"),
        ("Phone / WhatsApp", "phone"),
        ("Mobile Phone Number (with country code)", "phone"),
        ("¿Cuál es tu número de teléfono?", "phone"),
        ("Wie lautet Ihre Telefonnummer?", "phone"),
        ("customer_phone", "phone"),
        ("SMS consent", "consent_text"),
    ],
)
def test_names_mean_what_people_mean_by_them(name: str, field: str) -> None:
    found = meaning_of(name)
    assert found is not None
    assert found.field == field


@pytest.mark.parametrize(
    "name",
    ["form name", "company name", "Phone verified", "username", "agent phone", "x" * 5000, "", "?"],
)
def test_names_of_other_things_mean_nothing(name: str) -> None:
    found = meaning_of(name)
    assert found is None or found.field == ""


LEAD = {"first_name": "Ada", "last_name": "Byron", "phone": P}


@pytest.mark.parametrize(
    "said",
    [
        *({"sms_consent": no} for no in ("No, thanks", "I do not agree", "Not accepted", "0")),
        {"Consentimento": "Não"},
        {"Toestemming": "nee"},
        {"Zgoda": "Nie"},
        {"consent": "いいえ"},
        {"Do you agree to receive text messages?": "No"},
        {"Would you like to receive SMS updates?": "no"},
        {"terms_accepted": "yes", "sms_opt_in": "no"},
        {"consent": "yes", "sms_consent": "no"},
        {"consent_text": "I agree to texts", "consent": False},
        {"Aggiornamenti": {"sms": {"consent": "no"}}, "consent": "yes"},
        *(
            {"sms_marketing_consent": {"state": state, "opt_in_level": "single_opt_in"}}
            for state in ("not_subscribed", "unsubscribed", "pending", "redacted", "invalid")
        ),
        {"smsMarketingConsent": {"marketingState": "NOT_SUBSCRIBED"}},
        {"sms_marketing_consent__state": "not_subscribed"},
        {"sms_marketing_consent": {"state": "pending"}, "consent": "yes"},
        {"subscriptions": {"sms": {"marketing": {"consent": "NEVER_SUBSCRIBED"}}}},
    ],
)
def test_a_no_is_a_no_in_whatever_words_and_wherever_it_stands(said: dict[str, Any]) -> None:
    found = map_lead(LEAD | said, (), "US")
    assert isinstance(found, Mapped)
    assert found.declined


@pytest.mark.parametrize(
    "said",
    [
        {"sms_consent": "Yes"},
        {"consent": ["I agree to texts. No purchase necessary."]},
        {"consent": "Don't miss out: yes"},
        {"consent": []},
        {"gdpr": "no", "sms_opt_in": "yes"},
        {"sms_consent": "yes", "email": {"marketing": {"consent": "no"}}},
        {"email_opt_in": "no", "newsletter": False},
        {"sms_marketing_consent": {"state": "subscribed"}},
        {"sms_marketing_consent": {"state": "SUBSCRIBED"}, "consent": {"state": "pending"}},
        {"email_marketing_consent": {"state": "not_subscribed"}, "state": "pending"},
        {"default_address": {"state": "pending"}, "order": {"status": "pending"}},
        {"Would you like to leave a message?": "No"},
        {"May we text you?": "Sure"},
    ],
)
def test_a_no_to_something_else_is_none(said: dict[str, Any]) -> None:
    found = map_lead(LEAD | said, (), "US")
    assert isinstance(found, Mapped)
    assert not found.declined


@pytest.mark.parametrize(
    "said",
    [
        {"緊急連絡先電話番号": "+12025550199"},
        {"Account manager phone": {"value": "+12025550199", "field_type": "phone"}},
        {"Agent phone": {"type": "phone_number", "phone_number": "+12025550199"}},
        {"companies": {"data": [{"phone": "+12025550199"}]}},
        {"listing_agent": {"name": "Bea Else", "phone": "+12025550199"}},
        {"assignedAgent": {"first_name": "Bea", "last_name": "Else", "mobile": "+12025550199"}},
        {"Telefax": "+12025550199"},
        {"phone_bill": "2025550199"},
        {"mobile_sessions": "2025550199"},
        {"our_phone": "+12025550199"},
        {"handled_by": {"name": "Bea Else", "phone": "+12025550199"}},
        {"site": {"name": "Engine", "phone": "+12025550199"}},
    ],
)
def test_the_phone_of_somebody_else_is_never_the_persons(said: dict[str, Any]) -> None:
    named = {"first_name": "Ada", "last_name": "Byron"}
    assert map_lead(named | said, (), "US").fields == ("phone",)  # type: ignore[union-attr]
    found = map_lead(named | said | {"mobile": P}, (), "US")
    assert isinstance(found, Mapped), found
    assert found.phone == read_phone(P, "US")


def test_what_came_before_or_last_is_no_name() -> None:
    for name in ("order_last", "booking first", "order name", "ticket name"):
        assert meaning_of(name) is None, name
    for name in ("order_phone", "booking_first_name", "ticket requester name"):
        assert meaning_of(name) is not None, name


@pytest.mark.parametrize("asked", ["Where can we text you?", "May we text you? At which number?"])
def test_a_question_for_leave_may_be_answered_with_a_number(asked: str) -> None:
    found = map_lead({"name": "Ada Byron", asked: "202-555-0146"}, (), "US")
    assert isinstance(found, Mapped), found
    assert found.phone == read_phone(P, "US")


def test_a_number_and_its_end_are_one_and_other_ends_are_not() -> None:
    named = {"first_name": "Ada", "last_name": "Byron", "phone_full": "+447911123456"}
    found = map_lead(named | {"phone": "07911 123456"}, (), "US")
    assert isinstance(found, Mapped)
    assert found.phone == read_phone("+447911123456", "US")
    assert isinstance(map_lead(named | {"phone": "07911 123457"}, (), "US"), Fault)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["name", "value", "label", "phone", "first", "data", "fields", "answers"]
            )
            | st.text(max_size=8),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        # Two fields for names that hold two of them each are two people's.
        (
            {"name-1": "Ada Byron", "name-2": "Bea Else", "phone-1": "+12025550146"},
            "AMBIGUOUS_FIELD",
        ),
        ({"name-1": "A", "name-2": "B", "name-3": "C", "phone-1": P}, "AMBIGUOUS_FIELD"),
        ({"name-1": "Ada", "name-2": "Byron", "phone": P}, "AMBIGUOUS_FIELD"),
        # Nothing says that a field of text asks for a name.
        ({"text-1": "Ada", "text-2": "Byron", "phone-1": "+12025550146"}, "MISSING_REQUIRED_FIELD"),
        # A message in people's own words may name anybody.
        ({"message": "Hello!\nName: Ada Byron\nPhone: +12025550146"}, "MISSING_REQUIRED_FIELD"),
        ({"message": f"Name: Ada B\nPhone: {P}\nMobile: +12025550147"}, "MISSING_REQUIRED_FIELD"),
        (
            {"body": f"Name: Ada B\nPhone: {P}", "message": f"Name: C D\nPhone: {P}"},
            "MISSING_REQUIRED_FIELD",
        ),
        ({"name": "Bea Else", "message": f"Name: Ada Byron\nPhone: {P}"}, "MISSING_REQUIRED_FIELD"),
    ],
)
def test_what_could_name_a_stranger_is_left_to_the_operator(said: Any, code: str) -> None:
    found = map_lead(read_body(json.dumps(said).encode(), "application/json").tree, (), "US")
    assert isinstance(found, Fault), found
    assert found.code == code


@settings(max_examples=150, deadline=None)
@given(_json)
def test_no_json_makes_the_mapping_fail(said: Any) -> None:
    check(json.dumps(said).encode("utf-8", "replace"), "application/json")


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=200),
    st.sampled_from(
        [
            *("", "application/json", "application/x-www-form-urlencoded", "text/plain"),
            *("multipart/form-data; boundary=a", "application/json; charset=utf-16", "x/y"),
            "application/x-www-form-urlencoded; charset=nonsense",
        ]
    ),
)
def test_no_bytes_make_the_reading_fail(body: bytes, media: str) -> None:
    check(body, media)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                *("Content-Disposition: form-data", "\r\nContent-Type: text/plain", "\r\n\r\n"),
                *("; name", "; filename", "; charset", "*", "0", "1*", "9" * 5000, "=", '"', "\\"),
                *("utf-8''", "%00", "\0", ";" * 60, "phone", "+12025550146"),
            ]
        ),
        max_size=24,
    )
)
@example(["Content-Disposition: form-data; name=a\r\nContent-Type: x; charset*=%00''a\r\n\r\n"])
@example(["Content-Disposition: form-data; name*0=a; name*=b\r\n\r\n"])
@example(["Content-Disposition: form-data; name*", "9" * 5000, "=a\r\n\r\n"])
def test_no_header_of_a_part_makes_the_reading_fail(pieces: list[str]) -> None:
    part = "".join(pieces).encode()
    check(b"--a\r\n%b\r\n--a--" % part, "multipart/form-data; boundary=a")


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ('; name="phone"', {"phone": "x"}),
        ("; NAME=phone ; size=1", {"phone": "x"}),
        (r'; name="a \"b\"; c\\"; name=d', {'a "b"; c\\': "x"}),
        ('; name="a=1;b"', {"a=1;b": "x"}),
        ('; name=""', {"": "x"}),
        ('; filename="name=b; c.txt"; name="a"', {"a": "[a file of 1 bytes]"}),
        ("; name=a; filename*=utf-8''c.txt", {"a": "[a file of 1 bytes]"}),
        ('; name=a\r\nContent-Type: text/plain; name="b"', {"a": "x"}),
        ("\r\nContent-Type: text/plain; name=b", {}),
    ],
)
def test_the_header_of_a_part_says_its_name_however_it_is_written(
    head: str, said: dict[str, str]
) -> None:
    body = f"--a\r\nContent-Disposition: form-data{head}\r\n\r\nx\r\n--a--"
    assert read_body(body.encode(), "multipart/form-data; boundary=a").tree == said


@settings(max_examples=200, deadline=None)
@given(
    st.text(alphabet="0123456789+-() ./,;xE\n٢２", max_size=40), st.sampled_from(["US", "GB", "DE"])
)
def test_no_text_makes_the_reading_of_a_number_fail(text: str, region: str) -> None:
    found = read_phone(text, region)
    assert isinstance(found, UnreadablePhone) or found.e164.startswith("+")


@given(
    st.text(alphabet="0123456789+-(). 0123456789", max_size=22),
    st.sampled_from(["US", "GB", "DE", "IT", "BR"]),
)
def test_a_number_as_most_write_it_is_read_as_any_other(text: str, region: str) -> None:
    # Quotes around it, which are left out, keep it from the short way.
    quick, slow = read_phone(text, region), read_phone(f"'{text}'", region)
    assert quick == slow


def check(body: bytes, media: str) -> None:
    """A body is read and mapped, or refused; nothing else."""
    try:
        tree = read_body(body, media).tree
    except Unreadable as error:
        assert error.code in ("MALFORMED_JSON", "UNSUPPORTED_MEDIA_TYPE")
        return
    found = map_lead(tree, (), "US")
    assert isinstance(found, Mapped | Fault)
