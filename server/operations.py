"""The pages for people and monitors: health, figures and the description of the API."""

from __future__ import annotations

import json
from functools import cache, lru_cache
from typing import Any

from server.answers import RETRY_SECONDS, Answer, refusal
from server.docs_page import POLICY, page
from server.doors.headers import one_key
from server.gateways.base import Gateway
from server.keeper import AccessKeeper
from server.metrics import CONTENT_TYPE, Metrics
from server.openapi import describe, product_version
from server.peers import came_through_another, names_this_machine
from server.request import Request
from server.settings import ListenerSettings
from server.site import Route
from storage.access import credential_hash
from storage.errors import StoreError
from storage.store import Store

PRODUCT = "optdesk"

_READ = frozenset({"GET", "HEAD"})
_HTML = b"text/html; charset=utf-8"
_FRESH = b"Cache-Control: no-store\r\n"
_READY_SECONDS = 3.0
"""How long a store may take to be called ready: monitors seldom wait longer themselves."""
_PAGES_KEPT = 16
"""Forms of `/docs` kept: it names the host by which it was asked."""


class Operations:
    """Answers on the operations pages, to those who may see them.

    Args:
        store: Whose health is told.
        fingerprint: What tells the store from every other.
        keeper: Knows the API keys.
        gateway: What carries the texts.
        metrics: What was counted.
        settings: Who may see the pages, and where senders reach the listener.
    """

    def __init__(
        self,
        store: Store,
        fingerprint: str,
        keeper: AccessKeeper,
        gateway: Gateway,
        metrics: Metrics,
        settings: ListenerSettings,
    ) -> None:
        self._store = store
        self._keeper = keeper
        self._gateway = gateway
        self._metrics = metrics
        self._settings = settings
        self._life = _bytes(
            {
                "status": "ok",
                "product": PRODUCT,
                "version": product_version(),
                "store": fingerprint,
            }
        )

    def routes(self) -> dict[str, Route]:
        """The pages by path."""
        return {
            "/healthz": Route("healthz", _READ, self._health, light=True),
            "/readyz": Route("readyz", _READ, self._ready, light=True),
            "/metrics": Route("metrics", _READ, self._figures, light=True),
            "/openapi.json": Route("openapi", _READ, self._description, light=True),
            "/docs": Route("docs", _READ, self._docs, light=True),
        }

    async def _barred(self, request: Request) -> Answer | None:
        """The refusal for whom the pages are not meant; None for the others."""
        if is_local(request):
            return None
        if self._settings.operations == "loopback":
            return refusal("NOT_FOUND", request.id)
        secret = one_key(request.headers)
        digest = credential_hash(secret) if secret else b""
        try:
            if digest in self._keeper.current.keys or digest in (await self._keeper.reread()).keys:
                return None
        except StoreError:
            return refusal("STORE_UNAVAILABLE", request.id)
        return refusal("INVALID_API_KEY", request.id)

    async def _health(self, request: Request) -> Answer:
        return await self._barred(request) or _json(request, self._life)

    async def _ready(self, request: Request) -> Answer:
        barred = await self._barred(request)
        if barred is not None:
            return barred
        try:
            await self._keeper.reread(_READY_SECONDS)
        except StoreError as error:
            said: dict[str, Any] = {
                "ok": False,
                "sentence": error.sentence,
                "next_step": error.next_step,
            }
        else:
            health = self._store.health
            said = {"ok": health.ok, "sentence": health.sentence, "next_step": health.next_step}
        trouble = self._gateway.trouble
        ready = bool(said["ok"]) and not trouble
        told = {
            "ready": ready,
            "store": said,
            "gateway": {"name": self._gateway.name, "ok": not trouble, "sentence": trouble},
        }
        extra = b"" if ready else b"Retry-After: %d\r\n" % RETRY_SECONDS
        return _json(request, _bytes(told), status=200 if ready else 503, extra=extra)

    async def _figures(self, request: Request) -> Answer:
        return await self._barred(request) or Answer(
            200, self._metrics.page(), request.id, content_type=CONTENT_TYPE, extra=_FRESH
        )

    async def _description(self, request: Request) -> Answer:
        return await self._barred(request) or _json(
            request, _description(self._settings.public_base_url)
        )

    async def _docs(self, request: Request) -> Answer:
        barred = await self._barred(request)
        if barred is not None:
            return barred
        base = self._settings.public_base_url
        shown = _page(base, base or f"{self._settings.scheme}://{request.said('Host')}")
        return Answer(200, shown, request.id, content_type=_HTML, extra=_FRESH + POLICY)


def is_local(request: Request) -> bool:
    """Whether a program on this machine asks, and not somebody from afar through a proxy."""
    return (
        request.near
        and not came_through_another(request.headers)
        and names_this_machine(request.headers.get("Host", ""), request.peer)
    )


@cache
def _description(base_url: str) -> bytes:
    return _bytes(describe(base_url))


@lru_cache(maxsize=_PAGES_KEPT)
def _page(base_url: str, shown: str) -> bytes:
    return page(describe(base_url), shown)


def _bytes(said: dict[str, Any]) -> bytes:
    return json.dumps(said, indent=2).encode()


def _json(request: Request, said: bytes, *, status: int = 200, extra: bytes = b"") -> Answer:
    return Answer(status, said, request.id, extra=_FRESH + extra)
