"""Integration, keys, numbers, groups, labels and the rest on the command line, on both stores."""

from __future__ import annotations

import pytest

from tests.app.conftest import Optdesk
from tests.factories import make_queued


def test_before_it_is_added_the_integration_is_none(optdesk: Optdesk):
    assert optdesk("integration", "show", "--json").json == {
        "status": "none",
        "url": None,
        "api_url": None,
    }
    assert "optdesk integration add" in optdesk("integration", "show").out
    assert optdesk("integration", "on").code == 1


def test_adding_it_makes_a_number_and_a_key_once(optdesk: Optdesk):
    added = optdesk("integration", "add", "--json", "--host", "::1", "--port", "9000").json
    assert added["status"] == "on"
    assert added["api_url"] == "http://[::1]:9000/v1/public/opt-in/"
    assert added["key"] in added["curl"]
    assert added["number_id"] in added["curl"]
    assert added["curl"].startswith("curl -X PUT http://[::1]:9000/v1/public/opt-in/")
    again = optdesk("integration", "add")
    assert (again.code, again.out) == (1, "")
    assert "There is an Opt-In API already" in again.err
    shown = optdesk("integration", "show", "--json").json
    assert "key" not in shown
    assert shown["number_id"] == added["number_id"]


def test_the_addresses_begin_with_the_public_base(optdesk: Optdesk, monkeypatch):
    monkeypatch.setenv("OPTDESK_PUBLIC_BASE_URL", "https://leads.example.com/")
    added = optdesk("integration", "add", "--json").json
    assert added["url"].startswith("https://leads.example.com/hooks/opt-in/")
    assert "https://leads.example.com/v1/public/opt-in/" in added["curl"]


def test_a_person_reads_the_whole_request(optdesk: Optdesk):
    out = optdesk("integration", "add", "--brand", "Juniper").out
    assert "The Opt-In API is on." in out
    assert "\ncurl -X PUT http://127.0.0.1:8765/v1/public/opt-in/ \\\n" in out
    assert "It is not shown again." in out


def test_it_is_switched_off_and_on(optdesk: Optdesk):
    optdesk("integration", "add")
    off = optdesk("integration", "off", "--json").json
    assert (off["status"], off["changed"]) == ("off", True)
    assert optdesk("integration", "off", "--json").json["changed"] is False
    assert optdesk("integration", "show", "--json").json["status"] == "off"
    assert optdesk("integration", "on").out == "The Opt-In API is now on.\n"


def test_a_key_is_shown_once(optdesk: Optdesk):
    made = optdesk("keys", "create", "web site", "--json").json
    assert set(made) == {"id", "key", "name"}
    answer = optdesk("keys", "list", "--json")
    assert [row["name"] for row in answer.rows] == ["web site"]
    assert made["key"] not in answer.out
    assert answer.rows[0]["hint"] == made["key"][-4:]
    assert optdesk("keys", "revoke", made["id"], "--yes", "--json").json["revoked_at"]
    assert optdesk("keys", "revoke", made["id"], "--yes").code == 1
    assert optdesk("keys", "revoke", "nonsense", "--yes").code == 1
    assert optdesk("keys", "create", "  ").code == 1


def test_a_key_for_people_can_be_piped(optdesk: Optdesk):
    made = optdesk("keys", "create", "web")
    assert made.out.count("\n") == 1
    assert len(made.out.strip()) == 36
    assert "not shown again" in made.err


def test_the_last_approved_number_stays_while_the_integration_is_on(optdesk: Optdesk):
    number = optdesk("integration", "add", "--json").json["number_id"]
    for verb in ("remove", "reject"):
        refused = optdesk("numbers", verb, number)
        assert refused.code == 1
        assert "last approved" in refused.err
    added = optdesk("numbers", "add", "+442079460000", "--id", "num_uk", "--name", "UK", "--json")
    assert (added.json["id"], added.json["status"]) == ("num_uk", "pending")
    assert optdesk("numbers", "remove", number).code == 1
    assert optdesk("numbers", "approve", "num_uk", "--json").json["status"] == "approved"
    assert optdesk("numbers", "remove", number, "--json").json["status"] == "removed"
    assert [row["id"] for row in optdesk("numbers", "list", "--json").rows] == ["num_uk"]
    optdesk("integration", "off")
    assert optdesk("numbers", "reject", "+442079460000").code == 0
    on = optdesk("integration", "on")
    assert on.code == 1
    assert "optdesk numbers approve num_uk" in on.err


