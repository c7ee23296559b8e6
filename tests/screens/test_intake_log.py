"""Activity > Intake log, with real keys."""

from __future__ import annotations

import asyncio
import json
import re

import pytest

from screens.attempt_text import MOST_SHOWN, readable, whole
from screens.contact_panel import ContactPanel
from screens.contacts import Contacts
from screens.field_picker import likely
from screens.intake_log import IntakeLog
from screens.mend import editable
from screens.navigation import ALL
from storage.ids import public
from storage.integration import show
from storage.store import Store
from tests.factories import lead, put, refuse, settle_all, switched_on
from tests.screens.hand import Hand, at_desk

HOSTILE = "[/x]\x1b[31m\u202eevil[@click=app.quit]pwn"


async def open_log(hand: Hand, rows: int) -> IntakeLog:
    await hand.desk.main.go("intake")
    log = hand.place
    assert isinstance(log, IntakeLog)
    await hand.until(lambda: len(log.table.visible_rows) == rows)
    return log


async def test_it_lists_what_came_and_what_became_of_it(
    sqlite_store: Store, sqlite_url: str
) -> None:
    switched_on(sqlite_store)
    put(sqlite_store, lead(first_name="Grace", last_name="Hopper"))
    refuse(sqlite_store)
    async with at_desk(sqlite_url) as hand:
        log = await open_log(hand, 2)
        assert "refused" in hand.text and "Missing required field: phone" in hand.text
        assert "MISSING" not in hand.text, "codes are for programs"
        assert "accepted" in hand.text and "Grace Hopper" in hand.text
        refuse(sqlite_store, reason="Another one")
        await hand.until(lambda: "Another one" in hand.text)
        assert log.attempt is not None and log.attempt.why == "Missing required field: phone"
        await hand.press("g")
        await hand.until(lambda: log.attempt and log.attempt.reason == "Another one")


async def test_filter_and_search_narrow_it_and_esc_lets_go(
    sqlite_store: Store, sqlite_url: str
) -> None:
    switched_on(sqlite_store)
    put(sqlite_store, lead(first_name="Grace", last_name="Hopper"), lead(first_name="Mary"))
    refuse(sqlite_store)
    async with at_desk(sqlite_url, size=(80, 24)) as hand:
        log = await open_log(hand, 3)
        await hand.press("f")
        await hand.until(lambda: hand.dialog == "AttemptFilter")
        await hand.type("zap")
        await hand.press("enter")
        await hand.until(lambda: len(log.table.visible_rows) == 1)
        assert hand.place.sentence == "Intake log, zapier"
        await hand.press("escape")
        await hand.until(lambda: len(log.table.visible_rows) == 3)
        await hand.press("/")
        await hand.type("hopper")
        await hand.until(lambda: [row.name for row in log.table.visible_rows] == ["Grace Hopper"])
        await hand.press("enter", "escape")
        await hand.until(lambda: len(log.table.visible_rows) == 3)
        await hand.press("/")
        await hand.type("nobody at all")
        await hand.until(lambda: "Nothing matches “nobody at all”." in hand.text)


async def test_an_open_attempt_shows_all_of_it_and_leads_to_its_contact(
    sqlite_store: Store, sqlite_url: str
) -> None:
    switched_on(sqlite_store)
    put(sqlite_store, lead(first_name="Grace", last_name="Hopper", body='{"a": {"b": 1}}'))
    settle_all(sqlite_store)
    async with at_desk(sqlite_url, size=(80, 24)) as hand:
        await open_log(hand, 1)
        await hand.press("enter")
        await hand.until(lambda: hand.dialog == "OpenAttempt" and '"b": 1' in hand.text)
        assert "request     req_" in hand.text
        await hand.press("o")
        await hand.until(lambda: not hand.dialog and hand.has_rows and hand.contacts.panel)
        assert hand.here.name == "Grace Hopper"


