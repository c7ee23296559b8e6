"""The intake log: paged, searched, counted and kept within bounds."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import BigInteger, bindparam, event, text
from sqlalchemy.engine import Connection

from storage import attempt_index, attempt_search, attempts
from storage.attempt_search import People
from storage.errors import NotFound
from storage.ids import id_at, moment_of, new_id, public
from storage.indexer import Indexer
from storage.refused_attempts import RefusedAttempt, record_refused
from storage.senders import OWN_AGENT
from storage.store import Store
from storage.times import UtcTime, now
from storage.words import AttemptView
from tests.factories import lead, make_queued, put, switched_on


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is indexed but by the test: in the background it would be, a second later."""
    monkeypatch.setattr(Indexer, "start", lambda _self: None)


def refuse(store: Store, **fields: Any) -> int:
    """Keeps a refused attempt; returns its id."""
    values = {"door": "hook", "key_id": None, "code": "MISSING_REQUIRED_FIELD"} | fields
    values.setdefault("request_id", new_id())
    store.do(lambda conn: record_refused(conn, [RefusedAttempt(**values)]))
    return int(values["request_id"])


def ids(store: Store, view: AttemptView, **how: Any) -> list[int]:
    with store.read() as conn:
        return [row.id for row in attempts.page(conn, view, **how).rows]


def searched(store: Store, words: str) -> list[int]:
    return ids(store, AttemptView(search=words), patience=10)


def test_pages_follow_each_other_without_gap_or_repeat_in_both_directions(store: Store) -> None:
    made = sorted((refuse(store) for _ in range(25)), reverse=True)
    down: list[int] = []
    before = None
    while True:
        with store.read() as conn:
            page = attempts.page(conn, AttemptView(), before=before, limit=7)
        down += [row.id for row in page.rows]
        if not page.more:
            break
        before = page.next
    assert down == made
    with store.read() as conn:
        up = attempts.page(conn, AttemptView(), after=made[10], limit=4)
    assert ([row.id for row in up.rows], up.more) == (made[6:10], True)


def test_a_view_narrows_by_outcome_door_sender_and_code(store: Store) -> None:
    switched_on(store)
    [accepted] = put(store, lead(sender="zapier"))
    zapier = refuse(store, sender="zapier")
    other = refuse(store, door="api", code="INVALID_FIELD")
    assert ids(store, AttemptView()) == [other, zapier, accepted.request_id]
    assert ids(store, AttemptView(outcome="refused")) == [other, zapier]
    assert ids(store, AttemptView(outcome="accepted")) == [accepted.request_id]
    assert ids(store, AttemptView(sender="zapier")) == [zapier, accepted.request_id]
    assert ids(store, AttemptView(door="hook", code="MISSING_REQUIRED_FIELD")) == [zapier]
    assert ids(store, AttemptView(outcome="accepted", code="INVALID_FIELD")) == []


def test_it_is_searched_by_request_phone_name_sender_code_and_words(store: Store) -> None:
    switched_on(store)
    body = json.dumps({"phone": "(415) 555-0146", "name": "José", "page": "spring/sale"})
    refused = refuse(store, body=body, sender="zapier", user_agent="Zapier/2", peer="203.0.113.7")
    [taken] = put(store, lead(phone="+14155550199", first_name="Zoë", last_name="Quill"))
    refuse(store, code="INVALID_FIELD", body="{}")
    assert taken.contact_id is not None
    for words in (public("req", refused), public("req", refused).upper(), "4155550146"):
        assert searched(store, words) == [refused], words
    for words in ("415 555 0146", "+1 415 555-0146"[3:], "spring/sale", "ZAPIER/2", "203.0.113.7"):
        assert searched(store, words) == [refused], words
    for words in ("zoe quill", "Zoë", "+1 (415) 555-0199", public("con", taken.contact_id)):
        assert searched(store, words) == [taken.request_id], words
    assert len(searched(store, "missing_required_field")) == 1
    assert searched(store, "zapier nobody") == []


@pytest.mark.parametrize(
    "words", ["%", "_", "'", '"', "\\", "*", "\x00", "\ud800", "req_", "a" * 5000, "NOT (", "\n"]
)
def test_any_text_can_be_searched_for_and_means_itself(store: Store, words: str) -> None:
    refuse(store, body='{"a": "100%"}')
    refuse(store, body="{}")
    found = searched(store, words)
    assert len(found) == {"%": 1, '"': 1, "\x00": 2, "\n": 2}.get(words, len(found))
    assert words.strip("\x00\n") or len(found) == 2


