"""The 1:1 profile of a contact, with real keys on a real store."""

from __future__ import annotations

import pytest
from sqlalchemy import insert
from textual import events

from screens.contact_panel import ContactPanel
from storage import groups, notes
from storage.acts import Move, Star
from storage.bulk import perform
from storage.ids import new_ids
from storage.store import Store
from storage.tables import Change, ChangeItem
from storage.times import now
from storage.words import Actor, ContactRow, Target
from tests.factories import lead, put, settle_all, switched_on
from tests.screens.hand import Hand, at_desk
from tests.screens.test_queue import fill, group

BO = Actor.person("bo")
NARROW = (80, 24)


def panel(hand: Hand) -> str:
    """What stands in the open contact, also beyond the screen."""
    found = hand.contacts.panel
    assert found is not None
    return found._page.content.plain


async def opened(hand: Hand) -> None:
    await hand.press("enter")
    await hand.until(lambda: hand.contacts.panel and hand.contacts.panel.profile is not None)


def note(store: Store, who: Actor, contact_id: int, text: str) -> None:
    perform(store, who, notes.writing(who, text), Target(ids=(contact_id,)))


async def test_it_says_where_the_number_is_at_home(sqlite_store: Store, sqlite_url: str) -> None:
    switched_on(sqlite_store)
    put(sqlite_store, lead(phone="+4915112345678"))
    settle_all(sqlite_store)
    async with at_desk(sqlite_url) as hand:
        await opened(hand)
        assert "Germany, there it is " in panel(hand)


async def test_badges_are_explained_in_a_sentence(sqlite_store: Store, sqlite_url: str) -> None:
    switched_on(sqlite_store)
    put(sqlite_store, lead(phone="+11234567890", badges=0b10010))
    async with at_desk(sqlite_url) as hand:
        await opened(hand)
        assert "UNASSIGNED RANGE\nNo carrier is known" in panel(hand)
        assert "PRIVATE OR PROXY IP\nThe claimed IP is a private address" in panel(hand)


async def test_a_note_is_written_changed_deleted_and_brought_back(
    sqlite_store: Store, sqlite_url: str
) -> None:
    fill(sqlite_store, "Ada")
    async with at_desk(sqlite_url) as hand:
        await opened(hand)
        await hand.press("c")
        await hand.type("call")
        await hand.press("ctrl+n")
        await hand.type("back")
        await hand.press("enter")
        await hand.until(lambda: "  call\n  back" in panel(hand))
        assert "you  " in panel(hand)
        await hand.press("C")
        await hand.until(lambda: hand.dialog == "OwnNotes")
        await hand.press("enter")
        await hand.until(lambda: hand.dialog == "NoteBox")
        await hand.type(" soon")
        await hand.press("enter")
        await hand.until(lambda: "  back soon" in panel(hand))
        await hand.press("C")
        await hand.until(lambda: hand.dialog == "OwnNotes")
        await hand.press("delete")
        await hand.until(lambda: "back soon" not in panel(hand))
        assert hand.toasts[-1] == "The note was deleted. u undoes it"
        await hand.press("u")
        await hand.until(lambda: "back soon" in panel(hand))


async def test_a_note_of_somebody_else_stays_theirs(sqlite_store: Store, sqlite_url: str) -> None:
    (ada,) = fill(sqlite_store, "Ada")
    note(sqlite_store, BO, ada, "[/x] \x1b[31mred")
    async with at_desk(sqlite_url) as hand:
        await opened(hand)
        assert "[/x] ␛[31mred" in panel(hand)
        await hand.press("C")
        await hand.until(lambda: hand.dialog == "OwnNotes")
        await hand.press("delete")
        await hand.until(lambda: hand.toasts)
        assert hand.toasts[-1] == "That note is bo's: only its author can change it."


async def test_a_note_goes_on_all_marked(sqlite_store: Store, sqlite_url: str) -> None:
    ids = fill(sqlite_store, "a", "b", "c")
    async with at_desk(sqlite_url) as hand:
        await hand.press("space", "space", "c")
        assert "Note on 2 contacts" in hand.text
        await hand.press("enter")
        assert "A note needs some text." in hand.text
        await hand.type("x")
        await hand.press("enter")
        await hand.until(lambda: hand.toasts)
        assert hand.toasts[-1] == "Wrote a note on 2 contacts. u undoes it"
    with sqlite_store.read() as conn:
        assert [len(notes.listing(conn, ident)) for ident in ids] == [0, 1, 1]


