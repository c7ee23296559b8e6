"""Adding contacts to a campaign by themselves, and taking them out again: acts like any other."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.engine import Connection

from storage.acts import in_view
from storage.bulk import Progress, chunks, perform
from storage.campaigns import MOVE_FIRST, QUEUED, eligible_for
from storage.changes import MOST_EXPLAINED
from storage.dialects import among
from storage.driver import run
from storage.errors import NotFound, Refused
from storage.noting import those
from storage.store import Store
from storage.tables import Campaign, CampaignContact, CampaignGroup, ChangeItem, Contact, Group
from storage.windows import condition_of
from storage.words import BADGE_BITS, Actor, Badge, Gone, Outcome, Stage, Target, View, called

_campaigns: Any = Campaign.__table__  # type: ignore[attr-defined]
_contacts: Any = Contact.__table__  # type: ignore[attr-defined]
_added: Any = CampaignContact.__table__  # type: ignore[attr-defined]
_drawn: Any = CampaignGroup.__table__  # type: ignore[attr-defined]
_groups: Any = Group.__table__  # type: ignore[attr-defined]
_items: Any = ChangeItem.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class _OfCampaign:
    campaign_id: int
    undoable: ClassVar[bool] = True

    def subject(self, conn: Connection) -> str:
        """The campaign's name."""
        query = select(_campaigns.c.name).where(_campaigns.c.id == self.campaign_id)
        name = conn.execute(query).scalar()
        if name is None:
            raise NotFound("That campaign does not exist any more.", "Choose another one.")
        return str(name)

    def details(self) -> dict[str, Any]:
        """The campaign."""
        return {"campaign_id": self.campaign_id}

    def _is_in(self) -> ColumnElement[bool]:
        return exists().where(
            _added.c.contact_id == _contacts.c.id, _added.c.campaign_id == self.campaign_id
        )


@dataclass(frozen=True, slots=True)
class JoinCampaign(_OfCampaign):
    """Adds contacts of groups to a campaign. Queued ones have to be moved first."""

    verb: ClassVar[str] = "campaign.join"

    def eligible(self, seen: View | None) -> ColumnElement[bool]:
        """Contacts of groups, but no test numbers."""
        return and_(
            in_view(seen),
            _contacts.c.stage == Stage.GROUPED,
            _contacts.c.badges.op("&")(BADGE_BITS[Badge.TEST]) == 0,
            ~self._is_in(),
        )

    def same(self, _seen: View | None) -> ColumnElement[bool]:
        """Contacts that were added before."""
        return self._is_in()

    def apply(self, conn: Connection, change_id: int, ids: Sequence[int]) -> None:
        """Adds them."""
        chunk = those(conn, change_id, ids)
        run(
            conn,
            "INSERT INTO campaign_contacts (campaign_id, contact_id)"  # noqa: S608 - our own names
            " SELECT CAST(? AS BIGINT), contact_id FROM change_items"
            f" WHERE {chunk.where} ON CONFLICT DO NOTHING",
            (self.campaign_id, *chunk.values),
        )

    def explain(self, conn: Connection, ids: Sequence[int]) -> list[Gone]:
        """Why contacts were left out, as far as that is in them; at most a few."""
        columns = (*(_contacts.c[name] for name in ("id", "first_name", "last_name")),)
        rows = conn.execute(
            select(*columns, _contacts.c.phone, _contacts.c.stage, _contacts.c.badges).where(
                among(conn, _contacts.c.id, list(ids)[:MOST_EXPLAINED])
            )
        )
        return [Gone(row.id, _name(row), _why_not(row)) for row in rows]


