"""The evidence of consent, compliance texts and double opt-in, with real keys."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine

from storage import compliance, double_opt_in, integration
from storage.store import Store
from storage.times import now
from storage.words import Actor
from tests.factories import lead, make_queued, put, settle_all, switched_on
from tests.screens.hand import at_desk

ANA = Actor.person("ana")
HOSTILE = "[/x]\x1b[31m\u202eevil[@click=app.quit]pwn"


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where evidence is written."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data" / "optdesk" / "evidence"


async def test_one_key_shows_the_evidence_and_one_writes_it_for_this_user_alone(
    sqlite_store: Store, sqlite_url: str, own_folder: Path
) -> None:
    switched_on(sqlite_store)
    put(sqlite_store, lead(first_name="Grace", evidence={"user_agent": HOSTILE, "peer": "::1"}))
    settle_all(sqlite_store)
    async with at_desk(sqlite_url, size=(80, 24)) as hand:
        await hand.press("W")
        await hand.until(lambda: len(list(own_folder.glob("*"))) == 2)
        await hand.until(lambda: any("consent-con_" in toast for toast in hand.toasts))
        await hand.press("E")
        await hand.until(lambda: hand.dialog == "OpenReceipt" and "Ledger at" in hand.text)
        assert "[/x]" in hand.text and "\x1b" not in hand.text and "\u202e" not in hand.text
        text, data = sorted(own_folder.iterdir(), key=lambda path: path.suffix, reverse=True)
        assert {path.stat().st_mode & 0o777 for path in (text, data)} == {0o600}
        assert own_folder.stat().st_mode & 0o777 == 0o700
        made = json.loads(data.read_text("utf-8"))
        assert made["ledger"]["head"] in text.read_text("utf-8")
        assert made["events"][0]["said"]["user_agent"] == HOSTILE
        await hand.press("colon")
        await hand.type("go to campaigns")
        await hand.press("enter")
        await hand.until(lambda: not hand.dialog and hand.place.sentence == "Campaigns")


async def test_the_palette_verifies_the_ledger_and_names_what_was_changed(
    sqlite_store: Store, sqlite_url: str
) -> None:
    make_queued(sqlite_store, 3)
    async with at_desk(sqlite_url, size=(80, 24)) as hand:
        await hand.press(":")
        await hand.type("verify")
        await hand.press("enter")
        await hand.until(lambda: "All 3 consent events are whole and in order." in hand.text)
        await hand.press("escape")
        sqlite_store.do(
            lambda conn: conn.exec_driver_sql(
                "UPDATE consent_events SET evidence = '{}' WHERE seq = 2"
            )
        )
        await hand.press(":")
        await hand.type("verify")
        await hand.press("enter")
        await hand.until(lambda: "the evidence of event 2 was changed" in hand.text)


async def test_a_compliance_text_is_shown_as_it_is_typed_and_its_lack_is_named(
    sqlite_store: Store, sqlite_url: str
) -> None:
    made = switched_on(sqlite_store)
    async with at_desk(sqlite_url, size=(60, 20)) as hand:
        await hand.desk.main.go("numbers")
        await hand.until(lambda: "approved" in hand.text)
        await hand.press("t")
        await hand.until(lambda: hand.dialog == "ComplianceText")
        await hand.type("Juniper")
        await hand.until(lambda: "Juniper: You are subscribed" in hand.text)
        assert "1 segment" in hand.text and "all that the law asks for" in hand.text
        await hand.press("down", "down", "down")
        await hand.type("{brand} hi ё")
        await hand.until(lambda: "UCS-2" in hand.text and "It lacks: program" in hand.text)
        await hand.press("enter", "enter")
        await hand.until(
            lambda: (
                "Switch the Opt-In API off first" in " ".join(hand.text.replace("│", " ").split())
            )
        )
        await hand.press("up", *["backspace"] * 12, "enter", "enter")
        await hand.until(lambda: not hand.dialog)
    with sqlite_store.read() as conn:
        assert compliance.show(conn, made.number_id).text.startswith("Juniper: You are")


@pytest.mark.parametrize("size", [(60, 20), (40, 12), (30, 10)])
async def test_the_keys_and_the_line_of_a_compliance_text_stay_in_sight(
    sqlite_store: Store, sqlite_url: str, size: tuple[int, int]
) -> None:
    switched_on(sqlite_store)
    async with at_desk(sqlite_url, size=(120, 40)) as hand:
        await hand.desk.main.go("numbers")
        await hand.until(lambda: "approved" in hand.text)
        await hand.press("t")
        await hand.until(lambda: hand.dialog == "ComplianceText")
        await hand.press("down", "down", "down")
        await hand.type("Hello {brand}")
        await hand.resize(*size)
        await hand.until(lambda: "Hello {brand}" in hand.text and "enter next" in hand.text)
        await hand.press("enter", "enter")
        await hand.until(lambda: "The text would lack" in hand.text)
        await hand.until(lambda: "enter save" in hand.text and "the usual one" in hand.text)


async def test_double_opt_in_is_switched_with_its_time(
    sqlite_store: Store, sqlite_url: str
) -> None:
    switched_on(sqlite_store)
    async with at_desk(sqlite_url, size=(80, 24)) as hand:
        await hand.desk.main.go("integrations")
        await hand.until(lambda: "API on" in hand.status)

        async def choose(words: str) -> None:
            await hand.press("o")
            await hand.until(lambda: hand.dialog == "DoubleOptIn")
            await hand.type(words)
            await hand.press("enter")
            await hand.until(lambda: not hand.dialog)

        await choose("36")
        await hand.until(lambda: any("within 36 hours" in toast for toast in hand.toasts))
        await hand.until(lambda: "waits 36 hours for it" in hand.text)
        with sqlite_store.read() as conn:
            assert double_opt_in.show(conn) == (True, 36)
            shown = integration.show(conn)
        assert shown is not None and shown.active
        await choose("1")
        await hand.until(lambda: "within 1 hour." in hand.toasts[-1])
        await choose("off")
        await hand.until(lambda: "Double opt-in is off" in hand.toasts[-1])
        with sqlite_store.read() as conn:
            assert double_opt_in.show(conn)[0] is False
        await choose("9999")
        await hand.until(lambda: "can be waited for 1 to 720 hours" in hand.toasts[-1])


async def test_who_waits_for_a_yes_and_who_never_gave_it_are_told_apart(
    sqlite_store: Store, sqlite_url: str
) -> None:
    switched_on(sqlite_store)
    sqlite_store.do(lambda conn: double_opt_in.switch(conn, ANA, on=True, hours=2))
    put(sqlite_store, lead(first_name="Grace"))
    settle_all(sqlite_store)
    async with at_desk(sqlite_url, size=(120, 40)) as hand:
        await hand.desk.main.go("all")
        await hand.until(lambda: "awaits YES" in hand.text)
        await hand.press("enter")
        await hand.until(lambda: "has not answered YES yet" in " ".join(hand.panel.split()))
        with time_machine.travel(now() + timedelta(hours=3)):
            assert sqlite_store.do(double_opt_in.expire) == 1
        await hand.until(lambda: "did not answer YES in time" in " ".join(hand.panel.split()))
