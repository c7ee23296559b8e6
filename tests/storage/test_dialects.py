"""Rows reach SQLite as text that it can give back."""

from __future__ import annotations

from storage.dialects import rows_packed
from storage.driver import fetch
from storage.store import Store


def test_what_is_no_text_is_kept_as_one_that_can_be_read(sqlite_store: Store) -> None:
    rows = [(1, 'é😀 "\\ \x01'), (2, "half \ud83d of a pair")]
    with sqlite_store.read() as conn:
        table, values = rows_packed(conn, {"id": "bigint", "words": "text"}, rows)
        said = fetch(conn, f"SELECT id, words FROM {table}", values)
    assert said == [(1, 'é😀 "\\ \x01'), (2, "half ? of a pair")]
