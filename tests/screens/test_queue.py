"""The Opt-in queue, triaged with real keys on a real store."""

from __future__ import annotations

import pytest

from storage import groups, labels
from storage.store import Store
from storage.words import Actor, Order
from tests.factories import lead, make_queued, put, settle_all, switched_on
from tests.screens.hand import at_desk

BO = Actor.person("bo")


def fill(store: Store, *names: str) -> list[int]:
    """Leads with these first names, the last one being the newest."""
    switched_on(store)
    results = put(store, *[lead(first_name=name, last_name="") for name in names])
    settle_all(store)
    return [result.contact_id for result in results if result.contact_id is not None]


def group(store: Store, name: str) -> int:
    return store.do(lambda conn: groups.create(conn, BO, name)).id


async def test_a_lead_appears_the_moment_it_is_captured(
    sqlite_store: Store, sqlite_url: str
) -> None:
    switched_on(sqlite_store)
    async with at_desk(sqlite_url) as hand:
        assert "Opt-in queue is empty" in hand.text
        put(sqlite_store, lead(first_name="Grace", last_name="Hopper"))
        settle_all(sqlite_store)
        await hand.until(lambda: hand.names == ["Grace Hopper"])
        await hand.until(lambda: "Opt-in queue 1" in hand.sidebar)
        assert "Grace Hopper" in hand.text


async def test_the_queue_entry_is_there_only_while_the_queue_holds_someone(
    sqlite_store: Store, sqlite_url: str
) -> None:
    switched_on(sqlite_store)
    async with at_desk(sqlite_url) as hand:
        assert not [line for line in hand.sidebar if line.startswith("Opt-in queue")]
        make_queued(sqlite_store, 1)
        await hand.until(lambda: "Opt-in queue 1" in hand.sidebar)
        await hand.press("d")
        await hand.until(lambda: "Opt-in queue 1" not in hand.sidebar)
        await hand.until(lambda: "The Opt-in queue is empty." in hand.text)
        assert "Leads appear here the moment they are captured." in hand.text


async def test_an_arrival_takes_neither_focus_nor_cursor_nor_marks(
    sqlite_store: Store, sqlite_url: str
) -> None:
    make_queued(sqlite_store, 60)
    async with at_desk(sqlite_url, size=(80, 24)) as hand:
        await hand.press("G", "x")
        stood, focused = hand.here.id, hand.desk.focused
        make_queued(sqlite_store, 2)
        await hand.until(lambda: "Opt-in queue 62" in hand.sidebar)
        await hand.until(lambda: "↑ 2 new" in hand.text)
        assert hand.here.id == stood
        assert hand.table.marks_count == 1
        assert hand.desk.focused is focused


async def test_an_arrival_leaves_a_person_at_the_integrations_there(
    sqlite_store: Store, sqlite_url: str
) -> None:
    switched_on(sqlite_store)
    async with at_desk(sqlite_url) as hand:
        await hand.press("]", "]", "]")
        await hand.until(lambda: hand.place.sentence == "Integrations")
        focused = hand.desk.focused
        make_queued(sqlite_store, 1)
        await hand.until(lambda: "Opt-in queue 1" in hand.sidebar)
        assert hand.place.sentence == "Integrations"
        assert hand.desk.focused is focused


async def test_g_goes_to_the_arrivals_and_takes_the_pill_away(
    sqlite_store: Store, sqlite_url: str
) -> None:
    make_queued(sqlite_store, 60)
    async with at_desk(sqlite_url, size=(80, 24)) as hand:
        await hand.press("G")
        make_queued(sqlite_store, 1, first_name="New")
        await hand.until(lambda: "↑ 1 new" in hand.text)
        await hand.press("g")
        await hand.until(lambda: hand.here.first_name == "New")
        await hand.until(lambda: "1 new" not in hand.text)


async def test_s_stars_and_steps_on(sqlite_store: Store, sqlite_url: str) -> None:
    fill(sqlite_store, "a", "b")
    async with at_desk(sqlite_url) as hand:
        await hand.press("s")
        await hand.until(lambda: hand.table.visible_rows[0].favorite)
        assert hand.here.first_name == "a"
        await hand.press("k", "s")
        await hand.until(lambda: not hand.table.visible_rows[0].favorite)


