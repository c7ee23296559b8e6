"""Windows onto lists: every one of them is a slice of the whole list."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update
from sqlalchemy.engine import Connection

from storage import ahead, listings
from storage.glimpses import CAP, Ask, End, Glimpse, Key, Stood
from storage.ids import LARGEST, new_id
from storage.listings import Listing
from storage.search import haystack, mark_pending
from storage.store import Store
from storage.stretches import look
from storage.tables import Contact, ContactLabel, Group, Label
from storage.tallies import add_tallies, group_tally, stage_tally
from storage.times import now
from storage.windows import RowReader, each_row, ids_below
from storage.words import Badge, Order, Place, Target, View

_contacts: Any = Contact.__table__  # type: ignore[attr-defined]
GROUP = 77


@dataclass
class Person:
    """A contact as the test knows it."""

    id: int
    name: str
    stage: str
    group: int | None
    favorite: int


def people(store: Store, n: int, seed: int = 1) -> list[Person]:
    """Contacts of every stage, oldest first."""
    rng = random.Random(seed)
    found = []
    for place in range(n):
        stage = rng.choice(["queued"] * 4 + ["grouped"] * 4 + ["suppressed"] * 3 + ["deleted"])
        group = rng.choice([GROUP, 78]) if stage == "grouped" else None
        name = rng.choice(["Anna", "Ben", "Zoé"]) + f" {place}"
        found.append(Person(new_id(), name, stage, group, int(rng.random() < 0.2)))
    store.do(lambda conn: _insert(conn, found))
    return found


def _insert(conn: Connection, found: Sequence[Person]) -> None:
    moment = now() - timedelta(hours=1)
    rows: list[dict[str, Any]] = []
    tallies: dict[str, int] = {}
    for place, person in enumerate(found):
        first, last = person.name.split(" ")
        phone = f"+4479{person.id % 10**8:08}"
        rows.append({
            "id": person.id, "phone": phone, "first_name": first, "last_name": last,
            "stage": person.stage, "kind": "mobile", "region": "GB", "group_id": person.group,
            "favorite": person.favorite, "badges": place % 2, "number_id": "", "version": 1,
            "haystack": haystack(first, last, phone), "received_at": moment, "changed_at": moment,
        })  # fmt: skip
        names = [stage_tally(person.stage)]
        if person.group:
            names.append(group_tally(person.group))
        for name in names:
            tallies[name] = tallies.get(name, 0) + 1
    conn.execute(insert(_contacts), rows)
    add_tallies(conn, tallies)
    mark_pending(conn, [row["id"] for row in rows])


def expected(found: Sequence[Person], view: View) -> list[int]:
    """The ids of a view, worked out without the store."""
    word = view.search.casefold()
    held = {
        Place.QUEUE: lambda person: person.stage == "queued",
        Place.DNC: lambda person: person.stage == "suppressed",
        Place.GROUP: lambda person: person.group == view.group_id,
        Place.ALL: lambda person: person.stage != "deleted",
    }[view.place]
    mine = [person for person in found if held(person) and word in person.name.casefold()]
    keys: dict[Order, Any] = {
        Order.NEWEST: lambda person: (0, -person.id),
        Order.OLDEST: lambda person: (0, person.id),
        Order.FAVORITE: lambda person: (-person.favorite, -person.id),
    }
    return [person.id for person in sorted(mine, key=keys[view.order])]


VIEWS = [
    View(place, GROUP if place is Place.GROUP else None, "", search, order)
    for place in Place
    for order in Order
    for search in ("", "Anna")
]


def assert_slice(glimpse: Glimpse, ids: list[int]) -> None:
    """A glimpse holds consecutive rows under their true numbers."""
    found = [row.id for row in glimpse.rows]
    assert found == ids[glimpse.start : glimpse.start + len(found)]
    assert glimpse.total == len(ids)
    assert not glimpse.more
    assert glimpse.head == (glimpse.start == 0)
    if glimpse.tail:
        assert glimpse.start + len(found) == len(ids)
    assert glimpse.newest == max(ids)


def test_every_window_is_a_slice_of_the_whole_list(store: Store) -> None:
    found = people(store, 400)
    reader = RowReader(store)
    rng = random.Random(2)
    for view in VIEWS:
        ids = expected(found, view)
        head = reader.look(Ask(view, End.HEAD, 0, 20))
        assert_slice(head, ids)
        assert head.start == head.place == 0
        tail = reader.look(Ask(view, End.TAIL, 20, 0))
        assert_slice(tail, ids)
        assert tail.place == len(ids) - 1
        assert [row.id for row in tail.rows] == ids[-20:]
        for _ in range(4):
            number = rng.randrange(len(ids))
            around = reader.look(Ask(view, number, 7, 9))
            assert_slice(around, ids)
            assert around.place == number
            person = next(each for each in found if each.id == ids[number])
            # A hint may be missing or far off, and the favorite flag out of date.
            key = Key(person.id, rng.random() < 0.5)
            hint = rng.choice([None, rng.randrange(len(ids))])
            at_key = reader.look(Ask(view, key, 7, 9, hint=hint))
            assert_slice(at_key, ids)
            assert at_key.place == number


def test_the_place_of_arrivals_is_known_in_every_order(store: Store) -> None:
    found = people(store, 400)
    reader = RowReader(store)
    for view in VIEWS:
        ids = expected(found, view)
        key = Key(LARGEST)
        for hint in (None, 3):
            glimpse = reader.look(Ask(view, key, 7, 9, hint=hint, cursor=key))
            assert_slice(glimpse, ids)
            assert glimpse.place is not None
            there = next(each for each in found if each.id == ids[glimpse.place])
            if view.order is Order.FAVORITE:
                # Behind the favorites, where there are others.
                others = [each.id for each in found if each.id in ids and not each.favorite]
                assert there.id == max(others)
            else:
                assert there.id == max(ids)


def work(store: Store, asked: Callable[[Connection], object]) -> int:
    """Steps of SQLite's machine that a question takes, in hundreds."""
    ticks = 0

    def tick() -> int:
        nonlocal ticks
        ticks += 1
        return 0

    with store.read() as conn:
        driver: Any = conn.connection.driver_connection
        driver.set_progress_handler(tick, 100)
        try:
            asked(conn)
        finally:
            driver.set_progress_handler(None, 0)
    return ticks


