"""Labels with letters and colours, and what can be done to labels themselves."""

from __future__ import annotations

from storage import labels
from storage.acts import AddLabel
from storage.bulk import perform
from storage.store import Store
from storage.words import Target
from tests.screens.hand import Hand, at_desk
from tests.screens.test_queue import BO, fill


def label(store: Store, name: str, letter: str = "") -> int:
    return store.do(lambda conn: labels.create(conn, BO, name, letter=letter)).id


async def picker(hand: Hand) -> None:
    await hand.press("l")
    await hand.until(lambda: hand.dialog == "Labels" and hand.desk.screen.filled)  # type: ignore[attr-defined]


async def test_letters_put_on_and_take_off_in_one_dialog(
    sqlite_store: Store, sqlite_url: str
) -> None:
    ids = fill(sqlite_store, "a", "b")
    hot, vip = label(sqlite_store, "hot", "h"), label(sqlite_store, "vip", "v")
    perform(sqlite_store, BO, AddLabel(vip), Target(ids=tuple(ids)))
    perform(sqlite_store, BO, AddLabel(hot), Target(ids=(ids[0],)))
    async with at_desk(sqlite_url) as hand:
        await hand.press("*")
        await picker(hand)
        assert hand.choices == ["[-] • hot 1 h", "[x] • vip 2 v"]
        await hand.press("h", "v")
        assert hand.choices == ["[x] • hot 1 h", "[ ] • vip 2 v"]
        await hand.press("enter")
        await hand.until(
            lambda: (
                [[tag.name for tag in row.labels] for row in hand.table.visible_rows]
                == [["hot"], ["hot"]]
            )
        )
        assert hand.table.marks_count == 2


async def test_a_slash_comes_before_a_name_that_begins_with_a_letter(
    sqlite_store: Store, sqlite_url: str
) -> None:
    fill(sqlite_store, "a")
    label(sqlite_store, "hot", "h")
    async with at_desk(sqlite_url) as hand:
        await picker(hand)
        await hand.type("/hobby")
        assert hand.choices == ["+ New label “hobby”"]
        await hand.press("enter")
        await hand.until(lambda: [tag.name for tag in hand.here.labels] == ["hobby"])


async def test_labels_are_changed_from_the_picker_and_marks_stay(
    sqlite_store: Store, sqlite_url: str
) -> None:
    ids = fill(sqlite_store, "a", "b")
    hot = label(sqlite_store, "hot")
    label(sqlite_store, "warm")
    perform(sqlite_store, BO, AddLabel(hot), Target(ids=tuple(ids)))
    async with at_desk(sqlite_url) as hand:
        await hand.press("*")
        await picker(hand)
        await hand.press("ctrl+e")
        await hand.until(lambda: hand.dialog == "ManageLabels")
        await hand.press("enter", "enter")
        await hand.until(lambda: hand.dialog == "Ask" and hand.typed == "hot")
        await hand.type("[/x]")
        await hand.press("enter")
        await hand.until(lambda: hand.dialog == "ManageLabels")
        assert hand.toasts[-1] == "Renamed the label “hot” to “hot[/x]”. u undoes it"
        await hand.press("enter")
        await hand.type("letter")
        await hand.press("enter")
        await hand.until(lambda: hand.dialog == "Ask")
        await hand.type("x")
        await hand.press("enter")
        await hand.until(lambda: hand.dialog == "ManageLabels")
        await hand.press("escape")
        await hand.until(lambda: hand.choices == ["[x] • hot[/x] 2 x", "[ ] • warm 0"])
        await hand.press("escape")
        assert hand.table.marks_count == 2


async def test_labels_are_merged_recoloured_and_deleted(
    sqlite_store: Store, sqlite_url: str
) -> None:
    ids = fill(sqlite_store, "a")
    hot = label(sqlite_store, "hot")
    warm = label(sqlite_store, "warm")
    perform(sqlite_store, BO, AddLabel(hot), Target(ids=tuple(ids)))

    async def choose(hand: Hand, what: str) -> None:
        await hand.until(lambda: hand.dialog == "ManageLabels")
        await hand.press("enter")
        await hand.until(lambda: hand.dialog == "LabelMenu")
        await hand.type(what)
        await hand.press("enter")

    async with at_desk(sqlite_url) as hand:
        await hand.press("L")
        await choose(hand, "merge")
        await hand.until(lambda: hand.dialog == "MergeInto")
        await hand.press("enter")
        await hand.until(lambda: [tag.id for tag in hand.here.labels] == [warm])
        await choose(hand, "another colour")
        await hand.until(lambda: hand.dialog == "Colours")
        await hand.type("violet")
        await hand.press("enter")
        await hand.until(lambda: hand.toasts[-1] == "The label “warm” is violet now. u undoes it")
        await choose(hand, "delete")
        await hand.until(lambda: not hand.here.labels)
        await hand.press("escape")
        await hand.until(lambda: hand.dialog == "")
        await hand.press("u")
        await hand.until(lambda: [tag.colour for tag in hand.here.labels] == ["violet"])
