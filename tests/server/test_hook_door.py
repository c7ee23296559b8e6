"""The hook door: any sender's body in, the contract's answers out."""

from __future__ import annotations

import gzip
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from sqlalchemy import select, update

from server.doors.hook_lead import Knock, judge
from server.doors.verdict import Refused
from server.doors.visitor import likes_a_page
from server.replay import replay
from storage import integration
from storage.access import Access, touch_access
from storage.leads import OptIn
from storage.mapping_rules import Options, Rule, serialise
from storage.retired import MOST_SENDERS, OldUrlHit, count_hits, radar, retire
from storage.store import Store
from storage.tables import Attempt, ConsentEvent, Contact, Integration
from storage.words import Actor
from tests.factories import next_phone
from tests.server.served import Served, answers_in, read_all, serving
from tests.waiting import PATIENCE

ANA = Actor.person("ana")
FORM = "application/x-www-form-urlencoded"
BROWSER = {
    "Accept": "text/html,application/xhtml+xml",
    "User-Agent": "Mozilla/5.0 (X11) Firefox/140",
}

_attempts: Any = Attempt.__table__  # type: ignore[attr-defined]
_contacts: Any = Contact.__table__  # type: ignore[attr-defined]
_events: Any = ConsentEvent.__table__  # type: ignore[attr-defined]
_integrations: Any = Integration.__table__  # type: ignore[attr-defined]


def token_of(store: Store) -> str:
    """The secret of the live URL."""
    with store.read() as conn:
        view = integration.show(conn)
    assert view is not None
    return view.token


def hook(served: Served, body: Any, media: str | None = None, **more: Any) -> requests.Response:
    """Posts a body to the secret URL: bytes and text as they are, else as JSON."""
    data = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else None
    headers = dict(more.pop("headers", {}))
    if data is None:
        data, media = json.dumps(body).encode(), media or "application/json"
    if media:
        headers["Content-Type"] = media
    path = more.pop("path", "") or f"/hooks/opt-in/{token_of(served.store)}"
    return served.session.request(
        more.pop("method", "POST"),
        served.url + path,
        data=data,
        headers=headers,
        timeout=PATIENCE,
        allow_redirects=False,
        **more,
    )


def ada(**more: Any) -> dict[str, Any]:
    """A lead with a number of its own."""
    return {"first_name": "Ada", "last_name": "Byron", "phone": next_phone()} | more


def set_options(store: Store, options: Options, **columns: Any) -> None:
    """Sets what the operator chose."""

    def verb(conn: Any) -> None:
        conn.execute(update(_integrations).values(options=serialise(options), **columns))
        touch_access(conn)

    store.do(verb)


def attempt_of(served: Served, answer: requests.Response) -> Any:
    """The row of the intake log about an answer."""
    return row_of(served, answer.headers["X-Request-Id"])


def row_of(served: Served, request_id: str) -> Any:
    """The row of the intake log about a request."""
    ident = int(request_id.removeprefix("req_"), 16)
    with served.store.read() as conn:
        return conn.execute(select(_attempts).where(_attempts.c.id == ident)).one_or_none()


@pytest.mark.parametrize("method", ["PUT", "POST"])
@pytest.mark.parametrize("slash", ["", "/"])
def test_a_lead_comes_in_with_the_api_doors_answer(
    served_by_any: Served, method: str, slash: str
) -> None:
    lead = ada()
    path = f"/hooks/opt-in/{token_of(served_by_any.store)}{slash}"
    answer = hook(served_by_any, lead, method=method, path=path)
    said = answer.json()
    assert answer.status_code == 200, said
    assert list(said) == ["success", "message", "data", "request_id"]
    assert said["data"]["phone_number"] == lead["phone"]
    with served_by_any.store.read() as conn:
        contact = conn.execute(select(_contacts)).one()
    assert (contact.first_name, contact.last_name, contact.source) == ("Ada", "Byron", "script")
    again = hook(served_by_any, lead, method=method, path=path)
    assert again.status_code == 200
    assert again.json()["duplicate"] is True
    assert again.json()["data"] == said["data"]


