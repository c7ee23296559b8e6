"""Transactions that PostgreSQL gets before the one before them has ended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from storage import consent, guesses, messages, suppressions, writer
from storage.counts import counts
from storage.driver import fetch
from storage.intake import take_in
from storage.job_queue import JobQueue
from storage.jobs import Item, Overtaken
from storage.leads import OptIn
from storage.pipeline import Pipeline
from storage.store import Store
from storage.texts import Outgoing, Receipt
from storage.words import Actor
from tests.factories import claim_pending, lead, put, switched_on
from tests.storage.test_writer import busy
from tests.waiting import PATIENCE, soon

ME = Actor.person("ana")


@pytest.fixture
def driver(pg_server: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(pg_server, autocommit=True) as driver:
        driver.execute("CREATE TEMP TABLE kept (n bigint PRIMARY KEY)")
        yield driver


@pytest.fixture
def line(driver: psycopg.Connection) -> Pipeline:
    return Pipeline(driver)


PUT = "INSERT INTO kept VALUES ($1)"
LOOK = "SELECT n FROM kept ORDER BY n"


def transaction(line: Pipeline, n: int, ended: list[Any]) -> None:
    """Sends one that inserts a row; notes its end."""
    line.put_off("BEGIN")
    line.put_off(PUT, (n,))
    line.send(lambda _answers, error: ended.append((n, error)), ("COMMIT", ()))


def test_who_asks_waits_for_all_that_was_sent_before(line: Pipeline) -> None:
    ended: list[Any] = []
    for n in range(3):
        transaction(line, n, ended)
    assert line.under_way == 3
    assert not ended
    assert line.ask((LOOK, ()))[0].rows() == [(0,), (1,), (2,)]
    assert ended == [(0, None), (1, None), (2, None)]


def test_whatever_was_sent_behind_a_failure_fails_until_it_is_undone(line: Pipeline) -> None:
    ended: list[Any] = []
    for n in (1, 1, 2):
        transaction(line, n, ended)
    for _ in range(2):
        with pytest.raises(Overtaken):
            line.ask((LOOK, ()))
    with pytest.raises(Overtaken):
        transaction(line, 3, ended)
    assert [n for n, _ in ended] == [1, 1, 2]
    errors = [type(error) for _, error in ended]
    failed = psycopg.errors.InFailedSqlTransaction
    assert errors == [type(None), psycopg.errors.UniqueViolation, failed]
    line.start_over()
    line.ask(("ROLLBACK", ()))
    transaction(line, 2, ended)
    assert line.ask((LOOK, ()))[0].rows() == [(1,), (2,)]


def test_a_line_that_is_cut_tells_so_where_it_is_waited_for(line: Pipeline) -> None:
    ended: list[Any] = []
    line.put_off("SELECT pg_terminate_backend(pg_backend_pid())")
    line.send(lambda _answers, error: ended.append(error), ("COMMIT", ()))
    with pytest.raises(psycopg.OperationalError):
        line.wait()


@pytest.fixture
def eager(pg_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store whose writer sends each transaction on its way behind the one before it."""
    monkeypatch.setattr(writer, "LEAST_BESIDE", 1)
    monkeypatch.setattr(writer, "MOST_SENT", 4)
    store = Store.open(pg_url)
    switched_on(store)
    together(store, some())
    yield store
    store.close()


def some(count: int = 6) -> list[OptIn]:
    return [lead() for _ in range(count)]


def together(store: Store, *batches: list[OptIn]) -> list[Any]:
    """Takes batches in, which are sent behind each other; gives what became of each lead."""
    answers: dict[int, Any] = {}
    place = 0
    with busy(store):
        for batch in batches:
            # Each batch has a verb of its own, so that each transaction has many to run.
            for item in batch:
                store.write_many(take_in, item, lambda said, at=place: answers.update({at: said}))  # type: ignore[misc]
                place += 1
    soon(lambda: len(answers) == place)
    return [getattr(answers[n], "outcome", answers[n]) for n in range(place)]


def sound(store: Store, confirming: int) -> None:
    """Checks that ledger and counters hold so many contacts."""
    with store.read() as conn:
        assert consent.verify(conn).faults == ()
        assert counts(conn).by_stage["confirming"] == confirming  # type: ignore[index]
        assert conn.execute(text("SELECT count(*) FROM contacts")).scalar() == confirming


def test_many_transactions_behind_each_other_take_everybody_in_once(eager: Store) -> None:
    answers: list[Any] = []
    leads = some(300)
    for item in leads:
        eager.write_many(take_in, item, answers.append)
    soon(lambda: len(answers) == 300)
    assert {answer.outcome for answer in answers} == {"accepted"}
    sound(eager, 306)


def test_one_that_cannot_be_stored_fails_alone_however_many_are_behind_it(eager: Store) -> None:
    odd = "ALTER TABLE attempts ADD CONSTRAINT odd CHECK (peer <> '203.0.113.66')"
    eager.do(lambda conn: conn.exec_driver_sql(odd))
    answers: list[Any] = []
    for place in range(120):
        item = lead(peer="203.0.113.66") if place % 40 == 7 else lead()
        eager.write_many(take_in, item, answers.append)
    soon(lambda: len(answers) == 120)
    assert sum(isinstance(answer, Exception) for answer in answers) == 3
    sound(eager, 6 + 117)


