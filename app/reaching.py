"""Whether senders reach the listener of this desk, asked now and then."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from screens.backstage import ListenerKind, ListenerReport

if TYPE_CHECKING:
    from storage.checklist import Item

ASK_EVERY = 30.0
"""Seconds that an answer of the public address is good for."""

ASK_NEIGHBOUR_EVERY = 2.0
"""Seconds that an answer of a listener in another process is good for."""


class Reach:
    """Remembers what the public address answered, so that a busy panel does not ask all day."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked = ("", 0.0)
        self._answer: Item | None = None
        self._neighbour = ("", float("-inf"))
        self._trouble: tuple[str, str] | None = None

    def look(self, report: ListenerReport, public: str) -> tuple[Item | None, Item | None]:
        """What is to be said of the listener and of its public address; None for nothing.

        Args:
            report: What the listener says of itself.
            public: The public base URL, or an empty string.
        """
        return self._listener(report), self._public(public)

    def _listener(self, report: ListenerReport) -> Item:
        from storage.checklist import Item, State

        trouble = self._trouble_at(report.url) if report.kind is ListenerKind.ATTACHED else None
        if trouble is not None:
            said = f"The listener at {report.url} takes no leads: {trouble[0]}"
            return Item("listener", State.BAD, said, trouble[1])
        if report.answers:
            return Item("listener", State.OK, f"The listener answers at {report.url}.")
        said = report.sentence or "The listener does not answer."
        return Item("listener", State.BAD, said, "Free the port, or choose another with --port.")

    def _trouble_at(self, url: str) -> tuple[str, str] | None:
        """Why a listener of another process stores no lead; its store may do well for reading."""
        from server import neighbour

        with self._lock:
            known, at = self._neighbour
            if known != url or time.monotonic() - at > ASK_NEIGHBOUR_EVERY:
                parts = urlsplit(url)
                self._trouble = neighbour.why_not_ready(
                    parts.hostname or "", parts.port or 80, secure=parts.scheme == "https"
                )
                self._neighbour = (url, time.monotonic())
            return self._trouble

    def _public(self, base: str) -> Item | None:
        if not base:
            return None
        from server import reach

        # One asks, the others wait for its answer.
        with self._lock:
            known, at = self._asked
            if known != base or time.monotonic() - at > ASK_EVERY:
                self._answer = reach.public(base)
                self._asked = (base, time.monotonic())
            return self._answer
