"""Copying SQLite's log into the file while the next transaction is made.

By itself SQLite copies it within the commit that made it long, and whoever waits for that commit
waits for two more syncs and some thousand pages all over the file. Copying hinders nobody who
writes, so it is done beside; only where the log grows faster than it is copied, the writer does
the rest, after which the log begins anew.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from sqlalchemy import Engine
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from storage.driver import fetch
from storage.errors import OptdeskError

COPY_PAGES = 1000
"""How many pages wait in the log when they are copied."""

AGAIN_SECONDS = 0.25
"""So long after a copy of a log that is this long the next one is made, however little waits.

A log begins anew with a transaction that finds all of it copied and nobody reading in it. Who
reads at that moment would let it grow by as much again.
"""


def pages_of_log(conn: Connection) -> tuple[int, int]:
    """The pages of the log, and how many are not in the file; asked outside a transaction."""
    [(_, pages, copied)] = fetch(conn, "PRAGMA wal_checkpoint(NOOP)")
    return int(pages), int(pages) - int(copied)


class LogCopier:
    """Copies a store's log, in a thread of its own, whenever it is told to.

    Args:
        engine: The store's.
        check: Raises an OptdeskError where the files are no longer the store's.

    Raises:
        SQLAlchemyError: The store cannot be opened.
    """

    def __init__(self, engine: Engine, check: Callable[[], None]) -> None:
        self._check = check
        check()
        self._conn = engine.connect()
        self._closing = False
        self._wanted = threading.Event()
        self._thread = threading.Thread(target=self._run, name="optdesk-log", daemon=True)
        self._thread.start()

    def copy(self) -> None:
        """Begins to copy, or goes on to; returns at once."""
        self._wanted.set()

    def close(self) -> None:
        """Ends with what it is copying."""
        self._closing = True
        self._wanted.set()
        self._thread.join()
        self._conn.close()

    def _run(self) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()
            if self._closing:
                return
            try:
                self._check()
                fetch(self._conn, "PRAGMA wal_checkpoint(PASSIVE)")
            except (OptdeskError, SQLAlchemyError):
                # Nothing is lost by it. Whoever writes next finds out and tells of it.
                continue
