"""One core for all threads, and another one where it is crowded."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from server.one_core import CoreClock, calmer, loads, may_wait

BOTH = frozenset({0, 1})
ALL = frozenset({0, 1, 2})

GATHERED = """
import os, threading
from pathlib import Path
from server.one_core import OneCore

everywhere = os.sched_getaffinity(0)
resting = threading.Event()
threading.Thread(target=resting.wait, daemon=True).start()
one = OneCore("optdesk.db")
one.start()
threading.Thread(target=resting.wait, daemon=True).start()
tasks = [int(task.name) for task in Path("/proc/self/task").iterdir()]
held = {frozenset(os.sched_getaffinity(task)) for task in tasks}
assert held == {frozenset({one.core})}, held
one.stop()
assert os.sched_getaffinity(0) == everywhere
print("gathered")
"""

PATIENT = """
import os, threading
from pathlib import Path
from server import one_core

one_core.LOOK_SECONDS = 3600.0
resting = threading.Event()
threading.Thread(target=resting.wait, daemon=True).start()

def policies():
    return {os.sched_getscheduler(int(task.name)) for task in Path("/proc/self/task").iterdir()}

class Looks:
    # One look each 0.2 s, at a core of which so much was used.

    def __init__(self, one):
        self.one, self.moment, self.used, self.busy, self.idle = one, 0.0, 0.0, 0, 0

    def settle(self, own, busy):
        self.moment += 0.2
        self.used += 0.2 * own
        self.busy += int(20 * busy)
        self.idle += 20 - int(20 * busy)
        clocks = {self.one.core: one_core.CoreClock(self.busy, self.idle)}
        self.one.settle(one_core.Look(self.moment, self.used, clocks))
        return policies()

one = one_core.OneCore("optdesk.db")
one.start()
looks = Looks(one)
assert looks.settle(0.9, 0.95) == {os.SCHED_OTHER}
assert looks.settle(0.9, 0.95) == {os.SCHED_OTHER}
assert looks.settle(0.9, 0.95) == {os.SCHED_BATCH}
for _ in range(20):
    assert looks.settle(0.9, 1.0) == {os.SCHED_BATCH}
assert looks.settle(0.75, 1.0) == {os.SCHED_OTHER}
assert looks.settle(0.9, 0.95) == {os.SCHED_OTHER}
assert looks.settle(0.9, 0.95) == {os.SCHED_BATCH}
one.rest()
assert policies() == {os.SCHED_OTHER}
for _ in range(3):
    waiting = looks.settle(0.9, 0.95)
assert waiting == {os.SCHED_BATCH}
one.stop()
assert policies() == {os.SCHED_OTHER}
other = one_core.OneCore("postgresql://127.0.0.1/optdesk")
other.start()
looks = Looks(other)
for _ in range(5):
    assert looks.settle(0.9, 0.95) == {os.SCHED_OTHER}
print("patient")
"""


only_where_there_is_one = pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity"),
    reason="SKIPPED: this system cannot hold a process on one core",
)


def said_by(program: str) -> str:
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    return ended.stdout or ended.stderr


@only_where_there_is_one
def test_threads_begun_before_and_after_are_on_one_core() -> None:
    assert said_by(GATHERED) == "gathered\n"


@only_where_there_is_one
def test_threads_wait_for_their_turn_while_they_have_the_core_for_themselves() -> None:
    assert said_by(PATIENT) == "patient\n"


def test_threads_push_each_other_aside_where_others_use_the_core_or_little_is_done() -> None:
    assert may_wait(own=0.95, busy=1.0)
    assert not may_wait(own=0.8, busy=1.0)
    assert not may_wait(own=0.5, busy=0.55)


def test_a_core_that_others_use_is_left_for_one_that_is_calm() -> None:
    assert calmer(0, own=0.4, busy={0: 1.0, 1: 0.9, 2: 0.1}, allowed=ALL) == 2


def test_nothing_moves_while_the_core_is_its_own() -> None:
    assert calmer(0, own=0.95, busy={0: 1.0, 1: 0.0}, allowed=BOTH) == 0


def test_nothing_moves_where_every_core_is_as_crowded() -> None:
    assert calmer(0, own=0.3, busy={0: 1.0, 1: 0.8}, allowed=BOTH) == 0


def test_a_core_that_may_not_be_used_is_not_chosen() -> None:
    assert calmer(0, own=0.2, busy={0: 1.0, 1: 0.9, 2: 0.0}, allowed=BOTH) == 0


def test_the_load_of_a_core_is_its_share_between_two_looks() -> None:
    before = {0: CoreClock(busy=100, idle=900), 1: CoreClock(busy=0, idle=1000)}
    after = {0: CoreClock(busy=175, idle=925), 1: CoreClock(busy=0, idle=1000)}
    assert loads(before, after) == {0: 0.75, 1: 0.0}
