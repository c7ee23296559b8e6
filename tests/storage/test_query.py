"""The language of the search box, on both stores."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select

from benchmarks.fill import Plan, fill
from storage import (
    completion,
    groups,
    labels,
    narrowing,
    query,
    saved_views,
    undo,
    undo_stack,
)
from storage.acts import AddLabel, Delete, Move, Star
from storage.bulk import count_target, perform
from storage.errors import NotFound, Refused
from storage.folding import digits
from storage.glimpses import Ask, End, GaveUp, Patience
from storage.ids import id_at, new_id
from storage.listings import Listing
from storage.query import KINDS, MARKS, Asked, read
from storage.search import haystack
from storage.search_index import contacts, mark_pending
from storage.store import Store
from storage.tables import ContactLabel
from storage.tallies import add_tallies, label_tally, stage_tally
from storage.times import now
from storage.windows import RowReader, each_row
from storage.words import BADGE_BITS, Actor, Badge, Order, Place, Target, View
from tests.factories import make_queued
from tests.pace import examples

WORN: Any = ContactLabel.__table__  # type: ignore[attr-defined]
SOURCES = ("api", "", "zapier", "typeform", "hook")
ANY_TEXT = st.one_of(
    st.text(max_size=30),
    st.lists(
        st.sampled_from(
            [
                *(f"{minus}{key}:" for key in query.KEYS for minus in ("", "-")),
                *("age<", "age>", "1d", "99999999w", '"', "hot", " ", "none", "%", "_", "\0"),
                *("favorite", "landline", "zapier", "label:hot", "is:test", "-", "\ud800", "\\"),
            ]
        ),
        max_size=8,
    ).map("".join),
)


def found(store: Store, text: str, **view: Any) -> list[int]:
    return [row.id for row in each_row(store, View(Place.ALL, search=text, **view))]


@pytest.fixture
def crowd(store: Store, me: Actor) -> dict[int, dict[str, Any]]:
    """Two hundred contacts of every sort, as plain facts by id."""
    rng = random.Random(7)
    named = {}
    for name in ("hot", "spam", "very hot"):
        named[name] = store.do(partial(labels.create, who=me, name=name)).id
    spring = store.do(lambda conn: groups.create(conn, me, "Spring"))
    people: dict[int, dict[str, Any]] = {}
    for place in range(200):
        ident, phone = new_id(), f"+1202555{place:04}"
        bits = sum(bit for bit in BADGE_BITS.values() if rng.random() < 0.1)
        worn = [name for name in named if rng.random() < 0.2]
        grouped = rng.random() < 0.2
        people[ident] = {
            "row": {
                "id": ident, "phone": phone, "first_name": rng.choice(["Ann", "Bob"]),
                "last_name": "Lee", "stage": "grouped" if grouped else "queued",
                "kind": rng.choice(KINDS), "region": "", "favorite": int(rng.random() < 0.2),
                "badges": bits, "number_id": "", "version": 1, "source": rng.choice(SOURCES),
                "group_id": spring.id if grouped else None,
                "haystack": haystack("Ann", "Lee", phone, worn),
                "received_at": now(), "changed_at": now(),
            },
            "labels": worn,
        }  # fmt: skip

    def keep(conn: Any) -> None:
        conn.execute(insert(contacts), [each["row"] for each in people.values()])
        pairs = [(ident, named[name]) for ident, each in people.items() for name in each["labels"]]
        conn.execute(insert(WORN), [{"contact_id": one, "label_id": other} for one, other in pairs])
        tallies = {label_tally(ident): 0 for ident in named.values()}
        for _, other in pairs:
            tallies[label_tally(other)] += 1
        add_tallies(conn, tallies | {stage_tally("queued"): 200})
        mark_pending(conn, list(people))

    store.do(keep)
    return people


def meets_term(person: dict[str, Any], key: str, value: str) -> bool:
    row = person["row"]
    if key == "label":
        return value in person["labels"]
    if key == "is" and value == "favorite":
        return bool(row["favorite"])
    if key == "is":
        return bool(row["badges"] & BADGE_BITS[narrowing._BADGE_OF[value]])
    if key == "kind":
        return (value, row["kind"]) == ("mobile", "mobile_or_landline") or row["kind"] == value
    if key == "group":
        return (row["group_id"] is None) is (value == "none")
    if key == "from":
        return row["source"] == value or (value == "api" and row["source"] == "")
    if key == "stage":
        return bool(row["stage"] == value)
    return digits(value) in row["phone"]


def meets(person: dict[str, Any], asked: Asked) -> bool:
    """What the language promises, without a store."""
    terms = (meets_term(person, term.key, term.value) is not term.negated for term in asked.terms)
    return all(terms) and asked.words.matches(person["row"]["haystack"])


TERMS = [
    "label:hot", 'label:"very hot"', "label:nobody", *(f"is:{mark}" for mark in MARKS),
    *(f"kind:{kind}" for kind in KINDS), "group:none", "group:spring", "from:zapier", "from:api",
    "from:nobody", "stage:queued", "stage:grouped", "phone:2025550", "phone:555-0011",
]  # fmt: skip


@pytest.mark.deep
@pytest.mark.parametrize("few", [0, 20_000])
def test_every_mixture_of_conditions_finds_just_who_meets_them(
    store: Store, crowd: dict[int, dict[str, Any]], few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.search.FEW", few)
    monkeypatch.setattr("storage.search.LOOKED_UP", 7)
    rng = random.Random(few)
    for _ in range(examples(80)):
        terms = rng.sample(TERMS, rng.randint(1, 3))
        text = " ".join(rng.choice(["", "", "-"]) + term for term in terms)
        text += rng.choice(["", " ann", " 2025550", ' "ann lee"'])
        order = rng.choice(list(Order))
        expected = {ident for ident, each in crowd.items() if meets(each, read(text))}
        assert set(found(store, text, order=order)) == expected, text
        assert count_target(store, Target(view=View(Place.ALL, search=text))) == len(expected), text


@pytest.mark.deep
@pytest.mark.parametrize("text", ["", " ann", " 2025550", " 7"])
def test_who_has_no_patience_sees_the_first_matches_and_that_there_may_be_more(
    store: Store, crowd: dict[int, dict[str, Any]], text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("WINDOW", "STEP", "CANDIDATES", "LOOKED_UP", "READ_ON", "SMALL_PLACE"):
        monkeypatch.setattr(f"storage.search.{name}", 7)
    reader, rng, cut_short = RowReader(store), random.Random(text), 0
    for _ in range(examples(60)):
        asked = " ".join(
            rng.choice(["", "-"]) + term for term in rng.sample(TERMS, rng.randint(1, 2))
        )
        view = View(Place.ALL, search=asked + text, order=rng.choice(list(Order)))
        whole = [row.id for row in each_row(store, view)]
        glimpse = reader.look(Ask(view, End.HEAD, after=500, patience=Patience(0)))
        ids = [row.id for row in glimpse.rows]
        assert ids == whole[: len(ids)], view.search
        assert glimpse.unfinished or ids == whole, view.search
        assert glimpse.more is glimpse.unfinished
        assert glimpse.total == len(ids)
        cut_short += glimpse.unfinished
        patient = reader.look(Ask(view, End.HEAD, after=500, patience=Patience(60)))
        assert ([row.id for row in patient.rows], patient.unfinished) == (whole, False)
    # Whole words are looked up in one step here.
    assert cut_short > 5 or len(text) > 2


def test_a_search_that_nobody_waits_for_ends_at_its_next_step(
    store: Store, crowd: dict[int, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.search.WINDOW", 7)
    patience = Patience()
    patience.give_up()
    with pytest.raises(GaveUp):
        view = View(Place.ALL, search="-is:test kind:mobile")
        RowReader(store).look(Ask(view, 0, patience=patience))


@pytest.fixture(scope="module")
def village(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Eight thousand believable contacts."""
    url = f"sqlite:///{tmp_path_factory.mktemp('village') / 'optdesk.db'}"
    fill(url, Plan(8_000))
    store = Store.open(url)
    yield store
    store.close()


