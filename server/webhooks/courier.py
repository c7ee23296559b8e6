"""The courier of webhooks: finds what is to be told, claims it, posts it, writes down the answers.

It has a thread and an event loop of its own, so that thousands of requests to other systems do
not delay an answer at a door. All that the store has to do comes in rounds: one transaction
settles what was tried, spreads new events to their endpoints and claims what is due.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import TypeVar

from sqlalchemy.engine import Connection

from server import runtime
from server.clock import ClockWatch
from server.log import note_unexpected, quiet_loop
from server.metrics import Metrics
from server.webhooks.guard import Guard
from server.webhooks.lane import Lane
from server.webhooks.share import Share
from storage import deliveries
from storage.access import access_seq
from storage.deliveries import Parcel, Target, Tried, Waiting
from storage.errors import StoreError
from storage.store import Store
from storage.times import now

T = TypeVar("T")

_GATHER_SECONDS = 0.02
"""The least time between two rounds: what comes back meanwhile shares a transaction."""

_MANY = 32
_GATHER_MANY_SECONDS = 0.06
"""Parcels in a round beyond which the next one is gathered for longer: on PostgreSQL each round
costs the line on which leads come in several turns, however little it is about."""

_LOOK_SECONDS = 0.1
"""While answers come in, how often is looked what waits; rounds in between find it by the way."""

_IDLE_SECONDS = 0.2
"""The same while nobody is to be told of anything: then only a new endpoint matters."""

_POLL_SECONDS = 5.0
"""How often the store is asked while nothing is heard of it."""

_LEAST_WAIT = 0.05
"""So that no clock that is set back, and no order that is kept, makes a busy loop."""

_BLOCKED_SECONDS = 0.25
"""How long a lane rests whose due deliveries all wait for an earlier one of their contact."""

_PATIENCE_SECONDS = 1.0
"""How long to wait after trouble with the store."""

_REFRESH_SECONDS = 60.0
"""How often the endpoints are read though nobody changed them: a rotated secret runs out."""

_FEWEST = 100
"""Events that are spread at once, however little time there is."""

_LONGEST_REST = 0.1
"""How soon is looked again whether there is time."""

_LAST_SECONDS = 1.0
"""How long requests may go on when the courier stops."""


class WebhookCourier:
    """Delivers the events of one store, beside other couriers.

    Args:
        store: The store.
        metrics: Counts what became of deliveries.
        allowed: Networks and hosts that may be reached though they are inside.
        disable_days: Days after which an endpoint that fails is disabled; 0 for never.
        waits: How long leads wait for the store, as `Share` asks for it.
    """

    def __init__(
        self,
        store: Store,
        metrics: Metrics,
        allowed: Iterable[str] = (),
        disable_days: int = 5,
        waits: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._store = store
        self._metrics = metrics
        self._guard = Guard(tuple(allowed))
        self._disable_after = timedelta(days=disable_days) if disable_days else None
        self._name = f"webhooks-{secrets.token_hex(6)}"
        self._loop: asyncio.AbstractEventLoop | None = None
        self._news = asyncio.Event()
        self._closing = False
        self._lanes: dict[int, Lane] = {}
        self._access_seq = -1
        self._read_at = 0.0
        self._looked_at = 0.0
        self._gather = _GATHER_SECONDS
        self._clock = ClockWatch()
        self._share = Share(waits)
        self._worked = 0.0
        """Processor seconds of the store's part of the rounds."""
        self._tried: list[Tried] = []
        self._posts: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._live, name="optdesk-webhooks", daemon=True)
        self._unsubscribe = store.feed.subscribe(self.wake)

    def start(self) -> None:
        """Begins to deliver; returns at once."""
        self._thread.start()

    def wake(self) -> None:
        """Something may be waiting. Called in any thread."""
        if self._loop is not None:
            # A loop that is closed has nothing left to do.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._news.set)

    def stop(self, timeout: float = 3.0) -> None:
        """Lets requests under way end for a moment, gives the rest back and ends."""
        self._closing = True
        self._unsubscribe()
        self.wake()
        if self._thread.ident is not None:
            self._thread.join(timeout)

    def _live(self) -> None:
        try:
            runtime.run(self._run())
        except Exception as error:  # noqa: BLE001 - the thread's end: what waits stays in the store
            note_unexpected("the courier of webhooks", error)

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        quiet_loop(self._loop)
        while not self._closing:
            began, worked = self._loop.time(), self._work
            self._news.clear()
            try:
                wait = await self._round()
            except StoreError:
                # The store says by itself what is wrong with it; the events wait there.
                wait = _PATIENCE_SECONDS
            gather = self._gather if self._lanes else _IDLE_SECONDS
            await self._rest(wait, began + gather)
            await self._give_way(began, worked)
        await self._end()

    @property
    def _work(self) -> float:
        """Processor seconds that webhooks took so far; asked in their thread."""
        return time.thread_time() + self._worked

    async def _give_way(self, began: float, worked: float) -> None:
        """Rests until a round and its requests had no more than their share of time."""
        assert self._loop is not None  # noqa: S101 - set when the thread began
        while not self._closing:
            early = self._share.rest(self._loop.time(), began, self._work - worked)
            if not early:
                return
            await asyncio.sleep(min(early, _LONGEST_REST))

    async def _rest(self, seconds: float, not_before: float) -> None:
        assert self._loop is not None  # noqa: S101 - set when the thread began
        if seconds > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), seconds)
        early = not_before - self._loop.time()
        if early > 0 and not self._closing:
            await asyncio.sleep(early)

    async def _round(self) -> float:
        """Does what there is to do; returns for how many seconds there is certainly nothing."""
        assert self._loop is not None  # noqa: S101 - set when the thread began
        if self._clock.was_set_back:
            await self._follow_clock()
        if self._tried and self._loop.time() - self._looked_at < _LOOK_SECONDS:
            return await self._carry(self._room_of_all(), None, 0.0)
        targets, waiting = await self._loop.run_in_executor(None, self._look)
        self._follow(targets)
        clock, moment = self._loop.time(), now()
        self._looked_at = clock
        room: dict[int, int] = {}
        wait = _POLL_SECONDS
        for ident, lane in self._lanes.items():
            due = waiting.due.get(ident)
            if lane.room and lane.rests_until > clock:
                wait = min(wait, lane.rests_until - clock)
            elif (lane.room and due is not None and due <= moment) or (lane.room and waiting.fresh):
                room[ident] = lane.room
            elif due is not None and due > moment:
                wait = min(wait, (due - moment).total_seconds())
        if not (room or self._tried or waiting.fresh):
            return max(wait, _LEAST_WAIT)
        return await self._carry(room, waiting, wait)

    async def _follow_clock(self) -> None:
        """Lets nothing wait for a time that only a clock ahead of this one has shown."""
        assert self._loop is not None  # noqa: S101 - set when the thread began
        while ids := await self._loop.run_in_executor(None, self._ahead):
            await self._write(partial(deliveries.follow_clock, delivery_ids=ids), aside=True)
        self._clock.followed()

    def _ahead(self) -> list[int]:
        with self._store.read() as conn:
            return deliveries.ahead(conn)

    def _room_of_all(self) -> dict[int, int]:
        assert self._loop is not None  # noqa: S101 - set when the thread began
        clock = self._loop.time()
        lanes = self._lanes.items()
        return {ident: lane.room for ident, lane in lanes if lane.rests_until <= clock}

    async def _carry(self, room: dict[int, int], waiting: Waiting | None, wait: float) -> float:
        assert self._loop is not None  # noqa: S101 - set when the thread began
        tried, self._tried = self._tried, []
        most = max(_FEWEST, int(deliveries.SPREAD_AT_ONCE * self._share.at(self._loop.time())))
        few = {ident: min(free, most) for ident, free in room.items()}
        try:
            parcels = await self._write(
                lambda conn: self._carry_in(conn, tried, few, most),
                aside=deliveries.goes_aside(tried),
            )
        except StoreError:
            self._tried = tried + self._tried
            raise
        for parcel in parcels:
            post = self._loop.create_task(self._post(self._lanes[parcel.endpoint_id], parcel))
            self._posts.add(post)
            post.add_done_callback(self._posts.discard)
        self._gather = _GATHER_MANY_SECONDS if len(parcels) > _MANY else _GATHER_SECONDS
        if waiting is None:
            return wait
        busy = {parcel.endpoint_id for parcel in parcels}
        moment = now()
        for ident in room.keys() - busy:
            if ident in waiting.due and waiting.due[ident] <= moment:
                self._lanes[ident].rests_until = self._loop.time() + _BLOCKED_SECONDS
        return 0.0 if parcels or waiting.fresh else max(wait, _LEAST_WAIT)

    def _carry_in(
        self, conn: Connection, tried: list[Tried], room: dict[int, int], most: int
    ) -> list[Parcel]:
        # In the writer's thread.
        before = time.thread_time()
        made = deliveries.carry(conn, self._name, tried, room, self._disable_after, most)
        self._worked += time.thread_time() - before
        return made

    async def _post(self, lane: Lane, parcel: Parcel) -> None:
        tried = await lane.post(parcel)
        self._metrics.deliveries["delivered" if tried.done else "failed"] += 1
        self._tried.append(tried)
        self._news.set()

    def _look(self) -> tuple[dict[int, Target] | None, Waiting]:
        """What waits, and the endpoints where they may have changed. In a worker thread."""
        with self._store.read() as conn:
            seq, targets = access_seq(conn), None
            moment = now().timestamp()
            if seq != self._access_seq or abs(moment - self._read_at) > _REFRESH_SECONDS:
                targets = deliveries.targets(conn)
                self._access_seq, self._read_at = seq, moment
            known = self._lanes if targets is None else targets
            return targets, deliveries.waiting(conn, list(known))

    def _follow(self, targets: dict[int, Target] | None) -> None:
        """Opens and closes lanes after the endpoints."""
        assert self._loop is not None  # noqa: S101 - set when the thread began
        if targets is None:
            return
        if targets and not self._lanes:
            # The first event does not wait for a connection to the server.
            self._store.write(_nothing, aside=True)
        for ident, lane in list(self._lanes.items()):
            if targets.get(ident) != lane.target:
                del self._lanes[ident]
                self._loop.create_task(self._retire(lane))
        for ident, target in targets.items():
            if ident not in self._lanes:
                self._lanes[ident] = Lane(target, self._guard)

    async def _retire(self, lane: Lane) -> None:
        """Closes a lane once its requests have ended."""
        while lane.busy:
            await asyncio.sleep(_LEAST_WAIT)
        await lane.close()

    async def _end(self) -> None:
        if self._posts:
            await asyncio.wait(self._posts, timeout=_LAST_SECONDS)
        for post in self._posts:
            post.cancel()
        tried, self._tried = self._tried, []
        # What cannot be given back now lapses by itself.
        with suppress(StoreError):
            if tried:
                await self._write(
                    lambda conn: deliveries.carry(conn, self._name, tried, {}, self._disable_after)
                )
            if self._lanes:
                await self._write(lambda conn: deliveries.release(conn, self._name))
        for lane in self._lanes.values():
            await lane.close()
        # The loop closes connections in its next turns.
        await asyncio.sleep(0.01)

    async def _write(self, verb: Callable[[Connection], T], *, aside: bool = False) -> T:
        return await asyncio.wrap_future(self._store.write(verb, aside=aside))


def _nothing(_conn: Connection) -> None:
    """Only has the line opened."""
