"""Contacts as lists show them: with their labels and the name of their group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any

from sqlalchemy.engine import Connection

from storage.dialects import among_packed, packed
from storage.driver import fetch, fetch_together
from storage.errors import StoreDamaged
from storage.rows import moment_of
from storage.words import ContactRow, Kind, LabelTag, Stage, badges_of

_STAGES = {stage.value: stage for stage in Stage}
_KINDS = {kind.value: kind for kind in Kind}
KEPT_SECONDS = 1.0
"""How long a row may be taken for unchanged because its version is."""

_CONTACTS = (
    "SELECT c.id, c.phone, c.first_name, c.last_name, c.stage, c.kind, c.favorite, g.name,"
    " c.badges, c.received_at, c.version"
    ' FROM contacts AS c LEFT JOIN "groups" AS g ON g.id = c.group_id WHERE '
)
_LABELS = (
    "SELECT w.contact_id, l.id, l.name, l.colour FROM contact_labels AS w"
    " JOIN labels AS l ON l.id = w.label_id WHERE {} ORDER BY l.folded"
)


class RowKeeper:
    """Contacts that were read a moment ago, for a reader who looks at the same ones again."""

    def __init__(self) -> None:
        self._rows: dict[int, ContactRow] = {}
        self._since = -KEPT_SECONDS

    def rows_of(
        self, conn: Connection, ids: Sequence[int], seen: Mapping[int, int] | None = None
    ) -> tuple[ContactRow, ...]:
        """Like `rows_of`, reading again only what has another version.

        Args:
            conn: The snapshot.
            ids: Which, in this order.
            seen: The versions of those that the same snapshot told them of.
        """
        if not ids:
            return ()
        if monotonic() - self._since > KEPT_SECONDS:
            # Labels and groups may have been renamed, which no contact's version tells.
            self._rows, self._since = {}, monotonic()
        kept = self._rows
        versions = dict(seen or {})
        unseen = [ident for ident in ids if ident not in versions]
        if unseen:
            versions.update(_versions(conn, unseen))
        stale = [
            ident
            for ident in ids
            if ident in versions and _version(kept.get(ident)) != versions[ident]
        ]
        fresh = {row.id: row for row in rows_of(conn, stale)}
        rows = tuple([fresh.get(ident) or kept[ident] for ident in ids if ident in versions])
        self._rows = {row.id: row for row in rows}
        return rows


def _version(row: ContactRow | None) -> int | None:
    return None if row is None else row.version


def rows_of(conn: Connection, ids: Sequence[int]) -> tuple[ContactRow, ...]:
    """Contacts by id, in the order asked for; those that do not exist are left out."""
    if not ids:
        return ()
    wanted = (packed(conn, ids),)
    found, worn = fetch_together(
        conn,
        (_CONTACTS + among_packed(conn, "c.id"), wanted),
        (_LABELS.format(among_packed(conn, "w.contact_id")), wanted),
    )
    tags: dict[int, tuple[LabelTag, ...]] = {}
    for contact_id, *tag in worn:
        tags[contact_id] = (*tags.get(contact_id, ()), LabelTag(*tag))
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
            group,
            badges_of(badges) if badges else (),
            moment_of(received),
            version,
        )
    return tuple([rows[ident] for ident in ids if ident in rows])


def _stage(value: str) -> Stage:
    stage = _STAGES.get(value)
    if stage is None:
        raise StoreDamaged("The store holds a contact in a stage that does not exist.")
    return stage


def _versions(conn: Connection, ids: Sequence[int]) -> list[tuple[Any, ...]]:
    among = among_packed(conn, "id")
    return fetch(conn, f"SELECT id, version FROM contacts WHERE {among}", (packed(conn, ids),))  # noqa: S608 - our own names