async def test_a_note_that_is_too_long_stays_to_be_shortened(
    sqlite_store: Store, sqlite_url: str
) -> None:
    (ada,) = fill(sqlite_store, "Ada")
    async with at_desk(sqlite_url) as hand:
        await hand.press("c")
        hand.desk.post_message(events.Paste("long " * 800 + "!"))
        await hand.press("end", "enter")
        assert hand.dialog == "NoteBox"
        assert "A note may have 4,000 characters. Write a shorter one." in hand.text
        await hand.press("backspace", "enter")
        await hand.until(lambda: hand.toasts)
    with sqlite_store.read() as conn:
        assert len(notes.listing(conn, ada)[0].body) == 3_999


async def test_a_note_on_one_who_left_meanwhile_passes_nobody_over(
    sqlite_store: Store, sqlite_url: str
) -> None:
    _, _, cleo = fill(sqlite_store, "Ada", "Bob", "Cleo")
    async with at_desk(sqlite_url) as hand:
        await hand.press("c")
        assert "Note on Cleo" in hand.text
        spring = sqlite_store.do(lambda conn: groups.ensure(conn, BO, "Spring"))
        perform(sqlite_store, BO, Move(spring.id), Target(ids=(cleo,)))
        await hand.until(lambda: hand.here.name == "Bob")
        await hand.type("x")
        await hand.press("enter")
        await hand.until(lambda: hand.toasts)
        assert hand.toasts[-1] == "Wrote a note on 1 contact. u undoes it"
        assert hand.here.name == "Bob"


async def test_what_another_person_writes_appears(sqlite_store: Store, sqlite_url: str) -> None:
    (ada,) = fill(sqlite_store, "Ada")
    async with at_desk(sqlite_url) as hand:
        await opened(hand)
        note(sqlite_store, BO, ada, "seen by bo")
        await hand.until(lambda: "seen by bo" in panel(hand))


@pytest.mark.parametrize("size", [NARROW, (60, 20)])
async def test_below_a_hundred_columns_it_covers_the_list_and_the_keys_go_on(
    sqlite_store: Store, sqlite_url: str, size: tuple[int, int]
) -> None:
    fill(sqlite_store, "Ada", "Grace")
    async with at_desk(sqlite_url, size=size) as hand:
        await opened(hand)
        assert "Grace" in hand.text and "Ada" not in hand.text
        await hand.press("j")
        await hand.until(lambda: "Ada" in hand.text and "Grace" not in hand.text)
        await hand.press("N")
        await hand.until(lambda: "Grace" in hand.text and "Ada" not in hand.text)
        await hand.press("escape")
        await hand.until(lambda: "Ada" in hand.text and "Grace" in hand.text)


async def test_sections_are_reached_by_keys(sqlite_store: Store, sqlite_url: str) -> None:
    fill(sqlite_store, "Ada")
    async with at_desk(sqlite_url, size=NARROW) as hand:
        await opened(hand)
        assert "What was done" not in hand.text
        await hand.press("}", "}", "}", "}")
        await hand.until(lambda: "What was done" in hand.text and "stage" not in hand.text)
        await hand.press("{", "{", "{", "{")
        await hand.until(lambda: "stage" in hand.text)


async def test_ten_thousand_acts_open_as_fast_and_older_ones_follow_on_demand(
    sqlite_store: Store, sqlite_url: str
) -> None:
    (ada,) = fill(sqlite_store, "Ada")
    crowd(sqlite_store, ada, 10_000)
    async with at_desk(sqlite_url) as hand:
        await opened(hand)
        assert panel(hand).count("bo starred") == 30
        assert "… O shows older ones" in panel(hand)
        await hand.press("O")
        await hand.until(lambda: panel(hand).count("bo starred") == 120)


def crowd(store: Store, contact_id: int, n: int) -> None:
    """Lets a contact have been starred so often."""
    moment, ids = now(), new_ids(n)
    perform(store, BO, Star(True), Target(ids=(contact_id,)))
    change = {
        "at": moment,
        "actor_kind": "person",
        "actor": "bo",
        "verb": "star",
        "subject": "",
        "details": "{}",
        "size": 1,
        "undoable": True,
        "undone": False,
        "undoes": None,
    }
    item = {"contact_id": contact_id, "stage": "queued", "group_id": None, "favorite": 0}
    store.do(lambda conn: conn.execute(insert(Change), [change | {"id": i} for i in ids]).rowcount)
    store.do(
        lambda conn: (
            conn.execute(insert(ChangeItem), [item | {"change_id": i} for i in ids]).rowcount
        )
    )