async def test_a_label_is_made_and_put_on_all_marked(sqlite_store: Store, sqlite_url: str) -> None:
    fill(sqlite_store, "a", "b", "c")
    async with at_desk(sqlite_url) as hand:
        await hand.press("space", "space", "l")
        await hand.until(lambda: hand.dialog == "Labels" and hand.desk.screen.filled)  # type: ignore[attr-defined]
        assert "Labels of 2 contacts" in hand.text
        await hand.type("hot lead")
        assert hand.choices == ["+ New label “hot lead”"]
        await hand.press("enter")
        await hand.until(lambda: hand.toasts)
        assert hand.toasts[-1].startswith("Labelled 2 contacts “hot lead”.")
        await hand.until(lambda: [len(row.labels) for row in hand.table.visible_rows] == [1, 1, 0])


async def test_the_label_picker_shows_which_of_the_marked_have_it(
    sqlite_store: Store, sqlite_url: str
) -> None:
    fill(sqlite_store, "a", "b")
    sqlite_store.do(lambda conn: labels.create(conn, BO, "hot"))
    async with at_desk(sqlite_url) as hand:
        await hand.press("l")
        await hand.until(lambda: hand.dialog == "Labels" and hand.desk.screen.filled)  # type: ignore[attr-defined]
        assert hand.choices == ["[ ] • hot 0"]
        await hand.press("enter")
        await hand.until(lambda: hand.table.visible_rows[0].labels)
        await hand.press("*", "l")
        await hand.until(lambda: hand.dialog == "Labels" and hand.desk.screen.filled)  # type: ignore[attr-defined]
        await hand.until(lambda: hand.choices == ["[-] • hot 1"])
        await hand.press("escape", "escape", "k", "k", "l")
        await hand.until(lambda: hand.dialog == "Labels" and hand.desk.screen.filled)  # type: ignore[attr-defined]
        assert hand.choices == ["[x] • hot 1"]
        await hand.press("enter")
        await hand.until(lambda: not hand.table.visible_rows[0].labels)


async def test_several_labels_are_ticked_in_one_go(sqlite_store: Store, sqlite_url: str) -> None:
    fill(sqlite_store, "a")
    for name in ("hot", "vip"):
        sqlite_store.do(lambda conn, name=name: labels.create(conn, BO, name))  # type: ignore[misc]
    async with at_desk(sqlite_url) as hand:
        await hand.press("l")
        await hand.until(lambda: hand.dialog == "Labels" and hand.desk.screen.filled)  # type: ignore[attr-defined]
        await hand.press("tab", "down", "tab", "enter")
        await hand.until(lambda: [tag.name for tag in hand.here.labels] == ["hot", "vip"])
        await hand.until(lambda: hand.toasts)
        assert hand.toasts[-1].endswith("Labelled a “vip”. u undoes one after the other")
        await hand.press("u")
        await hand.until(lambda: [tag.name for tag in hand.here.labels] == ["hot"])
        await hand.press("u")
        await hand.until(lambda: not hand.here.labels)


async def test_moving_to_a_new_group_takes_contacts_out_of_the_queue(
    sqlite_store: Store, sqlite_url: str
) -> None:
    fill(sqlite_store, "a", "b", "c")
    async with at_desk(sqlite_url) as hand:
        await hand.press("space", "space", "m")
        await hand.until(lambda: hand.dialog == "MoveTo")
        assert "Move 2 contacts to group" in hand.text
        await hand.type("Spring")
        await hand.press("enter")
        await hand.until(lambda: "Spring 2" in hand.sidebar)
        await hand.until(lambda: hand.names == ["a"])
        assert hand.toasts[-1] == "Moved 2 contacts to “Spring”. u undoes it"
        assert hand.status.count("marked") == 0


async def test_the_group_picker_filters(sqlite_store: Store, sqlite_url: str) -> None:
    fill(sqlite_store, "a")
    for name in ("Spring", "Summer", "Autumn"):
        group(sqlite_store, name)
    async with at_desk(sqlite_url) as hand:
        await hand.press("m")
        await hand.until(lambda: hand.dialog == "MoveTo")
        assert hand.choices == ["Autumn 0", "Spring 0", "Summer 0"]
        await hand.type("su")
        assert hand.choices == ["Summer 0", "+ New group “su”"]
        await hand.press("enter")
        await hand.until(lambda: "Summer 1" in hand.sidebar)


async def test_a_group_is_found_in_any_case_and_not_made_twice(
    sqlite_store: Store, sqlite_url: str
) -> None:
    fill(sqlite_store, "a")
    group(sqlite_store, "Spring")
    async with at_desk(sqlite_url) as hand:
        await hand.press("m")
        await hand.until(lambda: hand.dialog == "MoveTo")
        await hand.type("spring")
        assert hand.choices == ["Spring 0"]


