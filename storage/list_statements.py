"""The statements that lists are read by, written once for each kind of list.

They go below SQLAlchemy: a key that is pressed for the first time does not wait until they are
compiled.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, literal_column
from sqlalchemy.dialects import sqlite

from storage.tables import Contact
from storage.words import Place, Stage, View

_contacts: Any = Contact.__table__  # type: ignore[attr-defined]

_LIVE: list[ColumnElement[str]] = [
    literal_column(f"'{stage.value}'") for stage in Stage if stage is not Stage.DELETED
]

_QMARK = sqlite.dialect(paramstyle="qmark")


def stage_is(stage: Stage) -> ColumnElement[bool]:
    """A condition on the stage.

    Spelled out, because a partial index is not used for a parameter.
    """
    return _contacts.c.stage == literal_column(f"'{stage.value}'")  # type: ignore[no-any-return]


def in_place(view: View) -> ColumnElement[bool]:
    """Which contacts the place of a view holds, whatever is searched for."""
    return _in_place(view.place, view.group_id)


def flagged(place: ColumnElement[bool], favorite: bool | None) -> ColumnElement[bool]:
    """Those of a place that are favorites, or are none; None: all of them."""
    if favorite is None:
        return place
    return and_(place, _contacts.c.favorite == literal_column(str(int(favorite))))


def _in_place(place: Place, group: Any) -> ColumnElement[bool]:
    if place is Place.QUEUE:
        return stage_is(Stage.QUEUED)
    if place is Place.DNC:
        return stage_is(Stage.SUPPRESSED)
    if place is Place.GROUP:
        return and_(_contacts.c.group_id == group, stage_is(Stage.GROUPED))
    return _contacts.c.stage != literal_column(f"'{Stage.DELETED.value}'")  # type: ignore[no-any-return]


@cache
def spelled(place: Place, favorite: bool | None) -> str:
    """A place's condition as SQL; of a group, its id is to be given."""
    return _as_sql(flagged(_in_place(place, bindparam("group")), favorite))


def window(
    place: Place, favorite: bool | None, descending: bool, bounded: bool, *, bare: bool = False
) -> str:
    """The ids that follow an edge, with the versions of their rows unless bare."""
    columns = "id" if bare else "id, version"
    return f"{_listed(columns, place, favorite, descending, bounded)} LIMIT ?"


def nth(place: Place, favorite: bool | None, descending: bool) -> str:
    """The id of a row by its number."""
    return f"{_listed('id', place, favorite, descending, False)} LIMIT 1 OFFSET ?"


def end_of_all(descending: bool) -> str:
    """The newest contact of all or the oldest, also where it is deleted."""
    return f"SELECT id FROM contacts ORDER BY id{' DESC' if descending else ''} LIMIT ?"  # noqa: S608


@cache
def favorite_in(place: Place) -> str:
    """Whether a contact of a place is a favorite; no row where the place does not hold it."""
    return f"SELECT favorite FROM contacts WHERE {spelled(place, None)} AND id = ?"  # noqa: S608


@cache
def newer(place: Place) -> str:
    """How many contacts are newer than an id, counted up to a cap."""
    found = f"SELECT id FROM contacts WHERE {spelled(place, None)} AND id > ? LIMIT ?"  # noqa: S608
    return f"SELECT count(*) FROM ({found}) AS newer"  # noqa: S608


@cache
def counted(
    place: Place,
    favorite: bool | None,
    sign: str = "",
    *,
    capped: bool = False,
    on_server: bool = False,
) -> str:
    """How many there are, all or those on one side of an id.

    Args:
        place: Where.
        favorite: See `spelled`.
        sign: What an id is compared with the edge by; without one, all are counted.
        capped: Count up to a number that is to be given last.
        on_server: The store is on PostgreSQL.
    """
    where = spelled(place, favorite)
    if place is Place.ALL and favorite is None:
        if on_server and sign and not capped:
            return _all_but_deleted(sign)
        # Says the same, and can be counted in the index by stage.
        where = where if on_server else _as_sql(_contacts.c.stage.in_(_LIVE))
    found = f"FROM contacts WHERE {where}" + (f" AND id {sign} ?" if sign else "")
    if capped:
        return f"SELECT count(*) FROM (SELECT id {found} LIMIT ?) AS near"  # noqa: S608
    return f"SELECT count(*) {found}"


def _all_but_deleted(sign: str) -> str:
    """Both are counted in an index; whom no group holds alone is in that by stage."""
    every = f"SELECT count(*) FROM contacts WHERE id {sign} (SELECT id FROM edge)"  # noqa: S608
    return (
        f"WITH edge (id) AS (SELECT CAST(? AS BIGINT)) SELECT ({every})"
        f" - ({every} AND {_as_sql(stage_is(Stage.DELETED))})"
    )


@cache
def _listed(
    columns: str, place: Place, favorite: bool | None, descending: bool, bounded: bool
) -> str:
    where = spelled(place, favorite)
    if bounded:
        where += f" AND id {'<' if descending else '>'} ?"
    order = " DESC" if descending else ""
    return f"SELECT {columns} FROM contacts WHERE {where} ORDER BY id{order}"  # noqa: S608


def _as_sql(condition: ColumnElement[bool]) -> str:
    return str(condition.compile(dialect=_QMARK))
