"""A subscriber of webhooks that is faster than what it measures: it counts and answers 200.

`python subscriber.py` prints `listening on URL`. Posts to `/slow` are answered after a second.
`GET /seen` answers with a JSON object: for each path the numbers that were told of and when, by
the system's monotonic clock; what was told is forgotten then.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import defaultdict
from typing import Any

import uvloop

SLOW_SECONDS = 1.0
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_PHONE = re.compile(rb'"phone_number": ?"([^"]*)"')
_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
_seen: dict[str, list[tuple[str, float]]] = defaultdict(list)


class Line(asyncio.Protocol):
    """One connection; requests come one after the other."""

    def __init__(self) -> None:
        self._got = b""
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._got += data
        while (end := self._got.find(b"\r\n\r\n")) >= 0:
            found = _LENGTH.search(self._got, 0, end + 2)
            size = end + 4 + (int(found[1]) if found else 0)
            if len(self._got) < size:
                return
            request, self._got = self._got[:size], self._got[size:]
            self._answer(request)

    def _answer(self, request: bytes) -> None:
        path = request[: request.find(b"\r\n")].split(b" ")[1].decode()
        if path == "/seen":
            said = json.dumps(_seen).encode()
            _seen.clear()
            self._transport.write(
                b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(said) + said
            )
            return
        found = _PHONE.search(request)
        _seen[path].append((found[1].decode() if found else "", time.perf_counter()))
        if path == "/slow":
            asyncio.get_running_loop().call_later(SLOW_SECONDS, self._transport.write, _OK)
        else:
            self._transport.write(_OK)


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(Line, "127.0.0.1", 0, backlog=1024)
    print(f"listening on http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(_serve())
