"""The API door: what a sender reads, and what the store then holds."""

from __future__ import annotations

import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
import requests

from server.doors import turned_away
from storage import attempts, checklist, integration, keys, numbers, suppressions
from storage.profile import Profile, find_contact, profile
from storage.store import Store
from storage.words import Actor, Badge, Stage
from tests.factories import next_phone
from tests.server.served import PATH, Served, answers_in, serving
from tests.waiting import PATIENCE, soon

ME = Actor.person("ana")


def seen(served: Served, phone: str) -> Profile:
    """What the store holds of a number."""
    with served.store.read() as conn:
        return profile(conn, find_contact(conn, phone))


def refused(answer: Any, status: int, code: str) -> dict[str, Any]:
    """Checks that an answer refuses as the contract says; gives its body."""
    said: dict[str, Any] = answer.json()
    assert (answer.status_code, said["error_code"]) == (status, code), said
    assert said["success"] is False
    assert said["error"]
    assert re.fullmatch("req_[0-9a-f]{16}", said["request_id"])
    assert answer.headers["X-Request-Id"] == said["request_id"]
    return said


def test_the_sample_request_is_answered_as_the_sample_says(served_by_any: Served) -> None:
    answer = served_by_any.put(
        {
            "mobile_phone": "+11234567890",
            "ip_address": "192.168.1.1",
            "user_agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36",
            "opt_in_number_id": served_by_any.number_id,
        },
        path=PATH + "/",
    )
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("application/json")
    said = answer.json()
    assert list(said) == ["success", "message", "data", "request_id"]
    assert said["success"] is True
    assert said["message"] == "User successfully opted in"
    assert re.fullmatch("con_[0-9a-f]{16}", said["data"]["contact_id"])
    assert said["data"]["phone_number"] == "+11234567890"
    assert said["data"]["opt_in_status"] == "active"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", said["data"]["opted_in_at"])
    assert answer.headers["X-Request-Id"] == said["request_id"]


def test_a_lead_is_stored_with_its_consent_and_what_was_seen(served_by_any: Served) -> None:
    phone = next_phone()
    body = served_by_any.body(
        mobile_phone=phone,
        first_name=" Zoë ",
        last_name="O’Neill",
        source_url="https://example.com/form",
        consent_text="I agree.\nReally.",
        ip_address="10.1.2.3",
        booking={"id": 7, "tags": ["a", None]},
    )
    answer = served_by_any.put(body, User_Agent="backend/1.0", X_Forwarded_For="203.0.113.50")
    assert answer.status_code == 200
    found = seen(served_by_any, phone)
    assert (found.contact.first_name, found.contact.last_name) == ("Zoë", "O’Neill")
    assert Badge.PRIVATE_IP in found.contact.badges
    assert found.number_id == served_by_any.number_id
    (event,) = found.consent
    assert event.kind == "opt_in"
    assert event.evidence["claimed_ip"] == "10.1.2.3"
    assert event.evidence["peer"] == "127.0.0.1"
    assert event.evidence["forwarded"] == "203.0.113.50"
    assert event.evidence["source_url"] == "https://example.com/form"
    assert event.evidence["consent_text"] == "I agree.\nReally."
    assert event.evidence["more"] == {"booking": {"id": 7, "tags": ["a", None]}}
    with served_by_any.store.read() as conn:
        (attempt,) = attempts.listing(conn)
    assert attempt.request_id == answer.json()["request_id"]
    assert (attempt.door, attempt.outcome, attempt.peer) == ("api", "accepted", "127.0.0.1")
    assert attempt.user_agent == "backend/1.0"
    assert json.loads(attempt.body) == body


