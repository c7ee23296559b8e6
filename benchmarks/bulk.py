"""Putting millions of rows into either store: no index kept while they come, one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from typing import Any, Protocol

from sqlalchemy import Connection, select, text
from sqlalchemy.schema import CreateIndex, DropIndex
from sqlmodel import SQLModel

from storage import attempt_index, phone_index
from storage.consent import Chain, open_chain, save_chain
from storage.engine import sqlite_path, store_url, write_engine
from storage.search_index import Backing, backing, contacts, index_all
from storage.times import from_micros

USED = 70
"""How full, in percent, PostgreSQL makes the indexes of contacts. Those of a store that took its
leads one by one are about half full: each lead changes its row once on its way. Full ones, as they
are built over rows that are there, have no room for the rows that a move writes anew."""

BULKY = ("contacts", "consent_events", "attempts", "messages", "contact_labels", "notes")


STEPS_BETWEEN = 256
"""Steps of indexing the log after which their pieces are merged."""


class Loader(Protocol):
    """What filling needs of a store."""

    @property
    def time(self) -> Callable[[int], Any]: ...
    def begin(self) -> None: ...
    def holds_contacts(self) -> bool: ...
    def chain(self) -> Chain: ...
    def put(self, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None: ...
    def finish_rows(self, chain: Chain) -> None: ...
    def build_indexes(self) -> None: ...
    def build_search(self) -> None: ...
    def build_log_search(self) -> None: ...
    def commit(self) -> None: ...


class _Bulk:
    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self._driver: Any = conn.connection.driver_connection
        self._indexes = [
            index for name in BULKY for index in SQLModel.metadata.tables[name].indexes
        ]

    def holds_contacts(self) -> bool:
        return self._conn.scalar(select(contacts.c.id).limit(1)) is not None

    def chain(self) -> Chain:
        return open_chain(self._conn)

    def finish_rows(self, chain: Chain) -> None:
        save_chain(self._conn, chain)
        self._conn.execute(text("UPDATE store_state SET seq = seq + 1 WHERE id = 1"))

    def build_indexes(self) -> None:
        for index in self._indexes:
            self._conn.execute(CreateIndex(index))
        number = phone_index.spelled(self._conn, "phone")
        # In their own order, so that each page is written once.
        holders = f"SELECT {number}, id FROM contacts ORDER BY 1"
        self._conn.execute(text(f"INSERT INTO phones (number, contact_id) {holders}"))

    def build_log_search(self) -> None:
        """Indexes the whole intake log."""
        while attempt_index.index_some(self._conn):
            pass

    def _drop_indexes(self) -> None:
        for index in self._indexes:
            self._conn.execute(DropIndex(index))


def _iso(micros: int) -> str:
    return from_micros(micros).isoformat()


class SqliteBulk(_Bulk):
    """Multi-row inserts below SQLAlchemy, and one sync at the end."""

    time: Callable[[int], Any] = int

    def begin(self) -> None:
        self._drop_indexes()

    def put(self, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        names, marks = ", ".join(columns), ", ".join("?" * len(columns))
        self._driver.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)

    def build_search(self) -> None:
        if backing(self._conn) is not Backing.FTS:
            index_all(self._conn)
            return
        # Larger runs in memory, and one merge of them all.
        self._configure("'hashsize', 67108864")
        index_all(self._conn)
        self._conn.execute(text("INSERT INTO contacts_fts(contacts_fts) VALUES ('optimize')"))
        self._configure("'hashsize', 1048576")

    def build_log_search(self) -> None:
        self._configure("'hashsize', 67108864", "attempts_fts")
        for step in count(1):
            if not attempt_index.index_some(self._conn):
                break
            # Each step is a piece of the index, of which there may be two thousand.
            while step % STEPS_BETWEEN == 0 and attempt_index.index.tidy(self._conn, 4096):
                pass
        self._conn.execute(text("INSERT INTO attempts_fts(attempts_fts) VALUES ('optimize')"))
        self._configure("'hashsize', 1048576", "attempts_fts")

    def _configure(self, setting: str, index: str = "contacts_fts") -> None:
        self._conn.execute(text(f"INSERT INTO {index}({index}, rank) VALUES ({setting})"))

    def commit(self) -> None:
        self._conn.commit()
        self._driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")


class PostgresqlBulk(_Bulk):
    """COPY, and indexes built with room to sort."""

    time: Callable[[int], Any] = staticmethod(_iso)

    def __init__(self, conn: Connection) -> None:
        super().__init__(conn)
        self._hand = ThreadPoolExecutor(1)
        self._under_way: list[Future[None]] = []

    def begin(self) -> None:
        for setting in (
            "synchronous_commit = off",
            "maintenance_work_mem = '512MB'",
            "lock_timeout = 0",
        ):
            self._conn.execute(text(f"SET LOCAL {setting}"))
        self._drop_indexes()
        self._conn.execute(text(f"ALTER INDEX contacts_pkey SET (fillfactor = {USED})"))

    def build_indexes(self) -> None:
        used = [index for index in self._indexes if index.table is contacts]
        for index in used:
            index.dialect_options["postgresql"]["with"] = {"fillfactor": USED}
        super().build_indexes()
        for name in ("contacts_pkey", *(index.name for index in used)):
            self._conn.execute(text(f"ALTER INDEX {name} RESET (fillfactor)"))

    def put(self, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        # The server takes one block while the next is made.
        if len(self._under_way) > 2 * len(BULKY):
            self._under_way.pop(0).result()
        self._under_way.append(self._hand.submit(self._copy, table, columns, rows))

    def _copy(self, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
        with self._driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)

    def finish_rows(self, chain: Chain) -> None:
        for block in self._under_way:
            block.result()
        self._hand.shutdown()
        super().finish_rows(chain)

    def build_search(self) -> None:
        with self._without("ix_contacts_fts"):
            index_all(self._conn)

    def build_log_search(self) -> None:
        # An attempt costs the index that is there a millisecond, and a third of that without it.
        with self._without("ix_attempts_fts"):
            super().build_log_search()

    @contextmanager
    def _without(self, index: str) -> Iterator[None]:
        """Takes an index away and builds it anew behind what is done."""
        named = text("SELECT indexdef FROM pg_indexes WHERE indexname = :name")
        definition = str(self._conn.scalar(named, {"name": index}))
        self._conn.execute(text(f"DROP INDEX {index}"))
        yield
        self._conn.exec_driver_sql(definition)

    def commit(self) -> None:
        self._conn.execute(text("SELECT pg_notify('optdesk', '')"))
        self._conn.commit()
        self._driver.autocommit = True
        self._driver.execute("VACUUM (ANALYZE)")


@contextmanager
def loader_for(url: str) -> Iterator[Loader]:
    """A loader for a store that is there already."""
    parsed = store_url(url)
    path = sqlite_path(parsed)
    engine = write_engine(parsed, path)
    with engine.connect() as conn:
        if path is None:
            yield PostgresqlBulk(conn)
        else:
            yield SqliteBulk(conn)
    engine.dispose()
