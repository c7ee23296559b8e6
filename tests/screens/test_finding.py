"""Finding with real keys: suggestions of the search line, and views on the number keys."""

from __future__ import annotations

import pytest
from textual import events
from textual.widgets import OptionList

from screens.completing import Suggestions
from storage import labels, saved_views
from storage.acts import AddLabel, Move, Star
from storage.bulk import perform
from storage.query import begun
from storage.store import Store
from storage.words import Actor, Order, Place, Target, View
from tests.screens.hand import Hand, at_desk
from tests.screens.test_queue import BO, fill, group

ANA = Actor.person("ana")
HOSTILE = "[/x]\u202e[@click=app.quit]"


def label(store: Store, name: str, *ids: int) -> None:
    row = store.do(lambda conn: labels.create(conn, BO, name))
    if ids:
        perform(store, BO, AddLabel(row.id), Target(ids=ids))


def offered(hand: Hand) -> list[str]:
    """The suggestions that are in sight."""
    found = hand.contacts.query(Suggestions)
    if not found or not found.first().display:
        return []
    options = hand.contacts.query_one(Suggestions).options
    return [" ".join(str(option.prompt).split()) for option in options]


async def test_a_query_completes_as_it_is_typed(sqlite_store: Store, sqlite_url: str) -> None:
    ids = fill(sqlite_store, "Ada", "Bo", "Cy")
    label(sqlite_store, "hot", ids[0])
    label(sqlite_store, "call back", ids[1])
    async with at_desk(sqlite_url) as hand:
        await hand.press("slash")
        await hand.type("lab")
        await hand.until(lambda: offered(hand) == ["label: wears a label"])
        await hand.press("tab")
        await hand.until(lambda: sorted(offered(hand)) == ['"call back" 1', "hot 1"])
        await hand.type("cal")
        await hand.until(lambda: offered(hand) == ['"call back" 1'])
        await hand.press("right")
        await hand.until(lambda: hand.names == ["Bo"])
        assert hand.contacts.view.search == 'label:"call back" '
        await hand.press("enter")
        assert "labelled “call back”" in hand.status


async def test_tab_behind_what_was_typed_waits_for_its_suggestion(
    sqlite_store: Store, sqlite_url: str
) -> None:
    ids = fill(sqlite_store, "Ada", "Bo", "Cy")
    label(sqlite_store, "hot", ids[0])
    async with at_desk(sqlite_url) as hand:
        hand.burst("slash", *"la", "tab", *"h", "tab", *"is", "tab", *"te", "tab")
        await hand.until(lambda: hand.contacts.view.search == "label:hot is:test ")
        assert not hand.table.has_focus
        assert not hand.dialog


async def test_tab_leaves_the_line_where_there_is_nothing_to_complete(
    sqlite_store: Store, sqlite_url: str
) -> None:
    fill(sqlite_store, "Ada", "Bo", "Cy")
    async with at_desk(sqlite_url) as hand:
        hand.burst("slash", *"bo", "tab")
        await hand.until(lambda: hand.desk.main.sidebar.has_focus)
        assert hand.contacts.view.search == "bo"


async def test_suggestions_stand_apart_from_what_lies_beneath(
    sqlite_store: Store, sqlite_url: str
) -> None:
    fill(sqlite_store, "Maximiliana Bo" * 2)
    async with at_desk(sqlite_url, size=(80, 24)) as hand:
        await hand.press("slash")
        await hand.type("is:")
        await hand.until(lambda: offered(hand))
        for line in hand.text.splitlines():
            if "test numbers" in line:
                before = line.split("test ")[0]
                assert before.endswith(" ")
                break
        else:
            raise AssertionError(hand.text)


async def test_suggestions_are_never_in_the_way_of_typing(
    sqlite_store: Store, sqlite_url: str
) -> None:
    fill(sqlite_store, "Lars", "Ada")
    async with at_desk(sqlite_url) as hand:
        await hand.press("slash")
        await hand.type("la")
        await hand.until(lambda: offered(hand))
        await hand.type("rs")
        await hand.until(lambda: hand.names == ["Lars"] and not offered(hand))
        await hand.press("enter")
        assert hand.contacts.view.search == "lars"
        assert hand.contacts.table.has_focus


async def test_escape_closes_the_suggestions_first_and_enter_keeps_what_was_typed(
    sqlite_store: Store, sqlite_url: str
) -> None:
    fill(sqlite_store, "Lars", "Ada")
    async with at_desk(sqlite_url) as hand:
        await hand.press("slash")
        await hand.type("la")
        await hand.until(lambda: offered(hand))
        await hand.press("escape")
        assert not offered(hand)
        assert hand.contacts.view.search == "la"
        await hand.type("r")
        await hand.press("backspace")
        await hand.until(lambda: offered(hand))
        await hand.press("enter")
        await hand.until(lambda: hand.contacts.view.search == "la" and hand.table.has_focus)
        await hand.press("slash", "escape", "escape")
        await hand.until(lambda: hand.contacts.view.search == "")


