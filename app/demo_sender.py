"""Posts the demo's leads, as a web form's backend would: over HTTP, one after the other."""

from __future__ import annotations

import http.client
import ipaddress
import json
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from app.demo_leads import Leads, Posting
from storage.errors import WrongUsage

PATH = "/v1/public/opt-in"

_PATIENCE = 10.0
"""Seconds that an answer may take."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one posting."""

    posting: Posting
    status: int
    code: str
    """The error code, or an empty string."""

    @property
    def sentence(self) -> str:
        """The lead and its fate on one line. Untrusted, as names are."""
        body = json.loads(self.posting.body)
        who = f"{body.get('first_name', '')} {body.get('last_name', '')}".strip()
        fate = self.code or ("replayed" if self.posting.story == "retry" else "opted in")
        return f"{self.status} {fate:<22} {body.get('mobile_phone', ''):<16} {who}"


class DemoSender:
    """Keeps posting leads to a listener on this machine until it is told to stop.

    Args:
        address: The listener's, such as `http://127.0.0.1:8765`.
        key: An API key.
        leads: What to post.
        rate: Leads a second, on average.
        told: Called with every answer, in the thread that posts.

    Raises:
        WrongUsage: The address is not this machine's.
    """

    def __init__(
        self,
        address: str,
        key: str,
        leads: Leads,
        rate: float,
        told: Callable[[Answer], None] | None = None,
    ) -> None:
        parts = urlsplit(address)
        self._host, self._port = parts.hostname or "", parts.port or 80
        if not _is_here(self._host):
            raise WrongUsage(f"The demo posts to this machine alone, not to {self._host}.")
        self._key = key
        self._leads = leads
        self._rate = rate
        self._told = told
        self._stop = threading.Event()
        self._connection: http.client.HTTPConnection | None = None
        self._thread: threading.Thread | None = None

    def start(self, seconds: float | None = None) -> None:
        """Begins to post, in a thread of its own; see `run`."""
        self._thread = threading.Thread(
            target=self.run, args=(seconds,), name="demo-sender", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Posts no more; what is on its way is still answered."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(_PATIENCE)

    def run(self, seconds: float | None = None) -> int:
        """Posts until it is told to stop.

        Args:
            seconds: Stop by itself after so long.

        Returns:
            How many requests were answered.
        """
        end = time.monotonic() + seconds if seconds is not None else None
        answered = 0
        for posting in self._leads:
            pause = posting.pause / self._rate
            if end is not None:
                pause = min(pause, max(0.0, end - time.monotonic()))
            if self._stop.wait(pause) or (end is not None and time.monotonic() >= end):
                break
            answer = self._post(posting)
            if answer is None:
                # The listener is away: knock again a little later.
                self._stop.wait(1.0)
                continue
            answered += 1
            if self._told is not None:
                self._told(answer)
        self._hang_up()
        return answered

    def _post(self, posting: Posting) -> Answer | None:
        headers = {"Content-Type": "application/json", "x-api": self._key, **posting.headers}
        # A connection that lay idle for long was closed by the listener: try a new one once.
        for _ in range(2):
            try:
                return self._exchange(posting, headers)
            except (OSError, http.client.HTTPException, ValueError):
                self._hang_up()
        return None

    def _exchange(self, posting: Posting, headers: dict[str, str]) -> Answer:
        if self._connection is None:
            self._connection = http.client.HTTPConnection(self._host, self._port, timeout=_PATIENCE)
        self._connection.request("PUT", PATH, posting.body, headers)
        response = self._connection.getresponse()
        said = json.loads(response.read())
        return Answer(posting, response.status, str(said.get("error_code", "")))

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _is_here(host: str) -> bool:
    """Whether a host is this machine and no other."""
    try:
        found = {entry[4][0] for entry in socket.getaddrinfo(host, None)}
    except OSError:
        return False
    return bool(found) and all(ipaddress.ip_address(address).is_loopback for address in found)
