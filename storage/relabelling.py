"""Renaming, merging and deleting labels: what concerns every contact that wears one.

The work goes in chunks like any bulk act. A label is taken away with the last contact that wore
it: a run that was stopped or cut off has labelled and unlabelled contacts like any other act, is
recorded and undone as that, and can be begun again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, func, literal, select, update
from sqlalchemy.engine import Connection

from storage import labels
from storage.acts import AddLabel, RemoveLabel
from storage.bulk import CHUNK, HANDFUL, Pace, Progress, Tally
from storage.changes import ChangeRow, become, by_whom_since, record
from storage.dialects import among
from storage.errors import NotFound, Refused
from storage.labels import LabelRow
from storage.noting import note
from storage.putting_back import ids_where
from storage.reversals import Reversal
from storage.search import label_mark, mark_pending
from storage.sentences import sentence
from storage.store import Store
from storage.tables import Change, ChangeItem, Contact, ContactLabel, Label
from storage.times import now
from storage.words import Actor, Outcome

_changes: Any = Change.__table__  # type: ignore[attr-defined]
_contacts: Any = Contact.__table__  # type: ignore[attr-defined]
_items: Any = ChangeItem.__table__  # type: ignore[attr-defined]
_labels: Any = Label.__table__  # type: ignore[attr-defined]
_worn: Any = ContactLabel.__table__  # type: ignore[attr-defined]


def rename(store: Store, who: Actor, label_id: int, name: str) -> LabelRow:
    """Gives a label another name, also in what search looks through.

    Raises:
        NotFound: There is no such label.
        Refused: The name is blank, too long or taken.
    """

    def begin(conn: Connection) -> str:
        found = labels.by_id(conn, label_id)
        before = _folded(conn, label_id)
        _set_name(conn, label_id, name)
        renamed = labels.by_id(conn, label_id)
        if renamed.name != found.name:
            record(
                conn,
                who,
                "label.rename",
                subject=f"“{found.name}” to “{renamed.name}”",
                details={"label_id": label_id, "before": found.name, "after": renamed.name},
                undoable=True,
            )
        return before

    _rewrite(store, label_id, store.do(begin))
    with store.read() as conn:
        return labels.by_id(conn, label_id)


def delete(
    store: Store,
    who: Actor,
    label_id: int,
    *,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> Outcome:
    """Deletes a label and takes it off everybody; undo brings both back.

    Args:
        store: Where it is.
        who: By whose hand.
        label_id: Which.
        progress: Told after each chunk.
        cancel: Set it to stop after the chunk under way; the label then stays on the others.

    Raises:
        NotFound: There is no such label.
    """
    return _Removal(store, who, label_id, None).run(progress, cancel)


def merge(
    store: Store,
    who: Actor,
    label_id: int,
    into_id: int,
    *,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> Outcome:
    """Puts another label in the place of one, which is deleted.

    Args:
        store: Where they are.
        who: By whose hand.
        label_id: The one that goes.
        into_id: The one that takes its place.
        progress: Told after each chunk.
        cancel: Set it to stop after the chunk under way; both labels then stay.

    Raises:
        NotFound: One of them does not exist.
        Refused: They are the same.
    """
    if label_id == into_id:
        raise Refused("A label cannot be merged into itself.", "Choose another one.")
    return _Removal(store, who, label_id, into_id).run(progress, cancel)


class _Removal:
    """A label on its way out, chunk by chunk."""

    def __init__(self, store: Store, who: Actor, label_id: int, into_id: int | None) -> None:
        self._store, self._who = store, who
        self._label_id, self._into_id = label_id, into_id
        self._verb = "label.delete" if into_id is None else "label.merge"
        self._tally = Tally()
        self._part: int | None = None
        """The change that holds who got the other label by the merging."""
        self._pace = Pace()

    def run(self, progress: Progress | None, cancel: threading.Event | None) -> Outcome:
        with self._store.read() as conn:
            total = labels.by_id(conn, self._label_id).count
        more, before = True, 0
        while more and not (cancel is not None and cancel.is_set()):
            more = self._store.do(self._chunk, patient=total > HANDFUL)
            self._pace.wrote(self._tally.done - before)
            before = self._tally.done
            if progress is not None:
                progress(self._tally.done, max(total, self._tally.done))
        verb = "unlabel" if more else self._verb
        said = sentence(verb, self._tally.done, self._tally.subject)
        return self._tally.outcome(said, cancelled=more)

    def _chunk(self, conn: Connection) -> bool:
        """Takes the label off some contacts, and away when there are no more; returns if so."""
        self._pace.began = time.monotonic()
        change_id = self._tally.change_id
        if change_id is None:
            change_id = self._begin(conn)
        ids = list(
            conn.execute(
                select(_worn.c.contact_id)
                .where(_worn.c.label_id == self._label_id)
                .order_by(_worn.c.contact_id)
                .limit(self._pace.size)
            ).scalars()
        )
        if ids:
            note(conn, change_id, ids, literal(1) == 1)
            if self._into_id is not None and self._part is not None:
                self._put_other(conn, self._part, ids)
            RemoveLabel(self._label_id).apply(conn, change_id, ids)
            _grow(conn, change_id, len(ids))
        more = len(ids) == self._pace.size
        if not more:
            self._finish(conn, change_id)
        self._tally.change_id = change_id
        self._tally.done += len(ids)
        return more

    def _begin(self, conn: Connection) -> int:
        found = labels.by_id(conn, self._label_id)
        self._tally.subject = found.name
        if self._into_id is not None:
            other = labels.by_id(conn, self._into_id)
            self._part = record(
                conn,
                self._who,
                "label",
                subject=other.name,
                details=AddLabel(other.id).details(),
                undoable=True,
            )
        return record(
            conn,
            self._who,
            "unlabel",
            subject=found.name,
            details=RemoveLabel(found.id).details(),
            undoable=True,
        )

    def _finish(self, conn: Connection, change_id: int) -> None:
        """Takes the label away; what was done is the whole act from here on."""
        row = labels.by_id(conn, self._label_id)
        details = labels.kept(conn, self._label_id)
        self._tally.subject = row.name
        if self._into_id is not None and self._part is not None:
            other = labels.by_id(conn, self._into_id)
            self._tally.subject = f"“{row.name}” into “{other.name}”"
            details |= {"into_id": other.id, "part": self._part}
            part = AddLabel(other.id).details()
            become(conn, self._part, "label", subject=other.name, details=part, undoable=False)
        become(conn, change_id, self._verb, subject=self._tally.subject, details=details)
        conn.execute(_labels.delete().where(_labels.c.id == self._label_id))

    def _put_other(self, conn: Connection, part: int, ids: Sequence[int]) -> None:
        assert self._into_id is not None  # noqa: S101 - merging alone
        act = AddLabel(self._into_id)
        # Also on deleted contacts: they may come back.
        bare = (
            ~select(_worn.c.contact_id)
            .where(_worn.c.contact_id == _contacts.c.id, _worn.c.label_id == self._into_id)
            .exists()
        )
        n = note(conn, part, ids, bare)
        if n:
            act.apply(conn, part, ids)
            _grow(conn, part, n)


def _grow(conn: Connection, change_id: int, n: int) -> None:
    conn.execute(
        update(_changes).where(_changes.c.id == change_id).values(size=_changes.c.size + n)
    )


def _folded(conn: Connection, label_id: int) -> str:
    query = select(_labels.c.folded).where(_labels.c.id == label_id)
    return str(conn.execute(query).scalar_one())


def _set_name(conn: Connection, label_id: int, name: str) -> None:
    name, folded = labels.free_name(conn, name, but=label_id)
    values = {"name": name, "folded": folded}
    conn.execute(update(_labels).where(_labels.c.id == label_id).values(values))


def _rewrite(store: Store, label_id: int, before: str) -> None:
    """Writes a label's present name where search finds contacts by the one before."""
    after_id, pace = 0, Pace()

    def chunk(conn: Connection) -> list[int]:
        pace.began = time.monotonic()
        ids = list(
            conn.execute(
                select(_worn.c.contact_id)
                .where(_worn.c.label_id == label_id, _worn.c.contact_id > after_id)
                .order_by(_worn.c.contact_id)
                .limit(CHUNK)
            ).scalars()
        )
        present = _folded(conn, label_id)
        if ids and present != before:
            hay = func.replace(_contacts.c.haystack, label_mark(before), label_mark(present))
            conn.execute(
                update(_contacts)
                .where(among(conn, _contacts.c.id, ids))
                .values(haystack=hay, version=_contacts.c.version + 1, changed_at=now())
            )
            mark_pending(conn, ids)
        return ids

    while ids := store.do(chunk, patient=True):
        after_id = ids[-1]