async def test_down_goes_through_the_suggestions_and_enter_takes_the_chosen_one(
    sqlite_store: Store, sqlite_url: str
) -> None:
    fill(sqlite_store, "Ada")
    async with at_desk(sqlite_url) as hand:
        await hand.press("slash")
        await hand.type("is:")
        await hand.until(lambda: len(offered(hand)) > 3)
        await hand.press("down", "enter")
        await hand.until(lambda: hand.contacts.view.search == "is:test ")
        await hand.press("down")
        await hand.until(lambda: hand.table.has_focus)


async def test_a_hostile_label_is_offered_as_text(sqlite_store: Store, sqlite_url: str) -> None:
    ids = fill(sqlite_store, "Ada")
    label(sqlite_store, "[/x][@click=app.quit]", ids[0])
    async with at_desk(sqlite_url) as hand:
        await hand.press("slash")
        await hand.type("label:[")
        await hand.until(lambda: offered(hand) == ["[/x][@click=app.quit] 1"])
        await hand.pilot.click(Suggestions, offset=(2, 0))
        await hand.until(lambda: "[@click" in hand.contacts.view.search)
        await hand.until(lambda: hand.names == ["Ada"])


async def test_a_view_is_kept_under_a_number_and_a_name_and_returned_to(
    sqlite_store: Store, sqlite_url: str
) -> None:
    ids = fill(sqlite_store, "Ada", "Bo", "Cy")
    perform(sqlite_store, BO, Star(True), Target(ids=(ids[0],)))
    async with at_desk(sqlite_url) as hand:
        await hand.press("slash")
        await hand.type("is:favorite")
        await hand.press("enter", "enter")
        await hand.until(lambda: hand.names == ["Ada"])
        await hand.press("escape", "o", "V")
        await hand.until(lambda: hand.dialog == "SaveView")
        await hand.type("best 1")
        await hand.press("enter")
        await hand.until(lambda: "1 goes to “best 1” from now on. u undoes it" in hand.toasts)
        await hand.press("]")
        await hand.press("1")
        await hand.until(lambda: hand.names == ["Ada"])
        assert hand.place.sentence.startswith("Opt-in queue, favorites")
        assert "is:favorite" in hand.text


async def test_views_are_a_persons_own_and_can_be_forgotten(
    sqlite_store: Store, sqlite_url: str
) -> None:
    fill(sqlite_store, "Ada")
    spring = group(sqlite_store, HOSTILE)
    hers = View(Place.GROUP, spring, HOSTILE, "", Order.OLDEST)
    for who, slot in ((ANA, 3), (BO, 5)):
        sqlite_store.do(lambda conn, w=who, s=slot: saved_views.save(conn, w, s, hers))  # type: ignore[misc]
    async with at_desk(sqlite_url) as hand:
        await hand.press("5")
        said = "No view is kept on 5. V keeps the one that is shown."
        await hand.until(lambda: any(said in toast for toast in hand.toasts))
        await hand.press("f")
        await hand.until(lambda: hand.dialog == "SavedViews")
        assert len(hand.choices) == 1
        assert hand.choices[0].startswith("3 ")
        await hand.press("enter")
        await hand.until(lambda: hand.contacts.view.group_id == spring)
        assert hand.contacts.view.order is Order.OLDEST
        await hand.press("f")
        await hand.until(lambda: hand.dialog == "SavedViews")
        await hand.press("f2")
        await hand.type("Hostile")
        await hand.press("enter")
        await hand.until(
            lambda: "The view on 3 is called “Hostile” now. u undoes it" in hand.toasts
        )
        await hand.press("f")
        await hand.until(lambda: hand.dialog == "SavedViews")
        assert hand.choices[0].startswith("3 Hostile: ")
        await hand.press("delete")
        await hand.until(lambda: "3 is free again. u undoes it" in hand.toasts)
        await hand.press("u", "3")
        await hand.until(lambda: "Undid: forget the view on 3: “Hostile”." in hand.toasts)
        await hand.press("U")
        await hand.until(lambda: "Did again: forget the view on 3: “Hostile”." in hand.toasts)
        await hand.press("f")
        await hand.until(lambda: hand.dialog == "SavedViews")
        assert hand.desk.screen.query_one(OptionList).display is False
        assert "V keeps one" in hand.text


