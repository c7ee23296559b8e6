"""A refused attempt can be mended and goes through the same checks; an accepted one cannot."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.lead_tools import ServerLeadTools
from screens.attempt_text import attempt_text
from screens.lead_tools import LeadTools
from server.replay import replay
from storage import attempts, integration, suppressions
from storage.errors import NotFound, Refused
from storage.ids import public
from storage.mapping_rules import Rule
from storage.tables import Attempt, Change, ConsentEvent
from storage.times import now
from tests.factories import next_phone
from tests.server.served import Served
from tests.server.test_hook_door import ANA, FORM, ada, attempt_of, hook

_attempts: Any = Attempt.__table__  # type: ignore[attr-defined]
_changes: Any = Change.__table__  # type: ignore[attr-defined]
_events: Any = ConsentEvent.__table__  # type: ignore[attr-defined]


def test_a_refused_lead_is_mended_and_taken_in_once(served_by_any: Served) -> None:
    store, phone = served_by_any.store, next_phone()
    answer = hook(served_by_any, ada(phone="202 555"), headers={"User-Agent": "Zapier"})
    ident = attempt_of(served_by_any, answer).id
    still = replay(store, ident, None, ANA)
    assert (still.outcome, still.code) == ("refused", "INVALID_PHONE_FORMAT")
    done = replay(store, ident, json.dumps(ada(phone=phone)), ANA)
    assert done.outcome == "accepted"
    with store.read() as conn:
        row = conn.execute(select(_attempts).where(_attempts.c.id == done.request_id)).one()
        told = json.loads(conn.execute(select(_events.c.evidence)).scalar_one())
        acts = conn.execute(select(_changes.c.actor).where(_changes.c.verb == "attempt.replay"))
        assert list(acts.scalars()) == ["ana", "ana"]
    assert (row.replay_of, row.sender, row.contact_id) == (ident, "zapier", done.contact_id)
    assert (told["replayed_by"], told["mended"]) == ("ana", True)
    assert told["phone"] == phone
    for again in (ident, done.request_id):
        with pytest.raises(Refused, match="taken in already"):
            replay(store, again, None, ANA)


def test_what_a_person_sends_again_is_not_the_senders_traffic(served_by_any: Served) -> None:
    store = served_by_any.store
    hook(served_by_any, ada(phone=next_phone()), headers={"User-Agent": "Zapier"})
    answer = hook(served_by_any, ada(phone="202 555"), headers={"User-Agent": "Zapier"})
    ident = attempt_of(served_by_any, answer).id

    def traffic() -> Any:
        with store.read() as conn:
            view = integration.show(conn)
            assert view is not None
            since = now() - timedelta(days=1)
            senders = [(use.sender, use.count) for use in attempts.recent_senders(conn, since)]
            refusals = attempts.refusals_since(conn, since)
            last = integration.last_arrival(conn)
            assert last == view.last_arrival
            return senders, refusals, last, sum(view.hourly)

    before = traffic()
    assert before[:2] == ([("zapier", 2)], {"INVALID_PHONE_FORMAT": 1})
    assert before[3] == 1
    tried = replay(store, ident, None, ANA).request_id
    mended = replay(store, ident, json.dumps(ada(phone=next_phone())), ANA).request_id
    assert traffic() == before
    with store.read() as conn:
        found = attempts.get(conn, ident)
    told = attempt_text(found.row, found, 80, "").plain.splitlines()
    said = {line.rpartition("(")[2].rstrip(")"): line[:10] for line in told}
    assert said[public("req", mended)] == "mended by "
    assert said[public("req", tried)] == "sent again"


def test_fields_can_be_given_to_either_doors_attempt(served: Served) -> None:
    store = served.store
    phone = next_phone()
    answer = hook(served, "name=Ada+Byron&phone=1&mobile=2", FORM)
    done = replay(store, attempt_of(served, answer).id, None, ANA, {"phone": phone})
    assert (done.outcome, done.sentence) == ("accepted", f"{phone} is taken in.")
    refused = served.put(served.body(mobile_phone="123"))
    phone = next_phone()
    done = replay(store, attempt_of(served, refused).id, None, ANA, {"mobile_phone": phone})
    assert done.outcome == "accepted"
    with pytest.raises(Refused, match="no field"):
        answer = hook(served, "a=b", FORM)
        replay(store, attempt_of(served, answer).id, None, ANA, {"shoe": "44"})


def test_what_is_refused_again_is_said_once(served: Served) -> None:
    assert served.put(served.body() | {"ip_address": "not recorded"}).status_code == 422
    with served.store.read() as conn:
        ident = conn.execute(select(_attempts.c.id)).scalar_one()
    still = replay(served.store, ident, None, ANA)
    assert still.sentence == "Still refused: Invalid field: ip_address."


def test_a_replay_passes_the_same_rules_as_a_request(served: Served) -> None:
    store, phone = served.store, next_phone()
    answer = hook(served, ada(phone="1"))
    ident = attempt_of(served, answer).id
    store.do(lambda conn: suppressions.add(conn, ANA, [phone]))
    assert replay(store, ident, json.dumps(ada(phone=phone)), ANA).code == "BLOCKED_NUMBER"
    store.do(lambda conn: integration.switch(conn, ANA, on=False))
    with pytest.raises(Refused, match="switched off"):
        replay(store, ident, None, ANA)
    with pytest.raises(NotFound):
        replay(store, 1, None, ANA)


def test_mapping_by_example_shows_the_values_and_tries_the_rules(served: Served) -> None:
    tools: LeadTools = ServerLeadTools()
    phone = next_phone()
    body = {"answers": [{"q": 1, "label": "Wem?", "value": "Ada Byron"}], "n": phone}
    row = attempt_of(served, hook(served, body))
    pairs = tools.pairs(row.body, row.media)
    assert [(pair.path, pair.label, pair.value) for pair in pairs] == [
        ("answers/Wem?", "Wem?", "Ada Byron"),
        ("answers/Wem?/q", "q", "1"),
        ("n", "n", phone),
    ]
    (tried,) = tools.try_rules(served.store, [], [row.id, 5])
    assert not tried.ok
    rules = [Rule("full_name", "answers/Wem?"), Rule("phone", "n")]
    (tried,) = tools.try_rules(served.store, rules, [row.id])
    assert (tried.ok, tried.first, tried.last, tried.phone) == (True, "Ada", "Byron", phone)


def test_what_the_door_refuses_for_another_reason_is_not_taken_in_by_rules(served: Served) -> None:
    row = attempt_of(served, hook(served, ada(phone=next_phone()) | {"consent": "no"}))
    (tried,) = ServerLeadTools().try_rules(served.store, [], [row.id])
    assert not tried.ok
    assert "consent" in tried.sentence
