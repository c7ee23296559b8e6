"""Whether senders reach the listener of this desk, asked now and then."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from screens.backstage import ListenerReport

if TYPE_CHECKING:
    from storage.checklist import Item

ASK_EVERY = 30.0
"""Seconds that an answer of the public address is good for."""


class Reach:
    """Remembers what the public address answered, so that a busy panel does not ask all day."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked = ("", 0.0)
        self._answer: Item | None = None

    def look(self, report: ListenerReport, public: str) -> tuple[Item | None, Item | None]:
        """What is to be said of the listener and of its public address; None for nothing.

        Args:
            report: What the listener says of itself.
            public: The public base URL, or an empty string.
        """
        return _listener(report), self._public(public)

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


def _listener(report: ListenerReport) -> Item:
    from storage.checklist import Item, State

    if report.answers:
        return Item("listener", State.OK, f"The listener answers at {report.url}.")
    said = report.sentence or "The listener does not answer."
    return Item("listener", State.BAD, said, "Free the port, or choose another with --port.")