def test_both_forms_of_the_address_answer_directly(lasting: Served) -> None:
    for path in (PATH, PATH + "/", PATH + "?utm=1", PATH + "/?x"):
        answer = lasting.put(path=path)
        assert answer.status_code == 200
        assert not answer.history


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"x_api": None}, 401),
        ({"x_api": ""}, 401),
        ({"x_api": "00000000-0000-4000-8000-000000000000"}, 401),
        ({"x_api": None, "Authorization": "KEY"}, 401),
        ({"x_api": None, "x_api_key": "KEY"}, 200),
        ({"X_API_KEY": "KEY"}, 200),
        ({"x_api_key": "other"}, 401),
        ({"x_api": "other", "x_api_key": "KEY"}, 401),
    ],
)
def test_a_key_is_taken_from_either_header_but_never_from_two_that_differ(
    lasting: Served, headers: dict[str, str | None], status: int
) -> None:
    given = {name: lasting.key if value == "KEY" else value for name, value in headers.items()}
    answer = lasting.put(None, PATH, **given)
    if status == 200:
        assert answer.status_code == 200
    else:
        assert refused(answer, 401, "INVALID_API_KEY")["error"] == "Invalid API key"


def test_a_key_in_capitals_is_the_same_uuid(served: Served) -> None:
    assert served.put(x_api=served.key.upper()).status_code == 200
    both = {"x_api": served.key.upper(), "x_api_key": served.key}
    assert served.put(**both).status_code == 200


def test_who_has_no_key_that_works_is_counted_for_the_check_list(
    served_by_any: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turned_away, "_GATHER_SECONDS", 0.02)
    for key in ("wrong", str(uuid4()), None):
        refused(served_by_any.put(x_api=key), 401, "INVALID_API_KEY")

    def found() -> list[str]:
        with served_by_any.store.read() as conn:
            return [item.sentence for item in checklist.examine(conn) if item.check == "wrong keys"]

    soon(lambda: any(one.startswith("3 requests of the last") for one in found()))


def test_a_key_counts_the_moment_it_is_made_and_no_more_once_it_is_revoked(
    served_by_any: Served,
) -> None:
    other = Store.open(served_by_any.store.url)
    try:
        made = other.do(lambda conn: keys.create(conn, ME, "second"))
        assert served_by_any.put(x_api=made.key).status_code == 200
        other.do(lambda conn: keys.revoke(conn, ME, made.id))
        refused(served_by_any.put(x_api=made.key), 401, "INVALID_API_KEY")
    finally:
        other.close()


def test_off_means_off_at_once_whichever_process_switched(served_by_any: Served) -> None:
    other = Store.open(served_by_any.store.url)
    try:
        for _ in range(3):
            other.do(lambda conn: integration.switch(conn, ME, on=False))
            answer = served_by_any.put()
            refused(answer, 503, "INTEGRATION_INACTIVE")
            assert int(answer.headers["Retry-After"]) > 0
            other.do(lambda conn: integration.switch(conn, ME, on=True))
            assert served_by_any.put().status_code == 200
    finally:
        other.close()


def test_a_known_key_without_an_integration_hears_so(sqlite_store: Store) -> None:
    made = sqlite_store.do(lambda conn: keys.create(conn, ME, "early"))
    from tests.server.served import listening

    with listening(sqlite_store) as url:
        early = Served(sqlite_store, url, made.key, "num_test")
        refused(early.put(), 404, "INTEGRATION_NOT_FOUND")
        refused(early.put(x_api="wrong"), 401, "INVALID_API_KEY")


def test_the_first_missing_field_is_named_and_all_are_listed(lasting: Served) -> None:
    said = refused(
        lasting.put({"user_agent": "  ", "ip_address": None, "mobile_phone": "+12"}),
        422,
        "MISSING_REQUIRED_FIELD",
    )
    assert said["error"] == "Missing required field: ip_address"
    assert said["missing_fields"] == ["ip_address", "user_agent", "opt_in_number_id"]
    said = refused(lasting.put(lasting.body(opt_in_number_id=None)), 422, "MISSING_REQUIRED_FIELD")
    assert said["error"] == "Missing required field: opt_in_number_id"
    assert said["missing_fields"] == ["opt_in_number_id"]
    said = refused(lasting.put({}), 422, "MISSING_REQUIRED_FIELD")
    assert said["error"] == "Missing required field: mobile_phone"


