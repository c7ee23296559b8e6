"""A store in real trouble: locked by another program, on a full disk, a server stopped hard."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
import requests

from storage import schema
from storage.engine import store_url
from storage.store import Store
from tests.factories import make_queued, switched_on
from tests.postgresql import server_in
from tests.screens.hand import at_desk
from tests.server.served import Served
from tests.server.test_serve import address_of, serve
from tests.waiting import awake

pytestmark = pytest.mark.trial

FROZEN_SECONDS = 1.0
"""From a key to what it does, on a machine that has other things to do."""

_HOLD = """
import sqlite3, sys, time
other = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
other.execute("BEGIN IMMEDIATE")
print("held", flush=True)
time.sleep(float(sys.argv[2]))
other.execute("ROLLBACK")
"""


@contextmanager
def held(path: Path | None, seconds: float) -> Iterator[Callable[[], bool]]:
    """Another program that holds the store; gives whether it still does."""
    command = [sys.executable, "-c", _HOLD, str(path), str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        try:
            yield lambda: other.poll() is None
        finally:
            other.wait(seconds + 30)


def tried_again(answer: requests.Response) -> None:
    """Checks a 503 that tells when to come again."""
    assert (answer.status_code, answer.json()["error_code"]) == (503, "STORE_UNAVAILABLE")
    assert int(answer.headers["Retry-After"]) > 0


async def test_a_store_locked_for_seconds_fails_nothing_and_for_a_minute_freezes_nothing(
    sqlite_store: Store,
) -> None:
    added = switched_on(sqlite_store)
    make_queued(sqlite_store, 40)
    async with at_desk(sqlite_store.url) as hand:
        url = hand.desk.backstage.listener.url
        served = Served(sqlite_store, url, added.key or "", added.number_id)

        def put() -> requests.Response:
            body, headers = served.body(), served.headers()
            return requests.put(f"{url}/v1/public/opt-in", json=body, headers=headers, timeout=30)

        # Three seconds: nothing fails.
        with held(sqlite_store.path, 3):
            answers = await asyncio.gather(*(asyncio.to_thread(put) for _ in range(8)))
        assert [answer.status_code for answer in answers] == [200] * 8
        # A minute: who sends is told to come again, who looks can look.
        slowest, keys = 0.0, cycle("jk")
        with held(sqlite_store.path, 60) as still:
            refused, told, until = (
                asyncio.create_task(asyncio.to_thread(put)),
                0,
                time.monotonic() + 58,
            )
            while still():
                before = hand.table.cursor_contact
                began = awake()
                # Not by a press that waits for what the store holds up.
                hand.burst(next(keys))
                while hand.table.cursor_contact == before:
                    await asyncio.sleep(0.005)
                slowest = max(slowest, awake() - began)
                if refused.done() and time.monotonic() < until:
                    tried_again(refused.result())
                    told += 1
                    refused = asyncio.create_task(asyncio.to_thread(put))
                await asyncio.sleep(0.5)
        print(f"told {told} times, slowest {slowest:.2f}")
        assert told > 2
        assert slowest < FROZEN_SECONDS
        released = awake()
        await refused
        while (await asyncio.to_thread(put)).status_code != 200:
            assert awake() - released < 10
        assert (await asyncio.to_thread(put)).status_code == 200


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir(mode=0o700)
    command = ["mount", "-t", "tmpfs", "-o", "size=3m,mode=700", "tmpfs", str(folder)]
    done = subprocess.run(command, check=False, capture_output=True)
    if done.returncode:
        pytest.skip("SKIPPED: a small disk of its own needs root's rights")
    yield folder
    subprocess.run(["umount", "-l", folder], check=False, capture_output=True)


def test_a_full_disk_refuses_and_the_first_lead_after_it_is_taken_at_once(
    small_disk: Path,
) -> None:
    path = small_disk / "optdesk.db"
    url = f"sqlite:///{path}"
    schema.prepare(store_url(url), path, create=True, migrate=True)
    store = Store.open(url)
    added = switched_on(store)
    with serve(url) as process:
        served = Served(store, address_of(process), added.key or "", added.number_id)
        acknowledged = [served.put().json()["data"]["contact_id"]]
        ballast = small_disk / "ballast"
        with pytest.raises(OSError, match="No space"), ballast.open("wb", buffering=0) as stream:
            while True:
                stream.write(b"x" * 65_536)
        for _ in range(400):
            answer = served.put(served.body(note="y" * 8000))
            if answer.status_code != 200:
                break
            acknowledged.append(answer.json()["data"]["contact_id"])
        tried_again(answer)
        for _ in range(5):
            tried_again(served.put(served.body(note="y" * 8000)))
        ready = served.get("/readyz")
        assert ready.status_code == 503
        assert "full" in ready.json()["store"]["sentence"]
        ballast.unlink()
        freed = awake()
        answer = served.put()
        assert awake() - freed < 2
        assert answer.status_code == 200, answer.text
        acknowledged.append(answer.json()["data"]["contact_id"])
    assert all_there(store, acknowledged)
    store.close()


def all_there(store: Store, acknowledged: list[str]) -> bool:
    """Whether the store holds every contact that was acknowledged."""
    from storage.driver import fetch
    from storage.ids import public

    with store.read() as conn:
        found = {public("con", row[0]) for row in fetch(conn, "SELECT id FROM contacts")}
    return not set(acknowledged) - found


def test_a_postgresql_stopped_hard_and_started_again_is_found_within_five_seconds(
    tmp_path: Path,
) -> None:
    folder = Path("/tmp") / f"optdesk-hard-{os.getpid()}"
    server = server_in(folder)
    try:
        url = server.get_uri()
        store = Store.open(url)
        added = switched_on(store)
        with serve(url) as process:
            served = Served(store, address_of(process), added.key or "", added.number_id)
            acknowledged = []
            for _ in range(2):
                acknowledged += [served.put().json()["data"]["contact_id"] for _ in range(20)]
                stop_hard(server)
                tried_again(served.put())
                server.start()
                back = awake()
                while (answer := served.put()).status_code != 200:
                    tried_again(answer)
                    assert awake() - back < 5
                    time.sleep(0.1)
                acknowledged.append(answer.json()["data"]["contact_id"])
            assert all_there(store, acknowledged)
        store.close()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def stop_hard(server: Any) -> None:
    """Ends a server as a power cut would, as far as it knows."""
    pid = server.get_pid()
    os.kill(pid, signal.SIGQUIT)
    until = time.monotonic() + 20
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < until
        time.sleep(0.05)
