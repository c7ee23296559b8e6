"""The page on managing the integration, step by step, on the command line and over HTTP.

The listener has the store open by itself; each command opens it anew, as another process does.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from storage import attempts, seats
from storage.integration import show
from storage.store import Store
from storage.words import AttemptView
from tests.app.conftest import Optdesk
from tests.factories import next_phone
from tests.server.served import Served, listening
from tests.waiting import PATIENCE, awake

AT_ONCE = 1.0
"""Seconds within which every process must follow."""


@pytest.fixture
def served(store: Store, optdesk: Optdesk) -> Iterator[Served]:
    """A listener in front of an integration that was added on the command line."""
    added = optdesk("integration", "add", "--json").json
    with listening(store) as url:
        yield Served(store, url, added["key"], added["number_id"])


def hook(served: Served, url: str) -> requests.Response:
    """Posts to a secret URL as it was printed, at the port that the listener really has."""
    path = url[url.index("/hooks/") :]
    body = {"first_name": "Ada", "last_name": "Byron", "phone": next_phone()}
    return served.session.post(served.url + path, json=body, timeout=PATIENCE)


def test_deactivating_stops_new_contacts_and_reactivating_takes_them_again(
    served: Served, optdesk: Optdesk
) -> None:
    assert served.put().status_code == 200
    off = optdesk("integration", "off", "--json", "--yes").json
    assert (off["status"], off["changed"]) == ("off", True)
    [sender] = off["senders"]
    assert sender["count"] == 1
    assert sender["when_off"]
    refused = served.put()
    assert (refused.status_code, refused.json()["error_code"]) == (503, "INTEGRATION_INACTIVE")
    assert len(optdesk("contacts", "list", "--view", "all", "--json").rows) == 1
    assert optdesk("integration", "on").out == "The Opt-In API is now on.\n"
    assert served.put().status_code == 200


def test_the_addresses_are_those_of_a_listener_that_runs(served: Served, optdesk: Optdesk) -> None:
    def base(*words: str) -> str:
        return str(optdesk("integration", "show", "--json", *words).json["url"]).split("/hooks/")[0]

    assert base() == "http://127.0.0.1:8765", "nobody is known to listen elsewhere"
    seat = served.store.do(lambda conn: seats.enter(conn, "serve", "", "http://0.0.0.0:9321"))
    assert base() == "http://127.0.0.1:9321"
    assert base("--port", "9000") == "http://127.0.0.1:9000", "what is named here counts"
    assert "127.0.0.1:9321/hooks/" in optdesk("integration", "regenerate", "--yes").out
    served.store.do(lambda conn: seats.enter(conn, "desk", "", "http://127.0.0.1:8765"))
    assert base() == "http://127.0.0.1:8765", "the configured one runs too"
    served.store.do(lambda conn: seats.leave(conn, seat))
    assert base() == "http://127.0.0.1:8765"


def test_switching_off_tells_what_each_sender_will_do(served: Served, optdesk: Optdesk) -> None:
    served.put(User_Agent="node-fetch/3")
    answer = optdesk("integration", "off", "--yes")
    assert answer.out == "The Opt-In API is now off.\n"
    [line] = answer.err.splitlines()
    title, _, fate = line.partition(": ")
    assert title.removeprefix("Sender of the last 7 days, ") not in ("", title)
    assert fate


def test_a_regenerated_url_is_dead_at_once_and_after_a_restart(
    served: Served, store: Store, optdesk: Optdesk
) -> None:
    old = optdesk("integration", "show", "--json").json["url"]
    answer = optdesk("integration", "regenerate", "--yes")
    began = awake()
    dead = hook(served, old)
    assert awake() - began < AT_ONCE
    assert (dead.status_code, dead.json()["error_code"]) == (410, "URL_REGENERATED")
    new = optdesk("integration", "show", "--json").json["url"]
    assert new != old
    assert f"The new URL is {new}\n" in answer.out
    assert "update your integration tool (Zapier, Make, Facebook Lead Ads, etc.)" in answer.out
    assert hook(served, new).status_code != 410
    with listening(store) as url:
        again = Served(store, url, served.key, served.number_id)
        assert hook(again, old).json()["error_code"] == "URL_REGENERATED"
    token = old.rsplit("/", 1)[1]
    with store.read() as conn:
        rows = conn.exec_driver_sql("SELECT * FROM changes").all()
    assert token not in repr(rows)


def test_deleting_keeps_the_contacts_and_a_fresh_one_can_be_added(
    served: Served, optdesk: Optdesk
) -> None:
    assert served.put().status_code == 200
    old = optdesk("integration", "show", "--json").json["url"]
    gone = optdesk("integration", "delete", "--yes", "--json").json
    assert (gone["status"], gone["url"], gone["deleted"]) == ("none", None, True)
    assert hook(served, old).json()["error_code"] == "INTEGRATION_DELETED"
    assert served.put().json()["error_code"] == "INTEGRATION_NOT_FOUND"
    assert len(optdesk("contacts", "list", "--view", "all", "--json").rows) == 1
    fresh = optdesk("integration", "add", "--json").json
    assert fresh["url"] != old
    assert served.put().status_code == 200, "the key and the number stayed"
    assert hook(served, old).json()["error_code"] == "INTEGRATION_DELETED"
    assert optdesk("integration", "delete").code == 2, "nobody was there to ask"


def test_the_last_approved_number_is_needed_while_it_is_on(
    served: Served, optdesk: Optdesk
) -> None:
    refused = optdesk("numbers", "remove", served.number_id)
    assert refused.code == 1
    assert served.number_id in refused.err
    assert "optdesk integration off" in refused.err
    optdesk("integration", "off", "--yes")
    assert optdesk("numbers", "remove", served.number_id).code == 0
    assert "Approve one first" in optdesk("integration", "on").err


def test_leads_that_stopped_after_a_reset_are_explained_by_the_doctor(
    served: Served, optdesk: Optdesk
) -> None:
    old = optdesk("integration", "show", "--json").json["url"]
    optdesk("integration", "regenerate", "--yes")
    hook(served, old)
    port = str(served.address[1])
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        answer = optdesk("doctor", "--json", "--port", port)
        found = {each["check"]: each for each in json.loads(answer.out)["checks"]}
        if found["old URL"]["state"] != "ok":
            break
    assert answer.code == 1
    assert "An old URL was used once" in found["old URL"]["says"]
    assert "optdesk integration show --reveal" in found["old URL"]["next_step"]


def test_the_secret_url_is_masked_until_it_is_revealed(served: Served, optdesk: Optdesk) -> None:
    url = optdesk("integration", "show", "--json").json["url"]
    token = url.rsplit("/", 1)[1]
    assert token not in optdesk("integration", "show").out
    assert f"/********{token[-4:]}" in optdesk("integration", "show").out
    assert url in optdesk("integration", "show", "--reveal").out
    assert token not in optdesk("integration", "edit", "--brand", "Juniper").out


def test_editing_is_in_force_and_refuses_what_makes_no_sense(
    served: Served, store: Store, optdesk: Optdesk
) -> None:
    edited = optdesk(
        *("integration", "edit", "--brand", "Juniper", "--region", "gb"),
        *("--redirect", "https://example.com/thanks", "--json"),
    ).json
    assert (edited["brand"], edited["default_region"]) == ("Juniper", "GB")
    assert edited["redirect"] == "https://example.com/thanks"
    assert optdesk("integration", "edit", "--region", "XX").code == 1
    assert optdesk("integration", "edit", "--redirect", "ftp://x").code == 1
    assert optdesk("integration", "edit").code == 2
    with store.read() as conn:
        view = show(conn)
    assert view is not None and view.brand == "Juniper"


def test_a_refused_lead_is_found_in_the_intake_log_with_what_to_do(
    served: Served, optdesk: Optdesk
) -> None:
    note = "\x1b[31mred\nOutcome:   accepted"
    body: dict[str, Any] = served.body(mobile_phone="415 555", note=note)
    refused = served.put(body)
    assert refused.status_code == 400
    request_id = refused.json()["request_id"]
    served.put()
    [row] = optdesk("attempts", "list", "--outcome", "refused", "--json").rows
    assert (row["request_id"], row["code"]) == (request_id, "INVALID_PHONE_FORMAT")
    assert len(optdesk("attempts", "list", "--json").rows) == 2
    assert [
        each["request_id"]
        for each in optdesk("attempts", "list", "--search", request_id, "--json").rows
    ] == [request_id]
    shown = optdesk("attempts", "show", request_id)
    assert "E.164" in shown.out
    assert "\x1b" not in shown.out
    assert "\nOutcome:   accepted" not in shown.out
    assert served.key not in shown.out
    whole = optdesk("attempts", "show", request_id, "--json").json
    assert whole["body"] == json.dumps(body)
    assert whole["next_step"]
    assert optdesk("attempts", "show", "req_0000000000000001").code == 1
    assert optdesk("attempts", "show", "nonsense").code == 1
    assert optdesk("attempts", "list", "--outcome", "lost").code == 2


def test_a_change_made_on_the_command_line_is_recorded_with_its_actor(
    served: Served, store: Store, optdesk: Optdesk
) -> None:
    optdesk("integration", "regenerate", "--yes", "--as", "bea")
    with store.read() as conn:
        row = conn.exec_driver_sql("SELECT actor, verb FROM changes ORDER BY id DESC").first()
    assert row is not None
    assert tuple(row) == ("bea", "integration.regenerate")
    with store.read() as conn:
        assert attempts.page(conn, AttemptView()).rows == ()
