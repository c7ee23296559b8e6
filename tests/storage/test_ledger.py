"""The consent ledger: whatever is done to it behind the store's back is found and named."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from sqlalchemy import select, text
from sqlalchemy.engine import Connection

from storage import consent
from storage.acts import Delete
from storage.bulk import perform
from storage.erase import erase
from storage.profile import profile
from storage.retention import let_go_all
from storage.store import Store
from storage.tables import ConsentEvent
from storage.times import now
from storage.words import Actor, Target
from tests.factories import lead, make_queued, put

ANA = Actor.person("ana")

events: Any = ConsentEvent.__table__  # type: ignore[attr-defined]

Forgery = Callable[[Connection], object]


class _Undone(Exception):
    """The forgery was only tried."""


def found_after(store: Store, *harm: str | Forgery) -> tuple[str, ...]:
    """What a verification finds once harm was done to the ledger, which is then undone."""
    faults: tuple[str, ...] = ()

    def try_it(conn: Connection) -> None:
        nonlocal faults
        for one in harm:
            if isinstance(one, str):
                conn.execute(text(one))
            else:
                one(conn)
        faults = consent.verify(conn).faults
        raise _Undone

    with pytest.raises(_Undone):
        store.do(try_it)
    return faults


def write_anew(conn: Connection) -> None:
    """Hashes every event again, as somebody would who knows how but not the store's secret."""
    head = conn.execute(text("SELECT chain_base_head FROM store_state")).scalar()
    head = consent.GENESIS if head is None else bytes(head)
    for row in conn.execute(select(events).order_by(events.c.seq)).all():
        digest = hashlib.sha256(row.evidence.encode()).digest() if row.evidence else None
        digest = digest or bytes(row.evidence_hash)
        before = head
        head = consent.event_hash(
            before,
            row.seq,
            row.at,
            row.kind,
            row.contact_id,
            row.number_id,
            row.request_id,
            digest,
        )
        conn.execute(
            events.update()
            .where(events.c.seq == row.seq)
            .values(evidence_hash=digest, prev_hash=before, hash=head)
        )
    conn.execute(
        text("UPDATE store_state SET chain_seq = :seq, chain_head = :head"),
        {"seq": row.seq, "head": head},
    )


MOVE_END = (
    "UPDATE store_state SET chain_seq = (SELECT max(seq) FROM consent_events), chain_head ="
    " (SELECT hash FROM consent_events ORDER BY seq DESC LIMIT 1)"
)
MOVE_BASE = (
    "UPDATE store_state SET chain_base_seq = (SELECT min(seq) FROM consent_events) - 1,"
    " chain_base_head = (SELECT prev_hash FROM consent_events ORDER BY seq LIMIT 1)"
)
REWRITTEN = (
    "the ledger was written anew: its end does not bear this store's seal,"
    " so any event may have been changed"
)


def test_what_is_changed_and_hashed_anew_or_cut_with_its_mark_is_found(store: Store) -> None:
    make_queued(store, 5)
    assert found_after(store) == ()
    assert found_after(store, "DELETE FROM consent_events WHERE seq > 3", MOVE_END) == (
        "events 4 to 5 were cut off the ledger's end",
    )
    assert found_after(store, "DELETE FROM consent_events WHERE seq < 3", MOVE_BASE) == (
        "events 1 to 2 are missing: it was not this store that let them go",
    )
    assert found_after(
        store, "UPDATE consent_events SET kind = 'repeat' WHERE seq = 2", write_anew
    ) == (REWRITTEN,)
    assert found_after(
        store, "UPDATE consent_events SET evidence = '{}' WHERE seq = 2", write_anew
    ) == (REWRITTEN,)
    assert found_after(
        store,
        "DELETE FROM consent_events WHERE seq = 2",
        "UPDATE consent_events SET seq = seq - 1 WHERE seq = 3",
        "UPDATE consent_events SET seq = seq - 1 WHERE seq = 4",
        "UPDATE consent_events SET seq = seq - 1 WHERE seq = 5",
        write_anew,
    ) == ("events 5 to 5 were cut off the ledger's end",)
    assert found_after(store, "UPDATE store_state SET chain_seal = NULL") == (
        "the seal of the ledger's end is missing",
    )
    assert found_after(store, "UPDATE consent_events SET evidence = NULL WHERE seq = 2") == (
        "the evidence of event 2 was taken away",
    )


