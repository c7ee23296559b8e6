"""Keeps the threads of a process together on one processor core.

Python runs one thread at a time, and handing its lock to a thread on another core means waking that
core: on a busy or virtual machine the lock then lies idle for longer than the work takes that it is
needed for. On one core a handover is a switch of threads. See `docs/performance.md` for what it
gives. Where others use the same core, the process goes on to a calmer one.

A thread that wakes up there pushes aside the one that works, only to find that this one has
Python's lock, and to wait for it again: an eighth of a busy listener's time. So while the process
is busy and has the core nearly for itself, its threads wait for their turn (`SCHED_BATCH`). Beside
others that would keep it waiting behind them, at each of the many handovers that a lead needs. And
beside PostgreSQL the thread that hands it the next transaction must come first, or it stands idle.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

LOOK_SECONDS = 0.5
"""Between two looks at how much this process does, while that is little."""

ACTIVE_SECONDS = 0.2
"""The same while it is active, and between two looks at how busy the cores are."""

MOVE_SECONDS = 1.0
"""Of what time it is judged whether another core is calmer."""

ACTIVE = 0.2
"""Share of a core from which on a process has something to gain by moving."""

CROWDED = 0.25
"""Share of its core that others use, from which on it moves."""

BUSY = 0.7
"""Share of its core from which on its threads push each other aside too often."""

ALONE = 0.15
"""Share of its core that others may use beside threads that wait for their turn."""

CALM_LOOKS = 2
"""So often one after the other that must be found before they do: others come and go."""

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


@dataclass(frozen=True, slots=True)
class Look:
    """What was found at a moment."""

    moment: float
    """By a clock that nobody sets, seconds."""
    used: float
    """Processor time of this process so far, seconds."""
    clocks: Mapping[int, CoreClock]


def since(looks: Sequence[Look]) -> tuple[float, dict[int, float]]:
    """Which share of a core this process used from the first look to the last, and all together.

    Nothing is said of the cores where there is one look alone.
    """
    first, last = looks[0], looks[-1]
    if last.moment <= first.moment:
        return 0.0, {}
    own = (last.used - first.used) / (last.moment - first.moment)
    return own, loads(first.clocks, last.clocks)


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


def may_wait(own: float, busy: float) -> bool:
    """Whether the threads of a process better wait for their turn.

    Args:
        own: Share of its core that the process used.
        busy: Share of its time that the core was busy.
    """
    return own > BUSY and busy - own < ALONE


class OneCore:
    """Holds this process on one core until it is stopped; does nothing where that cannot be had.

    Args:
        store: The URL of the store that it writes to.
    """

    def __init__(self, store: str) -> None:
        self._on_server = store.startswith("postgres")
        self.core: int | None = None
        """The present one; None while the process may run anywhere."""
        self._allowed: Set[int] = frozenset()
        self._looks: list[Look] = []
        """The last ones, as long as it is active."""
        self._calm = 0
        """How often its core was found to be its own, one after the other."""
        self._waits = False
        """Whether its threads wait for their turn."""
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="optdesk-core", daemon=True)

    def start(self) -> None:
        """Gathers all threads on one core; those that are begun later inherit it."""
        # Not on macOS and Windows.
        if not hasattr(os, "sched_setaffinity") or not _TASKS.exists():
            return
        self._allowed = os.sched_getaffinity(0)
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
            self._wait(False)
            self.core = None

    def settle(self, look: Look) -> None:
        """Does what is best after a look at the cores."""
        if self.core is None:
            return
        looks = self._looks = [*self._looks, look]
        own, busy = since(looks[-2:])
        calm = may_wait(own, busy.get(self.core, 1.0))
        self._calm = self._calm + 1 if calm else 0
        self._wait(not self._on_server and self._calm >= CALM_LOOKS)
        if look.moment - looks[0].moment < MOVE_SECONDS:
            return
        own, busy = since(looks)
        best = calmer(self.core, own, busy, self._allowed)
        self._looks = [look]
        if best != self.core:
            self._move(best)

    def rest(self) -> None:
        """Forgets how busy the cores were: the process does little."""
        self._looks, self._calm = [], 0
        self._wait(False)

    def _move(self, core: int) -> None:
        _set_affinity({core})
        self.core = core

    def _wait(self, waits: bool) -> None:
        if waits != self._waits:
            self._waits = waits
            _set_policy(os.SCHED_BATCH if waits else os.SCHED_OTHER)

    def _run(self) -> None:
        used, moment, pause = time.process_time(), time.monotonic(), LOOK_SECONDS
        while not self._closing.wait(pause):
            used, before = time.process_time(), used
            moment, then = time.monotonic(), moment
            active = (used - before) / (moment - then) >= ACTIVE
            pause = ACTIVE_SECONDS if active else LOOK_SECONDS
            try:
                if active:
                    self.settle(Look(moment, used, read_clocks()))
                else:
                    self.rest()
            except OSError:
                # The cores that may be used have changed; the kernel has chosen another already.
                self.rest()


def _set_affinity(cores: Set[int]) -> None:
    _for_each_thread(lambda thread: os.sched_setaffinity(thread, cores))


def _set_policy(policy: int) -> None:
    # Where that is not allowed, all stays as it is.
    with suppress(OSError):
        _for_each_thread(lambda thread: os.sched_setscheduler(thread, policy, os.sched_param(0)))


def _for_each_thread(act: Callable[[int], None]) -> None:
    # Threads begun meanwhile are as those were before: look until there is no new one.
    seen: set[str] = set()
    while found := {task.name for task in _TASKS.iterdir()} - seen:
        for task in found:
            # It may have ended.
            with suppress(ProcessLookupError):
                act(int(task))
        seen |= found
