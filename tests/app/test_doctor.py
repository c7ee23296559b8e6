"""`optdesk doctor` finds what keeps leads from arriving, and says what to do."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from app.reaching import Reach
from screens.backstage import ListenerKind, ListenerReport
from server.embedded import EmbeddedListener
from server.settings import ListenerSettings
from storage import engine, gateway_state, schema, seats
from storage.checklist import Item, State
from storage.errors import StoreError
from storage.ids import new_id
from storage.refused_attempts import RefusedAttempt, record_refused
from storage.store import Store
from storage.times import now
from tests.app.conftest import Optdesk
from tests.factories import make_queued, switched_on
from tests.waiting import PATIENCE


def findings(optdesk: Optdesk, *words: str) -> dict[str, dict[str, object]]:
    answer = optdesk("doctor", "--json", *words)
    assert answer.code in (0, 1)
    said = json.loads(answer.out)
    assert said["ok"] is (answer.code == 0)
    return {check["check"]: check for check in said["checks"]}


@pytest.fixture
def listener(store: Store) -> Iterator[str]:
    """The port of a listener on the store."""
    ready = threading.Event()
    made = EmbeddedListener(store, ListenerSettings(port=0), lambda _state: ready.set())
    made.start()
    assert ready.wait(PATIENCE)
    yield made.state.url.rsplit(":", 1)[1]
    made.stop()


def test_all_is_well(store, listener, optdesk: Optdesk):
    make_queued(store, 1)
    found = findings(optdesk, "--port", listener)
    assert all(check["ok"] is not False for check in found.values()), found
    assert "ago" in str(found["last arrival"]["says"])
    assert optdesk("doctor", "--port", listener).code == 0


def test_a_listener_is_found_where_it_runs(store, listener, optdesk: Optdesk):
    url = f"http://127.0.0.1:{listener}"
    store.do(lambda conn: seats.enter(conn, "serve", "", url))
    found = findings(optdesk, "--config", "/dev/null")["listener"]
    assert found["ok"] is True
    assert url in str(found["says"])


def test_a_listener_that_cannot_store_leads_says_why(store, listener, optdesk, monkeypatch):
    monkeypatch.setattr(store, "recovered", lambda: None)
    store.failed(StoreError("The disk is full.", "Free some space."))
    found = findings(optdesk, "--port", listener)["listener"]
    assert found["ok"] is False
    assert str(found["says"]).endswith("takes no leads: The disk is full.")
    assert found["next_step"] == "Free some space."


def test_a_desk_beside_a_listener_that_cannot_store_leads_says_why(store, listener, monkeypatch):
    url = f"http://127.0.0.1:{listener}"
    report = ListenerReport(ListenerKind.ATTACHED, url)
    said, _ = Reach().look(report, "")
    assert said == Item("listener", State.OK, f"The listener answers at {url}.")
    monkeypatch.setattr(store, "recovered", lambda: None)
    store.failed(StoreError("The disk is full.", "Free some space."))
    said, _ = Reach().look(report, "")
    sentence = f"The listener at {url} takes no leads: The disk is full."
    assert said == Item("listener", State.BAD, sentence, "Free some space.")


def test_a_new_store_lacks_everything(optdesk: Optdesk):
    found = findings(optdesk, "--port", "1")
    for check in ("integration", "number", "key", "listener"):
        assert found[check]["ok"] is False
        assert found[check]["next_step"]
    text = optdesk("doctor", "--port", "1")
    assert text.code == 1
    assert "optdesk integration add" in text.out


def test_off_is_said_with_its_moment(store, optdesk: Optdesk):
    switched_on(store)
    optdesk("integration", "off")
    assert "is off, since 20" in str(findings(optdesk, "--port", "1")["integration"]["says"])


def test_another_program_on_the_port_is_told_apart(store, optdesk: Optdesk):
    server = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        found = findings(optdesk, "--port", str(server.server_port))
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert "Another program" in str(found["listener"]["says"])


def test_a_listener_of_another_store_is_told_apart(listener, tmp_path, program: Optdesk):
    other = f"sqlite:///{tmp_path / 'other.db'}"
    program("db", "upgrade", "--store", other)
    answer = program("doctor", "--store", other, "--port", listener)
    assert answer.code == 1
    assert "another store" in answer.out


def test_refusals_are_told_with_their_reason(store, optdesk: Optdesk):
    added = switched_on(store)
    attempts = [
        RefusedAttempt(new_id(), "api", added.key_id, code)
        for code in ("MISSING_REQUIRED_FIELD", "MISSING_REQUIRED_FIELD", "INVALID_PHONE_FORMAT")
    ]
    store.do(lambda conn: record_refused(conn, attempts))
    said = str(findings(optdesk, "--port", "1")["refusals"]["says"])
    assert "2 because a required field was missing; 1 because the phone can be no number" in said


def test_a_store_that_others_can_read_is_named(sqlite_url, sqlite_store, program: Optdesk):
    sqlite_store.path.chmod(0o644)
    answer = program("doctor", "--store", sqlite_url, "--port", "1")
    assert f"Others can read {sqlite_store.path}" in answer.out
    assert f"chmod 600 {sqlite_store.path}" in answer.out


def test_a_store_that_is_not_there_ends_the_visit(tmp_path, program: Optdesk):
    answer = program("doctor", "--store", str(tmp_path / "none.db"))
    assert answer.code == 3
    assert "There is no store at" in answer.out
    assert not (tmp_path / "none.db").exists()


def test_a_public_address_that_nobody_answers_at_is_named(store, optdesk: Optdesk, monkeypatch):
    monkeypatch.setenv("OPTDESK_PUBLIC_BASE_URL", "http://127.0.0.1:1")
    found = findings(optdesk, "--port", "1")["public address"]
    assert found["ok"] is False
    assert "cannot be reached" in str(found["says"])
    assert "Errno" not in str(found["says"])


def test_a_gateway_in_trouble_is_what_new_contacts_wait_for(store, listener, optdesk: Optdesk):
    until = now() + timedelta(minutes=1)
    store.do(lambda conn: gateway_state.note(conn, "twilio", "open", "503 [b]no[/b]", until))
    found = findings(optdesk, "--port", listener)["texts"]
    assert found["ok"] is False
    assert "wait for their compliance text, twilio: 503 [b]no[/b]" in str(found["says"])


@pytest.mark.parametrize(
    ("account", "token", "address", "ok", "says"),
    [
        ("", "", "", False, "needs an account and its secret"),
        ("AC" + "0" * 32, "secret", "", False, "STOP among them, do not arrive"),
        ("AC" + "0" * 32, "secret", "http://127.0.0.1:1", True, "The gateway is twilio."),
    ],
)
def test_the_gateway_of_the_settings_is_looked_at(
    account, token, address, ok, says, store, optdesk: Optdesk, monkeypatch
):
    named = {"GATEWAY": "twilio", "TWILIO_ACCOUNT": account, "PUBLIC_BASE_URL": address}
    for name, value in {**named, "TWILIO_TOKEN": token}.items():
        monkeypatch.setenv(f"OPTDESK_{name}", value)
    found = findings(optdesk, "--port", "1")["gateway"]
    assert found["ok"] is ok
    assert says in str(found["says"])
    assert "secret" not in str(found["says"]) or not token


def test_a_store_that_can_only_be_read_takes_no_lead(
    sqlite_store, sqlite_url, program: Optdesk, monkeypatch
):
    sqlite_store.close()
    # The rights of a file bind everybody but root.
    monkeypatch.setattr(schema, "may_write", lambda _path: False)
    monkeypatch.setattr(engine, "may_write", lambda _path: False)
    answer = program("doctor", "--store", sqlite_url, "--port", "1")
    assert f"The store {sqlite_store.path} is read-only" in answer.out
    assert "Senders get 503" in answer.out


def test_a_desk_that_has_heard_nobody_yet_is_told_the_command_that_sends_a_lead(optdesk: Optdesk):
    optdesk("integration", "add")
    found = findings(optdesk)
    assert found["last arrival"]["next_step"] == "Send a test request: optdesk integration test"
