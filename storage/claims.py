"""Texts are claimed before they are handed over, so that no two couriers send the same one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.engine import Connection

from storage import guesses, handovers
from storage.dialects import among_packed, is_postgresql, packed, skipping_locked
from storage.driver import Written, fetch, fetch_together, run, run_at_last
from storage.holding import (
    OPENING,
    QuietHours,
    each_texted_once,
    hold,
    texted_lately,
    texted_twice,
)
from storage.messages import move_contacts
from storage.rows import moment_of, moment_value
from storage.tables import WAITING
from storage.texts import Outgoing
from storage.times import now

CLAIM_SECONDS = 30
"""How long a claimed text may take to be handed over before its fate counts as unknown."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a courier took."""

    texts: list[Outgoing]
    whole: bool
    """They are all that was touched: none was cancelled or put off."""
    named: bool = False
    """They were claimed by their names: of what else is due nothing is known."""
    handover: int = 0
    """The row that says so of all of them; 0 where each says it of itself."""


def claim(
    conn: Connection,
    worker: str,
    limit: int,
    quiet: QuietHours | None = None,
    *,
    fresh: bool = False,
    gateway: str = "",
    written: Sequence[Outgoing] = (),
) -> Claim:
    """Takes texts that are due for one courier; no other gets them.

    Args:
        conn: A transaction that holds the write lock.
        worker: Who claims.
        limit: At most so many, the longest waiting first.
        quiet: When nobody is to be texted; who would be waits until it is over.
        fresh: Rather one that was not tried in vain yet: a text that a provider never takes
            must not stand for all others.
        gateway: What they are for: nothing is taken while that is left alone. See
            `storage.gateway_state`.
        written: Texts that have just been written, to be taken by their names. Nearly always they
            still wait, each the only one to its number, which PostgreSQL is not asked but told.
            Where it is not so there, whatever is due is taken instead.
    """
    moment = now()
    at = moment_value(conn, moment)
    until = moment_value(conn, moment + timedelta(seconds=CLAIM_SECONDS))
    by_name = _may_name(written)
    if by_name and is_postgresql(conn) and guesses.may_guess(conn):
        if quiet is None and handovers.may_note(conn):
            _note_named(conn, worker, written, gateway, at, until)
            return Claim([*written], whole=True, named=True, handover=written[0].message_id)
        _tell_named(conn, worker, written, gateway, at, until)
        return _kept(conn, list(written), quiet, moment, named=True)
    if by_name and not is_postgresql(conn):
        claimed, twice = _claim_named(conn, worker, written, gateway, at, until)
    else:
        handovers.spell_out(conn)
        handovers.look_round(conn)
        statement = _CLAIM[fresh].format(skipping=skipping_locked(conn))
        claiming = statement, (worker, until, at, at, gateway, limit)
        rows, twice = fetch_together(conn, claiming, texted_twice(conn, worker, until))
        claimed = [Outgoing(*row) for row in rows]
        by_name = False
    if not claimed:
        return Claim([], whole=True)
    lately = texted_lately(conn, claimed, moment, [row[0] for row in twice])
    for (purpose, status), contacts in lately.stood_for.items():
        # The text of today stands for this one.
        move_contacts(conn, status, purpose, contacts, moment)
    going = [text for text in claimed if text.message_id not in lately.withheld]
    kept = _kept(conn, going, quiet, moment)
    whole = len(kept.texts) == len(claimed)
    return Claim(kept.texts, whole, named=by_name and len(claimed) == len(written))


def _kept(
    conn: Connection,
    texts: list[Outgoing],
    quiet: QuietHours | None,
    moment: datetime,
    *,
    named: bool = False,
) -> Claim:
    """Those of claimed texts that need not wait for the end of quiet hours."""
    held = hold(conn, texts, quiet, moment) if quiet is not None else frozenset()
    going = [text for text in texts if text.message_id not in held]
    return Claim(going, whole=not held, named=named)


def _may_name(written: Sequence[Outgoing]) -> bool:
    return (
        bool(written)
        and len({text.phone for text in written}) == len(written)
        and all(text.purpose in OPENING for text in written)
    )


