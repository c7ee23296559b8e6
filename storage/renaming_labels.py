"""Renaming labels: the new name at once, and behind it in what search looks through."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from functools import partial
from typing import Any

from sqlalchemy import func, update
from sqlalchemy.engine import Connection

from storage import labels
from storage.bulk import HANDFUL, Pace, Progress, Tally
from storage.changes import ChangeRow, by_whom_since, record
from storage.dialects import among
from storage.errors import Refused
from storage.reversals import Reversal
from storage.search import label_mark, mark_pending
from storage.sentences import name_of, sentence
from storage.store import Store
from storage.tables import Change, Contact, Label
from storage.times import now
from storage.words import Actor, Outcome

_changes: Any = Change.__table__  # type: ignore[attr-defined]
_contacts: Any = Contact.__table__  # type: ignore[attr-defined]
_labels: Any = Label.__table__  # type: ignore[attr-defined]


def rename(
    store: Store,
    who: Actor,
    label_id: int,
    name: str,
    *,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> Outcome:
    """Gives a label another name, also in what search looks through.

    Args:
        store: Where it is.
        who: By whose hand.
        label_id: Which.
        name: What it shall be called.
        progress: Told after each chunk of those who wear it.
        cancel: Set it to go back to the name before, unless somebody renamed it meanwhile.

    Returns:
        What came of it; `done` counts those who wear it, at least 1 where it has a new name.

    Raises:
        NotFound: There is no such label.
        Refused: The name is blank, too long or taken.
    """
    tally = Tally()
    begin = partial(_begin, who=who, label_id=label_id, name=name, tally=tally)
    before, after = store.do(tally.counting(begin))
    if tally.change_id is None:
        tally.unchanged = 1
        return tally.outcome("", cancelled=False)
    rewriting = _Rewriting(store, label_id, before, after)
    if rewriting.run(progress, cancel):
        tally.done = max(1, rewriting.through)
        return tally.outcome(sentence("label.rename", 1, tally.subject), cancelled=False)
    store.do(partial(_note_undone, who=who, change_id=tally.change_id, subject=tally.subject))
    return tally.outcome("", cancelled=True)


def _begin(conn: Connection, who: Actor, label_id: int, name: str, tally: Tally) -> tuple[str, str]:
    before = labels.by_id(conn, label_id).name
    _set_name(conn, label_id, name)
    after = labels.by_id(conn, label_id).name
    if after != before:
        tally.subject = f"“{before}” to “{after}”"
        tally.change_id = record(
            conn,
            who,
            "label.rename",
            subject=tally.subject,
            details={"label_id": label_id, "before": before, "after": after},
            undoable=True,
        )
    return before, after


def _note_undone(conn: Connection, who: Actor, change_id: int, subject: str) -> None:
    """A renaming that was stopped is one that was undone at once."""
    conn.execute(update(_changes).where(_changes.c.id == change_id).values(undone=True))
    named = name_of("label.rename", 1, subject)
    record(conn, who, "undo", subject=named, undoes=change_id)


def _set_name(conn: Connection, label_id: int, name: str) -> None:
    name, folded = labels.free_name(conn, name, but=label_id)
    values = {"name": name, "folded": folded}
    conn.execute(update(_labels).where(_labels.c.id == label_id).values(values))


class _Rewriting:
    """Writes a label's present name where search finds its contacts by the one before.

    It comes to an end or goes back: search would find some contacts by a name that is no more.

    Args:
        store: Where it is.
        label_id: Which; it has its new name already.
        before: The name that it had.
        after: The name that it was given.
    """

    def __init__(self, store: Store, label_id: int, before: str, after: str) -> None:
        self._store, self._label_id = store, label_id
        self._names = (before, after)
        self._last = 0
        self._pace = Pace()
        self.through = 0
        """Contacts that are done."""

    def run(self, progress: Progress | None, cancel: threading.Event | None) -> bool:
        """Returns whether it came to the end; if not, all is as it was."""
        with self._store.read() as conn:
            total = labels.by_id(conn, self._label_id).count
        while True:
            if cancel is not None and cancel.is_set() and self._go_back(progress):
                return False
            ids = self._store.do(
                partial(self._chunk, before=self._names[0], above=self._last),
                patient=total > HANDFUL,
            )
            if not ids:
                return True
            self._pace.wrote(len(ids))
            self._last = ids[-1]
            self.through += len(ids)
            if progress is not None:
                progress(self.through, max(total, self.through))

    def _go_back(self, progress: Progress | None) -> bool:
        """Gives it the name before again; not where somebody renamed it meanwhile."""
        before, after = self._names

        def turn(conn: Connection) -> bool:
            if labels.by_id(conn, self._label_id).name != after:
                return False
            try:
                _set_name(conn, self._label_id, before)
            except Refused:
                # Another label has that name by now.
                return False
            return True

        if not self._store.do(turn):
            return False
        end, above, through = self._last, 0, 0
        while above < end:
            ids = self._store.do(partial(self._chunk, before=after, above=above), patient=True)
            if not ids:
                break
            above = ids[-1]
            through += len(ids)
            if progress is not None:
                progress(max(0, self.through - through), max(1, self.through))
        return True

    def _chunk(self, conn: Connection, before: str, above: int) -> Sequence[int]:
        self._pace.began = time.monotonic()
        ids = labels.wearers(conn, self._label_id, above, self._pace.size)
        old = labels.folded_name(before)
        present = labels.folded_name(labels.by_id(conn, self._label_id).name)
        if ids and present != old:
            hay = func.replace(_contacts.c.haystack, label_mark(old), label_mark(present))
            conn.execute(
                update(_contacts)
                .where(among(conn, _contacts.c.id, ids))
                .values(haystack=hay, version=_contacts.c.version + 1, changed_at=now())
            )
            mark_pending(conn, ids)
        return ids


# Taking back and doing again.


def _turn_name(conn: Connection, change: ChangeRow, was: str, becomes: str) -> None:
    found = labels.by_id(conn, change.details["label_id"])
    if found.name != change.details[was]:
        since = by_whom_since(conn, change, "label_id")
        raise Refused(f"The label was renamed again since{since}, to “{found.name}”.")
    _set_name(conn, found.id, change.details[becomes])


def _afterwards(
    store: Store,
    change: ChangeRow,
    undone: bool,
    progress: Progress | None,
    cancel: threading.Event | None,
) -> bool:
    names = (change.details["after"], change.details["before"])
    before, after = names if undone else names[::-1]
    return _Rewriting(store, change.details["label_id"], before, after).run(progress, cancel)


REVERSALS = {
    "label.rename": Reversal(
        lambda conn, change: _turn_name(conn, change, "after", "before"),
        lambda conn, change: _turn_name(conn, change, "before", "after"),
        afterwards=_afterwards,
    ),
}
"""How renaming is taken back."""
