"""What one snapshot says, some of it read before anybody asks: many questions in one turn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.engine import Connection

from storage.driver import Written, fetch, fetch_together

Rows = Sequence[tuple[Any, ...]]


class Ahead:
    """Answers of one snapshot. What was not read ahead is read when it is asked for.

    Args:
        conn: The snapshot.
    """

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self._known: dict[Written, Rows] = {}
        self._windows: dict[Written, tuple[int, Rows]] = {}
        """By their statement and its values but the last, which is their limit."""

    def read(self, *asked: Written, windows: Sequence[Written] = ()) -> list[Rows]:
        """Reads all of that in one turn and keeps it; tells what is no window.

        Args:
            asked: Statements, their values tuples.
            windows: Statements whose last value is the limit of their rows.
        """
        found = fetch_together(self._conn, *asked, *windows)
        self._known.update(zip(asked, found, strict=False))
        for (query, values), rows in zip(windows, found[len(asked) :], strict=True):
            self._windows[query, tuple(values[:-1])] = values[-1], rows
        return [*found[: len(asked)]]

    def rows(self, asked: Written) -> Rows:
        """What a statement returns."""
        known = self._known.get(asked)
        return fetch(self._conn, *asked) if known is None else known

    def window(self, asked: Written) -> Rows:
        """What a statement returns whose last value is the limit of its rows."""
        query, (*values, limit) = asked
        most, rows = self._windows.get((query, tuple(values)), (-1, ()))
        if limit <= most or len(rows) < most:
            return rows[:limit]
        return fetch(self._conn, *asked)
