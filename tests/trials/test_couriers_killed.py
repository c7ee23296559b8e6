"""Two hundred kills between “handed over” and “marked”: nothing lost, nothing sent twice."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from storage import deliveries, endpoints, messages
from storage.store import Store
from storage.words import Actor
from tests.factories import lead, put, switched_on

KILLS = 100
"""On each of the two kinds of store."""
ROOT = Path(__file__).parents[2]

COURIER = """
import os, sys
from storage import deliveries, messages
from storage.deliveries import Tried
from storage.messages import Receipt
from storage.store import Store

store = Store.open(sys.argv[1])
log = os.open(sys.argv[2], os.O_WRONLY | os.O_APPEND)
name, room = f"courier-{os.getpid()}", {int(sys.argv[3]): 4}
tried = []
os.write(1, b"ready")
while True:
    texts = store.do(lambda conn: messages.claim_pending(conn, name, 2))
    for one in texts:
        os.write(log, b"text %d\\n" % one.message_id)
    receipts = [Receipt(one.message_id, "accepted") for one in texts]
    store.do(lambda conn: messages.settle(conn, receipts))
    parcels = store.write(
        lambda conn: deliveries.carry(conn, name, tried, room, None), aside=True
    ).result()
    for one in parcels:
        os.write(log, b"event %d\\n" % one.event_id)
    tried = [Tried(one.delivery_id, one.endpoint_id, one.tries, 200, "", 1) for one in parcels]
"""


@pytest.mark.trial
def test_two_hundred_kills_of_a_courier(any_store_url: str, tmp_path: Path) -> None:
    store = Store.open(any_store_url)
    switched_on(store)
    made = store.do(
        lambda conn: endpoints.add(conn, Actor.person("ana"), "https://example.com/hook")
    )
    log = tmp_path / "handed-over"
    log.touch()
    sent = 0
    for _ in range(KILLS):
        put(store, *[lead() for _ in range(30)])
        sent += 30
        command = [any_store_url, str(log), str(made.endpoint.id)]
        courier = subprocess.Popen(
            [sys.executable, "-c", COURIER, *command], cwd=ROOT, stdout=subprocess.PIPE
        )
        assert courier.stdout is not None
        assert courier.stdout.read(5) == b"ready"
        time.sleep(random.uniform(0, 0.06))
        courier.kill()
        courier.wait()
        courier.stdout.close()
    _finish(store, log, made.endpoint.id)
    lines = log.read_text().splitlines()
    texts = [line for line in lines if line.startswith("text")]
    events = {line for line in lines if line.startswith("event")}
    assert len(texts) == len(set(texts)), "a text was sent twice"
    assert len(events) == sent, "an event was lost"
    with store.read() as conn:
        unknown = {f"text {row.message_id}" for row in messages.unknown(conn, limit=100_000)}
    # Every text was handed over or is listed for a person.
    assert len(set(texts) | unknown) == sent
    store.close()


def _finish(store: Store, log: Path, endpoint_id: int) -> None:
    """What a courier does that nobody kills, once the claims of the dead have lapsed."""
    for table in ("messages", "deliveries"):
        lapse = f"UPDATE {table} SET due_at = created_at WHERE status = 'sending'"
        store.do(lambda conn, lapse=lapse: conn.execute(text(lapse)))  # type: ignore[misc]
    while store.do(messages.sweep):
        pass
    with log.open("a") as handed:
        while texts := store.do(lambda conn: messages.claim_pending(conn, "last", 500)):
            handed.writelines(f"text {one.message_id}\n" for one in texts)
            receipts = [messages.Receipt(one.message_id, "accepted") for one in texts]
            store.do(lambda conn, said=receipts: messages.settle(conn, said))  # type: ignore[misc]
        tried: list[deliveries.Tried] = []
        while parcels := store.do(
            lambda conn, tried=tried: deliveries.carry(  # type: ignore[misc]
                conn, "last", tried, {endpoint_id: 500}, None
            )
        ):
            handed.writelines(f"event {one.event_id}\n" for one in parcels)
            tried = [
                deliveries.Tried(one.delivery_id, one.endpoint_id, one.tries, 200, "", 1)
                for one in parcels
            ]
