"""`optdesk demo --story compliance`: a minute that shows what consent and messages mean.

Leads come over real HTTP, texts go through the simulated gateway, events go over real HTTP to an
endpoint that the story itself runs.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from app.demo_receiver import HOST, DemoReceiver
from app.demo_sender import PATH
from app.options import Captions
from screens import navigation
from storage import delivery_log, endpoints, inbound, integration, reviews, scripts, text_log
from storage.errors import Refused
from storage.inbound import Inbound
from storage.store import Store
from storage.words import SYSTEM, Actor, DeliveriesView, TextView

ALLOWED = (f"{HOST}/32",)
"""Where the story's endpoint listens: webhooks may go there."""

_PATIENCE = 30.0
"""Seconds after which a story goes on though something did not happen."""

_LOOK = 0.05


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the story; the number belongs to nobody."""

    first: str
    last: str
    phone: str


ROSA = Person("Rosa", "Delgado", "+12025550141")
TOM = Person("Tom", "Becker", "+12025550142")
IDA = Person("Ida", "Lindqvist", "+12025550143")


class _Over(Exception):
    """The desk was closed before the story came to its end."""


class Story:
    """One telling.

    Args:
        actor: By whose hand.
        captions: Says what is going on.
        speed: 1 is a minute; 2 is half a minute.
    """

    def __init__(self, actor: str, captions: Captions, speed: float = 1.0) -> None:
        self._who = Actor.person(actor)
        self._captions = captions
        self._speed = speed
        self._stop = threading.Event()
        self._receiver = DemoReceiver()
        self._key = ""
        self._number_id = ""
        self._endpoint_id = 0

    @property
    def receiver(self) -> DemoReceiver:
        """The endpoint that hears of everything."""
        return self._receiver

    def prepare(self, store: Store) -> None:
        """Gives an empty store the integration, an endpoint, and a carrier that takes a while."""
        made = store.do(lambda conn: integration.add(conn, SYSTEM, brand="Juniper & Co"))
        self._key, self._number_id = made.key or "", made.number_id
        self._receiver.start()
        url = self._receiver.url
        added = store.do(lambda conn: endpoints.add(conn, SYSTEM, url))
        self._endpoint_id = added.endpoint.id
        delay = int(3000 / self._speed)
        store.do(lambda conn: scripts.script(conn, ROSA.phone, "deliver", delay))

    def begin(self, store: Store, address: str) -> None:
        """Tells it from beginning to end."""
        try:
            self._opt_in(store, address)
            self._opt_out(store)
            self._review(store, address)
            self._outage(store, address)
            self._end()
        except _Over:
            return

    def end(self) -> None:
        """No more of it."""
        self._stop.set()
        self._receiver.stop()

    # The chapters.

    def _opt_in(self, store: Store, address: str) -> None:
        self._say("1/8 Rosa ticks the box on a web form. The form posts to the API door.", 5)
        self._put(address, ROSA)
        self._say(
            "2/8 The lead is safe on disk and answered with 200. Now the compliance text goes "
            "out; the carrier has yet to report on it.",
            5,
            navigation.MESSAGES,
        )
        self._until(lambda: _status(store, ROSA) == "delivered")
        self._say("3/8 The carrier reports: delivered.", 2)
        self._say("3/8 Only now Rosa stands in the Opt-in queue.", 5, navigation.QUEUE)

    def _opt_out(self, store: Store) -> None:
        self._put_text(store, ROSA, "STOP")
        self._say(
            "4/8 Rosa texts STOP. In the same moment she is out of the queue, and nothing is "
            "ever texted to her again, whatever is imported.",
            6,
            navigation.ALL,
        )

    def _review(self, store: Store, address: str) -> None:
        self._put(address, TOM)
        self._put(address, IDA)
        self._until(lambda: _status(store, TOM) in ("accepted", "delivered"))
        found = self._put_text(store, TOM, "pls stop txting me")
        self._say(
            "5/8 Tom's words resemble an opt-out. Only a person can tell: g goes up to him, D opts "
            "him out, i lets it be. Try it; the story does it for you in a moment.",
            9,
            navigation.MESSAGES,
        )
        try:
            store.do(lambda conn: reviews.confirm_review(conn, self._who, found))
        except Refused:
            self._say("5/8 You have judged it: thank you.", 3)
        else:
            self._say("5/8 Tom is opted out, and the ledger says by whom it was judged.", 3)

    def _outage(self, store: Store, address: str) -> None:
        self._say(
            "6/8 Another system hears of all this by webhook. Now it goes down.",
            5,
            navigation.WEBHOOKS,
        )
        self._receiver.down = True
        self._put_text(store, IDA, "STOP")
        self._until(lambda: self._waiting(store, tried=True))
        self._say(
            "6/8 Ida texts STOP. Her event is answered with 503: it is kept, and tried again "
            "after 5 seconds, 5 minutes, 30 minutes, up to days.",
            3,
            navigation.DELIVERIES,
        )
        self._receiver.down = False
        self._until(lambda: not self._waiting(store))
        self._say("7/8 It is back, and took the same event with the same id. Nothing is lost.", 6)

    def _end(self) -> None:
        self._say(
            "8/8 The end. E on a contact shows the evidence of consent; “:” and “verify” walk the "
            "whole ledger. Look around; ctrl+q quits, and this store is gone.",
            15,
            navigation.ALL,
        )
        self._captions.say("")

    # How it is told.

    def _say(self, text: str, seconds: float, place: str = "") -> None:
        self._captions.say(text, place)
        if self._stop.wait(seconds / self._speed):
            raise _Over

    def _until(self, met: Callable[[], bool]) -> None:
        end = time.monotonic() + _PATIENCE
        while not met() and time.monotonic() < end:
            if self._stop.wait(_LOOK):
                raise _Over

    def _put(self, address: str, person: Person) -> None:
        parts = urlsplit(address)
        body = {
            "mobile_phone": person.phone,
            "ip_address": "203.0.113.7",
            "user_agent": "Mozilla/5.0",
            "opt_in_number_id": self._number_id,
            "first_name": person.first,
            "last_name": person.last,
            "source_url": "https://juniper.example/spring",
            "consent_text": "I agree to receive SMS. Text STOP to unsubscribe.",
        }
        connection = http.client.HTTPConnection(parts.hostname or HOST, parts.port, timeout=10)
        headers = {"Content-Type": "application/json", "x-api": self._key}
        connection.request("PUT", PATH, json.dumps(body), headers)
        connection.getresponse().read()
        connection.close()

    def _put_text(self, store: Store, person: Person, body: str) -> int:
        """Plays a text that a person sends; see `optdesk sms inbound`."""
        text = Inbound("simulated", "", person.phone, "", body)
        return store.do(lambda conn: inbound.receive(conn, text)).message_id or 0

    def _waiting(self, store: Store, *, tried: bool = False) -> bool:
        view = DeliveriesView("waiting", self._endpoint_id)
        with store.read() as conn:
            rows = delivery_log.page(conn, view, limit=10).rows
        return any(row.tries for row in rows) if tried else bool(rows)


def _status(store: Store, person: Person) -> str:
    """How the newest text to a person stands."""
    with store.read() as conn:
        rows = text_log.page(conn, TextView(search=person.phone), limit=10).rows
    return next((row.status for row in rows if not row.inbound), "")
