"""A listener on a real port, with what a test needs to knock at it."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import requests

from server.embedded import EmbeddedListener, ListenerState
from server.settings import ListenerSettings
from storage.store import Store
from tests.factories import next_phone, switched_on
from tests.waiting import PATIENCE

PATH = "/v1/public/opt-in"


class Served:
    """A running listener, an API key and a messaging number."""

    def __init__(self, store: Store, url: str, key: str, number_id: str) -> None:
        self.store = store
        self.url = url
        self.key = key
        self.number_id = number_id
        self.address = (urlsplit(url).hostname or "", urlsplit(url).port or 0)
        self.session = requests.Session()
        self.session.trust_env = False

    def body(self, **fields: Any) -> dict[str, Any]:
        """The sample's body with a number of its own; a field given as None is left out."""
        said = {
            "mobile_phone": fields.get("mobile_phone") or next_phone(),
            "ip_address": "198.51.100.7",
            "user_agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36",
            "opt_in_number_id": self.number_id,
        }
        return {name: value for name, value in (said | fields).items() if value is not None}

    def headers(self, **more: str | None) -> dict[str, str]:
        """The sample's headers; `_` in a name stands for `-`, None leaves one out."""
        said: dict[str, str | None] = {"Content-Type": "application/json", "x-api": self.key}
        said |= {name.replace("_", "-"): value for name, value in more.items()}
        return {name: value for name, value in said.items() if value is not None}

    def put(self, body: Any = None, path: str = PATH, **headers: str | None) -> requests.Response:
        """Sends the sample, or another body: a dict becomes JSON, bytes go as they are."""
        sent = self.body() if body is None else body
        data = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
        return self.session.put(
            self.url + path, data=data, headers=self.headers(**headers), timeout=PATIENCE
        )

    def get(self, path: str, **headers: str) -> requests.Response:
        """Fetches a page."""
        return self.session.get(self.url + path, headers=headers, timeout=PATIENCE)

    def connect(self) -> socket.socket:
        """A bare connection."""
        return socket.create_connection(self.address, timeout=PATIENCE)

    def raw(self, *pieces: bytes) -> bytes:
        """Sends bytes as they are and reads until the other side hangs up."""
        with self.connect() as line:
            for piece in pieces:
                line.sendall(piece)
            return read_all(line)

    def request(self, *extra: bytes, body: bytes | None = None, close: bool = True) -> bytes:
        """The bytes of a good request, with more header lines."""
        sent = json.dumps(self.body()).encode() if body is None else body
        lines = [
            b"PUT /v1/public/opt-in HTTP/1.1",
            b"Host: test",
            b"Content-Type: application/json",
            b"x-api: " + self.key.encode(),
            *([b"Connection: close"] if close else []),
            *extra,
        ]
        if not any(
            line.lower().startswith((b"content-length", b"transfer-encoding")) for line in lines
        ):
            lines.append(b"Content-Length: %d" % len(sent))
        return b"\r\n".join(lines) + b"\r\n\r\n" + sent


def read_all(line: socket.socket) -> bytes:
    """Everything until the other side hangs up."""
    got = b""
    with suppress(ConnectionResetError):
        while part := line.recv(65536):
            got += part
    return got


def read_answer(line: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """One answer: status, headers in lower case, body."""
    got = b""
    while b"\r\n\r\n" not in got:
        part = line.recv(65536)
        if not part:
            raise EOFError(got)
        got += part
    head, _, body = got.partition(b"\r\n\r\n")
    first, *rest = head.decode().split("\r\n")
    headers = {
        name.lower(): value.strip() for name, _, value in (one.partition(":") for one in rest)
    }
    while len(body) < int(headers.get("content-length", 0)):
        body += line.recv(65536)
    return int(first.split()[1]), headers, body


def answers_in(raw: bytes) -> list[tuple[int, dict[str, Any]]]:
    """The answers in what a connection said: status and JSON."""
    found = []
    while raw:
        head, _, rest = raw.partition(b"\r\n\r\n")
        headers = dict(one.lower().split(b": ", 1) for one in head.split(b"\r\n")[1:])
        size = int(headers[b"content-length"])
        found.append((int(head.split()[1]), json.loads(rest[:size])))
        assert headers[b"x-request-id"].decode() == found[-1][1]["request_id"]
        raw = rest[size:]
    return found


@contextmanager
def serving(store: Store, **settings: Any) -> Iterator[Served]:
    """A listener on a free port, with the integration added where it was missing."""
    added = switched_on(store)
    assert added.key is not None
    with listening(store, **settings) as url:
        served = Served(store, url, added.key, added.number_id)
        if "idle_timeout" in settings:
            # Who may rest so short a time only may be cut off at the moment when it asks again.
            served.session.headers["Connection"] = "close"
        yield served


@contextmanager
def listening(store: Store, **settings: Any) -> Iterator[str]:
    """A listener on a free port; gives its address."""
    ready = threading.Event()
    listener = EmbeddedListener(
        store,
        ListenerSettings(**({"port": 0} | settings)),
        lambda state: ready.set() if state.kind != "starting" else None,
    )
    listener.start()
    try:
        assert ready.wait(PATIENCE)
        state: ListenerState = listener.state
        assert state.kind == "listening", state
        yield state.url
    finally:
        assert listener.stop(10)