SQLITE_TAKES = ("'x'", "-1", "9223372036854775807", "x'fffe'", "CAST(x'ff41' AS TEXT)")
"""What SQLite keeps in any column, whatever it was declared to hold."""


def test_what_others_wrote_into_an_event_is_named_whatever_it_is(sqlite_store: Store) -> None:
    make_queued(sqlite_store, 4)
    facts = ("at", "kind", "contact_id", "number_id", "request_id", "evidence")
    for column in (*facts, "evidence_hash", "prev_hash", "hash"):
        for value in SQLITE_TAKES:
            wrote = f"UPDATE consent_events SET {column} = {value} WHERE seq = 2"
            first = found_after(sqlite_store, wrote)[0]
            assert "event 2" in first, (column, value)
            assert "event 4" not in first
    for column in ("chain_seq", "chain_head", "chain_seal", "chain_base_seq", "chain_base_head"):
        assert found_after(sqlite_store, f"UPDATE store_state SET {column} = 'x'") == (
            "what the store remembers of the ledger's ends was changed",
        )
    assert found_after(sqlite_store) == ()


def test_a_ledger_that_was_let_go_of_can_be_forged_no_better(store: Store) -> None:
    with time_machine.travel(now() - timedelta(days=6 * 365)):
        old = make_queued(store, 3)
        perform(store, ANA, Delete(), Target(ids=tuple(old)))
    make_queued(store, 2)
    assert let_go_all(store.do, ANA, 5) == 3
    assert found_after(store) == ()
    assert found_after(store, "DELETE FROM consent_events WHERE seq = 4", MOVE_BASE) == (
        "events 1 to 4 are missing: it was not this store that let them go",
    )
    assert found_after(
        store, "UPDATE store_state SET chain_base_head = chain_head", write_anew
    ) == ("events 1 to 3 are missing: it was not this store that let them go", REWRITTEN)
    assert found_after(
        store, "UPDATE store_state SET chain_base_seq = 0, chain_base_head = NULL"
    ) == ("events 1 to 3 are missing",)


def test_evidence_may_lack_only_where_somebody_was_erased(store: Store) -> None:
    [gone, there] = make_queued(store, 2)
    with store.read() as conn:
        phone = profile(conn, gone).contact.phone
    erase(store, ANA, gone, phone[-4:])
    assert found_after(store) == ()
    taken = f"UPDATE consent_events SET evidence = NULL WHERE contact_id = {there}"
    assert found_after(store, taken) == ("the evidence of event 2 was taken away",)


def test_a_receipt_kept_elsewhere_finds_a_ledger_that_was_replaced_with_its_seal(
    store: Store,
) -> None:
    make_queued(store, 3)
    with store.read() as conn:
        chain = consent.open_chain(conn)
    kept = consent.Head(chain.seq, chain.head)
    put(store, lead())
    with store.read() as conn:
        assert consent.verify(conn, witness=kept).faults == ()
        other = consent.Head(3, bytes(32))
        assert consent.verify(conn, witness=other).faults == (
            "event 3 is not the one that the receipt names",
        )
        beyond = consent.Head(9, bytes(32))
        assert consent.verify(conn, witness=beyond).faults == (
            "event 9, which the receipt names, is missing",
        )


def test_a_verification_of_a_file_keeps_few_of_its_pages(sqlite_store: Store) -> None:
    make_queued(sqlite_store, 3)
    kept: list[int] = []
    with sqlite_store.read() as conn:
        ask = partial(conn.exec_driver_sql, "PRAGMA cache_size")
        usual = ask().scalar_one()
        consent.verify(conn, lambda _done, _of: kept.append(-ask().scalar_one()))
        assert ask().scalar_one() == usual
    assert kept and max(kept) <= 1024 < -usual
