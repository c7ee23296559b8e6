"""Texts that a courier holds in its hands, noted in one row for all of them.

A claim that is written into each text costs PostgreSQL about as much as the text itself did: a new
version of the row, and an entry in each of its indexes. Of texts that leads have just left, and of
which nearly always all are accepted some milliseconds later, one row says instead that they are
claimed, by whom and until when; the texts still say that they wait. What becomes of them all is
written down together, and takes that row away.

Nobody else may take them for waiting meanwhile. So every transaction of the writer begins by
spelling out what such rows say: then each text says itself that it is being handed over, and no
verb needs to know of this. Only the few that see to it themselves, or never look at a text that
waits, go without: see `storage.jobs.apart`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from time import monotonic
from typing import Any

from sqlalchemy.engine import Connection

from storage.dialects import is_postgresql, packed
from storage.driver import Written, fetch, run_together
from storage.rows import moment_value
from storage.times import now

SINCE = 7
"""The revision of the tables whose programs know of this."""

GONE = timedelta(seconds=200)
"""After so long without a sign whoever has a seat on the store is taken for gone."""

PATIENCE_SECONDS = 5.0
"""How long there must have been nobody who does not: one that was starting while the tables were
changed takes its seat a moment later."""

_ALONE_SINCE = "optdesk handovers"
_APART = "optdesk apart"

_KNOW_NOTHING = "SELECT 1 FROM seats WHERE revision < ? AND seen_at >= ? LIMIT 1"

_SPELL_OUT = (
    "UPDATE messages SET status = 'sending', claimed_by = handovers.worker,"
    " due_at = handovers.until FROM handovers"
    # As an array PostgreSQL looks each up by its key, whatever it knows of the table.
    " WHERE messages.id = ANY(ARRAY(SELECT unnest(texts) FROM handovers))"
    " AND messages.id = ANY(handovers.texts) AND messages.status || '' = 'pending'"
)

SPELLING_OUT = (_SPELL_OUT, "DELETE FROM handovers")
"""Statements for PostgreSQL after which each text says by itself that it is being handed over."""


def look_round(conn: Connection) -> None:
    """Sees whether all programs on the store know of this, for the transactions that follow."""
    if not is_postgresql(conn):
        return
    there = moment_value(conn, now() - GONE)
    if fetch(conn, _KNOW_NOTHING, (SINCE, there)):
        conn.info.pop(_ALONE_SINCE, None)
    else:
        conn.info.setdefault(_ALONE_SINCE, monotonic())


def begun(conn: Connection, *, apart: bool) -> None:
    """Notes that a transaction begins, and whether nobody in it needs handovers spelled out."""
    conn.info[_APART] = apart


def may_stand(conn: Connection) -> bool:
    """Whether such rows are left as they are in the open transaction.

    Otherwise others share it, to whom each text has to say so by itself: what was there was spelled
    out as it began, and whoever comes after a claim must not meet with a new one.
    """
    return bool(conn.info.get(_APART))


def may_note(conn: Connection) -> bool:
    """Whether texts may be claimed by one row for all of them."""
    since = conn.info.get(_ALONE_SINCE)
    alone = since is not None and monotonic() - since >= PATIENCE_SECONDS
    return alone and may_stand(conn)


def noting(conn: Connection, worker: str, texts: Sequence[int], until: Any) -> Written:
    """What claims texts; that they wait is to be made sure in the same transaction.

    Args:
        conn: A transaction on PostgreSQL that holds the write lock.
        worker: Who claims.
        texts: Their ids. The first is the row's own.
        until: When the claim ends, as `storage.rows.moment_value` gives it.
    """
    statement = "INSERT INTO handovers (id, worker, until, texts) VALUES (?, ?, ?, ?)"
    return statement, (texts[0], worker, until, packed(conn, texts))


def nowhere(conn: Connection, texts: Sequence[int]) -> Written:
    """A condition: none of these texts is in anybody's hands by such a row."""
    return "NOT EXISTS (SELECT FROM handovers WHERE texts && ?)", (packed(conn, texts),)


def ending(ident: int) -> Written:
    """What takes such a row away and returns it, if it is there."""
    return "DELETE FROM handovers WHERE id = ? RETURNING id", (ident,)


def spell_out(conn: Connection) -> None:
    """Has each text say by itself whether it is being handed over, if not all do already."""
    if is_postgresql(conn) and may_stand(conn):
        run_together(conn, [(statement, ()) for statement in SPELLING_OUT])
