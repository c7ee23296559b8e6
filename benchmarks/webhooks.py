"""Events on their way to subscribers, a STOP in the middle of them, and the ledger's check."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import http.client
import json
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import select

from benchmarks import servers
from benchmarks.figures import Figure, Report, median, p95
from benchmarks.load import Job, Result, Sending, phone_at, quantile
from benchmarks.stores import ME, BenchStore, Stores
from storage import endpoints
from storage.store import Store
from storage.tables import Contact

CALM_RATE = 50
FLOOD_RATE = 1000
ARRIVES_MS = 250.0
STOP_MS = 1000.0
PUT_MS = 100.0
LEAST_SHARE = 0.99
"""Of the events of a flood, what a healthy endpoint has while it lasts."""

VERIFY_SECONDS = 60.0
VERIFY_MB = 20.0
"""How much more memory a large ledger may take than a small one."""

_BASE = "https://leads.example.com"
_TOKEN = "twilio_test_auth_token"
_SETTINGS = {
    "OPTDESK_WEBHOOK_ALLOW": "127.0.0.0/8",
    # The sandbox number's texts are simulated all the same; this one signs its inbound texts.
    "OPTDESK_GATEWAY": "twilio",
    "OPTDESK_TWILIO_ACCOUNT": "AC" + "0" * 32,
    "OPTDESK_TWILIO_TOKEN": _TOKEN,
    "OPTDESK_TWILIO_API_URL": "http://127.0.0.1:9",
    "OPTDESK_PUBLIC_BASE_URL": _BASE,
}
_KINDS = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def run(report: Report, stores: Stores, *, quick: bool) -> None:
    """Measures a trickle, a flood with STOPs in it, and the check of a large ledger."""
    report.section("webhooks", "events to subscribers on loopback, STOP under load, the ledger")
    for kind, title in _KINDS.items():
        with subscriber() as told:
            _trickle(report, stores, kind, title, told, seconds=4.0 if quick else 15.0)
            _flood(report, stores, kind, title, told, seconds=8.0 if quick else 60.0)
    for kind, title in [*_KINDS.items()][: 1 if quick else 2]:
        _verify(report, stores, kind, title, 100_000 if quick else 1_000_000)


@contextlib.contextmanager
def subscriber() -> Iterator[str]:
    """A subscriber in a process of its own; gives its address."""
    with servers.serving(sys.executable, str(servers.PEERS / "subscriber.py")) as served:
        yield served.url


def _seen(url: str) -> dict[str, dict[str, float]]:
    """By path: when each number was told of first."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=20)
    connection.request("GET", "/seen")
    said = json.loads(connection.getresponse().read())
    connection.close()
    return {path: dict(reversed(rows)) for path, rows in said.items()}


def _subscribed(stores: Stores, kind: str, *urls: str) -> BenchStore:
    made = stores.new(kind)
    store = Store.open(made.url)
    for url in urls:
        store.do(lambda conn, url=url: endpoints.add(conn, ME, url))  # type: ignore[misc]
    store.close()
    return made


def _trickle(
    report: Report, stores: Stores, kind: str, title: str, told: str, seconds: float
) -> None:
    """200 answered → told, at 50 events a second."""
    made = _subscribed(stores, kind, f"{told}/a")
    with servers.optdesk(made.url, **_SETTINGS) as served:
        sent = Sending(
            Job(served.url, made.key, seconds=seconds, warm_seconds=1, connections=4,
                rate=CALM_RATE, tagged=True)
        ).result()  # fmt: skip
        time.sleep(1.0)
        delays = _delays(sent, _seen(told)["/a"])
    stores.drop(made)
    note = f"p50 {median(delays):.0f} ms, {len(delays)} of {sent.accepted} told"
    name = f"{title}, {CALM_RATE} a second: 200 → sms.opted_in, p95"
    report.add(Figure(name, p95(delays), "ms", at_most=ARRIVES_MS, note=note))


def _delays(sent: Result, told: dict[str, float]) -> list[float]:
    answered = {phone_at(int(tag[2:])): at for tag, at in sent.seen}
    return [max(0.0, told[phone] - at) * 1000 for phone, at in answered.items() if phone in told]


