"""The server behind the port: makes a connection for each sender and knows what they share."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from aiohttp.web import BaseRequest, Response, Server

from server.answers import Answer, refusal
from server.connection import Connection
from server.crowd import Crowd
from server.heads import Heads
from server.log import quiet_library
from server.metrics import Metrics
from server.misread import LONGEST_LINE
from server.peers import Proxies
from server.runtime import room_for
from server.settings import ListenerSettings
from server.tls import Certificate, Handshake
from server.turns import Turns
from storage.ids import new_id

if TYPE_CHECKING:
    from server.site import Site

_MOST_HEADERS = 100


class FrontDoor(Server):
    """aiohttp's server with this package's connections."""

    def __init__(
        self, site: Site, settings: ListenerSettings, proxies: Proxies, metrics: Metrics
    ) -> None:
        super().__init__(_unused)
        self.site = site
        self.settings = settings
        self.metrics = metrics
        self.max_body = settings.max_body or sys.maxsize
        room = room_for(settings.connections)
        self.crowd = Crowd(settings.connections_per_peer, room, proxies)
        self.turns = Turns()
        self.heads = Heads()
        self._certificate = (
            Certificate(settings.tls_cert, settings.tls_key) if settings.tls_cert else None
        )
        self._options = {
            "access_log": None,
            "auto_decompress": False,
            "keepalive_timeout": 0,
            "logger": quiet_library(),
            "max_field_size": LONGEST_LINE,
            "max_headers": _MOST_HEADERS,
            "max_line_size": LONGEST_LINE,
        }

    def __call__(self) -> Connection | Handshake:  # type: ignore[override]
        """A protocol for a new connection."""
        connection = Connection(self, loop=self._loop, **self._options)
        if self._certificate is None:
            return connection
        return Handshake(self, connection, self._certificate)

    def refused(self) -> Answer:
        """What a sender reads for whom there is no room."""
        self.metrics.turned_away += 1
        return refusal("TOO_MANY_CONNECTIONS", new_id())


async def _unused(_request: BaseRequest) -> Response:
    # Connections ask the site; aiohttp's own request loop never runs.
    return Response(status=503)
