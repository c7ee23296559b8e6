"""Undo and redo: acts are turned chunk by chunk, as far as nobody has changed things since."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import exists, func, select, update
from sqlalchemy.engine import Connection

from storage import (
    campaigns,
    deleting_campaigns,
    groups,
    labels,
    notes,
    regrouping,
    relabelling,
    renaming_labels,
    saved_views,
)
from storage.acts import Act, WriteNote
from storage.bulk import CHUNK, HANDFUL, Progress, Tally
from storage.changes import (
    MOST_EXPLAINED,
    ChangeRow,
    change_details,
    record,
    row_of,
    with_names,
)
from storage.errors import NotFound, Refused
from storage.known_acts import act_of, inverse_of
from storage.putting_back import ids_where, put_back
from storage.reversals import Reversal, Step
from storage.sentences import name_of
from storage.standing_in_the_way import explain_kept, nobody_since
from storage.store import Store
from storage.tables import Change, ChangeItem, Contact
from storage.undo_stack import by, next_redo, next_undo, passed_over, peek, turned
from storage.words import Actor, Outcome

_contacts: Any = Contact.__table__  # type: ignore[attr-defined]
_changes: Any = Change.__table__  # type: ignore[attr-defined]
_items: Any = ChangeItem.__table__  # type: ignore[attr-defined]

REVERSALS: dict[str, Reversal] = {
    **notes.REVERSALS,
    **labels.REVERSALS,
    **renaming_labels.REVERSALS,
    **relabelling.REVERSALS,
    **groups.REVERSALS,
    **regrouping.REVERSALS,
    **campaigns.REVERSALS,
    **deleting_campaigns.REVERSALS,
    **saved_views.REVERSALS,
}
"""How acts that are more than a change of contacts are turned; `storage.acts` has the others."""

_BRINGING_BACK = ("move", "delete", "group.merge")
"""Acts whose undo brings contacts back to the list that they were taken from."""

_OF_SOMETHING = ("label", "unlabel", "campaign.join", "campaign.leave")
"""Acts that cannot be undone once the label or campaign that they are about is gone."""


def undo(
    store: Store,
    who: Actor,
    change_id: int | None = None,
    *,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> Outcome:
    """Takes back an act of the person, as far as nobody has changed the contacts since.

    Args:
        store: Where it was done.
        who: Whose act, by whose hand.
        change_id: Which; None for the latest.
        progress: Told after each chunk.
        cancel: Set it to stop after the chunk under way. The act then counts as standing, so
            that undoing it once more takes the rest back.

    Raises:
        Refused: There is nothing to undo, or what it was about is gone.
    """
    turn = _begin(store, who, undone=True, change_id=change_id)
    change, tally = turn.change, Tally(change_id=turn.change.id)
    reversal = REVERSALS.get(change.verb)
    step = _undo_step if reversal is None else reversal.undo_step
    whole = step is None or _turn(store, turn, step, tally, progress, cancel)
    if whole and reversal is not None and reversal.afterwards is not None:
        whole = reversal.afterwards(store, change, True, progress, cancel)
    if not whole:
        _set_undone(store, change, undone=False)
    return _told(change, tally, "undid", cancelled=not whole)


def redo(
    store: Store,
    who: Actor,
    *,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> Outcome:
    """Does the act again that the person undid last.

    Args:
        store: Where it was done.
        who: Whose act, by whose hand.
        progress: Told after each chunk.
        cancel: Set it to stop after the chunk under way; doing it once more does the rest.

    Raises:
        Refused: There is nothing to do again, or what it was about is gone.
    """
    with store.read() as conn:
        coming = next_redo(conn, who)
    reversal = REVERSALS.get(coming.verb) if coming else None
    if coming is not None and reversal is not None and reversal.anew is not None:
        try:
            return reversal.anew(store, who, coming, progress, cancel)
        except Refused as error:
            raise _passed_over(store, who, coming, error, undone=False) from error
    turn = _begin(store, who, undone=False)
    change, tally = turn.change, Tally(change_id=turn.change.id)
    reversal = REVERSALS.get(change.verb)
    whole = True
    if reversal is None:
        whole = _turn(store, turn, _redo_step, tally, progress, cancel)
    elif reversal.afterwards is not None:
        whole = reversal.afterwards(store, change, False, progress, cancel)
    if not whole:
        _set_undone(store, change, undone=True)
    return _told(change, tally, "did again", cancelled=not whole)


def _set_undone(store: Store, change: ChangeRow, *, undone: bool) -> None:
    turned = update(_changes).where(_changes.c.id == change.id).values(undone=undone)
    store.do(lambda conn: conn.execute(turned).rowcount)


_NOT = {"undid": "undone", "did again": "done again"}


def _told(change: ChangeRow, tally: Tally, how: str, *, cancelled: bool) -> Outcome:
    if change.verb in REVERSALS:
        # Counted are contacts; the act itself is one whether it had any or not.
        n, tally.done = tally.done, tally.done if cancelled else max(1, tally.done)
        if REVERSALS[change.verb].undo_step is None:
            n = change.size
    else:
        n = tally.done
    if not tally.done and tally.gone_count:
        return tally.outcome(f"not {_NOT[how]}: {change.name}", cancelled=cancelled)
    name = name_of(change.verb, n, change.subject, change.whom)
    return tally.outcome(f"{how}: {name}", cancelled=cancelled)


def _mine_standing(conn: Connection, who: Actor, change_id: int) -> ChangeRow:
    row = conn.execute(
        select(_changes).where(by(who), _changes.c.id == change_id, _changes.c.undone.is_(False))
    ).one_or_none()
    found = None if row is None else with_names(conn, [row_of(row)])[0]
    if found is None or not found.undoable:
        raise Refused("That act was undone already, or cannot be.", "Choose another one.")
    return found


@dataclass(frozen=True, slots=True)
class _TurnedAct:
    """An act that is undone, or done again."""

    change: ChangeRow
    turned_by: int
    """The change that says so."""
    after: int
    """The contact at which an earlier try was stopped; 0 for none."""
    through: int
    """How many contacts that try had come through."""


def _begin(store: Store, who: Actor, *, undone: bool, change_id: int | None = None) -> _TurnedAct:
    """Notes the turn of an act before its contacts are turned."""
    found: list[ChangeRow] = []

    def begin(conn: Connection) -> _TurnedAct:
        if change_id is not None:
            change: ChangeRow | None = _mine_standing(conn, who, change_id)
        else:
            change = next_undo(conn, who) if undone else next_redo(conn, who)
        if change is None:
            raise Refused("Nothing to undo." if undone else "Nothing to redo.")
        found.append(change)
        _check(conn, change, undone=undone)
        conn.execute(turned(change, undone=undone))
        verb = "undo" if undone else "redo"
        stopped = _stopped(conn, change, verb)
        subject = name_of(change.verb, change.size, change.subject)
        turned_by = record(conn, who, verb, subject=subject, size=change.size, undoes=change.id)
        return _TurnedAct(change, turned_by, *stopped)

    try:
        return store.do(begin)
    except Refused as error:
        if not found or (change_id is not None and not isinstance(error, NotFound)):
            raise
        raise _passed_over(store, who, found[-1], error, undone=undone) from error


def _passed_over(
    store: Store, who: Actor, change: ChangeRow, why: Refused, *, undone: bool
) -> Refused:
    """Takes an act that cannot be turned out of the way of the others; returns what to say.

    Where the reason may pass, as when others put back what they changed, it can still be undone
    by name; what is about something that is gone cannot.
    """

    def pass_over(conn: Connection) -> str | None:
        conn.execute(passed_over(change, for_good=isinstance(why, NotFound)))
        return peek(conn, who)[0 if undone else 1]

    following = store.do(pass_over)
    again, once_more = ("undo", "Undoing") if undone else ("redo", "Redoing")
    return Refused(
        f"{why.sentence} “{change.name}” was left as it is.",
        f"{once_more} once more goes on to: {following}."
        if following
        else f"There is nothing else to {again}.",
    )


def _check(conn: Connection, change: ChangeRow, *, undone: bool) -> None:
    """Carries out what is not done to contacts, and sees that the rest can be done."""
    reversal = REVERSALS.get(change.verb)
    if reversal is not None:
        turn = reversal.undo if undone else reversal.redo
        if turn is not None:
            turn(conn, change)
    elif not undone or change.verb in _OF_SOMETHING:
        act_of(change.verb, change.details).subject(conn)


def _stopped(conn: Connection, change: ChangeRow, verb: str) -> tuple[int, int]:
    """The contact that the last try to turn an act came to, if it was stopped, and how many."""
    last = conn.execute(
        select(_changes.c.verb, _changes.c.details)
        .where(_changes.c.undoes == change.id)
        .order_by(_changes.c.id.desc())
        .limit(1)
    ).one_or_none()
    if last is None or last.verb != verb:
        return 0, 0
    details = json.loads(last.details)
    return details.get("after", 0), details.get("through", 0)


def _turn(
    store: Store,
    turn: _TurnedAct,
    step: Step,
    tally: Tally,
    progress: Progress | None,
    cancel: threading.Event | None,
) -> bool:
    """Turns the contacts of an act, chunk by chunk; returns whether it came to the end."""
    change, after, through = turn.change, turn.after, turn.through
    many = change.size > HANDFUL
    while cancel is None or not cancel.is_set():
        some = partial(_some, change=change, after=after, tally=tally, step=step)
        ids = store.do(tally.counting(some), patient=many, lasting=not many)
        if not ids:
            return _settled(store, many=many)
        after = ids[-1]
        through += len(ids)
        if progress is not None:
            progress(through, max(change.size, through))
    if through >= change.size:
        return _settled(store, many=many)
    stopped = change_details({"after": after, "through": through})
    noted = update(_changes).where(_changes.c.id == turn.turned_by).values(details=stopped)
    store.do(lambda conn: conn.execute(noted).rowcount)
    return False


def _settled(store: Store, *, many: bool) -> bool:
    """Sees that all steps are durable; true."""
    if many:
        store.settle()
    return True


def _some(
    conn: Connection, change: ChangeRow, after: int, tally: Tally, step: Step
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
    reached = set(step(conn, change, ids))
    if step is not _redo_step and change.verb in _BRINGING_BACK:
        tally.brought_back(reached)
    missed = [ident for ident in ids if ident not in reached]
    tally.done += len(reached)
    tally.gone_count += len(missed)
    if missed and len(tally.gone) < MOST_EXPLAINED:
        tally.gone.extend(explain_kept(conn, change, missed))
    return ids


def _undo_step(conn: Connection, change: ChangeRow, ids: Sequence[int]) -> Sequence[int]:
    if change.verb in ("move", "delete"):
        return put_back(conn, change, ids)
    act = act_of(change.verb, change.details)
    if isinstance(act, WriteNote):
        return act.take_back(conn, change.id, ids)
    return _apply_again(conn, change, inverse_of(act), ids)


def _redo_step(conn: Connection, change: ChangeRow, ids: Sequence[int]) -> Sequence[int]:
    act = act_of(change.verb, change.details)
    if change.verb not in ("move", "delete"):
        return _apply_again(conn, change, act, ids)
    # Only contacts that stand where they stood when it was done the first time.
    reached = ids_where(
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
    reached = ids_where(conn, ids, act.eligible(None), nobody_since(change))
    if reached:
        act.apply(conn, change.id, reached)
    return reached