async def test_a_duplicate_says_which_request_came_before_it_and_what_to_do(
    sqlite_store: Store, sqlite_url: str
) -> None:
    switched_on(sqlite_store)
    first = lead(phone="+14155550123", first_name="Grace", last_name="Hopper")
    again = lead(phone="+14155550123")
    put(sqlite_store, first)
    settle_all(sqlite_store)
    put(sqlite_store, again)
    async with at_desk(sqlite_url, size=(120, 40)) as hand:
        await open_log(hand, 2)
        assert "Grace Hopper · Contact already opted in" in hand.text
        await hand.press("enter")
        await hand.until(lambda: hand.dialog == "OpenAttempt" and "opted in   " in hand.text)
        assert "why         Contact already opted in" in hand.text
        assert "what to do  Nothing: the person is known" in hand.text
        assert public("req", first.request_id) in hand.text
        await hand.press("o")
        await hand.until(lambda: not hand.dialog and hand.contacts.panel is not None)
        await hand.until(lambda: "opted in again" in hand.panel)
        assert public("req", again.request_id) in hand.panel
        await hand.press("w")
        await hand.until(lambda: hand.dialog == "WhereIs")
        await hand.type("(415) 555-0123")
        await hand.until(lambda: hand.choices and "opted in again once" in " ".join(hand.choices))


