"""The intake log is kept within its bounds, beside the leads."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from server import housekeeping
from storage import attempts
from storage.ids import id_at
from storage.refused_attempts import RefusedAttempt, record_refused
from storage.store import Store
from storage.times import now
from storage.words import AttemptView


def test_old_attempts_go_in_small_steps(store: Store, monkeypatch) -> None:
    monkeypatch.setattr(housekeeping, "_CHUNK", 4)
    monkeypatch.setattr(housekeeping, "_REST_SECONDS", 0)
    old = id_at(now() - timedelta(days=100))
    kept = id_at(now() - timedelta(days=1))
    made = [*range(old, old + 10), *range(kept, kept + 6)]
    refused = [RefusedAttempt(ident, "hook", None, "INVALID_FIELD") for ident in made]
    store.do(lambda conn: record_refused(conn, refused))

    async def trim(days: int, most: int) -> int:
        return await housekeeping.trim_intake_log(store, days, most)

    assert asyncio.run(trim(0, 0)) == 0
    assert asyncio.run(trim(90, 0)) == 10
    assert asyncio.run(trim(90, 5)) == 1
    with store.read() as conn:
        found = [row.id for row in attempts.page(conn, AttemptView()).rows]
    assert found == list(range(kept + 5, kept, -1))
