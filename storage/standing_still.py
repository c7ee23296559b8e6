"""Keeps everybody else off a PostgreSQL store while its tables are changed."""

from __future__ import annotations

import time

from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from storage.commits import WRITE_LOCK
from storage.faults import gave_way, is_held

ASK_SECONDS = 0.1
"""How long it waits for a table at a time. Shorter than the second after which PostgreSQL looks for
those who wait for each other, and ends one of them."""

REST_SECONDS = 0.05
"""How long others go on before it asks again."""

_TABLES = """
SELECT relname FROM pg_class
WHERE relkind IN ('r', 'p') AND pg_table_is_visible(oid) ORDER BY relname
"""


def have_alone(conn: Connection, seconds: float) -> None:
    """Locks all tables until the transaction ends, for readers as well.

    A migration changes one table after the other. Whoever has read one that it has not come to yet,
    and asks for one that it has changed, waits for it, and it for him. So it asks for all of them
    beforehand, each time for a moment, and in between holds none.

    Args:
        conn: A transaction on PostgreSQL.
        seconds: How long to go on asking.

    Raises:
        DBAPIError: Somebody held one all the time.
    """
    tables = ", ".join(_tables(conn))
    limit = time.monotonic() + seconds
    while True:
        try:
            with conn.begin_nested():
                conn.exec_driver_sql(f"SET LOCAL lock_timeout = {int(ASK_SECONDS * 1000)}")
                # Who writes has this before any table.
                conn.exec_driver_sql(WRITE_LOCK)
                conn.exec_driver_sql(f"LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE")
        except DBAPIError as error:
            if not (is_held(error) or gave_way(error)) or time.monotonic() > limit:
                raise
            time.sleep(REST_SECONDS)
        else:
            return


def _tables(conn: Connection) -> list[str]:
    """Ours among those that are there."""
    from storage.tables import Base

    there = conn.exec_driver_sql(_TABLES).scalars().all()
    return [name for name in there if name in Base.metadata.tables]
