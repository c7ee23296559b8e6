"""The index behind search, and how it follows the contacts.

It holds the trigrams of each haystack: every three characters that stand side by side. SQLite
keeps them in an FTS5 table; PostgreSQL as the lexemes of a `tsvector`, which needs no extension
and, unlike pg_trgm, knows punctuation, every script and what a trigram begins with.

The verbs never touch it. They note an id in `search_pending`, and batches of those are indexed
when the store is idle; search looks through the noted contacts too, so nothing is ever missed.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any
from weakref import WeakSet

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    MetaData,
    Select,
    Table,
    Text,
    bindparam,
    column,
    delete,
    exists,
    insert,
    literal_column,
    select,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR

from storage.dialects import among, changes_so_far, insert_or_skip, is_postgresql, upsert
from storage.tables import Contact, SearchPending

contacts: Table = Contact.__table__  # type: ignore[attr-defined]
pending: Table = SearchPending.__table__  # type: ignore[attr-defined]
fts = table("contacts_fts", column("rowid", BigInteger), column("haystack", Text))
fts_terms = table("contacts_fts_terms", column("term", Text))
grams = Table(
    "contacts_fts",
    MetaData(),
    Column("contact_id", BigInteger, primary_key=True, autoincrement=False),
    Column("grams", TSVECTOR, nullable=False),
)
OLDEST_SQLITE = (3, 43)
"""The first SQLite whose FTS5 has `contentless_delete`."""

_MAKE_FTS = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS contacts_fts USING fts5(haystack, content='',"
    " contentless_delete=1, detail=none, tokenize='trigram case_sensitive 1')",
    "CREATE VIRTUAL TABLE IF NOT EXISTS contacts_fts_terms USING fts5vocab(contacts_fts, row)",
    # Left to itself, FTS5 merges its parts inside any insert, for up to half a second at a
    # million contacts. Here `tidy_index` merges them, in steps.
    "INSERT INTO contacts_fts(contacts_fts, rank) VALUES ('automerge', 0)",
    "INSERT INTO contacts_fts(contacts_fts, rank) VALUES ('crisismerge', 1999)",
    "INSERT INTO contacts_fts(contacts_fts, rank) VALUES ('usermerge', 16)",
)
# So many pages of the index are written in one step: about ten milliseconds of work.
_TIDY = text("INSERT INTO contacts_fts(contacts_fts, rank) VALUES ('merge', 64)")
_MAKE_GRAMS = (
    "CREATE TABLE IF NOT EXISTS contacts_fts"
    " (contact_id bigint PRIMARY KEY, grams tsvector NOT NULL)",
    # A short list of entries not sorted in yet: every search reads it whole.
    "CREATE INDEX IF NOT EXISTS ix_contacts_fts ON contacts_fts"
    " USING gin (grams) WITH (gin_pending_list_limit = 256)",
)
_PAD = "\n\n"
"""Behind an indexed haystack, so that its last characters begin a trigram too."""
_GRAMS_OF_HAYSTACK: Any = literal_column(
    "array_to_tsvector(ARRAY(SELECT substr(contacts.haystack || E'\\n\\n', place, 3)"
    " FROM generate_series(1, length(contacts.haystack)) AS place))"
)


_has_fts: WeakSet[Engine] = WeakSet()
"""Engines whose store was seen to have its index, so as not to ask with every key pressed."""


class Backing(StrEnum):
    """What search stands on."""

    FTS = "fts"
    GRAMS = "grams"
    SCAN = "scan"
    """Nothing: the contacts themselves are read."""


def create_index(conn: Connection) -> Backing:
    """Make the search index where it is missing and can be had.

    A fresh index is empty; `queue_all` notes the contacts that are there already.
    """
    if is_postgresql(conn):
        for statement in _MAKE_GRAMS:
            conn.execute(text(statement))
        return Backing.GRAMS
    if not _sqlite_can(conn):
        return Backing.SCAN
    for statement in _MAKE_FTS:
        conn.execute(text(statement))
    return Backing.FTS


def backing(conn: Connection) -> Backing:
    """What search stands on in this store, seen through this connection's library."""
    if is_postgresql(conn):
        return Backing.GRAMS
    if conn.engine in _has_fts:
        return Backing.FTS
    schema = table("sqlite_master", column("name", Text))
    there = conn.scalar(select(exists().where(schema.c.name == fts_terms.name)))
    if not there or not _sqlite_can(conn):
        return Backing.SCAN
    _has_fts.add(conn.engine)
    return Backing.FTS


