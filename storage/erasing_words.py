"""Words of the staff that are about a person who is erased: saved views, and names of their making.

A view with the number or a whole name means nobody else and goes. One of the names alone may mean
many: such a view goes where it finds nobody besides. Whoever erases is told of what stays.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence, Set
from typing import Any, NamedTuple

from sqlalchemy import and_, delete, select, true
from sqlalchemy.engine import Connection

from storage.dialects import among
from storage.folding import fold
from storage.search import Search
from storage.tables import Campaign, Contact, Group, Label, SavedView

_views: Any = SavedView.__table__  # type: ignore[attr-defined]
_contacts: Any = Contact.__table__  # type: ignore[attr-defined]

_models: dict[str, Any] = {"label": Label, "group": Group, "campaign": Campaign}
_GIVEN = {sort: model.__table__.c.name for sort, model in _models.items()}
_LETTERS = re.compile(r"\W+")


class Key(NamedTuple):
    """Where a view is kept."""

    owner: str
    slot: int


class Found(NamedTuple):
    """The views that hold something of a person."""

    gone: list[Key]
    kept: list[Key]
    """They find others as well."""
    named: list[str]
    """Sorts of things that are named after the person, such as a label."""


def about(
    conn: Connection, names_them: Callable[[str], bool], words: Set[str], ids: Sequence[int]
) -> Found:
    """Looks through all saved views, and what else has a name that somebody gave it.

    Args:
        conn: A snapshot, or a transaction.
        names_them: Whether a text holds the number or a whole name.
        words: Each of the names alone, folded.
        ids: The person's contacts.
    """
    named = [
        sort
        for sort, column in _GIVEN.items()
        if any(map(names_them, conn.scalars(select(column))))
    ]
    found = Found(naming(conn, names_them), [], named)
    for row in conn.execute(select(_views).order_by(_views.c.owner, _views.c.slot)):
        search = json.loads(row.view)["search"]
        key = Key(row.owner, row.slot)
        if key in found.gone:
            continue
        if not words.isdisjoint(_said(search)):
            others = Search(conn, search).ids(_others(conn, ids), limit=1)
            (found.kept if others else found.gone).append(key)
        elif not words.isdisjoint(_LETTERS.split(fold(row.name))):
            found.kept.append(key)
    return found


def _said(search: str) -> list[str]:
    """The words of a search, without those of its conditions: a label is nobody's name."""
    said = [word for word in search.split() if ":" not in word]
    return _LETTERS.split(fold(" ".join(said)))


def _others(conn: Connection, ids: Sequence[int]) -> Any:
    return and_(true(), ~among(conn, _contacts.c.id, list(ids)))


def naming(conn: Connection, names_them: Callable[[str], bool]) -> list[Key]:
    """The views that hold the number or a whole name."""
    return [
        Key(row.owner, row.slot)
        for row in conn.execute(select(_views))
        if names_them(json.loads(row.view)["search"]) or names_them(row.name)
    ]


def remove(conn: Connection, keys: Iterable[Key]) -> None:
    """Frees their keys."""
    for owner, slot in keys:
        conn.execute(delete(_views).where(_views.c.owner == owner, _views.c.slot == slot))


def remarks(found: Found) -> list[str]:
    """What whoever erases has to know. Names of people are untrusted."""
    said = []
    if found.gone:
        were = "view that was" if len(found.gone) == 1 else "views that were"
        said.append(f"{len(found.gone):,} saved {were} about nobody else went too.")
    if found.kept:
        where = ", ".join(f"{slot} of {owner}" for owner, slot in found.kept)
        holds = "A saved view holds" if len(found.kept) == 1 else "Saved views hold"
        said.append(f"{holds} one of the names and may be about others: see {where}.")
    said += [f"A {sort} is named after the person: give it another name." for sort in found.named]
    return said