@pytest.mark.parametrize(
    "phone",
    [
        "11234567890",
        "+0123456789",
        "+1 415 555 0123",
        "+1415555012",
        "+14155550123456",
        "+14155550123\n",
        " +14155550123",
        "+１４１５５５５０１２３",
        "+١٤١٥٥٥٥٠١٢٣",
        "tel:+14155550123",
        "+14155550123;ext=5",
        "+999123456789",
        "(123) 456-7890",
        14155550123,
        1.5,
        True,
        ["+14155550123"],
        {"number": "+14155550123"},
    ],
)
def test_a_phone_that_is_not_strict_e164_is_refused(lasting: Served, phone: object) -> None:
    said = refused(lasting.put(lasting.body(mobile_phone=phone)), 400, "INVALID_PHONE_FORMAT")
    assert said["error"] == "Invalid phone number format"


@pytest.mark.parametrize(
    "number", [b"9" * 50, b"-" + b"9" * 50, b"9" * 5000, b"1e999", b"-1e999", b"1" * 15_000]
)
def test_a_long_number_is_a_number_like_any_other(lasting: Served, number: bytes) -> None:
    def put(field: str) -> requests.Response:
        body = json.dumps(lasting.body(**{field: "here"})).encode()
        return lasting.put(body.replace(b'"here"', number))

    refused(put("mobile_phone"), 400, "INVALID_PHONE_FORMAT")
    refused(put("opt_in_number_id"), 422, "INVALID_OPT_IN_NUMBER")
    for field in ("ip_address", "user_agent", "first_name"):
        refused(put(field), 422, "INVALID_FIELD")
    # Elsewhere it is kept, like everything that nobody asked for.
    assert put("score").status_code == 200


def test_a_number_is_one_contact_under_any_spelling(served: Served) -> None:
    first = served.put(served.body(mobile_phone="+4407911123456"))
    assert first.json()["data"]["phone_number"] == "+447911123456"
    said = refused(served.put(served.body(mobile_phone="+447911123456")), 409, "ALREADY_OPTED_IN")
    assert said["error"] == "Contact already opted in"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("ip_address", "somewhere"),
        ("ip_address", "203.0.113"),
        ("ip_address", "203.0.113.9, 10.0.0.1"),
        ("ip_address", "203.0.113.9\n"),
        ("ip_address", "fe80::1%eth0"),
        ("ip_address", 3405803785),
        ("user_agent", "Mozilla\x1b[31m"),
        ("user_agent", 5),
        ("first_name", "A\x00na"),
        ("first_name", ["Ana"]),
        ("last_name", "Lee\x85"),
        ("last_name", 7),
        ("source_url", "https://example.com/\r\n"),
        ("consent_text", {"said": "yes"}),
    ],
)
def test_a_field_that_cannot_be_right_is_named(lasting: Served, field: str, value: object) -> None:
    said = refused(lasting.put(lasting.body(**{field: value})), 422, "INVALID_FIELD")
    assert said["error"] == f"Invalid field: {field}"


@pytest.mark.parametrize("address", ["203.0.113.9", "2001:db8::1", "::ffff:203.0.113.9", "::1"])
def test_addresses_of_both_kinds_are_taken(lasting: Served, address: str) -> None:
    assert lasting.put(lasting.body(ip_address=address)).status_code == 200


@pytest.mark.parametrize("number_id", ["num_unknown", "", "NUM_TEST", 5, ["num_test"]])
def test_an_unknown_messaging_number_is_refused(lasting: Served, number_id: object) -> None:
    code = "MISSING_REQUIRED_FIELD" if number_id == "" else "INVALID_OPT_IN_NUMBER"
    refused(lasting.put(lasting.body(opt_in_number_id=number_id)), 422, code)


def test_a_messaging_number_counts_from_the_moment_it_is_approved(served_by_any: Served) -> None:
    other = Store.open(served_by_any.store.url)
    try:
        added = other.do(lambda conn: numbers.add(conn, ME, "+14155550199"))
        body = served_by_any.body(opt_in_number_id=added.id)
        refused(served_by_any.put(body), 422, "INVALID_OPT_IN_NUMBER")
        other.do(lambda conn: numbers.approve(conn, ME, added.id))
        assert served_by_any.put(body).status_code == 200
        other.do(lambda conn: numbers.reject(conn, ME, added.id))
        body = served_by_any.body(opt_in_number_id=added.id)
        refused(served_by_any.put(body), 422, "INVALID_OPT_IN_NUMBER")
    finally:
        other.close()


