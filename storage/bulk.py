"""Acts on many contacts: in chunks, with progress, and to be cancelled between two of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.engine import Connection

from storage.acts import Act, note
from storage.changes import MOST_EXPLAINED, explain_gone, record, sentence
from storage.dialects import among
from storage.store import Store
from storage.tables import Change, ChangeItem, Contact
from storage.windows import ids_below
from storage.words import Actor, Gone, Outcome, Target, View

CHUNK = 1000
"""Contacts in one transaction: short enough that a lead never waits for it to be noticed."""

Progress = Callable[[int, int], None]
"""Told how many contacts are through, and of how many."""

_contacts: Any = Contact.__table__  # type: ignore[attr-defined]
_changes: Any = Change.__table__  # type: ignore[attr-defined]
_items: Any = ChangeItem.__table__  # type: ignore[attr-defined]


@dataclass(slots=True)
class Tally:
    """What an act has come to so far."""

    change_id: int | None = None
    subject: str = ""
    done: int = 0
    unchanged: int = 0
    gone_count: int = 0
    gone: list[Gone] = field(default_factory=list)

    def outcome(self, said: str, *, cancelled: bool) -> Outcome:
        """The tally as it is told."""
        return Outcome(
            done=self.done,
            gone=tuple(self.gone[:MOST_EXPLAINED]),
            gone_count=self.gone_count,
            unchanged=self.unchanged,
            change_id=self.change_id,
            sentence=said,
            cancelled=cancelled,
        )


def perform(
    store: Store,
    who: Actor,
    act: Act,
    target: Target,
    *,
    seen: View | None = None,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> Outcome:
    """Does something to contacts and waits until it is durable.

    Call it where waiting is allowed: it takes a transaction for each `CHUNK` contacts.

    Args:
        store: Where they are.
        who: By whose hand.
        act: What to do.
        target: To which contacts.
        seen: The view they were chosen in; contacts that have left it are not touched.
        progress: Told after each chunk.
        cancel: Set it to stop after the chunk under way; what is done stays done.

    Raises:
        NotFound: What the act needs does not exist.
        StoreError: The store failed; what was done before it stays done.
    """
    total = len(target.ids) if target.view is None else count_target(store, target)
    tally, through, cancelled = Tally(), 0, False
    for ids in chunks(store, target):
        if cancel is not None and cancel.is_set():
            cancelled = True
            break
        store.do(lambda conn, ids=ids: _chunk(conn, who, act, ids, seen, tally))  # type: ignore[misc]
        through += len(ids)
        if progress is not None:
            progress(min(through, max(total, through)), max(total, through))
    return tally.outcome(sentence(act.verb, tally.done, tally.subject), cancelled=cancelled)


def chunks(store: Store, target: Target) -> Iterator[Sequence[int]]:
    """The ids of a target, at most `CHUNK` at a time, the newest first for a view."""
    if target.view is None:
        ids = list(dict.fromkeys(target.ids))
        for start in range(0, len(ids), CHUNK):
            yield ids[start : start + CHUNK]
        return
    below = None if target.top is None else target.top + 1
    while True:
        with store.read() as conn:
            ids = list(ids_below(conn, target.view, below, CHUNK))
        if not ids:
            return
        below = ids[-1]
        kept = [ident for ident in ids if ident not in target.spared]
        if kept:
            yield kept


def count_target(store: Store, target: Target) -> int:
    """How many contacts a target holds now."""
    if target.view is None:
        return len(set(target.ids))
    from storage.windows import count_exactly

    with store.read() as conn:
        return count_exactly(conn, target.view, top=target.top) - len(target.spared)


def _chunk(
    conn: Connection, who: Actor, act: Act, ids: Sequence[int], seen: View | None, tally: Tally
) -> None:
    if tally.change_id is None:
        tally.subject = act.subject(conn)
        change_id = record(
            conn, who, act.verb, subject=tally.subject, details=act.details(), undoable=True
        )
    else:
        change_id = tally.change_id
    done = note(conn, change_id, ids, act.eligible(seen))
    unchanged = _count(conn, ids, act.same(seen), but_not=change_id) if done < len(ids) else 0
    gone = max(0, len(ids) - done - unchanged)
    if gone and len(tally.gone) < MOST_EXPLAINED:
        tally.gone.extend(explain_gone(conn, _missed(conn, ids, change_id, act.same(seen))))
    if done:
        act.apply(conn, change_id, ids)
        conn.execute(
            update(_changes).where(_changes.c.id == change_id).values(size=_changes.c.size + done)
        )
        tally.change_id = change_id
    elif tally.change_id is None:
        conn.execute(_changes.delete().where(_changes.c.id == change_id))
    tally.done += done
    tally.unchanged += unchanged
    tally.gone_count += gone


def _count(conn: Connection, ids: Sequence[int], which: Any, *, but_not: int) -> int:
    return int(
        conn.execute(
            select(func.count())
            .select_from(_contacts)
            .where(
                among(conn, _contacts.c.id, ids),
                which,
                _contacts.c.id.not_in(_noted(conn, ids, but_not)),
            )
        ).scalar_one()
    )


def _missed(conn: Connection, ids: Sequence[int], change_id: int, same: Any) -> list[int]:
    reached = set(conn.execute(_noted(conn, ids, change_id)).scalars())
    alike = set(
        conn.execute(select(_contacts.c.id).where(among(conn, _contacts.c.id, ids), same)).scalars()
    )
    return [ident for ident in ids if ident not in reached and ident not in alike][:MOST_EXPLAINED]


def _noted(conn: Connection, ids: Sequence[int], change_id: int) -> Any:
    return select(_items.c.contact_id).where(
        _items.c.change_id == change_id, among(conn, _items.c.contact_id, ids)
    )
