"""`serve`: a process of its own, from its first line to its last."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from storage.profile import find_contact
from storage.seats import others
from storage.store import Store
from tests import programs
from tests.factories import next_phone, switched_on
from tests.server.served import Served, read_answer
from tests.waiting import PATIENCE, awake, soon

ROOT = Path(__file__).parents[2]

_PROGRAM = """
import json, sys, types
from server.serve import run
sys.exit(run(types.SimpleNamespace(**json.loads(sys.argv[1]))))
"""

_FEW_FILES = """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (300, 300))
"""


@contextmanager
def serve(
    store_url: str, *, cold: bool = False, first: str = "", **settings: Any
) -> Iterator[subprocess.Popen[str]]:
    """The process, killed at the end if it still runs.

    Args:
        store_url: Its store.
        cold: See `programs.start`.
        first: What it does before it begins.
        settings: Its settings.
    """
    chosen = {"store": store_url, "host": "127.0.0.1", "port": 0} | settings
    with programs.start(
        *("-c", first + _PROGRAM, json.dumps(chosen)),
        cold=cold,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def address_of(process: subprocess.Popen[str]) -> str:
    """Where it listens, once it says so."""
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("listening on http://127.0.0.1:"), line
    return line.removeprefix("listening on ").strip()


@contextmanager
def knocking(store_url: str, **settings: Any) -> Iterator[tuple[subprocess.Popen[str], Served]]:
    """The process and a way to knock at it."""
    store = Store.open(store_url)
    added = switched_on(store)
    assert added.key is not None
    with serve(store_url, **settings) as process:
        served = Served(store, address_of(process), added.key, added.number_id)
        try:
            yield process, served
        finally:
            served.session.close()
    store.close()


def test_it_says_when_it_is_ready_and_takes_leads(any_store_url: str) -> None:
    with knocking(any_store_url, cold=True) as (process, served):
        assert served.put().status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0


_FULL_DISK = """
import os
os.dup2(os.open("/dev/full", os.O_WRONLY), 1)
"""

_NOBODY_READS = """
import os
reader, writer = os.pipe()
os.dup2(writer, 1)
os.close(reader)
"""


@pytest.mark.parametrize("first", [_FULL_DISK, _NOBODY_READS])
def test_leads_are_taken_though_nobody_can_be_told_that_it_listens(
    sqlite_url: str, first: str
) -> None:
    store = Store.open(sqlite_url)
    added = switched_on(store)
    with serve(sqlite_url, cold=True, first=first) as process:
        assert process.stderr is not None
        said = process.stderr.readline()
        url = json.loads(said)["url"]
        served = Served(store, url, added.key or "", added.number_id)
        assert served.put().status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
        assert "Traceback" not in process.stderr.read()
        served.session.close()
    store.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_with_nothing_in_flight_lost(sqlite_url: str, number: int) -> None:
    with knocking(sqlite_url) as (process, served):
        acknowledged: list[str] = []
        unclear: list[str] = []
        stop = threading.Event()

        def knock(line: socket.socket) -> None:
            with line:
                while not stop.is_set():
                    phone = next_phone()
                    body = json.dumps(served.body(mobile_phone=phone)).encode()
                    try:
                        line.sendall(served.request(body=body, close=False))
                        status, headers, _ = read_answer(line)
                    except (EOFError, ConnectionError):
                        unclear.append(phone)
                        return
                    assert status == 200
                    acknowledged.append(phone)
                    if headers.get("connection") == "close":
                        return

        threads = [threading.Thread(target=knock, args=(served.connect(),)) for _ in range(8)]
        for thread in threads:
            thread.start()
        idle = served.connect()
        time.sleep(0.5)
        soon(lambda: acknowledged)
        began = awake()
        process.send_signal(number)
        assert process.wait(PATIENCE) == 0
        assert awake() - began < 5
        stop.set()
        for thread in threads:
            thread.join()
        assert idle.recv(1) == b""
        idle.close()
        assert acknowledged
        with served.store.read() as conn:
            for phone in acknowledged:
                find_contact(conn, phone)


def test_who_asked_while_the_process_stood_still_is_answered_when_it_goes_on(
    sqlite_url: str,
) -> None:
    patience = {"header_timeout": 3, "body_timeout": 3, "idle_timeout": 3}
    with knocking(sqlite_url, **patience) as (process, served):
        lines = [served.connect() for _ in range(4)]
        for line in lines:
            line.sendall(served.request(close=False))
            assert read_answer(line)[0] == 200
        # Nothing of the next one yet, half a head, a head alone, and half a body.
        asked = [served.request() for _ in lines]
        head = asked[0].index(b"\r\n\r\n") + 4
        cuts = (0, head // 2, head, head + 20)
        for line, said, cut in zip(lines, asked, cuts, strict=True):
            line.sendall(said[:cut])
        time.sleep(0.5)
        process.send_signal(signal.SIGSTOP)
        try:
            for line, said, cut in zip(lines, asked, cuts, strict=True):
                line.sendall(said[cut:])
            time.sleep(5)
        finally:
            process.send_signal(signal.SIGCONT)
        assert [read_answer(line)[0] for line in lines] == [200] * 4
        for line in lines:
            line.close()


def test_it_ends_in_time_although_senders_dawdle_and_the_store_is_held(sqlite_url: str) -> None:
    hold = (
        "import sqlite3, sys, time\n"
        "other = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "other.execute('BEGIN IMMEDIATE')\n"
        "print('held', flush=True)\n"
        "time.sleep(60)\n"
    )
    with knocking(sqlite_url) as (process, served):
        with programs.start(
            *("-c", hold, str(served.store.path)), stdout=subprocess.PIPE
        ) as holder:
            assert holder.stdout is not None
            holder.stdout.readline()
            lines = [served.connect() for _ in range(3)]
            lines[0].sendall(served.request())
            lines[1].sendall(b"PUT /v1/pub")
            time.sleep(0.2)
            began = awake()
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == 0
            assert awake() - began < 5
            holder.kill()
        for line in lines:
            line.close()


def test_it_ends_at_once_although_hundreds_are_idle_or_slow(sqlite_url: str) -> None:
    slow = b"PUT /v1/public/opt-in HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"
    with knocking(sqlite_url, connections_per_peer=0) as (process, served), ExitStack() as stack:
        for start in (b"", b"PUT /v1/pub", slow) * 100:
            stack.enter_context(served.connect()).sendall(start)
        assert served.put().status_code == 200
        began = awake()
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
        # Before it would be ended by force.
        assert awake() - began < 3.5


def test_slow_senders_keep_nobody_out_where_files_are_few(sqlite_url: str) -> None:
    with (
        knocking(sqlite_url, first=_FEW_FILES, connections_per_peer=0) as (_, served),
        ExitStack() as stack,
    ):
        for _ in range(400):
            line = stack.enter_context(served.connect())
            # Some are let go of for those that come behind them.
            with suppress(ConnectionError):
                line.sendall(b"PUT /v1/pub")
        assert served.put().status_code == 200


def test_the_same_port_twice_says_who_holds_it(sqlite_url: str, tmp_path: Path) -> None:
    with knocking(sqlite_url) as (_, served):
        port = served.address[1]
        with serve(sqlite_url, port=port) as second:
            _, said = second.communicate(timeout=PATIENCE)
            assert second.returncode == 1
            assert f"An Optdesk on this store already listens on {served.url}." in said
        other = tmp_path / "other.db"
        with serve(f"sqlite:///{other}", port=port) as third:
            _, said = third.communicate(timeout=PATIENCE)
            assert third.returncode == 1
            assert f"An Optdesk on another store holds {served.url}." in said
        assert served.put().status_code == 200


def test_a_port_held_by_another_program_is_named(sqlite_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        with serve(sqlite_url, port=port) as process:
            _, said = process.communicate(timeout=PATIENCE)
            assert process.returncode == 1
            assert f"Another program holds http://127.0.0.1:{port}." in said
            assert "Traceback" not in said


def test_an_address_that_is_not_ours_is_named(sqlite_url: str) -> None:
    with serve(sqlite_url, host="192.0.2.1", port=8765) as process:
        _, said = process.communicate(timeout=PATIENCE)
        assert process.returncode == 1
        assert "Cannot listen on http://192.0.2.1:8765: " in said
        assert "Traceback" not in said


def test_a_store_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "nowhere" / "optdesk.db"
    with serve(f"sqlite:///{missing}") as process:
        _, said = process.communicate(timeout=PATIENCE)
        assert process.returncode == 3
        assert str(missing.parent) in said
        assert "Traceback" not in said


def test_a_second_one_on_another_port_says_who_serves_the_store_already(any_store_url: str) -> None:
    with knocking(any_store_url) as (first, served), serve(any_store_url) as second:
        assert second.stderr is not None
        address_of(second)
        said = next(line for line in second.stderr if "not alone" in line)
        sentence = json.loads(said)["says"]
        assert f"also served at {served.url} (pid {first.pid}, since 20" in sentence
        for process in (first, second):
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == 0
        with served.store.read() as conn:
            assert others(conn) == ()