async def test_undo_and_redo_are_told_by_name(sqlite_store: Store, sqlite_url: str) -> None:
    fill(sqlite_store, "a", "b")
    group(sqlite_store, "Spring")
    async with at_desk(sqlite_url) as hand:
        await hand.press("m", "enter")
        await hand.until(lambda: hand.names == ["a"])
        await hand.press("u")
        await hand.until(lambda: hand.names == ["b", "a"])
        await hand.until(lambda: "move b to “Spring”" in hand.toasts[-1])
        assert hand.toasts[-1].startswith("Undid")
        await hand.press("U")
        await hand.until(lambda: hand.names == ["a"])
        await hand.until(lambda: hand.toasts[-1].startswith("Did again"))


async def test_a_toast_names_the_one_contact_that_was_acted_on(
    sqlite_store: Store, sqlite_url: str
) -> None:
    fill(sqlite_store, "Cy{subject}", "[/x]\x1b" + "long" * 20, "Ada")
    group(sqlite_store, "Spring {n}")
    async with at_desk(sqlite_url) as hand:
        await hand.press("m", "enter")
        await hand.until(lambda: hand.toasts and len(hand.names) == 2)
        assert hand.toasts[-1] == "Moved Ada to “Spring {n}”. u undoes it"
        await hand.press("d")
        await hand.until(lambda: len(hand.toasts) == 2 and len(hand.names) == 1)
        assert hand.toasts[-1] == "Deleted [/x]␛longlonglonglonglo…. u undoes it"
        await hand.press("u")
        await hand.until(lambda: len(hand.names) == 2)
        await hand.press("G", "x", "k", "m")
        await hand.until(lambda: "Move Cy{subject} to group" in hand.text)
        await hand.press("enter")
        await hand.until(lambda: "Moved Cy{subject} to “Spring {n}”. u undoes it" in hand.toasts)


async def test_nothing_to_undo_is_said(sqlite_url: str) -> None:
    async with at_desk(sqlite_url) as hand:
        await hand.press("u")
        await hand.until(lambda: hand.toasts == ["Nothing to undo."])


async def test_delete_asks_nothing_and_can_be_undone(sqlite_store: Store, sqlite_url: str) -> None:
    fill(sqlite_store, "a", "b")
    async with at_desk(sqlite_url) as hand:
        await hand.press("d")
        await hand.until(lambda: hand.names == ["a"])
        assert hand.dialog == ""
        await hand.press("u")
        await hand.until(lambda: hand.names == ["b", "a"])


async def test_a_dot_repeats_the_last_act(sqlite_store: Store, sqlite_url: str) -> None:
    fill(sqlite_store, "a", "b", "c")
    group(sqlite_store, "Spring")
    async with at_desk(sqlite_url) as hand:
        await hand.press(".")
        assert hand.toasts == ["Nothing to repeat yet."]
        await hand.press("m", "enter")
        await hand.until(lambda: "Spring 1" in hand.sidebar)
        await hand.until(lambda: hand.names == ["b", "a"])
        await hand.press(".")
        await hand.until(lambda: "Spring 2" in hand.sidebar)


async def test_search_is_live_and_esc_clears_it(sqlite_store: Store, sqlite_url: str) -> None:
    fill(sqlite_store, "Ada", "Grace", "Gisela")
    async with at_desk(sqlite_url) as hand:
        await hand.press("/")
        await hand.type("gr")
        await hand.until(lambda: hand.names == ["Grace"])
        assert "matching “gr”" in hand.status
        await hand.press("enter")
        assert hand.desk.focused is hand.table
        await hand.press("escape")
        await hand.until(lambda: len(hand.names) == 3)
        assert "matching" not in hand.status


@pytest.mark.parametrize("text", ["%", "_", "'", '"', "[/x]", "\\", "*", "é"])
async def test_a_search_for_any_character_finds_or_finds_nothing(
    sqlite_store: Store, sqlite_url: str, text: str
) -> None:
    fill(sqlite_store, "Ada")
    async with at_desk(sqlite_url) as hand:
        await hand.press("/")
        line = hand.desk.screen.query_one("SearchLine")
        line.value = text  # type: ignore[attr-defined]
        await hand.until(lambda: "Nothing matches" in hand.text)
        assert f"Nothing matches “{text}”." in hand.text


