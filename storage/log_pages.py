"""Pages of a log along its ids, the newest row first."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select
from sqlalchemy.engine import Connection

R = TypeVar("R")

PATIENCE = 0.04
"""Seconds that a page may search for before it says how far it came."""

STRETCH = 2_000
"""Rows that a search reads at a time."""


@dataclass(frozen=True, slots=True)
class LogPage(Generic[R]):
    """Some rows, the newest first."""

    rows: tuple[R, ...]
    on: int | None
    """From which id to go on in the same direction; None where the log ends."""


def read_page(
    conn: Connection,
    query: Select[Any],
    ident: ColumnElement[int],
    make: Callable[[Any], R],
    *,
    before: int | None = None,
    after: int | None = None,
    limit: int,
    order: ColumnElement[int] | None = None,
    lets: Callable[[R], bool] | None = None,
    patience: float = PATIENCE,
) -> LogPage[R]:
    """Reads rows from a place on.

    Args:
        conn: An open transaction.
        query: The rows without order and limit; each has an `id`.
        ident: The column of the id.
        make: Makes what is given back.
        before: Only rows with a smaller id, those nearest to it.
        after: Only rows with a larger id, those nearest to it.
        limit: At most so many.
        order: What to order by where that is not the column itself.
        lets: Which rows to keep, for a search that no index helps.
        patience: Seconds after which such a search says how far it came.
    """
    rising, by = after is not None, ident if order is None else order
    place = after if rising else before
    until = time.monotonic() + patience
    found: list[R] = []
    ids: list[int] = []
    going_on: int | None = None
    while True:
        stretch = limit + 1 if lets is None else STRETCH
        part = query.order_by(by.asc() if rising else by.desc()).limit(stretch)
        if place is not None:
            part = part.where(ident > place if rising else ident < place)
        rows = conn.execute(part).all()
        for row in rows:
            made = make(row)
            if lets is None or lets(made):
                found.append(made)
                ids.append(row.id)
        if len(found) > limit:
            found = found[:limit]
            going_on = ids[limit - 1] if limit else None
            break
        if len(rows) < stretch:
            break
        place = rows[-1].id
        if time.monotonic() > until:
            going_on = place
            break
    return LogPage(tuple(reversed(found)) if rising else tuple(found), going_on)
