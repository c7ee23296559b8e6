"""Activity > Messages, with real keys."""

from __future__ import annotations

from datetime import timedelta

import pytest

from screens.texts import Texts
from storage import gateway_state, inbound, text_log
from storage.inbound import Inbound
from storage.messages import settle
from storage.store import Store
from storage.tables import Message
from storage.texts import Receipt
from storage.times import now
from storage.words import Stage, TextView
from tests.factories import claim_pending, lead, next_phone, put, settle_all, switched_on
from tests.screens.hand import Hand, at_desk

HOSTILE = "pls stop txting me [/x]\x1b[31m\u202eevil[@click=app.quit]pwn"


def texted(store: Store, phone: str, body: str) -> int:
    """A text that a person sent; its id."""
    text = Inbound("simulated", "", phone, "", body)
    found = store.do(lambda conn: inbound.receive(conn, text)).message_id
    assert found is not None
    return found


def queued(store: Store, name: str = "Grace") -> str:
    """A contact in the queue; its number."""
    phone = next_phone()
    put(store, lead(phone=phone, first_name=name, last_name="Hopper"))
    settle_all(store)
    return phone


def lost(store: Store) -> str:
    """A text whose answer was lost; its number."""
    phone = next_phone()
    put(store, lead(phone=phone, first_name="Ada", last_name="Byron"))

    def lose(conn: object) -> None:
        for text in claim_pending(conn, "t", 10):  # type: ignore[arg-type]
            settle(conn, [Receipt(text.message_id, "unknown", "", "the answer was lost")])  # type: ignore[arg-type]

    store.do(lose)
    return phone


async def open_texts(hand: Hand, rows: int) -> Texts:
    await hand.desk.main.go("messages")
    log = hand.place
    assert isinstance(log, Texts)
    await hand.until(lambda: len(log.table.visible_rows) == rows)
    return log


async def choose(hand: Hand, words: str) -> None:
    await hand.press("f")
    await hand.until(lambda: hand.dialog == "TextFilter")
    await hand.type(words)
    await hand.press("enter")
    await hand.until(lambda: not hand.dialog)


async def test_one_key_opts_a_look_alike_out(sqlite_store: Store, sqlite_url: str) -> None:
    switched_on(sqlite_store)
    phone = queued(sqlite_store)
    texted(sqlite_store, phone, HOSTILE)
    async with at_desk(sqlite_url, size=(80, 24)) as hand:
        await hand.until(lambda: "Messages ! 1" in hand.sidebar)
        log = await open_texts(hand, 2)
        assert "TO REVIEW" in hand.text and "\x1b" not in hand.text
        await choose(hand, "review")
        await hand.until(lambda: len(log.table.visible_rows) == 1)
        await hand.press("D")
        await hand.until(lambda: hand.toasts and "opted out" in hand.toasts[-1])
        await hand.until(
            lambda: "Messages" in hand.sidebar and "Opt-in queue 1" not in hand.sidebar
        )
        await hand.until(lambda: "Nothing waits for a judgement." in hand.text)
    with sqlite_store.read() as conn:
        assert text_log.page(conn, TextView("review"), limit=5).rows == ()


async def test_one_key_lets_a_look_alike_be(sqlite_store: Store, sqlite_url: str) -> None:
    switched_on(sqlite_store)
    texted(sqlite_store, queued(sqlite_store), "you cannot stop the music")
    async with at_desk(sqlite_url, size=(80, 24)) as hand:
        await open_texts(hand, 2)
        await hand.press("enter")
        await hand.until(
            lambda: hand.dialog == "OpenText" and "only a person can tell" in hand.text
        )
        hand.burst("colon", "d", "i")  # Found by name, not taken for a verdict.
        await hand.until(lambda: hand.dialog == "Palette" and hand.typed == "di")
        await hand.press("escape", "f1")
        await hand.until(lambda: hand.dialog == "Help")
        await hand.press("f1", "q")
        await hand.until(lambda: not hand.dialog)
        assert not hand.toasts
        await hand.press("enter")
        await hand.until(lambda: hand.dialog == "OpenText")
        await hand.press("i")
        await hand.until(lambda: hand.toasts and "stays opted in" in hand.toasts[-1])
        await hand.until(lambda: "no opt-out" in hand.text and "what to do" not in hand.text)
        await hand.until(lambda: "D opt out" not in hand.text, "a verdict is still offered")
        await hand.press("D")
        assert hand.toasts[-1] == "This text was dismissed already."
        await hand.press("o")
        await hand.until(lambda: not hand.dialog and hand.has_rows)
        assert hand.here.stage is Stage.QUEUED


