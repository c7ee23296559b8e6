"""Which contacts a verb of the command line is about."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from storage.errors import NotFound, WrongUsage
from storage.words import ContactRow, Order, Place, Stage, Target, View

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from app.cli.session import Session
    from storage.store import Store

# Verbs and their tables are imported by what needs them: a list of a whole view needs none.

Contacts = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="CONTACT",
        help="Ids (con_…) or numbers; - reads them from standard input, one a line.",
        show_default=False,
    ),
]
ViewName = Annotated[
    str | None,
    typer.Option(
        "--view", metavar="VIEW", help="All in queue, all, dnc, group:NAME or saved:NAME."
    ),
]
Search = Annotated[
    str | None,
    typer.Option("--search", metavar="TEXT", help="All that match, by name, number or label."),
]
WhatFirst = Annotated[
    Order | None, typer.Option(help="What comes first; newest, or a kept view's own order.")
]


_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Part:
    """Contacts that stand in one place, and the view in which they were seen there."""

    target: Target
    seen: View | None


@dataclass(frozen=True, slots=True)
class Choice:
    """The contacts a person named."""

    parts: tuple[Part, ...]
    missing: tuple[str, ...] = ()
    """What was named and does not exist, when something else does."""


def view_of(
    session: Session, name: str, search: str | None = None, order: Order | None = None
) -> View:
    """The view behind `queue`, `all`, `dnc`, `group:NAME`, or `saved:` and a key or a name.

    Args:
        session: The run.
        name: Which.
        search: What it is narrowed to; of a kept view, beside its own search.
        order: None for the usual one, or a kept view's own.

    Raises:
        WrongUsage: It is none of these.
        NotFound: There is no such group or kept view.
    """
    found = _named_view(session, name)
    if search:
        found = found.searching(f"{found.search} {search}".strip())
    return found if order is None else found.ordered(order)


def _named_view(session: Session, name: str) -> View:
    kind, _, rest = name.partition(":")
    if kind == "group" and rest:
        from storage import groups

        with session.store().read() as conn:
            group = groups.find(conn, rest)
        return View(Place.GROUP, group.id, group.name)
    if kind == "saved" and rest:
        from storage import saved_views

        with session.store().read() as conn:
            return saved_views.find(conn, session.who, rest).view
    places = {place.value: place for place in Place if place is not Place.GROUP}
    if name not in places:
        raise WrongUsage(f"“{name}” is no view.", "Use queue, all, dnc, group:NAME or saved:NAME.")
    return View(places[name])


@dataclass(frozen=True, slots=True)
class _Named:
    """A contact as it was named, and where it was seen, if that was said with it."""

    text: str
    place: str | None = None
    """Spelled as for `view_of`; empty for a place that no view guards."""


def choose(session: Session, named: Sequence[str], view: str | None, search: str | None) -> Choice:
    """The contacts that were named one by one, or all that a view and a search match.

    Contacts named one by one are guarded by where they stood when the command was given, or by
    the `stage` and `group` of the JSON that named them: one that somebody has taken from there
    since is left to them.

    Args:
        session: The run.
        named: Ids, numbers, or `-` for a list on standard input.
        view: A view, or None.
        search: A search in that view, or in the queue; or None.

    Raises:
        WrongUsage: Nothing was named, or both ways were used.
        NotFound: None of those named exists.
    """
    store = session.store()
    if not named:
        if view is None and search is None:
            raise WrongUsage(
                "No contacts were named.",
                "Give ids or numbers, - for a list on standard input, or --view and --search.",
            )
        whole = view_of(session, view or Place.QUEUE.value, search)
        from storage.bulk import all_until_now

        return Choice((Part(all_until_now(store, whole), whole),))
    if search is not None:
        raise WrongUsage("Name contacts or search for them, not both.")
    found, missing = _find(store, list(_spelled(named)))
    if missing and not found:
        raise NotFound(f"There is no contact “{missing[0]}”.", "Name it by con_… or its number.")
    if view is not None:
        seen = view_of(session, view)
        return Choice((Part(Target(ids=tuple(found)), seen),), tuple(missing))
    started = datetime.fromtimestamp(session.flags.started, UTC)
    return Choice(tuple(_by_place(session, found, started)), tuple(missing))


def _spelled(named: Iterable[str]) -> Iterator[_Named]:
    for text in named:
        if text == "-":
            yield from (_from_line(line.strip()) for line in sys.stdin if line.strip())
        else:
            yield _Named(text)


def _from_line(line: str) -> _Named:
    """A contact on a line of its own: an id, a number, or what `contacts list --json` prints."""
    if not line.startswith("{"):
        return _Named(line)
    try:
        said = json.loads(line)
    except ValueError as error:
        raise WrongUsage("A line on standard input is neither a contact nor JSON.") from error
    ident, stage, group = said.get("id"), said.get("stage"), said.get("group")
    if not isinstance(ident, str):
        raise WrongUsage("A JSON object on standard input has no “id”.")
    if isinstance(stage, str) and stage in set(Stage) and isinstance(group, str | None):
        return _Named(ident, _place(Stage(stage), group))
    return _Named(ident)


def _find(store: Store, named: Sequence[_Named]) -> tuple[dict[int, str | None], list[str]]:
    """The ids with the places they were seen in, and what does not exist."""
    from storage.profile import find_contact

    found: dict[int, str | None] = {}
    missing = []
    with store.read() as conn:
        for each in named:
            if not each.text.isprintable():
                # Nor can a store look for it: NUL, or bytes that are no text.
                missing.append(each.text)
                continue
            try:
                found[find_contact(conn, each.text)] = each.place
            except NotFound:
                missing.append(each.text)
    return found, missing


def _by_place(
    session: Session, found: Mapping[int, str | None], started: datetime
) -> Iterator[Part]:
    from storage.contact_rows import rows_of

    store = session.store()
    places: dict[str, list[int]] = {}
    ids = list(found)
    for start in range(0, len(ids), _AT_ONCE):
        with store.read() as conn:
            for row in rows_of(conn, ids[start : start + _AT_ONCE]):
                place = found[row.id]
                if place is None:
                    place = _place_when(conn, row, started)
                places.setdefault(place, []).append(row.id)
    for name, there in places.items():
        yield Part(Target(ids=tuple(there)), _seen(session, name))


def _place_when(conn: Connection, row: ContactRow, started: datetime) -> str:
    """Where a contact stood when the command was given."""
    from storage.profile import history

    if row.stage is Stage.GROUPED:
        moves = (change for change in history(conn, row.id) if change.verb == "move")
        latest = next(moves, None)
        if latest is not None and not latest.undone and latest.at >= started:
            # Anywhere but there: whoever moved it is told of.
            return Place.QUEUE.value
    return _place(row.stage, row.group)


def _place(stage: Stage, group: str | None) -> str:
    if stage is Stage.QUEUED:
        return Place.QUEUE.value
    return f"group:{group}" if stage is Stage.GROUPED and group else ""


def _seen(session: Session, name: str) -> View | None:
    if not name:
        return None
    try:
        return view_of(session, name)
    except NotFound:
        # The group is gone, and with it every contact that was seen there.
        return View(Place.GROUP, 0, name)
