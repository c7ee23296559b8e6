"""A number leads to whoever has it, wherever it is kept, and to nobody else."""

from __future__ import annotations

import random
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.engine import Connection

from storage import checks, erase, phone_index, suppressions, undo
from storage.acts import Delete
from storage.bulk import perform
from storage.driver import fetch, run
from storage.engine import sqlite_module
from storage.errors import StoreError
from storage.fates import where_is
from storage.holding import texted_twice
from storage.ids import public
from storage.inbound import Inbound, receive
from storage.profile import find_contact
from storage.receipts import everything
from storage.store import Store
from storage.words import Actor, Target, View
from tests.factories import lead, make_queued, next_phone, put, settle_all, switched_on

ANA = Actor.person("ana")
KEPT = ("phones_new", "phones_young", "phones")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers move on from table to table after a few of them."""
    for name, value in (("MOST_NEW", 4), ("MOST_YOUNG", 9), ("STRETCH", 5), ("LOOK_AFTER", 1)):
        monkeypatch.setattr(phone_index, name, value)


def counted(store: Store) -> dict[str, int]:
    """How many numbers each table holds."""
    with store.read() as conn:
        return {
            name: fetch(conn, f"SELECT count(*) FROM {name}")[0][0]
            for name in (*KEPT, "phones_former")
        }


def faults(store: Store) -> tuple[str, ...]:
    with store.read() as conn:
        return checks.check(conn).faults


def phones(count: int) -> list[str]:
    """Numbers in no order."""
    made = [next_phone() for _ in range(count)]
    random.Random(7).shuffle(made)
    return made


@pytest.mark.usefixtures("small")
def test_a_number_whose_text_failed_is_the_next_ones(store: Store) -> None:
    switched_on(store)
    made = phones(20)
    failed = [one.contact_id for one in put(store, *[lead(phone=phone) for phone in made])]
    settle_all(store, "failed")
    again = [one.contact_id for one in put(store, *[lead(phone=phone) for phone in made])]
    assert not {*failed} & {*again}
    with store.read() as conn:
        assert [find_contact(conn, phone) for phone in made] == again
    assert faults(store) == ()


def delete(store: Store, *ids: int) -> None:
    perform(store, ANA, Delete(), Target(ids=ids), seen=View())


@pytest.mark.usefixtures("small")
def test_a_number_is_known_in_whichever_table_it_stands(store: Store) -> None:
    switched_on(store)
    known: dict[str, int | None] = {}
    seen: set[str] = set()
    for start in range(0, 60, 3):
        batch = phones(3)
        for phone, result in zip(batch, put(store, *[lead(phone=it) for it in batch]), strict=True):
            assert result.outcome == "accepted"
            known[phone] = result.contact_id
        seen |= {name for name, n in counted(store).items() if n}
        again = random.Random(start).sample(sorted(known), min(6, len(known)))
        repeated = put(store, *[lead(phone=phone) for phone in again])
        assert [(one.code, one.contact_id) for one in repeated] == [
            ("ALREADY_OPTED_IN", known[phone]) for phone in again
        ]
    assert seen == (set(KEPT) if store.kind == "sqlite" else {"phones"})
    assert sum(counted(store).values()) == len(known)
    assert faults(store) == ()


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("any_store_url", ["sqlite"], indirect=True)
def test_the_small_tables_stay_small(store: Store) -> None:
    switched_on(store)
    for phone in [*phones(60), *sorted(phones(60)), *sorted(phones(60), reverse=True)]:
        put(store, lead(phone=phone))
        there = counted(store)
        assert there["phones_new"] <= phone_index.MOST_NEW
        assert there["phones_young"] <= phone_index.MOST_YOUNG + phone_index.MOST_NEW
    assert there["phones"] > 100
    assert faults(store) == ()


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("any_store_url", ["sqlite"], indirect=True)
def test_two_programs_move_numbers_on_in_turns(store: Store) -> None:
    switched_on(store)
    other = Store.open(store.url)
    made = phones(60)
    try:
        for place, phone in enumerate(made):
            put((store, other)[place % 2], lead(phone=phone))
        for place, phone in enumerate(made):
            (result,) = put((other, store)[place % 2], lead(phone=phone))
            assert result.code == "ALREADY_OPTED_IN"
    finally:
        other.close()
    assert faults(store) == ()


@pytest.mark.usefixtures("small")
def test_who_was_deleted_opts_in_as_somebody_new_and_both_are_found_by_the_number(
    store: Store,
) -> None:
    switched_on(store)
    made = phones(20)
    first = [one.contact_id for one in put(store, *[lead(phone=phone) for phone in made])]
    settle_all(store)
    delete(store, *[ident for ident in first if ident is not None])
    assert counted(store) == {"phones_new": 0, "phones_young": 0, "phones": 0, "phones_former": 20}
    with store.read() as conn:
        assert [find_contact(conn, phone) for phone in made] == first
    second = put(store, *[lead(phone=phone) for phone in made])
    assert {one.outcome for one in second} == {"accepted"}
    with store.read() as conn:
        for phone, before, now in zip(made, first, second, strict=True):
            assert find_contact(conn, phone) == now.contact_id
            ids = {fate.contact_id for fate in where_is(conn, phone).fates}
            assert {before, now.contact_id} <= ids
    assert faults(store) == ()


@pytest.mark.usefixtures("small")
def test_an_undone_deletion_gives_the_number_back_unless_somebody_took_it(store: Store) -> None:
    ids = make_queued(store, 12)
    with store.read() as conn:
        phone_of = dict(fetch(conn, "SELECT id, phone FROM contacts"))
    delete(store, *ids)
    taken = ids[:4]
    put(store, *[lead(phone=phone_of[ident]) for ident in taken])
    assert undo.undo(store, ANA).done == 8
    for ident in ids:
        (again,) = put(store, lead(phone=phone_of[ident]))
        assert again.code == "ALREADY_OPTED_IN"
        assert (again.contact_id == ident) is (ident not in taken)
    assert faults(store) == ()


@pytest.mark.usefixtures("small")
def test_a_text_finds_who_has_the_number_now_and_else_who_had_it(store: Store) -> None:
    ids = make_queued(store, 10)
    with store.read() as conn:
        phone_of = dict(fetch(conn, "SELECT id, phone FROM contacts"))
    delete(store, *ids[:2])
    back, gone = phone_of[ids[0]], phone_of[ids[1]]
    (now,) = put(store, lead(phone=back))
    settle_all(store)

    def says(phone: str, text_id: str) -> int | None:
        text = Inbound("simulated", text_id, phone, "+12025550100", "STOP")
        return store.do(lambda conn: receive(conn, text)).contact_id

    assert says(back, "in-1") == now.contact_id
    assert says(gone, "in-2") == ids[1]
    assert says(phone_of[ids[5]], "in-3") == ids[5]


@pytest.mark.usefixtures("small")
def test_an_erased_number_stands_nowhere_any_more(store: Store) -> None:
    ids = make_queued(store, 10)
    with store.read() as conn:
        phone_of = dict(fetch(conn, "SELECT id, phone FROM contacts"))
    phone = phone_of[ids[2]]
    delete(store, ids[2])
    (now,) = put(store, lead(phone=phone))
    settle_all(store)
    assert now.contact_id is not None
    erase.erase(store, ANA, now.contact_id, phone[-4:])
    number = phone_index.number_of(phone)
    with store.read() as conn:
        for name in (*KEPT, "phones_former"):
            assert not fetch(conn, f"SELECT 1 FROM {name} WHERE number = ?", (number,)), name
    assert faults(store) == ()


@pytest.mark.parametrize("any_store_url", ["postgresql"], indirect=True)
def test_postgresql_looks_people_up_by_keys_also_where_it_prepared_that_for_few(
    store: Store,
) -> None:
    """A way that is good for few would be kept while the table fills."""
    switched_on(store)
    for _ in range(10):
        store.do(lambda conn: suppressions.add(conn, ANA, phones(40)))
    make_queued(store, 3)
    ways = store.do(kept_ways)
    assert ways
    for way in ways:
        found = [place for place, line in enumerate(way) if " on contacts" in line]
        assert found
        for place in found:
            assert "Cond: (id = " in way[place + 1], way


def kept_ways(conn: Connection) -> list[list[str]]:
    """How a writer looks for contacts with some numbers, by what it has prepared for that."""
    prepared = fetch(
        conn,
        "SELECT name, parameter_types::text[] FROM pg_prepared_statements"
        " WHERE statement LIKE '% FROM contacts WHERE %FROM phones %'"
        " AND cardinality(parameter_types) > 0",
    )
    some = {"bigint[]": "'{14155550123}'", "bytea[]": "'{}'"}
    asked = [f"{name}({', '.join(some[kind] for kind in kinds)})" for name, kinds in prepared]
    return [[row[0] for row in fetch(conn, f"EXPLAIN EXECUTE {each}")] for each in asked]


def test_a_number_that_somebody_else_has_is_given_to_nobody(store: Store) -> None:
    """Whatever went wrong before: the tables themselves refuse it."""
    number = 14155550123

    def give(conn: Connection) -> None:
        for ident in (1, 2):
            for statement, values in phone_index.adding(conn, [[number, ident]]):
                run(conn, statement, values)

    with pytest.raises(StoreError):
        store.do(give)
    assert sum(counted(store).values()) == 0


def damaged(store: Store, statement: str, *values: Any) -> tuple[str, ...]:
    store.do(lambda conn: run(conn, statement, values))
    return faults(store)


def test_a_check_tells_of_a_contact_that_its_number_does_not_lead_to(store: Store) -> None:
    ids = make_queued(store, 3)
    delete(store, ids[0])
    table = "phones_new" if store.kind == "sqlite" else "phones"
    lost = damaged(store, f"UPDATE {table} SET contact_id = 5 WHERE contact_id = ?", ids[1])
    assert len(lost) == 1
    assert "is not found by its number" in lost[0]
    lost = damaged(store, "DELETE FROM phones_former")
    assert len(lost) == 2
    spare = damaged(store, "INSERT INTO phones (number, contact_id) VALUES (14155550123, 7)")
    assert "the index of phones has 3 numbers of 2 contacts that are not deleted" in spare


@pytest.mark.parametrize("any_store_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("table", ["phones_young", "phones"])
def test_a_check_tells_of_two_contacts_with_one_number(store: Store, table: str) -> None:
    """Both are found, each in a table that knows nothing of the other."""
    one, other = make_queued(store, 2)
    with store.read() as conn:
        [(phone,)] = fetch(conn, "SELECT phone FROM contacts WHERE id = ?", (one,))

    def share(conn: Connection) -> None:
        run(conn, "DELETE FROM phones_new WHERE contact_id = ?", (other,))
        run(conn, "UPDATE contacts SET phone = ? WHERE id = ?", (phone, other))
        run(conn, f"INSERT INTO {table} VALUES (?, ?)", (phone_index.number_of(phone), other))

    store.do(share)
    named = f"{public('con', one)} and {public('con', other)} have the same number"
    assert faults(store) == (named,)


def test_what_is_no_number_is_nobodys(store: Store) -> None:
    assert [phone_index.number_of(each) for each in ("", "anna", "+", "+0123456789", "١٢٣")] == [
        0
    ] * 5
    assert phone_index.number_of("+442079460018") == 442079460018
    make_queued(store, 1)
    odd = [
        "anna",
        "",
        "+",
        "14155550123",
        "+1415555012345678901",
        "+1 415 555 0123",
        "+491234",
        "+442079460018",
    ]

    def spelled(conn: Connection, phone: str) -> Any:
        conn.execute(text("UPDATE contacts SET phone = :phone"), {"phone": phone})
        return fetch(conn, f"SELECT {phone_index.spelled(conn, 'phone')} FROM contacts")[0][0]

    found = [store.do(lambda conn, phone=phone: spelled(conn, phone)) for phone in odd]  # type: ignore[misc]
    assert found == [None] * 6 + [491234, 442079460018]
    assert [phone_index.number_of(phone) for phone in odd] == [number or 0 for number in found]


def test_of_a_number_that_was_somebodys_more_than_one_text_may_be_known(store: Store) -> None:
    """So they are counted exactly, before one is handed over."""
    (before,) = make_queued(store, 1)
    with store.read() as conn:
        [(phone,)] = fetch(conn, "SELECT phone FROM contacts")
    delete(store, before)
    put(store, lead(phone=phone), lead())
    store.do(
        lambda conn: run(
            conn,
            "UPDATE messages SET status = 'sending', claimed_by = 'me' WHERE status = 'pending'",
        )
    )
    store.do(lambda conn: run(conn, "UPDATE messages SET due_at = created_at"))
    with store.read() as conn:
        due = fetch(
            conn, "SELECT due_at FROM messages WHERE claimed_by = 'me' AND phone = ?", (phone,)
        )
        assert fetch(conn, *texted_twice(conn, "me", due[0][0])) == [(phone,)]


def test_a_number_of_fewer_digits_than_others_is_nobody_elses(store: Store) -> None:
    """A plan may allow what E.164 usually does not: the 0 belongs to neither."""
    switched_on(store)
    made = ["+4901234", "+4905678"]
    first = [one.contact_id for one in put(store, *[lead(phone=phone) for phone in made])]
    again = put(store, *[lead(phone=phone) for phone in made])
    assert [(one.code, one.contact_id) for one in again] == [
        ("ALREADY_OPTED_IN", ident) for ident in first
    ]
    stranger = Inbound("simulated", "in-1", "12345", "+12025550100", "STOP")
    assert store.do(lambda conn: receive(conn, stranger)).contact_id is None
    delete(store, *[ident for ident in first if ident is not None])
    assert undo.undo(store, ANA).done == 2
    assert faults(store) == ()


def test_a_number_is_found_by_the_spelling_in_which_it_is_kept(store: Store) -> None:
    """Of two zeros that a plan knows nothing of, one is left; of one, none."""
    switched_on(store)
    sent = {"+4400199344516": "+440199344516", "+440199344517": "+44199344517"}
    made = [one.contact_id for one in put(store, *[lead(phone=phone) for phone in sent])]
    with store.read() as conn:
        assert fetch(conn, "SELECT phone FROM contacts ORDER BY id") == [
            (p,) for p in sent.values()
        ]
        assert [find_contact(conn, phone) for phone in sent.values()] == made
        assert [find_contact(conn, phone) for phone in sent] == made
    (other,) = put(store, lead(phone="+44199344516"))
    with store.read() as conn:
        assert find_contact(conn, "+440199344516") == made[0]
        assert find_contact(conn, "+44199344516") == other.contact_id


def test_contacts_whose_phone_is_no_number_are_deleted_put_back_and_erased(store: Store) -> None:
    """As an old store may hold them: whoever made it wrote what was to be written."""
    ids = make_queued(store, 3)
    tables = KEPT if store.kind == "sqlite" else ("phones",)
    for name in tables:
        store.do(lambda conn, name=name: run(conn, f"DELETE FROM {name}"))  # type: ignore[misc]
    store.do(lambda conn: run(conn, "UPDATE contacts SET phone = 'anna-1234-' || id || '-1234'"))
    delete(store, *ids)
    stranger = Inbound("simulated", "in-1", "12345", "+12025550100", "STOP")
    assert store.do(lambda conn: receive(conn, stranger)).contact_id is None
    assert undo.undo(store, ANA).done == 3
    assert faults(store) == ()
    with store.read() as conn:
        assert [row["id"] for row in everything(conn, ids[0])["contacts"]]
    assert erase.erase(store, ANA, ids[0], "1234").contacts == 1
    with store.read() as conn:
        assert fetch(conn, "SELECT count(*) FROM contacts") == [(2,)]


@pytest.mark.parametrize("any_store_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("table", KEPT)
def test_no_signpost_of_a_number_that_was_erased_is_left_in_the_file(
    store: Store, table: str
) -> None:
    made = sorted(phone_index.number_of(phone) for phone in phones(4000))
    gone = [number for place, number in enumerate(made) if place % 8]

    def fill(conn: Connection) -> None:
        for number in made:
            run(conn, f"INSERT INTO {table} VALUES (?, ?)", (number, 2**60 + number))

    def empty(conn: Connection) -> None:
        for number in gone:
            phone_index.forget(conn, f"+{number}", [2**60 + number])

    store.do(fill)
    store.do(empty)
    held = raw(store)
    assert [number for number in gone if written(number) in held] == []


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("any_store_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("former", [False, True])
def test_no_copy_of_a_number_that_was_erased_is_left_between_rows(
    store: Store, monkeypatch: pytest.MonkeyPatch, former: bool
) -> None:
    """Where SQLite moves rows to another page, their bytes may stay behind in the first one."""
    monkeypatch.setattr(phone_index, "MOST_YOUNG", 1500)
    (ident,) = make_queued(store, 1)
    others = [[phone_index.number_of(phone), 2**60 + n] for n, phone in enumerate(phones(6000))]

    def take_in(conn: Connection, some: list[list[int]]) -> None:
        for statement, values in phone_index.adding(conn, some):
            run(conn, statement, values)
        phone_index.settle(conn, len(some))
        if former:
            phone_index.leave(conn, [(other, f"+{number}") for number, other in some])

    for start in range(0, len(others), 50):
        store.do(lambda conn, start=start: take_in(conn, others[start : start + 50]))  # type: ignore[misc]
    held = raw(store)
    # A deleted contact has its number in the table and in its index.
    copied = [n for n, _ in others if held.count(in_a_row(n)) > 1 + former]
    phone = f"+{copied[0]}"

    def be(conn: Connection) -> None:
        for name in (*KEPT, "phones_former"):
            run(conn, f"DELETE FROM {name} WHERE contact_id = ?", (ident,))
            statement = f"UPDATE {name} SET contact_id = ? WHERE number = ?"
            run(conn, statement, (ident, copied[0]))
        run(conn, "UPDATE contacts SET phone = ?", (phone,))

    store.do(be)
    there = sum(counted(store).values())
    erase.erase(store, ANA, ident, phone[-4:])
    assert raw(store).count(in_a_row(copied[0])) == 0
    assert sum(counted(store).values()) == there - 1
    assert integrity(store) == "ok"


def raw(store: Store) -> bytes:
    """The file, with all that its log holds."""
    assert store.path is not None
    module: Any = sqlite_module()
    with closing(module.connect(str(store.path))) as conn:
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return store.path.read_bytes()


def integrity(store: Store) -> str:
    with store.read() as conn:
        return str(fetch(conn, "PRAGMA integrity_check")[0][0])


def in_a_row(number: int) -> bytes:
    """As SQLite writes a number that is no row's id."""
    return number.to_bytes(6, "big")


def written(number: int) -> bytes:
    """As SQLite writes the id of a row: seven bits in each byte."""
    sevens = [number >> shift & 127 for shift in range(28, -7, -7)]
    return bytes([*(each | 128 for each in sevens[:-1]), sevens[-1]])
