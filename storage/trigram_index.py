"""An index of three characters side by side, for texts that are looked through for any part.

SQLite keeps the trigrams in an FTS5 table; PostgreSQL as the lexemes of a `tsvector`, which needs
no extension and, unlike pg_trgm, knows punctuation, every script and what a trigram begins with.
Of the texts themselves it holds nothing: what it finds are candidates, to be looked at.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from weakref import WeakSet

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    MetaData,
    Table,
    Text,
    bindparam,
    column,
    delete,
    exists,
    func,
    insert,
    select,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR

from storage.dialects import among, changes_so_far, is_postgresql, upsert

OLDEST_SQLITE = (3, 43)
"""The first SQLite whose FTS5 has `contentless_delete`."""
TIDY_PAGES = 64
"""So many pages are written in one step of tidying: about ten milliseconds of work."""
_BETWEEN = "\x1d"
"""Between trigrams on their way to PostgreSQL: no folded text holds it."""
PAD = "\n\n"
"""Behind an indexed text, so that its last characters begin a trigram too."""


class Backing(StrEnum):
    """What search stands on."""

    FTS = "fts"
    GRAMS = "grams"
    SCAN = "scan"
    """Nothing: the rows themselves are read."""


class TrigramIndex:
    """The trigrams of one kind of rows, by their ids.

    Args:
        name: The name of its table.
        key: The name of its column of ids, where that is a choice.
    """

    def __init__(self, name: str, key: str) -> None:
        self.name = name
        self.fts = table(name, column("rowid", BigInteger), column("haystack", Text))
        self.terms = table(f"{name}_terms", column("term", Text))
        self.grams = Table(
            name,
            MetaData(),
            Column(key, BigInteger, primary_key=True, autoincrement=False),
            Column("grams", TSVECTOR, nullable=False),
        )
        self._key = key
        self._seen: WeakSet[Engine] = WeakSet()
        """Engines whose store was seen to have it, so as not to ask with every key pressed."""

    def create(self, conn: Connection) -> Backing:
        """Makes it, empty, where it is missing and can be had."""
        if is_postgresql(conn):
            for statement in self._make_grams():
                conn.execute(text(statement))
            return Backing.GRAMS
        if not _sqlite_can(conn):
            return Backing.SCAN
        for statement in self._make_fts():
            conn.execute(text(statement))
        return Backing.FTS

    def backing(self, conn: Connection) -> Backing:
        """What a search stands on in this store, seen through this connection's library."""
        if is_postgresql(conn):
            return Backing.GRAMS
        if conn.engine in self._seen:
            return Backing.FTS
        schema = table("sqlite_master", column("name", Text))
        there = conn.scalar(select(exists().where(schema.c.name == self.terms.name)))
        if not there or not _sqlite_can(conn):
            return Backing.SCAN
        self._seen.add(conn.engine)
        return Backing.FTS

    def put(self, conn: Connection, texts: Mapping[int, str]) -> None:
        """Indexes texts by their ids, in the place of what was there."""
        if not texts:
            return
        if self.backing(conn) is Backing.FTS:
            # In order: FTS5 writes out what it has gathered when an id is smaller than the last.
            rows = [{"rowid": ident, "haystack": texts[ident] + PAD} for ident in sorted(texts)]
            conn.execute(insert(self.fts).prefix_with("OR REPLACE"), rows)
            return
        # One text, which the driver hands on as it is; a list it would look through.
        parts = func.string_to_array(bindparam("parts", type_=Text()), _BETWEEN)
        split = func.array_to_tsvector(parts)
        put = upsert(conn, self.grams, [self._key], ["grams"])
        rows = [
            {self._key: ident, "parts": _BETWEEN.join(trigrams(hay))}
            for ident, hay in texts.items()
        ]
        conn.execute(put.values({self._key: bindparam(self._key), "grams": split}), rows)

    def drop(self, conn: Connection, ids: Collection[int]) -> None:
        """Takes texts out, those among them that are in it."""
        stands_on = self.backing(conn)
        if not ids or stands_on is Backing.SCAN:
            return
        if stands_on is Backing.GRAMS:
            key = self.grams.c[self._key]
            conn.execute(delete(self.grams).where(among(conn, key, list(ids))))
            return
        gone = delete(self.fts).where(self.fts.c.rowid == bindparam("gone"))
        conn.execute(gone, [{"gone": ident} for ident in ids])

    def tidy(self, conn: Connection, pages: int = TIDY_PAGES) -> bool:
        """Does one step of merging what many batches have left in pieces.

        Args:
            conn: An open transaction.
            pages: How many are written; below nothing: to begin to write all of it anew.

        Returns:
            Whether more may be left to do.
        """
        if self.backing(conn) is not Backing.FTS:
            return False
        before = changes_so_far(conn)
        conn.execute(text(f"INSERT INTO {self.name}({self.name}, rank) VALUES ('merge', {pages})"))  # noqa: S608 - our own name
        # One change is the command itself.
        return changes_so_far(conn) - before > 1

    def _make_fts(self) -> tuple[str, ...]:
        name = self.name
        return (
            f"CREATE VIRTUAL TABLE IF NOT EXISTS {name} USING fts5(haystack, content='',"
            " contentless_delete=1, detail=none, tokenize='trigram case_sensitive 1')",
            f"CREATE VIRTUAL TABLE IF NOT EXISTS {name}_terms USING fts5vocab({name}, row)",
            # Left to itself, FTS5 merges its parts inside any insert, for up to half a second at
            # a million rows. Here `tidy` merges them, in steps.
            f"INSERT INTO {name}({name}, rank) VALUES ('automerge', 0)",  # noqa: S608 - our own name
            f"INSERT INTO {name}({name}, rank) VALUES ('crisismerge', 1999)",  # noqa: S608
            f"INSERT INTO {name}({name}, rank) VALUES ('usermerge', 16)",  # noqa: S608
        )

    def _make_grams(self) -> tuple[str, ...]:
        return (
            f"CREATE TABLE IF NOT EXISTS {self.name}"
            f" ({self._key} bigint PRIMARY KEY, grams tsvector NOT NULL)",
            # A short list of entries not sorted in yet: every search reads it whole.
            f"CREATE INDEX IF NOT EXISTS ix_{self.name} ON {self.name}"
            " USING gin (grams) WITH (gin_pending_list_limit = 256)",
        )


def trigrams(hay: str) -> list[str]:
    """Every three characters of a text that stand side by side, and what its end begins."""
    padded = hay + PAD
    return sorted({padded[place : place + 3] for place in range(len(hay))})


def _sqlite_can(conn: Connection) -> bool:
    version = conn.dialect.server_version_info or ()
    modules = text("SELECT count(*) FROM pragma_module_list WHERE name = 'fts5'")
    return version >= OLDEST_SQLITE and bool(conn.scalar(modules))
