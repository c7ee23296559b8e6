"""Campaigns: what draws on groups, and who is eligible for one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, func, insert, or_, select, update
from sqlalchemy.engine import Connection

from storage.changes import ChangeRow, by_whom_since, record
from storage.dialects import insert_or_skip, run_counted
from storage.errors import NotFound, Refused
from storage.folding import fold
from storage.groups import GroupRow, by_id, check_name
from storage.ids import new_id, parse, public
from storage.questions import Question, Rows
from storage.reversals import Reversal
from storage.tables import (
    Campaign,
    CampaignContact,
    CampaignGroup,
    Contact,
    Group,
    MessagingNumber,
)
from storage.times import from_micros, now, to_micros
from storage.words import BADGE_BITS, Actor, Badge, Stage

QUEUED = (
    "Contacts sitting in the Opt-in queue cannot be added to active campaigns."
    " They must be explicitly routed to a group first."
)
"""Why a queued contact is refused, in the words of the product."""

MOVE_FIRST = "Move them first: optdesk contacts move --to GROUP"

_campaigns: Any = Campaign.__table__  # type: ignore[attr-defined]
_contacts: Any = Contact.__table__  # type: ignore[attr-defined]
_drawn: Any = CampaignGroup.__table__  # type: ignore[attr-defined]
_groups: Any = Group.__table__  # type: ignore[attr-defined]
_numbers: Any = MessagingNumber.__table__  # type: ignore[attr-defined]
_added: Any = CampaignContact.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """A campaign as lists show it. Names are untrusted."""

    id: int
    name: str
    active: bool
    created_at: datetime
    groups: tuple[GroupRow, ...] = ()
    contacts: int = 0
    """Contacts that were added by themselves."""

    @property
    def public_id(self) -> str:
        """`cam_` and 16 hex digits."""
        return public("cam", self.id)


@dataclass(frozen=True, slots=True)
class Drawing:
    """A campaign that draws on a group, or holds a contact. `name` is untrusted."""

    name: str
    active: bool
    by_hand: bool = False
    """The contact was added by itself, not by its group."""

    @property
    def words(self) -> str:
        """The name and what is to be known of it, such as `Spring push (active)`."""
        state = "active" if self.active else "not active"
        return f"{self.name} ({state}{', added by hand' if self.by_hand else ''})"


def create(conn: Connection, who: Actor, name: str) -> CampaignRow:
    """Makes a campaign, which is not active yet.

    Raises:
        Refused: The name is blank, too long or taken.
    """
    name = free_name(conn, name)
    made = CampaignRow(new_id(), name, False, now())
    row = {"id": made.id, "name": name, "active": False, "created_at": made.created_at}
    conn.execute(insert(_campaigns), row)
    record(conn, who, "campaign.create", subject=name, details=kept(made), undoable=True)
    return made


def free_name(conn: Connection, name: str, but: int = 0) -> str:
    """A campaign's name as it is kept.

    Args:
        conn: The store.
        name: As it was written.
        but: The campaign that may have that name already.

    Raises:
        Refused: It is blank, too long or another campaign's.
    """
    name, folded = check_name(name, "campaign")
    others = conn.execute(select(_campaigns.c.name).where(_campaigns.c.id != but)).scalars()
    if any(fold(each) == folded for each in others):
        raise Refused(f"There is a campaign “{name}” already.", "Choose another name.")
    return name


def rename(conn: Connection, who: Actor, campaign: CampaignRow, name: str) -> CampaignRow:
    """Gives a campaign another name.

    Raises:
        NotFound: It is no more.
        Refused: The name is blank, too long or taken.
    """
    before = find(conn, campaign.public_id)
    name = free_name(conn, name, but=before.id)
    if name != before.name:
        _set_name(conn, before.id, name)
        said = f"“{before.name}” to “{name}”"
        details = {"campaign_id": before.id, "before": before.name, "after": name}
        record(conn, who, "campaign.rename", subject=said, details=details, undoable=True)
    return find(conn, campaign.public_id)


def _set_name(conn: Connection, campaign_id: int, name: str) -> None:
    conn.execute(update(_campaigns).where(_campaigns.c.id == campaign_id).values(name=name))


def kept(campaign: CampaignRow) -> dict[str, Any]:
    """A campaign's row as `bring_back` takes it from the details of a change."""
    return {
        "campaign_id": campaign.id,
        "name": campaign.name,
        "created_at": to_micros(campaign.created_at),
    }