@pytest.mark.parametrize("phone", ["4155550123", "+1 (415) 555-0123", "+14155550123; DROP"])
def test_a_number_is_written_in_e164(phone, optdesk: Optdesk):
    answer = optdesk("numbers", "add", phone)
    assert answer.code == 1
    assert "E.164" in answer.err


def test_groups_and_labels_are_named_once(optdesk: Optdesk):
    assert optdesk("groups", "create", "Spring  Sale", "--json").json["name"] == "Spring Sale"
    assert optdesk("groups", "create", "SPRING SALE").code == 1
    assert optdesk("labels", "create", "hot", "--colour", "red", "--json").json["colour"] == "red"
    assert optdesk("labels", "create", "cold", "--colour", "mauve").code == 1
    assert [row["name"] for row in optdesk("labels", "list", "--json").rows] == ["hot"]


def test_a_number_on_the_list_leaves_the_queue(store, optdesk: Optdesk):
    make_queued(store, 2)
    first = optdesk("contacts", "list", "--json").rows[0]
    done = optdesk("dnc", "add", first["phone"], first["phone"], "--reason", "asked", "--json")
    assert done.json["added"] == 1
    assert len(optdesk("contacts", "list", "--json").rows) == 1
    entry = optdesk("dnc", "list", "--json", "--as", "ana").rows[0]
    assert (entry["phone"], entry["source"], entry["reason"]) == (first["phone"], "staff", "asked")
    moved = optdesk("contacts", "move", "--to", "Spring", first["id"])
    assert moved.code == 1
    assert "suppressed (asked)" in moved.err
    assert optdesk("dnc", "add", "nonsense").code == 1


def test_the_gateway_plays_what_it_is_told(optdesk: Optdesk):
    told = optdesk("sms", "simulate", "+14155550123", "block", "--delay", "20", "--json").json
    assert told == {"phone": "+14155550123", "outcome": "block", "delay_ms": 20, "reply": ""}
    optdesk("sms", "simulate", "*", "landline")
    assert len(optdesk("sms", "list", "--json").rows) == 2
    assert optdesk("sms", "simulate", "+14155550123", "explode").code == 1
    assert optdesk("sms", "forget", "+14155550123").code == 0
    assert optdesk("sms", "forget", "+14155550123").code == 1


def test_the_store_is_checked_and_upgraded(store, optdesk: Optdesk):
    make_queued(store, 3)
    checked = optdesk("db", "check", "--json").json
    assert (checked["kind"], checked["consent_events"], checked["faults"]) == (store.kind, 3, [])
    assert optdesk("db", "upgrade").code == 0


def test_a_backup_is_a_store_with_the_same_contacts(sqlite_store, tmp_path, program: Optdesk):
    make_queued(sqlite_store, 3)
    target = tmp_path / "copy.db"
    made = program("db", "backup", str(target), "--json", "--store", sqlite_store.url).json
    assert made == {"backup": str(target)}
    assert target.stat().st_mode & 0o777 == 0o600
    assert len(program("contacts", "list", "--json", "--store", str(target)).rows) == 3
    assert program("db", "backup", str(target), "--store", sqlite_store.url).code == 1


def test_every_change_has_its_actor(store, optdesk: Optdesk, monkeypatch):
    make_queued(store, 1)
    monkeypatch.setenv("OPTDESK_AS", "ben")
    row = optdesk("contacts", "list", "--json").rows[0]["id"]
    optdesk("contacts", "star", row)
    optdesk("contacts", "move", row, "--to", "Spring", "--as", "ana")
    changes = optdesk("contacts", "show", row, "--json").json["changes"]
    assert [change["actor"] for change in changes] == ["ana", "ben"]


def test_settings_are_shown_with_their_origin(optdesk: Optdesk, monkeypatch):
    monkeypatch.setenv("OPTDESK_RATE_PER_KEY", "7")
    rows = {row["setting"]: row for row in optdesk("config", "--port", "9", "--json").rows}
    assert (rows["port"]["value"], rows["port"]["origin"]) == ("9", "--port")
    assert rows["rate_per_key"]["origin"] == "OPTDESK_RATE_PER_KEY"
    assert rows["store"]["origin"] == "--store"


def test_no_file_of_the_store_is_open_to_others(sqlite_store, program: Optdesk):
    make_queued(sqlite_store, 1)
    program("contacts", "star", "--view", "queue", "--store", sqlite_store.url)
    assert sqlite_store.path is not None
    for path in sqlite_store.path.parent.glob(f"{sqlite_store.path.name}*"):
        assert path.stat().st_mode & 0o077 == 0, path
