"""The listener: a port with the doors behind it, and the courier."""

from __future__ import annotations

import asyncio
import contextlib

from aiohttp.web import ServerRunner, TCPSite

from server.bridge import Bridge
from server.courier import Courier
from server.doors.api import ApiDoor
from server.doors.gateway import GatewayDoor
from server.doors.hook import HookDoor
from server.doors.retired import RetiredUrls
from server.frontdoor import FrontDoor
from server.gateways import make_gateway
from server.gateways.base import Callbacks
from server.housekeeping import expire_waits, keep_evidence, keep_house
from server.keeper import AccessKeeper
from server.metrics import Metrics
from server.operations import Operations
from server.peers import Proxies
from server.rates import Rates
from server.settings import ListenerSettings
from server.site import API_PATH, Route, Site
from server.webhooks.courier import WebhookCourier
from storage.holding import QuietHours
from storage.store import Store

__all__ = ["Listener", "ListenerSettings"]

_DRAIN_SECONDS = 2.0
"""How long requests that are being answered may take when the listener stops."""

_FIRST_LOOK_SECONDS = 60.0
"""How long the store may take to say who may come in, before anybody is let in."""

_BACKLOG = 1024


class Listener:
    """Takes leads in over HTTP and carries their texts. Lives in one event loop.

    Args:
        store: Open, and kept open until the listener has stopped.
        settings: How to behave.
    """

    def __init__(self, store: Store, settings: ListenerSettings) -> None:
        self._store = store
        self._settings = settings
        self._stack = contextlib.AsyncExitStack()
        self._front: FrontDoor | None = None
        self._port = settings.port
        self.metrics = Metrics()

    @property
    def url(self) -> str:
        """Where it listens."""
        return self._settings.url(self._port)

    @property
    def connections(self) -> int:
        """How many senders are connected."""
        return len(self._front.crowd) if self._front else 0

    async def start(self) -> None:
        """Builds everything and binds the port.

        Raises:
            OSError: The port cannot be bound, such as when somebody holds it.
            StoreError: The store cannot be read.
        """
        async with contextlib.AsyncExitStack() as building:
            await self._build(building)
            self._stack = building.pop_all()

    async def stop(self) -> None:
        """Takes no more requests, answers those in hand, hands over the texts in hand."""
        await self._stack.aclose()

    async def _build(self, stack: contextlib.AsyncExitStack) -> None:
        store, settings = self._store, self._settings
        loop = asyncio.get_running_loop()
        fingerprint = await loop.run_in_executor(None, store.fingerprint)
        keeper = AccessKeeper(store, settings.answer_timeout)
        stack.callback(keeper.close)
        await keeper.reread(_FIRST_LOOK_SECONDS)
        bridge = Bridge(store, settings.answer_timeout)
        stack.callback(bridge.close)
        gateway = make_gateway(settings, store)
        courier = Courier(
            store,
            gateway,
            self.metrics,
            QuietHours.parse(settings.quiet_hours),
            settings.texts_per_second,
        )
        stack.push_async_callback(courier.stop)
        proxies = Proxies(settings.trusted_proxies)
        per_key, per_peer = Rates(settings.rate_per_key), Rates(settings.rate_per_peer)
        shared = (keeper, bridge, courier.wake, per_key, per_peer, proxies)
        door, hook = ApiDoor(*shared), HookDoor(*shared, RetiredUrls(keeper, bridge))
        operations = Operations(store, fingerprint, keeper, gateway, self.metrics, settings)
        site = Site(
            {
                API_PATH: Route("api", frozenset({"PUT"}), door.answer, unread=door.keep_unread),
                **operations.routes(),
            },
            Route(
                "hook",
                None,
                hook.answer,
                early=hook.early,
                dress=hook.dress,
                asks=True,
                unread=hook.keep_unread,
            ),
        )
        if isinstance(gateway, Callbacks):
            callbacks = GatewayDoor(
                gateway.name, gateway, bridge, settings.public_base_url, courier.wake
            )
            site.add(callbacks.routes())
        self._front = front = FrontDoor(site, settings, proxies, self.metrics)
        self.metrics.gauges["connections"] = ("Senders connected.", lambda: len(front.crowd))
        self.metrics.gauges["writes_waiting"] = (
            "Writes that wait for the store.",
            lambda: store.waiting,
        )
        await self._bind(front, stack)
        # Whoever does not get the port carries no texts either.
        await courier.start()
        house = loop.create_task(keep_house(store, settings.attempts_days, settings.attempts_max))
        webhooks = WebhookCourier(
            store,
            self.metrics,
            settings.webhook_allow,
            settings.webhook_disable_days,
            bridge.waits.take,
        )
        stack.push_async_callback(asyncio.to_thread, webhooks.stop)
        webhooks.start()
        stack.callback(house.cancel)
        expiry = loop.create_task(expire_waits(store))
        stack.callback(expiry.cancel)
        evidence = loop.create_task(keep_evidence(store, settings.consent_years))
        stack.callback(evidence.cancel)

    async def _bind(self, front: FrontDoor, stack: contextlib.AsyncExitStack) -> None:
        runner = ServerRunner(front, shutdown_timeout=_DRAIN_SECONDS)
        await runner.setup()
        stack.callback(front.crowd.close)
        stack.callback(front.crowd.cut_all)
        stack.callback(front.turns.close)
        stack.push_async_callback(runner.cleanup)
        # Never shared: two listeners on one port would each get some of the leads in silence.
        port = TCPSite(
            runner, self._settings.host, self._settings.port, backlog=_BACKLOG, reuse_port=False
        )
        await port.start()
        self._port = port.port
