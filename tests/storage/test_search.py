"""Search finds what is written, under any spelling, and nothing else."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Sequence
from typing import Any, TypeAlias

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import ColumnElement, Connection, create_engine, delete, insert, select, update

from storage import folding, search, search_words, trigram_index
from storage.ids import new_id
from storage.search import Search, fold, haystack, label_mark, parse
from storage.search_index import contacts, index_pending, mark_pending, pending
from storage.store import Store
from storage.times import now
from tests.factories import make_queued
from tests.pace import examples

QUEUE = contacts.c.stage == "queued"
NAMES = (
    "Anna Schmidt", "Łukasz Wójcik", "Zoë O’Brien", "José Muñoz", "Søren Kjær", "王 伟", "김 서연",
    "Ayşe Işık", "100% _real_", 'Robert "Bobby" Tables', "[/x] *", "a\\b 'c'", "\u202eDesrever",
    "Zoe\u0301\u0301", "ﬁona ＡＢＣ", "Annabel Smith-Jones", "x", "", "Đỗ Straße", "が ﾊﾟ",
    "٣٤٥ Ali", "An", "Anton 007",
)  # fmt: skip
LABELS = ((), ("vip",), ("spring sale",), ("vip", "2024"), ("100%",))
Person: TypeAlias = tuple[int, str, str, int | None]
"""Id, haystack, stage and group."""
TEXTS = st.one_of(
    st.text(max_size=12),
    st.text(alphabet="anoe '\"%_*\\[]()+-0123456789\x00王ß\ud800", max_size=10),
    st.sampled_from(NAMES),
    st.from_regex(r"[+0-9() .-]{1,14}", fullmatch=True),
)
ASKED = settings(
    max_examples=examples(60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def person(name: str, phone: str, labels: Sequence[str] = (), **fields: Any) -> dict[str, Any]:
    """A row of a contact."""
    first, _, last = name.partition(" ")
    row: dict[str, Any] = {
        "id": new_id(), "phone": phone, "first_name": first, "last_name": last, "stage": "queued",
        "kind": "mobile", "region": "", "favorite": 0, "badges": 0, "number_id": "", "version": 1,
        "haystack": haystack(first, last, phone, labels),
        "received_at": now(), "changed_at": now(),
    }  # fmt: skip
    return row | fields


def keep(conn: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Insert contacts as the intake does."""
    conn.execute(insert(contacts), list(rows))
    mark_pending(conn, [row["id"] for row in rows])


def found(store: Store, text: str, scope: ColumnElement[bool] = QUEUE) -> list[str]:
    """The names that a search finds, newest first."""
    with store.read() as conn:
        ids = Search(conn, text).ids(scope, limit=1000)
        rows = conn.execute(
            select(contacts.c.id, contacts.c.first_name, contacts.c.last_name)
        ).all()
    names = {ident: f"{first} {last}".strip() for ident, first, last in rows}
    return [names[ident] for ident in ids]