@pytest.mark.parametrize("order", list(Order))
def test_whoever_turns_a_list_round_is_found_from_the_nearer_end(
    sqlite_store: Store, order: Order
) -> None:
    found = [each for each in people(sqlite_store, 2_000) if each.stage != "deleted"]
    view = View(Place.ALL, order=order)

    def place_of(person: Person) -> int:
        key = Key(person.id, bool(person.favorite))
        return work(sqlite_store, lambda conn: Listing(conn, view).place_of(key, None))

    plain = [each for each in found if not each.favorite]
    middle = place_of(plain[len(plain) // 2])
    assert place_of(plain[20]) < middle / 2
    assert place_of(plain[-20]) < middle / 2


@pytest.mark.parametrize("order", list(Order))
@pytest.mark.parametrize("place", [0, 500])
def test_another_order_is_asked_for_in_few_turns(
    store: Store, monkeypatch: pytest.MonkeyPatch, order: Order, place: int
) -> None:
    people(store, 2_000)
    view = View(Place.QUEUE, order=order)
    with store.read() as conn:
        newest = [
            key.id for key in Listing(conn, View(Place.QUEUE)).keys(None, forward=True, limit=9999)
        ]
    turns: list[int] = []

    def counting(told: Callable[..., Any]) -> Callable[..., Any]:
        def asked(*given: Any) -> Any:
            turns.append(len(given) - 1)
            return told(*given)

        return asked

    for name in ("fetch", "fetch_together"):
        monkeypatch.setattr(ahead, name, counting(getattr(ahead, name)))
    with store.read() as conn:
        key = Listing(conn, view).current(Key(newest[place]))
        turns.clear()
        listing = Listing(conn, view)
        ask = Ask(view, key, 40, 40, hint=None, cursor=key, newer_than=newest[3])
        seen = look(listing, ask)
    assert seen.cursor == key
    # All that can be told beforehand, and where the contact stands.
    assert len(turns) <= 2


UNSEARCHED = [view for view in VIEWS if not view.search]


def stood_in(found: Sequence[Person], view: View, person: Person) -> Stood:
    ids = expected(found, view)
    return Stood(view.order, ids.index(person.id), len(ids))


@pytest.mark.parametrize("view", UNSEARCHED, ids=lambda view: f"{view.place}-{view.order}")
def test_far_from_both_ends_another_order_tells_where_a_contact_is(
    store: Store, monkeypatch: pytest.MonkeyPatch, view: View
) -> None:
    monkeypatch.setattr(listings, "NEAR", 10)
    found = people(store, 400)
    reader, ids = RowReader(store), expected(found, view)
    rng, by_id = random.Random(3), {person.id: person for person in found}
    reckoned = 0
    for before in Order:
        for ident in (*rng.sample(ids, 12), ids[0], ids[3], ids[-4], ids[-1]):
            person = by_id[ident]
            if before is Order.FAVORITE and person.favorite:
                continue
            stood = stood_in(found, view.ordered(before), person)
            key = Key(ident, bool(person.favorite))
            glimpse = reader.look(Ask(view, key, 7, 9, hint=None, stood=stood, reckon=True))
            assert_slice(glimpse, ids)
            assert glimpse.place == ids.index(ident)
            reckoned += glimpse.reckoned
            if min(glimpse.place, len(ids) - glimpse.place) < 10:
                assert not glimpse.reckoned
    assert reckoned > 5


@pytest.mark.parametrize("view", UNSEARCHED, ids=lambda view: f"{view.place}-{view.order}")
def test_what_was_reckoned_is_counted_when_asked_whatever_happened_meanwhile(
    store: Store, monkeypatch: pytest.MonkeyPatch, view: View
) -> None:
    monkeypatch.setattr(listings, "NEAR", 10)
    found = people(store, 400)
    reader, rng = RowReader(store), random.Random(4)
    for turn in range(6):
        before = rng.choice(list(Order))
        stood = {
            ident: Stood(before, number, len(ids))
            for ids in [expected(found, view.ordered(before))]
            for number, ident in enumerate(ids)
        }
        found += people(store, 30, seed=turn)
        for person in rng.sample(found, 20):
            person.favorite = 1 - person.favorite
            _set_favorite(store, person)
        ids = expected(found, view)
        for person in rng.sample([each for each in found if each.id in ids], 10):
            # What the asker believes of it may be old, or of nothing at all.
            key = Key(person.id, bool(person.favorite) or rng.random() < 0.3)
            known = stood.get(person.id) or Stood(before, rng.randrange(9999), rng.randrange(9999))
            hint = rng.choice([None, rng.randrange(-50, 999)])
            ask = Ask(view, key, 7, 9, hint=hint, stood=rng.choice([None, known]), reckon=True)
            glimpse = reader.look(ask)
            shown = [row.id for row in glimpse.rows]
            place = ids.index(shown[0])
            assert shown == ids[place : place + len(shown)]
            assert person.id == glimpse.rows[glimpse.place - glimpse.start].id
            assert 0 <= glimpse.start <= len(ids) - len(shown)
            assert glimpse.total == len(ids)
            if not glimpse.reckoned:
                assert_slice(glimpse, ids)
            true = Key(person.id, bool(person.favorite))
            assert reader.place(view, true, glimpse.place) == ids.index(person.id)


def _set_favorite(store: Store, person: Person) -> None:
    store.do(
        lambda conn: conn.execute(
            update(_contacts).where(_contacts.c.id == person.id).values(favorite=person.favorite)
        )
    )


@pytest.mark.parametrize("order", list(Order))
@pytest.mark.parametrize("known", ["where it stood", "its number", "nothing"])
def test_nothing_is_counted_across_the_list_before_rows_are_shown(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch, order: Order, known: str
) -> None:
    found = people(sqlite_store, 6_000)
    view = View(Place.QUEUE, order=order)
    ids = expected(found, view)
    person = next(each for each in found if each.id == ids[len(ids) // 2])
    ask = Ask(
        view,
        Key(person.id, bool(person.favorite)),
        5,
        5,
        hint=len(ids) // 2 if known == "its number" else None,
        stood=stood_in(found, View(), person) if known == "where it stood" else None,
    )

    def steps() -> int:
        return work(sqlite_store, lambda conn: look(Listing(conn, view), ask))

    counted = steps()
    monkeypatch.setattr(listings, "NEAR", 10)
    ask = replace(ask, reckon=True)
    # Favorites, which are few, are counted.
    assert steps() < counted * (0.7 if order is Order.FAVORITE else 0.25)


def test_what_was_reckoned_wrongly_to_be_near_an_end_is_not_counted_across_the_list(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = people(sqlite_store, 6_000)
    ids = expected(found, View())
    middle = len(ids) // 2
    ask = Ask(View(), Key(ids[middle]), 5, 5, hint=0)
    true = work(sqlite_store, lambda conn: look(Listing(conn, View()), ask))
    monkeypatch.setattr(listings, "NEAR", 10)
    wrong = replace(ask, reckon=True)
    assert work(sqlite_store, lambda conn: look(Listing(conn, View()), wrong)) < true / 4
    glimpse = RowReader(sqlite_store).look(wrong)
    assert glimpse.reckoned
    assert RowReader(sqlite_store).place(View(), Key(ids[middle]), 0) == middle


def test_a_contact_that_left_is_replaced_by_the_one_behind_it(store: Store) -> None:
    found = people(store, 400)
    by_id = {person.id: person for person in found}
    reader = RowReader(store)
    for view in VIEWS:
        ids = expected(found, view)
        order = view.order
        ranks = [Key(ident, bool(by_id[ident].favorite)).rank(order) for ident in ids]
        for person in found[::19]:
            if person.id in ids:
                continue
            key = Key(person.id, bool(person.favorite))
            behind = sum(rank < key.rank(order) for rank in ranks)
            glimpse = reader.look(Ask(view, key, 5, 5))
            assert_slice(glimpse, ids)
            assert glimpse.place == min(behind, len(ids) - 1)


def test_a_cursor_far_from_the_rows_asked_for_is_found_too(store: Store) -> None:
    found = people(store, 400)
    reader = RowReader(store)
    for view in VIEWS:
        ids = expected(found, view)
        ident = ids[len(ids) * 2 // 3]
        person = next(each for each in found if each.id == ident)
        key = Key(ident, bool(person.favorite))
        glimpse = reader.look(Ask(view, End.HEAD, 0, 3, cursor=key))
        assert glimpse.cursor == ids.index(ident)
        assert glimpse.cursor_row is not None and glimpse.cursor_row.id == ident


def test_reading_on_in_either_direction_gives_the_whole_list(store: Store) -> None:
    found = people(store, 400)
    reader = RowReader(store)
    for view in VIEWS:
        ids = expected(found, view)
        rows = list(reader.look(Ask(view, len(ids) // 2, 5, 5)).rows)
        while more := reader.beyond(view, Key.of(rows[-1]), True, 16):
            rows += more
        while more := reader.beyond(view, Key.of(rows[0]), False, 16):
            rows[:0] = more
        assert [row.id for row in rows] == ids
        assert [row.id for row in each_row(store, view)] == ids
        assert [row.id for row in each_row(store, view, limit=5)] == ids[:5]


def test_what_arrived_since_is_counted_in_the_same_snapshot(store: Store) -> None:
    found = people(store, 400)
    reader = RowReader(store)
    for view in VIEWS:
        ids = sorted(expected(found, view))
        glimpse = reader.look(Ask(view, End.HEAD, 0, 5, newer_than=ids[-4]))
        assert glimpse.newer == 3
        assert glimpse.newest == ids[-1]


def test_a_range_holds_every_contact_from_one_key_to_the_other(store: Store) -> None:
    found = people(store, 400)
    reader = RowReader(store)
    flags = {person.id: bool(person.favorite) for person in found}
    for view in VIEWS:
        ids = expected(found, view)
        first, last = Key(ids[2], flags[ids[2]]), Key(ids[-3], flags[ids[-3]])
        assert list(reader.between(view, first, last, 1_000)) == ids[2:-2]
        assert list(reader.between(view, first, last, 4)) == ids[2:6]


def test_all_that_match_up_to_a_moment_are_counted_and_recognised(store: Store) -> None:
    found = people(store, 400)
    reader = RowReader(store)
    for view in VIEWS:
        ids = sorted(expected(found, view))
        top = ids[-5]
        assert reader.count(view) == len(ids)
        assert reader.count(view, top) == len(ids) - 4
        spared = frozenset((ids[0],))
        marks = Target(view=view, top=top, spared=spared)
        everyone = [person.id for person in found]
        assert reader.held(everyone, marks) == frozenset(ids[1:-4])
        glimpse = reader.look(Ask(View(Place.ALL), End.HEAD, 0, 500, marks=marks))
        assert glimpse.marked == frozenset(ids[1:-4])
        if not view.search:
            assert glimpse.marked_total == len(ids) - 5


def test_the_newest_below_an_id_are_found_in_any_order(store: Store) -> None:
    found = people(store, 400)
    for view in VIEWS:
        ids = sorted(expected(found, view), reverse=True)
        with store.read() as conn:
            assert list(ids_below(conn, view, None, 10)) == ids[:10]
            assert list(ids_below(conn, view, ids[9], 10)) == ids[10:20]


@pytest.mark.parametrize("order", list(Order))
def test_a_search_with_very_many_matches_is_counted_to_a_cap(store: Store, order: Order) -> None:
    everyone = [
        Person(new_id(), f"Anna {n}", "queued", None, int(n % 50 == 0)) for n in range(2_500)
    ]
    store.do(lambda conn: _insert(conn, everyone))
    reader = RowReader(store)
    view = View(search="anna", order=order)
    ids = expected(everyone, view)
    head = reader.look(Ask(view, End.HEAD, 0, 50, newer_than=everyone[-11].id))
    assert (head.total, head.more, head.head, head.newer) == (CAP, True, True, 10)
    assert head.newest == everyone[-1].id
    assert [row.id for row in head.rows] == ids[:50]
    across = reader.look(Ask(view, CAP - 10, 20, 100))
    assert [row.id for row in across.rows] == ids[CAP - 30 : CAP + 90]
    deep = reader.look(Ask(view, Key(ids[1_800]), 20, 20, hint=1_750))
    assert [row.id for row in deep.rows] == ids[1_780:1_820]
    assert deep.place == 1_750
    assert reader.count(view) == len(ids)
    quick = reader.look(Ask(view, End.HEAD, 0, 50, quick=True))
    assert (quick.total, quick.more, quick.rough) == (CAP, True, True)
    assert [row.id for row in quick.rows] == ids[:50]
    assert reader.look(Ask(view, Key(ids[1_800]), 20, 20, hint=9, quick=True)).place == CAP
    tail = reader.look(Ask(view, End.TAIL, 20, 0, total=len(ids)))
    assert (tail.start, tail.total, tail.more) == (len(ids) - 20, len(ids), False)
    counted = reader.look(Ask(view, 2_000, 5, 5, total=len(ids)))
    assert [row.id for row in counted.rows] == ids[1_995:2_005]


def test_a_row_has_its_labels_by_name_its_group_and_its_badges(store: Store) -> None:
    def verb(conn: Connection) -> None:
        moment = now()
        labels = [
            {"id": 1, "name": "vip", "folded": "vip", "colour": "red", "created_at": moment},
            {"id": 2, "name": "Call", "folded": "call", "colour": "", "created_at": moment},
        ]
        conn.execute(insert(Label.__table__), labels)  # type: ignore[attr-defined]
        group = {"id": GROUP, "name": "Spring", "folded": "spring", "created_at": moment}
        conn.execute(insert(Group.__table__), [group])  # type: ignore[attr-defined]
        worn = [{"contact_id": found[1].id, "label_id": label["id"]} for label in labels]
        conn.execute(insert(ContactLabel.__table__), worn)  # type: ignore[attr-defined]

    found = [Person(new_id(), f"Anna {n}", "grouped", GROUP, n) for n in range(2)]
    store.do(lambda conn: _insert(conn, found))
    store.do(verb)
    view = View(Place.GROUP, GROUP, "Spring")
    newest, oldest = RowReader(store).look(Ask(view, End.HEAD)).rows
    assert [(tag.name, tag.colour) for tag in newest.labels] == [("Call", ""), ("vip", "red")]
    assert (newest.group, newest.badges, newest.favorite) == ("Spring", (Badge.TEST,), True)
    assert (oldest.labels, oldest.badges, oldest.favorite) == ((), (), False)
    assert newest.received_at.tzinfo is not None


def test_counters_that_are_wrong_do_not_bend_the_list(store: Store) -> None:
    people(store, 100)
    reader = RowReader(store)
    true = reader.look(Ask(View(), End.HEAD, 0, 500)).total
    for error in (-3, 7):
        store.do(lambda conn, error=error: add_tallies(conn, {stage_tally("queued"): error}))  # type: ignore[misc]
        whole = reader.look(Ask(View(), End.HEAD, 0, 500))
        assert (whole.total, whole.tail) == (true, True)
        tail = reader.look(Ask(View(), End.TAIL, 10, 0))
        assert tail.tail and len(tail.rows) == 10
        past = reader.look(Ask(View(), true + 5, 3, 3))
        assert past.tail and past.rows


def test_an_empty_place_gives_an_empty_window(store: Store) -> None:
    reader = RowReader(store)
    for view in VIEWS:
        for at in (End.HEAD, End.TAIL, 0, 5, Key(1), Key(1, True)):
            glimpse = reader.look(Ask(view, at, 5, 5, cursor=Key(3), newer_than=0))
            assert (glimpse.rows, glimpse.total, glimpse.start) == ((), 0, 0)
            assert (glimpse.newest, glimpse.newer, glimpse.cursor) == (None, 0, None)


def test_a_star_moves_a_contact_in_the_order_by_favorites(store: Store) -> None:
    found = people(store, 60)
    view = View(order=Order.FAVORITE)
    ids = expected(found, view)
    person = next(each for each in found if each.id == ids[-1])
    store.do(
        lambda conn: conn.execute(
            update(_contacts).where(_contacts.c.id == person.id).values(favorite=1)
        )
    )
    person.favorite = 1
    glimpse = RowReader(store).look(Ask(view, Key(person.id, False), 5, 5))
    assert_slice(glimpse, expected(found, view))
    assert glimpse.rows[glimpse.place - glimpse.start].id == person.id
