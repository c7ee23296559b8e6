"""Undo and redo: each person's own stack, kept in the change log, also across restarts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from sqlalchemy import and_, exists, func, or_, select, update
from sqlalchemy.engine import Connection

from storage.acts import Act, AddLabel, RemoveLabel, Star, act_of, leave_places
from storage.bulk import CHUNK, HANDFUL, Tally
from storage.changes import MOST_EXPLAINED, ChangeRow, explain_gone, name_of, record, row_of
from storage.dialects import among
from storage.errors import Refused
from storage.store import Store
from storage.suppressions import phone_hash, store_secret, suppressed_among
from storage.tables import Change, ChangeItem, Contact, Message
from storage.tallies import add_tallies, group_tally, stage_tally
from storage.times import now
from storage.words import Actor, Outcome, Stage

_contacts: Any = Contact.__table__  # type: ignore[attr-defined]
_changes: Any = Change.__table__  # type: ignore[attr-defined]
_items: Any = ChangeItem.__table__  # type: ignore[attr-defined]
_messages: Any = Message.__table__  # type: ignore[attr-defined]


def peek(conn: Connection, who: Actor) -> tuple[str | None, str | None]:
    """What undo and redo would be about, such as `move 32 contacts to “Spring”`."""
    return _named(next_undo(conn, who)), _named(next_redo(conn, who))


def _named(change: ChangeRow | None) -> str | None:
    return None if change is None else name_of(change.verb, change.size, change.subject)


def next_undo(conn: Connection, who: Actor) -> ChangeRow | None:
    """The person's latest act that stands and can be undone."""
    row = conn.execute(
        select(_changes)
        .where(_mine(who), _changes.c.undone.is_(False))
        .order_by(_changes.c.id.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else row_of(row)


def next_redo(conn: Connection, who: Actor) -> ChangeRow | None:
    """The act that the person undid last, unless they have acted since."""
    standing = select(func.coalesce(func.max(_changes.c.id), 0)).where(
        _mine(who), _changes.c.undone.is_(False)
    )
    row = conn.execute(
        select(_changes)
        .where(_mine(who), _changes.c.undone.is_(True), _changes.c.id > standing.scalar_subquery())
        .order_by(_changes.c.id)
        .limit(1)
    ).one_or_none()
    return None if row is None else row_of(row)


def _mine(who: Actor) -> Any:
    return and_(
        _changes.c.actor_kind == who.kind.value,
        _changes.c.actor == who.name,
        _changes.c.undoable.is_(True),
        _changes.c.size > 0,
    )


def undo(store: Store, who: Actor) -> Outcome:
    """Takes back the person's latest act, as far as nobody has changed the contacts since.

    Raises:
        Refused: There is nothing to undo.
    """
    return _turn(store, who, next_undo, "undo", "Nothing to undo.", undone=True, step=_undo_chunk)


def redo(store: Store, who: Actor) -> Outcome:
    """Does the act again that the person undid last.

    Raises:
        Refused: There is nothing to do again.
    """
    return _turn(store, who, next_redo, "redo", "Nothing to redo.", undone=False, step=_redo_chunk)


Step = Callable[[Connection, ChangeRow, Act, Sequence[int]], Sequence[int]]
"""Turns a chunk of a change; returns the contacts that it reached."""


def _turn(
    store: Store,
    who: Actor,
    find: Callable[[Connection, Actor], ChangeRow | None],
    verb: str,
    nothing: str,
    *,
    undone: bool,
    step: Step,
) -> Outcome:
    def begin(conn: Connection) -> ChangeRow:
        change = find(conn, who)
        if change is None:
            raise Refused(nothing)
        if not undone:
            act_of(change.verb, change.details).subject(conn)
        conn.execute(update(_changes).where(_changes.c.id == change.id).values(undone=undone))
        record(
            conn,
            who,
            verb,
            subject=name_of(change.verb, change.size, change.subject),
            size=change.size,
            undoes=change.id,
        )
        return change

    change = store.do(begin)
    act, tally, after = act_of(change.verb, change.details), Tally(change_id=change.id), 0
    while True:
        some = partial(_some, change=change, act=act, after=after, tally=tally, step=step)
        ids = store.do(some, patient=change.size > HANDFUL)
        if not ids:
            break
        after = ids[-1]
    said = (
        f"{'undid' if undone else 'did again'}: {name_of(change.verb, tally.done, change.subject)}"
    )
    return tally.outcome(said, cancelled=False)


def _some(
    conn: Connection, change: ChangeRow, act: Act, after: int, tally: Tally, step: Step
) -> Sequence[int]:
    ids = list(
        conn.execute(
            select(_items.c.contact_id)
            .where(_items.c.change_id == change.id, _items.c.contact_id > after)
            .order_by(_items.c.contact_id)
            .limit(CHUNK)
        ).scalars()
    )
    if not ids:
        return ids
    reached = set(step(conn, change, act, ids))
    missed = [ident for ident in ids if ident not in reached]
    tally.done += len(reached)
    tally.gone_count += len(missed)
    if missed and len(tally.gone) < MOST_EXPLAINED:
        tally.gone.extend(explain_gone(conn, missed))
    return ids


def _undo_chunk(conn: Connection, change: ChangeRow, act: Act, ids: Sequence[int]) -> Sequence[int]:
    if change.verb in ("move", "delete"):
        return _put_back(conn, change, ids)
    if change.verb in ("star", "unstar"):
        return _apply_again(conn, change, Star(change.verb == "unstar"), ids)
    label_id = change.details["label_id"]
    return _apply_again(
        conn, change, RemoveLabel(label_id) if change.verb == "label" else AddLabel(label_id), ids
    )


def _redo_chunk(conn: Connection, change: ChangeRow, act: Act, ids: Sequence[int]) -> Sequence[int]:
    if change.verb not in ("move", "delete"):
        return _apply_again(conn, change, act, ids)
    # Only contacts that stand where they stood when it was done the first time.
    reached = _select_ids(
        conn,
        ids,
        act.eligible(None),
        exists().where(
            _items.c.change_id == change.id,
            _items.c.contact_id == _contacts.c.id,
            _items.c.stage == _contacts.c.stage,
            func.coalesce(_items.c.group_id, 0) == func.coalesce(_contacts.c.group_id, 0),
        ),
    )
    if reached:
        act.apply(conn, change.id, reached)
    return reached


def _apply_again(
    conn: Connection, change: ChangeRow, act: Act, ids: Sequence[int]
) -> Sequence[int]:
    reached = _select_ids(conn, ids, act.eligible(None))
    if reached:
        act.apply(conn, change.id, reached)
    return reached


def _select_ids(conn: Connection, ids: Sequence[int], *conditions: Any) -> Sequence[int]:
    query = select(_contacts.c.id).where(among(conn, _contacts.c.id, ids), *conditions)
    return list(conn.execute(query).scalars())


def _put_back(conn: Connection, change: ChangeRow, ids: Sequence[int]) -> Sequence[int]:
    """Returns moved or deleted contacts to where they were, unless they were touched since."""
    if change.verb == "move":
        untouched = and_(
            _contacts.c.stage == Stage.GROUPED, _contacts.c.group_id == change.details["group_id"]
        )
    else:
        other = _contacts.alias()
        untouched = and_(
            _contacts.c.stage == Stage.DELETED,
            ~exists().where(other.c.phone == _contacts.c.phone, other.c.live == 1),
        )
    reached = _select_ids(conn, ids, untouched, _latest_is(change))
    barred = _barred(conn, reached)
    moment = now()
    free = [ident for ident in reached if ident not in barred]
    if free:
        before = select(_items.c.stage, _items.c.group_id).where(
            _items.c.change_id == change.id, _items.c.contact_id == _contacts.c.id
        )
        conn.execute(
            update(_contacts)
            .where(among(conn, _contacts.c.id, free))
            .values(
                stage=before.with_only_columns(_items.c.stage).scalar_subquery(),
                group_id=before.with_only_columns(_items.c.group_id).scalar_subquery(),
                version=_contacts.c.version + 1,
                changed_at=moment,
                **({"live": 1} if change.verb == "delete" else {}),
            )
        )
        _count_back(conn, change, free)
        _resume_confirming(conn, free)
    return free


def _latest_is(change: ChangeRow) -> Any:
    """No later act that stands has moved the contact."""
    later = _items.alias()
    return ~exists().where(
        later.c.contact_id == _contacts.c.id,
        later.c.change_id > change.id,
        later.c.change_id == _changes.c.id,
        _changes.c.undone.is_(False),
        _changes.c.verb.in_(["move", "delete", "suppress"]),
    )


def _barred(conn: Connection, ids: Sequence[int]) -> set[int]:
    """Contacts whose number is on a Do Not Contact list: no undo lifts that."""
    rows = conn.execute(
        select(_contacts.c.id, _contacts.c.phone).where(among(conn, _contacts.c.id, ids))
    ).all()
    secret = store_secret(conn)
    hashes = {phone_hash(secret, row.phone): row.id for row in rows}
    return {hashes[found] for found in suppressed_among(conn, list(hashes))}


def _count_back(conn: Connection, change: ChangeRow, ids: Sequence[int]) -> None:
    leave_places(conn, change.id, ids, arriving=1)
    if change.verb == "move":
        group_id = change.details["group_id"]
        add_tallies(conn, {stage_tally(Stage.GROUPED): -len(ids), group_tally(group_id): -len(ids)})
    else:
        add_tallies(conn, {stage_tally(Stage.DELETED): -len(ids)})


def _resume_confirming(conn: Connection, ids: Sequence[int]) -> None:
    """Contacts deleted before their text was through: queue them if it is, else send it."""
    waiting = _select_ids(conn, ids, _contacts.c.stage == Stage.CONFIRMING)
    if not waiting:
        return
    texted = exists().where(
        _messages.c.contact_id == _contacts.c.id,
        or_(_messages.c.status == "accepted", _messages.c.status == "delivered"),
    )
    through = _select_ids(conn, waiting, texted)
    if through:
        conn.execute(
            update(_contacts).where(among(conn, _contacts.c.id, through)).values(stage=Stage.QUEUED)
        )
        add_tallies(
            conn,
            {stage_tally(Stage.CONFIRMING): -len(through), stage_tally(Stage.QUEUED): len(through)},
        )
    conn.execute(
        update(_messages)
        .where(among(conn, _messages.c.contact_id, waiting), _messages.c.status == "cancelled")
        .values(status="pending", due_at=now(), changed_at=now())
    )