@pytest.mark.parametrize(
    "text",
    [
        "label:vip", "is:favorite", "is:landline", "kind:landline", "kind:mobile", "from:zapier",
        "from:api", "age<80d", "age>30d", "group:none", "label:vip kind:landline", "phone:4473",
        "phone:99999999", "kind:voip", "label:nobody", "label:vip is:favorite", "is:test from:api",
        "label:vip a", "is:unassigned kind:landline",
    ],
)  # fmt: skip
def test_the_first_rows_are_found_without_reading_everybody(village: Store, text: str) -> None:
    def work(search: str) -> int:
        ticks = 0

        def tick() -> int:
            nonlocal ticks
            ticks += 1
            return 0

        with village.read() as conn:
            driver: Any = conn.connection.driver_connection
            driver.set_progress_handler(tick, 100)
            try:
                Listing(conn, View(search=search)).keys(None, forward=True, limit=20)
            finally:
                driver.set_progress_handler(None, 0)
        return ticks * 100

    # Where no index helps and nobody is found, everybody is read.
    everybody = work("-kind:mobile -kind:landline -kind:unassigned")
    assert work(text) < everybody / 4


@pytest.mark.deep
@given(text=ANY_TEXT)
@settings(
    max_examples=examples(80),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_any_text_finds_or_finds_nothing(store: Store, text: str) -> None:
    view = View(search=text)
    assert view.description.endswith("first")
    list(each_row(store, view))
    with store.read() as conn:
        for offered in completion.complete(conn, text, len(text) // 2):
            assert offered.applied(text)[0].startswith(text[: offered.start])


def test_age_is_counted_from_now(store: Store, me: Actor) -> None:
    [young] = make_queued(store)
    old = id_at(now() - timedelta(hours=30))

    def age(conn: Any) -> None:
        row = dict(conn.execute(select(contacts).where(contacts.c.id == young)).one()._mapping)
        conn.execute(insert(contacts), row | {"id": old, "phone": "+12025550999"})

    store.do(age)
    assert found(store, "age<1d") == [young]
    assert found(store, "age>1d") == found(store, "-age<=1d") == [old]
    assert found(store, "age<2d") == [young, old]
    assert found(store, "age<9999999w") == [young, old]


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("colour:red", ((), "colour:red")),
        ("label:", ((), "label:")),
        ("is:nonsense", ((), "is:nonsense")),
        ("age<soon", ((), "age<soon")),
        ("http://x", ((), "http://x")),
        ('label:"very hot" ann', (("labelled “very hot”",), "ann")),
        ("-LABEL:Spam", (("not labelled “spam”",), "")),
        ('group:"none"', (("in the group “none”",), "")),
        ("group:none", (("in no group",), "")),
        ("age>1w", (("older than 1 week",), "")),
        ("kind:toll-free", (("of the kind toll free",), "")),
    ],
)
def test_what_is_no_known_key_is_plain_text(text: str, meaning: tuple[Any, str]) -> None:
    asked = read(text)
    assert (tuple(term.sentence for term in asked.terms), asked.text) == meaning


