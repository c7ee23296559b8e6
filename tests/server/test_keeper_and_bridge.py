"""What stands between the event loop and the store's threads."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from sqlalchemy.engine import Connection

from server import runtime
from server.bridge import Bridge
from server.keeper import AccessKeeper
from storage import integration, keys
from storage.intake import take_in
from storage.leads import IntakeResult, OptIn
from storage.store import Store
from storage.words import Actor
from tests.factories import lead, switched_on
from tests.waiting import PATIENCE

ME = Actor.person("ana")


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for each look at the store."""
    found: list[int] = []
    read = AccessKeeper._read

    def count(self: AccessKeeper) -> Any:
        found.append(1)
        return read(self)

    monkeypatch.setattr(AccessKeeper, "_read", count)
    return found


async def test_many_who_are_unknown_share_one_look(store: Store, looks: list[int]) -> None:
    keeper = AccessKeeper(store, PATIENCE)
    try:
        await asyncio.gather(*(keeper.reread() for _ in range(500)))
        assert len(looks) <= 3
    finally:
        keeper.close()


async def test_a_look_that_began_too_early_does_not_count(store: Store) -> None:
    keeper = AccessKeeper(store, PATIENCE)
    try:
        early = asyncio.ensure_future(keeper.reread())
        await asyncio.sleep(0)
        await asyncio.wrap_future(store.write(lambda conn: integration.add(conn, ME)))
        late = await keeper.reread()
        assert late.integration_id is not None
        await early
        assert keeper.current.integration_id is not None
    finally:
        keeper.close()


async def test_the_snapshot_follows_the_store_by_itself(store: Store) -> None:
    keeper = AccessKeeper(store, PATIENCE)
    other = Store.open(store.url)
    try:
        await keeper.reread()
        for where in (store, other):
            made = await asyncio.wrap_future(
                where.write(lambda conn: keys.create(conn, ME, "another"))
            )
            await soon(lambda: made.id in keeper.current.key_ids)  # noqa: B023 - called at once
    finally:
        keeper.close()
        other.close()


async def soon(what: Callable[[], bool]) -> None:
    """Waits until something holds."""
    for _ in range(300):
        if what():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not happen")


def test_many_answers_wake_the_loop_seldom(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    switched_on(store)
    calls: list[int] = []
    deliver = Bridge._deliver

    def count(self: Bridge) -> None:
        calls.append(1)
        deliver(self)

    monkeypatch.setattr(Bridge, "_deliver", count)

    async def main() -> None:
        bridge = Bridge(store, 20)
        results = await asyncio.gather(*(bridge.write(take_in, lead()) for _ in range(400)))
        bridge.close()
        assert all(result.code is None for result in results)

    # In the event loop that listeners run in.
    runtime.run(main())
    assert len(calls) < 40


async def test_one_bad_item_fails_alone(store: Store) -> None:
    switched_on(store)
    bridge = Bridge(store, 20)
    good, bad = bridge.write(take_in, lead()), bridge.write(take_in, lead(body="\ud800"))
    assert (await good).code is None
    with pytest.raises(Exception):  # noqa: B017 - whatever it is, it came back
        await bad
    bridge.close()


async def test_nobody_is_told_that_the_store_is_late_because_the_process_stood_still(
    sqlite_store: Store,
) -> None:
    switched_on(sqlite_store)
    bridge = Bridge(sqlite_store, 3)
    goes_on = threading.Event()

    def wait_and_take_in(conn: Connection, items: Sequence[OptIn]) -> Sequence[IntakeResult]:
        goes_on.wait(PATIENCE)
        return take_in(conn, items)

    answer = bridge.write(wait_and_take_in, lead())
    await asyncio.sleep(0.1)
    time.sleep(5)
    await asyncio.sleep(0.1)
    assert not answer.done()
    goes_on.set()
    assert (await answer).code is None
    bridge.close()