def _tell_named(
    conn: Connection, worker: str, written: Sequence[Outgoing], gateway: str, at: Any, until: Any
) -> None:
    """Claims texts; the transaction ends where one of them is not to be handed over now."""
    once, phones = each_texted_once(conn, written)
    claiming = _claiming(conn, worker, written, at, until)
    claiming = f"{claiming[0]} RETURNING id", claiming[1]
    run_at_last(
        conn,
        [guesses.all_of(len(written), claiming, (_UNLESS_LEFT_ALONE, (gateway,)), (once, phones))],
    )


def _note_named(
    conn: Connection, worker: str, written: Sequence[Outgoing], gateway: str, at: Any, until: Any
) -> None:
    """The same by one row for all of them."""
    texts = [text.message_id for text in written]
    once, phones = each_texted_once(conn, written)
    waiting = f"SELECT 1 FROM messages WHERE {among_packed(conn, 'id')} AND {_STILL_DUE}"  # noqa: S608
    right = guesses.all_of(
        len(written),
        (waiting, (packed(conn, texts), at)),
        (_UNLESS_LEFT_ALONE, (gateway,)),
        handovers.nowhere(conn, texts),
        (once, phones),
    )
    run_at_last(conn, [right, handovers.noting(conn, worker, texts, until)])


def _claim_named(
    conn: Connection, worker: str, written: Sequence[Outgoing], gateway: str, at: Any, until: Any
) -> tuple[list[Outgoing], Sequence[tuple[Any, ...]]]:
    """Claims those of some texts that still wait.

    Returns:
        These, and the numbers of which there may be more than one text.
    """
    statement, values = _claiming(conn, worker, written, at, until)
    count = run(conn, f"{statement} AND {_UNLESS_LEFT_ALONE}", (*values, gateway))
    once, phones = each_texted_once(conn, written)
    ((alone,),) = fetch(conn, f"SELECT {once}", phones)
    twice = () if alone else fetch(conn, *texted_twice(conn, worker, until))
    if count == len(written):
        return list(written), twice
    ours = {row[0] for row in fetch(conn, _OURS, (until, worker))}
    return [text for text in written if text.message_id in ours], twice


def _claiming(
    conn: Connection, worker: str, written: Sequence[Outgoing], at: Any, until: Any
) -> Written:
    ids = packed(conn, [text.message_id for text in written])
    return _CLAIM_NAMED.format(ours=among_packed(conn, "id")), (worker, until, at, ids, at)


_UNLESS_LEFT_ALONE = "NOT EXISTS (SELECT 1 FROM gateway_state WHERE name = ? AND state <> 'closed')"
# Written so, no index of what waits is looked at.
_STILL_DUE = "status || '' = 'pending' AND due_at <= ?"
_CLAIM_NAMED = (
    "UPDATE messages SET status = 'sending', claimed_by = ?, due_at = ?, changed_at = ?"  # noqa: S608
    f" WHERE {{ours}} AND {_STILL_DUE}"
)
_OURS = f"SELECT id FROM messages WHERE {WAITING} AND due_at = ? AND claimed_by = ?"  # noqa: S608


_OLDEST = (
    f"SELECT id, tries, due_at FROM messages WHERE {WAITING} AND status = 'pending'"  # noqa: S608
    " AND due_at <= ?"
    f" AND {_UNLESS_LEFT_ALONE}"
    " ORDER BY due_at, id LIMIT"
)
_CLAIM = tuple(
    "UPDATE messages SET status = 'sending', claimed_by = ?, due_at = ?, changed_at = ?"  # noqa: S608
    f" WHERE id IN (SELECT id FROM ({which}) AS due)"
    " RETURNING id, contact_id, phone, number_id, body, tries, purpose"
    for which in (
        f"{_OLDEST} ?{{skipping}}",
        f"SELECT id FROM ({_OLDEST} 500{{skipping}}) AS oldest"  # noqa: S608
        " ORDER BY tries, due_at, id LIMIT ?",
    )
)
"""The oldest that are due; and of those the ones that were tried the least."""


_NEXT_DUE = f"SELECT due_at FROM messages WHERE {WAITING} ORDER BY due_at LIMIT 1"  # noqa: S608


def next_due(conn: Connection) -> datetime | None:
    """When the next text is to be sent, or the next wait ends; None when nothing waits."""
    found = fetch(conn, _NEXT_DUE)
    return moment_of(found[0][0]) if found else None
