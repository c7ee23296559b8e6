"""Taking in a Do Not Contact list: in chunks, to be gone on with after a cut, twice is once."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection

from storage.bulk import Progress
from storage.changes import record
from storage.dialects import among, insert_or_skip
from storage.ids import new_id
from storage.number_lists import Line, ListFile, inspect, read
from storage.store import Store
from storage.suppressions import phone_hash, store_secret, suppress_contacts
from storage.tables import Suppression, SuppressionImport
from storage.times import now
from storage.words import Actor

CHUNK = 500
"""Lines in one transaction: so few that no lead waits long."""

_imports: Any = SuppressionImport.__table__  # type: ignore[attr-defined]
_table: Any = Suppression.__table__  # type: ignore[attr-defined]

Skipped = Callable[[Line], None]
"""Told of each line that holds no number, and why."""


@dataclass(slots=True)
class Imported:
    """What an import came to."""

    id: int
    lines: int = 0
    added: int = 0
    known: int = 0
    skipped: int = 0
    contacts: int = 0
    """Contacts that it took out of the queue and out of groups."""
    resumed: int = 0
    """Lines that an earlier run had taken in already."""
    cancelled: bool = False
    reasons: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class ImportRow:
    """An import as lists show it. `name` is untrusted."""

    id: int
    name: str
    actor: str
    lines: int
    added: int
    known: int
    skipped: int
    done: bool
    started_at: datetime
    changed_at: datetime

    @property
    def age(self) -> timedelta:
        """How old the list is, since it was taken in."""
        return now() - self.started_at


def take_in_list(
    store: Store,
    who: Actor,
    path: Path,
    *,
    region: str = "US",
    name: str = "",
    reason: str = "",
    skipped: Skipped | None = None,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> Imported:
    """Puts every number of a file on the Do Not Contact list.

    Args:
        store: Where to.
        who: By whose word.
        path: The file; see `storage.number_lists`.
        region: Of numbers without a country, as two letters.
        name: What the list is called, where that is not the file's name.
        reason: For people to read.
        skipped: Told of each line without a number.
        progress: Told how many lines are through, and of how many.
        cancel: Set it to stop after the chunk under way; a later run goes on from there.

    Raises:
        Refused: The file is no list, or not whole. Nothing was changed.
        StoreError: The store failed; what was taken in before stays, and a later run goes on.
    """
    listed = inspect(path, region, name)
    run = _Run(store, who, listed, reason or f"imported from {listed.name}")
    run.begin()
    chunk: list[Line] = []
    for line in read(listed, region):
        if line.number <= run.done.resumed:
            continue
        if line.phone is None:
            run.done.reasons[line.reason] += 1
            if skipped is not None:
                skipped(line)
        # A run goes on behind a line: all numbers of one are taken in at once.
        if len(chunk) >= CHUNK and line.number != chunk[-1].number:
            run.take(chunk)
            chunk = []
            if progress is not None:
                progress(run.done.lines, listed.lines)
            if cancel is not None and cancel.is_set():
                run.done.cancelled = True
                return run.done
        chunk.append(line)
    run.take(chunk, last=True)
    if progress is not None:
        progress(listed.lines, listed.lines)
    return run.done


class _Run:
    """One run of an import."""

    def __init__(self, store: Store, who: Actor, listed: ListFile, reason: str) -> None:
        self._store, self._who, self._listed, self._reason = store, who, listed, reason
        self.done = Imported(0)

    def begin(self) -> None:
        """Finds the run that was cut off, or notes a new one."""

        def begin(conn: Connection) -> Imported:
            row = conn.execute(
                select(_imports)
                .where(_imports.c.digest == self._listed.digest, _imports.c.done.is_(False))
                .order_by(_imports.c.id.desc())
                .limit(1)
            ).one_or_none()
            if row is not None:
                return Imported(
                    row.id, row.lines, row.added, row.known, row.skipped, resumed=row.lines
                )
            ident, moment = new_id(), now()
            conn.execute(
                insert(_imports),
                {
                    "id": ident,
                    "name": self._listed.name,
                    "digest": self._listed.digest,
                    "actor": self._who.name,
                    "lines": 0,
                    "added": 0,
                    "known": 0,
                    "skipped": 0,
                    "done": False,
                    "started_at": moment,
                    "changed_at": moment,
                },
            )
            return Imported(ident)

        self.done = self._store.do(begin)

    def take(self, lines: list[Line], *, last: bool = False) -> None:
        """Takes in some lines, and how far it got, in one transaction."""
        phones = [line.phone for line in lines if line.phone is not None]
        through = lines[-1].number if lines else self.done.lines

        def take(conn: Connection) -> tuple[int, int]:
            added, contacts = self._put(conn, list(dict.fromkeys(phones)))
            done = self.done
            conn.execute(
                update(_imports)
                .where(_imports.c.id == done.id)
                .values(
                    lines=through,
                    added=done.added + added,
                    known=done.known + len(phones) - added,
                    skipped=done.skipped + len(lines) - len(phones),
                    done=last,
                    changed_at=now(),
                )
            )
            if last:
                record(
                    conn,
                    self._who,
                    "dnc.import",
                    subject=self._listed.name,
                    details={"import": done.id, "added": done.added + added},
                )
            return added, contacts

        added, contacts = self._store.do(take, patient=True)
        done = self.done
        done.lines = through
        done.added += added
        done.known += len(phones) - added
        done.skipped += len(lines) - len(phones)
        done.contacts += contacts

    def _put(self, conn: Connection, phones: list[str]) -> tuple[int, int]:
        if not phones:
            return 0, 0
        secret, moment = store_secret(conn), now()
        hashes = {phone_hash(secret, phone): phone for phone in phones}
        there = conn.execute(
            select(_table.c.phone_hash).where(
                among(conn, _table.c.phone_hash, list(hashes)), _table.c.source == "import"
            )
        )
        known = {bytes(each) for each in there.scalars()}
        rows = [
            {
                "phone_hash": hashed,
                "source": "import",
                "phone": phone,
                "reason": self._reason,
                "actor": self._who.name,
                "at": moment,
                "import_id": self.done.id,
            }
            for hashed, phone in sorted(hashes.items())
            if hashed not in known
        ]
        if rows:
            conn.execute(insert_or_skip(conn, _table), rows)
        return len(rows), suppress_contacts(conn, self._who, phones, self._reason)


def imports(conn: Connection, limit: int = 100) -> list[ImportRow]:
    """The lists that were taken in, the newest first."""
    rows = conn.execute(select(_imports).order_by(_imports.c.id.desc()).limit(limit))
    return [
        ImportRow(
            row.id,
            row.name,
            row.actor,
            row.lines,
            row.added,
            row.known,
            row.skipped,
            row.done,
            row.started_at,
            row.changed_at,
        )
        for row in rows
    ]
