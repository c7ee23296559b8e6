"""What has to be done now and then, beside the requests."""

from __future__ import annotations

import asyncio

from storage.errors import StoreError
from storage.intake import purge_answers
from storage.store import Store

_EVERY_SECONDS = 3600.0


async def keep_house(store: Store) -> None:
    """Forgets what no longer needs to be known, once an hour, until cancelled."""
    while True:
        await asyncio.sleep(_EVERY_SECONDS)
        try:
            await asyncio.wrap_future(store.write(purge_answers))
        except StoreError:
            # The next hour will do.
            continue
