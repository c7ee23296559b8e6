"""Texts that one row says are being handed over are for all others what each says of itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.engine import Connection

from server.doors.gateway import receive_all
from storage import erase, handovers, messages, suppressions
from storage.acts import Delete, Star
from storage.bulk import perform
from storage.claims import Claim, claim, next_due
from storage.errors import Refused
from storage.inbound import Inbound, receive
from storage.leads import OptIn
from storage.messages import settle
from storage.seats import enter
from storage.store import Store
from storage.tables import Contact, Handover, Message, Seat
from storage.texts import Outgoing, Receipt
from storage.times import now
from storage.words import Actor, Target
from tests.factories import lead, put, switched_on
from tests.storage.test_writer import busy

ME = Actor.person("ana")

_messages: Any = Message.__table__  # type: ignore[attr-defined]
_contacts: Any = Contact.__table__  # type: ignore[attr-defined]
_handovers: Any = Handover.__table__  # type: ignore[attr-defined]
_seats: Any = Seat.__table__  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits to be sure that all programs know of this."""
    monkeypatch.setattr(handovers, "PATIENCE_SECONDS", 0.0)


@pytest.fixture
def open_store(pg_url: str) -> Iterator[Store]:
    store = Store.open(pg_url)
    switched_on(store)
    yield store
    store.close()


def look(store: Store, worker: str = "me") -> Claim:
    """A courier looks for whatever is due."""
    return store.write(lambda conn: claim(conn, worker, 100), apart=True).result()


def named(store: Store, texts: list[Outgoing], worker: str = "me") -> Claim:
    """As a courier claims what leads have just left."""
    return store.write(
        lambda conn: claim(conn, worker, 100, gateway="simulated", written=texts), apart=True
    ).result()


def written(store: Store, count: int = 4, items: list[OptIn] | None = None) -> list[Outgoing]:
    """The texts of strangers that were taken in."""
    found = [result.text for result in put(store, *(items or [lead() for _ in range(count)]))]
    return [one for one in found if one is not None]


def in_hand(store: Store, count: int = 4) -> tuple[list[Outgoing], Claim]:
    """Texts that a courier holds by one row for all of them."""
    look(store)
    texts = written(store, count)
    found = named(store, texts)
    assert found.handover == texts[0].message_id
    assert found.texts == texts
    return texts, found


def settled(store: Store, found: Claim, status: str = "accepted") -> list[bool]:
    receipts = [Receipt(one.message_id, status) for one in found.texts]
    verb = lambda conn: settle(conn, receipts, found.texts, found.handover)  # noqa: E731
    return [*store.write(verb, apart=True).result()]


def statuses(store: Store) -> list[str]:
    with store.read() as conn:
        return [*conn.scalars(select(_messages.c.status).order_by(_messages.c.id))]


def stages(store: Store) -> list[str]:
    with store.read() as conn:
        return [*conn.scalars(select(_contacts.c.stage).order_by(_contacts.c.id))]


def together(store: Store, *verbs: tuple[Callable[[Connection], Any], bool]) -> list[Any]:
    """What comes of verbs in one transaction, each with whether it is apart."""
    with busy(store):
        futures = [store.write(verb, apart=apart) for verb, apart in verbs]
    return [future.exception() or future.result() for future in futures]


def rows(store: Store) -> int:
    with store.read() as conn:
        return len(conn.execute(select(_handovers.c.id)).all())


def test_one_row_says_of_many_texts_that_they_are_being_handed_over(open_store: Store) -> None:
    _, found = in_hand(open_store)
    assert rows(open_store) == 1
    assert statuses(open_store) == ["pending"] * 4
    assert settled(open_store, found) == [True] * 4
    assert rows(open_store) == 0
    assert statuses(open_store) == ["accepted"] * 4
    assert stages(open_store) == ["queued"] * 4


def test_sqlite_has_no_use_for_it(sqlite_store: Store) -> None:
    switched_on(sqlite_store)
    look(sqlite_store)
    found = named(sqlite_store, written(sqlite_store))
    assert (len(found.texts), found.handover) == (4, 0)
    assert statuses(sqlite_store) == ["sending"] * 4


def test_another_courier_that_looks_gets_none_of_them(open_store: Store) -> None:
    _texts, found = in_hand(open_store)
    assert look(open_store, "another").texts == []
    assert statuses(open_store) == ["sending"] * 4
    assert rows(open_store) == 0
    with open_store.read() as conn:
        claimed = conn.execute(select(_messages.c.claimed_by, _messages.c.due_at)).all()
        due = next_due(conn)
    assert {row.claimed_by for row in claimed} == {"me"}
    assert due is not None
    assert {row.due_at for row in claimed} == {due}
    assert due > now() + timedelta(seconds=20)
    assert settled(open_store, found) == [True] * 4
    assert statuses(open_store) == ["accepted"] * 4


