"""Campaigns with real keys: made, fed by groups, switched; queued contacts are moved first."""

from __future__ import annotations

from typing import Any

import pytest

from screens.campaigns import Campaigns
from screens.row_list import RowList
from screens.rows_place import Column, widths_of
from storage import campaigns, deleting_campaigns
from storage.acts import Move
from storage.bulk import perform
from storage.campaign_acts import add
from storage.store import Store
from storage.words import Actor, Outcome, Target
from tests.screens.hand import Hand, at_desk
from tests.screens.test_queue import BO, fill, group
from tests.waiting import PATIENCE

HOSTILE = "[/x][@click=app.quit]"


def eligible(store: Store, name: str) -> int:
    with store.read() as conn:
        return campaigns.eligible(conn, campaigns.find(conn, name))


async def to_campaigns(hand: Hand) -> None:
    await hand.desk.main.go("campaigns")
    assert isinstance(hand.place, Campaigns)


def test_columns_give_what_they_do_not_need_to_one_that_lacks_room() -> None:
    columns = (
        Column("Name", 22),
        Column("State", 10),
        Column("Draws on"),
        Column("ID", 20, goes=1),
    )
    assert widths_of(columns, 55, (12, 6, 24, 20)) == [17, 10, 24, 0]
    assert widths_of(columns, 55, (22, 10, 24, 20)) == [22, 10, 19, 0]
    assert widths_of(columns, 100, (12, 6, 24, 20)) == widths_of(columns, 100)


async def test_a_campaign_is_made_draws_on_a_group_and_is_activated(
    sqlite_store: Store, sqlite_url: str
) -> None:
    [ada] = fill(sqlite_store, "Ada")
    perform(sqlite_store, BO, Move(group(sqlite_store, HOSTILE)), Target(ids=(ada,)))
    async with at_desk(sqlite_url) as hand:
        await to_campaigns(hand)
        await hand.until(lambda: "No campaign yet." in hand.text and "a creates one." in hand.text)
        await hand.press("a")
        await hand.type("May offer")
        await hand.press("enter")
        await hand.until(lambda: "no group yet" in hand.text)
        await hand.press("m")
        await hand.until(lambda: hand.dialog == "Draws")
        assert hand.choices == [f"[ ] {HOSTILE} 1"]
        await hand.press("enter")
        await hand.until(lambda: HOSTILE[:20] in hand.text)
        await hand.press("space")
        await hand.until(lambda: hand.toasts[-1] == "“May offer” is active. u undoes it")
        assert eligible(sqlite_store, "May offer") == 1
        await hand.press("u")
        await hand.until(lambda: hand.toasts[-1] == "Undid: activate campaign “May offer”.")
        assert eligible(sqlite_store, "May offer") == 1
        await hand.press("U")
        await hand.until(lambda: "Did again: activate campaign “May offer”." in hand.toasts)
        await hand.desk.main.go("all")
        await hand.until(lambda: hand.has_rows)
        await hand.press("enter")
        await hand.until(lambda: "May offer (active)" in hand.text)
        await hand.press("escape", "]")
        await hand.until(lambda: "campaigns: May offer (active)" in hand.text)


async def test_groups_are_ticked_and_unticked_before_a_campaign_draws_on_all_of_them_at_once(
    sqlite_store: Store, sqlite_url: str
) -> None:
    first, second, third = (group(sqlite_store, name) for name in ("April", HOSTILE, "May"))
    offer = sqlite_store.do(lambda conn: campaigns.create(conn, BO, "Offer"))
    sqlite_store.do(lambda conn: campaigns.attach(conn, BO, offer, first))

    def drawn() -> set[int]:
        with sqlite_store.read() as conn:
            return {each.id for each in campaigns.find(conn, "Offer").groups}

    async with at_desk(sqlite_url) as hand:
        await to_campaigns(hand)
        await hand.until(lambda: "Offer" in hand.text)
        await hand.press("m")
        await hand.until(lambda: hand.dialog == "Draws")
        await hand.press("tab", "down", "tab", "tab", "tab", "down", "tab")
        assert [choice[:3] for choice in hand.choices] == ["[x]", "[ ]", "[x]"]
        assert hand.dialog == "Draws"
        assert drawn() == {first}
        await hand.press("enter")
        said = "“Offer” draws on 2 groups now and on that group no longer. u undoes one after"
        await hand.until(lambda: any(said in toast for toast in hand.toasts))
        assert drawn() == {second, third}
        await hand.press("u", "u", "u")
        await hand.until(lambda: drawn() == {first})


