"""Who is connected: how many may be, who has to go, and whose patience is over."""

from __future__ import annotations

import asyncio
from itertools import chain
from typing import Protocol

from server.halts import Halts
from server.peers import Proxies, block_of

_SWEEP_SECONDS = 0.25
"""How often deadlines are looked at."""

_EARLY_SECONDS = 0.5
"""How much before its deadline a connection may end, so that none ends after it."""

_AT_ONCE = 64
"""Connections ended in one go; hundreds would hold up a good request."""


class Visitor(Protocol):
    """One who is connected."""

    peer: str
    """The address at the other end."""
    deadline: float
    """When, by the loop's clock, patience ends."""
    served: int
    """Requests answered so far."""

    @property
    def unfinished(self) -> bool:
        """Whether nothing is lost with it."""
        ...

    def expire(self) -> None:
        """Acts on a deadline that has passed."""
        ...

    def cut(self) -> None:
        """Ends the connection at once."""
        ...


class Crowd:
    """All connections of a listener.

    When there is no room, the oldest connection that has not finished sending a request makes
    way for the new one, so that a thousand slow senders cannot keep a good one out.

    Args:
        per_peer: Connections that one address may hold; 0 for any number.
        total: Connections in all; 0 for any number.
        proxies: Addresses that speak for many senders; only the total counts for them.
    """

    def __init__(self, per_peer: int, total: int, proxies: Proxies) -> None:
        self._per_peer = per_peer
        self._total = total
        self._proxies = proxies
        self._loop = asyncio.get_running_loop()
        # Dictionaries keep the order of arrival.
        self._everyone: dict[Visitor, str] = {}
        self._by_peer: dict[str, dict[Visitor, None]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._halts = Halts(self._loop)

    def __len__(self) -> int:
        return len(self._everyone)

    def enter(self, newcomer: Visitor) -> bool:
        """Takes a connection in; returns whether there was room or could be made."""
        peer = block_of(newcomer.peer)
        fellows = self._by_peer.setdefault(peer, {})
        crowded = bool(self._per_peer) and len(fellows) >= self._per_peer
        if crowded and not self._proxies.trusts(newcomer.peer) and not self._make_room(fellows):
            return False
        if (
            self._total
            and len(self._everyone) >= self._total
            and not self._make_room(self._everyone)
        ):
            return False
        # Whoever made way may have been the last of its kind.
        self._by_peer.setdefault(peer, {})[newcomer] = None
        self._everyone[newcomer] = peer
        if self._timer is None:
            self._sweep_in(_SWEEP_SECONDS)
        return True

    def leave(self, connection: Visitor) -> None:
        """Forgets a connection that is gone."""
        peer = self._everyone.pop(connection, None)
        if peer is None:
            return
        fellows = self._by_peer[peer]
        del fellows[connection]
        if not fellows:
            del self._by_peer[peer]

    def close(self) -> None:
        """Stops watching the clock."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def cut_all(self) -> None:
        """Ends every connection at once."""
        for connection in list(self._everyone):
            connection.cut()

    def _make_room(self, among: dict[Visitor, None] | dict[Visitor, str]) -> bool:
        # Who has never finished a request goes before who merely rests between two.
        strangers = (one for one in among if one.unfinished and not one.served)
        resting = (one for one in among if one.unfinished)
        leaver = next(chain(strangers, resting), None)
        if leaver is None:
            return False
        self.leave(leaver)
        leaver.cut()
        return True

    def _sweep_in(self, seconds: float) -> None:
        self._timer = self._loop.call_later(self._halts.wake_in(seconds), self._sweep)

    def _sweep(self) -> None:
        self._timer = None
        halted = self._halts.stood_still()
        if halted:
            # What they sent meanwhile has yet to be read.
            for one in self._everyone:
                one.deadline += halted
        until = self._loop.time() + _EARLY_SECONDS
        due = [one for one in self._everyone if one.deadline <= until]
        for connection in due[:_AT_ONCE]:
            connection.expire()
        if self._everyone:
            self._sweep_in(_SWEEP_SECONDS if len(due) <= _AT_ONCE else _SWEEP_SECONDS / 20)
