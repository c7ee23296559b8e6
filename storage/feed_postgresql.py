"""Watching a PostgreSQL store: LISTEN on a connection of its own, kept alive and made anew."""

from __future__ import annotations

import select
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from storage.engine import shown, store_url, write_engine
from storage.faults import explain
from storage.feed import ECHO_REST_SECONDS, POLL_SECONDS, Reports, Watched

CHANNEL = "optdesk"
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 2.0
"""Between two attempts to reach a server that is away."""


def watch(store: Watched, reports: Reports) -> None:
    """Watch a PostgreSQL store until the feed closes."""
    url = store_url(store.url)
    engine = write_engine(url, None)
    name = shown(url)
    pause = FIRST_PAUSE
    connected_before = False
    while not reports.closing():
        try:
            with _listening(engine) as driver:
                reports.well()
                if connected_before:
                    # What was notified meanwhile went to nobody.
                    reports.look_again()
                connected_before = True
                pause = FIRST_PAUSE
                _listen(driver, reports)
        except (SQLAlchemyError, psycopg.Error, OSError) as error:
            if reports.closing():
                break
            if isinstance(error, psycopg.Error):
                error = DBAPIError("LISTEN", None, error)
            reports.failed(explain(error, name))
            select.select([reports.wake_fd], [], [], pause)
            pause = min(pause * 2, LONGEST_PAUSE)
    engine.dispose()


@contextmanager
def _listening(engine: Any) -> Iterator[psycopg.Connection[Any]]:
    # Autocommit: a listener inside a transaction hears nothing and holds the server's queue.
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        driver = conn.connection.driver_connection
        try:
            driver.execute("SET application_name = 'optdesk feed'")
            driver.execute(f"LISTEN {CHANNEL}")
            yield driver
        finally:
            # Not returned but dropped: it may be broken, and LISTEN belongs to it alone.
            conn.invalidate()


def _listen(driver: psycopg.Connection[Any], reports: Reports) -> None:
    _poll(driver, reports)
    looked = time.monotonic()
    while not reports.closing():
        left, held = looked + POLL_SECONDS - time.monotonic(), reports.held()
        if left > 0:
            wait = left if held is None else min(left, held)
            ready, _, _ = select.select([driver.fileno(), reports.wake_fd], [], [], wait)
            if driver.fileno() in ready:
                # All of them first: until then the connection takes no query.
                notices = list(driver.notifies(timeout=0))
                news = [_heard(driver, reports, notice.payload) for notice in notices]
                if not any(news):
                    time.sleep(ECHO_REST_SECONDS)
        else:
            _poll(driver, reports)
            looked = time.monotonic()


def _poll(driver: psycopg.Connection[Any], reports: Reports) -> None:
    known = reports.known()
    reports.saw(_sequence(driver), polled=known)


def _heard(driver: psycopg.Connection[Any], reports: Reports, payload: str) -> bool:
    """Passes on what was notified. Returns whether it was news."""
    known = payload.isascii() and payload.isdigit() and len(payload) < 19
    return reports.saw(int(payload) if known else _sequence(driver))


def _sequence(driver: psycopg.Connection[Any]) -> int:
    row = driver.execute("SELECT seq FROM store_state", prepare=False).fetchone()
    return int(row[0]) if row else 0
