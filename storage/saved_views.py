"""Views that a person keeps on the number keys."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.engine import Connection

from storage.changes import ChangeRow, by_whom_since, record
from storage.dialects import upsert
from storage.errors import NotFound, Refused
from storage.folding import fold
from storage.groups import by_id
from storage.reversals import Reversal
from storage.tables import SavedView
from storage.times import now
from storage.words import Actor, Order, Place, View

SLOTS = range(1, 10)
"""The number keys that views are kept on."""

LONGEST_NAME = 60

_views: Any = SavedView.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Saved:
    """A kept view. `name` is untrusted."""

    slot: int
    name: str
    view: View


def save(conn: Connection, who: Actor, slot: int, view: View, name: str = "") -> Saved:
    """Keeps a view on a number key, in place of what was there.

    Raises:
        Refused: There is no such key, or the name is too long.
    """
    if slot not in SLOTS:
        raise Refused(f"Views are kept on the keys 1 to 9, not on {slot}.")
    kept = {
        "place": view.place.value,
        "group_id": view.group_id,
        "search": view.search,
        "order": view.order.value,
    }
    name = _checked(name)
    saved = Saved(slot, name or view.description, view)
    row = {"name": name, "view": kept}
    _change(conn, who, "view.save", slot, row, f"{slot}: “{saved.name}”")
    return saved


def rename(conn: Connection, who: Actor, slot: int, name: str) -> Saved:
    """Gives the view on a key another name; a blank one: what it shows.

    Raises:
        NotFound: No view is kept there.
        Refused: The name is too long.
    """
    before = at(conn, who, slot)
    row = _kept(conn, who.name, slot) or {}
    renamed = {**row, "name": _checked(name)}
    after = Saved(slot, renamed["name"] or before.view.description, before.view)
    said = f"{slot}: “{before.name}” to “{after.name}”"
    _change(conn, who, "view.rename", slot, renamed, said)
    return after


def _checked(name: str) -> str:
    name = " ".join(name.split())
    if len(name) > LONGEST_NAME:
        raise Refused(f"A view's name may have {LONGEST_NAME} characters.")
    return name


def _change(
    conn: Connection, who: Actor, verb: str, slot: int, row: dict[str, Any] | None, said: str
) -> None:
    """Puts a row, or none, on a person's key and records both that and what was there."""
    before = _kept(conn, who.name, slot)
    if row != before:
        _put(conn, who.name, slot, row)
        details = {"owner": who.name, "slot": slot, "before": before, "after": row}
        record(conn, who, verb, subject=said, details=details, undoable=True)


def _kept(conn: Connection, owner: str, slot: int) -> dict[str, Any] | None:
    """What is on a key, as changes note it."""
    query = select(_views).where(_views.c.owner == owner, _views.c.slot == slot)
    row = conn.execute(query).one_or_none()
    return None if row is None else {"name": row.name, "view": json.loads(row.view)}


def _put(conn: Connection, owner: str, slot: int, row: dict[str, Any] | None) -> None:
    if row is None:
        conn.execute(delete(_views).where(_views.c.owner == owner, _views.c.slot == slot))
        return
    conn.execute(
        upsert(conn, _views, ("owner", "slot"), ("name", "view", "changed_at")),
        {
            "owner": owner,
            "slot": slot,
            "name": row["name"],
            "view": json.dumps(row["view"]),
            "changed_at": now(),
        },
    )


def listing(conn: Connection, who: Actor) -> list[Saved]:
    """A person's views by key. One whose group was deleted is left out."""
    rows = conn.execute(
        select(_views).where(_views.c.owner == who.name).order_by(_views.c.slot)
    ).all()
    found = []
    for row in rows:
        view = _view(conn, json.loads(row.view))
        if view is not None:
            found.append(Saved(row.slot, row.name or view.description, view))
    return found


def at(conn: Connection, who: Actor, slot: int) -> Saved:
    """The view on a key.

    Raises:
        NotFound: There is none, or its group was deleted.
    """
    for saved in listing(conn, who):
        if saved.slot == slot:
            return saved
    raise NotFound(f"No view is kept on {slot}.", "Save one there first.")


def find(conn: Connection, who: Actor, text: str) -> Saved:
    """The view on a key, or of a name in any spelling of case and accents.

    Raises:
        NotFound: There is none.
    """
    if text.isascii() and text.isdigit():
        return at(conn, who, int(text))
    for saved in listing(conn, who):
        if fold(saved.name) == fold(text):
            return saved
    raise NotFound(f"You keep no view “{text}”.", "See: optdesk views list")


def free_slot(conn: Connection, who: Actor) -> int:
    """The first key on which the person keeps nothing.

    Raises:
        Refused: There is none.
    """
    taken = set(conn.execute(select(_views.c.slot).where(_views.c.owner == who.name)).scalars())
    for slot in SLOTS:
        if slot not in taken:
            return slot
    raise Refused("Views are kept on all nine keys.", "Say which one to use.")


def forget(conn: Connection, who: Actor, slot: int) -> None:
    """Frees a key.

    Raises:
        NotFound: No view is kept there.
    """
    row = _kept(conn, who.name, slot)
    if row is None:
        raise NotFound(f"No view is kept on {slot}.")
    view = _view(conn, row["view"])
    name = row["name"] or (view.description if view is not None else "")
    _change(conn, who, "view.forget", slot, None, f"{slot}: “{name}”" if name else str(slot))


def _view(conn: Connection, kept: dict[str, Any]) -> View | None:
    place, group_id = Place(kept["place"]), kept["group_id"]
    name = ""
    if place is Place.GROUP:
        try:
            name = by_id(conn, group_id).name
        except NotFound:
            return None
    return View(place, group_id, name, kept["search"], Order(kept["order"]))


# Taking back and doing again.


def _turn(conn: Connection, change: ChangeRow, was: str, becomes: str) -> None:
    owner, slot = change.details["owner"], change.details["slot"]
    if _kept(conn, owner, slot) != change.details[was]:
        since = by_whom_since(conn, change, "owner", "slot", verbs=tuple(REVERSALS))
        raise Refused(f"The view on {slot} was changed again since{since}.")
    _put(conn, owner, slot, change.details[becomes])


_TURNING = Reversal(
    lambda conn, change: _turn(conn, change, "after", "before"),
    lambda conn, change: _turn(conn, change, "before", "after"),
)
REVERSALS = dict.fromkeys(("view.save", "view.rename", "view.forget"), _TURNING)
"""How keeping, renaming and forgetting are taken back."""
