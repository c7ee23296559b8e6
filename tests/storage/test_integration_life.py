"""The integration's life: edited, given a new URL, deleted and added again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select, text

from storage import compliance, integration, keys, numbers
from storage.access import credential_hash, load_access
from storage.errors import NotFound, Refused
from storage.mapping_rules import Rule
from storage.store import Store
from storage.tables import Campaign, Change, RetiredToken
from storage.times import now
from storage.words import Actor
from tests.factories import make_queued, switched_on


def changes(store: Store) -> list[Any]:
    with store.read() as conn:
        return list(conn.execute(select(Change.__table__).order_by(Change.__table__.c.id)))  # type: ignore[attr-defined]


def retired(store: Store) -> dict[bytes, str]:
    with store.read() as conn:
        rows = conn.execute(select(RetiredToken.__table__))  # type: ignore[attr-defined]
        return {bytes(row.token_hash): row.why for row in rows}


def test_editing_changes_what_is_named_and_leaves_the_rest(store: Store, me: Actor) -> None:
    added = switched_on(store, me)
    edited = store.do(
        lambda conn: integration.edit(
            conn,
            me,
            brand=" Juniper ",
            default_region="gb",
            redirect="https://www.example.com/thanks",
            rules=[Rule("phone", "data/mobile")],
        )
    )
    assert (edited.brand, edited.program, edited.default_region) == ("Juniper", "", "GB")
    assert edited.redirect == "https://www.example.com/thanks"
    assert edited.rules == (Rule("phone", "data/mobile"),)
    assert (edited.token, edited.number_id, edited.active) == (added.token, added.number_id, True)
    again = store.do(lambda conn: integration.edit(conn, me, redirect="", program="deals"))
    assert (again.redirect, again.rules, again.brand) == ("", edited.rules, "Juniper")
    assert changes(store)[-1].actor == "ana"


def test_editing_nothing_is_no_change(store: Store, me: Actor) -> None:
    switched_on(store, me)
    before = len(changes(store))
    store.do(lambda conn: integration.edit(conn, me, default_region="US", brand=""))
    assert len(changes(store)) == before


@pytest.mark.parametrize(
    "bad",
    [
        {"default_region": "XX"},
        {"default_region": "United States"},
        {"redirect": "javascript:alert(1)"},
        {"redirect": "//evil.example"},
        {"redirect": "https://"},
        {"redirect": "https://a b.example/"},
        {"rules": [Rule("shoe_size", "x")]},
        {"number_id": "num_none"},
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_changed(
    sqlite_store: Store, me: Actor, bad: dict[str, Any]
) -> None:
    switched_on(sqlite_store, me)
    with pytest.raises(Refused):
        sqlite_store.do(lambda conn: integration.edit(conn, me, brand="New", **bad))
    with sqlite_store.read() as conn:
        view = integration.show(conn)
    assert view is not None and view.brand == ""


def test_it_can_be_added_off_with_a_number_of_ones_choice(store: Store, me: Actor) -> None:
    store.do(lambda conn: numbers.add(conn, me, "+14155550123", approved=True))
    other = store.do(lambda conn: numbers.add(conn, me, "+14155550124"))
    with pytest.raises(Refused, match="is pending"):
        store.do(lambda conn: integration.add(conn, me, number_id=other.id))
    store.do(lambda conn: numbers.approve(conn, me, other.id))
    added = store.do(lambda conn: integration.add(conn, me, number_id="+14155550124", active=False))
    with store.read() as conn:
        view = integration.show(conn)
    assert view is not None
    assert (added.number_id, view.number_id, view.active) == (other.id, other.id, False)


def test_a_regenerated_url_is_dead_with_the_commit_and_only_its_hash_is_kept(
    store: Store, me: Actor
) -> None:
    old = switched_on(store, me).token
    before = load(store)
    new = store.do(lambda conn: integration.regenerate(conn, me))
    after = load(store)
    assert new != old
    assert retired(store) == {credential_hash(old): "regenerated"}
    assert after.seq > before.seq
    assert after.token_hash == credential_hash(new)
    assert after.retired == {credential_hash(old): "regenerated"}
    with store.read() as conn:
        for row in conn.execute(text("SELECT * FROM changes")):
            assert old not in repr(row) and new not in repr(row)


def load(store: Store) -> Any:
    with store.read() as conn:
        return load_access(conn)


def test_deleting_keeps_the_contacts_and_lets_a_new_one_be_added(store: Store, me: Actor) -> None:
    ids = make_queued(store, 3)
    with store.read() as conn:
        view = integration.show(conn)
    assert view is not None
    store.do(lambda conn: integration.delete(conn, me))
    assert load(store).integration_id is None
    assert retired(store) == {credential_hash(view.token): "deleted"}
    with store.read() as conn:
        assert integration.show(conn) is None
        assert integration.last_arrival(conn) is not None
    for verb in (integration.delete, integration.regenerate):
        with pytest.raises(NotFound):
            store.do(lambda conn, verb=verb: verb(conn, me))  # type: ignore[misc]
    again = switched_on(store, me)
    assert again.token != view.token
    assert again.key is None, "the keys stayed"
    assert load(store).active
    assert len(ids) == 3


def test_every_verb_is_recorded_with_its_actor(store: Store, me: Actor) -> None:
    switched_on(store, me)
    store.do(lambda conn: integration.switch(conn, me, on=False))
    store.do(lambda conn: integration.switch(conn, me, on=True))
    store.do(lambda conn: integration.regenerate(conn, me))
    store.do(lambda conn: integration.delete(conn, me))
    verbs = [row.verb for row in changes(store) if row.verb.startswith("integration.")]
    assert verbs == [f"integration.{word}" for word in ("add", "off", "on", "regenerate", "delete")]
    assert {row.actor for row in changes(store)} == {"ana"}


def test_two_people_who_regenerate_at_once_leave_one_url_alive(
    any_store_url: str, me: Actor
) -> None:
    one, two = Store.open(any_store_url), Store.open(any_store_url)
    try:
        first = switched_on(one, me).token
        with ThreadPoolExecutor(2) as pool:
            made = list(
                pool.map(
                    lambda store: store.do(lambda conn: integration.regenerate(conn, me)),
                    (one, two),
                )
            )
        access = load(one)
        alive = [token for token in made if credential_hash(token) == access.token_hash]
        assert len(alive) == 1
        assert set(access.retired) == {credential_hash(t) for t in {first, *made} - set(alive)}
    finally:
        one.close()
        two.close()


def test_the_integrations_own_number_gives_way_to_another_approved_one(
    store: Store, me: Actor
) -> None:
    own = switched_on(store, me).number_id
    other = store.do(lambda conn: numbers.add(conn, me, "+14155550123", approved=True))
    dropped = store.do(lambda conn: numbers.remove(conn, me, own))
    assert dropped.moved_to is not None and dropped.moved_to.id == other.id
    assert "The Opt-In API texts from +14155550123" in dropped.sentence
    with store.read() as conn:
        view = integration.show(conn)
    assert view is not None and view.number_id == other.id


def test_switching_on_takes_an_approved_number_where_its_own_is_gone(
    store: Store, me: Actor
) -> None:
    own = switched_on(store, me).number_id
    store.do(lambda conn: integration.switch(conn, me, on=False))
    assert store.do(lambda conn: numbers.remove(conn, me, own)).moved_to is None
    other = store.do(lambda conn: numbers.add(conn, me, "+14155550123", approved=True))
    store.do(lambda conn: integration.switch(conn, me, on=True))
    with store.read() as conn:
        view = integration.show(conn)
    assert view is not None and view.number_id == other.id


def test_of_removing_the_last_number_and_switching_on_only_one_succeeds(
    any_store_url: str, me: Actor
) -> None:
    one, two = Store.open(any_store_url), Store.open(any_store_url)
    try:
        number = switched_on(one, me).number_id
        one.do(lambda conn: integration.switch(conn, me, on=False))

        def attempt(which: int) -> bool:
            try:
                if which:
                    one.do(lambda conn: numbers.remove(conn, me, number))
                else:
                    two.do(lambda conn: integration.switch(conn, me, on=True))
            except Refused:
                return False
            return True

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(attempt, (0, 1))) == [False, True]
        with one.read() as conn:
            view = integration.show(conn)
            assert view is not None
            assert view.active == bool(numbers.count_approved(conn))
    finally:
        one.close()
        two.close()


def test_a_number_belongs_to_one_campaign_at_most(store: Store, me: Actor) -> None:
    number = store.do(lambda conn: numbers.add(conn, me, "+14155550123"))
    for ident in (1, 2):
        row = {"id": ident, "name": f"c{ident}", "active": False, "created_at": now()}
        store.do(lambda conn, row=row: conn.execute(Campaign.__table__.insert(), row))  # type: ignore[misc, attr-defined]
    for ident in (1, 2):
        public = f"cam_{ident:016x}"
        set_to = store.do(
            lambda conn, public=public: numbers.set_campaign(conn, me, number.id, public)  # type: ignore[misc]
        )
        assert set_to.campaign_id == ident
    with pytest.raises(NotFound, match="There is no campaign"):
        store.do(lambda conn: numbers.set_campaign(conn, me, number.id, "cam_none"))
    assert (
        store.do(lambda conn: numbers.set_campaign(conn, me, number.id, None)).campaign_id is None
    )
    assert store.do(lambda conn: numbers.rename(conn, me, number.id, " UK ")).name == "UK"


def test_two_keys_work_while_a_sender_changes_over(store: Store, me: Actor) -> None:
    old = store.do(lambda conn: keys.create(conn, me, "website"))
    new = store.do(lambda conn: keys.create(conn, me, "website"))
    assert {credential_hash(old.key), credential_hash(new.key)} == set(load(store).keys)
    store.do(lambda conn: keys.revoke(conn, me, old.id))
    assert set(load(store).keys) == {credential_hash(new.key)}


def test_keys_without_end_are_refused(sqlite_store: Store, me: Actor) -> None:
    def fill(conn: Any) -> None:
        for place in range(keys.MOST_LIVE):
            keys.create(conn, me, f"sender {place}")

    sqlite_store.do(fill)
    with pytest.raises(Refused, match="50 live API keys"):
        sqlite_store.do(lambda conn: keys.create(conn, me, "one more"))


def test_who_deletes_the_integration_and_adds_it_again_goes_on_in_the_same_words(
    store: Store, me: Actor
) -> None:
    store.do(
        lambda conn: integration.add(
            conn, me, brand="Juniper & Co", program="spring deals", default_region="GB"
        )
    )
    store.do(lambda conn: integration.delete(conn, me))
    with store.read() as conn:
        assert compliance.usual(conn).brand == "Juniper & Co"
    store.do(lambda conn: integration.add(conn, me, program="summer deals"))
    with store.read() as conn:
        view = integration.show(conn)
    assert view is not None
    assert (view.brand, view.program, view.default_region) == ("Juniper & Co", "summer deals", "GB")