def test_a_search_that_runs_out_of_time_says_how_far_it_came_and_goes_on(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempt_search, "FIRST_STRETCH", 5)
    monkeypatch.setattr(attempt_search, "LARGEST_STRETCH", 5)
    oldest = refuse(store, body='{"note": "needle"}')
    made = [refuse(store) for _ in range(23)]
    newest = refuse(store, body='{"note": "needle"}')
    view = AttemptView(search="needle")
    with store.read() as conn:
        page = attempts.page(conn, view, patience=0)
        assert [row.id for row in page.rows] == [newest]
        assert page.more
        assert page.searched_to == page.next == made[-4]
        counted = attempts.count(conn, view)
        assert not counted.exact or counted.n == 2
        whole = page
        while whole.more:
            later = attempts.page(conn, view, before=whole.next, patience=0)
            whole = whole.followed_by(later)
    assert [row.id for row in whole.rows] == [newest, oldest]
    assert whole.searched_to is None


def test_whom_an_old_attempt_became_is_found_at_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempt_search, "FIRST_STRETCH", 2)
    switched_on(store)
    [old] = put(store, lead(first_name="Perpetua"))
    for _ in range(8):
        refuse(store)
    with store.read() as conn:
        page = attempts.page(conn, AttemptView(search="perpetua"), patience=0)
    assert [row.id for row in page.rows] == [old.request_id]
    assert page.searched_to is not None, "there may be more between"


def test_of_many_people_the_newest_are_there_before_the_reading_comes_to_them(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempt_search, "FIRST_STRETCH", 2)
    monkeypatch.setattr(attempt_search, "FEW_CONTACTS", 3)
    switched_on(store)
    family = [
        put(store, lead(first_name="Ada", last_name="Quill", phone=f"+1415555{n:04}", body=body))[0]
        for n, body in enumerate(['{"n": "quill"}'] * 8 + ['{"n": "said no more"}'], 100)
    ]
    for _ in range(8):
        refuse(store)
    whole = [each.request_id for each in family[7::-1]]
    with store.read() as conn:
        people = People()
        view = AttemptView(search="quill")
        page = attempts.page(conn, view, patience=0, people=people, limit=4)
        # The last one of them is known by name alone, and would be found while they are few.
        assert [row.id for row in page.rows] == whole[:3]
        assert page.searched_to is not None, "there may be more between"
        while page.more:
            later = attempts.page(conn, view, before=page.next, patience=0, people=people, limit=4)
            page = page.followed_by(later)
        assert [row.id for row in page.rows] == whole
        # Who reads a page and no more gets what was read.
        assert attempts.page(conn, view, patience=0).rows == ()


def test_an_old_refused_attempt_is_found_at_once_by_phone_and_by_word(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempt_search, "FIRST_STRETCH", 2)
    monkeypatch.setattr(attempt_index, "STRETCH", 5)
    said = {"who": "Jos\u00e9 Quill", "phone": "(415) 555-0146", "page": "spring/sale"}
    old = refuse(store, body=json.dumps(said), phone="", peer="203.0.113.7")
    form = refuse(store, body="name=Zo%C3%AB+Quill", phone="+447911123456", sender="zapier")
    for _ in range(8):
        refuse(store)
    index_log(store)
    one = refuse(store, body="not yet indexed, 415 555 0146")
    for words in ("4155550146", "+1 (415) 555-0146", "(415) 555-0146"):
        with store.read() as conn:
            page = attempts.page(conn, AttemptView(search=words), patience=0)
        assert [row.id for row in page.rows] == [one, old], words
        assert page.searched_to is None, "nothing is left to read for"
    for words, made in (
        *(
            (words, old)
            for words in ("jose quill", "José", "spring/sale", "203.0.113.7", "pring/s")
        ),
        *((words, form) for words in ("zoe quill", "7911 123456", "07911123456", "zapier zoë")),
    ):
        with store.read() as conn:
            page = attempts.page(conn, AttemptView(search=words), patience=0)
        assert [row.id for row in page.rows] == [made], words
    with store.read() as conn:
        assert attempts.get(conn, form).row.phone == "+447911123456"
        nobody = AttemptView(search="quill", code="INVALID_FIELD")
        assert attempts.page(conn, nobody, patience=0).rows == ()


