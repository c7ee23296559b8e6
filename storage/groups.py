"""Groups: named sets that campaigns may use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from unicodedata import category

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection

from storage.changes import ChangeRow, by_whom_since, record
from storage.errors import NotFound, Refused
from storage.ids import new_id, parse, public
from storage.reversals import Reversal
from storage.search import fold
from storage.tables import Campaign, CampaignGroup, Contact, Group
from storage.tallies import group_tally, read_tallies
from storage.times import from_micros, now, to_micros
from storage.words import Actor

LONGEST_NAME = 80

_campaigns: Any = Campaign.__table__  # type: ignore[attr-defined]
_contacts: Any = Contact.__table__  # type: ignore[attr-defined]
_drawn: Any = CampaignGroup.__table__  # type: ignore[attr-defined]
_groups: Any = Group.__table__  # type: ignore[attr-defined]
_BY_NAME = select(_groups).order_by(_groups.c.folded)


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group as lists show it. `name` is untrusted."""

    id: int
    name: str
    count: int

    @property
    def public_id(self) -> str:
        """`grp_` and 16 hex digits."""
        return public("grp", self.id)


def create(conn: Connection, who: Actor, name: str) -> GroupRow:
    """Makes a group.

    Raises:
        Refused: The name is blank, too long or taken.
    """
    name, folded = free_name(conn, name)
    ident = new_id()
    conn.execute(
        insert(_groups), {"id": ident, "name": name, "folded": folded, "created_at": now()}
    )
    record(conn, who, "group.create", subject=name, details=kept(conn, ident), undoable=True)
    return GroupRow(ident, name, 0)


def free_name(conn: Connection, name: str, but: int = 0) -> tuple[str, str]:
    """A group's name as it is kept and as it is compared.

    Args:
        conn: The store.
        name: As it was written.
        but: The group that may have that name already.

    Raises:
        Refused: It is blank, too long or another group's.
    """
    name, folded = check_name(name, "group")
    taken = select(_groups.c.id).where(_groups.c.folded == folded, _groups.c.id != but)
    if conn.execute(taken).first() is not None:
        raise Refused(f"There is a group “{name}” already.", "Choose it, or another name.")
    return name, folded


def rename(conn: Connection, who: Actor, group_id: int, name: str) -> GroupRow:
    """Gives a group another name.

    Raises:
        NotFound: There is no such group.
        Refused: The name is blank, too long or taken.
    """
    found = by_id(conn, group_id)
    name, folded = free_name(conn, name, but=group_id)
    if name != found.name:
        _set_name(conn, group_id, name, folded)
        details = {"group_id": group_id, "before": found.name, "after": name}
        said = f"“{found.name}” to “{name}”"
        record(conn, who, "group.rename", subject=said, details=details, undoable=True)
    return GroupRow(group_id, name, found.count)


def delete(conn: Connection, who: Actor, group_id: int) -> GroupRow:
    """Deletes a group that holds nobody; undo brings it back.

    Raises:
        NotFound: There is no such group.
        Refused: It holds contacts, or a campaign draws on it.
    """
    found = by_id(conn, group_id)
    member = select(_contacts.c.id).where(_contacts.c.group_id == group_id).limit(1)
    if conn.execute(member).first() is not None:
        raise Refused(
            f"The group “{found.name}” holds {found.count:,} contact"
            f"{'' if found.count == 1 else 's'}: only an empty group can be deleted.",
            "Move them to another group first, or merge this one into another.",
        )
    drawing = campaigns_of(conn, group_id)
    if drawing:
        raise Refused(
            f"The campaign “{drawing[0].name}” draws on the group “{found.name}”.",
            "Detach it from the campaign first.",
        )
    details = kept(conn, group_id)
    take_away(conn, group_id)
    record(conn, who, "group.delete", subject=found.name, details=details, undoable=True)
    return found


def kept(conn: Connection, group_id: int) -> dict[str, Any]:
    """A group's row as `bring_back` takes it from the details of a change."""
    row = conn.execute(select(_groups).where(_groups.c.id == group_id)).one()
    return {
        "group": {"id": row.id, "name": row.name, "folded": row.folded},
        "created_at": to_micros(row.created_at),
    }


def take_away(conn: Connection, group_id: int) -> None:
    """Removes a group's row."""
    conn.execute(_groups.delete().where(_groups.c.id == group_id))


def bring_back(conn: Connection, change: ChangeRow) -> None:
    """Makes a group again that a change took away, unless that was done already.

    Raises:
        Refused: Its name was given to another one meanwhile.
    """
    row = change.details["group"]
    if conn.execute(select(_groups.c.id).where(_groups.c.id == row["id"])).first() is not None:
        return
    free_name(conn, row["name"])
    conn.execute(insert(_groups), row | {"created_at": from_micros(change.details["created_at"])})