def test_the_view_says_the_query_as_a_sentence() -> None:
    text = "label:hot -label:spam is:favorite age<1d group:none from:zapier john"
    assert View(search=text).description == (
        "Opt-in queue, labelled “hot”, not labelled “spam”, favorites, younger than 1 day,"
        " in no group, from zapier, matching “john”, newest first"
    )


def test_quoted_words_stand_side_by_side(store: Store) -> None:
    [one] = make_queued(store, first_name="Ann Marie", last_name="Lee")
    [two] = make_queued(store, first_name="Marie", last_name="Ann")
    assert found(store, '"ann marie"') == [one]
    assert found(store, "ann marie") == [two, one]
    assert found(store, '"') == []


@pytest.mark.parametrize(
    "spelled", ["(202) 555-0146", "202.555.0146", "+1 202 555 0146", "5550146"]
)
def test_a_number_is_found_in_any_spelling(store: Store, spelled: str) -> None:
    [one] = make_queued(store, phone="+12025550146")
    make_queued(store, 2)
    for text in (spelled, f'"{spelled}"', f'phone:"{spelled}"'):
        assert found(store, text) == [one], text


def test_acts_reach_what_a_query_finds_and_nobody_else(store: Store, me: Actor) -> None:
    ids = make_queued(store, 5)
    hot = store.do(lambda conn: labels.create(conn, me, "hot"))
    spring = store.do(lambda conn: groups.create(conn, me, "Spring"))
    perform(store, me, AddLabel(hot.id), Target(ids=tuple(ids[:3])))
    perform(store, me, Star(True), Target(ids=(ids[0],)))
    text = "label:hot -is:favorite"
    view = View(search=text)
    assert perform(store, me, Move(spring.id), Target(view=view), seen=view).done == 2
    assert found(store, "label:hot group:spring") == [ids[2], ids[1]]
    perform(store, me, Delete(), Target(ids=(ids[0],)))
    assert found(store, "is:favorite") == []