def test_what_is_in_somebodys_hands_is_claimed_by_its_name_by_nobody(open_store: Store) -> None:
    texts, found = in_hand(open_store)
    more = written(open_store, 2)
    again = named(open_store, [*more, texts[3]])
    assert {one.message_id for one in again.texts} == {one.message_id for one in more}
    assert not again.handover
    assert settled(open_store, found) == [True] * 4


def test_leads_leave_it_as_it_is_and_an_act_of_a_person_spells_it_out(open_store: Store) -> None:
    texts, found = in_hand(open_store)
    put(open_store, lead(), lead(phone=texts[0].phone))
    assert statuses(open_store) == ["pending"] * 5
    perform(open_store, ME, Star(True), Target(ids=(texts[1].contact_id,)))
    assert statuses(open_store) == [*["sending"] * 4, "pending"]
    assert settled(open_store, found) == [True] * 4


def test_the_texts_of_a_courier_that_died_count_as_unknown_and_are_not_sent_again(
    open_store: Store,
) -> None:
    in_hand(open_store)
    late = update(_handovers).values(until=now() - timedelta(seconds=1))
    open_store.write(lambda conn: conn.execute(late).rowcount, apart=True).result()
    assert look(open_store, "another").texts == []
    assert open_store.do(messages.sweep) == 4
    assert statuses(open_store) == ["unknown"] * 4
    assert stages(open_store) == ["queued"] * 4
    assert look(open_store, "another").texts == []


def test_where_a_program_does_not_know_of_it_each_text_says_so_itself(open_store: Store) -> None:
    seat = open_store.do(lambda conn: enter(conn, "serve", "", "http://127.0.0.1:1"))
    _, found = in_hand(open_store)
    settled(open_store, found)
    old = update(_seats).where(_seats.c.id == seat).values(revision=0)
    open_store.do(lambda conn: conn.execute(old).rowcount)
    look(open_store)
    found = named(open_store, written(open_store))
    assert (len(found.texts), found.handover) == (4, 0)
    assert statuses(open_store) == [*["accepted"] * 4, *["sending"] * 4]
    silent = update(_seats).values(seen_at=now() - handovers.GONE - timedelta(seconds=1))
    open_store.do(lambda conn: conn.execute(silent).rowcount)
    look(open_store)
    assert named(open_store, written(open_store)).handover


def test_nobody_who_does_not_know_of_it_must_have_been_there_for_a_while(
    open_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handovers, "PATIENCE_SECONDS", 600.0)
    look(open_store)
    assert not named(open_store, written(open_store)).handover
    monkeypatch.setattr(handovers, "PATIENCE_SECONDS", 0.0)
    assert named(open_store, written(open_store)).handover


# Who shares the transaction.


def claiming(texts: list[Outgoing]) -> Callable[[Connection], Claim]:
    return lambda conn: claim(conn, "me", 100, gateway="simulated", written=texts)


def test_who_shares_the_transaction_of_a_claim_meets_texts_that_say_so_themselves(
    open_store: Store,
) -> None:
    look(open_store)
    texts = written(open_store)
    found, _ = together(
        open_store,
        (claiming(texts), True),
        (lambda conn: suppressions.add(conn, ME, [texts[1].phone]), False),
    )
    assert (found.texts, found.handover) == (texts, 0)
    assert statuses(open_store) == ["sending"] * 4
    assert settled(open_store, found) == [True] * 4
    assert statuses(open_store) == ["accepted"] * 4
    assert named(open_store, written(open_store)).handover


def test_a_stop_that_shares_it_does_too(open_store: Store) -> None:
    look(open_store)
    texts = written(open_store)
    said = Inbound("simulated", "in-1", texts[2].phone, texts[2].number_id, "STOP")
    with busy(open_store):
        future = open_store.write(claiming(texts), apart=True)
        open_store.write_many(receive_all, said, lambda _: None)
    found = future.result()
    assert statuses(open_store)[:4] == ["sending"] * 4
    assert settled(open_store, found) == [True] * 4


