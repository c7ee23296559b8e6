"""Acts on many contacts: in chunks, with progress, and to be cancelled between two of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from storage.acts import Act, Explains, Remarks, Sets
from storage.changes import MOST_EXPLAINED, explain_gone, record
from storage.dialects import among, returns_old
from storage.driver import fetch, run_at_last
from storage.noting import Noting, Stretch
from storage.sentences import sentence
from storage.store import Store
from storage.tables import Change, ChangeItem, Contact
from storage.windows import AHEAD, ids_below
from storage.words import TEST_CONTACTS, Actor, Gone, Outcome, Target, View
from storage.writer import Verb

CHUNK = 1000
"""Contacts in one transaction, at first."""

CHUNK_SECONDS = 0.025
"""How long a transaction shall take: short enough that nobody notices a lead that waits for it."""

CALM_SECONDS = 0.03
"""The same while nobody else writes: what each transaction costs by itself is then paid less often,
and the first one who comes waits a little longer."""

ALONE_SECONDS = 0.2
"""After so long without anybody else's writes they are not reckoned with any more."""

SMALLEST, LARGEST = 500, 4000
"""Within which bounds chunks follow the speed of the store."""

HANDFUL = 50
"""Contacts that are quick enough to change to wait for nothing."""

Progress = Callable[[int, int], None]
"""Told how many contacts are through, and of how many."""

T = TypeVar("T")

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
    returned: tuple[int, int] | None = None
    """The lowest and the highest id of those that an undo brought back to a list."""

    def brought_back(self, ids: Iterable[int]) -> None:
        """Notes contacts that an undo brought back."""
        ids = sorted({*ids, *(self.returned or ())})
        if ids:
            self.returned = ids[0], ids[-1]

    def counting(self, verb: Verb[T]) -> Verb[T]:
        """A verb that counts here, and counts once, however often its transaction is tried."""
        before = replace(self, gone=[*self.gone])

        def run(conn: Connection) -> T:
            for each in fields(self):
                setattr(self, each.name, getattr(before, each.name))
            self.gone = [*before.gone]
            return verb(conn)

        return run

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
            returned=self.returned,
        )


