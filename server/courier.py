"""The courier: claims texts that wait, hands them to the gateway and writes down what it said.

A text is claimed in the store before it is handed over, so no two couriers send the same one.
A courier that dies in between leaves a claim behind; its fate is unknown, so after a while the
lead is queued as unconfirmed and the text is not sent again.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import TypeVar

from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from server.circuit import CircuitBreaker
from server.clock import ClockWatch
from server.gateways.base import Gateway
from server.log import note_unexpected
from server.metrics import Metrics
from server.named_texts import NamedTexts
from server.runtime import call_later
from storage import claims, gateway_state, messages
from storage.claims import Claim
from storage.errors import StoreError
from storage.feed import Throttle
from storage.holding import QuietHours
from storage.store import Store
from storage.texts import Outgoing, Receipt
from storage.times import now

T = TypeVar("T")

_BATCH = 128
"""Texts claimed at once: enough to share the cost, too few to hold up a lead that comes in."""

_MANY = 4
_MANY_A_SECOND = 300
"""Texts in a batch, and since the one before, beyond which the next one is gathered. Leads that
come in singly are never kept waiting, nor those behind a pause of the machine."""

_GATHER_SECONDS = 0.1
"""How long a batch is gathered at most while leads come in quickly. Measured: a batch of one
costs twenty times as much for each text as a batch of a hundred."""

_ASK_SECONDS = 0.1
"""Between carrying texts and asking when the next one is due: while leads come in, nobody waits
for the answer."""

_POLL_SECONDS = 5.0
"""How often the store is asked while nothing is heard of it."""

_SETTLE_SECONDS = 0.02
"""How long receipts that come by themselves are gathered."""

_SHOW_SECONDS = 0.2
"""How long a text may be handed over before everybody sees that it is."""

_MOST_TRIES = 40
"""How often a text is handed over in vain before it counts as failed."""

_LEAST_WAIT = 0.1

_PATIENCE_SECONDS = 1.0
"""How long to wait after trouble with the store."""


@dataclass(frozen=True, slots=True)
class _Taken:
    """What a round took from the store."""

    claim: Claim
    pause: timedelta | None = None
    """How long the gateway is to be left alone; None where it works."""
    why: str = ""

    @property
    def trying(self) -> bool:
        """Whether its text is to show, for all couriers, if the gateway works again."""
        return self.pause is not None and bool(self.claim.texts)

    @property
    def unseen(self) -> bool:
        """Whether nobody needs to look again: a text is on its way for some milliseconds."""
        return self.claim.whole and not self.trying


class Courier:
    """Carries the texts of one store, beside other couriers.

    Args:
        store: The store.
        gateway: What carries them.
        metrics: Counts what became of them.
        quiet: When nobody is texted.
        pace: Texts a second at most; 0 for no limit.
    """

    def __init__(
        self,
        store: Store,
        gateway: Gateway,
        metrics: Metrics,
        quiet: QuietHours | None = None,
        pace: int = 0,
    ) -> None:
        self._store = store
        self._gateway = gateway
        self._metrics = metrics
        self._loop = asyncio.get_running_loop()
        self._name = f"courier-{secrets.token_hex(6)}"
        self._news = asyncio.Event()
        self._batch_full = asyncio.Event()
        self._closing = False
        self._quiet = quiet
        self._pace = pace
        self._circuit = CircuitBreaker()
        self._claimed_at = self._loop.time()
        self._clock = ClockWatch()
        self._waiting = 0
        """Leads that came in since the last claim, whose texts certainly wait."""
        self._named = NamedTexts()
        self._receipts: list[Receipt] = []
        self._settling: asyncio.Task[None] | None = None
        self._task: asyncio.Task[None] | None = None
        self._throttle = Throttle(self._store_changed, later=partial(call_later, self._loop))
        self._unsubscribe = store.feed.subscribe(self._throttle)

    async def start(self) -> None:
        """Begins to carry."""
        await self._gateway.open(self._take_receipt)
        self._task = self._loop.create_task(self._run())

    def wake(self, text: Outgoing | None) -> None:
        """A text waits. Called in the event loop.

        Args:
            text: The one that has just been written; None for whatever is due.
        """
        if not self._named.add(text):
            return
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
                wait = self._doubt()
            except SQLAlchemyError as error:
                # What it refused is known to nobody; a courier that ended would carry nothing more.
                note_unexpected("the courier", error)
                wait = self._doubt()
            if wait > 0 and not self._closing:
                await self._rest(wait)

    def _doubt(self) -> float:
        """Forgets what it knew to wait; returns how long to leave the store alone."""
        self._waiting = 0
        self._named.look()
        return _PATIENCE_SECONDS

    async def _rest(self, seconds: float) -> None:
        # News are forgotten before the store is asked, never here: what came since then was not
        # seen by who asked.
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
        if self._clock.was_set_back:
            while await self._write(messages.follow_clock):
                continue
            self._clock.followed()
        if not self._waiting:
            self._news.clear()
            due = await self._seconds_until_due()
            if due > 0:
                return due
            self._named.look()
        room = self._circuit.room(self._loop.time(), self._batch)
        if not room:
            return await self._hold_off(self._circuit.wait(self._loop.time()))
        self._news.clear()
        self._batch_full.clear()
        since, self._claimed_at = self._loop.time() - self._claimed_at, self._loop.time()
        written = self._named.take(room, self._claimed_at)
        self._waiting = len(self._named)
        taken = await self._write(lambda conn: self._take(conn, room, written), _unseen, apart=True)
        texts = taken.claim.texts
        if not taken.claim.named:
            self._waiting -= self._named.found(texts)
        if texts:
            await self._carry(taken.claim, trying=taken.trying)
        elif taken.pause:
            # Another courier has found out, and one of them tries it when that is over.
            self._gateway.trouble = f"Texts wait: {taken.why}"
            return await self._hold_off(taken.pause.total_seconds())
        elif not await self._write(messages.sweep):
            # Another courier was quicker, or the clock was set back.
            self._named.look()
            return _PATIENCE_SECONDS
        if self._pace and texts:
            await asyncio.sleep(len(texts) / self._pace)
        if len(texts) == room:
            # A backlog takes turns with the leads that come in.
            if not taken.claim.named:
                self.wake(None)
            await asyncio.sleep(0)
        elif len(texts) > max(_MANY, _MANY_A_SECOND * since) and not self._closing:
            await self._wait(self._batch_full, _GATHER_SECONDS)
        return _ASK_SECONDS if texts and not self._waiting else 0.0

    async def _hold_off(self, seconds: float) -> float:
        """Leaves the gateway alone; returns when to look again."""
        self._waiting = 0
        self._named.look()
        # The waits that are too long end all the same.
        await self._write(messages.sweep)
        await asyncio.sleep(_LEAST_WAIT)
        return max(_LEAST_WAIT, min(_POLL_SECONDS, seconds))

    def _take(self, conn: Connection, room: int, written: Sequence[Outgoing]) -> _Taken:
        name, fresh = self._gateway.name, self._circuit.trying
        claim = claims.claim(
            conn, self._name, room, self._quiet, fresh=fresh, gateway=name, written=written
        )
        taken = _Taken(claim)
        found = None if claim.texts else gateway_state.pause_of(conn, name)
        if found is not None:
            pause, why = found
            if not pause:
                claim = claims.claim(conn, self._name, 1, self._quiet, fresh=True)
            taken = _Taken(claim, pause, why)
        if taken.trying:
            gateway_state.begin_try(conn, name)
        if claim.texts:
            self._gateway.consult(conn)
        return taken

    async def _carry(self, claim: Claim, *, trying: bool) -> None:
        texts, handover = claim.texts, claim.handover
        # What takes long is to be seen.
        showing = self._loop.call_later(_SHOW_SECONDS, self._show) if handover else None
        try:
            receipts = await self._gateway.hand_over(texts)
        except Exception as error:  # noqa: BLE001 - whatever a gateway's library raises, the texts' fate is unknown
            note_unexpected("the gateway", error)
            receipts = [
                Receipt(text.message_id, "unknown", error=type(error).__name__) for text in texts
            ]
        finally:
            if showing is not None:
                if self._loop.time() >= showing.when():
                    handover = 0
                showing.cancel()
        tries = {text.message_id: text.tries for text in texts}
        self._learn(receipts, trying=trying)
        receipts = [
            replace(receipt, status="failed")
            if receipt.status == "retry" and tries[receipt.message_id] + 1 >= _MOST_TRIES
            else receipt
            for receipt in receipts
        ]
        await self._count_and_settle(receipts, texts, handover)

    def _show(self) -> None:
        """Has each text say that it is being handed over, as every other transaction does."""
        self._store.write(_nothing)

    @property
    def _batch(self) -> int:
        """Texts to claim at once: with a pace, what goes out in a quarter of a second."""
        return min(_BATCH, max(1, self._pace // 4)) if self._pace else _BATCH

    def _learn(self, receipts: Sequence[Receipt], *, trying: bool) -> None:
        """Takes note of how the gateway does, for every process to show and to keep to.

        Who fails behind a try of its own, while others get on, is alone with it, such as where its
        network is down: it goes on trying with single texts, and keeps nobody else from sending.
        """
        if all(receipt.status == "kept" for receipt in receipts):
            return
        circuit, name = self._circuit, self._gateway.name
        worked = circuit.state == "closed"
        circuit.learn(self._loop.time(), receipts)
        works, reason = circuit.state == "closed", circuit.reason
        in_trouble = not works or (trying and bool(reason))
        self._gateway.trouble = f"Texts wait: {reason}" if in_trouble else ""
        # A store in trouble loses it; texts do not depend on it.
        if in_trouble and (trying or worked):
            self._store.write(lambda conn: gateway_state.leave_alone(conn, name, reason))
        elif works and (trying or not worked):
            self._store.write(lambda conn: gateway_state.works(conn, name))

    async def _settle(
        self, receipts: Sequence[Receipt], handed_over: Sequence[Outgoing] = (), handover: int = 0
    ) -> None:
        """Writes receipts down, however long the store takes: they are said only once."""
        while True:
            try:
                await self._write(
                    lambda conn: messages.settle(conn, receipts, handed_over, handover), apart=True
                )
            except StoreError:
                if self._closing:
                    return
                await asyncio.sleep(_PATIENCE_SECONDS)
            except IntegrityError as error:
                # The provider gave two texts one id, which only the first can be known by.
                if len(receipts) == 1:
                    if not receipts[0].provider_id:
                        raise
                    note_unexpected("an id of the gateway's", error)
                    await self._settle([replace(receipts[0], provider_id="")])
                    return
                for receipt in receipts:
                    await self._settle([receipt])
                return
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
            await self._count_and_settle(receipts)

    async def _count_and_settle(
        self, receipts: Sequence[Receipt], handed_over: Sequence[Outgoing] = (), handover: int = 0
    ) -> None:
        for receipt in receipts:
            self._metrics.texts[receipt.status] += 1
        await self._settle(receipts, handed_over, handover)

    async def _write(
        self,
        verb: Callable[[Connection], T],
        quiet: bool | Callable[[T], bool] = False,
        *,
        apart: bool = False,
    ) -> T:
        return await asyncio.wrap_future(self._store.write(verb, quiet=quiet, apart=apart))

    async def _seconds_until_due(self) -> float:
        due = await self._loop.run_in_executor(None, self._next_due)
        return min(_POLL_SECONDS, due)

    def _next_due(self) -> float:
        with self._store.read() as conn:
            due = claims.next_due(conn)
        return _POLL_SECONDS if due is None else (due - now()).total_seconds()

    def _store_changed(self) -> None:
        # In whatever thread tells of changes.
        try:
            self._loop.call_soon_threadsafe(self._news.set)
        except RuntimeError:
            # The loop is closed.
            self._throttle.close()


def _nothing(_conn: Connection) -> None:
    """A transaction that has nothing to do but what each does."""


def _unseen(taken: _Taken) -> bool:
    """Whether nobody needs to look again because of it."""
    return taken.unseen
