"""Returning contacts to where an act took them from, as far as nobody has touched them since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import and_, exists, or_, select, update
from sqlalchemy.engine import Connection

from storage import phone_index
from storage.changes import ChangeRow
from storage.dialects import among, or_fail
from storage.driver import run
from storage.failing import fail
from storage.holding import OPENING
from storage.noting import Stretch, leave_places, those
from storage.rows import moment_value
from storage.standing_in_the_way import nobody_since
from storage.suppressions import phone_hash, store_secret, suppressed_among
from storage.tables import ChangeItem, Contact, Group, Message
from storage.tallies import add_tallies, group_tally, stage_tally
from storage.times import now
from storage.words import BADGE_BITS, Badge, Stage

_contacts: Any = Contact.__table__  # type: ignore[attr-defined]
_items: Any = ChangeItem.__table__  # type: ignore[attr-defined]
_groups: Any = Group.__table__  # type: ignore[attr-defined]
_messages: Any = Message.__table__  # type: ignore[attr-defined]


def ids_where(conn: Connection, ids: Sequence[int], *conditions: Any) -> Sequence[int]:
    """Which of some contacts meet conditions."""
    query = select(_contacts.c.id).where(among(conn, _contacts.c.id, ids), *conditions)
    return list(conn.execute(query).scalars())


def put_back(conn: Connection, change: ChangeRow, ids: Sequence[int]) -> Sequence[int]:
    """Returns moved or deleted contacts to where they were, unless they were touched since."""
    if change.verb in ("move", "group.merge"):
        untouched = and_(
            _contacts.c.stage == Stage.GROUPED, _contacts.c.group_id == _arrived_in(change)
        )
    elif change.verb == "suppress":
        untouched = _contacts.c.stage == Stage.SUPPRESSED
    else:
        untouched = _contacts.c.stage == Stage.DELETED
    reached = ids_where(conn, ids, untouched, nobody_since(change), _group_is_there(change))
    people = _people(conn, reached)
    if change.verb == "delete":
        people = _whose_number_is_free(conn, people)
    barred = _barred(conn, people)
    free: Sequence[int] = [ident for ident in people if ident not in barred]
    if free:
        if len(free) == len(ids):
            # All that the act noted between the first and the last of them.
            free = Stretch(sorted(free))
        _restore(conn, change, free)
        if change.verb == "delete":
            phone_index.come_back(conn, [(ident, people[ident]) for ident in free])
        _count_back(conn, change, free)
        _resume_confirming(conn, free)
    return free


def _restore(conn: Connection, change: ChangeRow, ids: Sequence[int]) -> None:
    chunk = those(conn, change.id, ids)
    run(
        conn,
        f"UPDATE{or_fail(conn)} contacts SET stage = was.stage, group_id = was.group_id,"  # noqa: S608
        f" changed_at = ?, version = contacts.version + 1"
        " FROM (SELECT contact_id, stage, group_id"
        f" FROM change_items WHERE {chunk.where}) AS was WHERE contacts.id = was.contact_id",
        (moment_value(conn, now()), *chunk.values),
    )


def _arrived_in(change: ChangeRow) -> int:
    """The group that an act took contacts to."""
    return int(change.details["into_id" if change.verb == "group.merge" else "group_id"])


def _group_is_there(change: ChangeRow) -> Any:
    """The group it stood in before, if it stood in one, has not been deleted since."""
    return exists().where(
        _items.c.change_id == change.id,
        _items.c.contact_id == _contacts.c.id,
        or_(
            _items.c.group_id.is_(None),
            exists().where(_groups.c.id == _items.c.group_id).correlate(_items),
        ),
    )


def _people(conn: Connection, ids: Sequence[int]) -> dict[int, str]:
    """Some contacts and their phones, in the order of their ids."""
    query = select(_contacts.c.id, _contacts.c.phone).where(among(conn, _contacts.c.id, ids))
    return {row.id: row.phone for row in conn.execute(query.order_by(_contacts.c.id))}


def _whose_number_is_free(conn: Connection, people: Mapping[int, str]) -> dict[int, str]:
    """Those of some deleted contacts whose number nobody has taken since.

    Of several that had the same one, the last.
    """
    taken = conn.execute(
        select(_contacts.c.phone).where(phone_index.living_with(conn, people.values()))
    )
    last = {phone: ident for ident, phone in people.items()}
    for phone in taken.scalars():
        last.pop(phone, None)
    return {ident: phone for phone, ident in last.items()}


def _barred(conn: Connection, people: Mapping[int, str]) -> set[int]:
    """Contacts whose number is on a Do Not Contact list: no undo lifts that."""
    secret = store_secret(conn)
    hashes = {phone_hash(secret, phone): ident for ident, phone in people.items()}
    return {hashes[found] for found in suppressed_among(conn, list(hashes))}


def _count_back(conn: Connection, change: ChangeRow, ids: Sequence[int]) -> None:
    leave_places(conn, change.id, ids, arriving=1)
    if change.verb == "suppress":
        add_tallies(conn, {stage_tally(Stage.SUPPRESSED): -len(ids)})
    elif change.verb != "delete":
        group_id = _arrived_in(change)
        add_tallies(conn, {stage_tally(Stage.GROUPED): -len(ids), group_tally(group_id): -len(ids)})
    else:
        add_tallies(conn, {stage_tally(Stage.DELETED): -len(ids)})


def _resume_confirming(conn: Connection, ids: Sequence[int]) -> None:
    """Contacts deleted before their text was through: queue them if it is, else send it."""
    waiting = ids_where(conn, ids, _contacts.c.stage == Stage.CONFIRMING)
    if not waiting:
        return
    for purpose, stage in (("compliance", Stage.QUEUED), ("confirm", Stage.AWAITING)):
        surely = _has_text(purpose, "accepted", "delivered")
        perhaps = _has_text(purpose, "unknown") & ~surely
        for condition, badge in ((surely, 0), (perhaps, BADGE_BITS[Badge.UNCONFIRMED])):
            _leave_confirming(conn, ids_where(conn, waiting, condition), stage, badge)
    waiting = ids_where(conn, waiting, _contacts.c.stage == Stage.CONFIRMING)
    conn.execute(
        update(_messages)
        .where(
            among(conn, _messages.c.contact_id, waiting),
            _messages.c.status == "cancelled",
            _messages.c.purpose.in_(OPENING),
        )
        .values(status="pending", due_at=now(), changed_at=now())
    )
    under_way = or_(*[_has_text(purpose, "pending", "sending", "sent") for purpose in OPENING])
    failed = ids_where(conn, waiting, ~under_way)
    if failed:
        fail(conn, "compliance", failed, now())


def _leave_confirming(conn: Connection, ids: Sequence[int], stage: Stage, badge: int) -> None:
    if ids:
        conn.execute(
            update(_contacts)
            .where(among(conn, _contacts.c.id, ids))
            .values(stage=stage, badges=_contacts.c.badges.op("|")(badge))
        )
        add_tallies(conn, {stage_tally(Stage.CONFIRMING): -len(ids), stage_tally(stage): len(ids)})


def _has_text(purpose: str, *states: str) -> Any:
    return exists().where(
        _messages.c.contact_id == _contacts.c.id,
        _messages.c.direction == "out",
        _messages.c.purpose == purpose,
        _messages.c.status.in_(states),
    )
