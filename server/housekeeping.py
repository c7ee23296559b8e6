"""What has to be done now and then, beside the requests."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from contextlib import suppress
from datetime import datetime
from functools import partial

from storage import attempts, retention
from storage.double_opt_in import expire
from storage.endpoints import cancel_left_over
from storage.errors import StoreError
from storage.first_answers import purge_answers
from storage.store import Store
from storage.words import SYSTEM

_EVERY_SECONDS = 3600.0
_CHUNK = 250
"""Attempts forgotten in one transaction: a few milliseconds."""
_REST_SECONDS = 0.05
"""Between two of those, so that leads come first."""
_EXPIRE_SECONDS = 60.0
_A_DAY_SECONDS = 86_400.0


async def expire_waits(store: Store) -> None:
    """Lets those go who were asked for a YES and did not say it, once a minute."""
    while True:
        await asyncio.sleep(_EXPIRE_SECONDS)
        try:
            while await asyncio.wrap_future(store.write(expire)):
                await asyncio.sleep(0)
        except StoreError:
            # The next minute will do.
            continue


async def keep_house(store: Store, days: int, most: int) -> None:
    """Forgets what no longer needs to be known, once an hour, until cancelled.

    Args:
        store: The store.
        days: How long the intake log keeps an attempt; 0 for ever.
        most: How many it keeps; 0 for all.
    """
    while True:
        await asyncio.sleep(_EVERY_SECONDS)
        try:
            await asyncio.wrap_future(store.write(purge_answers))
            # Where whoever removed an endpoint did not come to the end of it.
            while await asyncio.wrap_future(store.write(cancel_left_over, patient=True)):
                await asyncio.sleep(_REST_SECONDS)
            await trim_intake_log(store, days, most)
        except StoreError:
            # The next hour will do.
            continue


async def keep_evidence(store: Store, years: int) -> None:
    """Lets go of evidence whose time is over, once a day, until cancelled.

    Args:
        store: The store.
        years: How long evidence is kept after a person's last event; 0 for ever.
    """
    while years:
        await asyncio.sleep(_EVERY_SECONDS)
        # The next day will do where the store is in trouble.
        with suppress(StoreError):
            await forget_evidence(store, years)
        await asyncio.sleep(_A_DAY_SECONDS - _EVERY_SECONDS)


async def forget_evidence(store: Store, years: int) -> int:
    """Lets go of evidence whose time is over, a little at a time; returns how much."""
    beyond, forgotten = 0, 0
    before = await asyncio.to_thread(_evidence_due, store, years)
    if before is None:
        return 0
    while True:
        verb = partial(retention.let_go, who=SYSTEM, before=before, beyond=beyond)
        done: Future[retention.Chunk] = store.write(verb, patient=True)
        goes_on, gone = await asyncio.wrap_future(done)
        forgotten += gone
        if goes_on is None:
            return forgotten
        beyond = goes_on
        await asyncio.sleep(_REST_SECONDS)


def _evidence_due(store: Store, years: int) -> datetime | None:
    with store.read() as conn:
        return retention.due_edge(conn, years)


async def trim_intake_log(store: Store, days: int, most: int) -> int:
    """Forgets the attempts whose time is up, a few at a time; returns how many.

    Consent evidence is kept apart and stays.
    """
    edge = await asyncio.to_thread(_first_to_keep, store, days, most)
    forgotten = 0
    while edge is not None:
        verb = partial(attempts.forget, edge=edge, limit=_CHUNK)
        gone = await asyncio.wrap_future(store.write(verb, patient=True))
        forgotten += gone
        if gone < _CHUNK:
            break
        await asyncio.sleep(_REST_SECONDS)
    return forgotten


def _first_to_keep(store: Store, days: int, most: int) -> int | None:
    with store.read() as conn:
        return attempts.first_to_keep(conn, days=days, most=most)
