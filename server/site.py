"""Which door a request knocks at: the first two checks of the contract."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from multidict import CIMultiDict, CIMultiDictProxy

from server.answers import Answer, refusal
from server.misread import Misread
from server.peers import names_this_machine
from server.request import Request

API_PATH = "/v1/public/opt-in"
HOOK_PATH = "/hooks/opt-in/"

_PLAIN_HOOK = re.compile(re.escape(HOOK_PATH) + r"[\w-]+/?", re.ASCII)
"""How nearly everybody writes a secret URL."""

_NO_HEADERS: CIMultiDictProxy[str] = CIMultiDictProxy(CIMultiDict())

Beginning: TypeAlias = Callable[[], Awaitable[bytes]]
"""Gives what arrived of a body that was not read whole, as far as anybody cares for it."""


@dataclass(frozen=True, slots=True)
class Route:
    """One address and who answers there."""

    name: str
    """For the metrics: never a part of what was sent."""
    methods: frozenset[str] | None
    """None where the door itself judges the method."""
    answer: Callable[[Request], Awaitable[Answer]]
    light: bool = False
    """Answers without waiting for the store."""
    early: Callable[[Request], Awaitable[Answer | None]] | None = None
    """Answers before the body is read, where that is not needed; None goes on."""
    dress: Callable[[Request, Answer], Answer] | None = None
    """Gives any answer of this address the form that its reader understands."""
    asks: bool = False
    """Lets who waits for leave send the beginning of too large a body, so that it is kept."""
    unread: Callable[[Request, str, Beginning], Awaitable[None]] | None = None
    """Takes note of a request that is refused with a code because its body could not be read."""

    @property
    def allow(self) -> bytes:
        """The `Allow` header."""
        return b"Allow: %b\r\n" % ", ".join(sorted(self.methods or ())).encode()


class Site:
    """All addresses of a listener.

    Args:
        routes: By path; each is also reached with a slash at its end.
        hook: Whatever lies below `HOOK_PATH`.
    """

    def __init__(self, routes: dict[str, Route], hook: Route) -> None:
        self._routes = routes | {f"{path}/": route for path, route in routes.items()}
        self._hook = hook

    def add(self, routes: dict[str, Route]) -> None:
        """More addresses, by path."""
        self._routes |= routes | {f"{path}/": route for path, route in routes.items()}

    def route(self, request: Request, message: Any) -> Route | Answer:
        """The route of a request, or the answer where there is none or not with this method.

        Args:
            request: The request. Its path is put into the form that doors see.
            message: As it was parsed.
        """
        route = self._routes.get(request.path)
        if route is None and _PLAIN_HOOK.fullmatch(request.path):
            route = self._hook
        if route is None:
            # With a query, or written as a proxy would.
            query = request.path.partition("#")[0].partition("?")[1:]
            if not request.path.startswith("/"):
                # There the target counts, whatever `Host` says.
                host = message.url.authority
                request.near = request.near and names_this_machine(host, request.peer)
            request.path, request.query = str(message.url.raw_path), "".join(query)
            route = self._routes.get(request.path)
        if route is None:
            if not request.path.startswith(HOOK_PATH):
                return refusal("NOT_FOUND", request.id)
            route = self._hook
        if route.methods is not None and request.method not in route.methods:
            return refusal("METHOD_NOT_ALLOWED", request.id, extra=route.allow)
        return route

    async def unreadable(self, what: Misread, peer: str) -> Answer:
        """The answer to what is no request: 400, or as any other where just the method is unknown.

        What is too long gets 414 or 431.

        Args:
            what: What was sent.
            peer: Who sent it.
        """
        request = Request(what.method, what.path or "", _NO_HEADERS, peer)
        if what.path is None:
            return refusal(what.code, request.id)
        route = self._routes.get(what.path)
        if route is not None:
            return refusal("METHOD_NOT_ALLOWED", request.id, extra=route.allow)
        answer = None
        if what.path.startswith(HOOK_PATH) and self._hook.early is not None:
            answer = await self._hook.early(request)
        return answer or refusal("NOT_FOUND", request.id)