def test_a_claim_beside_an_act_that_is_refused_asks_what_is_due(open_store: Store) -> None:
    look(open_store)
    texts = written(open_store)
    deleted(open_store, texts, Claim([], whole=True))

    def refused(_conn: Connection) -> None:
        raise Refused("No.")

    why, found = together(open_store, (refused, False), (claiming(texts), True))
    assert isinstance(why, Refused)
    assert {one.message_id for one in found.texts} == {
        one.message_id for one in (texts[0], texts[2], texts[3])
    }


def test_receipts_beside_an_act_need_not_be_written_twice(
    open_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, found = in_hand(open_store)
    undone: list[bool] = []
    monkeypatch.setattr(open_store, "undone", lambda: undone.append(True))
    receipts = [Receipt(one.message_id, "accepted") for one in found.texts]
    moved, _ = together(
        open_store,
        (lambda conn: settle(conn, receipts, found.texts, found.handover), True),
        (lambda _conn: None, False),
    )
    assert (moved, undone) == ([True] * 4, [])
    assert statuses(open_store) == ["accepted"] * 4


# What anybody does meanwhile.


def someone(store: Store, texts: list[Outgoing]) -> Target:
    return Target(ids=(texts[1].contact_id,))


def suppressed(store: Store, texts: list[Outgoing], _found: Claim) -> None:
    store.do(lambda conn: suppressions.add(conn, ME, [texts[1].phone]))


def deleted(store: Store, texts: list[Outgoing], _found: Claim) -> None:
    perform(store, ME, Delete(), someone(store, texts))


def stopped(store: Store, texts: list[Outgoing], _found: Claim) -> None:
    text = texts[1]
    said = Inbound("simulated", f"in-{text.message_id}", text.phone, text.number_id, "STOP")
    store.do(lambda conn: receive(conn, said))


def erased(store: Store, texts: list[Outgoing], _found: Claim) -> None:
    erase.erase(store, ME, texts[1].contact_id, texts[1].phone[-4:])


def swept(store: Store, _texts: list[Outgoing], _found: Claim) -> None:
    assert store.do(messages.sweep) == 0


def clock_followed(store: Store, _texts: list[Outgoing], _found: Claim) -> None:
    store.do(messages.follow_clock)


def one_failed(store: Store, texts: list[Outgoing], _found: Claim) -> None:
    store.do(lambda conn: settle(conn, [Receipt(texts[1].message_id, "failed", error="30003")]))


def one_to_be_tried_again(store: Store, texts: list[Outgoing], _found: Claim) -> None:
    store.do(lambda conn: settle(conn, [Receipt(texts[1].message_id, "retry")]))
    store.do(messages.sweep)


def deleted_and_to_be_tried_again(store: Store, texts: list[Outgoing], found: Claim) -> None:
    deleted(store, texts, found)
    one_to_be_tried_again(store, texts, found)


def all_blocked(store: Store, _texts: list[Outgoing], found: Claim) -> None:
    settled(store, found, "blocked")


def all_handed_over(store: Store, _texts: list[Outgoing], found: Claim) -> None:
    settled(store, found, "sent")


def looked_for_by_another(store: Store, _texts: list[Outgoing], _found: Claim) -> None:
    assert look(store, "another").texts == []


@pytest.mark.parametrize(
    "meanwhile",
    [
        *[suppressed, deleted, stopped, erased, swept, clock_followed, one_failed],
        *[one_to_be_tried_again, deleted_and_to_be_tried_again, all_blocked, all_handed_over],
        looked_for_by_another,
    ],
    ids=lambda one: one.__name__.replace("_", " "),
)
def test_whatever_happens_meanwhile_comes_to_the_same(
    open_store: Store,
    meanwhile: Callable[[Store, list[Outgoing], Claim], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def play(*, by_one_row: bool) -> tuple[list[str], list[str], list[bool]]:
        monkeypatch.setattr(handovers, "PATIENCE_SECONDS", 0.0 if by_one_row else 600.0)
        look(open_store)
        texts = written(open_store)
        found = named(open_store, texts)
        assert bool(found.handover) is by_one_row
        meanwhile(open_store, texts, found)
        moved = settled(open_store, found)
        with open_store.read() as conn:
            ids = [one.message_id for one in texts]
            said = {row.id: row.status for row in conn.execute(select(_messages))}
            at = {row.id: row.stage for row in conn.execute(select(_contacts))}
        return (
            [said.get(ident, "gone") for ident in ids],
            [at.get(one.contact_id, "gone") for one in texts],
            moved,
        )

    assert play(by_one_row=True) == play(by_one_row=False)
    assert rows(open_store) == 0
