"""Counters kept in the transaction that changes what they count."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain

from sqlalchemy.engine import Connection

from storage.dialects import among_packed, packed
from storage.driver import Written, run_at_last
from storage.questions import Question, Rows, ask
from storage.words import Stage

_MOST_AT_ONCE = 16


def stage_tally(stage: Stage | str) -> str:
    """The counter of contacts in a stage."""
    return f"stage:{stage}"


def group_tally(group_id: int) -> str:
    """The counter of contacts in a group."""
    return f"group:{group_id}"


def label_tally(label_id: int) -> str:
    """The counter of contacts that wear a label."""
    return f"label:{label_id}"


def hour_tally(hour: int) -> str:
    """The counter of arrivals in an hour since 1970."""
    return f"hour:{hour}"


def turned_away_tally(hour: int) -> str:
    """The counter of requests without an API key that works, in an hour since 1970."""
    return f"hour:401:{hour}"


def add_tallies(conn: Connection, deltas: Mapping[str, int]) -> None:
    """Adds to counters; zeros cost nothing."""
    run_at_last(conn, adding(deltas))


def adding(deltas: Mapping[str, int]) -> list[Written]:
    """The statements that `add_tallies` runs."""
    rows = sorted((name, n) for name, n in deltas.items() if n)
    parts = [rows[start : start + _MOST_AT_ONCE] for start in range(0, len(rows), _MOST_AT_ONCE)]
    return [(_add(len(part)), tuple(chain.from_iterable(part))) for part in parts]


@lru_cache(maxsize=_MOST_AT_ONCE)
def _add(count: int) -> str:
    rows = ", ".join(["(?, ?)"] * count)
    return (
        f"INSERT INTO tallies (name, n) VALUES {rows}"  # noqa: S608 - marks alone
        " ON CONFLICT (name) DO UPDATE SET n = tallies.n + excluded.n"
    )


def read_tallies(conn: Connection, names: Iterable[str]) -> dict[str, int]:
    """The values of counters; those never added to are 0."""
    wanted = list(names)
    return ask(conn, tallies(conn, wanted)) if wanted else {}


def tallies(conn: Connection, names: Sequence[str]) -> Question[dict[str, int]]:
    """Asks for counters; see `read_tallies`."""
    among = among_packed(conn, "name")
    statement = f"SELECT name, n FROM tallies WHERE {among}"  # noqa: S608 - our own names

    def told(rows: Rows) -> dict[str, int]:
        found = dict.fromkeys(names, 0)
        found.update(rows)
        return found

    return Question(((statement, (packed(conn, names),)),), told)