def bring_back(conn: Connection, change: ChangeRow) -> None:
    """Makes a campaign again that a change took away, not active, unless that was done already.

    Raises:
        Refused: Its name was given to another one meanwhile.
    """
    row = change.details
    there = select(_campaigns.c.id).where(_campaigns.c.id == row["campaign_id"])
    if conn.execute(there).first() is not None:
        return
    made = from_micros(row["created_at"])
    name = free_name(conn, row["name"])
    conn.execute(
        insert(_campaigns),
        {"id": row["campaign_id"], "name": name, "active": False, "created_at": made},
    )


def listing(conn: Connection) -> list[CampaignRow]:
    """All campaigns, the oldest first."""
    rows = conn.execute(select(_campaigns).order_by(_campaigns.c.id)).all()
    return [_row(conn, row) for row in rows]


def _drawing(rows: Rows) -> dict[int, tuple[Drawing, ...]]:
    found: dict[int, tuple[Drawing, ...]] = {}
    for group_id, name, active in rows:
        found[group_id] = (*found.get(group_id, ()), Drawing(name, bool(active)))
    return found


DRAWING_ON_GROUPS = Question(
    (
        (
            "SELECT d.group_id, c.name, c.active FROM campaign_groups AS d"
            " JOIN campaigns AS c ON c.id = d.campaign_id ORDER BY c.id",
            (),
        ),
    ),
    _drawing,
)
"""Asks for the campaigns that draw on each group, the oldest first; groups of none are left out."""


def of_contact(conn: Connection, contact_id: int) -> tuple[Drawing, ...]:
    """The campaigns that draw on a contact's group, and those that it was added to by itself."""
    group = select(_contacts.c.group_id).where(_contacts.c.id == contact_id).scalar_subquery()
    by_group = exists().where(_drawn.c.campaign_id == _campaigns.c.id, _drawn.c.group_id == group)
    by_hand = exists().where(
        _added.c.campaign_id == _campaigns.c.id, _added.c.contact_id == contact_id
    )
    rows = conn.execute(
        select(_campaigns.c.name, _campaigns.c.active, by_group.label("by_group"))
        .where(or_(by_group, by_hand))
        .order_by(_campaigns.c.id)
    )
    return tuple(Drawing(row.name, bool(row.active), not row.by_group) for row in rows)


def find(conn: Connection, name: str) -> CampaignRow:
    """A campaign by its name, in any spelling of case and accents, or by its id.

    Raises:
        NotFound: There is none.
    """
    ident, folded = parse(name) if name.startswith("cam_") else None, fold(name)
    for row in conn.execute(select(_campaigns).order_by(_campaigns.c.id)):
        if row.id == ident or fold(row.name) == folded:
            return _row(conn, row)
    raise NotFound(f"There is no campaign “{name}”.", "See: optdesk campaigns list")


def attach(conn: Connection, who: Actor, campaign: CampaignRow, group_id: int) -> bool:
    """Lets a campaign draw on a group; returns whether it did not yet.

    Raises:
        NotFound: There is no such group.
    """
    group = by_id(conn, group_id)
    row = {"campaign_id": campaign.id, "group_id": group_id}
    added = run_counted(conn, insert_or_skip(conn, _drawn), row) > 0
    if added:
        said = f"“{group.name}” to “{campaign.name}”"
        record(conn, who, "campaign.attach", subject=said, details=row, undoable=True)
    return added


def detach(conn: Connection, who: Actor, campaign: CampaignRow, group_id: int) -> bool:
    """Lets a campaign draw on a group no longer; returns whether it did.

    Raises:
        NotFound: There is no such group.
    """
    group = by_id(conn, group_id)
    gone = conn.execute(
        delete(_drawn).where(_drawn.c.campaign_id == campaign.id, _drawn.c.group_id == group_id)
    ).rowcount
    if gone:
        said = f"“{group.name}” from “{campaign.name}”"
        row = {"campaign_id": campaign.id, "group_id": group_id}
        record(conn, who, "campaign.detach", subject=said, details=row, undoable=True)
    return bool(gone)


def switch(conn: Connection, who: Actor, campaign: CampaignRow, on: bool) -> CampaignRow:
    """Activates a campaign, or deactivates it."""
    changed = conn.execute(
        update(_campaigns)
        .where(_campaigns.c.id == campaign.id, _campaigns.c.active.is_(not on))
        .values(active=on)
    ).rowcount
    if changed:
        verb = "campaign.activate" if on else "campaign.deactivate"
        details = {"campaign_id": campaign.id}
        record(conn, who, verb, subject=campaign.name, details=details, undoable=True)
    return find(conn, campaign.public_id)