def test_the_sandbox_number_always_resolves(lasting: Served) -> None:
    assert lasting.put(lasting.body(opt_in_number_id="num_test")).status_code == 200


def test_the_test_numbers_answer_as_documented(served: Served) -> None:
    def send(last: int, **fields: object) -> Any:
        return served.put(served.body(mobile_phone=f"+1555555010{last}", **fields))

    for _ in range(3):
        answer = send(0, opt_in_number_id="num_test", user_agent="PostmanRuntime/7.28.4")
        assert answer.status_code == 200
        assert answer.json()["data"]["phone_number"] == "+15555550100"
        refused(send(1), 409, "ALREADY_OPTED_IN")
        refused(send(2), 400, "INVALID_PHONE_FORMAT")
        refused(send(3), 422, "BLOCKED_NUMBER")
    # They answer before the messaging number and the other fields are looked at.
    assert send(0, opt_in_number_id="num_unknown", ip_address="nowhere").status_code == 200
    assert send(0, user_agent=["odd"], opt_in_number_id=5, first_name="\x00").status_code == 200
    refused(send(3, opt_in_number_id="num_unknown", ip_address="nowhere"), 422, "BLOCKED_NUMBER")
    refused(send(0, ip_address=""), 422, "MISSING_REQUIRED_FIELD")
    found = seen(served, "+15555550100")
    assert Badge.TEST in found.contact.badges
    assert found.messages == ()


def test_a_suppressed_number_is_refused(served: Served) -> None:
    phone = next_phone()
    served.store.do(lambda conn: suppressions.add(conn, ME, [phone]))
    said = refused(served.put(served.body(mobile_phone=phone)), 422, "BLOCKED_NUMBER")
    assert said["error"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"{",
        b"{}{}",
        b"{'a': 1}",
        b'{"a": 1,}',
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": 1, "a": 1}',
        b'{"deep": {"a": 1, "\\u0061": 2}}',
        b'{"a": "\xff"}',
        b'{"a": "\xed\xa0\x80"}',
        b'{"a": "\\ud800"}',
        b'{"\\udfff": 1}',
        b'\xef\xbb\xbf{"a": 1}',
        '{"a": "é"}'.encode("latin-1"),
        '{"a": "é"}'.encode("utf-16"),
        b'{"a": "line\nbreak"}',
        b'{"a": ' + b"[" * 64 + b"]" * 64 + b"}",
        b"[" * 8000,
        b'{"a":' * 3000,
    ],
)
def test_a_body_that_is_not_one_clear_json_object_is_refused(lasting: Served, body: bytes) -> None:
    said = refused(lasting.put(body), 400, "MALFORMED_JSON")
    with lasting.store.read() as conn:
        (attempt,) = attempts.listing(conn, limit=1)
    assert (attempt.request_id, attempt.code) == (said["request_id"], "MALFORMED_JSON")


def test_json_that_only_looks_odd_is_taken(lasting: Served) -> None:
    body = json.dumps(lasting.body(first_name="\U0001f600", note='[{"}]' * 40, n=10**30))
    assert lasting.put(body.replace('"note"', '"\\u006eote"').encode()).status_code == 200
    deep: Any = "x"
    for _ in range(60):
        deep = [deep]
    assert lasting.put(lasting.body(more=deep)).status_code == 200


@pytest.mark.parametrize(
    ("media", "taken"),
    [
        ("application/json", True),
        ("Application/JSON; Charset=UTF-8", True),
        ('application/json;charset="utf-8"', True),
        ("application/json; charset=latin-1", False),
        ("application/json; charset=utf-16", False),
        ("application/jsonp", False),
        ("application/x-www-form-urlencoded", False),
        ("text/json", False),
        ("", False),
        (None, False),
    ],
)
def test_only_json_in_utf8_is_taken(lasting: Served, media: str | None, taken: bool) -> None:
    answer = lasting.put(Content_Type=media)
    if taken:
        assert answer.status_code == 200
    else:
        refused(answer, 415, "UNSUPPORTED_MEDIA_TYPE")


