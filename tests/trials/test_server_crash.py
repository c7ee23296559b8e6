"""PostgreSQL crashes under load, again and again: nothing acknowledged is missing afterwards.

A backend that is killed takes the whole server down with it: all connections end, memory is
forgotten, what was not yet in its log is gone, and it starts anew by itself.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from storage import checks
from storage.ids import public
from storage.store import Store
from tests.factories import next_phone
from tests.postgresql import server_in
from tests.server.served import Served, read_answer
from tests.server.test_serve import knocking
from tests.waiting import soon

pytestmark = pytest.mark.trial

CRASHES = 8
SENDERS = 24
PATIENCE = 60.0


@pytest.fixture
def crashing() -> Iterator[str]:
    """The URL of a server of its own, which syncs."""
    folder = Path(tempfile.mkdtemp(prefix="optdesk-crash-"))
    server = server_in(folder)
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


class Senders:
    """Send leads until they are told to stop, whatever they are answered."""

    def __init__(self, served: Served) -> None:
        self.acknowledged: dict[str, str] = {}
        """The contact's id by number."""
        self.refused = 0
        self.stop = False
        self._served = served
        # Here, because one that found no connection in its thread would be missed by nobody.
        lines = [served.connect() for _ in range(SENDERS)]
        self._threads = [threading.Thread(target=self._send, args=(line,)) for line in lines]
        for thread in self._threads:
            thread.start()

    def until(self, more: int) -> None:
        """Waits until so many more were acknowledged."""
        wanted = len(self.acknowledged) + more
        soon(
            lambda: len(self.acknowledged) >= wanted or not self._all_send(),
            "too few leads were acknowledged",
            PATIENCE,
        )
        assert self._all_send(), "a sender gave up"

    def end(self) -> None:
        """Waits for the last answers."""
        self.stop = True
        for thread in self._threads:
            thread.join(PATIENCE)
        assert not any(thread.is_alive() for thread in self._threads)

    def _all_send(self) -> bool:
        return all(thread.is_alive() for thread in self._threads)

    def _send(self, line: socket.socket) -> None:
        with line:
            while not self.stop:
                phone = next_phone()
                body = json.dumps(self._served.body(mobile_phone=phone)).encode()
                line.sendall(self._served.request(body=body, close=False))
                status, _, said = read_answer(line)
                if status == 200:
                    self.acknowledged[phone] = json.loads(said)["data"]["contact_id"]
                else:
                    assert status == 503, said
                    self.refused += 1
                    time.sleep(0.05)


def crash(url: str) -> None:
    """Kills the backend that takes leads in."""
    with psycopg.connect(url, autocommit=True) as admin:
        query = (
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'optdesk'"
            " AND (query LIKE '%logical_emit%' OR query LIKE 'COMMIT%') ORDER BY pid"
        )
        pids = [int(pid) for (pid,) in admin.execute(query)]
    if pids:
        os.kill(random.choice(pids), signal.SIGKILL)


def test_nothing_acknowledged_is_missing_after_the_server_crashed(crashing: str) -> None:
    with knocking(crashing, rate_per_key=0, rate_per_peer=0) as (_, served):
        senders = Senders(served)
        for _ in range(CRASHES):
            senders.until(random.randint(100, 400))
            crash(crashing)
        senders.until(100)
        senders.end()
        assert senders.refused
    again = Store.open(crashing)
    with again.read() as conn:
        rows = conn.exec_driver_sql("SELECT phone, id FROM contacts").all()
        assert checks.check(conn).faults == ()
    again.close()
    stored = {phone: public("con", ident) for phone, ident in rows}
    assert senders.acknowledged.items() <= stored.items()
    print(f"{len(senders.acknowledged):,} acknowledged, {senders.refused:,} refused meanwhile")
