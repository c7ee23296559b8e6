"""Whose turn it is with webhooks: one courier's round, or one act about endpoints and deliveries.

On PostgreSQL a courier's rounds need not wait for the leads, nor these for them: a round takes a
lock of its own. Whoever else changes endpoints, deliveries or events that are there takes it too,
behind the one of all who write, and before touching any of them; so nobody waits in a circle. On
SQLite all writing is one after the other anyhow.

A round waits for the disk, which then has the events in it as well: what somebody else is told of
was not lost a moment later.
"""

from __future__ import annotations

from sqlalchemy.engine import Connection

from storage.dialects import is_postgresql
from storage.driver import run_at_last

_TAKE = "SELECT pg_advisory_xact_lock(7164039)"


def take_turn(conn: Connection) -> None:
    """Waits until no round and no other such act is under way; holds until the commit."""
    if is_postgresql(conn):
        run_at_last(conn, [(_TAKE, ())])