def test_a_large_body_is_refused_before_the_key_is_looked_at(lasting: Served) -> None:
    assert lasting.put(lasting.body(note="x" * 10_000)).status_code == 200
    large = lasting.body(note="x" * 17_000)
    refused(lasting.put(large, x_api="wrong"), 413, "PAYLOAD_TOO_LARGE")


def test_other_methods_are_told_which_is_right(lasting: Served) -> None:
    for method in ("GET", "POST", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"):
        answer = lasting.session.request(method, lasting.url + PATH, timeout=PATIENCE)
        refused(answer, 405, "METHOD_NOT_ALLOWED")
        assert answer.headers["Allow"] == "PUT"
    answer = lasting.session.head(lasting.url + PATH, timeout=PATIENCE)
    assert (answer.status_code, answer.content) == (405, b"")


def test_unknown_addresses_are_not_found(lasting: Served) -> None:
    for path in ("/", "/v1", PATH + "//", "/v1/public/opt-in/x", "/V1/public/opt-in", "/%00", "/é"):
        refused(lasting.put(path=path), 404, "NOT_FOUND")


def test_a_repeated_request_with_a_name_gets_the_first_answer(served_by_any: Served) -> None:
    body = served_by_any.body()
    first = served_by_any.put(body, Idempotency_Key="order-17")
    again = served_by_any.put(body, Idempotency_Key="order-17")
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    other = served_by_any.body()
    refused(served_by_any.put(other, Idempotency_Key="order-17"), 422, "IDEMPOTENCY_MISMATCH")
    refused(served_by_any.put(body), 409, "ALREADY_OPTED_IN")


def test_a_refusal_of_a_body_is_a_first_answer_too(served_by_any: Served) -> None:
    store, named = served_by_any.store, {"Idempotency_Key": "order-18"}
    body = served_by_any.body(mobile_phone=" ", ip_address="")
    first = served_by_any.put(body, **named)
    refused(first, 422, "MISSING_REQUIRED_FIELD")
    assert served_by_any.put(body, **named).json() == first.json()
    assert first.json()["missing_fields"] == ["mobile_phone", "ip_address"]
    for other in (served_by_any.body(), served_by_any.body(mobile_phone="1"), "{"):
        refused(served_by_any.put(other, **named), 422, "IDEMPOTENCY_MISMATCH")
    with store.read() as conn:
        found = [(row.code, row.reason) for row in attempts.listing(conn)]
    assert found[-2:] == [
        ("MISSING_REQUIRED_FIELD", "replayed"),
        ("MISSING_REQUIRED_FIELD", "mobile_phone, ip_address"),
    ]
    assert {code for code, _ in found[:-2]} == {"IDEMPOTENCY_MISMATCH"}


def test_a_first_answer_is_replayed_though_the_store_would_answer_otherwise_now(
    served_by_any: Served,
) -> None:
    store, named = served_by_any.store, {"Idempotency_Key": "order-19"}
    taken = served_by_any.put(body := served_by_any.body(), **named)
    off = store.do(lambda conn: numbers.add(conn, ME, "+14155550177"))
    early = served_by_any.body(opt_in_number_id=off.id)
    refused(served_by_any.put(early, Idempotency_Key="o-20"), 422, "INVALID_OPT_IN_NUMBER")
    store.do(lambda conn: numbers.approve(conn, ME, off.id))
    again = served_by_any.put(early, Idempotency_Key="o-20")
    refused(again, 422, "INVALID_OPT_IN_NUMBER")
    assert served_by_any.put(early).status_code == 200
    assert served_by_any.put(body, **named).json() == taken.json()


def test_what_says_nothing_of_the_body_is_no_first_answer(served: Served) -> None:
    body, named = served.body(), {"Idempotency_Key": "order-21"}
    refused(served.put(body, Content_Type="text/csv", **named), 415, "UNSUPPORTED_MEDIA_TYPE")
    served.store.do(lambda conn: integration.switch(conn, ME, on=False))
    refused(served.put(body, **named), 503, "INTEGRATION_INACTIVE")
    served.store.do(lambda conn: integration.switch(conn, ME, on=True))
    assert served.put(body, **named).status_code == 200


def test_an_empty_request_name_is_none(served: Served) -> None:
    for _ in range(2):
        assert served.put(served.body(), Idempotency_Key="").status_code == 200


@pytest.mark.parametrize("name", ["with space", "é", "x" * 256, "tab\t"])
def test_a_request_name_is_visible_ascii_of_limited_length(lasting: Served, name: str) -> None:
    raw = lasting.raw(lasting.request(b"Idempotency-Key: " + name.encode() + b"."))
    ((status, said),) = answers_in(raw)
    assert (status, said["error_code"]) == (422, "INVALID_FIELD")
    assert said["error"] == "Invalid field: Idempotency-Key"


def test_bytes_in_headers_that_are_no_text_never_reach_the_store(served_by_any: Served) -> None:
    raw = served_by_any.raw(
        served_by_any.request(b"User-Agent: \xff\xfe\xed\xa0\x80", b"X-Forwarded-For: \xff1.2.3.4")
    )
    ((status, _),) = answers_in(raw)
    assert status == 200
    with served_by_any.store.read() as conn:
        (attempt,) = attempts.listing(conn)
    attempt.user_agent.encode()
    assert "\ufffd" in attempt.user_agent


def test_fifty_senders_of_one_number_make_one_contact_and_one_text(served_by_any: Served) -> None:
    body = served_by_any.body()
    barrier = threading.Barrier(50)

    def send(_n: int) -> int:
        # A connection that says nothing is closed, so none is made before all can be.
        barrier.wait(PATIENCE)
        with served_by_any.connect() as line:
            barrier.wait(PATIENCE)
            line.sendall(served_by_any.request(body=json.dumps(body).encode()))
            return int(line.makefile("rb").read().split()[1])

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(send, range(50)))
    assert sorted(set(answers)) == [200, 409]
    assert answers.count(200) == 1
    found = seen(served_by_any, body["mobile_phone"])
    assert len(found.messages) == 1
    assert len(found.consent) == 50