def _sqlite_can(conn: Connection) -> bool:
    version = conn.dialect.server_version_info or ()
    modules = text("SELECT count(*) FROM pragma_module_list WHERE name = 'fts5'")
    return version >= OLDEST_SQLITE and bool(conn.scalar(modules))


def mark_pending(conn: Connection, ids: Iterable[int] | Select[tuple[int]]) -> None:
    """Note contacts whose haystack is new or has changed.

    Args:
        conn: The connection that changed them, in the same transaction.
        ids: Their ids, or a SELECT of them.
    """
    note = insert_or_skip(conn, pending)
    if isinstance(ids, Select):
        # SQLite takes ON CONFLICT behind a SELECT only where that has a WHERE.
        rows = select(ids.subquery()).where(literal_column("1") == 1)
        conn.execute(note.from_select(["contact_id"], rows))
    elif values := [{"contact_id": ident} for ident in sorted(set(ids))]:
        conn.execute(note, values)


def queue_all(conn: Connection) -> None:
    """Note every contact, so that the index is built anew."""
    mark_pending(conn, select(contacts.c.id))


def index_pending(conn: Connection, limit: int = 1000) -> int:
    """Bring the index up to date with some of the noted contacts.

    Returns:
        How many notes were dealt with; fewer than `limit` means that none is left.
    """
    stands_on = backing(conn)
    if stands_on is Backing.SCAN:
        return 0
    ids = _take_notes(conn, limit)
    if not ids:
        return 0
    on_fts = stands_on is Backing.FTS
    known = _index_in_fts(conn, ids) if on_fts else _index_grams(conn, ids)
    if lost := [{"gone": ident} for ident in ids if ident not in known]:
        erased = delete(fts).where(fts.c.rowid == bindparam("gone"))
        if not on_fts:
            erased = delete(grams).where(grams.c.contact_id == bindparam("gone"))
        conn.execute(erased, lost)
    return len(ids)


def _take_notes(conn: Connection, limit: int) -> list[int]:
    """Remove some notes and return their ids, in order."""
    some = select(pending.c.contact_id).order_by(pending.c.contact_id).limit(limit)
    taken = delete(pending).where(pending.c.contact_id.in_(some))
    return sorted(conn.scalars(taken.returning(pending.c.contact_id)))


def _index_in_fts(conn: Connection, ids: list[int]) -> set[int]:
    rows = conn.execute(
        select(contacts.c.id, contacts.c.haystack).where(among(conn, contacts.c.id, ids))
    ).all()
    if rows:
        values = [{"rowid": ident, "haystack": hay + _PAD} for ident, hay in rows]
        conn.execute(insert(fts).prefix_with("OR REPLACE"), values)
    return {ident for ident, _ in rows}


def _index_grams(conn: Connection, ids: list[int]) -> set[int]:
    rows = select(contacts.c.id, _GRAMS_OF_HAYSTACK).where(among(conn, contacts.c.id, ids))
    put = upsert(conn, grams, ["contact_id"], ["grams"]).from_select(["contact_id", "grams"], rows)
    return set(conn.scalars(put.returning(grams.c.contact_id)))


def tidy_index(conn: Connection) -> bool:
    """Do one step of merging what many batches have left in pieces.

    Returns:
        Whether more may be left to do.
    """
    if backing(conn) is not Backing.FTS:
        return False
    before = changes_so_far(conn)
    conn.execute(_TIDY)
    # One change is the command itself.
    return changes_so_far(conn) - before > 1


def index_all(conn: Connection) -> None:
    """Fill an empty index in one step: for a store that nobody uses yet."""
    if backing(conn) is Backing.FTS:
        hays = select(contacts.c.id, contacts.c.haystack + _PAD).order_by(contacts.c.id)
        conn.execute(insert(fts).from_select(["rowid", "haystack"], hays))
    elif backing(conn) is Backing.GRAMS:
        rows = select(contacts.c.id, _GRAMS_OF_HAYSTACK).order_by(contacts.c.id)
        conn.execute(insert(grams).from_select(["contact_id", "grams"], rows))
    else:
        queue_all(conn)
        return
    conn.execute(delete(pending))