async def test_o_goes_through_the_orders(sqlite_store: Store, sqlite_url: str) -> None:
    fill(sqlite_store, "a", "b", "c")
    async with at_desk(sqlite_url) as hand:
        await hand.press("j", "s")
        await hand.until(lambda: hand.table.visible_rows[1].favorite)
        await hand.press("o")
        await hand.until(lambda: hand.names == ["a", "b", "c"])
        assert hand.contacts.view.order is Order.OLDEST
        await hand.press("o")
        await hand.until(lambda: hand.names == ["b", "c", "a"])
        assert "favorites first" in hand.status
        await hand.press("o")
        await hand.until(lambda: hand.names == ["c", "b", "a"])


async def test_marks_survive_another_order_and_are_counted(
    sqlite_store: Store, sqlite_url: str
) -> None:
    fill(sqlite_store, "a", "b", "c")
    async with at_desk(sqlite_url) as hand:
        await hand.press("space", "space")
        await hand.until(lambda: "2 marked" in hand.status)
        await hand.press("o")
        await hand.until(lambda: hand.names == ["a", "b", "c"])
        assert hand.table.marks_count == 2
        await hand.press("escape")
        await hand.until(lambda: "marked" not in hand.status)


async def test_a_star_marks_all_that_match(sqlite_store: Store, sqlite_url: str) -> None:
    make_queued(sqlite_store, 60)
    group(sqlite_store, "Spring")
    async with at_desk(sqlite_url, size=(80, 24)) as hand:
        await hand.press("*")
        await hand.until(lambda: "60 marked" in hand.status)
        await hand.press("m", "enter")
        await hand.until(lambda: "Spring 60" in hand.sidebar)
        await hand.until(lambda: "The Opt-in queue is empty." in hand.text)


async def test_y_copies_the_phone_number_and_shows_it(sqlite_store: Store, sqlite_url: str) -> None:
    switched_on(sqlite_store)
    put(sqlite_store, lead(phone="+14155550123"))
    settle_all(sqlite_store)
    async with at_desk(sqlite_url) as hand:
        await hand.press("y")
        assert hand.copied == ["+14155550123"]
        assert hand.toasts == ["+14155550123"]


async def test_the_loser_of_a_race_is_told_who_and_where(
    sqlite_store: Store, sqlite_url: str
) -> None:
    from storage.acts import Move
    from storage.bulk import perform
    from storage.words import Target

    ids = fill(sqlite_store, "a", "b", "c")
    spring, summer = group(sqlite_store, "Spring"), group(sqlite_store, "Summer")
    assert summer
    async with at_desk(sqlite_url) as hand:
        await hand.press("space", "space", "m")
        await hand.until(lambda: hand.dialog == "MoveTo")
        perform(sqlite_store, BO, Move(spring), Target(ids=(ids[2],)))
        await hand.type("summer")
        await hand.press("enter")
        await hand.until(lambda: hand.toasts)
        assert hand.toasts[-1].startswith("Moved 1 contact to “Summer”. 1 already gone. c: moved")
        assert "moved to “Spring” by bo" in hand.toasts[-1]


async def test_enter_opens_the_contact_and_the_panel_follows_the_cursor(
    sqlite_store: Store, sqlite_url: str
) -> None:
    fill(sqlite_store, "Ada", "Grace")
    async with at_desk(sqlite_url) as hand:
        await hand.press("enter")
        await hand.until(lambda: "Consent" in hand.text and "STOP to cancel" in hand.text)
        assert hand.text.count("Grace") == 2
        await hand.press("j")
        await hand.until(lambda: hand.text.count("Ada") == 2)
        await hand.press("escape")
        await hand.until(lambda: "Consent" not in hand.text)


async def test_the_open_contact_tells_what_its_consent_rests_on(
    sqlite_store: Store, sqlite_url: str
) -> None:
    switched_on(sqlite_store)
    evidence = {
        "written_phone": "+1 (415) 555-0123",
        "claimed_ip": "10.1.2.3",
        "user_agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
        "source_url": "https://shop.example/[/x]",
        "consent_text": "I agree.",
    }
    put(sqlite_store, lead(phone="+14155550123", evidence=evidence))
    settle_all(sqlite_store)
    async with at_desk(sqlite_url) as hand:
        await hand.press("enter")
        await hand.until(lambda: "Consent" in hand.text)
        lines = [line.partition("│")[2].strip() for line in hand.text.splitlines()]
        assert "phone written +1 (415) 555-0123" in lines
        assert "claimed IP    10.1.2.3" in lines
        assert "page          https://shop.example/[/x]" in lines
        assert "consent text  I agree." in lines
        assert "number id     num_test" in lines
        assert any(line.endswith(" UTC  opted in") for line in lines)
        first = next(line for line in hand.text.splitlines() if "user agent" in line)
        after = hand.text.splitlines()[hand.text.splitlines().index(first) + 1]
        start = first.index("user agent")
        assert after[start:][:14].isspace() and after[start + 14] != " "


