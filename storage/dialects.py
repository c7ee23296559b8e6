"""The few places where SQLite and PostgreSQL differ, each behind one small function."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    LargeBinary,
    Text,
    any_,
    bindparam,
    func,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from storage.arrays import array

_PSYCOPG = postgresql.dialect()  # type: ignore[no-untyped-call]


def is_postgresql(conn: Connection) -> bool:
    """Whether a connection speaks to PostgreSQL."""
    return conn.dialect.name == "postgresql"


def packed(conn: Connection, values: Sequence[int] | Sequence[str] | Sequence[bytes]) -> Any:
    """Values as the one parameter of `among_packed`."""
    if is_postgresql(conn):
        return array(values)
    if values and isinstance(values[0], bytes):
        return json.dumps([bytes.hex(value) for value in values])  # type: ignore[arg-type]
    return json.dumps(list(values))


def among_packed(conn: Connection, column: str, *, binary: bool = False) -> str:
    """SQL for `storage.driver`: `column IN (values)` for one value made by `packed`.

    Args:
        conn: Which of the two stores.
        column: The column's name.
        binary: It holds bytes.
    """
    if is_postgresql(conn):
        return f"{column} = ANY(?)"
    taken = "unhex(value)" if binary else "value"
    return f"{column} IN (SELECT {taken} FROM json_each(?))"  # noqa: S608 - our own names


def rows_packed(
    conn: Connection, columns: Mapping[str, str], rows: Sequence[tuple[Any, ...]]
) -> tuple[str, tuple[Any, ...]]:
    """Rows as a table of a statement for `storage.driver`.

    Args:
        conn: Which of the two stores.
        columns: PostgreSQL's types by name; integers and text alone.
        rows: The values, in the order of the columns.

    Returns:
        What to write behind `FROM`, and the values it takes.
    """
    if is_postgresql(conn):
        arrays = ", ".join(f"?::{kind}[]" for kind in columns.values())
        names = ", ".join(columns)
        # Arrays alone it takes for ten rows, few enough to compare each with each; a series, of
        # which it knows no more, for a thousand.
        table = (
            f"(SELECT {names} FROM ROWS FROM (unnest({arrays}), generate_series(1, ?::integer))"  # noqa: S608
            f" AS each ({names}, place))"
        )
        return table, (*(array(values) for values in zip(*rows, strict=True)), len(rows))
    taken = ", ".join(f"json_extract(value, '$[{n}]') AS {name}" for n, name in enumerate(columns))
    return f"(SELECT {taken} FROM json_each(?))", (_json(rows),)  # noqa: S608


def texts_packed(
    conn: Connection, key: str, column: str, texts: Mapping[int, str]
) -> tuple[str, tuple[Any, ...]]:
    """The same for a text to each of some keys, which SQLite reads in a quarter less time.

    Args:
        conn: Which of the two stores.
        key: What the keys are called.
        column: What the texts are called.
        texts: By key.
    """
    if is_postgresql(conn):
        return rows_packed(conn, {key: "bigint", column: "text"}, [*texts.items()])
    taken = f"CAST(key AS INTEGER) AS {key}, value AS {column}"
    return f"(SELECT {taken} FROM json_each(?))", (_json(texts),)  # noqa: S608 - our own names


def _json(value: Any) -> str:
    # SQLite makes of an escaped half of a pair of surrogates what nobody can read any more.
    return json.dumps(value, ensure_ascii=False).encode(errors="replace").decode()


def by_keys(conn: Connection, column: str, values: Sequence[int]) -> tuple[str, tuple[Any, ...]]:
    """A condition beside a join with `rows_packed` on the same column, and the values it takes.

    PostgreSQL, which may know little of a table that fills quickly, then finds the rows by their
    keys; SQLite does so by itself.
    """
    if is_postgresql(conn):
        return f"{column} = ANY(?)", (packed(conn, values),)
    return "TRUE", ()


def returns_old(conn: Connection) -> bool:
    """Whether an `UPDATE` can return its rows as they were before: PostgreSQL since 18."""
    return is_postgresql(conn) and (conn.dialect.server_version_info or ()) >= (18,)


def or_fail(conn: Connection) -> str:
    """What stands behind `INSERT` or `UPDATE` of many rows that needs not be undone by itself.

    So that it can be, SQLite keeps each page that it changes in memory once more. Where such a
    statement fails, the transaction or its savepoint is to be undone: here that is always so.
    """
    return "" if is_postgresql(conn) else " OR FAIL"


def from_packed(conn: Connection, table: str, column: str) -> str:
    """SQL for `storage.driver`: what stands behind `FROM` to get the rows with given keys.

    It ends within the `WHERE`.

    Args:
        conn: Which of the two stores.
        table: What the rows are of.
        column: Its key, which takes values made by `packed`, none of them twice.
    """
    if is_postgresql(conn):
        return f"{table} WHERE {among_packed(conn, f'{table}.{column}')}"
    # With IN it would put them into a table of its own first. CROSS keeps it from reading all
    # rows of a stage and looking for each of them among the keys.
    return f"json_each(?) AS wanted CROSS JOIN {table} ON {table}.{column} = wanted.value WHERE 1"


def skipping_locked(conn: Connection, table: str = "") -> str:
    """What ends a `SELECT` of rows to claim: on PostgreSQL it passes over what others hold locked.

    Args:
        conn: Which of the two stores.
        table: What the rows are of, where the statement names more than one.
    """
    which = f" OF {table}" if table else ""
    return f" FOR UPDATE{which} SKIP LOCKED" if is_postgresql(conn) else ""


def among(
    conn: Connection, column: Any, values: Sequence[int] | Sequence[str] | Sequence[bytes]
) -> ColumnElement[bool]:
    """`column IN (values)` as one parameter."""
    kind = _packed_type(is_postgresql(conn), column)
    one = list(values) if is_postgresql(conn) else packed(conn, values)
    bound = bindparam(None, one, type_=kind, unique=True)
    return _among(is_postgresql(conn), column, bound)


def _packed_type(postgresql: bool, column: Any) -> Any:
    return ARRAY(column.type.dialect_impl(_PSYCOPG)) if postgresql else Text()


def _among(postgresql: bool, column: Any, bound: Any) -> ColumnElement[bool]:
    if postgresql:
        return column == any_(bound)  # type: ignore[no-any-return]
    each = func.json_each(bound).table_valued("value")
    taken = func.unhex(each.c.value) if isinstance(column.type, LargeBinary) else each.c.value
    return column.in_(select(taken))  # type: ignore[no-any-return]


def run_counted(conn: Connection, statement: Any, values: Any = None) -> int:
    """Executes a statement and tells how many rows it wrote, also for an `INSERT`."""
    result = conn.execute(statement, values, execution_options={"preserve_rowcount": True})
    return int(result.rowcount)


def insert_or_skip(conn: Connection, table: Any) -> Any:
    """An `INSERT` that leaves rows alone that are there already."""
    made = postgresql.insert(table) if is_postgresql(conn) else sqlite.insert(table)
    return made.on_conflict_do_nothing()


def upsert(conn: Connection, table: Any, keys: Sequence[str], changed: Sequence[str]) -> Any:
    """An `INSERT` that overwrites `changed` where a row with the same `keys` is there already."""
    made = postgresql.insert(table) if is_postgresql(conn) else sqlite.insert(table)
    return made.on_conflict_do_update(
        index_elements=list(keys), set_={name: made.excluded[name] for name in changed}
    )


def wrote_something(conn: Connection, before: int) -> bool:
    """Whether the open transaction has changed a row since `changes_so_far` gave `before`."""
    return changes_so_far(conn) != before


def changes_so_far(conn: Connection) -> int:
    """A number that grows when the connection's transaction writes."""
    if is_postgresql(conn):
        assigned = conn.execute(text("SELECT pg_current_xact_id_if_assigned() IS NOT NULL"))
        return int(bool(assigned.scalar()))
    driver: Any = conn.connection.dbapi_connection
    return int(driver.total_changes)