def perform(
    store: Store,
    who: Actor,
    act: Act,
    target: Target,
    *,
    seen: View | None = None,
    whom: str = "",
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> Outcome:
    """Does something to contacts and waits until it is durable.

    Call it where waiting is allowed: it takes a transaction for each `CHUNK` contacts. Only the
    last one waits for the disk, which then has those before it too: to wait for it with each
    took a fifth of the time, and more on a slow disk.

    Args:
        store: Where they are.
        who: By whose hand.
        act: What to do.
        target: To which contacts.
        seen: The view they were chosen in; contacts that have left it are not touched.
        whom: What to call the contact where it is one, in the sentence that tells of it.
        progress: Told after each chunk.
        cancel: Set it to stop after the chunk under way; what is done stays done.

    Raises:
        NotFound: What the act needs does not exist.
        StoreError: The store failed; what was done before it stays done.
    """
    total = len(target.ids) if target.view is None else count_target(store, target)
    tally, through, cancelled = Tally(), 0, False
    pace, noting, settled = Pace(), Noting(act.eligible(seen)), True
    for ids in chunks(store, target, pace):
        if cancel is not None and cancel.is_set():
            cancelled = True
            break
        verb = partial(
            _chunk, who=who, act=act, ids=ids, seen=seen, tally=tally, pace=pace, noting=noting
        )
        settled = through + len(ids) >= total
        store.do(tally.counting(verb), patient=len(ids) > HANDFUL, lasting=settled)
        pace.wrote(len(ids))
        through += len(ids)
        if progress is not None:
            progress(min(through, max(total, through)), max(total, through))
    if not settled:
        store.settle()
    said = sentence(act.verb, tally.done, tally.subject, whom)
    if tally.change_id is not None and isinstance(act, Remarks):
        with store.read() as conn:
            said += act.remark(conn, tally.change_id, tally.done)
    return tally.outcome(said, cancelled=cancelled)


@dataclass(slots=True)
class Pace:
    """How many contacts a transaction takes, so that it is as long as it may be."""

    size: int = field(default_factory=lambda: CHUNK)
    began: float = 0.0
    """When the last transaction began, by the monotonic clock."""
    calm: bool = False
    """Whether nobody else has written between the last two transactions."""
    alone: bool = False
    """Whether nobody else has written for a while."""
    _seq: int | None = None
    _disturbed: float = 0.0
    """When somebody else may have written last."""

    def begin(self, conn: Connection) -> None:
        """A transaction begins; it is not yet known what it writes."""
        self.began = time.monotonic()
        [(seq,)] = fetch(conn, "SELECT seq FROM store_state WHERE id = 1")
        self.calm = self._seq == seq - 1
        self._seq = seq
        if not self.calm:
            self._disturbed = self.began
        self.alone = self.began - self._disturbed >= ALONE_SECONDS

    def wrote(self, count: int) -> None:
        """The transaction with so many contacts is durable."""
        taken = max(time.monotonic() - self.began, 0.001)
        wanted = int(count * (CALM_SECONDS if self.calm else CHUNK_SECONDS) / taken)
        # Downwards halfway, so that one slow sync does not halve it.
        wanted = min(wanted, 2 * self.size) if wanted > self.size else (self.size + wanted) // 2
        self.size = max(SMALLEST, min(LARGEST, wanted))


def chunks(store: Store, target: Target, pace: Pace | None = None) -> Iterator[Stretch]:
    """The ids of a target, some at a time and those in order; of a view the newest come first.

    Args:
        store: Where they are.
        target: Which they are.
        pace: Says how many, each time anew; `CHUNK` where it is left out.
    """
    pace = pace or Pace()
    if target.view is None:
        ids, start = in_order(target.ids), 0
        while start < len(ids):
            yield Stretch(ids[start : (start := start + pace.size)])
        return
    below = None if target.top is None else target.top + 1
    ahead: list[int] = []
    more = True
    while True:
        if more and len(ahead) < pace.size:
            with store.read() as conn:
                found = ids_below(conn, target.view, below, max(pace.size, AHEAD))
            more = bool(found)
            below = found[-1] if found else below
            ahead = [*ahead, *found]
        if not ahead:
            return
        ids, ahead = ahead[: pace.size], ahead[pace.size :]
        kept = Stretch(ident for ident in reversed(ids) if ident not in target.spared)
        if kept:
            yield kept


def in_order(ids: Iterable[int]) -> list[int]:
    """Each of some ids once, in order; quick where they are so already, or the other way round."""
    ids = sorted(ids)
    return [ident for ident, before in zip(ids, [None, *ids], strict=False) if ident != before]


def all_until_now(store: Store, view: View) -> Target:
    """The contacts that a view holds, without those that arrive from now on.

    The newest there is says until when, and no clock: who takes leads in may have another one.
    """
    with store.read() as conn:
        return Target(view=view, top=conn.scalar(select(func.max(_contacts.c.id))) or 0)


def tests_until_now(store: Store) -> Target:
    """The contacts that tests have made so far."""
    return all_until_now(store, TEST_CONTACTS)


def count_target(store: Store, target: Target) -> int:
    """How many contacts a target holds now."""
    if target.view is None:
        return len(set(target.ids))
    from storage.windows import count_exactly

    with store.read() as conn:
        return count_exactly(conn, target.view, top=target.top) - len(target.spared)


def _chunk(
    conn: Connection,
    who: Actor,
    act: Act,
    ids: Sequence[int],
    seen: View | None,
    tally: Tally,
    pace: Pace,
    noting: Noting,
) -> None:
    pace.begin(conn)
    if tally.change_id is None:
        tally.subject = act.subject(conn)
        change_id = record(
            conn,
            who,
            act.verb,
            subject=tally.subject,
            details=act.details(),
            undoable=act.undoable,
        )
    else:
        change_id = tally.change_id
    done, finish = _begin(conn, act, change_id, ids, noting, alone=pace.alone)
    unchanged = _count(conn, ids, act.same(seen), but_not=change_id) if done < len(ids) else 0
    gone = max(0, len(ids) - done - unchanged)
    if gone and len(tally.gone) < MOST_EXPLAINED:
        missed = _missed(conn, ids, change_id, act.same(seen))
        explain = act.explain if isinstance(act, Explains) else explain_gone
        tally.gone.extend(explain(conn, missed))
    if done:
        finish()
        grow = "UPDATE changes SET size = size + ? WHERE id = ?"
        run_at_last(conn, [(grow, (done, change_id))])
        tally.change_id = change_id
    elif tally.change_id is None:
        conn.execute(_changes.delete().where(_changes.c.id == change_id))
    tally.done += done
    tally.unchanged += unchanged
    tally.gone_count += gone


def _begin(
    conn: Connection, act: Act, change_id: int, ids: Sequence[int], noting: Noting, *, alone: bool
) -> tuple[int, Callable[[], None]]:
    """Writes down whom an act may change; returns how many, and what is left to do for them.

    In one statement where nobody else writes: beside that, leads waited longer.
    """
    if alone and isinstance(act, Sets) and returns_old(conn):
        left = noting.note_and_set(conn, change_id, ids, act.setting(conn))
        return sum(each.count for each in left), partial(act.count, conn, left)
    return noting.note(conn, change_id, ids), partial(act.apply, conn, change_id, ids)


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
