"""A gateway that sends nothing and plays a carrier, as `optdesk sms simulate` tells it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

from sqlalchemy.engine import Connection

from server.gateways.base import Gateway, Report
from storage.holding import OPENING
from storage.inbound import Inbound, receive
from storage.scripts import Scripted, scripts
from storage.store import Store
from storage.texts import Outgoing, Receipt

_AT_ONCE = {
    "accept": "accepted",
    "block": "blocked",
    "landline": "landline",
    "fail": "failed",
    "error": "retry",
    "lost": "unknown",
    "silent": "sent",
    "deliver": "sent",
}
"""What each outcome says when a text is handed over."""

_LATER = {
    "accept": "accepted",
    "block": "blocked",
    "landline": "landline",
    "fail": "failed",
    "deliver": "delivered",
}
"""What follows when there is a delay, or always where texts are delivered."""

_FAULTS = {
    "block": "the number sent STOP to the carrier",
    "landline": "the number is a landline",
    "fail": "the carrier refused the text",
    "error": "the carrier did not answer",
    "lost": "the answer was lost",
}

_ARRIVE = ("accept", "deliver", "silent", "lost")
"""Outcomes after which a person has the text and can answer it."""

_REPLY_MS = 50
"""How long after the text has arrived they do."""

_ACCEPT = Scripted("*", "accept", 0)


class SimulatedGateway(Gateway):
    """Accepts every text unless the store's script says otherwise.

    Args:
        store: Holds the script.
    """

    name = "simulated"

    def __init__(self, store: Store) -> None:
        self._store = store
        self._report: Report | None = None
        self._script: Mapping[str, Scripted] = {}
        self._timers: set[asyncio.TimerHandle] = set()

    async def open(self, report: Report) -> None:
        """Begins."""
        self._report = report

    def consult(self, conn: Connection) -> None:
        """Reads the script."""
        self._script = scripts(conn, self._script)

    async def hand_over(self, texts: Sequence[Outgoing]) -> list[Receipt]:
        """Plays the script."""
        loop, script = asyncio.get_running_loop(), self._script
        if not script:
            return [_receipt(text, "accepted") for text in texts]
        usual = script.get("*", _ACCEPT)
        return [self._play(loop, text, script.get(text.phone, usual)) for text in texts]

    async def close(self) -> None:
        """Forgets the receipts that were still to come."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()

    def _play(self, loop: asyncio.AbstractEventLoop, text: Outgoing, part: Scripted) -> Receipt:
        fault = _FAULTS.get(part.outcome, "")
        later = _LATER.get(part.outcome)
        replies = part.reply and part.outcome in _ARRIVE and text.purpose in OPENING
        if replies:
            self._after(loop, part.delay_ms + _REPLY_MS, lambda: self._reply(text, part.reply))
        if later is None or (not part.delay_ms and part.outcome != "deliver"):
            return _receipt(text, _AT_ONCE[part.outcome], fault)

        def arrive() -> None:
            if self._report is not None:
                self._report(_receipt(text, later, fault))

        self._after(loop, part.delay_ms, arrive)
        return _receipt(text, "sent")

    def _after(
        self, loop: asyncio.AbstractEventLoop, delay_ms: int, what: Callable[[], None]
    ) -> None:
        def happen() -> None:
            self._timers.discard(timer)
            what()

        timer = loop.call_later(delay_ms / 1000, happen)
        self._timers.add(timer)

    def _reply(self, text: Outgoing, words: str) -> None:
        """The person texts back. A store in trouble loses it: it is only played."""
        said = Inbound(self.name, "", text.phone, text.number_id, words)
        self._store.write(lambda conn: receive(conn, said))


def _receipt(text: Outgoing, status: str, fault: str = "") -> Receipt:
    return Receipt(text.message_id, status, f"SIM{text.message_id:016x}", fault, "simulated")
