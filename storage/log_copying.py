"""Copying SQLite's log into the file while the next transaction is made.

By itself SQLite copies it within the commit that made it long, and whoever waits for that commit
waits for two more syncs and some thousand pages all over the file. Copying hinders nobody who
writes, so it is done beside; only where the log grows faster than it is copied, the writer does
the rest, after which the log begins anew.
"""

from __future__ import annotations

import threading
import time
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

LOG_SECONDS = 0.03
"""How often is looked how long the log has grown: in that time it hardly grows by what is copied at
once, and a look costs a tenth of a transaction."""


class LogKeeper:
    """Sees that a store's log is copied while it is long.

    Args:
        engine: The store's.
        check: Raises an OptdeskError where the files are no longer the store's.
    """

    def __init__(self, engine: Engine, check: Callable[[], None]) -> None:
        self._engine = engine
        self._check = check
        self._copier: LogCopier | None = None
        """There once the log has grown long."""
        self._looked = self._copied = 0.0

    def see_to(self, conn: Connection) -> None:
        """Has the log copied beside what comes next, where it is long.

        Args:
            conn: No transaction is open there.

        Raises:
            OptdeskError, SQLAlchemyError: The store cannot be asked.
        """
        clock = time.monotonic()
        if clock < self._looked + LOG_SECONDS:
            return
        self._looked = clock
        pages, left = _pages(conn)
        due = COPY_PAGES if clock < self._copied + AGAIN_SECONDS else 1
        if pages >= COPY_PAGES and left >= due:
            self._copier = self._copier or LogCopier(self._engine, self._check)
            self._copier.copy()
            self._copied = clock

    def close(self) -> None:
        """Ends with what is being copied; it may be seen to again."""
        copier, self._copier = self._copier, None
        if copier is not None:
            copier.close()


def _pages(conn: Connection) -> tuple[int, int]:
    """The pages of the log, and how many are not in the file."""
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
