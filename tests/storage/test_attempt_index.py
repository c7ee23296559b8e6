"""The index of the intake log: it finds what reading would find, and follows what happens."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, func, insert, select, text, update

from storage import attempt_candidates, attempt_index, attempt_search, attempts
from storage.attempt_candidates import Candidates
from storage.attempt_index import Due, index, pending, stretches
from storage.attempt_search import AttemptSearch, _harmless, _query
from storage.attempt_words import COLUMNS, hay_of
from storage.dialects import is_postgresql
from storage.folding import fold, fold_parts
from storage.ids import new_id
from storage.indexer import Indexer
from storage.refused_attempts import RefusedAttempt, record_refused
from storage.search_index import index as contacts_index
from storage.store import Store
from storage.tables import Attempt, StoreState
from storage.times import now
from storage.words import AttemptView
from tests.factories import lead, put, settle_all, switched_on
from tests.pace import examples

rows: Any = Attempt.__table__  # type: ignore[attr-defined]
state: Any = StoreState.__table__  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few attempts make many stretches and steps."""
    monkeypatch.setattr(attempt_index, "STRETCH", 6)
    monkeypatch.setattr(attempt_search, "FIRST_STRETCH", 2)
    monkeypatch.setattr(attempt_search, "READ_FIRST", 1)


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is indexed but by the test: in the background it would be, a second later."""
    monkeypatch.setattr(Indexer, "start", lambda _self: None)


def row(body: str = "{}", **fields: Any) -> dict[str, Any]:
    """An attempt as the intake writes it."""
    made = {
        "id": new_id(), "at": now(), "door": "api", "key_id": None, "outcome": "accepted",
        "code": "", "reason": "", "contact_id": None, "peer": "", "user_agent": "", "body": body,
        "sender": "", "media": "", "headers": "", "replay_of": None, "phone": "",
    }  # fmt: skip
    return made | fields


def keep(store: Store, made: Iterable[dict[str, Any]]) -> list[int]:
    """Writes attempts; returns their ids."""
    values = [*made]
    if not values:
        return []
    store.do(lambda conn: conn.execute(insert(rows), values))
    return [each["id"] for each in values]


def index_log(store: Store, steps: int = 1_000) -> None:
    """Indexes what there is, without waiting for the background."""
    for _ in range(steps):
        if not store.do(attempt_index.index_some):
            return


def found(store: Store, words: str, limit: int = 1_000, **view: str) -> list[int]:
    with store.read() as conn:
        search = AttemptSearch(conn, AttemptView(search=words, **view))
        return search.ids(limit=limit, patience=60).ids


def naive(conn: Connection, view: AttemptView) -> list[int]:
    """What reading the whole log finds, the newest first."""
    query = _query(_harmless(view.search))
    said = [rows.c[name] for name in dict.fromkeys(("id", "door", "outcome", *COLUMNS))]
    return [
        each.id
        for each in conn.execute(select(*said).order_by(rows.c.id.desc()))
        if query.matches(hay_of(each))
        and all(not getattr(view, k) or getattr(each, k) == getattr(view, k) for k in FILTERS)
    ]


FILTERS = ("outcome", "door", "sender", "code")
BODIES = st.one_of(
    st.sampled_from(
        [
            '{"mobile_phone":"+14155550146","first_name":"Zoë","last_name":"O’Brien"}',
            json.dumps({"first_name": "José", "phone": "(415) 555-0146", "n": "100%_x"}),
            "name=Zo%C3%AB+Quill&phone=%28415%29+555-0146&tel=%2B44+7911",
            '{"tel":"４１５ ５５５ ０１４６","who":"王 伟","q":"\\\\\\"x\\""}',
            '{"ip":"203.0.113.7","id":"0f8fad5bd9cb469fa16570867728950e"}',
            "a" * 60,
            "",
        ]
    ),
    st.text(max_size=40),
    st.text(alphabet='anoé %_"\\u00e9+&=,:{}-0123456789\n王', max_size=30),
)
MADE = st.lists(
    st.tuples(
        BODIES,
        st.sampled_from(["accepted", "refused", "duplicate"]),
        st.sampled_from(["api", "hook"]),
        st.sampled_from(["", "zapier", "make"]),
    ),
    min_size=1,
    max_size=20,
)
ASKED = st.one_of(
    st.sampled_from(
        [
            *("4155550146", "+1 (415) 555-0146", "４１５ ５５５", "415 55", "0146", "zoe", "JOSÉ"),
            *('name":"zo', '"', "%", "_", "'", "\\", "100%", "o'b", "王", "王 伟", "jos\\u00e9"),
            *("203.0.113", "a", "aa", "qz", "d9cb", "zapier", "hook", "x_field", "phone 014", "~"),
        ]
    ),
    st.text(max_size=6),
    st.text(alphabet='anoé %_"\\+&=,:{}-0123456789王', max_size=6),
)
VIEWS = st.fixed_dictionaries(
    {},
    optional={
        "outcome": st.sampled_from(["refused", "accepted", "duplicate"]),
        "door": st.sampled_from(["api", "hook"]),
        "sender": st.sampled_from(["zapier", "make"]),
    },
)


@pytest.mark.deep
@given(
    made=MADE,
    asked=st.lists(ASKED, min_size=1, max_size=6),
    view=VIEWS,
    steps=st.integers(0, 5),
    late=st.integers(0, 4),
)
@example(made=[("{}", "refused", "api", "")] * 20, asked=["x_field"], view={}, steps=5, late=2)
@settings(
    max_examples=examples(40),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_the_index_finds_what_reading_everything_finds(
    store: Store,
    made: Sequence[tuple[str, str, str, str]],
    asked: Sequence[str],
    view: dict[str, str],
    steps: int,
    late: int,
) -> None:
    store.do(lambda conn: attempts.forget(conn, new_id(), 1_000))
    values = []
    for body, outcome, door, sender in made:
        code = {"refused": "X_FIELD", "duplicate": "ALREADY_OPTED_IN"}.get(outcome, "")
        clean = body.replace("\x00", "").encode("utf-8", "replace").decode()
        values.append(
            row(clean, outcome=outcome, door=door, sender=sender, code=code, peer="203.0.113.7")
        )
    keep(store, values[late:])
    index_log(store, steps)
    late_ids = keep(store, values[:late]) if late else []
    store.do(
        lambda conn: attempt_index.note(
            conn, [ident for ident in late_ids if ident <= attempt_index.reached(conn)]
        )
    )
    for words in asked:
        if not _harmless(words) or not _query(_harmless(words)):
            continue
        wanted = AttemptView(search=words, **view)
        with store.read() as conn:
            expected = naive(conn, wanted)
            search = AttemptSearch(conn, wanted)
            assert search.ids(limit=100, patience=60).ids == expected, words
            assert search.ids(limit=3, patience=60).ids == expected[:3], words
            oldest = search.ids(after=0, limit=2, patience=60).ids
            assert oldest == expected[-2:], words
            if len(expected) > 2:
                rest = search.ids(before=expected[0], after=None, limit=100, patience=60).ids
                assert rest == expected[1:], words


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=30))
@example("≠a Σς \x85ﬁ")
def test_a_long_text_is_folded_as_a_short_one_is(written: str) -> None:
    assert fold(fold_parts(written)) == fold(written)
    for part in fold(written).split(" "):
        assert part in fold_parts(written)


def test_the_newest_are_indexed_first_then_what_is_older_and_new_ones_as_they_come(
    store: Store,
) -> None:
    ids = keep(store, [row() for _ in range(20)])
    index_log(store, 1)
    with store.read() as conn:
        assert attempt_index.reach(conn) == (ids[14], ids[19])
        assert attempt_index.due(conn) is Due.NOW
    index_log(store)
    more = keep(store, [row() for _ in range(5)])
    with store.read() as conn:
        assert attempt_index.reach(conn) == (ids[0], ids[19])
        assert attempt_index.due(conn) is Due.NOTHING
    more += keep(store, [row()])
    index_log(store)
    with store.read() as conn:
        assert attempt_index.reach(conn) == (ids[0], more[-1])
        known = [*conn.execute(select(stretches).order_by(stretches.c.number)).all()]
    for before, after in pairwise(known):
        assert (after.number, after.first_id) == (before.number + 1, before.last_id + 1)


def test_while_many_come_in_they_are_left_to_gather(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(store, [row() for _ in range(30)])
    monkeypatch.setattr(attempt_index, "BUSY_ATTEMPTS", 3)
    with store.read() as conn:
        assert attempt_index.due(conn) is Due.LATER
        monkeypatch.setattr(attempt_index, "MOST_LEFT", 25)
        assert attempt_index.due(conn) is Due.SLOWLY
        monkeypatch.setattr(attempt_index, "MOST_LEFT", 31)
        monkeypatch.setattr(attempt_index, "BUSY", timedelta(0))
        assert attempt_index.due(conn) is Due.NOW


def test_those_left_to_gather_are_counted_as_they_come_and_go(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempt_index, "BUSY_ATTEMPTS", 3)
    monkeypatch.setattr(attempt_index, "MOST_LEFT", 15)

    def due() -> Due:
        with store.read() as conn:
            return attempt_index.due(conn)

    keep(store, [row() for _ in range(14)])
    assert [due(), due()] == [Due.LATER, Due.LATER]
    keep(store, [row()])
    assert [due(), due()] == [Due.SLOWLY, Due.SLOWLY]
    index_log(store, 1)
    keep(store, [row() for _ in range(14)])
    assert due() is Due.LATER
    keep(store, [row() for _ in range(3)])
    assert due() is Due.SLOWLY
    index_log(store, 1)
    assert due() is Due.LATER
    keep(store, [row() for _ in range(4)])
    assert due() is Due.SLOWLY


def test_those_committed_late_are_counted_after_a_while(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempt_index, "BUSY_ATTEMPTS", 3)
    monkeypatch.setattr(attempt_index, "MOST_LEFT", 20)
    early = [new_id() for _ in range(10)]
    keep(store, [row() for _ in range(15)])

    def due() -> Due:
        with store.read() as conn:
            return attempt_index.due(conn)

    assert due() is Due.LATER
    keep(store, [row(id=ident) for ident in early])
    assert due() is Due.LATER
    monkeypatch.setattr(attempt_index, "RECOUNT_SECONDS", 0)
    assert due() is Due.SLOWLY


def test_who_is_committed_late_is_found_by_every_way_in(store: Store) -> None:
    switched_on(store)
    early = [new_id() for _ in range(2)]
    keep(store, [row() for _ in range(12)])
    index_log(store)
    put(store, lead(request_id=early[0], body='{"w":"latecomer"}'))
    refused = RefusedAttempt(early[1], "hook", None, "X", body='{"w":"latecomer"}')
    store.do(lambda conn: record_refused(conn, [refused]))
    assert found(store, "latecomer") == early[::-1]
    index_log(store)
    with store.read() as conn:
        assert conn.scalar(select(func.count()).select_from(pending)) == 0
    assert found(store, "latecomer") == early[::-1]


def test_what_is_said_of_an_attempt_later_is_found(store: Store) -> None:
    switched_on(store)
    [taken] = put(store, lead())
    keep(store, [row() for _ in range(12)])
    index_log(store)
    assert found(store, "text failed") == []
    settle_all(store, "failed")
    assert found(store, "text failed") == [taken.request_id]
    index_log(store)
    assert found(store, "text failed") == [taken.request_id]


def test_more_latecomers_than_a_stretch_has_numbers_for_are_indexed_in_their_order(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (attempt_index, attempt_candidates):
        monkeypatch.setattr(module, "PLACES", 2)
    early = [row() for _ in range(6)]
    late = [row('{"w":"latecomer"}') for _ in range(9)]
    ids = keep(store, [*early, *(row() for _ in range(12))])
    index_log(store)
    late_ids = keep(store, late)
    store.do(lambda conn: attempt_index.note(conn, late_ids))
    assert found(store, "latecomer") == late_ids[::-1]
    index_log(store, 1)
    assert found(store, "latecomer") == late_ids[::-1]
    index_log(store)
    assert found(store, "latecomer") == late_ids[::-1]
    with store.read() as conn:
        first, last = attempt_index.reach(conn) or (0, 0)
        assert (first, conn.scalar(select(func.count()).select_from(pending))) == (ids[0], 0)
        left = conn.scalar(select(func.count()).where(rows.c.id > last)) or 0
        assert left < attempt_index.STRETCH


def test_of_a_stretch_that_is_partly_forgotten_the_rest_is_indexed_anew(store: Store) -> None:
    ids = keep(store, [row('{"w":"needle"}') for _ in range(18)])
    index_log(store)
    store.do(lambda conn: attempts.forget(conn, ids[8], 250))
    assert found(store, "needle") == ids[:7:-1]
    with store.read() as conn:
        assert attempt_index.reach(conn) == (ids[12], ids[17])
    index_log(store)
    with store.read() as conn:
        assert attempt_index.reach(conn) == (ids[8], ids[17])
    assert found(store, "needle") == ids[:7:-1]


def test_an_emptied_attempt_takes_its_words_out_and_nobody_elses(store: Store) -> None:
    ids = keep(store, [row(f'{{"w":"needle","n":"who{n}xyz"}}') for n in range(18)])
    index_log(store)

    def empty(conn: Connection) -> None:
        conn.execute(update(rows).where(rows.c.id == ids[3]).values(body=""))
        attempt_index.forget(conn, [ids[3]])

    store.do(empty)
    others = [ident for ident in ids[::-1] if ident != ids[3]]
    assert found(store, "needle") == others
    assert documents_with(store, "o3x") == 0
    assert documents_with(store, "o4x") == 0, "its neighbours are read until they are indexed anew"
    index_log(store)
    assert found(store, "needle") == others
    assert found(store, "who4xyz") == [ids[4]]
    assert (documents_with(store, "o3x"), documents_with(store, "o4x")) == (0, 1)


def documents_with(store: Store, gram: str) -> int:
    """How many documents hold three letters."""
    with store.read() as conn:
        if store.path is None:
            where = f"WHERE grams @@ '{gram}'::tsquery"
        else:
            where = f"WHERE {index.name} MATCH '\"{gram}\"'"
        return int(conn.execute(text(f"SELECT count(*) FROM {index.name} {where}")).scalar_one())


def test_an_endless_body_is_found_without_being_indexed(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from storage import attempt_words

    monkeypatch.setattr(attempt_words, "LARGEST", 100)
    long = " ".join(f"word{n}" for n in range(100))
    [one, *_] = keep(store, [row(long), *(row() for _ in range(5))])
    index_log(store)
    assert documents_with(store, "wor") == 0
    assert found(store, "word77") == [one]
    assert found(store, "word770") == []


def test_without_an_index_everything_is_read(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = keep(store, [row('{"w":"needle"}') for _ in range(8)])
    if store.path is not None:
        monkeypatch.setattr(index, "_seen", type(contacts_index._seen)())
        monkeypatch.setattr("storage.trigram_index.OLDEST_SQLITE", (99,))
        assert not store.do(attempt_index.index_some)
    with store.read() as conn:
        assert attempt_index.reach(conn) is None
    assert found(store, "needle") == ids[::-1]


def test_indexing_wakes_nobody(store: Store) -> None:
    keep(store, [row() for _ in range(8)])
    with store.read() as conn:
        before = conn.scalar(select(state.c.seq))
    store.do(attempt_index.index_some, quiet=True)
    with store.read() as conn:
        assert conn.scalar(select(state.c.seq)) == before
        assert attempt_index.reached(conn)


def test_what_stands_nearly_everywhere_is_not_looked_for_in_every_document(store: Store) -> None:
    keep(store, [row(f"shopping {number}") for number in range(96)])
    index_log(store)
    with store.read() as conn:
        if not is_postgresql(conn):
            return
    store.do(lambda conn: conn.exec_driver_sql("ANALYZE attempts_fts"))
    with store.read() as conn:
        Candidates(conn, _query("shopping"), AttemptView())
        asked = "EXPLAIN SELECT document_id FROM attempts_fts WHERE grams @@ CAST('sho' AS tsquery)"
        plan = conn.exec_driver_sql(asked).scalars().all()
    assert "Bitmap Index Scan on ix_attempts_fts" in "\n".join(plan)