def test_a_lead_is_in_the_queue_soon_after_its_answer(served_by_any: Served) -> None:
    phone = next_phone()
    assert served_by_any.put(served_by_any.body(mobile_phone=phone)).status_code == 200
    soon(lambda: seen(served_by_any, phone).contact.stage is Stage.QUEUED, within=5)
    (text,) = seen(served_by_any, phone).messages
    assert text.status == "accepted"
    assert "STOP" in text.body
    assert "Msg & data rates may apply" in text.body


def test_every_refusal_of_a_known_sender_is_in_the_intake_log(served_by_any: Served) -> None:
    served_by_any.put(b"\x00\xff{", User_Agent="a")
    served_by_any.put(served_by_any.body(ip_address="x"))
    served_by_any.put(Content_Type="text/plain")
    served_by_any.put(x_api="wrong")
    served_by_any.put(served_by_any.body(note=f"my key is {served_by_any.key}"))
    with served_by_any.store.read() as conn:
        found = attempts.listing(conn)
    assert "my key is [API key]" in found[0].body
    assert [row.code for row in found[1:]] == [
        "UNSUPPORTED_MEDIA_TYPE",
        "INVALID_FIELD",
        "MALFORMED_JSON",
    ]
    assert found[2].reason == "ip_address"
    assert served_by_any.key not in str(found)


def test_no_key_reaches_evidence_or_log_wherever_it_was_written(served_by_any: Served) -> None:
    key = served_by_any.key
    body = served_by_any.body(source_url=f"https://a.example/?key={key}", more={key: [key]})
    told = {"Referer": f"https://a.example/?key={key}", "User_Agent": key, "X_Forwarded_For": key}
    assert served_by_any.put(body, **told).status_code == 200
    found = seen(served_by_any, body["mobile_phone"])
    assert "[API key]" in str(found.consent)
    with served_by_any.store.read() as conn:
        log = attempts.listing(conn)
    assert "[API key]" in str(log)
    assert key not in str(found) + str(log)


def test_a_larger_limit_can_be_set(sqlite_store: Store) -> None:
    with serving(sqlite_store, max_body=200_000) as served:
        assert served.put(served.body(note="x" * 150_000)).status_code == 200
        refused(served.put(served.body(note="x" * 250_000)), 413, "PAYLOAD_TOO_LARGE")
