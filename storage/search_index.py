"""The index behind search, and how it follows the contacts.

It holds the trigrams of each haystack (`storage.trigram_index`). The verbs never touch it. They
note an id in `search_pending`, and batches of those are indexed when the store is idle; search
looks through the noted contacts too, so nothing is ever missed.

PostgreSQL takes long to make the trigrams of a batch, and does so beside those who write. Only
then nobody else may write, for as long as it takes to see which contacts still say the same.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, Select, Table, delete, insert, literal_column, select, text

from storage.commits import WRITE_LOCK
from storage.dialects import among_packed, insert_or_skip, packed
from storage.driver import fetch, run, run_at_last, wait_briefly
from storage.tables import Contact, SearchPending
from storage.trigram_index import PAD, Backing, TrigramIndex

__all__ = ["Backing"]

contacts: Table = Contact.__table__  # type: ignore[attr-defined]
pending: Table = SearchPending.__table__  # type: ignore[attr-defined]
index = TrigramIndex("contacts_fts", "contact_id")
fts, fts_terms, grams = index.fts, index.terms, index.grams

BESIDE_MS = 100
"""How long an indexing beside others waits for them: they may be waiting for it."""

_ALONE = "SELECT pg_try_advisory_xact_lock(7164040)"
"""Two that index beside others would do the same work."""
_ENDED = "SELECT pg_advisory_xact_lock(7164040)"

# As `trigram_index.trigrams` makes them, and what each was made of.
_TRIGRAMS = (
    "array_to_tsvector(ARRAY(SELECT substr(haystack || E'\\n\\n', place, 3)"
    " FROM generate_series(1, length(haystack)) AS place))"
)
_PUT_TRIGRAMS = f"""
    WITH said AS MATERIALIZED (SELECT id, haystack FROM contacts WHERE id = ANY(?)), made AS (
        INSERT INTO {index.name} (contact_id, grams) SELECT id, {_TRIGRAMS} FROM said
        ON CONFLICT (contact_id) DO UPDATE SET grams = excluded.grams
    )
    SELECT id, hashtextextended(haystack, 0) FROM said
"""  # noqa: S608 - our own names
_NOTED = "SELECT contact_id FROM search_pending ORDER BY contact_id LIMIT ?"

# For notes and what trigrams were made of: whose contact is gone has none, and who says something
# else by now is noted on. Another process may have taken that note meanwhile, with what it saw.
_SETTLE = f"""
    WITH about AS MATERIALIZED (
        SELECT noted.id, contacts.id IS NULL AS gone,
               hashtextextended(contacts.haystack, 0) = made.said AS same
        FROM unnest(?::bigint[]) AS noted (id)
        LEFT JOIN unnest(?::bigint[], ?::bigint[]) AS made (id, said) USING (id)
        LEFT JOIN contacts USING (id)
    ), dropped AS (
        DELETE FROM {index.name} USING about WHERE contact_id = about.id AND gone
    ), changed AS (
        INSERT INTO search_pending (contact_id)
        SELECT id FROM about WHERE NOT gone AND same IS NOT TRUE
        ON CONFLICT DO NOTHING
    )
    DELETE FROM search_pending USING about WHERE contact_id = about.id AND (gone OR same)
"""  # noqa: S608 - our own name


def create_index(conn: Connection) -> Backing:
    """Make the search index where it is missing and can be had.

    A fresh index is empty; `queue_all` notes the contacts that are there already.
    """
    return index.create(conn)


def backing(conn: Connection) -> Backing:
    """What search stands on in this store, seen through this connection's library."""
    return index.backing(conn)


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
    index.drop(conn, [ident for ident in ids if ident not in known])
    return len(ids)


def index_beside(conn: Connection, limit: int = 1000) -> int | None:
    """The same on PostgreSQL, in a transaction that begins without the write lock.

    Where others are in the way, it is held up; see `storage.driver.wait_briefly`.

    Returns:
        As above; None where another process is at it.
    """
    wait_briefly(conn, BESIDE_MS)
    ((alone,),) = fetch(conn, _ALONE)
    if not alone:
        return None
    ids = [ident for (ident,) in fetch(conn, _NOTED, (limit,))]
    if ids:
        made = _index_grams(conn, ids)
        about = (packed(conn, ids), packed(conn, [*made]), packed(conn, [*made.values()]))
        # With the commit, in one turn: nobody waits until this process has come back to it.
        run_at_last(conn, [(WRITE_LOCK, ()), (_SETTLE, about)])
    return len(ids)


def wait_for_indexing(conn: Connection) -> None:
    """Waits on PostgreSQL until nobody indexes beside others who began before.

    While one does, dead rows that it might still see are not taken out of any table.
    """
    conn.execute(text(_ENDED))


def _take_notes(conn: Connection, limit: int) -> list[int]:
    """Remove some notes and return their ids, in order."""
    some = select(pending.c.contact_id).order_by(pending.c.contact_id).limit(limit)
    taken = delete(pending).where(pending.c.contact_id.in_(some))
    return sorted(conn.scalars(taken.returning(pending.c.contact_id)))


def _index_in_fts(conn: Connection, ids: list[int]) -> set[int]:
    # In order: FTS5 writes out what it has gathered when an id is smaller than the last.
    which = f"FROM contacts WHERE {among_packed(conn, 'id')}"
    put = f"INSERT OR REPLACE INTO {fts.name} (rowid, haystack) SELECT id, haystack || ? {which}"
    if run(conn, f"{put} ORDER BY id", (PAD, packed(conn, ids))) == len(ids):
        return set(ids)
    return {ident for (ident,) in fetch(conn, f"SELECT id {which}", (packed(conn, ids),))}


def _index_grams(conn: Connection, ids: list[int]) -> dict[int, int]:
    """Indexes those that are there; returns a number for what each says."""
    return dict(fetch(conn, _PUT_TRIGRAMS, (packed(conn, ids),)))


def index_all(conn: Connection) -> None:
    """Fill an empty index in one step: for a store that nobody uses yet."""
    if backing(conn) is Backing.FTS:
        hays = select(contacts.c.id, contacts.c.haystack + PAD).order_by(contacts.c.id)
        conn.execute(insert(fts).from_select(["rowid", "haystack"], hays))
    elif backing(conn) is Backing.GRAMS:
        rows = select(contacts.c.id, literal_column(_TRIGRAMS)).order_by(contacts.c.id)
        conn.execute(insert(grams).from_select(["contact_id", "grams"], rows))
    else:
        queue_all(conn)
        return
    conn.execute(delete(pending))