def test_the_box_completes_keys_and_values(store: Store, me: Actor) -> None:
    for name in ("hot", "Very hot"):
        store.do(lambda conn, name=name: labels.create(conn, me, name))  # type: ignore[misc]
    store.do(lambda conn: groups.create(conn, me, "None"))

    def offers(text: str, cursor: int | None = None) -> list[str]:
        with store.read() as conn:
            return [each.applied(text)[0] for each in completion.complete(conn, text, cursor)]

    assert offers("ann la") == ["ann label:"]
    assert offers("-la") == ["-label:"]
    assert offers("label:h") == ["label:hot ", 'label:"Very hot" ']
    assert offers('label:"very h') == ['label:"Very hot" ']
    assert offers("is:f")[0] == "is:favorite "
    assert offers("kind:land") == ["kind:landline ", "kind:mobile_or_landline "]
    assert offers("group:n") == ['group:"None" ', "group:none "]
    assert offers("from:") == ["from:api "]
    assert "age<1d" in offers("age<")
    assert offers("la ann", 2) == ["label: ann"]
    assert offers("zebra") == []
    assert len(offers("")) == len(query.KEYS)


def test_views_are_kept_on_number_keys_per_person(store: Store, me: Actor) -> None:
    spring = store.do(lambda conn: groups.create(conn, me, "Spring"))
    hot = View(search="label:hot", order=Order.FAVORITE)
    inside = View(Place.GROUP, spring.id, "Spring")
    store.do(lambda conn: saved_views.save(conn, me, 1, hot, "Hot ones"))
    store.do(lambda conn: saved_views.save(conn, me, 2, inside))
    with pytest.raises(Refused, match="1 to 9"):
        store.do(lambda conn: saved_views.save(conn, me, 0, hot))
    store.do(lambda conn: groups.rename(conn, me, spring.id, "Summer"))
    with store.read() as conn:
        one, two = saved_views.listing(conn, me)
        assert (one.name, one.view) == ("Hot ones", hot)
        assert two.view == View(Place.GROUP, spring.id, "Summer")
        assert saved_views.listing(conn, Actor.person("bo")) == []
    store.do(lambda conn: groups.delete(conn, me, spring.id))
    store.do(lambda conn: saved_views.forget(conn, me, 1))
    with store.read() as conn, pytest.raises(NotFound):
        saved_views.at(conn, me, 2)


def test_keeping_renaming_and_forgetting_a_view_are_undone_and_done_again(
    store: Store, me: Actor
) -> None:
    hot, old = View(search="label:hot"), View(search="age>1w", order=Order.OLDEST)

    def kept() -> list[tuple[int, str, View]]:
        with store.read() as conn:
            return [(each.slot, each.name, each.view) for each in saved_views.listing(conn, me)]

    steps = [kept()]
    for verb in (
        lambda conn: saved_views.save(conn, me, 1, hot, "Hot ones"),
        lambda conn: saved_views.save(conn, me, 1, old, "Old ones"),
        lambda conn: saved_views.rename(conn, me, 1, "Oldest"),
        lambda conn: saved_views.forget(conn, me, 1),
    ):
        store.do(verb)
        steps.append(kept())
    assert [step[:1] and step[0][:2] for step in steps] == [
        *([], (1, "Hot ones"), (1, "Old ones"), (1, "Oldest"), []),
    ]
    with store.read() as conn:
        assert [act.sentence for act in undo_stack.recent(conn, me)[:2]] == [
            "forgot the view on 1: “Oldest”",
            "renamed the view on 1: “Old ones” to “Oldest”",
        ]
    for before in steps[-2::-1]:
        undo.undo(store, me)
        assert kept() == before
    for after in steps[1:]:
        undo.redo(store, me)
        assert kept() == after
    store.do(lambda conn: saved_views.save(conn, me, 1, hot))
    with store.read() as conn:
        forgot = undo_stack.stack(conn, me)[1]
    with pytest.raises(Refused, match="The view on 1 was changed again since by ana"):
        undo.undo(store, me, forgot.id)
    assert kept()[0][2] == hot


def test_badges_have_a_word_each() -> None:
    assert {*narrowing._BADGE_OF.values()} == set(Badge)
