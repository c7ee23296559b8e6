"""Several statements in one turn on the line to PostgreSQL: all of them, or none and the reason."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from storage.counts import counts
from storage.driver import run, run_at_last
from storage.intake import take_in
from storage.pipeline import Pipeline
from storage.store import Store
from tests.factories import lead, put, switched_on
from tests.storage.test_writer import busy
from tests.waiting import soon


@pytest.fixture
def driver(pg_server: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(pg_server, autocommit=True) as driver:
        driver.execute("CREATE TEMP TABLE kept (n bigint PRIMARY KEY, said text, raw bytea)")
        yield driver


@pytest.fixture
def line(driver: psycopg.Connection) -> Pipeline:
    return Pipeline(driver)


PUT = "INSERT INTO kept VALUES ($1, $2, $3)"
LOOK = "SELECT n, said, raw FROM kept ORDER BY n"


def test_what_was_put_off_goes_before_what_is_asked(line: Pipeline) -> None:
    line.put_off("BEGIN")
    line.put_off(PUT, (1, "é\n'$1", b"\x00\xff"))
    seen, ended = line.ask((LOOK, ()), ("COMMIT", ()))
    assert seen.rows() == [(1, "é\n'$1", b"\x00\xff")]
    assert ended.rows() == []


def test_the_first_failure_is_told_and_nothing_behind_it_is_done(
    line: Pipeline, driver: psycopg.Connection
) -> None:
    line.put_off("BEGIN")
    line.put_off(PUT, (1, None, None))
    line.put_off(PUT, (1, None, None))
    with pytest.raises(psycopg.errors.UniqueViolation):
        line.ask(("COMMIT", ()))
    assert driver.info.transaction_status == psycopg.pq.TransactionStatus.INERROR
    line.ask(("ROLLBACK", ()))
    # What failed to be prepared with it is prepared again; what was stays so.
    line.ask((PUT, (2, None, None)))
    assert line.ask((LOOK, ()))[0].rows() == [(2, None, None)]


def test_much_goes_both_ways_at_once(line: Pipeline) -> None:
    large = "x" * 2_000_000
    answers = line.ask(*[("SELECT $1::text", (large,))] * 5)
    assert [answer.rows() for answer in answers] == [[(large,)]] * 5


def test_a_text_with_a_nul_is_refused_and_not_cut(line: Pipeline) -> None:
    with pytest.raises(psycopg.DataError):
        line.ask((PUT, (1, "a\x00b", None)))
    assert line.ask((LOOK, ()))[0].rows() == []


def test_a_line_that_is_cut_says_so(line: Pipeline) -> None:
    with pytest.raises(psycopg.OperationalError):
        line.ask(("SELECT pg_terminate_backend(pg_backend_pid())", ()), ("SELECT 1", ()))


def test_what_was_changed_by_another_program_is_prepared_anew(
    line: Pipeline, driver: psycopg.Connection
) -> None:
    everything = "SELECT * FROM kept"
    line.ask((everything, ()))
    driver.execute("ALTER TABLE kept ADD COLUMN more text")
    with pytest.raises(psycopg.errors.FeatureNotSupported):
        line.ask((everything, ()))
    assert line.ask((everything, ()))[0].rows() == []


def test_what_is_prepared_outlives_what_the_driver_undoes(pg_url: str) -> None:
    def refused(conn: Connection) -> None:
        for _ in range(8):
            conn.execute(text("SELECT 1"))
        raise LookupError

    store = Store.open(pg_url)
    try:
        switched_on(store)
        for _ in range(3):
            put(store, lead())
            with pytest.raises(LookupError):
                store.do(refused)
        put(store, lead())
    finally:
        store.close()


def test_a_lead_that_the_server_refuses_at_last_takes_no_neighbour_with_it(pg_url: str) -> None:
    store = Store.open(pg_url)
    try:
        switched_on(store)
        bad = "ALTER TABLE attempts ADD CONSTRAINT odd CHECK (peer <> '203.0.113.66')"
        store.do(lambda conn: conn.exec_driver_sql(bad))
        with pytest.raises(IntegrityError):
            put(store, lead(peer="203.0.113.66"))
        answers: list[Any] = []
        with busy(store):
            for place in range(3):
                item = lead(peer="203.0.113.66") if place == 1 else lead()
                store.write_many(take_in, item, answers.append)
        soon(lambda: len(answers) == 3)
        assert [isinstance(answer, IntegrityError) for answer in answers] == [False, True, False]
        with store.read() as conn:
            assert counts(conn).by_stage["confirming"] == 2  # type: ignore[index]
    finally:
        store.close()


def test_who_fails_with_what_cannot_be_written_put_off_leaves_nothing_behind(pg_url: str) -> None:
    store = Store.open(pg_url)

    def odd(conn: Connection) -> None:
        run(conn, "INSERT INTO tallies (name, n) VALUES ('odd', 1)")
        run_at_last(conn, [("UPDATE tallies SET n = 2 WHERE name = ?", ("\ud800",))])
        raise LookupError

    try:
        with busy(store):
            failing = store.write(odd)
            good = store.write(
                lambda conn: run(conn, "INSERT INTO tallies (name, n) VALUES ('even', 1)")
            )
        with pytest.raises(LookupError):
            failing.result(10)
        good.result(10)
        with store.read() as conn:
            names = conn.scalars(text("SELECT name FROM tallies WHERE name IN ('odd', 'even')"))
            assert list(names) == ["even"]
    finally:
        store.close()
