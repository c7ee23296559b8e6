"""`optdesk consent`: the evidence stands, and whoever touches it is found out."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import text

from server.housekeeping import forget_evidence
from storage import consent, integration
from storage.acts import Delete
from storage.bulk import perform
from storage.changes import newest
from storage.erase import erase
from storage.profile import profile
from storage.retention import let_go_all
from storage.store import Store
from storage.times import now
from storage.words import Actor, Target
from tests.app.conftest import Optdesk
from tests.factories import lead, make_queued, next_phone, put

ANA = Actor.person("ana")
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
    store.do(lambda conn: integration.add(conn, ANA, brand="Juniper", program="spring news"))
    phone = next_phone()
    put(store, lead(phone=phone, evidence=EVIDENCE))
    # What is said later changes nothing about what was agreed to.
    store.do(lambda conn: integration.edit(conn, ANA, brand="Oak", program="autumn news"))
    store.close()
    optdesk("sms", "inbound", phone, "STOP")
    made = optdesk("consent", "receipt", phone, "--json").json
    given, taken = made["events"]
    assert (given["kind"], taken["kind"]) == ("opt_in", "opt_out")
    assert given["said"] | EVIDENCE == given["said"]
    assert given["said"]["program"] == "Juniper · spring news"
    assert taken["said"]["program"] == "Oak · autumn news"
    assert given["request_id"].startswith("req_")
    assert len(given["wording_version"]) == 16
    assert made["ledger"]["head"] == taken["hash"]
    assert taken["previous_hash"] == given["hash"]
    assert made["texts"][0]["purpose"] == "compliance"
    written = optdesk("consent", "receipt", phone).out
    for part in (
        "198.51.100.7, 10.0.0.1",
        "Juniper · spring news",
        "I agree to be texted.",
        "STOP",
        taken["hash"],
    ):
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
        ("DELETE FROM consent_events WHERE seq = 2", "event 2 is missing"),
        ("DELETE FROM consent_events WHERE seq = 3", "ends at event 2, not at 3"),
        ("DELETE FROM consent_events WHERE seq = 1", "event 1 is missing"),
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


OLD = timedelta(days=6 * 365)


def who_left(store: Store, n: int) -> list[int]:
    """People who opted in and out six years ago."""
    with time_machine.travel(now() - OLD):
        old = make_queued(store, n)
        perform(store, ANA, Delete(), Target(ids=tuple(old)))
    return old


def test_old_evidence_is_let_go_and_the_ledger_still_verifies(store: Store) -> None:
    old = who_left(store, 3)
    with store.read() as conn:
        phone = profile(conn, old[1]).contact.phone
    with time_machine.travel(now() - OLD):
        [still_here] = make_queued(store)
    again = put(store, lead(phone=phone))[0].contact_id
    assert again is not None
    assert let_go_all(store.do, ANA, 5) == 3
    assert let_go_all(store.do, ANA, 5) == 0
    with store.read() as conn:
        report = consent.verify(conn)
        # Who is in the queue may be texted, because of what they said six years ago.
        assert profile(conn, still_here).consent[0].evidence["phone"]
        assert profile(conn, again).consent[0].evidence["phone"]
        assert profile(conn, old[0]).consent == ()
        acts = [row.sentence for row in newest(conn, 3)]
    assert report == consent.ChainReport(2, (), let_go=3)
    assert "let go of the ledger's oldest events (up to event 3)" in acts
    assert "forgot evidence of consent after its time (3 events)" in acts


def test_evidence_is_never_let_go_before_its_time(optdesk: Optdesk, any_store_url: str) -> None:
    store = Store.open(any_store_url)
    who_left(store, 1)
    store.close()
    for years in ("1", "4.9"):
        refused = optdesk("consent", "prune", "--years", years, "--yes")
        assert refused.code == 1
        assert "5 years at least" in refused.err
    assert optdesk("consent", "prune", "--years", "7", "--yes").code == 0
    assert optdesk("consent", "verify").out.startswith("All 1 ")
    assert optdesk("consent", "prune", "--yes", "--json").json["forgotten"] == 1
    assert "1 before them were let go" in optdesk("consent", "verify").out


async def test_the_listener_lets_go_by_itself_and_believes_no_wild_clock(store: Store) -> None:
    who_left(store, 2)
    assert await forget_evidence(store, 7) == 0
    # The newest event is years ago: perhaps the clock is wrong.
    assert await forget_evidence(store, 5) == 0
    put(store, lead())
    with time_machine.travel(now() + timedelta(days=20 * 365)):
        assert await forget_evidence(store, 25) == 0
    assert await forget_evidence(store, 5) == 2
    with store.read() as conn:
        assert consent.verify(conn).faults == ()


def test_a_ledger_that_was_cut_verifies_after_an_erasure_too(store: Store) -> None:
    old = who_left(store, 3)
    [ident] = make_queued(store)
    with store.read() as conn:
        phones = [profile(conn, one).contact.phone for one in (old[1], ident)]
    erase(store, ANA, ident, phones[1][-4:])
    let_go_all(store.do, ANA, 5)
    erase(store, ANA, old[1], phones[0][-4:])
    with store.read() as conn:
        assert consent.verify(conn) == consent.ChainReport(1, (), let_go=3)