async def test_a_move_to_a_view_of_another_place_goes_there(
    sqlite_store: Store, sqlite_url: str
) -> None:
    ids = fill(sqlite_store, "Ada", "Bo")
    perform(sqlite_store, BO, Move(group(sqlite_store, "Spring")), Target(ids=(ids[0],)))
    everyone = View(Place.ALL, search="ada")
    sqlite_store.do(lambda conn: saved_views.save(conn, ANA, 9, everyone, "everyone"))
    async with at_desk(sqlite_url) as hand:
        await hand.press("9")
        await hand.until(lambda: hand.names == ["Ada"])
        assert hand.place.sentence == "All contacts matching “ada”, newest first"


async def test_letters_that_arrive_together_with_the_slash_are_searched_for(
    sqlite_store: Store, sqlite_url: str
) -> None:
    fill(sqlite_store, "Ada", "Bo", "Dada")
    async with at_desk(sqlite_url) as hand:
        hand.burst("slash", "d", "a", "d")
        await hand.until(lambda: hand.names == ["Dada"])
        assert hand.contacts.view.search == "dad"
        assert not hand.toasts, "a letter was taken for a verb"
        await hand.press("escape", "escape")
        hand.burst("l", "d", "u", "d")
        await hand.until(lambda: hand.dialog and hand.typed == "dud")
        assert not hand.toasts


async def test_what_arrives_together_with_keys_that_leave_a_line_goes_where_they_lead(
    sqlite_store: Store, sqlite_url: str
) -> None:
    fill(sqlite_store, "Ada", "Bo")
    async with at_desk(sqlite_url) as hand:
        hand.burst("slash", "d", "a", "enter", "o", "slash", "x")
        await hand.until(lambda: hand.contacts.view.search == "dax")
        assert hand.contacts.view.order is Order.OLDEST
        hand.burst("backspace", "left", "left", "a", "escape", "l", "h", "escape", "o")
        await hand.until(lambda: hand.contacts.view.order is Order.FAVORITE)
        assert hand.contacts.view.search == ""
        assert not hand.dialog
        await hand.press("slash")
        hand.burst("b", "d", "left", "left", "a", "delete")
        await hand.until(lambda: hand.contacts.view.search == "ad")


async def test_half_a_condition_keeps_the_list_and_says_what_may_follow(
    sqlite_store: Store, sqlite_url: str
) -> None:
    ids = fill(sqlite_store, "Ada", "Bo", "Cy")
    label(sqlite_store, "hot", ids[0])
    async with at_desk(sqlite_url) as hand:
        everybody = ["Cy", "Bo", "Ada"]
        await hand.until(lambda: hand.names == everybody)
        await hand.press("slash")
        await hand.type("is:")
        await hand.until(lambda: "favorite favorites" in offered(hand))
        await hand.until(lambda: hand.names == everybody)
        await hand.type("fav")
        await hand.until(lambda: offered(hand) == ["favorite favorites"])
        assert hand.names == everybody and "Nothing matches" not in hand.text
        await hand.press("ctrl+u")
        await hand.type("label:h")
        await hand.until(lambda: offered(hand) == ["hot 1"] and hand.names == everybody)
        await hand.type("ot")
        await hand.until(lambda: hand.names == ["Ada"])
        await hand.type("x")
        await hand.until(lambda: "Nothing matches “label:hotx”." in hand.text)
        await hand.press("backspace", "backspace")
        await hand.until(lambda: hand.names == everybody)
        await hand.press("enter")
        await hand.until(lambda: "Nothing matches “label:ho”." in hand.text)


def test_which_conditions_are_still_being_typed() -> None:
    whole = ("is:favorite", "is:xyz", "kind:mobile", "label:hot ", "age<1d", "http://x", "phone:4")
    assert [text for text in whole if begun(text)] == []
    half = (
        "is:",
        "ada -is:fav",
        "kind:mob",
        "label:",
        'group:"Call b',
        "age<",
        "age>=12",
        "phone:",
    )
    assert [text for text in half if not begun(text)] == []


@pytest.mark.parametrize("places", [0, 4])
async def test_a_long_search_that_finds_nothing_is_cut_where_that_is_said(
    sqlite_store: Store, sqlite_url: str, places: int
) -> None:
    fill(sqlite_store, "Ada")
    async with at_desk(sqlite_url) as hand:
        await hand.press(*["right_square_bracket"] * places, "slash")
        hand.desk.post_message(events.Paste("nobody " * 1_000))
        await hand.until(lambda: "Nothing matches “nobody nobody" in hand.text)
        assert "nobod…”." in hand.text
        await hand.press("escape")
        await hand.until(lambda: "Nothing matches" not in hand.text)


async def test_a_long_question_where_it_went_is_cut_in_the_answer(
    sqlite_store: Store, sqlite_url: str
) -> None:
    fill(sqlite_store, "Ada")
    async with at_desk(sqlite_url) as hand:
        await hand.press("w")
        hand.desk.post_message(events.Paste("nobody " * 1_000))
        await hand.until(lambda: "nobod…”" in hand.text)