def test_get_is_not_allowed_even_for_a_browser(lasting: Served) -> None:
    for method in ("GET", "DELETE", "HEAD", "OPTIONS", "PATCH"):
        answer = hook(lasting, "", method=method, headers=BROWSER)
        assert answer.status_code == 405
        assert answer.headers["Allow"] == "POST, PUT"
        if method != "HEAD":
            assert answer.json()["error_code"] == "METHOD_NOT_ALLOWED"


@pytest.mark.parametrize(
    ("body", "status", "code", "missing"),
    [
        ({}, 422, "MISSING_REQUIRED_FIELD", ["first_name", "last_name", "phone"]),
        ({"phone": "+12025550146"}, 422, "MISSING_REQUIRED_FIELD", ["first_name", "last_name"]),
        ({"first_name": "A", "phone": " "}, 422, "MISSING_REQUIRED_FIELD", ["last_name", "phone"]),
        ({"name": "Ada", "phone": "+12025550146"}, 422, "MISSING_REQUIRED_FIELD", ["last_name"]),
        ({"value1": "Ada", "value2": "Byron", "value3": "+12025550146"}, 422, None, None),
        (ada(mobile="+12025550199", phone="+12025550198"), 422, "AMBIGUOUS_FIELD", None),
        (ada(fname="Bea"), 422, "AMBIGUOUS_FIELD", None),
        (ada(phone="2025550146 / 2025550147"), 422, "AMBIGUOUS_FIELD", None),
        (ada(phone="2025550146 x12"), 400, "INVALID_PHONE_FORMAT", None),
        (ada(phone="call me"), 400, "INVALID_PHONE_FORMAT", None),
        (ada(phone="447911123456"), 400, "INVALID_PHONE_FORMAT", None),
        (ada(first_name="A\x00da"), 422, "INVALID_FIELD", None),
        (ada(sms_consent="no"), 422, "INVALID_FIELD", None),
        (ada(sms_marketing_consent={"state": "not_subscribed"}), 422, "INVALID_FIELD", None),
        (ada(opt_in_number_id="num_0000000000000000"), 422, "INVALID_OPT_IN_NUMBER", None),
        (b'{"first_name": "Ada", ', 400, "MALFORMED_JSON", None),
        (b'{"phone": 1, "phone": 2}', 400, "MALFORMED_JSON", None),
        (b'{"phone": NaN}', 400, "MALFORMED_JSON", None),
        (b'{"first_name": "\\ud800"}', 400, "MALFORMED_JSON", None),
        ('{"first_name": "Zoé"}'.encode("latin-1"), 400, "MALFORMED_JSON", None),
        (b"[" * 1000 + b"]" * 1000, 400, "MALFORMED_JSON", None),
        (b'{"a":' * 1000 + b"1" + b"}" * 1000, 400, "MALFORMED_JSON", None),
        (b"[]", 400, "MALFORMED_JSON", None),
        (b'"text"', 400, "MALFORMED_JSON", None),
        (b"", 400, "MALFORMED_JSON", None),
    ],
)
def test_what_cannot_be_a_lead_is_refused_and_stays_in_the_log(
    lasting: Served, body: Any, status: int, code: str | None, missing: list[str] | None
) -> None:
    answer = hook(lasting, body, "application/json")
    said = answer.json()
    assert answer.status_code == status, said
    assert said["error_code"] == (code or "MISSING_REQUIRED_FIELD")
    if missing is not None:
        assert said["missing_fields"] == missing
        assert said["error"] == f"Missing required field: {missing[0]}"
    row = attempt_of(lasting, answer)
    assert (row.outcome, row.code, row.door) == ("refused", said["error_code"], "hook")


def test_a_body_that_is_too_large_is_refused_before_anything_else(lasting: Served) -> None:
    large = {"first_name": "A" * 5_000_000}
    assert hook(lasting, large).status_code == 413
    many = {f"field{n}": "x" for n in range(10_000)}
    assert hook(lasting, many).json()["error_code"] == "PAYLOAD_TOO_LARGE"
    assert hook(lasting, large, path="/hooks/opt-in/unknown").status_code == 404