async def test_whom_the_list_has_reached_before_their_panel_is_made_is_shown(
    sqlite_store: Store, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    switched_on(sqlite_store)
    put(sqlite_store, lead(first_name="Grace", last_name="Hopper"))
    settle_all(sqlite_store)
    make_panel = Contacts.make_panel

    async def make_it_late(contacts: Contacts) -> ContactPanel:
        panel = await make_panel(contacts)
        while contacts.table.cursor_contact is None:
            await asyncio.sleep(0.01)
        # The list is told that the cursor has moved.
        await asyncio.sleep(0.1)
        return panel

    async with at_desk(sqlite_url, size=(120, 40)) as hand:
        await open_log(hand, 1)
        monkeypatch.setattr(Contacts, "make_panel", make_it_late)
        await hand.press("enter")
        await hand.until(lambda: hand.dialog == "OpenAttempt" and "contact" in hand.text)
        await hand.press("o")
        await hand.until(lambda: not hand.dialog and "Grace Hopper" in hand.panel)


async def test_whom_the_cursor_is_on_already_is_shown(sqlite_store: Store, sqlite_url: str) -> None:
    switched_on(sqlite_store)
    put(sqlite_store, lead(first_name="Grace", last_name="Hopper"))
    settle_all(sqlite_store)
    async with at_desk(sqlite_url, size=(120, 40)) as hand:
        await hand.desk.main.go(ALL)
        await hand.until(lambda: hand.has_rows and hand.names == ["Grace Hopper"])
        await open_log(hand, 1)
        await hand.press("enter")
        await hand.until(lambda: hand.dialog == "OpenAttempt" and "contact" in hand.text)
        await hand.press("o")
        await hand.until(lambda: not hand.dialog and "Grace Hopper" in hand.panel)


async def test_an_open_attempt_is_left_helped_with_and_searched_by_the_keys_of_the_desk(
    sqlite_store: Store, sqlite_url: str
) -> None:
    switched_on(sqlite_store)
    refuse(sqlite_store)
    async with at_desk(sqlite_url, size=(80, 24)) as hand:
        await open_log(hand, 1)
        await hand.press("enter")
        await hand.until(lambda: hand.dialog == "OpenAttempt")
        await hand.press("question_mark")
        await hand.until(lambda: hand.dialog == "Help" and "Help · Open attempt" in hand.text)
        await hand.press("f1")
        await hand.until(lambda: hand.dialog == "OpenAttempt")
        hand.burst("colon", "r", "e", "m")  # No letter of it sends again, mends or maps.
        await hand.until(lambda: hand.dialog == "Palette" and hand.typed == "rem")
        assert not hand.toasts
        await hand.press("escape")
        await hand.until(lambda: hand.dialog == "OpenAttempt")
        await hand.press("colon")
        await hand.type("mend")
        await hand.press("enter")
        await hand.until(lambda: hand.dialog == "Mend")
        await hand.press("escape", "q")
        await hand.until(lambda: not hand.dialog)
        assert isinstance(hand.place, IntakeLog)
        await hand.press("enter", "colon")
        await hand.type("go to all")
        await hand.press("enter")
        await hand.until(lambda: hand.has_rows and not hand.dialog)


async def test_a_refused_one_is_mended_and_becomes_a_contact(
    sqlite_store: Store, sqlite_url: str
) -> None:
    switched_on(sqlite_store)
    refuse(sqlite_store, body='{"first_name": "Ada", "last_name": "Byron", "phone": "12"}')
    async with at_desk(sqlite_url, size=(80, 24)) as hand:
        await open_log(hand, 1)
        await hand.press("r")
        await hand.until(lambda: hand.toasts)
        await hand.press("e")
        await hand.until(lambda: hand.dialog == "Mend")
        await hand.press("ctrl+r")
        await hand.until(lambda: "Still refused" in hand.text)
        # To the end of the phone, on the fourth line.
        await hand.press("down", "down", "down", "end", "left", "backspace", "backspace")
        await hand.press(*"+14155550123")
        await hand.press("ctrl+r")
        await hand.until(lambda: not hand.dialog)
        await hand.until(lambda: "Ada Byron" in hand.text)
        assert hand.toasts[-1]


async def test_mapping_by_example_is_tried_before_it_is_saved(
    sqlite_store: Store, sqlite_url: str
) -> None:
    switched_on(sqlite_store)
    refuse(sqlite_store)
    async with at_desk(sqlite_url, size=(80, 24)) as hand:
        await open_log(hand, 1)
        await hand.press("m")
        await hand.until(lambda: hand.dialog == "Mapping" and "Rückruf" in hand.text)
        await hand.until(lambda: "refused   " in hand.text)
        assert re.search("Ada +first_name +first name", hand.text)
        await hand.press("j", "j", "enter")
        await hand.until(lambda: hand.dialog == "FieldPicker")
        await hand.type("phone")
        await hand.press("enter")
        await hand.until(lambda: "taken in  Ada Byron, +14155550123" in hand.text)
        assert re.search("0123 +Rückruf +rule: phone", hand.text)
        with sqlite_store.read() as conn:
            before = show(conn)
        assert before is not None and before.rules == ()
        hand.burst("s", "s")  # The second answer closes nothing more.
        await hand.until(lambda: not hand.dialog)
        with sqlite_store.read() as conn:
            after = show(conn)
        assert after is not None
        assert [(rule.field, rule.path) for rule in after.rules] == [("phone", "Rückruf")]
        await hand.press("r")
        await hand.until(lambda: "Ada Byron" in hand.text)


@pytest.mark.parametrize("size", [(80, 24), (60, 20)])
async def test_fields_without_a_name_become_a_rule_and_a_contact_in_a_few_keys(
    sqlite_store: Store, sqlite_url: str, size: tuple[int, int]
) -> None:
    switched_on(sqlite_store)
    body = '{"value1": "Ada", "value2": "Byron", "value3": "(202) 555-0146"}'
    refuse(sqlite_store, body=body, sender="ifttt")
    async with at_desk(sqlite_url, size=size) as hand:
        await open_log(hand, 1)
        await hand.press("enter")
        await hand.until(
            lambda: "m shows Optdesk which value is what" in " ".join(hand.text.split())
        )
        await hand.press("m")
        await hand.until(lambda: hand.dialog == "Mapping" and "value3" in hand.text)
        for value, first in (
            ("Ada", "It is the first name"),
            ("Byron", "It is the last name"),
            ("(202) 555-0146", "It is the phone number"),
        ):
            await hand.press("enter")
            await hand.until(lambda: hand.dialog == "FieldPicker")
            assert f"What is “{value}”?" in hand.text
            assert re.search("It is [a-z ]+", hand.text)[0].strip() == first  # type: ignore[index]
            await hand.press("enter")
            await hand.until(lambda: hand.dialog == "Mapping")
        await hand.until(lambda: "taken in  Ada Byron, +12025550146" in hand.text)
        await hand.press("s")
        await hand.until(lambda: hand.dialog == "OpenAttempt")
        assert "The rules are in force." in hand.toasts[-1]
        await hand.press("r")
        await hand.until(lambda: "+12025550146 is taken in." in hand.toasts[-1])
        with sqlite_store.read() as conn:
            after = show(conn)
        assert after is not None
        assert {(rule.field, rule.path) for rule in after.rules} == {
            ("first_name", "value1"),
            ("last_name", "value2"),
            ("phone", "value3"),
        }


@pytest.mark.parametrize(
    ("value", "settled", "first"),
    [
        ("Ada", (), "first_name"),
        ("Byron", ("first_name",), "last_name"),
        ("Ada Byron", (), "full_name"),
        ("van Byron", ("first_name",), "last_name"),
        ("+1 (202) 555-0146", (), "phone"),
        ("12 Main Street", ("full_name",), ""),
        ("2025550146", ("phone",), ""),
    ],
)
def test_what_a_value_may_well_be_is_offered_first(
    value: str, settled: tuple[str, ...], first: str
) -> None:
    assert [*likely(value, settled), ""][0] == first


async def test_what_rules_make_of_requests_is_not_cut_on_a_narrow_screen(
    sqlite_store: Store, sqlite_url: str
) -> None:
    switched_on(sqlite_store)
    body = '{"name": "Ada Byron", "phone": "447911123456"}'
    for _ in range(8):
        refuse(sqlite_store, body=body, code="INVALID_PHONE_FORMAT")
    async with at_desk(sqlite_url, size=(60, 20)) as hand:
        await open_log(hand, 8)
        await hand.press("m")
        await hand.until(lambda: "On the last 6 requests: 0 taken in." in hand.text)
        assert "it names no" in hand.text
        assert re.search(r"country,\s+and is no number of US", hand.text)
        assert re.search("and [2-5] more", hand.text)
        assert re.search("447911123456 +phone +phone", hand.text)
        assert "save" in hand.text.splitlines()[-1]


async def test_only_what_makes_sense_is_offered(sqlite_store: Store, sqlite_url: str) -> None:
    switched_on(sqlite_store)
    put(sqlite_store, lead())
    async with at_desk(sqlite_url) as hand:
        await open_log(hand, 1)
        await hand.until(lambda: "contact" in hand.text.splitlines()[-1])
        assert "mend" not in hand.text.splitlines()[-1]
        await hand.press("r")
        assert "only refused ones are sent again" in hand.toasts[-1]


@pytest.mark.parametrize("ascii_too", ["", "1"])
async def test_nothing_that_a_stranger_wrote_is_obeyed(
    sqlite_store: Store, sqlite_url: str, monkeypatch: pytest.MonkeyPatch, ascii_too: str
) -> None:
    monkeypatch.setenv("OPTDESK_ASCII", ascii_too or "false")
    switched_on(sqlite_store)
    refuse(
        sqlite_store,
        reason=HOSTILE,
        user_agent=HOSTILE,
        sender="",
        body=json.dumps({HOSTILE: "[/x]"}, ensure_ascii=False).replace("\x1b", "\\u001b"),
        headers='{"[/x]\\u001b": "[@click=app.quit]"}',
    )
    async with at_desk(sqlite_url, size=(80, 24)) as hand:
        await open_log(hand, 1)
        for key, dialog in (("enter", "OpenAttempt"), ("e", "Mend"), ("m", "Mapping")):
            await hand.press(key)
            await hand.until(lambda dialog=dialog: hand.dialog == dialog)  # type: ignore[misc]
            await hand.pilot.pause(0.1)
            assert "[/x]" in hand.text
            assert not {"\x1b", "\u202e"} & set(hand.text)
            await hand.press("escape")
        await hand.press("f", "escape", "/")
        await hand.type("[/x]")
        await hand.pilot.pause(0.2)


def test_a_long_body_is_cut_where_nobody_reads_on() -> None:
    shown = whole("x" * (MOST_SHOWN + 7)).plain
    assert shown.endswith("\n(7 more characters)")
    assert len(whole("word " * 10_000).plain) > 49_000


def test_a_body_is_laid_out_only_where_it_is_json() -> None:
    assert readable('{"a":1}') == '{\n  "a": 1\n}'
    assert readable("a=1&b=2") == "a=1&b=2"
    assert readable("[" * 5000) == "[" * 5000
    assert readable("17") == "17"


def test_what_cannot_be_seen_stands_as_an_escape_while_it_is_edited() -> None:
    assert editable('{"a": "x\u202ey"}') == '{\n  "a": "x\\u202ey"\n}'


async def test_a_reason_that_is_cut_stands_whole_below_the_list(
    sqlite_store: Store, sqlite_url: str
) -> None:
    switched_on(sqlite_store)
    put(sqlite_store, lead(first_name="Somebody", last_name="with \x1b[31m[/x] a name this long"))
    settle_all(sqlite_store)
    async with at_desk(sqlite_url, size=(80, 24)) as hand:
        await open_log(hand, 1)
        await hand.until(lambda: "Somebody with ␛[31m[/x] a name this long" in hand.text)
        await hand.resize(200, 40)
        await hand.until(lambda: hand.text.count("a name this long") == 1)
