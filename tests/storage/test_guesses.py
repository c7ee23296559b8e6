"""What a writer on PostgreSQL does not ask but checks: it is never wrong about a lead."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from storage import consent, guesses, inbound, integration, suppressions
from storage.counts import counts
from storage.driver import run
from storage.intake import take_in
from storage.leads import OptIn
from storage.pipeline import Pipeline
from storage.store import Store
from storage.words import Actor
from tests.factories import lead, put, switched_on
from tests.storage.test_writer import busy
from tests.waiting import soon

ME = Actor.person("ana")


@pytest.fixture
def open_store(pg_url: str) -> Iterator[Store]:
    store = Store.open(pg_url)
    switched_on(store)
    yield store
    store.close()


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many statements went in each turn to the server that a writer made."""
    made: list[int] = []
    ask = Pipeline.ask

    def note(line: Pipeline, *asked: Any) -> Any:
        made.append(len(asked) + len(line._put_off))
        return ask(line, *asked)

    monkeypatch.setattr(Pipeline, "ask", note)
    return made


def together(store: Store, *items: OptIn) -> list[Any]:
    """Takes leads in in one transaction; gives their outcomes."""
    answers: dict[int, Any] = {}

    def answer(place: int) -> Any:
        return lambda result: answers.__setitem__(place, result)

    with busy(store):
        for place, item in enumerate(items):
            store.write_many(take_in, item, answer(place))
    soon(lambda: len(answers) == len(items))
    return [getattr(answers[place], "outcome", answers[place]) for place in range(len(items))]


def some(count: int = 6) -> list[OptIn]:
    return [lead() for _ in range(count)]


def sound(store: Store, queued: int) -> None:
    """Checks that ledger and counters hold so many contacts."""
    with store.read() as conn:
        assert consent.verify(conn).faults == ()
        assert counts(conn).by_stage["confirming"] == queued  # type: ignore[index]
        (there,) = conn.execute(text("SELECT count(*) FROM contacts")).one()
        assert there == queued


def test_a_batch_of_strangers_goes_to_the_server_once(open_store: Store, turns: list[int]) -> None:
    # What is indexed in the background takes turns of its own.
    open_store._indexer.close()
    together(open_store, *some())
    before = len(turns)
    with busy(open_store):
        answers: list[Any] = []
        for item in some():
            open_store.write_many(take_in, item, answers.append)
        held = len(turns)
    soon(lambda: len(answers) == 6)
    assert [answer.outcome for answer in answers] == ["accepted"] * 6
    # The transaction of the one that held the writer, and that of the leads.
    assert held == before
    assert len(turns) - before <= 2
    sound(open_store, 12)


def test_whoever_is_known_is_told_so_and_everybody_is_taken_in_once(open_store: Store) -> None:
    old = some()
    together(open_store, *old)
    again = lead(phone=old[2].phone)
    assert together(open_store, *some(3), again, *some(3)) == [
        *["accepted"] * 3,
        "duplicate",
        *["accepted"] * 3,
    ]
    sound(open_store, 12)


def test_whoever_is_on_the_list_is_refused(open_store: Store) -> None:
    together(open_store, *some())
    blocked = lead()
    other = Store.open(open_store.url)
    try:
        other.do(lambda conn: suppressions.add(conn, ME, [blocked.phone]))
    finally:
        other.close()
    assert together(open_store, *some(5), blocked) == [*["accepted"] * 5, "refused"]
    sound(open_store, 11)


def test_others_may_write_in_between(open_store: Store) -> None:
    other = Store.open(open_store.url)
    try:
        for _ in range(3):
            assert together(open_store, *some()) == ["accepted"] * 6
            assert put(other, lead())[0].outcome == "accepted"
            assert together(other, *some()) == ["accepted"] * 6
        sound(open_store, 39)
        other.do(lambda conn: integration.switch(conn, ME, on=False))
        assert together(open_store, *some()) == ["refused"] * 6
        sound(open_store, 39)
    finally:
        other.close()


def test_a_stop_in_between_is_in_the_ledger_before_the_next_leads(open_store: Store) -> None:
    old = some()
    together(open_store, *old)
    open_store.do(
        lambda conn: inbound.opt_out(conn, ME, old[0].phone, "num_test", {"method": "told us"})
    )
    assert together(open_store, lead(phone=old[0].phone), *some()) == [
        "refused",
        *["accepted"] * 6,
    ]
    with open_store.read() as conn:
        report = consent.verify(conn)
    assert report.faults == ()
    assert report.events == 13


def test_a_batch_that_fails_after_a_guess_is_told_lead_by_lead(open_store: Store) -> None:
    together(open_store, *some())
    odd = "ALTER TABLE attempts ADD CONSTRAINT odd CHECK (peer <> '203.0.113.66')"
    open_store.do(lambda conn: conn.exec_driver_sql(odd))
    together(open_store, *some())
    outcomes = together(open_store, *some(3), lead(peer="203.0.113.66"), *some(3))
    assert outcomes[:3] + outcomes[4:] == ["accepted"] * 6
    assert isinstance(outcomes[3], Exception)
    sound(open_store, 18)


class Info:
    """A connection, as far as guesses go."""

    def __init__(self) -> None:
        self.info: dict[str, Any] = {}


def transaction(conn: Any, *, right: bool) -> bool:
    """Whether a transaction guesses; one that guesses wrong is run again."""
    guesses.begun(conn)
    guessed = guesses.guess(conn) is not None
    if guessed and not right:
        guesses.begun(conn)
        assert guesses.guess(conn) is None
    guesses.leave(conn, "here")
    guesses.committed(conn)
    return guessed


def test_who_guesses_wrong_all_the_time_asks_nearly_always() -> None:
    conn = Info()
    assert not transaction(conn, right=True)
    assert all(transaction(conn, right=True) for _ in range(10))
    assert sum(transaction(conn, right=False) for _ in range(1_000)) < 30
    tries = [transaction(conn, right=True) for _ in range(200)]
    assert all(tries[tries.index(True) :])


def test_what_was_never_committed_is_no_guess() -> None:
    conn: Any = Info()
    transaction(conn, right=True)
    guesses.begun(conn)
    assert guesses.guess(conn) == "here"
    guesses.leave(conn, "nowhere")
    guesses.begun(conn)
    assert guesses.guess(conn) is None


def test_what_fails_like_a_wrong_guess_and_is_none_is_told(open_store: Store) -> None:
    def divide(conn: Any) -> None:
        run(conn, "SELECT 1 / (SELECT count(*) FROM labels)")

    together(open_store, *some())
    assert isinstance(open_store.write(divide).exception(20), DBAPIError)
    answers: list[Any] = []
    with busy(open_store):
        failing = open_store.write(divide)
        for item in some():
            open_store.write_many(take_in, item, answers.append)
    assert isinstance(failing.exception(20), DBAPIError)
    soon(lambda: len(answers) == 6)
    assert [answer.outcome for answer in answers] == ["accepted"] * 6
    sound(open_store, 12)