async def test_the_cursor_stands_on_a_campaign_that_was_just_made(
    sqlite_store: Store, sqlite_url: str
) -> None:
    old = sqlite_store.do(lambda conn: campaigns.create(conn, BO, "Running"))
    sqlite_store.do(lambda conn: campaigns.switch(conn, BO, old, True))
    async with at_desk(sqlite_url) as hand:
        await to_campaigns(hand)
        await hand.until(lambda: "Running" in hand.text)
        await hand.press("a")
        await hand.type("May offer")
        await hand.press("enter")
        rows = hand.place.query_one(RowList)
        await hand.until(lambda: not hand.dialog and rows.key != old.public_id)
        new = rows.key
        await hand.press("space")
        await hand.until(lambda: hand.toasts[-1] == "“May offer” is active. u undoes it")
        with sqlite_store.read() as conn:
            assert campaigns.find(conn, "Running").active
        await hand.press("g")
        assert rows.key == old.public_id
        await hand.press("G")
        assert rows.key == new
        await hand.press("tab", "G")
        assert hand.desk.main.sidebar.cursor == "keys"
        await hand.press("g")
        assert hand.desk.main.sidebar.cursor == "all"


async def test_the_cursor_goes_to_a_new_campaign_also_where_it_was_listed_before_it_is_told_of(
    sqlite_store: Store, sqlite_url: str
) -> None:
    for name in ("Running", "May offer"):
        sqlite_store.do(lambda conn, n=name: campaigns.create(conn, BO, n))  # type: ignore[misc]
    async with at_desk(sqlite_url) as hand:
        await to_campaigns(hand)
        await hand.until(lambda: "May offer" in hand.text)
        place = hand.place
        assert isinstance(place, Campaigns)
        rows = place.query_one(RowList)
        other = next(each for each in place._shown if each.key != rows.key)
        place.show_new(other)
        assert rows.key == other.key


async def test_a_campaign_is_renamed_and_deleted_and_comes_back(
    sqlite_store: Store, sqlite_url: str
) -> None:
    old = sqlite_store.do(lambda conn: campaigns.create(conn, BO, "Running"))
    sqlite_store.do(lambda conn: campaigns.switch(conn, BO, old, True))
    async with at_desk(sqlite_url) as hand:
        await to_campaigns(hand)
        await hand.until(lambda: "Running" in hand.text)
        await hand.press("d")
        await hand.until(lambda: "is active: only one that is not active" in hand.toasts[-1])
        await hand.press("space", "e")
        await hand.until(lambda: hand.dialog == "Ask")
        await hand.press("ctrl+u")
        await hand.type(HOSTILE)
        await hand.press("enter")
        await hand.until(lambda: not hand.dialog and HOSTILE[:20] in hand.text)
        await hand.press("d")
        await hand.until(lambda: "No campaign yet." in hand.text)
        assert hand.toasts[-1] == f"The campaign “{HOSTILE}” was deleted. u undoes it"
        await hand.press("u")
        await hand.until(lambda: HOSTILE[:20] in hand.text and "No campaign" not in hand.text)


