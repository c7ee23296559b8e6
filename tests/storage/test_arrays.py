"""A column of values reaches PostgreSQL as it is, whatever it holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.engine import Connection

from storage.arrays import array
from storage.driver import fetch

MOMENT = datetime(2026, 2, 28, 23, 59, 59, 999_999, tzinfo=UTC)
COLUMNS: dict[str, tuple[str, list[Any]]] = {
    "texts": (
        "text",
        ["", "NULL", "null", '"', "\\", '\\"', "{}", "{a,b}", "a,b", " a ", "\n\r\t\x01", "é😀"],
    ),
    "plain texts": ("text", ["a", "b", ""]),
    "one empty text": ("text", [""]),
    "texts and nothing": ("text", ["a", None, 'b"c', None]),
    "whole numbers": ("bigint", [0, -1, 2**63 - 1, -(2**63)]),
    "numbers and nothing": ("bigint", [None, 7, None]),
    "nothing": ("bigint", [None, None]),
    "bytes": ("bytea", [b"", b"\x00\xff\\", b'"{,}']),
    "moments": ("timestamptz", [MOMENT, MOMENT + timedelta(days=1)]),
    "one moment": ("timestamptz", [MOMENT] * 3),
    "no rows": ("text", []),
}


@pytest.fixture(scope="module")
def conn(pg_server: str) -> Any:
    from storage.engine import store_url, write_engine

    engine = write_engine(store_url(pg_server), None)
    with engine.connect() as conn:
        yield conn
    engine.dispose()


@pytest.mark.parametrize("what", COLUMNS)
def test_a_column_comes_back_as_it_went(conn: Connection, what: str) -> None:
    kind, values = COLUMNS[what]
    rows = fetch(conn, f"SELECT * FROM unnest(?::{kind}[])", (array(values),))
    assert [row[0] for row in rows] == values


def test_a_nul_becomes_what_stands_for_unreadable(conn: Connection) -> None:
    rows = fetch(conn, "SELECT * FROM unnest(?::text[])", (array(["a\x00b", "\x00", 'c"']),))
    assert [row[0] for row in rows] == ["a\ufffdb", "\ufffd", 'c"']
