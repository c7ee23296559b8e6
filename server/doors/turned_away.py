"""Requests without an API key that works: counted for the check list, and otherwise forgotten."""

from __future__ import annotations

import asyncio

from server.bridge import Bridge
from storage.keys import note_turned_away

_GATHER_SECONDS = 2.0
"""So long they are counted before the store hears of them, however many knock."""


class TurnedAway:
    """Counts them.

    Args:
        bridge: To the store.
    """

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge
        self._loop = asyncio.get_running_loop()
        self._count = 0

    def one_more(self) -> None:
        """Somebody got 401."""
        if not self._count:
            self._loop.call_later(_GATHER_SECONDS, self._tell)
        self._count += 1

    def _tell(self) -> None:
        count, self._count = self._count, 0
        self._bridge.note(note_turned_away, count)