async def test_nobody_is_open_where_there_is_nobody(sqlite_store: Store, sqlite_url: str) -> None:
    fill(sqlite_store, "Ada")
    group(sqlite_store, "Spring")
    async with at_desk(sqlite_url, size=(80, 24)) as hand:
        await hand.press("enter")
        await hand.until(lambda: hand.contacts.panel is not None)
        # On a narrow screen it lies over the list, where nobody would see what is found.
        await hand.press("slash")
        await hand.type("zz")
        await hand.until(lambda: "Nothing matches" in hand.text)
        assert hand.contacts.panel is None
        await hand.press("enter", "enter")
        assert hand.contacts.panel is None
        await hand.press("escape")
        await hand.until(lambda: hand.names == ["Ada"])
        await hand.press("enter")
        await hand.until(lambda: hand.contacts.panel is not None)
        await hand.press("m", "enter")
        await hand.until(lambda: "The Opt-in queue is empty." in hand.text)
        assert hand.contacts.panel is None


async def test_a_search_that_finds_nobody_only_sets_the_open_contact_aside(
    sqlite_store: Store, sqlite_url: str
) -> None:
    fill(sqlite_store, "Ada", "Bo")
    async with at_desk(sqlite_url) as hand:
        await hand.press("enter", "slash", "b", "x")
        await hand.until(lambda: "Nothing matches" in hand.text)
        assert hand.contacts.panel is None
        await hand.press("backspace")
        await hand.until(lambda: hand.names == ["Bo"])
        await hand.until(lambda: hand.contacts.panel is not None and "Bo" in hand.panel)
        await hand.press("enter", "q")
        assert hand.contacts.panel is None


async def test_the_next_contact_is_read_ahead_and_anew_once_something_has_changed(
    sqlite_store: Store, sqlite_url: str
) -> None:
    fill(sqlite_store, "Ann", "Bea", "Cy")
    async with at_desk(sqlite_url) as hand:
        await opened(hand)
        shown = hand.contacts.panel
        assert shown is not None
        below = hand.contacts.table.neighbours[0]
        await hand.until(lambda: shown._ahead.of(below) is not None)
        await hand.press("j")
        await hand.until(lambda: shown.contact is not None and shown.contact.id == below.id)
        # Of the row and the profile, neither is there without the other.
        assert shown.profile is not None
        assert shown.profile.contact.id == below.id
        await hand.press("k")
        await hand.until(lambda: shown.contact is not None and shown.contact.id != below.id)
        note(sqlite_store, BO, below.id, "Calls back on Friday")
        await hand.until(lambda: shown._ahead.of(below) is None or "Friday" in kept(shown, below))
        await hand.press("j")
        await hand.until(lambda: "Calls back on Friday" in panel(hand))


def kept(shown: ContactPanel, row: ContactRow) -> str:
    """The notes of a contact that was read ahead."""
    found = shown._ahead.of(row)
    return "" if found is None else "\n".join(each.body for each in found.notes)


@pytest.mark.parametrize("size", [(120, 40), NARROW, (60, 20)])
async def test_it_is_written_and_painted_before_it_is_opened(
    sqlite_store: Store, sqlite_url: str, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    # With another minute, the time at the number's home is told anew.
    moment = now()
    monkeypatch.setattr("screens.profile_text._now", lambda: moment)
    monkeypatch.setattr("screens.contact_panel.time", lambda: 0.0)
    fill(sqlite_store, "Ann", "Bea")
    # What is indexed is a change, and whoever was read ahead is read again.
    sqlite_store._indexer.close()
    async with at_desk(sqlite_url, size=size) as hand:
        hand.store._indexer.close()
        page = await hand.contacts.make_panel()
        lines = size[1] // 2
        await hand.until(lambda: len(page._kept) >= lines, "painted")
        expected, written, painted = page.size_to_be, page.text, dict(page._kept)
        await opened(hand)
        assert page.outer_size == expected
        assert page.text == written
        assert all(page._kept[line] is strip for line, strip in painted.items())
        # It is what would have been painted now.
        page.notify_style_update()
        page._kept.clear()
        page.render_lines(page.size.region)
        assert [page._kept[line] for line in painted] == list(painted.values())


async def test_the_list_beside_it_is_painted_before_it_is_opened(
    sqlite_store: Store, sqlite_url: str
) -> None:
    fill(sqlite_store, "Ann", "Bea")
    async with at_desk(sqlite_url) as hand:
        await hand.contacts.make_panel()
        await hand.until(lambda: any(each._strips for each in hand.table._spare), "painted")
        [ready] = hand.table._spare
        await opened(hand)
        assert hand.table._painter is ready
        await hand.press("enter")
        assert hand.table._painter is not ready


async def test_a_page_painted_unseen_for_one_contact_is_not_shown_for_another(
    sqlite_store: Store, sqlite_url: str
) -> None:
    fill(sqlite_store, "Ann", "Bea")
    async with at_desk(sqlite_url) as hand:
        page = await hand.contacts.make_panel()
        await hand.until(lambda: hand.here.name in page.text)
        before = hand.here.name
        await hand.press("j", "enter")
        assert hand.here.name != before
        await hand.until(lambda: page.profile is not None)
        assert hand.here.name in page.text
        assert before not in page.text