def test_what_is_too_large_stays_in_the_log_with_its_beginning_and_can_be_mended(
    lasting: Served,
) -> None:
    large = {"first_name": "Grace", "note": "x" * 5_000_000}
    answer = hook(lasting, large, headers={"User-Agent": "Zapier"})
    assert answer.status_code == 413
    row = attempt_of(lasting, answer)
    assert (row.outcome, row.code, row.sender) == ("refused", "PAYLOAD_TOO_LARGE", "zapier")
    assert row.body.startswith('{"first_name": "Grace"')
    assert len(row.body) <= 8 * 1024
    assert "bytes); its beginning is kept" in row.reason
    said = {"first_name": "Grace", "last_name": "Hopper", "phone": next_phone()}
    assert replay(lasting.store, row.id, None, ANA, said).outcome == "accepted"


def test_who_waits_for_leave_leaves_the_beginning_of_what_is_too_large(lasting: Served) -> None:
    body = b'{"first_name": "Grace", "note": "' + b"x" * 20_000
    head = (
        f"POST /hooks/opt-in/{token_of(lasting.store)} HTTP/1.1\r\nHost: x\r\n"
        f"Expect: 100-continue\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with lasting.connect() as line:
        line.sendall(head.encode())
        assert line.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        line.sendall(body)
        ((status, said),) = answers_in(read_all(line))
    assert (status, said["error_code"]) == (413, "PAYLOAD_TOO_LARGE")
    row = row_of(lasting, said["request_id"])
    assert row.body.startswith('{"first_name": "Grace"')
    assert row.reason.endswith("its beginning is kept")


def test_a_compressed_body_and_one_of_no_known_kind_are_refused(lasting: Served) -> None:
    packed = gzip.compress(json.dumps(ada()).encode())
    answer = hook(lasting, packed, "application/json", headers={"Content-Encoding": "gzip"})
    assert answer.json()["error_code"] == "UNSUPPORTED_MEDIA_TYPE"
    answer = hook(lasting, b"<lead/>", "application/xml")
    assert answer.json()["error_code"] == "UNSUPPORTED_MEDIA_TYPE"
    assert attempt_of(lasting, answer).media == "application/xml"
    answer = hook(lasting, b"\x89PNG\xff", "image/png")
    assert (answer.status_code, answer.json()["error_code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize(
    ("body", "media"),
    [
        ('{"first_name":"Zoé","last_name":"Né","phone":"PHONE"}'.encode(), None),
        ('{"first_name":"Zoé","last_name":"Né","phone":"PHONE"}'.encode(), FORM),
        ('{"first_name":"Zoé","last_name":"Né","phone":"PHONE"}'.encode(), "text/plain"),
        ('{"first_name":"Zoé","last_name":"Né","phone":"PHONE"}'.encode(), "image/png"),
        ('[{"first_name":"Zoé","last_name":"Né","phone":"PHONE"}]'.encode(), "application/json"),
        (
            '{"first_name":"Zoé","last_name":"Né","phone":"PHONE"}'.encode("latin-1"),
            "application/json; charset=iso-8859-1",
        ),
        ('{"first_name":"Zoé","last_name":"Né","phone":"PHONE"}'.encode("utf-16"), None),
        ('{"first_name":"Zoé","last_name":"Né","phone":"PHONE"}'.encode("utf-8-sig"), None),
        (
            '{"first_name":"Zoé","last_name":"Né","phone":"PHONE"}'.encode("utf-16-le"),
            "application/json; charset=utf-16le",
        ),
        ("first_name=Zo%C3%A9&last_name=N%C3%A9&phone=PHONE", FORM),
        ("first_name=Zo%C3%A9&last_name=N%C3%A9&phone=PHONE", None),
        ("first_name=Zo%E9&last_name=N%E9&phone=PHONE", FORM),
        ("first_name=Zo%E9&last_name=N%E9&phone=PHONE", f"{FORM}; charset=windows-1252"),
        ("first_name=Zoé\r\nlast_name=Né\r\nphone=PHONE\r\n".encode(), "text/plain"),
        ("name=Zo%C3%A9+N%C3%A9&phone=PHONE&name=Zo%C3%A9+N%C3%A9", FORM),
    ],
)
def test_any_way_of_writing_a_body_is_read(
    served: Served, body: bytes | str, media: str | None
) -> None:
    phone = next_phone()
    if isinstance(body, str):
        sent = body.replace("PHONE", phone.replace("+", "%2B")).encode()
    else:
        sent = body.replace(b"PHONE", phone.encode())
        for wide in ("utf-16-le",):
            sent = sent.replace("PHONE".encode(wide), phone.encode(wide))
    answer = hook(served, sent, media)
    assert answer.status_code == 200, answer.text
    with served.store.read() as conn:
        contact = conn.execute(select(_contacts)).one()
    assert (contact.first_name, contact.last_name, contact.phone) == ("Zoé", "Né", phone)


def test_a_multipart_form_is_read_and_its_files_are_left_alone(served: Served) -> None:
    phone = next_phone()
    files = {
        "Full Name": (None, "Ada Byron"),
        "Your phone": (None, phone),
        "photo": ("a.txt", b"phone=+12025550199", "text/plain"),
    }
    made = requests.Request("POST", served.url, files=files).prepare()
    assert isinstance(made.body, bytes)
    answer = hook(served, made.body, made.headers["Content-Type"])
    assert answer.json()["data"]["phone_number"] == phone
    assert json.loads(attempt_of(served, answer).body)["photo"] == "[a file of 18 bytes]"
    cut = hook(served, made.body[:-30], made.headers["Content-Type"])
    assert cut.json()["error_code"] == "MALFORMED_JSON"


def test_off_means_off_and_on_again_is_on(served_by_any: Served) -> None:
    other = Store.open(served_by_any.store.url)
    try:
        other.do(lambda conn: integration.switch(conn, ANA, on=False))
        answer = hook(served_by_any, ada())
        assert (answer.status_code, answer.json()["error_code"]) == (503, "INTEGRATION_INACTIVE")
        assert int(answer.headers["Retry-After"]) > 0
        assert attempt_of(served_by_any, answer).outcome == "refused"
        other.do(lambda conn: integration.switch(conn, ANA, on=True))
        assert hook(served_by_any, ada()).status_code == 200
    finally:
        other.close()


def test_the_test_numbers_behave_as_at_the_api_door(lasting: Served) -> None:
    expected = {
        "+15555550100": (200, None),
        "+15555550101": (409, "ALREADY_OPTED_IN"),
        "+15555550102": (400, "INVALID_PHONE_FORMAT"),
        "+15555550103": (422, "BLOCKED_NUMBER"),
    }
    for phone, (status, code) in expected.items():
        for _ in range(2):
            answer = hook(lasting, ada(phone=phone))
            assert answer.status_code == status
            assert answer.json().get("error_code") == code
            assert "duplicate" not in answer.json()


def test_the_evidence_keeps_what_was_said_and_seen_apart(served: Served) -> None:
    lead = ada(
        ip="198.51.100.7",
        user_agent="Mozilla/5.0 (claimed)",
        page_url="https://example.com/join",
        consent="I agree to texts",
        shoe_size=44,
        nested={"colour": ["red", "blue"]},
    )
    headers = {"X-Forwarded-For": "203.0.113.50", "User-Agent": "Zapier"}
    assert hook(served, lead, headers=headers).status_code == 200
    with served.store.read() as conn:
        told = json.loads(conn.execute(select(_events.c.evidence)).scalar_one())
    assert told["claimed_ip"] == "198.51.100.7"
    assert told["peer"] == "127.0.0.1"
    assert told["forwarded"] == "203.0.113.50"
    assert told["user_agent"] == "Mozilla/5.0 (claimed)"
    assert told["source_url"] == "https://example.com/join"
    assert told["consent_text"] == "I agree to texts"
    assert told["written_phone"] == lead["phone"]
    assert told["method"] == "POST"
    assert told["tool"] == "zapier"
    assert told["more"] == {"shoe_size": "44", "nested/colour": ["red", "blue"]}


@pytest.mark.parametrize("body", ["form", "json", "utf-16"])
def test_no_secret_reaches_the_evidence(served: Served, body: str) -> None:
    url = f"{served.url}/hooks/opt-in/{token_of(served.store)}"
    lead = ada(sent_to=url, page_url=url, **{url: ["x", {"deep": url}]})
    # A browser that sends a form again from the page that told what was wrong with it.
    headers = BROWSER | {"Referer": url, "X-Forwarded-For": url, "User-Agent": f"Mozilla {url}"}
    sent: Any = lead
    if body == "form":
        sent = requests.compat.urlencode({name: str(value) for name, value in lead.items()})
    elif body == "utf-16":
        sent = json.dumps(lead).encode("utf-16")
    media = FORM if body == "form" else "application/json; charset=utf-16" if sent != lead else None
    assert hook(served, sent, media, headers=headers).status_code == 200
    with served.store.read() as conn:
        (told,) = conn.execute(select(_events.c.evidence)).scalars()
        kept = str(conn.execute(select(_attempts)).all())
    assert "[secret URL]" in told
    assert token_of(served.store) not in told + kept


def test_no_secret_reaches_the_intake_log(served_by_any: Served) -> None:
    served = served_by_any
    token = token_of(served.store)
    headers = {
        "Cookie": "session=hush",
        "Authorization": "Bearer hush",
        "x-api": "hush",
        "X-Webhook-Signature": "hush",
        "Referer": f"https://example.com/hooks/opt-in/{token}",
        "User-Agent": "Zapier",
    }
    answer = hook(served, ada(url=f"{served.url}/hooks/opt-in/{token}"), headers=headers)
    row = attempt_of(served, answer)
    assert row.sender == "zapier"
    kept = json.dumps(dict(row._mapping), default=str)
    assert "hush" not in kept
    assert token not in kept
    assert "referer" in json.loads(row.headers)


def test_a_submissions_retry_gets_the_first_answer(served: Served) -> None:
    lead = ada(submission_id="sub-1")
    first = hook(served, lead)
    again = hook(served, lead | {"sent_at": "later"})
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    # Two people under one id are two people.
    other = hook(served, ada(submission_id="sub-1"))
    assert other.json()["data"]["contact_id"] != first.json()["data"]["contact_id"]


def test_the_operators_rules_come_first(served: Served) -> None:
    right, wrong = next_phone(), next_phone()
    body = {"who": "Ada Byron", "contacts": [{"label": "Desk", "value": right}], "phone": wrong}
    rules = (Rule("phone", "contacts/Desk"), Rule("full_name", "who"))
    set_options(served.store, Options(rules))
    answer = hook(served, body)
    assert answer.json()["data"]["phone_number"] == right
    set_options(served.store, Options((Rule("ignore", "phone"),)))
    assert hook(served, ada(phone=wrong)).json()["missing_fields"] == ["phone"]


def test_national_numbers_are_read_in_the_integrations_region(served: Served) -> None:
    assert hook(served, ada(phone="07911 123456")).json()["error_code"] == "INVALID_PHONE_FORMAT"
    set_options(served.store, Options(), default_region="GB")
    answer = hook(served, ada(phone="07911 123456"))
    assert answer.json()["data"]["phone_number"] == "+447911123456"


@pytest.mark.parametrize(
    ("accept", "page"),
    [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", True),
        ("TEXT/HTML; q=0.5", True),
        ("text/html;q=x", True),
        ("*/*", False),
        ("text/htmlx", False),
        ("application/json, text/html;q=0.1", False),
        ("text/html;q=0, */*", False),
        ("", False),
    ],
)
def test_a_page_is_for_who_asks_for_html_and_not_rather_for_json(accept: str, page: bool) -> None:
    assert likes_a_page(accept) == page


def test_a_visitor_gets_a_page_or_the_operators_redirect_and_no_other(served: Served) -> None:
    def post(**more: str) -> requests.Response:
        body = "&".join(f"{k}={v}" for k, v in (ada() | more).items()).replace("+", "%2B")
        return hook(served, body, FORM, headers=BROWSER)

    page = post(redirect="https://evil.example/", next="https://evil.example/")
    assert page.status_code == 200
    assert page.headers["Content-Type"].startswith("text/html")
    assert "Thank you" in page.text
    assert "evil" not in page.text
    missing = post(last_name="")
    assert missing.status_code == 422
    assert "last name" in missing.text
    assert "<h1>" in missing.text
    set_options(served.store, Options(thanks="See you <soon>"))
    assert "See you &lt;soon&gt;" in post().text
    set_options(served.store, Options(redirect="https://example.com/thanks?a=1"))
    sent_on = post(redirect="https://evil.example/")
    assert sent_on.status_code == 303
    assert sent_on.headers["Location"] == "https://example.com/thanks?a=1"
    # A program that posts a form gets JSON.
    assert hook(served, "first_name=Ada", FORM).json()["success"] is False


def test_a_regenerated_url_is_dead_at_once_in_every_process(served_by_any: Served) -> None:
    other = Store.open(served_by_any.store.url)
    try:
        old = f"/hooks/opt-in/{token_of(other)}"
        assert hook(served_by_any, ada(), path=old).status_code == 200
        token = other.do(lambda conn: integration.regenerate(conn, ANA))
        for agent in ("Zapier", "Zapier", "curl/8"):
            dead = hook(served_by_any, ada(), path=old, headers={"User-Agent": agent})
            assert (dead.status_code, dead.json()["error_code"]) == (410, "URL_REGENERATED")
        assert hook(served_by_any, ada(), path=f"/hooks/opt-in/{token}").status_code == 200
        page = hook(served_by_any, "first_name=Ada", FORM, path=old, headers=BROWSER)
        assert (page.status_code, "out of date" in page.text) == (410, True)
        until = time.monotonic() + PATIENCE
        while True:
            with other.read() as conn:
                stale = {(one.sender, one.hits, one.why) for one in radar(conn)}
            if sum(hits for _, hits, _ in stale) == 4:
                break
            assert time.monotonic() < until, stale
        expected = {("zapier", 2), ("script", 1), ("browser", 1)}
        assert stale == {(sender, hits, "regenerated") for sender, hits in expected}
        other.do(lambda conn: integration.delete(conn, ANA))
        gone = hook(served_by_any, ada(), path=f"/hooks/opt-in/{token}")
        assert (gone.status_code, gone.json()["error_code"]) == (410, "INTEGRATION_DELETED")
    finally:
        other.close()


def test_many_at_once_with_one_number_make_one_contact(served: Served) -> None:
    lead, path = ada(), f"/hooks/opt-in/{token_of(served.store)}"

    def send(_: int) -> requests.Response:
        return requests.post(served.url + path, json=lead, timeout=PATIENCE)

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(send, range(50)))
    assert {answer.status_code for answer in answers} == {200}
    assert sum("duplicate" not in answer.json() for answer in answers) == 1
    with served.store.read() as conn:
        assert len(conn.execute(select(_contacts)).all()) == 1


def test_senders_of_old_urls_are_bounded(sqlite_store: Store) -> None:
    store = sqlite_store
    store.do(lambda conn: retire(conn, b"h" * 32, "regenerated"))
    for n in range(MOST_SENDERS + 30):
        store.do(lambda conn, n=n: count_hits(conn, [OldUrlHit(b"h" * 32, f"agent {n}" * 40)]))  # type: ignore[misc]
    with store.read() as conn:
        found = radar(conn)
    assert len(found) == MOST_SENDERS + 1
    assert {one.sender: one.hits for one in found}["other"] == 30
    assert max(len(one.sender) for one in found) <= 80


def test_a_large_body_is_judged_while_others_are_answered(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, done = threading.Event(), threading.Event()

    def slowly(knock: Knock, access: Access) -> OptIn | Refused:
        if len(knock.request.body) > 500_000:
            begun.set()
            assert done.wait(PATIENCE)
        return judge(knock, access)

    monkeypatch.setattr("server.doors.hook.judge", slowly)
    large = ada(essay="x" * 1_000_000)
    with serving(sqlite_store, max_body=0) as served, ThreadPoolExecutor(2) as pool:
        try:
            waiting = [pool.submit(hook, served, large) for _ in range(2)]
            assert begun.wait(PATIENCE)
            assert served.put().status_code == 200
        finally:
            done.set()
        answers = [one.result(PATIENCE) for one in waiting]
        assert [one.status_code for one in answers] == [200, 200]
        assert sum("duplicate" in one.json() for one in answers) == 1