def _flood(
    report: Report, stores: Stores, kind: str, title: str, told: str, seconds: float
) -> None:
    """1,000 events a second to four endpoints, one dead and one slow, and people who say STOP."""
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        # Taken and never answered: what a machine that hangs looks like.
        dead = f"http://127.0.0.1:{nobody.getsockname()[1]}/dead"
        made = _subscribed(stores, kind, f"{told}/a", f"{told}/b", f"{told}/slow", dead)
        with servers.optdesk(made.url, **_SETTINGS) as served:
            used = servers.cpu_seconds(served.pid)
            began = time.perf_counter()
            sending = Sending(
                Job(served.url, made.key, seconds=seconds, warm_seconds=2, rate=FLOOD_RATE,
                    tagged=True)
            )  # fmt: skip
            stops = _say_stop(served.url, made.url, seconds)
            sent = sending.result()
            used = (servers.cpu_seconds(served.pid) - used) / (time.perf_counter() - began)
            until = time.perf_counter() + 60
            seen = _seen(told)
            while time.perf_counter() < until and any(
                len(seen.get(path, ())) < sent.accepted for path in ("/a", "/b")
            ):
                time.sleep(0.25)
                for path, rows in _seen(told).items():
                    seen.setdefault(path, {}).update(rows)
    stores.drop(made)
    name = f"{title}, {FLOOD_RATE:,} a second, one dead, one slow"
    first, last = sent.ended - seconds, sent.ended
    for path in ("/a", "/b"):
        rate = sum(first <= at < last for at in seen[path].values()) / seconds
        delays = sorted(_delays(sent, seen[path]))
        note = (
            f"{sent.per_second:,.0f} sent a second, p95 {quantile(delays, 0.95):,.0f} ms,"
            f" {len(seen[path]):,} of {sent.accepted:,} in the end, {used:.0%} of a core"
        )
        least = FLOOD_RATE * LEAST_SHARE
        report.add(Figure(f"{name}: to {path}", rate, "/s", at_least=least, note=note))
    note = f"{sent.lost} lost, longest {sent.longest:.0f} ms"
    report.add(Figure(f"{name}: PUT p99", sent.p99, "ms", at_most=PUT_MS, note=note))
    note = f"p50 {median(stops):.0f} ms, {len(stops)} people"
    longest = max(stops, default=0.0)
    report.add(Figure(f"{name}: STOP → suppressed, longest", longest, "ms", at_most=STOP_MS,
                      note=note))  # fmt: skip


def _say_stop(url: str, store_url: str, seconds: float) -> list[float]:
    """People who came in say STOP while others come; milliseconds until each was suppressed."""
    until = time.perf_counter() + seconds
    contacts: Any = Contact.__table__  # type: ignore[attr-defined]
    taken: list[float] = []
    choose = random.Random(1)
    time.sleep(2.0)
    store = Store.open(store_url)
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=20)
    asked: set[str] = set()
    while time.perf_counter() < until:
        with store.read() as conn:
            found = conn.execute(
                select(contacts.c.id, contacts.c.phone)
                .where(contacts.c.stage == "queued")
                .order_by(contacts.c.id.desc())
                .limit(50)
            ).all()
        fresh = [one for one in found if one.phone not in asked]
        if not fresh:
            time.sleep(0.05)
            continue
        row = choose.choice(fresh)
        asked.add(row.phone)
        began = time.perf_counter()
        _text_in(connection, row.phone)
        while time.perf_counter() - began < 20:
            with store.read() as conn:
                stage = conn.execute(
                    select(contacts.c.stage).where(contacts.c.id == row.id)
                ).scalar_one()
            if stage == "suppressed":
                break
            time.sleep(0.002)
        taken.append((time.perf_counter() - began) * 1000)
        time.sleep(0.05)
    connection.close()
    store.close()
    return taken


def _text_in(connection: http.client.HTTPConnection, phone: str) -> None:
    """What the provider posts when somebody texts STOP, signed."""
    path = "/gateway/twilio/inbound"
    fields = {"MessageSid": f"SM{os.urandom(16).hex()}", "From": phone, "To": "+15005550006",
              "Body": "STOP"}  # fmt: skip
    signed = _BASE + path + "".join(name + fields[name] for name in sorted(fields))
    digest = hmac.new(_TOKEN.encode(), signed.encode(), hashlib.sha1).digest()
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Twilio-Signature": base64.b64encode(digest).decode(),
    }
    connection.request("POST", path, urlencode(fields), headers)
    answer = connection.getresponse()
    answer.read()
    if answer.status != 200:
        raise RuntimeError(f"the gateway door answered {answer.status}")


def _verify(report: Report, stores: Stores, kind: str, title: str, events: int) -> None:
    """`optdesk consent verify` of a large ledger, beside a small one."""
    made, small = stores.new(kind, events), stores.new(kind, 1000)
    _, least = _verified(small.url)
    taken, peak = _verified(made.url)
    stores.drop(made)
    stores.drop(small)
    name = f"{title}, {events:,} events: consent verify"
    report.add(Figure(name, taken, "s", at_most=VERIFY_SECONDS * events / 1_000_000))
    note = f"{peak:.0f} MB at most"
    report.add(Figure(f"{name}, more memory than for 1,000", peak - least, "MB",
                      at_most=VERIFY_MB, note=note))  # fmt: skip


def _verified(url: str) -> tuple[float, float]:
    """Seconds and the most memory in MB that the command took."""
    command = [*servers.OPTDESK, "--store", url, "--json", "consent", "verify"]
    began = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, env=servers.environment(), cwd=servers.HERE.parent
    )
    assert process.stdout is not None
    said = json.loads(process.stdout.read())
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    if not said["ok"]:
        raise RuntimeError(f"the ledger is broken: {said['faults'][:3]}")
    return time.perf_counter() - began, usage.ru_maxrss / 1024
