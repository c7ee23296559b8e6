"""One address' connections, and a POST on them: aiohttp's connector and parser, and little else.

aiohttp's session makes a dozen objects for a request and asks each what this side never uses:
cookies, redirects, proxies, compression. Measured, that was half of all that a delivery costs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from weakref import WeakSet

from aiohttp import (
    ClientError,
    ClientPayloadError,
    ClientRequest,
    ClientTimeout,
    ServerDisconnectedError,
    StreamReader,
    TCPConnector,
)
from aiohttp.connector import Connection
from aiohttp.http import HttpProcessingError
from yarl import URL

_NAMES_KEPT_SECONDS = 10
"""How long an answer of the name server is believed."""

_MOST_INTERIM = 8
"""How often an answer may be put off with a 1xx: without end, it would keep the courier busy."""

_UNLIMITED = ClientTimeout(total=None)


class NotHttp(ClientError):
    """What came back is no HTTP."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    """The beginning."""


class Wire:
    """Keeps connections to one address. Made in a running event loop.

    Args:
        url: Where to.
        headers: The same with every request.
        connections: How many at most.
        make_socket: Makes each socket, or raises where it must not go.
        body_limit: Bytes of an answer that are read.
        body_seconds: How long they are waited for once the status is known.
    """

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str],
        connections: int,
        make_socket: Callable[[Any], Any],
        body_limit: int,
        body_seconds: float,
    ) -> None:
        self._connector = TCPConnector(
            limit=connections, ttl_dns_cache=_NAMES_KEPT_SECONDS, socket_factory=make_socket
        )
        self._body_limit = body_limit
        self._body_seconds = body_seconds
        self._used: WeakSet[object] = WeakSet()
        """Connections that have carried a request."""
        # Never sent: it names host, port and TLS to the connector, and spells the head.
        loop = asyncio.get_running_loop()
        self._asks = ClientRequest("POST", URL(url), headers=headers, loop=loop)
        target = self._asks.url.raw_path_qs
        lines = [f"POST {target} HTTP/1.1"] + [
            f"{name}: {value}"
            for name, value in self._asks.headers.items()
            if name.lower() not in ("content-length", "transfer-encoding")
        ]
        self._head = "\r\n".join(lines)

    async def post(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Posts once; on a connection that was kept and has died meanwhile, once more.

        Raises:
            ClientError: No answer came, or none that can be read.
            OSError: No connection came about.
        """
        more = "".join([f"\r\n{name}: {value}" for name, value in headers.items()])
        request = f"{self._head}{more}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        while True:
            connection = await self._connector.connect(self._asks, [], _UNLIMITED)
            kept = connection.protocol in self._used
            try:
                return await self._exchange(connection, request)
            except (ServerDisconnectedError, ConnectionResetError):
                # The other side closes what is idle, and this side hears of it too late. Whoever
                # gets an event twice knows it by its id.
                if not kept:
                    raise

    async def close(self) -> None:
        """Drops the connections."""
        await self._connector.close()

    async def _exchange(self, connection: Connection, request: bytes) -> Answer:
        try:
            protocol, transport = connection.protocol, connection.transport
            if protocol is None or transport is None:
                raise ServerDisconnectedError
            self._used.add(protocol)
            protocol.set_response_params(read_until_eof=True, auto_decompress=False)
            transport.write(request)
            for _ in range(_MOST_INTERIM):
                message, content = await protocol.read()
                if message.code >= 200:
                    break
            else:
                raise NotHttp("an answer that is put off again and again")
            body = await self._beginning(content)
        except HttpProcessingError as error:
            connection.close()
            raise NotHttp(f"an answer that is no HTTP: {error.message}") from None
        except BaseException:
            connection.close()
            raise
        _release(connection, content)
        return Answer(message.code, message.headers, body)

    async def _beginning(self, content: StreamReader) -> bytes:
        if content.is_eof():
            return content.read_nowait(self._body_limit)
        got = b""
        with suppress(TimeoutError, ClientPayloadError, ServerDisconnectedError):
            async with asyncio.timeout(self._body_seconds):
                while len(got) < self._body_limit:
                    part = await content.read(self._body_limit - len(got))
                    if not part:
                        break
                    got += part
        return got


def _release(connection: Connection, content: StreamReader) -> None:
    """Keeps a connection for the next request; drops it where an answer has not ended."""
    if content.is_eof():
        connection.release()
    else:
        connection.close()
