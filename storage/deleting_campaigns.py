"""Deleting campaigns: those that are not active, with the contacts added to them by themselves."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from storage import campaigns
from storage.bulk import Progress
from storage.campaign_acts import JoinCampaign, LeaveCampaign
from storage.campaigns import CampaignRow
from storage.changes import ChangeRow, become, record
from storage.dialects import insert_or_skip, run_counted
from storage.emptying import Emptying
from storage.errors import Refused
from storage.ids import public
from storage.putting_back import ids_where
from storage.reversals import Reversal
from storage.store import Store
from storage.tables import Campaign, CampaignContact, CampaignGroup, Group, MessagingNumber
from storage.words import Actor, NumberStatus, Outcome

_campaigns: Any = Campaign.__table__  # type: ignore[attr-defined]
_added: Any = CampaignContact.__table__  # type: ignore[attr-defined]
_drawn: Any = CampaignGroup.__table__  # type: ignore[attr-defined]
_groups: Any = Group.__table__  # type: ignore[attr-defined]
_numbers: Any = MessagingNumber.__table__  # type: ignore[attr-defined]


def delete(
    store: Store,
    who: Actor,
    campaign_id: int,
    *,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> Outcome:
    """Deletes a campaign that is not active; its groups and contacts stay, and undo brings it back.

    Args:
        store: Where it is.
        who: By whose hand.
        campaign_id: Which.
        progress: Told after each chunk of the contacts that were added by themselves.
        cancel: Set it to stop after the chunk under way; the campaign then stays.

    Raises:
        NotFound: There is no such campaign.
        Refused: It is active, or a messaging number belongs to it.
    """
    return _Deletion(store, who, campaign_id).run(progress, cancel)


class _Deletion(Emptying):
    """A campaign on its way out."""

    partly = "campaign.leave"
    verb = "campaign.delete"

    def __init__(self, store: Store, who: Actor, campaign_id: int) -> None:
        super().__init__(store, who)
        self._id = campaign_id

    def count(self, conn: Connection) -> int:
        query = select(func.count()).select_from(_added).where(_added.c.campaign_id == self._id)
        return int(conn.execute(query).scalar_one())

    def begin(self, conn: Connection) -> int:
        found = self._checked(conn)
        self.tally.subject = found.name
        act = LeaveCampaign(found.id)
        return record(
            conn, self.who, act.verb, subject=found.name, details=act.details(), undoable=True
        )

    def some(self, conn: Connection, limit: int) -> Sequence[int]:
        query = select(_added.c.contact_id).where(_added.c.campaign_id == self._id)
        return conn.execute(query.order_by(_added.c.contact_id).limit(limit)).scalars().all()

    def take_out(self, conn: Connection, change_id: int, ids: Sequence[int]) -> None:
        LeaveCampaign(self._id).apply(conn, change_id, ids)

    def finish(self, conn: Connection, change_id: int) -> None:
        found = self._checked(conn)
        details = campaigns.kept(found) | {"groups": [group.id for group in found.groups]}
        become(conn, change_id, self.verb, subject=found.name, details=details)
        conn.execute(_drawn.delete().where(_drawn.c.campaign_id == self._id))
        conn.execute(_campaigns.delete().where(_campaigns.c.id == self._id))

    def _checked(self, conn: Connection) -> CampaignRow:
        found = campaigns.find(conn, public("cam", self._id))
        if found.active:
            raise Refused(
                f"The campaign “{found.name}” is active: only one that is not active can be"
                " deleted.",
                "Deactivate it first.",
            )
        theirs = select(_numbers.c.phone).where(
            _numbers.c.campaign_id == self._id, _numbers.c.status != NumberStatus.REMOVED
        )
        number = conn.execute(theirs.limit(1)).scalar()
        if number is not None:
            raise Refused(
                f"The number {number} belongs to the campaign “{found.name}”.",
                "Give it another campaign, or none, first.",
            )
        return found


def _bring_back(conn: Connection, change: ChangeRow) -> None:
    campaigns.bring_back(conn, change)
    there = select(_groups.c.id).where(_groups.c.id.in_(change.details["groups"]))
    for group_id in conn.execute(there).scalars().all():
        row = {"campaign_id": change.details["campaign_id"], "group_id": group_id}
        run_counted(conn, insert_or_skip(conn, _drawn), row)


def _add_again(conn: Connection, change: ChangeRow, ids: Sequence[int]) -> Sequence[int]:
    act = JoinCampaign(change.details["campaign_id"])
    reached = ids_where(conn, ids, act.eligible(None))
    if reached:
        act.apply(conn, change.id, reached)
    return reached


REVERSALS = {
    "campaign.delete": Reversal(
        _bring_back,
        undo_step=_add_again,
        anew=lambda store, who, change, progress, cancel: delete(
            store, who, change.details["campaign_id"], progress=progress, cancel=cancel
        ),
    ),
}
"""How deleting is taken back."""
