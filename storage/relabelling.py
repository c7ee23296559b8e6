"""Merging and deleting labels: what takes a label off everybody who wears it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from storage import labels
from storage.acts import Act, AddLabel, RemoveLabel
from storage.bulk import CHUNK, HANDFUL, Progress
from storage.changes import ChangeRow, become, record
from storage.emptying import Emptying, grow
from storage.errors import NotFound, Refused
from storage.labels import LabelRow, wearers
from storage.noting import note
from storage.putting_back import ids_where
from storage.reversals import Reversal
from storage.store import Store
from storage.tables import ChangeItem, Contact, ContactLabel, Label
from storage.words import Actor, Outcome

_contacts: Any = Contact.__table__  # type: ignore[attr-defined]
_items: Any = ChangeItem.__table__  # type: ignore[attr-defined]
_labels: Any = Label.__table__  # type: ignore[attr-defined]
_worn: Any = ContactLabel.__table__  # type: ignore[attr-defined]


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


class _Removal(Emptying):
    """A label on its way out."""

    partly = "unlabel"

    def __init__(self, store: Store, who: Actor, label_id: int, into_id: int | None) -> None:
        super().__init__(store, who)
        self.verb = "label.delete" if into_id is None else "label.merge"
        self._label_id, self._into_id = label_id, into_id
        self._part: int | None = None
        """The change that holds who got the other label by the merging."""

    def count(self, conn: Connection) -> int:
        return labels.by_id(conn, self._label_id).count

    def begin(self, conn: Connection) -> int:
        found = labels.by_id(conn, self._label_id)
        self.tally.subject = found.name
        if self._into_id is not None:
            other = labels.by_id(conn, self._into_id)
            self._part = self._record(conn, "label", other, AddLabel(other.id))
        return self._record(conn, "unlabel", found, RemoveLabel(found.id))

    def _record(self, conn: Connection, verb: str, label: LabelRow, act: Act) -> int:
        return record(
            conn, self.who, verb, subject=label.name, details=act.details(), undoable=True
        )

    def some(self, conn: Connection, limit: int) -> Sequence[int]:
        return wearers(conn, self._label_id, 0, limit)

    def take_out(self, conn: Connection, change_id: int, ids: Sequence[int]) -> None:
        if self._into_id is not None and self._part is not None:
            self._put_other(conn, self._part, ids)
        RemoveLabel(self._label_id).apply(conn, change_id, ids)

    def finish(self, conn: Connection, change_id: int) -> None:
        row = labels.by_id(conn, self._label_id)
        details = labels.kept(conn, self._label_id)
        self.tally.subject = row.name
        if self._into_id is not None and self._part is not None:
            other = labels.by_id(conn, self._into_id)
            self.tally.subject = f"“{row.name}” into “{other.name}”"
            details |= {"into_id": other.id, "part": self._part}
            part = AddLabel(other.id).details()
            become(conn, self._part, "label", subject=other.name, details=part, undoable=False)
        become(conn, change_id, self.verb, subject=self.tally.subject, details=details)
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
            grow(conn, part, n)


# Taking back and doing again.


def _put_on_again(conn: Connection, change: ChangeRow, ids: Sequence[int]) -> Sequence[int]:
    act = AddLabel(change.details["label_id"])
    reached = ids_where(conn, ids, act.eligible(None))
    if reached:
        act.apply(conn, change.id, reached)
    return reached


def _take_other_off(
    store: Store,
    change: ChangeRow,
    _undone: bool,
    _progress: Progress | None,
    cancel: threading.Event | None,
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
        reached = ids_where(conn, ids, act.eligible(None)) if ids else []
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