def index_log(store: Store) -> None:
    """Brings the index of the log up to date, without waiting for the background."""
    while store.do(attempt_index.index_some):
        pass


def test_what_is_forgotten_leaves_the_index(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempt_index, "STRETCH", 3)
    made = [refuse(store, body='{"word": "needle"}') for _ in range(3)]
    index_log(store)
    late = refuse(store, body='{"word": "needle"}')
    assert searched(store, "needle") == [late, *reversed(made)]
    store.do(lambda conn: attempts.forget(conn, late + 1, 250))
    with store.read() as conn:
        assert attempts.page(conn, AttemptView(search="needle")).rows == ()
        assert attempt_index.reach(conn) is None
        name = attempt_index.index.name
        if store.path is None:
            assert conn.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() == 0
        else:
            word = text(f"SELECT count(*) FROM {name} WHERE {name} MATCH '\"nee\"'")
            assert conn.execute(word).scalar_one() == 0


def test_counting_stops_at_a_limit_and_says_so(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [refuse(store) for _ in range(6)]
    with store.read() as conn:
        assert attempts.count(conn, AttemptView()) == attempts.AttemptCount(6, exact=True)
        assert attempts.count(conn, AttemptView(), newer_than=made[2]).n == 3
    monkeypatch.setattr(attempts, "COUNTED", 4)
    with store.read() as conn:
        assert attempts.count(conn, AttemptView()) == attempts.AttemptCount(4, exact=False)


def test_one_attempt_is_shown_with_contact_headers_and_what_mended_it(store: Store) -> None:
    switched_on(store)
    refused = refuse(store, headers='{"Content-Type": "text/plain"}', media="text/plain")
    [mended] = put(store, lead(replay_of=refused, phone="+14155550199"))
    with store.read() as conn:
        first, second = attempts.get(conn, refused), attempts.get(conn, mended.request_id)
        with pytest.raises(NotFound, match="no attempt req_0000000000000001"):
            attempts.get(conn, 1)
    assert first.headers == (("Content-Type", "text/plain"),)
    assert first.contact is None
    assert [row.id for row in first.replays] == [mended.request_id]
    assert second.row.replay_of == refused
    assert second.contact is not None
    assert (second.contact.phone, second.contact.name) == ("+14155550199", "Ada Byron")


def test_recent_senders_are_told_apart_and_counted(store: Store) -> None:
    switched_on(store)
    put(store, lead(user_agent="curl/8.1 (x)"), lead(user_agent="curl/8.1 (y)"))
    refuse(store, sender="zapier", user_agent="Zapier")
    refuse(store, sender="zapier", user_agent="Zapier/2")
    with store.read() as conn:
        found = attempts.recent_senders(conn, now() - timedelta(hours=1))
        assert attempts.recent_senders(conn, now() + timedelta(hours=1)) == []
    assert {(use.sender, use.door, use.count) for use in found} == {
        ("", "api", 2),
        ("zapier", "hook", 2),
    }
    assert all(use.when_off for use in found)


def test_a_sender_at_stake_is_named_once_and_the_desks_own_test_is_none(store: Store) -> None:
    switched_on(store)
    put(store, lead(sender="script"), lead(sender="zapier"))
    refuse(store, sender="script", user_agent="curl/8.1")
    refuse(store, user_agent=OWN_AGENT, sender="")
    with store.read() as conn:
        found = attempts.senders_at_stake(conn, now() - timedelta(hours=1))
        by_url = attempts.senders_at_stake(conn, now() - timedelta(hours=1), door="hook")
    assert sorted(use.sender for use in found) == ["script", "zapier"]
    assert [use.sender for use in by_url] == ["script"], "who calls the secret URL"


def test_what_is_over_its_time_or_too_many_is_forgotten_and_evidence_stays(store: Store) -> None:
    make_queued(store, 3)
    old = id_at(now() - timedelta(days=91))
    refuse(store, request_id=old)
    with store.read() as conn:
        assert attempts.first_to_keep(conn, days=0, most=0) is None
        assert attempts.first_to_keep(conn, days=100, most=4) is None
        by_age = attempts.first_to_keep(conn, days=90, most=0)
        by_number = attempts.first_to_keep(conn, days=0, most=2)
    assert by_age is not None and moment_of(by_age) > moment_of(old)
    assert store.do(lambda conn: attempts.forget(conn, by_age, 250)) == 1
    assert by_number is not None
    assert store.do(lambda conn: attempts.forget(conn, by_number, 1)) == 1
    assert len(ids(store, AttemptView())) == 2
    with store.read() as conn:
        events = conn.execute(text("SELECT count(*) FROM consent_events")).scalar_one()
    assert events == 3


ROWS = 200_000
SERIAL = 1 << 22
"""Ids of two moments that follow each other are so far apart."""

_FILL = text(
    "INSERT INTO attempts (id, at, door, outcome, code, reason, contact_id, peer, user_agent, body)"
    " WITH RECURSIVE counted(n) AS"
    " (SELECT 0 UNION ALL SELECT n + 1 FROM counted WHERE n + 1 < :rows)"
    " SELECT :first + CAST(n AS BIGINT) * :serial, :at, 'api',"
    " CASE WHEN n % 20 = 0 THEN 'refused' ELSE 'accepted' END,"
    " CASE WHEN n % 5000 = 0 THEN 'BLOCKED_NUMBER' WHEN n % 20 = 0 THEN 'INVALID_FIELD'"
    " ELSE '' END,"
    " '', n, '', 'curl/8', '{}'"
    " FROM counted"
).bindparams(bindparam("at", type_=UtcTime()), bindparam("first", type_=BigInteger()))

WHOLE = re.compile(r"(SCAN|Seq Scan on) attempts\b")
"""How a store says that it reads the log whole."""

VIEWS = {
    AttemptView(): "",
    AttemptView(outcome="refused"): "ix_attempts_refused",
    AttemptView(code="BLOCKED_NUMBER"): "ix_attempts_code",
    AttemptView(search="Perpetua"): "ix_attempts_contact",
    AttemptView(search="+1 415 555 0199"): "ix_attempts_contact",
    AttemptView(search="+1 415 555 0146"): "attempts_fts",
    AttemptView(search="needle"): "attempts_fts",
    AttemptView(outcome="duplicate"): "ix_attempts_code",
    AttemptView(sender="zapier"): "ix_attempts_sender",
    AttemptView(sender="zapier", outcome="refused"): "ix_attempts_sender",
    AttemptView(door="hook"): "ix_attempts_hook",
}
"""Views of a long log, with the index that each is read along where it is not the log itself."""


def test_a_long_log_is_read_along_its_indexes(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempt_search, "READ_FIRST", 0)
    first = id_at(now() - timedelta(days=30))
    switched_on(store)
    put(store, lead(first_name="Perpetua"), lead(phone="+14155550199"))

    def fill(conn: Connection) -> None:
        conn.execute(_FILL, {"rows": ROWS, "first": first, "serial": SERIAL, "at": now()})
        for key, body in (("+14155550146", "(415) 555-0146"), ("", "needle")):
            record_refused(
                conn, [RefusedAttempt(new_id(), "hook", None, "X", body=body, phone=key)]
            )
        conn.execute(text("ANALYZE attempts"))

    store.do(fill)
    for _ in range(4):
        store.do(attempt_index.index_some)
    with store.read() as conn:
        for view, index in VIEWS.items():
            # What is searched for stands in the newest, which are indexed.
            before = None if view.search else first + ROWS // 2 * SERIAL
            plans = plans_of(conn, view, before)
            assert plans
            for plan in plans:
                assert not WHOLE.search(plan), (view, plan)
            assert index in "".join(plans), (view, plans)


def plans_of(conn: Connection, view: AttemptView, before: int | None) -> list[str]:
    """How the store means to answer each statement that reads the log for a page."""
    plans: list[str] = []
    words = "EXPLAIN QUERY PLAN " if conn.dialect.name == "sqlite" else "EXPLAIN "

    def explain(_conn: Any, cursor: Any, statement: str, values: Any, *_more: Any) -> None:
        if "attempts" in statement or "attempts_fts" in statement:
            own = cursor.connection.cursor()
            own.execute(words + statement, values)
            plans.append("\n".join(str(row[-1]) for row in own.fetchall()))

    event.listen(conn, "before_cursor_execute", explain)
    try:
        attempts.page(conn, view, before=before, limit=50, patience=0)
    finally:
        event.remove(conn, "before_cursor_execute", explain)
    return plans
