"""The first rows of the Opt-in queue, read before SQLAlchemy is even imported.

Opening a store properly takes longer than painting it. This looks once, with the driver alone,
without writing, and gives up at the first surprise: whoever asked then waits for the store.
Light: part of the way to the first rows on the screen.
"""

from __future__ import annotations

from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from storage.glimpses import End, Glimpse, Key
from storage.words import ContactRow, Kind, LabelTag, Place, Stage, View, badges_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storage.errors import OptdeskError
    from storage.glimpses import Ask, Rows
    from storage.words import Target

KNOWN = "0008"
"""The revision of the tables that this knows: `storage.schema.HEAD`."""

ROWS = 192
"""Rows that are read: a table asks for no more at first."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SOUND = (3, 51, 3)


@dataclass(frozen=True, slots=True)
class FirstLook:
    """What a desk shows first."""

    glimpse: Glimpse
    """The newest of the queue."""
    by_stage: dict[str, int]
    groups: tuple[tuple[int, str, int], ...]
    """Id, name and count of each group. Names are untrusted."""
    active: bool | None
    """Whether the integration is on; None: there is none."""

    @property
    def all(self) -> int:
        """Contacts that are not deleted."""
        return sum(n for stage, n in self.by_stage.items() if stage != Stage.DELETED)


def first_look(path: Path) -> FirstLook | None:
    """Looks at a SQLite store.

    The connection is closed before it returns: a file must not be opened by two copies of
    SQLite in one process, because closing it in one drops the locks of the other.

    Returns:
        What is there, or None where only the proper way can tell.
    """
    driver = _driver()
    try:
        if not path.is_file():
            return None
        with closing(driver.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=0.2)) as conn:
            conn.execute("BEGIN")
            return _look(conn)
    except (driver.Error, OSError, ValueError, KeyError, TypeError, OverflowError):
        # Locked, older, newer, damaged: opening it properly finds the right words.
        return None


def _driver() -> Any:
    import sqlite3

    if sqlite3.sqlite_version_info >= _SOUND:
        return sqlite3
    try:
        import pysqlite3  # type: ignore[import-not-found,import-untyped,unused-ignore]
    except ImportError:
        return sqlite3
    return pysqlite3


def _look(conn: Any) -> FirstLook | None:
    if conn.execute("SELECT version_num FROM alembic_version").fetchall() != [(KNOWN,)]:
        return None
    tallies = dict(conn.execute("SELECT name, n FROM tallies WHERE name NOT LIKE 'hour:%'"))
    by_stage = {stage.value: tallies.get(f"stage:{stage.value}", 0) for stage in Stage}
    groups = conn.execute("SELECT id, name FROM groups ORDER BY folded").fetchall()
    live = conn.execute("SELECT active FROM integrations WHERE live = 1").fetchall()
    rows = _rows(conn)
    total = max(by_stage[Stage.QUEUED], len(rows))
    return FirstLook(
        Glimpse(
            rows=rows,
            start=0,
            total=total,
            head=True,
            tail=len(rows) == total,
            newest=rows[0].id if rows else None,
        ),
        by_stage,
        tuple((ident, name, tallies.get(f"group:{ident}", 0)) for ident, name in groups),
        bool(live[0][0]) if live else None,
    )


def _rows(conn: Any) -> tuple[ContactRow, ...]:
    found = conn.execute(
        "SELECT id, phone, first_name, last_name, kind, favorite, badges, received_at, version"
        " FROM contacts WHERE stage = 'queued' ORDER BY id DESC LIMIT ?",
        (ROWS,),
    ).fetchall()
    if not found:
        return ()
    tags: dict[int, list[LabelTag]] = {}
    worn = conn.execute(
        "SELECT worn.contact_id, labels.id, labels.name, labels.colour FROM contact_labels AS worn"
        " JOIN labels ON labels.id = worn.label_id"
        " JOIN contacts ON contacts.id = worn.contact_id AND contacts.stage = 'queued'"
        " WHERE worn.contact_id >= ? ORDER BY labels.folded",
        (found[-1][0],),
    )
    for contact_id, *tag in worn:
        tags.setdefault(contact_id, []).append(LabelTag(*tag))
    return tuple(
        ContactRow(
            id=ident,
            phone=phone,
            first_name=first,
            last_name=last,
            stage=Stage.QUEUED,
            kind=Kind(kind),
            favorite=bool(favorite),
            labels=tuple(tags.get(ident, ())),
            group=None,
            badges=badges_of(badges),
            received_at=_EPOCH + timedelta(microseconds=received),
            version=version,
        )
        for ident, phone, first, last, kind, favorite, badges, received, version in found
    )


class EarlyRows:
    """Reads a list before its store is open: the first look at once, all else once it is.

    Args:
        look: What was seen, if anything.
    """

    def __init__(self, look: FirstLook | None) -> None:
        self._glimpse = look.glimpse if look else None
        self._reader: Future[Rows] = Future()

    def opened(self, reader: Rows) -> None:
        """The store is open; from now on it is read."""
        self._glimpse = None
        self._reader.set_result(reader)

    def failed(self, error: OptdeskError) -> None:
        """The store will not be opened; nobody needs to wait."""
        self._reader.set_exception(error)

    def look(self, ask: Ask) -> Glimpse:
        """Rows around a place; see `storage.glimpses.Rows`."""
        glimpse = self._glimpse
        if glimpse is not None and ask.view == View(place=Place.QUEUE) and not ask.marks:
            if ask.at in (End.HEAD, 0):
                return glimpse
            for place, row in enumerate(glimpse.rows):
                if ask.at == Key.of(row):
                    return replace(glimpse, place=place)
        return self._reader.result().look(ask)

    def place(self, view: View, key: Key, hint: int) -> int:
        """The number of a row in a view without a search."""
        return self._reader.result().place(view, key, hint)

    def beyond(self, view: View, key: Key, forward: bool, limit: int) -> Sequence[ContactRow]:
        """The rows behind a key, or before it."""
        return self._reader.result().beyond(view, key, forward, limit)

    def between(self, view: View, first: Key, last: Key, limit: int) -> Sequence[int]:
        """The ids from one key to another."""
        return self._reader.result().between(view, first, last, limit)

    def held(self, ids: Sequence[int], marks: Target) -> frozenset[int]:
        """Which of the contacts a target by view holds."""
        return self._reader.result().held(ids, marks)

    def count(self, view: View, top: int | None = None) -> int:
        """How many contacts match."""
        return self._reader.result().count(view, top)
