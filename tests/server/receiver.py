"""Somebody else's server, for webhooks to be delivered to."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.waiting import PATIENCE

LOOPBACK = ("127.0.0.0/8",)


@dataclass
class Letter:
    """A request as it came."""

    headers: dict[str, str]
    body: bytes
    at: float = field(default_factory=time.monotonic)


class Receiver:
    """Takes letters and answers as it is told."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self.answer: Callable[[Any, Letter], None] = lambda handler, _letter: say(handler, 200)
        self.url = ""

    def wait_for(self, count: int, seconds: float = PATIENCE) -> list[Letter]:
        """The letters, once there are so many."""
        until = time.monotonic() + seconds
        while len(self.letters) < count:
            assert time.monotonic() < until, f"{len(self.letters)} of {count} letters came"
            time.sleep(0.01)
        return self.letters


def say(handler: Any, status: int, body: bytes = b"", **headers: str) -> None:
    """Answers; `_` in a header's name stands for `-`."""
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # With the five of the library, whoever connects beyond them may be answered after seconds or
    # never, and is right to send again.
    request_queue_size = 512


@contextmanager
def receiving(host: str = "127.0.0.1", port: int = 0) -> Iterator[Receiver]:
    """A receiver on a port; 0 takes a free one."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            letter = Letter({name.lower(): value for name, value in self.headers.items()}, body)
            receiver.letters.append(letter)
            try:
                receiver.answer(self, letter)
            except OSError:
                self.close_connection = True

        def log_message(self, *_args: object) -> None:
            return

    server = _Server((host, port), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    receiver.url = f"http://{host}:{server.server_port}/hook"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