def eligible(conn: Connection, campaign: CampaignRow) -> int:
    """How many contacts a campaign may text: grouped, not suppressed, no test numbers."""
    query = select(func.count()).select_from(_contacts).where(eligible_for(campaign.id))
    return int(conn.scalar(query) or 0)


def eligible_for(campaign_id: int) -> ColumnElement[bool]:
    """Which contacts a campaign may text, as a condition on the table `contacts`.

    Only grouped contacts are: one that a suppression or a deletion took from its group is not.
    """
    drawn = select(_drawn.c.group_id).where(_drawn.c.campaign_id == campaign_id)
    added = exists().where(
        _added.c.contact_id == _contacts.c.id, _added.c.campaign_id == campaign_id
    )
    return and_(
        _contacts.c.stage == Stage.GROUPED,
        _contacts.c.badges.op("&")(BADGE_BITS[Badge.TEST]) == 0,
        or_(_contacts.c.group_id.in_(drawn), added),
    )


def _row(conn: Connection, row: Any) -> CampaignRow:
    group_ids = conn.execute(
        select(_drawn.c.group_id)
        .join(_groups, _groups.c.id == _drawn.c.group_id)
        .where(_drawn.c.campaign_id == row.id)
        .order_by(_groups.c.folded)
    ).scalars()
    single = conn.scalar(
        select(func.count()).select_from(_added).where(_added.c.campaign_id == row.id)
    )
    groups = tuple(by_id(conn, ident) for ident in group_ids)
    return CampaignRow(row.id, row.name, bool(row.active), row.created_at, groups, single or 0)


# Taking back and doing again.


def _draw(conn: Connection, change: ChangeRow) -> None:
    by_id(conn, change.details["group_id"])
    row = {name: change.details[name] for name in ("campaign_id", "group_id")}
    if run_counted(conn, insert_or_skip(conn, _drawn), row) == 0:
        raise Refused("The campaign draws on that group already.")


def _draw_no_more(conn: Connection, change: ChangeRow) -> None:
    gone = conn.execute(
        delete(_drawn).where(
            _drawn.c.campaign_id == change.details["campaign_id"],
            _drawn.c.group_id == change.details["group_id"],
        )
    ).rowcount
    if not gone:
        raise Refused("The campaign does not draw on that group any more.")


def _unmake(conn: Connection, change: ChangeRow) -> None:
    ident = change.details["campaign_id"]
    found = find(conn, public("cam", ident))
    number = select(_numbers.c.id).where(_numbers.c.campaign_id == ident).limit(1)
    if found.active or found.groups or found.contacts or conn.execute(number).first():
        raise Refused(
            f"The campaign “{found.name}” is in use: it is active, or has groups, contacts or a"
            " number."
        )
    conn.execute(delete(_campaigns).where(_campaigns.c.id == ident))


def _turn_name(conn: Connection, change: ChangeRow, was: str, becomes: str) -> None:
    found = find(conn, public("cam", change.details["campaign_id"]))
    if found.name != change.details[was]:
        since = by_whom_since(conn, change, "campaign_id")
        raise Refused(f"The campaign was renamed again since{since}, to “{found.name}”.")
    _set_name(conn, found.id, free_name(conn, change.details[becomes], but=found.id))


_SWITCHING = ("campaign.activate", "campaign.deactivate")


def _turn_switch(conn: Connection, change: ChangeRow, *, on: bool) -> None:
    turned = conn.execute(
        update(_campaigns)
        .where(_campaigns.c.id == change.details["campaign_id"], _campaigns.c.active.is_(not on))
        .values(active=on)
    ).rowcount
    if not turned:
        since = by_whom_since(conn, change, "campaign_id", verbs=_SWITCHING)
        raise Refused(f"The campaign was switched again since{since}.")


def _on(conn: Connection, change: ChangeRow) -> None:
    _turn_switch(conn, change, on=True)


def _off(conn: Connection, change: ChangeRow) -> None:
    _turn_switch(conn, change, on=False)


REVERSALS = {
    "campaign.create": Reversal(_unmake, bring_back),
    "campaign.rename": Reversal(
        lambda conn, change: _turn_name(conn, change, "after", "before"),
        lambda conn, change: _turn_name(conn, change, "before", "after"),
    ),
    "campaign.attach": Reversal(_draw_no_more, _draw),
    "campaign.detach": Reversal(_draw, _draw_no_more),
    "campaign.activate": Reversal(_off, _on),
    "campaign.deactivate": Reversal(_on, _off),
}
"""How acts on campaigns themselves are taken back; see also `storage.deleting_campaigns`."""
