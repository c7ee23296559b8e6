"""What a person can take back or do again: a stack of their own, kept in the change log."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Update, and_, bindparam, func, select, update
from sqlalchemy.engine import Connection

from storage.acts import Act, Delete
from storage.changes import PASSED, ChangeRow, change_details, row_of, rows_of, with_names
from storage.errors import NotFound
from storage.known_acts import act_of
from storage.questions import Question, Rows, ask
from storage.sentences import name_of
from storage.tables import Change
from storage.words import Actor, briefly_called

_changes: Any = Change.__table__  # type: ignore[attr-defined]

_turns: Any = _changes.alias("turns")

_MINE = and_(
    _changes.c.actor_kind == bindparam("me_kind"),
    _changes.c.actor == bindparam("me"),
    _changes.c.undoable.is_(True),
)
"""Of one person, given by `_me`."""

_STACK = (
    select(_changes)
    .where(_MINE, _changes.c.undone.is_(False))
    .order_by(_changes.c.id.desc())
    .limit(bindparam("most"))
)
_LATEST_ACT = select(func.coalesce(func.max(_changes.c.id), 0)).where(_MINE).scalar_subquery()
_NEXT_REDO = (
    select(_changes)
    .join(_turns, _turns.c.undoes == _changes.c.id)
    .where(_MINE, _changes.c.undone.is_(True))
    .where(_turns.c.actor == bindparam("me"), _turns.c.verb == "undo", _turns.c.id > _LATEST_ACT)
    .order_by(_turns.c.id.desc())
    .limit(1)
)
"""What was undone last, unless something was done since, whether that stands or not."""

_PEEK_MINE = "actor_kind = ? AND actor = ? AND undoable IS TRUE"
_PEEK = "SELECT verb, size, subject, first_name, last_name, phone FROM ("
_WHOM = (
    " LIMIT 1) AS act LEFT JOIN change_items ON act.size = 1 AND change_items.change_id = act.id"
    " LEFT JOIN contacts ON contacts.id = change_items.contact_id LIMIT 1"
)
"""Who the contact is where it is one; whoever was erased is nobody."""
_PEEK_UNDO = (
    f"{_PEEK}SELECT id, verb, size, subject FROM changes"  # noqa: S608 - our own names
    f" WHERE {_PEEK_MINE} AND undone IS FALSE ORDER BY id DESC{_WHOM}"
)
_PEEK_REDO = (
    f"{_PEEK}SELECT one.id, one.verb, one.size, one.subject FROM changes AS turn"  # noqa: S608
    " JOIN changes AS one ON one.id = turn.undoes AND one.undone IS TRUE AND one.undoable IS TRUE"
    " WHERE turn.actor_kind = ? AND turn.actor = ? AND turn.verb = 'undo' AND turn.id >"
    f" (SELECT COALESCE(MAX(id), 0) FROM changes WHERE {_PEEK_MINE}) ORDER BY turn.id DESC{_WHOM}"
)

MOST_LISTED = 50
"""Acts of a stack that are listed."""

REPEATABLE = ("move", "delete", "star", "unstar", "label", "unlabel", "note")


def peek(conn: Connection, who: Actor) -> tuple[str | None, str | None]:
    """What undo and redo would be about, such as `move 32 contacts to “Spring”`. Untrusted."""
    return ask(conn, peeking(who))


def peeking(who: Actor) -> Question[tuple[str | None, str | None]]:
    """Asks what undo and redo would be about."""
    me = (who.kind.value, who.name)
    return Question(((_PEEK_UNDO, me), (_PEEK_REDO, (*me, *me))), _peeked)


def _peeked(undo: Rows, redo: Rows) -> tuple[str | None, str | None]:
    return _named(undo), _named(redo)


def _named(found: Rows) -> str | None:
    if not found:
        return None
    verb, size, subject, *known = found[0]
    return name_of(verb, size, subject, "" if known[-1] is None else briefly_called(*known))


def stack(conn: Connection, who: Actor, limit: int = MOST_LISTED) -> list[ChangeRow]:
    """The person's acts that stand and can be undone, the next one first."""
    rows = conn.execute(_STACK, {**_me(who), "most": limit})
    return with_names(conn, [row_of(row) for row in rows])


def recent(conn: Connection, who: Actor, limit: int = MOST_LISTED) -> list[ChangeRow]:
    """What the person did last, the newest first, also what stays done or was undone."""
    rows = conn.execute(
        select(_changes)
        .where(by(who), _changes.c.verb.not_in(["undo", "redo"]))
        .order_by(_changes.c.id.desc())
        .limit(limit)
    )
    return with_names(conn, rows_of(conn, rows))


def last_group(conn: Connection, who: Actor) -> tuple[int, str] | None:
    """Id and name of the group that the person moved contacts to last, if it is still there."""
    row = conn.execute(
        select(_changes)
        .where(mine(who), _changes.c.verb == "move")
        .order_by(_changes.c.id.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    act = act_of(row.verb, row_of(row).details)
    try:
        return row_of(row).details["group_id"], act.subject(conn)
    except NotFound:
        return None


def next_undo(conn: Connection, who: Actor) -> ChangeRow | None:
    """The person's latest act that stands and can be undone."""
    found = stack(conn, who, 1)
    return found[0] if found else None


def next_redo(conn: Connection, who: Actor) -> ChangeRow | None:
    """The act that the person undid last, unless they have acted since."""
    row = conn.execute(_NEXT_REDO, _me(who)).one_or_none()
    return None if row is None else with_names(conn, [row_of(row)])[0]


def last_act(conn: Connection, who: Actor) -> Act | None:
    """What the person did to contacts last, to be done to others: for the key that repeats.

    An act that was undone since counts too: it may have been meant for another contact.
    """
    row = conn.execute(
        select(_changes)
        .where(mine(who), _changes.c.verb.in_(REPEATABLE))
        .order_by(_changes.c.id.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    act = act_of(row.verb, row_of(row).details)
    if act == Delete(of_tests=True):
        return None
    try:
        act.subject(conn)
    except NotFound:
        return None
    return act


def turned(change: ChangeRow, *, undone: bool) -> Update:
    """Notes that an act is undone, or done again; it is on the stack, wherever it was before."""
    details = change_details(change.details)
    return _row(change).values(undone=undone, undoable=True, details=details)


def passed_over(change: ChangeRow, *, for_good: bool) -> Update:
    """Takes an act off the stack, which it would bar: it cannot be turned, for good or for now."""
    details = change.details if for_good else {**change.details, PASSED: True}
    return _row(change).values(undoable=False, details=change_details(details))


def _row(change: ChangeRow) -> Update:
    return update(_changes).where(_changes.c.id == change.id)


def by(who: Actor) -> Any:
    """The acts of a person, as a condition on the table `changes`."""
    return and_(_changes.c.actor_kind == who.kind.value, _changes.c.actor == who.name)


def mine(who: Actor) -> Any:
    """The acts of a person that are on the stack, as a condition on the table `changes`."""
    return and_(by(who), _changes.c.undoable.is_(True))


def _me(who: Actor) -> dict[str, str]:
    return {"me_kind": who.kind.value, "me": who.name}
