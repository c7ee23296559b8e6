"""`optdesk webhooks`, on both kinds of store."""

from __future__ import annotations

import pytest

from tests.app.conftest import Optdesk

URL = "https://example.com/hook"


def test_a_secret_is_shown_once_and_never_again(optdesk: Optdesk) -> None:
    made = optdesk("webhooks", "add", URL, "--json").json
    assert made["secret"].startswith("whsec_")
    assert made["events"] == ["sms.opted_in", "sms.opted_out", "sms.opt_in_failed"]
    new = optdesk("webhooks", "rotate", made["id"], "--json").json
    assert new["secret"] not in ("", made["secret"])
    assert new["old_secret_until"]
    listed = optdesk("webhooks", "list", "--json")
    assert listed.rows[0]["url"] == URL
    assert "whsec_" not in listed.out + optdesk("webhooks", "list").out


def test_an_endpoint_is_edited_disabled_enabled_and_removed(optdesk: Optdesk) -> None:
    ident = optdesk("webhooks", "add", URL, "--event", "sms.opted_out", "--json").json["id"]
    changed = optdesk("webhooks", "edit", URL, "--seed-body", "--url", URL + "/2", "--json").json
    assert (changed["seed_body"], changed["url"]) == (True, URL + "/2")
    assert changed["events"] == ["sms.opted_out"]
    assert optdesk("webhooks", "disable", ident, "--json").json["active"] is False
    refused = optdesk("webhooks", "test", ident)
    assert refused.code == 1
    assert "enable" in refused.err
    assert optdesk("webhooks", "enable", ident, "--json").json["active"] is True
    assert optdesk("webhooks", "remove", ident).code == 2
    assert optdesk("webhooks", "remove", ident, "--yes", "--json").json["active"] is False
    assert optdesk("webhooks", "list", "--json").rows == []


def test_a_test_without_anybody_to_deliver_it_says_so(optdesk: Optdesk) -> None:
    ident = optdesk("webhooks", "add", URL, "--json").json["id"]
    answer = optdesk("webhooks", "test", ident, "--wait", "0")
    assert answer.code == 1
    assert "serve" in answer.out
    [row] = optdesk("webhooks", "deliveries", "--json").rows
    assert (row["event"], row["status"]) == ("sms.test", "pending")
    shown = optdesk("webhooks", "show", row["id"], "--json").json
    assert '"event": "sms.test"' in shown["request"]
    assert optdesk("webhooks", "replay", row["id"]).code == 1
    assert optdesk("webhooks", "replay", ident, "--since", "2026-01-01", "--json").json == {
        "replayed": 0
    }


def test_what_cannot_be_understood_is_said(optdesk: Optdesk) -> None:
    assert optdesk("webhooks", "add", "nonsense").code == 1
    assert optdesk("webhooks", "add", URL, "--event", "sms.nonsense").code == 1
    optdesk("webhooks", "add", URL)
    assert optdesk("webhooks", "show", "end_1").code == 1
    assert optdesk("webhooks", "replay", URL).code == 2
    assert optdesk("webhooks", "replay", URL, "--since", "yesterday").code == 2
    assert optdesk("webhooks", "deliveries", "--status", "nonsense").code == 2


def test_an_inside_address_is_warned_of_unless_it_is_allowed(
    optdesk: Optdesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    warned = optdesk("webhooks", "add", "http://127.0.0.1:9000/hook")
    assert warned.code == 0
    said = " ".join((warned.out + warned.err).split())
    assert "127.0.0.1 is an inside address" in said
    assert "webhook_allow" in said
    assert "inside" not in optdesk("webhooks", "add", URL).err
    monkeypatch.setenv("OPTDESK_WEBHOOK_ALLOW", "127.0.0.0/8")
    assert "inside" not in optdesk("webhooks", "add", "http://127.0.0.1:9001/").err
