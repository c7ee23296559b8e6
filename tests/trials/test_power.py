"""Power cuts, simulated from what `serve` wrote and synced; a sync before every answer.

strace writes down every write and sync of a real `serve`. What was written and not synced before
the cut is kept, lost or torn by chance, a sector at a time, as a disk may do it.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import text

from storage import checks
from storage.store import Store
from tests.conftest import ROOT
from tests.factories import next_phone, switched_on
from tests.server.served import Served
from tests.server.test_serve import _PROGRAM

pytestmark = pytest.mark.trial

LEADS = 100
CUTS = 30
SECTOR = 512

_CALLS = "pwrite64,fsync,fdatasync,ftruncate,sendto,sendmsg,write,writev"
_LINE = re.compile(r"^(\d+) +(?:<\.\.\. )?(\w+)(?:\(\d+<([^>]*)>| resumed>)(.*)$")


@dataclass(frozen=True, slots=True)
class Call:
    """A system call: when it began, or for a sync when it had ended."""

    name: str
    path: str
    data: bytes = b""
    at: int = 0
    begun: int = 0
    """Of a sync: how many calls had begun before it did."""


@dataclass
class Disk:
    """A file as it lies on the disk, and what was written to it since the last sync."""

    durable: bytearray = field(default_factory=bytearray)
    waiting: list[tuple[int, Call]] = field(default_factory=list)

    def sync(self, begun: int) -> None:
        for place, call in [each for each in self.waiting if each[0] < begun]:
            apply(self.durable, call, call.data)
            self.waiting.remove((place, call))

    def after_the_cut(self, luck: random.Random) -> bytearray:
        image = bytearray(self.durable)
        for _, call in self.waiting:
            fate = luck.random()
            if fate < 0.3:
                apply(image, call, call.data)
            elif fate < 0.6 and call.name == "pwrite64":
                for start in range(0, len(call.data), SECTOR):
                    if luck.random() < 0.5:
                        part = Call("pwrite64", call.path, b"", call.at + start)
                        apply(image, part, call.data[start : start + SECTOR])
        return image


def apply(image: bytearray, call: Call, data: bytes) -> None:
    image.extend(bytes(max(0, call.at - len(image))))
    if call.name == "ftruncate":
        del image[call.at :]
    image[call.at : call.at + len(data)] = data


@contextmanager
def traced(url: str, log: Path) -> Iterator[str]:
    """`serve` under strace; gives its address."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("SKIPPED: strace is not installed, so no write and no sync can be watched")
    chosen = json.dumps({"store": url, "host": "127.0.0.1", "port": 0})
    command = [strace, "-f", "-y", "-xx", "-s", "70000", "-e", f"trace={_CALLS}"]
    command += ["-e", "signal=none", "-o", str(log), sys.executable, "-c", _PROGRAM, chosen]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line.startswith("listening on "):
            process.kill()
            pytest.skip(f"SKIPPED: strace may not watch here: {process.communicate()[1][-200:]}")
        try:
            yield line.removeprefix("listening on ").strip()
        finally:
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
            os.kill(int(children.split()[0]), signal.SIGKILL)
            process.wait(30)


def calls_in(log: Path) -> list[Call]:
    """What was called, in order; a sync stands where it ended."""
    calls: list[Call] = []
    syncing: dict[str, tuple[str, int]] = {}
    for line in log.read_text().splitlines():
        found = _LINE.match(line)
        if found is None:
            continue
        pid, name, path, rest = found.groups()
        if name in ("fsync", "fdatasync"):
            if path is not None:
                syncing[pid] = (plain(path).decode(), len(calls))
            if "unfinished" not in rest:
                where, begun = syncing.pop(pid)
                calls.append(Call("sync", where, begun=begun))
        elif path is not None:
            data = b"".join(plain(part) for part in re.findall(r'"([^"]*)"', rest))
            number = re.search(r", (\d+)(?:\) += .*| <unfinished.*)$", rest)
            at = int(number[1]) if number and name in ("pwrite64", "ftruncate") else 0
            calls.append(Call(name, plain(path).decode(errors="replace"), data, at))
    return calls


def plain(escaped: str) -> bytes:
    return bytes.fromhex(escaped.replace("\\x", "")) if "\\x" in escaped else escaped.encode()


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes, list[Call], list[str]]:
    """The store's file, what was in it before, what `serve` called, and what it acknowledged."""
    folder = tmp_path_factory.mktemp("power")
    path = folder / "optdesk.db"
    store = Store.open(f"sqlite:///{path}")
    added = switched_on(store)
    store.close()
    before = path.read_bytes()
    acknowledged = []
    with traced(store.url, folder / "calls") as url:
        served = Served(store, url, str(added.key), added.number_id)
        for _ in range(LEADS):
            phone = next_phone()
            assert served.put(served.body(mobile_phone=phone)).status_code == 200
            acknowledged.append(phone)
        served.session.close()
    return path, before, calls_in(folder / "calls"), acknowledged


Record = tuple[Path, bytes, list[Call], list[str]]


def answers_of(calls: list[Call], phones: list[str]) -> dict[str, int]:
    """At which call each lead was acknowledged."""
    found: dict[str, int] = {}
    for place, call in enumerate(calls):
        if call.name.startswith(("write", "send")) and b"HTTP/1.1 200" in call.data:
            said = re.search(rb'"phone_number": ?"([^"]+)"', call.data)
            if said:
                found[said[1].decode()] = place
    assert found.keys() >= set(phones)
    return found


def test_for_every_answer_the_lead_was_written_and_synced_before(record: Record) -> None:
    path, _, calls, phones = record
    log = f"{path}-wal"
    for phone, answered in answers_of(calls, phones).items():
        written = next(
            place
            for place, call in enumerate(calls)
            if call.name == "pwrite64" and call.path == log and phone.encode() in call.data
        )
        syncs = [
            call
            for call in calls[written:answered]
            if call.name == "sync" and call.path == log and call.begun > written
        ]
        assert syncs, f"{phone} was acknowledged before it was on the disk"
    print(f"{len(phones)} leads, each synced before its answer")


def test_no_power_cut_loses_what_was_acknowledged(record: Record, tmp_path: Path) -> None:
    path, before, calls, phones = record
    answered = answers_of(calls, phones)
    luck = random.Random()
    disks = {str(path): Disk(bytearray(before)), f"{path}-wal": Disk()}
    cuts = set(luck.sample(range(min(answered.values()), len(calls)), CUTS))
    for cut, call in enumerate(calls):
        disk = disks.get(call.path)
        if disk is not None and call.name == "sync":
            disk.sync(call.begun)
        elif disk is not None:
            disk.waiting.append((cut, call))
        if cut not in cuts:
            continue
        folder = tmp_path / str(cut)
        folder.mkdir()
        for name, disk in disks.items():
            (folder / Path(name).name).write_bytes(disk.after_the_cut(luck))
        store = Store.open(f"sqlite:///{folder}/{path.name}")
        with store.read() as conn:
            stored = set(conn.execute(text("SELECT phone FROM contacts")).scalars())
            assert checks.check(conn).faults == ()
        store.close()
        assert {phone for phone, place in answered.items() if place <= cut} <= stored
    print(f"{CUTS} power cuts, nothing acknowledged missing")
