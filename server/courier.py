"""The courier: claims texts that wait, hands them to the gateway and writes down what it said.

A text is claimed in the store before it is handed over, so no two couriers send the same one.
A courier that dies in between leaves a claim behind; its fate is unknown, so after a while the
lead is queued as unconfirmed and the text is not sent again.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from typing import TypeVar

from sqlalchemy.engine import Connection

from server.gateways.base import Gateway
from server.log import note_unexpected
from server.metrics import Metrics
from storage import messages
from storage.errors import StoreError
from storage.feed import Throttle
from storage.messages import Outgoing, Receipt
from storage.store import Store
from storage.times import now

T = TypeVar("T")

_BATCH = 128
"""Texts claimed at once: enough to share the cost, too few to hold up a lead that comes in."""

_MANY = 4
"""Texts in a batch from which on the next one is gathered. A single lead is never kept waiting."""

_GATHER_SECONDS = 0.1
"""How long a batch is gathered at most while leads come in quickly. Measured: a batch of one
costs twenty times as much for each text as a batch of a hundred."""

_POLL_SECONDS = 5.0
"""How often the store is asked while nothing is heard of it."""

_SETTLE_SECONDS = 0.02
"""How long receipts that come by themselves are gathered."""

_PATIENCE_SECONDS = 1.0
"""How long to wait after trouble with the store."""


class Courier:
    """Carries the texts of one store, beside other couriers.

    Args:
        store: The store.
        gateway: What carries them.
        metrics: Counts what became of them.
    """

    def __init__(self, store: Store, gateway: Gateway, metrics: Metrics) -> None:
        self._store = store
        self._gateway = gateway
        self._metrics = metrics
        self._loop = asyncio.get_running_loop()
        self._name = f"courier-{secrets.token_hex(6)}"
        self._news = asyncio.Event()
        self._batch_full = asyncio.Event()
        self._closing = False
        self._waiting = 0
        """Leads that came in since the last claim, whose texts certainly wait."""
        self._receipts: list[Receipt] = []
        self._settling: asyncio.Task[None] | None = None
        self._task: asyncio.Task[None] | None = None
        self._throttle = Throttle(self._store_changed)
        self._unsubscribe = store.feed.subscribe(self._throttle)

    async def start(self) -> None:
        """Begins to carry."""
        await self._gateway.open(self._take_receipt)
        self._task = self._loop.create_task(self._run())

    def wake(self) -> None:
        """A text waits. Called in the event loop."""
        self._waiting += 1
        self._news.set()
        if self._waiting >= _BATCH:
            self._batch_full.set()

    async def stop(self) -> None:
        """Finishes what was claimed and ends."""
        self._closing = True
        self._unsubscribe()
        self._throttle.close()
        self._news.set()
        self._batch_full.set()
        if self._task is not None:
            await self._task
        await self._gateway.close()
        await self._settle_gathered()

    async def _run(self) -> None:
        while not self._closing:
            try:
                wait = await self._round()
            except StoreError:
                # The store says by itself what is wrong with it; the texts wait there.
                wait = _PATIENCE_SECONDS
            if wait > 0 and not self._closing:
                await self._rest(wait)

    async def _rest(self, seconds: float) -> None:
        self._news.clear()
        if not self._waiting:
            await self._wait(self._news, seconds)

    async def _wait(self, event: asyncio.Event, seconds: float) -> None:
        timer = self._loop.call_later(seconds, event.set)
        try:
            await event.wait()
        finally:
            timer.cancel()

    async def _round(self) -> float:
        """Carries what waits; returns the seconds until there is certainly more to do."""
        if not self._waiting:
            due = await self._seconds_until_due()
            if due > 0:
                return due
        self._waiting = 0
        self._batch_full.clear()
        texts = await self._write(lambda conn: messages.claim_pending(conn, self._name, _BATCH))
        if texts:
            await self._carry(texts)
        elif not await self._write(messages.sweep):
            # Another courier was quicker, or the clock was set back.
            return _PATIENCE_SECONDS
        if len(texts) == _BATCH:
            # A backlog takes turns with the leads that come in.
            self._waiting += 1
            await asyncio.sleep(0)
        elif len(texts) > _MANY and not self._closing:
            await self._wait(self._batch_full, _GATHER_SECONDS)
        return 0.0

    async def _carry(self, texts: Sequence[Outgoing]) -> None:
        try:
            receipts = await self._gateway.hand_over(texts)
        except Exception as error:  # noqa: BLE001 - whatever a gateway's library raises, the texts' fate is unknown
            note_unexpected("the gateway", error)
            receipts = [
                Receipt(text.message_id, "unknown", error=type(error).__name__) for text in texts
            ]
        await self._settle(receipts)

    async def _settle(self, receipts: Sequence[Receipt]) -> None:
        """Writes receipts down, however long the store takes: they are said only once."""
        for receipt in receipts:
            self._metrics.texts[receipt.status] += 1
        while True:
            try:
                await self._write(lambda conn: messages.settle(conn, receipts))
            except StoreError:
                if self._closing:
                    return
                await asyncio.sleep(_PATIENCE_SECONDS)
            else:
                return

    def _take_receipt(self, receipt: Receipt) -> None:
        self._receipts.append(receipt)
        if self._settling is None:
            self._settling = self._loop.create_task(self._settle_soon())

    async def _settle_soon(self) -> None:
        await asyncio.sleep(_SETTLE_SECONDS)
        self._settling = None
        await self._settle_gathered()

    async def _settle_gathered(self) -> None:
        receipts, self._receipts = self._receipts, []
        if receipts:
            await self._settle(receipts)

    async def _write(self, verb: Callable[[Connection], T]) -> T:
        return await asyncio.wrap_future(self._store.write(verb))

    async def _seconds_until_due(self) -> float:
        due = await self._loop.run_in_executor(None, self._next_due)
        return min(_POLL_SECONDS, due)

    def _next_due(self) -> float:
        with self._store.read() as conn:
            due = messages.next_due(conn)
        return _POLL_SECONDS if due is None else (due - now()).total_seconds()

    def _store_changed(self) -> None:
        # In whatever thread tells of changes.
        try:
            self._loop.call_soon_threadsafe(self._news.set)
        except RuntimeError:
            # The loop is closed.
            self._throttle.close()
