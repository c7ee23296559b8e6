"""Two people at one store see where the other one looks."""

from __future__ import annotations

import asyncio

from storage.store import Store
from tests.factories import indexed, make_queued
from tests.screens.hand import Hand, at_desk
from tests.waiting import awake


def _row(hand: Hand) -> str:
    """The line of the contact under the cursor."""
    return next(line for line in hand.text.splitlines() if "▌" in line or "▏" in line)


async def test_who_looks_at_a_row_shows_on_it_and_in_the_profile(
    sqlite_store: Store, sqlite_url: str
) -> None:
    make_queued(sqlite_store, 4)
    async with at_desk(sqlite_url) as ana, at_desk(sqlite_url, actor="ben") as ben:
        first = ben.here.id
        await ana.until(lambda: "@be" in _row(ana), "ana does not see where ben's desk opened")
        painted = ana.table._painted
        await ben.press("j", "enter")
        began = awake()
        seen = ben.here.id
        await ana.until(lambda: "@be" not in _row(ana) and "@be" in ana.text)
        assert awake() - began < 3, "a second, and what a loaded machine adds"
        before, after = painted, ana.table._painted
        changed = [new for new, old in zip(after, before, strict=True) if new != old]
        assert [line[0].id for line in changed if line and line[0]] == [first, seen]
        await ana.press("j", "enter")
        await ana.until(lambda: "ben is looking at this contact" in ana.text)
        await ben.until(lambda: "ana is looking at this contact" in ben.text)
        await ben.press("k")
        await ana.until(lambda: "ben is looking" not in ana.text)


async def test_resting_on_a_row_is_enough_and_wakes_no_table(
    sqlite_store: Store, sqlite_url: str
) -> None:
    make_queued(sqlite_store, 4)
    async with at_desk(sqlite_url) as ana, at_desk(sqlite_url, actor="ben") as ben:
        # Filling the search index is a change.
        await ana.until(lambda: indexed(ana.store))
        await asyncio.sleep(0.3)
        with ana.store.read() as conn:
            seq = conn.exec_driver_sql("SELECT seq FROM store_state").scalar()
        await ben.press("j")
        await ana.until(lambda: "@be" in ana.text)
        with ana.store.read() as conn:
            assert conn.exec_driver_sql("SELECT seq FROM store_state").scalar() == seq


async def test_a_desk_that_was_closed_looks_at_nothing(
    sqlite_store: Store, sqlite_url: str
) -> None:
    make_queued(sqlite_store, 2)
    async with at_desk(sqlite_url) as ana:
        async with at_desk(sqlite_url, actor="[/x]\u202e\u2066") as eve:
            await eve.press("enter")
            await ana.until(lambda: "@" in _row(ana), "a hostile name is no name")
        await ana.until(lambda: "@" not in _row(ana))


async def test_the_help_explains_every_sign_in_the_rows(
    sqlite_store: Store, sqlite_url: str
) -> None:
    make_queued(sqlite_store, 1)
    async with at_desk(sqlite_url) as hand:
        for sign, said in (
            ("@", "Somebody else looks"),
            ("badge", "something to notice"),
            ("favorite of", "★"),
            ("mob/land", "mobile or landline"),
            ("unassigned", "No carrier is known"),
        ):
            await hand.press("question_mark")
            await hand.until(lambda: hand.dialog == "Help")
            await hand.type(sign)
            assert said in hand.text
            await hand.press("escape")


async def test_many_who_look_are_listed_and_nothing_touches_the_scrollbar(
    sqlite_store: Store, sqlite_url: str
) -> None:
    make_queued(sqlite_store, 1)
    async with at_desk(sqlite_url, size=(60, 20)) as hand:
        await hand.press("enter")
        await hand.until(lambda: hand.panel)
        panel = hand.contacts.panel
        assert panel is not None
        panel.others_look({hand.here.id: ("a" * 30, "b" * 19, "cy")})
        await hand.until(
            lambda: "and cy are looking at this contact" in " ".join(hand.panel.split())
        )
        assert f"{'a' * 30}, {'b' * 19}" in hand.panel
        assert max(map(len, hand.panel.splitlines())) < panel.room