def test_others_that_write_in_between_are_noticed_by_all_that_is_under_way(eager: Store) -> None:
    other = Store.open(eager.url)
    try:
        answers: list[Any] = []
        for place in range(200):
            eager.write_many(take_in, lead(), answers.append)
            if place % 20 == 0:
                assert put(other, lead())[0].outcome == "accepted"
        soon(lambda: len(answers) == 200)
        assert {answer.outcome for answer in answers} == {"accepted"}
        sound(eager, 6 + 200 + 10)
    finally:
        other.close()


def test_a_verb_behind_a_failure_runs_after_it_was_mended(eager: Store) -> None:
    known = some(4)
    together(eager, known)
    answers: list[Any] = []
    for item in [*some(4), lead(phone=known[0].phone), *some(4)]:
        eager.write_many(take_in, item, answers.append)
    there = eager.write(lambda conn: fetch(conn, "SELECT count(*) FROM contacts")[0][0])
    assert there.result(PATIENCE) >= 10
    soon(lambda: len(answers) == 9)
    assert sorted(answer.outcome for answer in answers) == ["accepted"] * 8 + ["duplicate"]
    sound(eager, 6 + 4 + 8)


def test_the_bell_rings_once_enough_have_come() -> None:
    class Bell:
        rung = 0

        def ring(self) -> None:
            self.rung += 1

    bell: Any = Bell()
    queue = JobQueue("it", 0.0, bell)
    job = Item(take_in, lead(), lambda _said: None)
    queue.put(job)
    assert queue.take_if(3) == []
    queue.put(job)
    assert not bell.rung
    queue.put(job, job)
    queue.put(job)
    assert bell.rung == 1
    assert len(queue.take_if(3)) == 5


def claimed(store: Store, count: int) -> list[Outgoing]:
    """Takes strangers in and claims their texts."""
    together(store, some(count))
    return store.do(lambda conn: claim_pending(conn, "me", 100))


def accepted(texts: list[Outgoing]) -> list[Receipt]:
    return [Receipt(text.message_id, "accepted", f"SIM{text.message_id}") for text in texts]


def stages(store: Store) -> dict[str, int]:
    with store.read() as conn:
        found = counts(conn).by_stage
        rows = conn.execute(text("SELECT stage, count(*) FROM contacts GROUP BY stage")).all()
    told = {str(stage): n for stage, n in rows}
    assert {str(stage): n for stage, n in found.items() if n} == told
    return told


def test_texts_that_were_accepted_lead_into_the_queue_without_a_question(
    eager: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = claimed(eager, 5)
    assert len(texts) == 11
    asked: list[int] = []
    ask = Pipeline.ask

    def note(line: Pipeline, *asking: Any) -> Any:
        asked.append(len(asking))
        return ask(line, *asking)

    monkeypatch.setattr(Pipeline, "ask", note)
    moved = eager.do(lambda conn: messages.settle(conn, accepted(texts), texts))
    assert moved == [True] * 11
    assert not asked
    assert stages(eager) == {"queued": 11}


def test_who_left_between_a_text_and_its_receipt_stays_where_they_are(eager: Store) -> None:
    texts = claimed(eager, 5)
    eager.do(lambda conn: suppressions.add(conn, ME, [texts[3].phone]))
    moved = eager.do(lambda conn: messages.settle(conn, accepted(texts), texts))
    assert moved == [True] * 11
    assert stages(eager) == {"queued": 10, "suppressed": 1}
    # Said again, nothing moves.
    again = eager.do(lambda conn: messages.settle(conn, accepted(texts), texts))
    assert again == [False] * 11
    assert stages(eager) == {"queued": 10, "suppressed": 1}


def test_receipts_share_a_transaction_with_leads_that_guess_wrong(eager: Store) -> None:
    texts = claimed(eager, 5)
    known = lead(phone=texts[0].phone)
    answers: list[Any] = []
    with busy(eager):
        settled = eager.write(lambda conn: messages.settle(conn, accepted(texts), texts))
        for item in [*some(3), known]:
            eager.write_many(take_in, item, answers.append)
    assert settled.result(PATIENCE) == [True] * 11
    soon(lambda: len(answers) == 4)
    assert sorted(answer.outcome for answer in answers) == ["accepted"] * 3 + ["duplicate"]
    assert stages(eager) == {"queued": 11, "confirming": 3}


def test_who_builds_on_a_guess_that_was_wrong_asks() -> None:
    class Info:
        def __init__(self) -> None:
            self.info: dict[str, Any] = {}

    conn: Any = Info()
    guesses.leave(conn, "here")
    guesses.sent(conn)
    guesses.begun(conn)
    assert guesses.guess(conn) == "here"
    guesses.leave(conn, "there")
    assert guesses.sent(conn)
    guesses.begun(conn)
    assert guesses.guess(conn) == "there"
    assert not guesses.came(conn, RuntimeError(), rested=True)
    guesses.begun(conn)
    assert guesses.guess(conn) is None
