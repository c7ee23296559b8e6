"""Where a person was when the desk was closed: which list, and the contact under the cursor."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from screens.navigation import ALL, DNC, QUEUE, Figures, key_of, view_of
from storage.glimpses import Key
from storage.words import Order, Place, View

if TYPE_CHECKING:
    from screens.backstage import Remembers

LONGEST = 500
"""Characters of a search that are kept."""


def resumed(memory: Remembers) -> tuple[str, View, Key | None] | None:
    """The key of the place, what it showed and the contact; None where nothing is remembered."""
    found = memory.recall("list")
    if not isinstance(found, dict):
        return None
    place, search, order, group = (
        text if isinstance(text := found.get(name), str) else ""
        for name in ("place", "search", "order", "group")
    )
    view: View | None = None
    if place in (ALL, QUEUE, DNC):
        view = view_of(place, Figures())
    elif named := re.fullmatch(r"group:([0-9]{1,18})", place):
        view = View(place=Place.GROUP, group_id=int(named[1]), group_name=group[:LONGEST])
    if view is None:
        return None
    if order in tuple(Order):
        view = view.ordered(Order(order))
    # What JSON can hold as a text no store need be able to.
    search = search.encode("utf-8", "replace").decode()
    return place, view.searching(search[:LONGEST]), _key(found)


def remember(memory: Remembers, view: View, at: Key | None) -> None:
    """Keeps where the person is."""
    memory.remember(
        "list",
        {
            "place": key_of(view),
            "group": view.group_name,
            "search": view.search,
            "order": view.order.value,
            "contact": None if at is None else [at.id, at.favorite],
        },
    )


def _key(found: dict[str, Any]) -> Key | None:
    match found.get("contact"):
        case [int(ident), bool(favorite)] if 0 < ident < 2**63:
            return Key(ident, favorite)
    return None
