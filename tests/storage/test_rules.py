"""Rules of integration, numbers, keys, groups and labels."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import inspect

from storage import access, groups, integration, keys, labels, numbers
from storage.errors import NotFound, Refused
from storage.store import Store
from storage.words import Actor, NumberStatus
from tests.factories import switched_on


def test_adding_makes_everything_a_first_lead_needs(store: Store, me: Actor) -> None:
    added = switched_on(store, me)
    with store.read() as conn:
        [number] = numbers.listing(conn)
        view = integration.show(conn)
        allowed = access.load_access(conn)
    assert (number.id, number.status) == (added.number_id, NumberStatus.APPROVED)
    assert view is not None and view.active
    assert access.credential_hash(added.key or "") in allowed.keys


def test_there_is_at_most_one_integration_even_when_two_add_it_at_once(any_store_url: str) -> None:
    one, two = Store.open(any_store_url), Store.open(any_store_url)

    def try_to_add(store: Store) -> bool:
        try:
            switched_on(store)
        except Refused:
            return False
        return True

    try:
        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(try_to_add, (one, two))) == [False, True]
    finally:
        one.close()
        two.close()


def test_it_cannot_be_on_without_an_approved_number(store: Store, me: Actor) -> None:
    with pytest.raises(Refused, match="no messaging number"):
        store.do(lambda conn: integration.add(conn, me, simulated=False))
    number = store.do(lambda conn: numbers.add(conn, me, "+14155550123"))
    with pytest.raises(Refused, match="No messaging number is approved"):
        store.do(lambda conn: integration.add(conn, me))
    store.do(lambda conn: numbers.approve(conn, me, number.id))
    assert store.do(lambda conn: integration.add(conn, me)).number_id == number.id


@pytest.mark.parametrize("how", [numbers.remove, numbers.reject])
def test_the_last_approved_number_stays_while_it_is_on(
    store: Store, me: Actor, how: object
) -> None:
    added = switched_on(store, me)
    with pytest.raises(Refused, match="last approved"):
        store.do(lambda conn: how(conn, me, added.number_id))  # type: ignore[operator]
    store.do(lambda conn: integration.switch(conn, me, on=False))
    store.do(lambda conn: how(conn, me, added.number_id))  # type: ignore[operator]
    with pytest.raises(Refused, match="without an approved"):
        store.do(lambda conn: integration.switch(conn, me, on=True))


def test_of_the_last_two_numbers_only_one_can_be_removed_at_once(
    any_store_url: str, me: Actor
) -> None:
    one, two = Store.open(any_store_url), Store.open(any_store_url)
    try:
        added = switched_on(one, me)
        other = one.do(lambda conn: numbers.add(conn, me, "+14155550123", approved=True))

        def try_to_remove(pair: tuple[Store, str]) -> bool:
            store, ident = pair
            try:
                store.do(lambda conn: numbers.remove(conn, me, ident))
            except Refused:
                return False
            return True

        with ThreadPoolExecutor(2) as pool:
            results = list(pool.map(try_to_remove, [(one, added.number_id), (two, other.id)]))
        assert sorted(results) == [False, True]
    finally:
        one.close()
        two.close()


def test_a_key_is_stored_as_a_hash_alone(store: Store, me: Actor) -> None:
    made = store.do(lambda conn: keys.create(conn, me, "website"))
    with store.read() as conn:
        tables = inspect(conn).get_table_names()
        kept = [str(conn.exec_driver_sql(f'SELECT * FROM "{name}"').all()) for name in tables]
    assert any("website" in rows for rows in kept)
    assert not any(made.key in rows for rows in kept)
    store.close()
    if store.path is not None:
        for file in store.path.parent.glob("optdesk.db*"):
            assert made.key.encode() not in file.read_bytes()


def test_a_revoked_key_is_out_of_the_snapshot(store: Store, me: Actor) -> None:
    made = store.do(lambda conn: keys.create(conn, me, "website"))
    store.do(lambda conn: keys.revoke(conn, me, made.id))
    with store.read() as conn:
        assert not access.load_access(conn).keys
    with pytest.raises(NotFound):
        store.do(lambda conn: keys.revoke(conn, me, made.id))


def test_groups_and_labels_are_found_in_any_spelling_and_never_made_twice(
    store: Store, me: Actor
) -> None:
    group = store.do(lambda conn: groups.create(conn, me, "  Été   2026 "))
    assert group.name == "Été 2026"
    assert store.do(lambda conn: groups.ensure(conn, me, "ete 2026")).id == group.id
    with pytest.raises(Refused):
        store.do(lambda conn: groups.create(conn, me, "ÉTÉ 2026"))
    label = store.do(lambda conn: labels.create(conn, me, "Hot"))
    assert store.do(lambda conn: labels.ensure(conn, me, "HOT")).id == label.id


@pytest.mark.parametrize("name", ["", "   ", "\x00\x1b", "x" * 81])
def test_a_blank_or_endless_name_is_refused(store: Store, me: Actor, name: str) -> None:
    with pytest.raises(Refused):
        store.do(lambda conn: groups.create(conn, me, name))
