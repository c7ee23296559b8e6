"""PostgreSQL's contacts are indexed beside those who write, and search never misses one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, delete, func, select, update

from storage import engine, erase, indexer, search_index
from storage.driver import fetch, run
from storage.engine import store_url
from storage.jobs import HeldUp
from storage.search_index import (
    contacts,
    grams,
    index,
    index_beside,
    index_pending,
    mark_pending,
    pending,
)
from storage.store import Store
from storage.words import Actor
from tests.factories import make_queued
from tests.storage.test_indexer import becomes, found, waiting
from tests.waiting import PATIENCE


@pytest.fixture
def stores(pg_url: str) -> Iterator[tuple[Store, Store]]:
    """Two processes that index nothing by themselves."""
    here, there = Store.open(pg_url), Store.open(pg_url)
    here._indexer.close()
    there._indexer.close()
    yield here, there
    here.close()
    there.close()


def beside(store: Store, meanwhile: Callable[[], Any] = lambda: None) -> Future[int | None]:
    """Indexes beside others; `meanwhile` happens when the trigrams are made."""

    def verb(conn: Connection) -> int | None:
        done = index_beside(conn)
        meanwhile()
        return done

    return store.write(verb, patient=True, aside=True, lasting=False)


def indexed(store: Store) -> set[int]:
    """The contacts that the index knows."""
    with store.read() as conn:
        return set(conn.scalars(select(grams.c.contact_id)))


def renamed(conn: Connection, ident: int, name: str) -> None:
    """Gives a contact another name, as its rules would."""
    conn.execute(update(contacts).where(contacts.c.id == ident).values(haystack=name))
    mark_pending(conn, [ident])


def erased(conn: Connection, ident: int) -> None:
    """Leaves nothing of a contact, as erasing does."""
    conn.execute(delete(pending).where(pending.c.contact_id == ident))
    index.drop(conn, [ident])
    conn.execute(delete(contacts).where(contacts.c.id == ident))


def holding(store: Store, lock: int) -> psycopg.Connection:
    """Another program that holds a lock until it is closed."""
    plain = store_url(store.url).set(drivername="postgresql")
    driver = psycopg.connect(plain.render_as_string(hide_password=False))
    driver.execute("SELECT pg_advisory_xact_lock(%s)", [lock])
    return driver


def test_trigrams_are_made_while_somebody_else_writes(stores: tuple[Store, Store]) -> None:
    here, there = stores
    ids = make_queued(here, 3)
    writes, made = threading.Event(), threading.Event()

    def verb(conn: Connection) -> None:
        conn.execute(select(1))
        writes.set()
        assert made.wait(PATIENCE)

    writing = there.write(verb)
    assert writes.wait(PATIENCE)
    indexing = beside(here, made.set)
    writing.result(PATIENCE)
    assert indexing.result(PATIENCE) == 3
    assert waiting(here) == 0
    assert indexed(here) == set(ids)


def test_who_has_changed_meanwhile_is_noted_on(stores: tuple[Store, Store]) -> None:
    here, there = stores
    ids = make_queued(here, 3, first_name="Ada")
    change = beside(here, lambda: there.do(lambda conn: renamed(conn, ids[1], "zebedee")))
    assert change.result(PATIENCE) == 3
    assert waiting(here) == 1
    assert found(here, "zebedee") == [ids[1]]
    assert found(here, "ada") == [ids[2], ids[0]]
    assert beside(here).result(PATIENCE) == 1
    assert waiting(here) == 0
    assert found(here, "zebedee") == [ids[1]]


def test_nothing_stays_of_who_was_erased_meanwhile(stores: tuple[Store, Store]) -> None:
    here, there = stores
    ids = make_queued(here, 3)
    beside(here, lambda: there.do(lambda conn: erased(conn, ids[1]))).result(PATIENCE)
    assert indexed(here) == {ids[0], ids[2]}
    assert waiting(here) == 0


def test_nothing_stays_of_who_is_just_being_erased(
    stores: tuple[Store, Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = stores
    ids = make_queued(here, 3)
    monkeypatch.setattr(search_index, "BESIDE_MS", 10_000)
    erasing, made = threading.Event(), threading.Event()

    def erase(conn: Connection) -> None:
        erased(conn, ids[1])
        erasing.set()
        assert made.wait(PATIENCE)
        becomes(lambda: waits_for_somebody(here), 1.0)

    done = there.write(erase)
    assert erasing.wait(PATIENCE)
    assert beside(here, made.set).result(PATIENCE) == 3
    done.result(PATIENCE)
    assert indexed(here) == {ids[0], ids[2]}


def test_a_note_of_nobody_goes(stores: tuple[Store, Store]) -> None:
    here, _ = stores
    here.do(lambda conn: mark_pending(conn, [7]))
    assert beside(here).result(PATIENCE) == 1
    assert waiting(here) == 0


def test_who_was_indexed_by_another_process_as_he_was_before_is_noted_anew(
    stores: tuple[Store, Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = stores
    (ident,) = make_queued(here, 1, first_name="Ada")
    put = search_index._index_grams

    def late(conn: Connection, ids: list[int]) -> dict[int, int]:
        made = put(conn, ids)
        # As if this had been read just before: somebody gave him another name and indexed it.
        return {one: said + 1 for one, said in made.items()}

    def take_note(conn: Connection) -> None:
        conn.execute(delete(pending).where(pending.c.contact_id == ident))

    monkeypatch.setattr(search_index, "_index_grams", late)
    beside(here, lambda: there.do(take_note)).result(PATIENCE)
    assert waiting(here) == 1
    assert found(here, "ada") == [ident]


def test_who_waits_for_what_is_held_here_is_let_go_first(stores: tuple[Store, Store]) -> None:
    here, there = stores
    ids = make_queued(here, 3)
    others: list[Future[int]] = []

    def index_there() -> None:
        others.append(there.write(index_pending))
        # It waits for the rows of the index, and holds the write lock.
        assert becomes(lambda: waits_for_somebody(here))

    held_up = beside(here, index_there)
    assert isinstance(held_up.exception(PATIENCE), HeldUp)
    assert others[0].result(PATIENCE) == 3
    assert here.health.ok
    assert waiting(here) == 0
    assert indexed(here) == set(ids)


def waits_for_somebody(store: Store) -> bool:
    """Whether a statement waits for a lock."""
    locks = "SELECT 1 FROM pg_locks WHERE NOT granted LIMIT 1"
    with store.read() as conn:
        return conn.exec_driver_sql(locks).first() is not None


def test_what_is_held_up_goes_the_way_of_all_who_write(
    stores: tuple[Store, Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = stores
    ids = make_queued(here, 3)
    held_up: list[bool] = []
    writes, go_on = threading.Event(), threading.Event()

    def verb(conn: Connection) -> None:
        conn.execute(select(1))
        writes.set()
        assert go_on.wait(PATIENCE)

    def let_go(conn: Connection) -> bool:
        # Only who was held up comes to this.
        held_up.append(True)
        return index_pending(conn) == indexer.BATCH_ON_GRAMS

    writing = there.write(verb)
    assert writes.wait(PATIENCE)
    monkeypatch.setattr(search_index, "BESIDE_MS", 1)
    monkeypatch.setattr(indexer, "_WORK", [replace(indexer._WORK[0], step=let_go)])
    hand = threading.Thread(target=indexer.Indexer(here)._drain)
    hand.start()
    assert becomes(lambda: waits_for_somebody(there))
    threading.Timer(0.3, go_on.set).start()
    hand.join(PATIENCE)
    writing.result(PATIENCE)
    assert held_up == [True]
    assert waiting(here) == 0
    assert indexed(here) == set(ids)


def test_while_another_process_indexes_nobody_does_the_same(
    stores: tuple[Store, Store],
) -> None:
    here, _ = stores
    ids = make_queued(here, 3)
    another = holding(here, 7164040)
    assert beside(here).result(PATIENCE) is None
    hand = indexer.Indexer(here)
    hand._drain()
    assert waiting(here) == 3
    assert hand._changed.is_set()
    another.close()
    assert becomes(lambda: beside(here).result(PATIENCE) == 3)
    assert indexed(here) == set(ids)


def test_without_a_connection_to_spare_contacts_are_indexed_all_the_same(
    pg_url: str, pg_admin: psycopg.Connection
) -> None:
    url = store_url(pg_url).set(drivername="postgresql")
    few = f"few_{url.database}"
    pg_admin.execute(f"CREATE ROLE {few} LOGIN")
    Store.open(pg_url).close()
    with psycopg.connect(url.render_as_string(hide_password=False)) as driver:
        driver.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {few}")
    opened = Store.open(url.set(username=few).render_as_string(hide_password=False))
    opened._indexer.close()
    ids = make_queued(opened, 3)
    theirs = "SELECT count(*) FROM pg_stat_activity WHERE usename = %s"
    ((count,),) = pg_admin.execute(theirs, [few]).fetchall()
    pg_admin.execute(f"ALTER ROLE {few} CONNECTION LIMIT {count}")
    indexer.Indexer(opened)._drain()
    assert opened.health.ok
    assert waiting(opened) == 0
    assert indexed(opened) == set(ids)
    opened.close()


def test_who_could_not_be_told_of_it_has_indexed_all_the_same(
    stores: tuple[Store, Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, _ = stores
    ids = make_queued(here, 3)
    monkeypatch.setattr(engine, "BUSY_SECONDS", 1)
    another = holding(here, 99)
    another.execute("SELECT 1 FROM store_state FOR UPDATE")
    told = beside(here).exception(PATIENCE)
    another.close()
    assert not isinstance(told, HeldUp)
    assert indexed(here) == set(ids)


def test_what_was_erased_while_a_step_went_on_leaves_the_files(
    stores: tuple[Store, Store],
) -> None:
    here, there = stores
    (ident,) = make_queued(here, 1, first_name="Zebedeeq")
    began, go_on = threading.Event(), threading.Event()

    def verb(conn: Connection) -> None:
        # As a step does that takes long: it has written, and holds nobody up.
        assert fetch(conn, search_index._ALONE) == [(True,)]
        run(conn, "INSERT INTO tallies (name, n) VALUES ('slow step', 1)")
        began.set()
        assert go_on.wait(PATIENCE)

    slow = here.write(verb, patient=True, aside=True, lasting=False)
    assert began.wait(PATIENCE)
    with here.read() as conn:
        phone = conn.scalar(select(contacts.c.phone))
    threading.Timer(1.5, go_on.set).start()
    erase.erase(there, Actor.person("ana"), ident, str(phone)[-4:])
    slow.result(PATIENCE)
    assert "Zebedeeq" not in on_file(here, "contacts")


def test_an_erasure_says_so_where_a_step_does_not_end(
    stores: tuple[Store, Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, _ = stores
    make_queued(here, 1)
    with here.read() as conn:
        ident, phone = conn.execute(select(contacts.c.id, contacts.c.phone)).one()
    monkeypatch.setattr(engine, "BUSY_SECONDS", 1)
    another = holding(here, 7164040)
    erased_now = erase.erase(here, Actor.person("ana"), ident, phone[-4:])
    another.close()
    assert any("did not end" in remark for remark in erased_now.remarks)
    assert waiting(here) == 0


def on_file(store: Store, table: str) -> str:
    """Whatever stands in the file of a table."""
    with store.read() as conn:
        found = "SELECT pg_read_binary_file(pg_relation_filepath(%s))"
        return bytes(conn.exec_driver_sql(found, (table,)).scalar_one()).decode("latin-1")


def test_who_waits_long_for_the_write_lock_gives_up_what_it_holds(
    stores: tuple[Store, Store],
) -> None:
    here, _ = stores
    ids = make_queued(here, 3)
    another = holding(here, 7164038)
    held_up = beside(here)
    assert isinstance(held_up.exception(PATIENCE), HeldUp)
    assert here.health.ok
    another.close()
    assert waiting(here) == 3
    assert beside(here).result(PATIENCE) == 3
    assert indexed(here) == set(ids)
    with here.read() as conn:
        assert conn.scalar(select(func.count()).select_from(pending)) == 0