async def test_the_footer_names_the_way_out_first(sqlite_store: Store, sqlite_url: str) -> None:
    fill(sqlite_store, "a", "b", "c")
    async with at_desk(sqlite_url) as hand:

        def footer() -> list[str]:
            return [f"{hint.key} {hint.word}" for hint in hand.desk.main.footer.shown]

        assert footer()[0] == "enter open"
        await hand.press("v", "j")
        await hand.until(lambda: footer()[0] == "esc end range")
        assert "range" in hand.status
        await hand.press("escape")
        await hand.until(lambda: footer()[:2] == ["esc unmark", "enter open"])
        assert "range" not in hand.status
        await hand.press("enter")
        await hand.until(lambda: footer()[:2] == ["esc unmark", "enter close"])
        await hand.press("escape", "escape")
        await hand.until(lambda: footer()[0] == "enter open")
        await hand.press("F")
        await hand.until(lambda: "following" in hand.status)
        await hand.press("j")
        await hand.until(lambda: "following" not in hand.status)


async def test_arrivals_are_followed_also_where_favorites_stand_first(
    sqlite_store: Store, sqlite_url: str
) -> None:
    fill(sqlite_store, "a", "b", "c")
    async with at_desk(sqlite_url) as hand:

        def here() -> str:
            contact = hand.table.cursor_contact
            return "" if contact is None else contact.name

        await hand.press("j", "s", "o", "o")
        await hand.until(lambda: hand.names == ["b", "c", "a"])
        await hand.press("G", "F")
        await hand.until(lambda: "following" in hand.status and here() == "c")
        put(sqlite_store, lead(first_name="d", last_name=""))
        settle_all(sqlite_store)
        await hand.until(lambda: hand.names == ["b", "d", "c", "a"] and here() == "d")
        await hand.press("G")
        put(sqlite_store, lead(first_name="e", last_name=""))
        settle_all(sqlite_store)
        await hand.until(lambda: hand.names == ["b", "e", "d", "c", "a"])
        assert here() == "a"
        hand.table.go_to_arrivals()
        await hand.until(lambda: here() == "e")


async def test_groups_are_lists_like_the_queue(sqlite_store: Store, sqlite_url: str) -> None:
    fill(sqlite_store, "a", "b")
    group(sqlite_store, "Spring")
    async with at_desk(sqlite_url) as hand:
        await hand.press("m", "enter")
        await hand.until(lambda: "Spring 1" in hand.sidebar)
        await hand.press("]")
        await hand.until(lambda: hand.place.sentence.startswith("Spring"))
        await hand.until(lambda: hand.names == ["b"])
        await hand.press("s")
        await hand.until(lambda: hand.here.favorite)
        await hand.press("q")
        await hand.until(lambda: hand.place.sentence.startswith("Opt-in queue"))
        await hand.until(lambda: hand.names == ["a"])


async def test_keys_faster_than_the_disk_each_do_what_they_say(
    sqlite_store: Store, sqlite_url: str
) -> None:
    fill(sqlite_store, "Ada", "Bo", "Cy", "Di", "Ed")
    async with at_desk(sqlite_url) as hand:
        await hand.until(lambda: len(hand.names) == 5)
        # As one burst: the first act is still on its way when the others come.
        for act in ("star", "star", "delete", "delete"):
            getattr(hand.contacts, f"action_contact_{act}")()
        await hand.until(lambda: hand.names == ["Ed", "Di", "Ada"])
        await hand.until(
            lambda: [row.favorite for row in hand.table.visible_rows][:2] == [True] * 2
        )
        assert hand.toasts[-1:] != ["Still busy: delete."]
        # An act, and at once what takes it back, and what does so with the one before.
        hand.contacts.action_contact_delete()
        for _ in range(2):
            hand.desk.main.action_desk_undo()
        await hand.until(lambda: hand.names == ["Ed", "Di", "Bo", "Ada"])
        assert hand.toasts[-2:] == ["Undid: delete Ada.", "Undid: delete Bo."]
