"""Merging groups: everybody of one moves to another, and the first one goes."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from storage import groups
from storage.acts import Move
from storage.bulk import Progress
from storage.changes import ChangeRow, become, record
from storage.dialects import insert_or_skip, run_counted
from storage.emptying import Emptying
from storage.errors import Refused
from storage.putting_back import put_back
from storage.reversals import Reversal
from storage.store import Store
from storage.tables import CampaignGroup, Contact
from storage.words import Actor, Outcome

_contacts: Any = Contact.__table__  # type: ignore[attr-defined]
_drawn: Any = CampaignGroup.__table__  # type: ignore[attr-defined]


def merge(
    store: Store,
    who: Actor,
    group_id: int,
    into_id: int,
    *,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> Outcome:
    """Moves everybody of a group to another and deletes the first one; undo takes both back.

    Args:
        store: Where they are.
        who: By whose hand.
        group_id: The one that goes.
        into_id: The one that takes its contacts.
        progress: Told after each chunk.
        cancel: Set it to stop after the chunk under way: those who were moved stay moved, like
            by any move, and both groups stay.

    Raises:
        NotFound: One of them does not exist.
        Refused: They are the same, or a campaign draws on the first group alone: merging would
            change whom it texts without anybody saying so.
    """
    if group_id == into_id:
        raise Refused("A group cannot be merged into itself.", "Choose another one.")
    return _Merging(store, who, group_id, into_id).run(progress, cancel)


class _Merging(Emptying):
    """A group on its way into another."""

    partly = "move"
    verb = "group.merge"

    def __init__(self, store: Store, who: Actor, group_id: int, into_id: int) -> None:
        super().__init__(store, who)
        self._group_id, self._into_id = group_id, into_id

    def count(self, conn: Connection) -> int:
        return groups.by_id(conn, self._group_id).count

    def begin(self, conn: Connection) -> int:
        groups.by_id(conn, self._group_id)
        other = groups.by_id(conn, self._into_id)
        self._check_campaigns(conn)
        self.tally.subject = other.name
        details = Move(other.id).details()
        return record(conn, self.who, "move", subject=other.name, details=details, undoable=True)

    def some(self, conn: Connection, limit: int) -> Sequence[int]:
        query = select(_contacts.c.id).where(_contacts.c.group_id == self._group_id)
        return conn.execute(query.order_by(_contacts.c.id).limit(limit)).scalars().all()

    def take_out(self, conn: Connection, change_id: int, ids: Sequence[int]) -> None:
        Move(self._into_id).apply(conn, change_id, ids)

    def finish(self, conn: Connection, change_id: int) -> None:
        found, other = groups.by_id(conn, self._group_id), groups.by_id(conn, self._into_id)
        drawing = self._check_campaigns(conn)
        self.tally.subject = f"“{found.name}” into “{other.name}”"
        details = groups.kept(conn, found.id) | {
            "from_id": found.id,
            "into_id": other.id,
            "campaigns": drawing,
        }
        become(conn, change_id, "group.merge", subject=self.tally.subject, details=details)
        conn.execute(_drawn.delete().where(_drawn.c.group_id == self._group_id))
        groups.take_away(conn, self._group_id)

    def _check_campaigns(self, conn: Connection) -> list[int]:
        """The campaigns that draw on the group, all of them on the other one too."""
        there = {row.id for row in groups.campaigns_of(conn, self._into_id)}
        drawing = groups.campaigns_of(conn, self._group_id)
        for row in drawing:
            if row.id not in there:
                raise Refused(
                    f"The campaign “{row.name}” draws on this group but not on the other one.",
                    "Attach the other group to it, or detach this one, first.",
                )
        return [row.id for row in drawing]


def _bring_back(conn: Connection, change: ChangeRow) -> None:
    groups.bring_back(conn, change)
    rows = [
        {"campaign_id": ident, "group_id": change.details["from_id"]}
        for ident in change.details["campaigns"]
    ]
    for row in rows:
        run_counted(conn, insert_or_skip(conn, _drawn), row)


REVERSALS = {
    "group.merge": Reversal(
        _bring_back,
        undo_step=put_back,
        anew=lambda store, who, change, progress, cancel: merge(
            store,
            who,
            change.details["from_id"],
            change.details["into_id"],
            progress=progress,
            cancel=cancel,
        ),
    ),
}
"""How merging is taken back."""