@pytest.fixture(params=["as shipped", "every way tried"])
def thresholds(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small limits send small stores along the ways that only large ones take."""
    if request.param == "every way tried":
        small = {
            "WINDOW": 7, "READ_ON": 30, "CANDIDATES": 9, "SMALL_PLACE": 60,
            "MOST_CANDIDATES": 20,
        }  # fmt: skip
        for name, value in small.items():
            monkeypatch.setattr(search, name, value)
        monkeypatch.setattr(search_words, "MOST_TERMS", 3)


def settle_town(conn: Connection) -> None:
    """A town of which some is indexed, some was changed since, some is gone and some is new."""
    rng = random.Random(5)
    rows = []
    for place in range(240):
        stage = "queued" if place % 6 else "grouped"
        name = NAMES[place % len(NAMES)] if place % 3 else rng.choice(NAMES)
        phone = rng.choice(["+1202555", "+447911", "+4930", "+81"]) + f"{place * 7919 % 10**6:06}"
        group = 5 if stage == "grouped" else None
        rows.append(person(name, phone, rng.choice(LABELS), stage=stage, group_id=group))
    keep(conn, rows[:200])
    while index_pending(conn, 64) == 64:
        pass
    changed = [row["id"] for row in rows[:200:9]]
    conn.execute(
        update(contacts)
        .where(contacts.c.id.in_(changed))
        .values(haystack=contacts.c.haystack + label_mark("wholesale"))
    )
    renamed = rows[100]["id"]
    conn.execute(
        update(contacts).where(contacts.c.id == renamed).values(haystack="qqq renamed\n1\n")
    )
    conn.execute(delete(contacts).where(contacts.c.id.in_([row["id"] for row in rows[50:60]])))
    mark_pending(conn, [*changed, renamed, *(row["id"] for row in rows[50:60])])
    keep(conn, rows[200:])


def everybody(store: Store) -> list[Person]:
    """All contacts: id, haystack, stage, group."""
    c = contacts.c
    with store.read() as conn:
        rows = conn.execute(select(c.id, c.haystack, c.stage, c.group_id).order_by(c.id))
        return [(row.id, row.haystack, row.stage, row.group_id) for row in rows]


@pytest.fixture
def town(store: Store, thresholds: None) -> tuple[Store, list[Person]]:
    """The town in a store whose indexer does not meddle."""
    store._indexer.close()
    store.do(settle_town)
    return store, everybody(store)


@pytest.mark.deep
@ASKED
@given(text=TEXTS, limit=st.integers(1, 40), newest=st.booleans(), pick=st.integers(0, 220))
@example(text="wholesale", limit=40, newest=True, pick=0)
@example(text="a", limit=3, newest=False, pick=120)
@example(text="an vip 20", limit=30, newest=True, pick=0)
@example(text="qqq", limit=5, newest=True, pick=0)
def test_any_text_finds_what_reading_every_contact_would_find(
    town: tuple[Store, list[Person]], text: str, limit: int, newest: bool, pick: int
) -> None:
    store, people = town
    query = parse(text)
    edge = people[pick % len(people)][0]
    scopes = {
        "queued": (QUEUE, lambda stage, group: stage == "queued"),
        "group": (contacts.c.group_id == 5, lambda stage, group: group == 5),
        "all": (contacts.c.stage != "deleted", lambda stage, group: stage != "deleted"),
    }
    with store.read() as conn:
        asked = Search(conn, text)
        for scope, held in scopes.values():
            wanted = [
                ident
                for ident, hay, stage, group in people
                if held(stage, group) and query.matches(hay)
            ]
            wanted.sort(reverse=newest)
            behind = [ident for ident in wanted if (ident < edge) is newest and ident != edge]
            before = [ident for ident in wanted if (ident > edge) is newest and ident != edge]
            ids = asked.ids(scope, limit=limit, newest=newest)
            assert ids == wanted[:limit]
            assert asked.ids(scope, limit=limit, beyond=edge, newest=newest) == behind[:limit]
            assert asked.ids(scope, limit=limit, until=edge, newest=newest) == before[:limit]
            assert asked.count(scope) == len(wanted)
            assert asked.count(scope, cap=limit) == min(limit, len(wanted))
            listed = conn.scalars(select(contacts.c.id).where(scope, asked.condition)).all()
            assert sorted(listed) == sorted(wanted)


def test_search_reads_the_contacts_where_sqlite_is_too_old_for_the_index(
    sqlite_store: Store,
) -> None:
    if sqlite3.sqlite_version_info >= trigram_index.OLDEST_SQLITE:
        pytest.skip("the system's SQLite has all that the index needs")
    sqlite_store.do(settle_town)
    people = everybody(sqlite_store)
    path = sqlite_store.path
    sqlite_store.close()
    engine = create_engine(f"sqlite:///{path}", module=sqlite3)
    with engine.connect() as conn:
        for text in ("anna", "wholesale", "202555", "a", ""):
            query = parse(text)
            wanted = [who[0] for who in people if who[2] == "queued" and query.matches(who[1])]
            assert Search(conn, text).ids(QUEUE, limit=1000, newest=False) == wanted
        assert index_pending(conn) == 0
    engine.dispose()


def test_a_name_is_found_without_its_accents_and_case(store: Store) -> None:
    make_queued(store, 1, first_name="Łukasz", last_name="WÓJCIK")
    make_queued(store, 1, first_name="Straße", last_name="O’Brien")
    for text in ("lukasz", "ŁUKASZ", "wojcik luk", "Wójcik", "ójc"):
        assert found(store, text) == ["Łukasz WÓJCIK"]
    for text in ("strasse", "STRASSE", "o'brien", "O’B", "brien stra"):
        assert found(store, text) == ["Straße O’Brien"]


@pytest.mark.parametrize(
    "typed",
    [
        "07911 123456", "07911123456", "+44 7911 123456", "00447911123456", "0044 7911 123456",
        "+44 (0)7911 123456", "+44 (0) 7911 123456", "+4407911123456", "7911-123-456", "911123",
        "０７９１１１２３４５６", "٠٧٩١١ ١٢٣٤٥٦", "(07911) 123456", "+44 7911", "07911.123.456",
        "011 44 7911 123456", "07911–123456",
    ],
)  # fmt: skip
def test_a_number_is_found_under_any_spelling(sqlite_store: Store, typed: str) -> None:
    make_queued(sqlite_store, 1, phone="+447911123456", first_name="Right")
    make_queued(sqlite_store, 1, phone="+12025550146", first_name="Wrong")
    assert found(sqlite_store, typed) == ["Right Byron"]


@pytest.mark.parametrize("typed", ["(202) 555-0146", "202 555", "+1 202 555", "1 (202) 5550146"])
def test_an_american_number_is_found_as_americans_write_it(sqlite_store: Store, typed: str) -> None:
    make_queued(sqlite_store, 1, phone="+12025550146", first_name="Right")
    make_queued(sqlite_store, 1, phone="+447911123456", first_name="Wrong")
    assert found(sqlite_store, typed) == ["Right Byron"]
    assert found(sqlite_store, f"right {typed}") == ["Right Byron"]
    assert found(sqlite_store, f"wrong {typed}") == []


def test_the_end_of_a_number_is_taken_as_typed() -> None:
    assert parse("0146").clauses == ((("0146",),),)


def test_words_may_stand_in_any_order_and_all_must_match(sqlite_store: Store) -> None:
    make_queued(sqlite_store, 1, first_name="Anna", last_name="Smith")
    make_queued(sqlite_store, 1, first_name="Anna", last_name="Jones")
    assert found(sqlite_store, "smith  ann") == ["Anna Smith"]
    assert found(sqlite_store, "anna") == ["Anna Jones", "Anna Smith"]
    assert found(sqlite_store, "anna bob") == []


@pytest.mark.parametrize(
    "text", ["%", "_", "*", '"', "'", "\\", "a%b", "(", "[/", "-", "AND", "'a':*"]
)
def test_marks_mean_themselves(store: Store, text: str) -> None:
    make_queued(store, 1, first_name=f"x{text}y", last_name="Marked")
    make_queued(store, 1, first_name="xzzy", last_name="Plain")
    assert found(store, text) == [f"x{text}y Marked"]


def test_blank_text_finds_everybody(store: Store) -> None:
    ids = make_queued(store, 3)
    for text in ("", "  \t ", "\u200b", "\x00"):
        with store.read() as conn:
            asked = Search(conn, text)
            assert asked.ids(QUEUE, limit=10) == ids[::-1]
            assert asked.count(QUEUE) == 3


def test_a_lead_is_found_before_and_after_it_is_indexed(store: Store) -> None:
    make_queued(store, 1, first_name="Zebedee")
    assert found(store, "zebedee") == ["Zebedee Byron"]
    store.do(lambda conn: index_pending(conn, 1000))
    with store.read() as conn:
        assert conn.scalar(select(pending.c.contact_id)) is None
    assert found(store, "zebedee") == ["Zebedee Byron"]


def test_a_label_is_found_whole_or_in_part_but_never_across_two(sqlite_store: Store) -> None:
    sqlite_store.do(
        lambda conn: keep(
            conn,
            [
                person("Ann Lee", "+12025550101", ["spring sale", "vip"]),
                person("Salev Ip", "+12025550102", []),
            ],
        )
    )
    for text in ("spring", "spring sale", "ale vi", "VIP ann"):
        assert found(sqlite_store, text)[-1:] == ["Ann Lee"]
    assert found(sqlite_store, "salev") == ["Salev Ip"]
    assert found(sqlite_store, "lee12025550101") == []


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    once = fold(text)
    assert fold(once) == once
    assert not any(ord(char) < 32 or 0xD800 <= ord(char) < 0xE000 for char in once)
    assert once == once.strip()


@given(st.text(), st.text(max_size=20))
def test_every_part_of_a_name_finds_it(name: str, phone: str) -> None:
    hay = haystack(name, "", f"+{phone}")
    for word in fold(name)[: folding.LONGEST_NAME].split(" "):
        assert parse(word[:50]).matches(hay)


def test_only_the_beginning_of_an_endless_name_or_query_is_read() -> None:
    hay = haystack("ä" * 20_000, "", "+1")
    assert len(hay) < 500
    assert parse("a " * 100_000)
    assert not parse("\x00" * 300)
