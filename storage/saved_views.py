"""Views that a person keeps on the number keys."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.engine import Connection

from storage.changes import record
from storage.dialects import upsert
from storage.errors import NotFound, Refused
from storage.folding import fold
from storage.groups import by_id
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
    name = " ".join(name.split())
    if len(name) > LONGEST_NAME:
        raise Refused(f"A view's name may have {LONGEST_NAME} characters.")
    kept = {
        "place": view.place.value,
        "group_id": view.group_id,
        "search": view.search,
        "order": view.order.value,
    }
    conn.execute(
        upsert(conn, _views, ("owner", "slot"), ("name", "view", "changed_at")),
        {
            "owner": who.name,
            "slot": slot,
            "name": name,
            "view": json.dumps(kept),
            "changed_at": now(),
        },
    )
    record(conn, who, "view.save", subject=f"{slot} {name or view.title}")
    return Saved(slot, name or view.description, view)


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
    gone = conn.execute(
        delete(_views).where(_views.c.owner == who.name, _views.c.slot == slot)
    ).rowcount
    if not gone:
        raise NotFound(f"No view is kept on {slot}.")
    record(conn, who, "view.forget", subject=str(slot))


def _view(conn: Connection, kept: dict[str, Any]) -> View | None:
    place, group_id = Place(kept["place"]), kept["group_id"]
    name = ""
    if place is Place.GROUP:
        try:
            name = by_id(conn, group_id).name
        except NotFound:
            return None
    return View(place, group_id, name, kept["search"], Order(kept["order"]))