async def test_a_text_of_unknown_fate_is_sent_again_only_after_asking(
    sqlite_store: Store, sqlite_url: str
) -> None:
    switched_on(sqlite_store)
    phone = lost(sqlite_store)
    async with at_desk(sqlite_url, size=(80, 24)) as hand:
        log = await open_texts(hand, 1)
        assert "UNKNOWN" in hand.text and "Messages ! 1" in hand.sidebar
        await hand.press("enter")
        await hand.until(
            lambda: "Look for the number at your provider" in " ".join(hand.text.split())
        )
        await hand.press("escape", "r")
        await hand.until(lambda: hand.dialog == "Confirm")
        await hand.press("enter")
        await hand.until(lambda: not hand.dialog)
        assert log.shown_text is not None and log.shown_text.status == "unknown"
        await hand.press("r")
        await hand.until(lambda: hand.dialog == "Confirm")
        await hand.press("right", "enter")
        await hand.until(lambda: f"The text to {phone} goes out again." in hand.toasts)
        await hand.until(lambda: log.shown_text and log.shown_text.status == "accepted")


async def test_a_text_that_the_provider_has_is_settled_without_sending_it_again(
    sqlite_store: Store, sqlite_url: str
) -> None:
    switched_on(sqlite_store)
    phone = lost(sqlite_store)
    async with at_desk(sqlite_url, size=(80, 24)) as hand:
        log = await open_texts(hand, 1)
        await hand.press("a")
        await hand.until(lambda: hand.dialog == "Confirm")
        await hand.press("right", "enter")
        await hand.until(lambda: f"Noted: the text to {phone} went out." in hand.toasts)
        await hand.until(lambda: log.shown_text and log.shown_text.status == "accepted")
        await hand.until(lambda: "Messages !" not in hand.sidebar)


async def test_who_waits_for_the_end_of_quiet_hours_waits_visibly(
    sqlite_store: Store, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPTDESK_QUIET_HOURS", "00:00-23:59")
    switched_on(sqlite_store)
    put(sqlite_store, lead(first_name="Mary"))
    later = now() + timedelta(hours=2)
    sqlite_store.do(
        lambda conn: conn.execute(Message.__table__.update().values(due_at=later))  # type: ignore[attr-defined]
    )
    async with at_desk(sqlite_url, size=(80, 24)) as hand:
        await open_texts(hand, 1)
        assert "waits " in hand.text
        await choose(hand, "waiting")
        await hand.until(lambda: "Messages, waiting" in hand.status)


async def test_a_gateway_in_trouble_is_told_in_status_line_and_banner(
    sqlite_store: Store, sqlite_url: str
) -> None:
    switched_on(sqlite_store)
    until = now() + timedelta(seconds=30)
    async with at_desk(sqlite_url, size=(80, 24)) as hand:
        sqlite_store.do(
            lambda conn: gateway_state.note(conn, "twilio", "open", "503 [/x] \x1b", until)
        )
        await hand.until(lambda: "! texts wait" in hand.status)
        assert "Texts are not going out since" in hand.text and "\x1b" not in hand.text
        sqlite_store.do(lambda conn: gateway_state.note(conn, "twilio", "closed"))
        await hand.until(lambda: "texts wait" not in hand.status)
        assert "not going out" not in hand.text


def test_pages_of_texts_go_both_ways_and_find_by_words_and_number(store: Store) -> None:
    switched_on(store)
    phone = queued(store, "Zoë")
    ids = [texted(store, phone, f"hello {n}") for n in range(6)]
    with store.read() as conn:
        first = text_log.page(conn, TextView("inbound"), limit=4)
        assert [row.id for row in first.rows] == ids[:1:-1] and first.on == ids[2]
        rest = text_log.page(conn, TextView("inbound"), before=first.on, limit=4)
        assert [row.id for row in rest.rows] == ids[1::-1] and rest.on is None
        newer = text_log.page(conn, TextView("inbound"), after=ids[2], limit=2)
        assert [row.id for row in newer.rows] == [ids[4], ids[3]] and newer.on == ids[4]
        found = text_log.page(conn, TextView("", "HELLO 3"), limit=4)
        assert [row.body for row in found.rows] == ["hello 3"]
        assert len(text_log.page(conn, TextView("", phone[-7:]), limit=9).rows) == 7
        assert len(text_log.page(conn, TextView("", "zoe"), limit=9).rows) == 7
        assert text_log.newest(conn) == ids[-1]
