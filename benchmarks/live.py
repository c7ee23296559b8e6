"""How soon a lead is on the screen, and what a flood of leads does to whoever works there."""

from __future__ import annotations

import re
import time

from benchmarks import servers
from benchmarks.desks import DeskTerminal, cursor_line, phone_on
from benchmarks.figures import Figure, Report, median, p95
from benchmarks.load import TAG, Job, Result, Sending
from benchmarks.stores import BenchStore, Stores
from benchmarks.terminal import NotShown

CALM_RATE = 50
PAINTED_MS = 30.0
FLOOD_RATE = 1000
KEY_MS = 60.0
PUT_MS = 100.0
IDLE_PERCENT = 0.3
CONTACTS = 1000
_TAG = re.compile(rf"{TAG}\d{{7}}")
_KINDS = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def run(report: Report, stores: Stores, *, quick: bool) -> None:
    """Measures a trickle, a flood and silence."""
    report.section("live", f"leads while the desk is open, {CONTACTS:,} contacts in the queue")
    for kind in _KINDS:
        _trickle(report, stores, kind, quick=quick, apart=False)
        _trickle(report, stores, kind, quick=quick, apart=True)
    for kind in _KINDS:
        _flood(report, stores, kind, seconds=10 if quick else 60)
    _silence(report, stores, seconds=20)


def _trickle(report: Report, stores: Stores, kind: str, *, quick: bool, apart: bool) -> None:
    """200 answered → row painted, at 50 arrivals a second."""
    made = stores.new(kind, CONTACTS)
    where = "served by another process" if apart else "same process"
    seconds = 5.0 if quick else 15.0
    if apart:
        with servers.optdesk(made.url) as served:
            port = int(served.url.rpartition(":")[2])
            with DeskTerminal(made.url, stores.folder, port) as desk:
                delays, sent = _watch(desk.open(), served.url, made, seconds)
    else:
        with DeskTerminal(made.url, stores.folder) as desk:
            desk.open()
            delays, sent = _watch(desk, desk.url(), made, seconds)
    stores.drop(made)
    seen = f"{len(delays)} of {sent.accepted} seen"
    note = f"p50 {median(delays):.0f} ms, {seen}, PUT p99 {sent.p99:.0f} ms"
    name = f"{_KINDS[kind]}, {where}: answered → painted, p95"
    report.add(Figure(name, p95(delays), "ms", at_most=PAINTED_MS, note=note))


def _watch(
    desk: DeskTerminal, url: str, made: BenchStore, seconds: float
) -> tuple[list[float], Result]:
    # With the cursor at the top and following, every arrival is painted on the first lines.
    desk.press("gF")
    desk.settle(0.3, 3)
    painted: dict[str, float] = {}

    def look(moment: float) -> None:
        for tag in _TAG.findall(desk.screen.text()):
            painted.setdefault(tag, moment)

    job = Job(url, made.key, made.number_id, seconds, connections=4, rate=CALM_RATE, tagged=True)
    sending = Sending(job)
    while not sending.over:
        desk.pump(0.1, look)
    end = time.perf_counter() + 1
    while time.perf_counter() < end:
        desk.pump(0.1, look)
    sent = sending.result()
    delays = [max(0.0, painted[tag] - at) * 1000 for tag, at in sent.seen if tag in painted]
    if not delays:
        raise NotShown(f"None of {sent.accepted} leads was painted:\n{desk.screen.text()}")
    return delays, sent


def _flood(report: Report, stores: Stores, kind: str, seconds: float) -> None:
    """1,000 arrivals a second while somebody moves the cursor."""
    made = stores.new(kind, CONTACTS)
    with DeskTerminal(made.url, stores.folder) as desk:
        desk.open()
        url = desk.url()
        here = _go_down(desk, 10)
        there = phone_on(desk.screen, (cursor_line(desk.screen) or 0) + 1)
        used = servers.cpu_seconds(desk.pid)
        job = Job(url, made.key, made.number_id, seconds, rate=FLOOD_RATE)
        sending = Sending(job)
        taken: list[float] = []
        strayed = 0
        while not sending.over:
            for key, wanted in (("j", there), ("k", here)):
                desk.drain(0.12)
                taken.append(_press(desk, key, wanted))
                strayed += taken[-1] < 0
        sent = sending.result()
        used = (servers.cpu_seconds(desk.pid) - used) / seconds
    stores.drop(made)
    name = f"{_KINDS[kind]}, {FLOOD_RATE:,} arrivals a second"
    keys = [millis for millis in taken if millis >= 0]
    note = f"p50 {median(keys):.0f} ms, {len(keys)} keys, {used:.0%} of a core"
    report.add(Figure(f"{name}: key → paint, p95", p95(keys), "ms", at_most=KEY_MS, note=note))
    note = f"{sent.per_second:,.0f} a second, longest {sent.longest:.0f} ms, {sent.lost} lost"
    report.add(Figure(f"{name}: PUT p99", sent.p99, "ms", at_most=PUT_MS, note=note))
    report.add(Figure(f"{name}: keys after which the cursor had strayed", strayed, at_most=0))


def _go_down(desk: DeskTerminal, lines: int) -> str:
    desk.press("g" + "j" * lines)
    desk.settle(0.3, 3)
    line = cursor_line(desk.screen)
    if line is None:
        raise NotShown("There is no cursor.")
    return phone_on(desk.screen, line)


def _press(desk: DeskTerminal, key: str, wanted: str) -> float:
    """Milliseconds until the cursor is on a contact; -1 where it went to another."""

    def there(_screen: object) -> bool:
        line = cursor_line(desk.screen)
        return line is not None and phone_on(desk.screen, line) == wanted

    pressed = desk.press(key)
    try:
        return (desk.until(there, 2) - pressed) * 1000
    except NotShown:
        return -1.0


def _silence(report: Report, stores: Stores, seconds: float) -> None:
    """Nothing happens: no work, and no byte to the terminal."""
    for kind, title in _KINDS.items():
        made = stores.new(kind, CONTACTS)
        with DeskTerminal(made.url, stores.folder) as desk:
            desk.open()
            # The oldest contacts: their age does not change while we look.
            desk.press("G")
            desk.drain(4.0)
            used, received = servers.cpu_seconds(desk.pid), desk.received
            desk.drain(seconds)
            used = (servers.cpu_seconds(desk.pid) - used) / seconds * 100
            received = desk.received - received
        stores.drop(made)
        report.add(Figure(f"{title}, idle: processor", used, "%", at_most=IDLE_PERCENT))
        report.add(Figure(f"{title}, idle: bytes to the terminal", received, at_most=0))