def campaigns_of(conn: Connection, group_id: int) -> list[Any]:
    """The campaigns that draw on a group: their `id` and `name`."""
    rows = conn.execute(
        select(_campaigns.c.id, _campaigns.c.name)
        .join(_drawn, _drawn.c.campaign_id == _campaigns.c.id)
        .where(_drawn.c.group_id == group_id)
        .order_by(_campaigns.c.id)
    )
    return list(rows)


def by_id(conn: Connection, group_id: int) -> GroupRow:
    """A group by its id.

    Raises:
        NotFound: There is none.
    """
    row = conn.execute(select(_groups).where(_groups.c.id == group_id)).one_or_none()
    if row is None:
        raise NotFound("That group does not exist any more.", "Choose another one.")
    tally = group_tally(row.id)
    return GroupRow(row.id, row.name, read_tallies(conn, [tally])[tally])


def _set_name(conn: Connection, group_id: int, name: str, folded: str) -> None:
    values = {"name": name, "folded": folded}
    conn.execute(update(_groups).where(_groups.c.id == group_id).values(values))


def ensure(conn: Connection, who: Actor, name: str) -> GroupRow:
    """The group of that name, made where it is missing."""
    try:
        return find(conn, name)
    except NotFound:
        return create(conn, who, name)


def find(conn: Connection, name: str) -> GroupRow:
    """A group by its name, in any spelling of case and accents, or by its id.

    Raises:
        NotFound: There is none.
    """
    row = conn.execute(select(_groups).where(_groups.c.folded == fold(name))).one_or_none()
    ident = parse(name)
    if row is None and ident is not None:
        row = conn.execute(select(_groups).where(_groups.c.id == ident)).one_or_none()
    if row is None:
        raise NotFound(f"There is no group “{name}”.", "See: optdesk groups list")
    return GroupRow(
        row.id, row.name, read_tallies(conn, [group_tally(row.id)])[group_tally(row.id)]
    )


def listing(conn: Connection) -> list[GroupRow]:
    """All groups by name, with how many contacts each holds."""
    rows = conn.execute(_BY_NAME).all()
    counts = read_tallies(conn, [group_tally(row.id) for row in rows])
    return [GroupRow(row.id, row.name, counts[group_tally(row.id)]) for row in rows]


def check_name(name: str, thing: str) -> tuple[str, str]:
    """A name as it is kept and as it is compared; a control character is a space.

    Raises:
        Refused: It is blank or too long.
    """
    name = " ".join("".join(" " if category(sign) == "Cc" else sign for sign in name).split())
    folded = fold(name)
    if not folded:
        raise Refused(f"A {thing} needs a name.", "Type one.")
    if len(name) > LONGEST_NAME:
        raise Refused(
            f"A {thing}'s name may have {LONGEST_NAME} characters.", "Choose a shorter one."
        )
    return name, folded


def _turn_name(conn: Connection, change: ChangeRow, was: str, becomes: str) -> None:
    details = change.details
    found = by_id(conn, details["group_id"])
    if found.name != details[was]:
        since = by_whom_since(conn, change, "group_id")
        raise Refused(f"The group was renamed again since{since}, to “{found.name}”.")
    _set_name(conn, found.id, *free_name(conn, details[becomes], but=found.id))


def _delete_again(conn: Connection, change: ChangeRow) -> None:
    group = by_id(conn, change.details["group"]["id"])
    if _in_use(conn, group.id):
        raise Refused(f"The group “{group.name}” is in use again.")
    take_away(conn, group.id)


def _unmake(conn: Connection, change: ChangeRow) -> None:
    group = by_id(conn, change.details["group"]["id"])
    if _in_use(conn, group.id):
        raise Refused(
            f"The group “{group.name}” is in use: only an empty one that no campaign draws on goes."
        )
    take_away(conn, group.id)


def _in_use(conn: Connection, group_id: int) -> bool:
    member = select(_contacts.c.id).where(_contacts.c.group_id == group_id).limit(1)
    return conn.execute(member).first() is not None or bool(campaigns_of(conn, group_id))


REVERSALS = {
    "group.rename": Reversal(
        lambda conn, change: _turn_name(conn, change, "after", "before"),
        lambda conn, change: _turn_name(conn, change, "before", "after"),
    ),
    "group.create": Reversal(_unmake, bring_back),
    "group.delete": Reversal(bring_back, _delete_again),
}
"""How acts on groups themselves are taken back; see also `storage.regrouping`."""
