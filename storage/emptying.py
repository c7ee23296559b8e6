"""Taking contacts out of something until it is empty and goes: a label, a group, a campaign.

The work goes in chunks like any bulk act. The thing is taken away with the last contact in it: a
run that was stopped or cut off has moved or unlabelled contacts like any other act, is recorded
and undone as that, and can be begun again.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from sqlalchemy import literal, update
from sqlalchemy.engine import Connection

from storage.bulk import HANDFUL, Pace, Progress, Tally
from storage.noting import note
from storage.sentences import sentence
from storage.store import Store
from storage.tables import Change
from storage.words import Actor, Outcome

_changes: Any = Change.__table__  # type: ignore[attr-defined]


class Emptying(ABC):
    """Something on its way out, chunk by chunk.

    Args:
        store: Where it is.
        who: By whose hand.
    """

    partly: ClassVar[str]
    """The verb of what it has been as long as contacts are left: an act on those."""

    verb: str
    """The verb of what it is once nobody is left."""

    def __init__(self, store: Store, who: Actor) -> None:
        self.store, self.who = store, who
        self.tally, self._pace = Tally(), Pace()

    @abstractmethod
    def count(self, conn: Connection) -> int:
        """How many contacts are in it, for the progress."""

    @abstractmethod
    def begin(self, conn: Connection) -> int:
        """Sees that it may go and records what is done to the contacts; returns that change."""

    @abstractmethod
    def some(self, conn: Connection, limit: int) -> Sequence[int]:
        """The next contacts in it, by id."""

    @abstractmethod
    def take_out(self, conn: Connection, change_id: int, ids: Sequence[int]) -> None:
        """Takes contacts out of it; they are noted already."""

    @abstractmethod
    def finish(self, conn: Connection, change_id: int) -> None:
        """Takes it away; what was done is the whole act from here on."""

    def run(self, progress: Progress | None, cancel: threading.Event | None) -> Outcome:
        """Empties it; `cancel` stops after the chunk under way, and it stays."""
        with self.store.read() as conn:
            total = self.count(conn)
        more, before = True, 0
        while more and not (cancel is not None and cancel.is_set()):
            more = self.store.do(self.tally.counting(self._chunk), patient=total > HANDFUL)
            self._pace.wrote(self.tally.done - before)
            before = self.tally.done
            if progress is not None:
                progress(self.tally.done, max(total, self.tally.done))
        said = sentence(self.partly if more else self.verb, self.tally.done, self.tally.subject)
        return self.tally.outcome(said, cancelled=more)

    def _chunk(self, conn: Connection) -> bool:
        """Takes some contacts out, and it away when there are no more; returns if there are."""
        self._pace.began = time.monotonic()
        change_id = self.tally.change_id
        if change_id is None:
            change_id = self.begin(conn)
        ids = self.some(conn, self._pace.size)
        if ids:
            note(conn, change_id, ids, literal(1) == 1)
            self.take_out(conn, change_id, ids)
            grow(conn, change_id, len(ids))
        more = len(ids) == self._pace.size
        if not more:
            self.finish(conn, change_id)
        self.tally.change_id = change_id
        self.tally.done += len(ids)
        return more


def grow(conn: Connection, change_id: int, n: int) -> None:
    """Counts contacts to a change."""
    conn.execute(
        update(_changes).where(_changes.c.id == change_id).values(size=_changes.c.size + n)
    )
