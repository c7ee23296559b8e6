"""`serve` killed under load at random moments, again and again: nothing acknowledged is missing."""

from __future__ import annotations

import random
import time

import pytest

from storage import checks
from storage.store import Store
from tests.factories import switched_on
from tests.server.served import Served
from tests.server.test_kill import Load, compare
from tests.server.test_serve import address_of, serve
from tests.waiting import awake, queued

pytestmark = pytest.mark.trial

ROUNDS = {"sqlite": 25, "postgresql": 10}
START_SECONDS = 3.0
"""Without the time in which other programs had all the processors."""


def test_nothing_acknowledged_is_missing_after_many_kills(any_store_url: str) -> None:
    # Opened and let go each time, so that the next start finds what the kill left behind.
    store = Store.open(any_store_url)
    kind, added = store.kind, switched_on(store)
    store.close()
    acknowledged: dict[str, tuple[str, str]] = {}
    starts: list[float] = []
    for _ in range(ROUNDS[kind]):
        began = awake()
        with serve(any_store_url) as process:
            url = address_of(process)
            starts.append(awake() - began - queued(process.pid))
            served = Served(store, url, str(added.key), added.number_id)
            load = Load(served)
            time.sleep(random.uniform(0.02, 0.7))
            while not load.acknowledged:
                time.sleep(0.001)
            acknowledged |= load.end(process)
            served.session.close()
    again = Store.open(any_store_url)
    compare(again, acknowledged)
    with again.read() as conn:
        assert checks.check(conn).faults == ()
    again.close()
    print(f"{kind}: {len(acknowledged):,} acknowledged, slowest start {max(starts):.1f} s")
    assert max(starts) < START_SECONDS
