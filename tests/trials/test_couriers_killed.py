"""Two hundred kills between “handed over” and “marked”: nothing lost, nothing sent twice.

The couriers are those of a listener, in a process of their own. What hands texts over writes
each down before it goes on, and takes a while to say so; who is told of events is a server here.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from storage import endpoints, messages
from storage.store import Store
from storage.words import Actor
from tests.factories import lead, put, switched_on
from tests.server.receiver import Letter, Receiver, receiving, say
from tests.waiting import soon

KILLS = 200
"""On each of the two kinds of store."""
ROOT = Path(__file__).parents[2]

COURIERS = """
import asyncio, os, random, sys
from server.courier import Courier
from server.gateways.base import Gateway
from server.metrics import Metrics
from server.webhooks.courier import WebhookCourier
from storage.texts import Receipt
from storage.store import Store


class Carrier(Gateway):
    name = "carrier"

    def __init__(self, log):
        self.log = os.open(log, os.O_WRONLY | os.O_APPEND)

    async def open(self, report):
        pass

    async def hand_over(self, texts):
        receipts = []
        for text in texts:
            os.write(self.log, b"%d\\n" % text.message_id)
            await asyncio.sleep(random.uniform(0, 0.003))
            receipts.append(Receipt(text.message_id, "accepted", f"SM{text.message_id}"))
        return receipts

    async def close(self):
        pass


async def carry(store):
    events = WebhookCourier(store, Metrics(), ("127.0.0.0/8",))
    events.start()
    await Courier(store, Carrier(sys.argv[2]), Metrics()).start()
    os.write(1, b"ready")
    await asyncio.Event().wait()


line = sys.stdin.buffer
while line.readline():
    child = os.fork()
    if not child:
        asyncio.run(carry(Store.open(sys.argv[1])))
    os.write(1, b"%d\\n" % child)
    os.waitpid(child, 0)
"""
"""Makes couriers, one after the other, without what each would take to import."""


@pytest.mark.timeout(900)
@pytest.mark.trial
def test_two_hundred_kills_of_the_couriers(any_store_url: str, tmp_path: Path) -> None:
    store = Store.open(any_store_url)
    switched_on(store)
    log = tmp_path / "handed-over"
    log.touch()
    with receiving() as receiver:
        receiver.answer = _take_a_while
        url = receiver.url
        store.do(lambda conn: endpoints.add(conn, Actor.person("ana"), url))
        sent = _kill_many(store, any_store_url, log)
        _end(store, any_store_url, log, receiver, sent)
    texts = Counter(int(line) for line in log.read_text().split())
    assert max(texts.values()) == 1, "a text was sent twice"
    with store.read() as conn:
        unknown = {row.message_id for row in messages.unknown(conn, limit=100_000)}
        every = set(conn.execute(text("SELECT id FROM messages")).scalars())
    # Every text was handed over, or is listed for a person.
    assert set(texts) | unknown == every
    assert len(every) == sent
    assert unknown
    store.close()


def _take_a_while(handler: Any, _letter: Letter) -> None:
    time.sleep(random.uniform(0, 0.01))
    say(handler, 200)


def _kill_many(store: Store, url: str, log: Path) -> int:
    """Has couriers made and killed; returns how many leads came in meanwhile."""
    sent = 0
    with _makers(url, log) as maker:
        for _ in range(KILLS):
            put(store, *[lead() for _ in range(8)])
            sent += 8
            child = _made(maker)
            time.sleep(random.uniform(0, 0.2))
            _kill(child)
    return sent


def _end(store: Store, url: str, log: Path, receiver: Receiver, sent: int) -> None:
    """Lets couriers that nobody kills go on, once the claims of the dead have lapsed."""
    for table in ("messages", "deliveries"):
        lapse = f"UPDATE {table} SET due_at = created_at WHERE status = 'sending'"
        store.do(lambda conn, lapse=lapse: conn.execute(text(lapse)))  # type: ignore[misc]

    def told() -> set[str]:
        return {letter.headers["webhook-id"] for letter in receiver.letters}

    def waits(table: str) -> int:
        query = f"SELECT count(*) FROM {table} WHERE status IN ('pending', 'sending')"
        with store.read() as conn:
            return int(conn.execute(text(query)).scalar_one())

    with _makers(url, log) as maker:
        child = _made(maker)
        soon(lambda: not waits("messages") and not waits("deliveries"))
        _kill(child)
    assert len(told()) == sent, "an event was lost"


def _makers(url: str, log: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", COURIERS, url, str(log)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def _made(maker: subprocess.Popen[bytes]) -> int:
    """Couriers that have begun; gives their process."""
    assert maker.stdin is not None
    assert maker.stdout is not None
    maker.stdin.write(b"go\n")
    maker.stdin.flush()
    child = int(maker.stdout.readline())
    assert maker.stdout.read(5) == b"ready"
    return child


def _kill(child: int) -> None:
    os.kill(child, signal.SIGKILL)