async def test_deleting_a_large_campaign_shows_how_far_it_is_and_can_be_stopped(
    sqlite_store: Store, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqlite_store.do(lambda conn: campaigns.create(conn, BO, "May offer"))

    def slow(_store: Store, _who: Actor, _ident: int, **told: Any) -> Outcome:
        told["progress"](40, 100)
        assert told["cancel"].wait(PATIENCE)
        return Outcome(40, cancelled=True)

    monkeypatch.setattr(deleting_campaigns, "delete", slow)
    async with at_desk(sqlite_url) as hand:
        await to_campaigns(hand)
        await hand.until(lambda: "May offer" in hand.text)
        await hand.press("d")
        await hand.until(lambda: "delete “May offer”" in hand.text and "40" in hand.text)
        await hand.press("d")
        await hand.until(lambda: hand.toasts[-1:] == ["Still busy: delete “May offer”."])
        await hand.press("escape")
        await hand.until(lambda: "stays; 40 contacts were taken out of it." in hand.toasts[-1])
        await hand.until(lambda: "delete “May offer”" not in hand.text)


async def test_a_queued_contact_is_refused_and_moving_it_first_is_offered(
    sqlite_store: Store, sqlite_url: str
) -> None:
    fill(sqlite_store, "Ada")
    spring = group(sqlite_store, "Spring")
    sqlite_store.do(lambda conn: campaigns.create(conn, BO, "May offer"))
    async with at_desk(sqlite_url) as hand:
        await hand.press("p")
        await hand.until(lambda: hand.dialog == "ToCampaign")
        await hand.press("enter")
        await hand.until(lambda: hand.dialog == "Confirm")
        assert "Contacts sitting in the Opt-in queue cannot be added" in hand.text
        await hand.press("right", "enter")
        await hand.until(lambda: hand.dialog == "MoveTo")
        await hand.press("enter")
        await hand.until(lambda: hand.names == [])
        await hand.desk.main.go(f"group:{spring}")
        await hand.until(lambda: hand.names == ["Ada"])
        await hand.press("p")
        await hand.until(lambda: hand.dialog == "ToCampaign")
        await hand.press("enter")
        await hand.until(
            lambda: hand.toasts[-1].startswith("Added Ada to the campaign “May offer”.")
        )
        assert eligible(sqlite_store, "May offer") == 1
        await hand.press("p")
        await hand.until(lambda: hand.dialog == "ToCampaign")
        assert hand.choices == ["Take out of “May offer” 1 in it by hand"]
        await hand.press("enter")
        await hand.until(
            lambda: hand.toasts[-1].startswith("Took Ada out of the campaign “May offer”.")
        )
        assert eligible(sqlite_store, "May offer") == 0
        await hand.press("u")
        await hand.until(lambda: hand.toasts[-1].startswith("Undid: take Ada out of"))
        assert eligible(sqlite_store, "May offer") == 1


async def test_taking_out_says_so_where_the_group_still_brings_a_contact_in(
    sqlite_store: Store, sqlite_url: str
) -> None:
    [ada] = fill(sqlite_store, "Ada")
    spring = group(sqlite_store, "Spring")
    perform(sqlite_store, BO, Move(spring), Target(ids=(ada,)))
    offer = sqlite_store.do(lambda conn: campaigns.create(conn, BO, "May offer"))
    sqlite_store.do(lambda conn: campaigns.attach(conn, BO, offer, spring))
    add(sqlite_store, BO, offer.id, Target(ids=(ada,)))
    async with at_desk(sqlite_url) as hand:
        await hand.desk.main.go("all")
        await hand.until(lambda: hand.names == ["Ada"])
        await hand.press("p")
        await hand.until(lambda: hand.dialog == "ToCampaign")
        await hand.press("enter")
        await hand.until(lambda: hand.toasts)
        assert hand.toasts[-1].startswith(
            "Took Ada out of the campaign “May offer”; its group “Spring” still brings it in."
        )
        assert eligible(sqlite_store, "May offer") == 1
