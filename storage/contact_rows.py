"""Contacts as lists show them: with their labels and the name of their group."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from time import monotonic
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Select, any_, bindparam, func, select
from sqlalchemy.engine import Connection

from storage.dialects import is_postgresql
from storage.errors import StoreDamaged
from storage.tables import Contact, ContactLabel, Group, Label
from storage.words import ContactRow, Kind, LabelTag, Stage, badges_of

_contacts: Any = Contact.__table__  # type: ignore[attr-defined]
_worn: Any = ContactLabel.__table__  # type: ignore[attr-defined]
_labels: Any = Label.__table__  # type: ignore[attr-defined]
_groups: Any = Group.__table__  # type: ignore[attr-defined]

_STAGES = {stage.value: stage for stage in Stage}
_KINDS = {kind.value: kind for kind in Kind}
KEPT_SECONDS = 1.0
"""How long a row may be taken for unchanged because its version is."""

_COLUMNS = (
    *("id", "phone", "first_name", "last_name", "stage", "kind", "favorite"),
    *("group_id", "badges", "received_at", "version"),
)


class RowKeeper:
    """Contacts that were read a moment ago, for a reader who looks at the same ones again."""

    def __init__(self) -> None:
        self._rows: dict[int, ContactRow] = {}
        self._since = -KEPT_SECONDS

    def rows_of(self, conn: Connection, ids: Sequence[int]) -> tuple[ContactRow, ...]:
        """Like `rows_of`, reading again only what has another version."""
        if not ids:
            return ()
        if monotonic() - self._since > KEPT_SECONDS:
            # Labels and groups may have been renamed, which no contact's version tells.
            self._rows, self._since = {}, monotonic()
        kept = self._rows
        versions = conn.execute(_versions(is_postgresql(conn)), _bound(conn, ids)).all()
        stale = [ident for ident, version in versions if _version(kept.get(ident)) != version]
        fresh = {row.id: row for row in rows_of(conn, stale)}
        there = {ident for ident, _ in versions}
        rows = tuple([fresh.get(ident) or kept[ident] for ident in ids if ident in there])
        self._rows = {row.id: row for row in rows}
        return rows


def _version(row: ContactRow | None) -> int | None:
    return None if row is None else row.version


def rows_of(conn: Connection, ids: Sequence[int]) -> tuple[ContactRow, ...]:
    """Contacts by id, in the order asked for; those that do not exist are left out."""
    if not ids:
        return ()
    of_contacts, of_labels, of_groups = _statements(is_postgresql(conn))
    found = conn.execute(of_contacts, _bound(conn, ids)).all()
    tags: dict[int, tuple[LabelTag, ...]] = {}
    for contact_id, *tag in conn.execute(of_labels, _bound(conn, ids)):
        tags[contact_id] = (*tags.get(contact_id, ()), LabelTag(*tag))
    group_ids = {row[7] for row in found} - {None}
    groups: dict[int, str] = {}
    if group_ids:
        named = conn.execute(of_groups, _bound(conn, group_ids))
        groups.update({row[0]: row[1] for row in named})
    rows: dict[int, ContactRow] = {}
    for ident, phone, first, last, stage, kind, favorite, group, badges, received, version in found:
        rows[ident] = ContactRow(
            ident,
            phone,
            first,
            last,
            _stage(stage),
            _KINDS.get(kind, Kind.OTHER),
            favorite != 0,
            tags.get(ident, ()),
            groups.get(group),
            badges_of(badges) if badges else (),
            received,
            version,
        )
    return tuple([rows[ident] for ident in ids if ident in rows])


def _stage(value: str) -> Stage:
    stage = _STAGES.get(value)
    if stage is None:
        raise StoreDamaged("The store holds a contact in a stage that does not exist.")
    return stage


def _among(column: Any, on_postgresql: bool) -> Any:
    if on_postgresql:
        return column == any_(bindparam("ids", type_=ARRAY(BigInteger())))
    each = func.json_each(bindparam("ids")).table_valued("value")
    return column.in_(select(each.c.value))


@cache
def _versions(on_postgresql: bool) -> Select[Any]:
    columns = select(_contacts.c.id, _contacts.c.version)
    return columns.where(_among(_contacts.c.id, on_postgresql))


@cache
def _statements(on_postgresql: bool) -> tuple[Select[Any], Select[Any], Select[Any]]:
    """Built once: putting them together costs more than running them."""

    def among(column: Any) -> Any:
        return _among(column, on_postgresql)

    of_contacts = select(*[_contacts.c[name] for name in _COLUMNS]).where(among(_contacts.c.id))
    of_labels = (
        select(_worn.c.contact_id, _labels.c.id, _labels.c.name, _labels.c.colour)
        .join(_labels, _labels.c.id == _worn.c.label_id)
        .where(among(_worn.c.contact_id))
        .order_by(_labels.c.folded)
    )
    of_groups = select(_groups.c.id, _groups.c.name).where(among(_groups.c.id))
    return of_contacts, of_labels, of_groups


def _bound(conn: Connection, ids: Sequence[int] | set[int]) -> dict[str, Any]:
    listed = list(ids)
    return {"ids": listed if is_postgresql(conn) else json.dumps(listed)}
