"""Killed at any moment: nothing acknowledged is missing, changed or double."""

from __future__ import annotations

import json
import random
import socket
import subprocess
import threading
import time
from collections import Counter

from sqlalchemy import text

from storage.ids import public
from storage.store import Store
from tests.factories import next_phone
from tests.server.served import Served, read_answer
from tests.server.test_serve import address_of, knocking, serve
from tests.waiting import PATIENCE, awake, soon

ROUNDS = 1
"""Many more are in tests/trials/test_kill_many.py."""
SENDERS = 12


class Load:
    """Sends leads as fast as they are answered and remembers what was acknowledged."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.acknowledged: dict[str, tuple[str, str]] = {}
        """The name sent and the contact's id answered, by number."""
        lines = [served.connect() for _ in range(SENDERS)]
        self._threads = [threading.Thread(target=self._send, args=(line,)) for line in lines]
        for thread in self._threads:
            thread.start()

    def _send(self, line: socket.socket) -> None:
        with line:
            while True:
                phone, name = next_phone(), f"n{random.randrange(10**9)}"
                body = json.dumps(self.served.body(mobile_phone=phone, first_name=name)).encode()
                try:
                    line.sendall(self.served.request(body=body, close=False))
                    status, _, said = read_answer(line)
                except (EOFError, OSError):
                    return
                assert status == 200, said
                self.acknowledged[phone] = (name, json.loads(said)["data"]["contact_id"])

    def end(self, process: subprocess.Popen[str]) -> dict[str, tuple[str, str]]:
        """Kills the process, once it has acknowledged something, and gives what it had."""
        soon(lambda: self.acknowledged)
        process.kill()
        process.wait()
        for thread in self._threads:
            thread.join(PATIENCE)
        return self.acknowledged


def compare(store: Store, acknowledged: dict[str, tuple[str, str]]) -> None:
    """Checks that everything acknowledged is stored, unchanged and once."""
    with store.read() as conn:
        rows = conn.execute(text("SELECT phone, first_name, id FROM contacts")).all()
        events = Counter(conn.execute(text("SELECT contact_id FROM consent_events")).scalars())
        texts = Counter(conn.execute(text("SELECT contact_id FROM messages")).scalars())
    stored = {phone: (name, public("con", ident)) for phone, name, ident in rows}
    assert len(stored) == len(rows)
    assert acknowledged.items() <= stored.items()
    assert {events[ident] for _, _, ident in rows} == {1}
    assert {texts[ident] for _, _, ident in rows} == {1}


def test_a_kill_under_load_loses_nothing_that_was_acknowledged(any_store_url: str) -> None:
    with knocking(any_store_url) as (process, served):
        load = Load(served)
        time.sleep(0.5)
        acknowledged = load.end(process)
        compare(served.store, acknowledged)
        for _ in range(ROUNDS - 1):
            began = awake()
            with serve(any_store_url) as again:
                back = Served(served.store, address_of(again), served.key, served.number_id)
                assert awake() - began < 10
                load = Load(back)
                time.sleep(random.uniform(0.3, 0.8))
                acknowledged |= load.end(again)
                back.session.close()
            compare(served.store, acknowledged)
        with serve(any_store_url) as last:
            back = Served(served.store, address_of(last), served.key, served.number_id)
            known = next(iter(acknowledged))
            assert back.put(back.body(mobile_phone=known)).status_code == 409
            # What the killed ones had not claimed yet is carried now. What they had is unknown in
            # the end, and not sent again.
            soon(lambda: not pending(served.store), within=10)
            back.session.close()


def pending(store: Store) -> int:
    """How many texts nobody has claimed."""
    with store.read() as conn:
        query = text("SELECT count(*) FROM messages WHERE status = 'pending'")
        return int(conn.execute(query).scalar_one())
