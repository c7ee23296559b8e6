"""`optdesk consent`: the evidence stands, and whoever touches it is found out."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import text

from storage import consent
from storage.consent import let_go
from storage.profile import profile
from storage.store import Store
from storage.times import now
from tests.app.conftest import Optdesk
from tests.factories import lead, make_queued, next_phone, put, switched_on

EVIDENCE = {
    "claimed_ip": "198.51.100.7",
    "peer": "203.0.113.9",
    "forwarded": "198.51.100.7, 10.0.0.1",
    "user_agent": "Mozilla/5.0 \x1b[2J",
    "source_url": "https://example.com/join",
    "consent_text": "I agree to be texted.",
}


def test_a_receipt_says_who_agreed_to_what_and_when(optdesk: Optdesk, any_store_url: str) -> None:
    store = Store.open(any_store_url)
    switched_on(store)
    phone = next_phone()
    put(store, lead(phone=phone, evidence=EVIDENCE))
    store.close()
    optdesk("sms", "inbound", phone, "STOP")
    made = optdesk("consent", "receipt", phone, "--json").json
    given, taken = made["events"]
    assert (given["kind"], taken["kind"]) == ("opt_in", "opt_out")
    assert given["said"] | EVIDENCE == given["said"]
    assert given["request_id"].startswith("req_")
    assert len(given["wording_version"]) == 16
    assert made["ledger"]["head"] == taken["hash"]
    assert taken["previous_hash"] == given["hash"]
    assert made["texts"][0]["purpose"] == "compliance"
    written = optdesk("consent", "receipt", phone).out
    for part in ("198.51.100.7, 10.0.0.1", "I agree to be texted.", "STOP", taken["hash"]):
        assert part in written
    assert "\x1b" not in written
    whole = json.loads(optdesk("consent", "export", phone).out)
    assert [row["source"] for row in whole["do_not_contact"]] == ["stop"]
    assert len(whole["texts"]) == 2
    assert optdesk("consent", "verify").code == 0


@pytest.mark.parametrize(
    ("harm", "named"),
    [
        ("UPDATE consent_events SET evidence = '{}' WHERE seq = 2", "evidence of event 2"),
        ("UPDATE consent_events SET kind = 'opt_out' WHERE seq = 2", "event 2 was changed"),
        ("DELETE FROM consent_events WHERE seq = 2", "events 2 to 2 are missing"),
        ("DELETE FROM consent_events WHERE seq = 3", "ends at event 2, not at 3"),
        ("DELETE FROM consent_events WHERE seq = 1", "events 1 to 1 are missing"),
    ],
)
def test_every_change_gap_and_cut_is_named(
    optdesk: Optdesk, any_store_url: str, harm: str, named: str
) -> None:
    store = Store.open(any_store_url)
    make_queued(store, 3)
    store.do(lambda conn: conn.execute(text(harm)))
    store.close()
    broken = optdesk("consent", "verify")
    assert broken.code == 1
    assert named in broken.out


def test_old_evidence_is_let_go_and_the_ledger_still_verifies(store: Store) -> None:
    with time_machine.travel(now() - timedelta(days=6 * 365)):
        old = make_queued(store, 3)
    with store.read() as conn:
        phone = profile(conn, old[1]).contact.phone
    put(store, lead(phone=phone))
    before = now() - timedelta(days=5 * 365)
    beyond: Any = 0
    while beyond is not None:
        beyond = store.do(lambda conn, at=beyond: let_go(conn, before, at))  # type: ignore[misc]
    with store.read() as conn:
        report = consent.verify(conn)
        kept = profile(conn, old[1]).consent
        assert profile(conn, old[0]).consent == ()
        assert profile(conn, old[2]).consent[0].evidence == {}
    assert report.faults == ()
    # The second person was heard of lately: all that was said is kept.
    assert all(event.evidence for event in kept)
    assert report.events == 3
