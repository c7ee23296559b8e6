"""How many leads a second, beside a handler that does nothing and beside the textbook."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from benchmarks import servers
from benchmarks.figures import Figure, Report, median
from benchmarks.load import Job, Result, send
from benchmarks.servers import Served
from benchmarks.stores import BenchStore, Stores, wait_until_queued
from storage.store import Store

SHARE_OF_BARE = 0.30
TIMES_TEXTBOOK = 12.0
P99_MS = 50.0
OF_EMPTY = 0.80


@dataclass
class _Rival:
    """A server in the race."""

    name: str
    served: Served
    store: BenchStore | None = None
    opened: Store | None = None
    results: list[Result] = field(default_factory=list)
    drains: list[float] = field(default_factory=list)
    used: list[float] = field(default_factory=list)
    """Processor time for each lead, in µs."""

    @property
    def rate(self) -> float:
        return median([result.per_second for result in self.results])

    @property
    def p99(self) -> float:
        return median([result.p99 for result in self.results])

    def warm_up(self, seconds: float, first: int) -> int:
        """The same as `run`, and nobody counts it."""
        counted = self.results, self.drains, self.used
        self.results, self.drains, self.used = [], [], []
        sent = self.run(seconds, first)
        self.results, self.drains, self.used = counted
        return sent

    def run(self, seconds: float, first: int) -> int:
        """Sends leads for a while; returns how many."""
        job = Job(
            url=self.served.url, seconds=seconds, warm_seconds=min(1.0, seconds / 3), first=first
        )
        if self.store is not None:
            job.key, job.number_id = self.store.key, self.store.number_id
        before = servers.cpu_seconds(self.served.pid)
        result = send(job)
        if set(result.statuses) != {"200"} or result.lost:
            raise RuntimeError(f"{self.name}: {result.statuses}, {result.lost} not answered")
        if self.opened is not None:
            self.drains.append(wait_until_queued(self.opened) - result.ended)
        spent = servers.cpu_seconds(self.served.pid) - before
        self.used.append(spent / result.answered * 1e6)
        self.results.append(result)
        return result.answered


def run(report: Report, stores: Stores, *, quick: bool) -> None:
    """Races them, in turns."""
    report.section("ingest", "PUT, 32 keep-alive connections, every request a new number")
    rounds, seconds = (1, 2.0) if quick else (5, 4.0)
    large = 100_000 if quick else 1_000_000
    with contextlib.ExitStack() as stack:
        rivals = {
            "bare": _Rival("bare aiohttp", stack.enter_context(servers.bare())),
            "bare uvloop": _Rival(
                "bare aiohttp on uvloop", stack.enter_context(servers.bare(uvloop=True))
            ),
            "textbook": _Rival(
                "FastAPI + SQLModel, a session and commit for each request",
                stack.enter_context(servers.textbook(stores.folder)),
            ),
        }
        for kind in stores.kinds:
            for contacts in (0, large):
                made = stores.new(kind, contacts)
                # Only looked at: as a second process it would do the indexing for the first.
                opened = Store(made.url, read_only=True)
                stack.callback(stores.drop, made)
                stack.callback(opened.close)
                name = f"Optdesk, {stores.kinds[kind]}, {_size(contacts)}"
                served = stack.enter_context(servers.optdesk(made.url))
                rivals[f"{kind} {contacts}"] = _Rival(name, served, made, opened)
        first = 0
        for turn in range(rounds + 1):
            for rival in rivals.values():
                # All are slower in their first seconds, bare aiohttp by a half.
                race = rival.run if turn else rival.warm_up
                with contextlib.ExitStack() as still:
                    # Each has the machine for itself: behind its turn it goes on to index.
                    for other in rivals.values():
                        if other is not rival:
                            still.enter_context(other.served.standing_still())
                    first += race(seconds, first) + 1000
        _report(report, rivals, large, stores.kinds)


def _size(contacts: int) -> str:
    return f"{contacts:,} contacts" if contacts else "an empty store"


def _report(
    report: Report, rivals: dict[str, _Rival], large: int, kinds: Mapping[str, str]
) -> None:
    for rival in rivals.values():
        drained = f", drained {max(0.0, median(rival.drains)):.2f} s later" if rival.drains else ""
        report.say(
            f"{rival.name:<58} {rival.rate:8,.0f} req/s, p50 "
            f"{median([result.p50 for result in rival.results]):.1f} ms, p99 {rival.p99:.1f} ms,"
            f" {median(rival.used):.0f} µs of processor each{drained}"
        )
    bare, uvloop, textbook = (rivals[name].rate for name in ("bare", "bare uvloop", "textbook"))
    for kind, name in kinds.items():
        empty, full = rivals[f"{kind} 0"], rivals[f"{kind} {large}"]
        report.add(
            Figure(f"{name}: share of bare aiohttp", empty.rate / bare, at_least=SHARE_OF_BARE)
        )
        report.add(Figure(f"{name}: share of bare aiohttp on uvloop", empty.rate / uvloop))
        report.add(
            Figure(f"{name}: times the textbook", empty.rate / textbook, at_least=TIMES_TEXTBOOK)
        )
        report.add(Figure(f"{name}: p99", empty.p99, "ms", at_most=P99_MS))
        report.add(
            Figure(
                f"{name}: at {large:,} contacts, of empty",
                full.rate / empty.rate,
                at_least=OF_EMPTY,
            )
        )
        report.add(Figure(f"{name}: p99 at {large:,} contacts", full.p99, "ms", at_most=P99_MS))