# Taking back and doing again.


def _turn_name(conn: Connection, change: ChangeRow, was: str, becomes: str) -> None:
    found = labels.by_id(conn, change.details["label_id"])
    if found.name != change.details[was]:
        since = by_whom_since(conn, change, "label_id")
        raise Refused(f"The label was renamed again since{since}, to “{found.name}”.")
    _set_name(conn, found.id, change.details[becomes])


def _after_renaming(
    store: Store, change: ChangeRow, undone: bool, _cancel: threading.Event | None
) -> bool:
    """Never stopped: search would find some contacts by a name that is no more."""
    before = change.details["after" if undone else "before"]
    _rewrite(store, change.details["label_id"], labels.folded_name(before))
    return True


def _put_on_again(conn: Connection, change: ChangeRow, ids: Sequence[int]) -> Sequence[int]:
    act = AddLabel(change.details["label_id"])
    reached = ids_where(conn, ids, act.eligible(None))
    if reached:
        act.apply(conn, change.id, reached)
    return reached


def _take_other_off(
    store: Store, change: ChangeRow, undone: bool, cancel: threading.Event | None
) -> bool:
    """Takes the other label off those who got it by the merging."""
    part, into_id, after_id = change.details["part"], change.details["into_id"], 0

    def chunk(conn: Connection) -> list[int]:
        ids = list(
            conn.execute(
                select(_items.c.contact_id)
                .where(_items.c.change_id == part, _items.c.contact_id > after_id)
                .order_by(_items.c.contact_id)
                .limit(CHUNK)
            ).scalars()
        )
        act = RemoveLabel(into_id)
        reached = ids_where(conn, ids, and_(act.eligible(None))) if ids else []
        if reached:
            act.apply(conn, part, reached)
        return ids

    try:
        while cancel is None or not cancel.is_set():
            ids = store.do(chunk, patient=change.size > HANDFUL)
            if not ids:
                return True
            after_id = ids[-1]
    except NotFound:
        # The other label is gone, and with it what there was to take off.
        return True
    return False


REVERSALS = {
    "label.rename": Reversal(
        lambda conn, change: _turn_name(conn, change, "after", "before"),
        lambda conn, change: _turn_name(conn, change, "before", "after"),
        afterwards=_after_renaming,
    ),
    "label.delete": Reversal(
        labels.bring_back,
        undo_step=_put_on_again,
        anew=lambda store, who, change, progress, cancel: delete(
            store, who, change.details["label_id"], progress=progress, cancel=cancel
        ),
    ),
    "label.merge": Reversal(
        labels.bring_back,
        undo_step=_put_on_again,
        afterwards=_take_other_off,
        anew=lambda store, who, change, progress, cancel: merge(
            store,
            who,
            change.details["label_id"],
            change.details["into_id"],
            progress=progress,
            cancel=cancel,
        ),
    ),
}
"""How these acts are taken back."""
