"""Waiting for PostgreSQL's disk while the next transaction is made.

A transaction holds the lock of all who write until its commit is on the disk. So where others wait
for their turn already, it commits without waiting, and another line to the server sees that it
gets there: PostgreSQL writes its log in order, and a commit that is synced has all before it on
the disk. Only then is anybody answered.
"""

from __future__ import annotations

import select
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from psycopg import Error
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError, StatementError

from storage.driver import told

WorkT = TypeVar("WorkT")

_SYNC = b"SELECT pg_logical_emit_message(true, 'optdesk', '')"
"""The least that a transaction can write to the log and has to wait for: it changes no table, and
nobody has to listen."""


class DiskLine(Generic[WorkT]):
    """Brings commits to the disk, for as long as the server and the line to it live.

    It must be there before a commit that is left to it: that it lives afterwards tells that the
    server has not been started anew in between, without what was not on the disk. So it ends with
    its first failure, and another one knows nothing of what was left to this.

    Args:
        engine: Of the server; its connections wait for the disk.
        settled: Told of what is on the disk, in the order of the commits.

    Raises:
        SQLAlchemyError: The server cannot be reached or does not let us.
    """

    def __init__(self, engine: Engine, settled: Callable[[WorkT], None]) -> None:
        self._settled = settled
        self._conn = engine.connect()
        driver: Any = self._conn.connection.dbapi_connection
        driver.autocommit = True
        self._pg = driver.pgconn
        self._encoding = driver.info.encoding
        self._waiting: list[WorkT] = []
        self._under_way: list[WorkT] = []
        self._asked = False
        """It is about to be answered."""
        self.failure: StatementError | None = None
        """Why it has ended; what it has in its `backlog` is perhaps not on the disk."""
        try:
            driver.execute(_SYNC)
        except Error as error:
            raise told(self._conn, _SYNC.decode(), error) from error

    @property
    def backlog(self) -> list[WorkT]:
        """The commits that are not known to be on the disk."""
        return self._under_way + self._waiting

    @property
    def socket(self) -> int:
        """Can be read when there may be something to `look` for."""
        return int(self._pg.socket)

    def leave(self, work: WorkT) -> None:
        """Takes care of a commit that was made after this line."""
        self._waiting.append(work)
        if not self._asked and self.failure is None:
            self._ask()

    def settle(self) -> None:
        """Tells of all that was left to it: a later commit was waited for by itself.

        That one must be of the same connection, which tells that the server lived in between.
        """
        done, self._under_way, self._waiting = self.backlog, [], []
        for work in done:
            self._settled(work)

    def look(self) -> bool:
        """Tells of what is on the disk by now, without waiting for it; and whether it lives."""
        try:
            self._pg.consume_input()
            while not self._pg.is_busy():
                result = self._pg.get_result()
                if result is None:
                    break
                if result.status != ExecStatus.TUPLES_OK:
                    raise error_from_result(result, self._encoding)
            else:
                return True
        except Error as error:
            self._end(error)
            return False
        self._asked = False
        done, self._under_way = self._under_way, []
        for work in done:
            self._settled(work)
        if self._waiting:
            self._ask()
        return self.failure is None

    def wait(self) -> None:
        """Waits until nothing is left, or the line has ended."""
        while self.failure is None and self._asked and self.backlog:
            select.select([self.socket], [], [])
            self.look()

    def close(self) -> None:
        """Lets go of the server."""
        try:
            self._conn.invalidate()
            self._conn.close()
        except SQLAlchemyError:
            return

    def _ask(self) -> None:
        self._under_way, self._waiting = self._waiting, []
        self._asked = True
        try:
            self._pg.send_query(_SYNC)
        except Error as error:
            self._end(error)

    def _end(self, error: Error) -> None:
        self.failure = told(self._conn, _SYNC.decode(), error)