@dataclass(frozen=True, slots=True)
class LeaveCampaign(_OfCampaign):
    """Takes out contacts that were added by themselves."""

    verb: ClassVar[str] = "campaign.leave"

    def eligible(self, _seen: View | None) -> ColumnElement[bool]:
        """Contacts that were added."""
        return self._is_in()

    def same(self, _seen: View | None) -> ColumnElement[bool]:
        """Contacts that were not."""
        return ~self._is_in()

    def apply(self, conn: Connection, change_id: int, ids: Sequence[int]) -> None:
        """Takes them out."""
        chunk = those(conn, change_id, ids)
        run(
            conn,
            "DELETE FROM campaign_contacts WHERE campaign_id = ?"  # noqa: S608 - our own names
            f" AND contact_id IN ({chunk.ids})",
            (self.campaign_id, *chunk.values),
        )

    def remark(self, conn: Connection, change_id: int, done: int) -> str:
        """That a group which the campaign draws on still brings them in."""
        query = (
            select(func.count(), func.min(_groups.c.name))
            .select_from(_contacts)
            .join(_drawn, _drawn.c.group_id == _contacts.c.group_id)
            .join(_groups, _groups.c.id == _drawn.c.group_id)
            .where(
                _contacts.c.id.in_(
                    select(_items.c.contact_id).where(_items.c.change_id == change_id)
                ),
                _drawn.c.campaign_id == self.campaign_id,
                eligible_for(self.campaign_id),
            )
        )
        still, group = conn.execute(query).one()
        if not still:
            return ""
        if done == 1:
            return f"; its group “{group}” still brings it in"
        return f"; groups still bring in {'all' if still == done else f'{still:,}'} of them"


def add(
    store: Store,
    who: Actor,
    campaign_id: int,
    target: Target,
    *,
    seen: View | None = None,
    whom: str = "",
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> Outcome:
    """Adds contacts to a campaign by themselves, in chunks; see `storage.bulk.perform`.

    Raises:
        NotFound: There is no such campaign.
        Refused: One of them is queued, or none can be added: suppressed contacts, test numbers
            and those of no group are left out.
    """
    refuse_queued(store, target)
    act = JoinCampaign(campaign_id)
    done = perform(store, who, act, target, seen=seen, whom=whom, progress=progress, cancel=cancel)
    if not done.done and done.gone:
        first = done.gone[0]
        raise Refused(f"{first.name}: {first.why}.")
    return done


def held_by(conn: Connection, target: Target) -> dict[int, int]:
    """How many contacts of a target were added to each campaign by themselves, by its id."""
    among_them: list[ColumnElement[bool]] = []
    if target.view is None:
        among_them.append(among(conn, _added.c.contact_id, list(target.ids)))
    else:
        among_them.append(condition_of(conn, target.view))
        if target.top is not None:
            among_them.append(_contacts.c.id <= target.top)
        if target.spared:
            among_them.append(~among(conn, _contacts.c.id, sorted(target.spared)))
    rows = conn.execute(
        select(_added.c.campaign_id, func.count())
        .join(_contacts, _contacts.c.id == _added.c.contact_id)
        .where(*among_them)
        .group_by(_added.c.campaign_id)
    )
    return {row.campaign_id: row[1] for row in rows}


def refuse_queued(store: Store, target: Target) -> None:
    """Sees that nobody of a target is in the Opt-in queue.

    Raises:
        Refused: Somebody is.
    """
    queued = _contacts.c.stage == Stage.QUEUED
    if target.view is not None:
        with store.read() as conn:
            query = select(_contacts.c.id).where(condition_of(conn, target.view), queued)
            if target.top is not None:
                query = query.where(_contacts.c.id <= target.top)
            if target.spared:
                query = query.where(~among(conn, _contacts.c.id, sorted(target.spared)))
            found = conn.execute(query.limit(1)).first()
    else:
        found = None
        for ids in chunks(store, target):
            with store.read() as conn:
                query = select(_contacts.c.id).where(among(conn, _contacts.c.id, ids), queued)
                found = found or conn.execute(query.limit(1)).first()
    if found is not None:
        raise Refused(QUEUED, MOVE_FIRST)


def _name(row: Any) -> str:
    return called(row.first_name, row.last_name, row.phone)


def _why_not(row: Any) -> str:
    if row.stage == Stage.SUPPRESSED:
        return "it is on a Do Not Contact list"
    if row.badges & BADGE_BITS[Badge.TEST]:
        return "it is a test number: campaigns leave those out"
    return "it was moved meanwhile" if row.stage == Stage.GROUPED else "it is in no group"
