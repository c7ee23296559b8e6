"""The pages for people and monitors."""

from __future__ import annotations

import socket

import pytest

from server.operations import PRODUCT
from storage.store import Store
from tests.factories import next_phone
from tests.server.served import PATH, Served, serving
from tests.waiting import PATIENCE

HOPS = (
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Real-IP",
    "Forwarded",
    "Via",
    "CF-Connecting-IP",
    "True-Client-IP",
)
PAGES = ("/healthz", "/readyz", "/metrics", "/openapi.json", "/docs")


def test_health_says_who_it_is(served_by_any: Served) -> None:
    answer = served_by_any.get("/healthz")
    assert answer.status_code == 200
    said = answer.json()
    assert said["product"] == PRODUCT
    assert said["version"]
    assert said["store"] == served_by_any.store.fingerprint()
    assert "version" not in str(answer.headers).lower()


def test_readiness_says_how_store_and_gateway_are(served_by_any: Served) -> None:
    said = served_by_any.get("/readyz").json()
    assert said["ready"] is True
    assert said["store"]["ok"] is True
    assert said["gateway"] == {"name": "simulated", "ok": True, "sentence": ""}


def test_figures_count_answers_and_name_nobody(served: Served) -> None:
    phone = next_phone()
    served.put(served.body(mobile_phone=phone, first_name="Wilhelmina"))
    served.put(served.body(mobile_phone=phone))
    served.put(path="/secret-path")
    page = served.get("/metrics")
    assert page.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert 'optdesk_answers_total{code="",route="api",status="200"} 1.0' in page.text
    assert (
        'optdesk_answers_total{code="ALREADY_OPTED_IN",route="api",status="409"} 1.0' in page.text
    )
    assert 'optdesk_answers_total{code="NOT_FOUND",route="",status="404"} 1.0' in page.text
    for secret in (phone, phone[1:], "Wilhelmina", served.key, "secret-path", served.number_id):
        assert secret not in page.text


def test_the_description_names_every_answer_of_the_door(lasting: Served) -> None:
    document = lasting.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    operation = document["paths"][PATH]["put"]
    assert {
        "200",
        "400",
        "401",
        "404",
        "405",
        "408",
        "409",
        "413",
        "415",
        "422",
        "429",
        "503",
    } <= set(operation["responses"])
    schema = document["components"]["schemas"]["OptInRequest"]
    assert schema["required"] == [
        "mobile_phone",
        "ip_address",
        "user_agent",
        "opt_in_number_id",
    ]


def test_the_page_for_people_needs_nothing_from_elsewhere(lasting: Served) -> None:
    page = lasting.get("/docs")
    assert page.headers["Content-Type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    text = page.text
    assert "<script" not in text
    assert "src=" not in text
    assert "href=" not in text
    assert f"curl -X PUT {lasting.url}{PATH}" in text
    for name in ("mobile_phone", "MISSING_REQUIRED_FIELD", "ALREADY_OPTED_IN"):
        assert name in text
    hostile = lasting.get("/docs", Host="x<script>alert(1)</script>.localhost")
    assert hostile.status_code == 400
    assert "<script" not in hostile.text
    escaped = lasting.get("/docs", Host="x&y.localhost")
    assert escaped.status_code == 200
    assert "x&amp;y.localhost" in escaped.text
    assert "x&y" not in escaped.text


@pytest.mark.parametrize("path", PAGES)
def test_pages_can_be_read_and_nothing_else(lasting: Served, path: str) -> None:
    for slash in ("", "/"):
        answer = lasting.get(path + slash)
        assert answer.status_code == 200
        assert answer.headers["X-Request-Id"].startswith("req_")
        assert answer.headers["Cache-Control"] == "no-store"
    head = lasting.session.head(lasting.url + path, timeout=PATIENCE)
    assert (head.status_code, head.content) == (200, b"")
    refused = lasting.session.post(lasting.url + path, timeout=PATIENCE)
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("path", PAGES)
def test_what_a_proxy_passes_on_does_not_come_from_this_machine(lasting: Served, path: str) -> None:
    for name in HOPS:
        assert lasting.get(path, **{name: "127.0.0.1"}).json()["error_code"] == "NOT_FOUND"


@pytest.mark.parametrize("path", PAGES)
def test_a_trusted_proxy_is_no_more_this_machine_than_another(
    sqlite_store: Store, path: str
) -> None:
    with serving(sqlite_store, trusted_proxies=("127.0.0.1",)) as served:
        for name in HOPS:
            assert served.get(path, **{name: "127.0.0.1"}).json()["error_code"] == "NOT_FOUND"
        # What runs beside the proxy needs no way round it.
        assert served.get(path).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["leads.example.com", "127.0.0.1.example.com", "203.0.113.9", "[2001:db8::1]:80", "", "x"],
)
def test_a_tunnel_or_a_page_that_points_a_browser_here_does_not_get_the_pages(
    lasting: Served, host: str
) -> None:
    assert lasting.get("/metrics", Host=host).json()["error_code"] == "NOT_FOUND"


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:8765", "127.0.0.1", "127.0.0.1:1", "[::1]:1", "[::1]", "a.localhost.",
     socket.gethostname()],
)  # fmt: skip
def test_programs_here_may_call_this_machine_by_any_of_its_names(
    lasting: Served, host: str
) -> None:
    assert lasting.get("/metrics", Host=host).status_code == 200


def test_a_proxy_that_names_nobody_is_known_by_its_old_protocol(lasting: Served) -> None:
    raw = lasting.raw(b"GET /metrics HTTP/1.0\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
    assert raw.startswith(b"HTTP/1.1 404 ")


@pytest.mark.parametrize(
    ("named", "host", "status"),
    [("leads.example.com", "127.0.0.1", 404), ("127.0.0.1", "leads.example.com", 404),
     ("localhost:1", "localhost:1", 200)],
)  # fmt: skip
def test_a_target_that_names_its_host_counts_as_much_as_the_header(
    lasting: Served, named: str, host: str, status: int
) -> None:
    head = f"GET http://{named}/metrics HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    assert lasting.raw(head.encode()).startswith(f"HTTP/1.1 {status} ".encode())


def test_with_a_key_the_pages_can_be_seen_from_afar(sqlite_store: Store) -> None:
    with serving(sqlite_store, operations="key") as served:
        far = {"X-Forwarded-For": "1.2.3.4"}
        for path in PAGES:
            assert served.get(path).status_code == 200
            assert served.get(path, **far).json()["error_code"] == "INVALID_API_KEY"
            wrong = served.get(path, **far, **{"x-api": "wrong"})
            assert wrong.json()["error_code"] == "INVALID_API_KEY"
            assert served.get(path, **far, **{"x-api": served.key}).status_code == 200


def test_this_machine_is_known_by_its_other_addresses_too(sqlite_store: Store) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return
        address = probe.getsockname()[0]
    with serving(sqlite_store, host="0.0.0.0") as served:
        answer = served.session.get(
            f"http://{address}:{served.address[1]}/healthz", timeout=PATIENCE
        )
        assert answer.status_code == 200
