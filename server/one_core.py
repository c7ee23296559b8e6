"""Keeps the threads of a process together on one processor core.

Python runs one thread at a time, and handing its lock to a thread on another core means waking that
core: on a busy or virtual machine the lock then lies idle for longer than the work takes that it is
needed for. On one core a handover is a switch of threads. See `docs/performance.md` for what it
gives. Where others use the same core, the process goes on to a calmer one.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Mapping, Set
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

LOOK_SECONDS = 1.0
"""Between two looks at how busy the cores are."""

ACTIVE = 0.2
"""Share of a core from which on a process has something to gain by moving."""

CROWDED = 0.25
"""Share of its core that others use, from which on it moves."""

_TASKS = Path("/proc/self/task")
_CLOCKS = Path("/proc/stat")


@dataclass(frozen=True, slots=True)
class CoreClock:
    """How a core has spent its time so far, in ticks."""

    busy: int
    idle: int


def read_clocks() -> dict[int, CoreClock]:
    """The clocks of all cores; time that a hypervisor took away counts as busy.

    Raises:
        OSError: This system does not tell.
    """
    clocks = {}
    for line in _CLOCKS.read_text().splitlines():
        name, *fields = line.split()
        if name.startswith("cpu") and name != "cpu":
            ticks = [int(field) for field in fields[:8]]
            idle = ticks[3] + ticks[4]
            clocks[int(name[3:])] = CoreClock(sum(ticks) - idle, idle)
    return clocks


def loads(before: Mapping[int, CoreClock], after: Mapping[int, CoreClock]) -> dict[int, float]:
    """Which share of the time between two looks each core was busy."""
    found = {}
    for core, clock in after.items():
        if core in before:
            busy = clock.busy - before[core].busy
            passed = busy + clock.idle - before[core].idle
            found[core] = busy / passed if passed else 0.0
    return found


def calmer(core: int, own: float, busy: Mapping[int, float], allowed: Set[int]) -> int:
    """The core to go on with.

    Args:
        core: The present one.
        own: Share of it that this process used.
        busy: Share of its time that each core was busy.
        allowed: Where the process may run.
    """
    others = busy.get(core, 0.0) - own
    best = min(allowed - {core}, key=lambda each: busy.get(each, 1.0), default=core)
    # Both would be crowded: moving would only cost the caches.
    return best if others > CROWDED and busy.get(best, 1.0) < others / 2 else core


class OneCore:
    """Holds this process on one core until it is stopped; does nothing where that cannot be had."""

    def __init__(self) -> None:
        self.core: int | None = None
        """The present one; None while the process may run anywhere."""
        self._allowed: Set[int] = frozenset()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="optdesk-core", daemon=True)

    def start(self) -> None:
        """Gathers all threads on one core; those that are begun later inherit it."""
        # Not on macOS and Windows.
        if not hasattr(os, "sched_setaffinity") or not _TASKS.exists():
            return
        self._allowed = os.sched_getaffinity(0)
        if len(self._allowed) < 2:
            return
        try:
            read_clocks()
            self._move(random.choice(sorted(self._allowed)))  # noqa: S311 - no secret
        except OSError:
            return
        self._thread.start()

    def stop(self) -> None:
        """Lets the process run anywhere again."""
        self._closing.set()
        if self._thread.ident is not None:
            self._thread.join()
            with suppress(OSError):
                _set_affinity(self._allowed)
            self.core = None

    def _move(self, core: int) -> None:
        _set_affinity({core})
        self.core = core

    def _run(self) -> None:
        clocks: dict[int, CoreClock] = {}
        used, moment = time.process_time(), time.monotonic()
        while not self._closing.wait(LOOK_SECONDS):
            used, before = time.process_time(), used
            moment, since = time.monotonic(), moment
            own = (used - before) / (moment - since)
            if own < ACTIVE or self.core is None:
                clocks = {}
                continue
            try:
                clocks, known = read_clocks(), clocks
                core = calmer(self.core, own, loads(known, clocks), self._allowed)
                if known and core != self.core:
                    self._move(core)
            except OSError:
                # The cores that may be used have changed; the kernel has chosen another already.
                clocks = {}


def _set_affinity(cores: Set[int]) -> None:
    # Threads begun meanwhile have the old cores: look until there is no new one.
    seen: set[str] = set()
    while found := {task.name for task in _TASKS.iterdir()} - seen:
        for task in found:
            # It may have ended.
            with suppress(ProcessLookupError):
                os.sched_setaffinity(int(task), cores)
        seen |= found
