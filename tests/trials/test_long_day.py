"""Two desks at work and a listener that takes leads in, for as long as one asks for.

`make day MINUTES=20` runs it at length; the trials run a minute of it.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median

import pytest

from benchmarks import servers
from benchmarks.desks import LAST, TOP, DeskTerminal, phone_on
from benchmarks.load import Job, Sending
from benchmarks.stores import wait_until_queued
from storage import checks, groups, saved_views
from storage.counts import counts
from storage.phones import international
from storage.store import Store
from storage.windows import each_row
from storage.words import Actor, View
from tests.factories import make_queued, switched_on

pytestmark = pytest.mark.trial

PEOPLE = ("ana", "bo")
MINUTES = float(os.environ.get("MINUTES", "1"))
RATE = 5
SAMPLES = 24
GROWTH_MB = 15.0
"""How much more a process may hold at the end than after the first quarter, however long it was."""
WAL_MB = 16.0

ACTS = (
    *("s", "j", "k", "jjs", "u", "U", "  d", "u", "M", "jM", " jj M", ".", "u", "*\x1b", "G", "g"),
    *("\r", "J", "\r", "/an", "\x1b\x1b", "/is:fav\r", "\x1b", "o", "o", "o", "]", "[", "[", "]"),
)
"""What a triager presses, in no order."""


@dataclass
class Watched:
    """A process, and what it held over time."""

    name: str
    pid: int
    memory: list[float] = field(default_factory=list)
    files: list[int] = field(default_factory=list)

    def look(self) -> None:
        """Notes what it holds now."""
        self.memory.append(servers.resident_mb(self.pid))
        self.files.append(len(list(Path(f"/proc/{self.pid}/fd").iterdir())))

    def check(self) -> None:
        """It holds as much at the end as after the first quarter, or hardly more."""
        size = len(self.memory) // 4
        memory = [median(self.memory[at : at + size]) for at in range(0, 4 * size, size)]
        files = [max(self.files[at : at + size]) for at in range(0, 4 * size, size)]
        print(
            f"{self.name}: {', '.join(f'{held:.1f}' for held in memory)} MB in its quarters;"
            f" {', '.join(map(str, files))} descriptors"
        )
        assert memory[3] - memory[1] <= GROWTH_MB, [round(each) for each in self.memory]
        assert memory[3] - memory[2] <= GROWTH_MB / 2, "It grows as fast at the end as before."
        assert files[3] <= files[1] + 3, self.files


@contextmanager
def at_work(url: str, home: Path) -> Iterator[tuple[str, list[DeskTerminal], list[Watched]]]:
    """A listener and two desks beside it; where it listens, they, and what is watched."""
    with ExitStack() as open_:
        served = open_.enter_context(servers.optdesk(url))
        port = int(served.url.rpartition(":")[2])
        desks = []
        for actor in PEOPLE:
            # Memories of their own, or each would go on where the other one was.
            (home / actor).mkdir()
            desk = DeskTerminal(url, home / actor, port, actor)
            open_.enter_context(desk)
            desks.append(desk.open())
        watched = [Watched("listener", served.pid)]
        watched += [Watched(f"desk {place}", desk.pid) for place, desk in enumerate(desks, 1)]
        yield served.url, desks, watched


def wal_mb(store: Store) -> float:
    """What the log of a SQLite store takes; 0 on PostgreSQL, which minds its own."""
    path = None if store.path is None else Path(f"{store.path}-wal")
    return path.stat().st_size / 2**20 if path is not None and path.exists() else 0.0


def phones_on(desk: DeskTerminal) -> list[str]:
    """The numbers in the list, from top to bottom."""
    found = (phone_on(desk.screen, y) for y in range(TOP, LAST + 1))
    return [phone for phone in found if phone]


def go_home(desk: DeskTerminal, count: int) -> None:
    """To the top of the whole Opt-in queue, newest first, with nothing marked or open."""
    for _ in range(12):
        desk.settle(0.5, 5)
        text = " ".join(desk.screen.text().split())
        if f"Opt-in queue {count:,}" in text and "Opt-in queue, newest first" in text:
            break
        # The view is kept on the key 1; whatever is open is closed first.
        desk.press("\x1b" if "esc" in text else "1")
    desk.press("g")
    # What an act said last lies over the list for some seconds.
    desk.drain(7)
    desk.settle(0.5, 5)


def test_a_long_day_leaves_everything_as_small_as_it_was_and_every_screen_right(
    any_store_url: str, tmp_path: Path
) -> None:
    store = Store.open(any_store_url)
    added = switched_on(store)
    make_queued(store, 60)
    for who in map(Actor.person, PEOPLE):
        store.do(partial(groups.ensure, who=who, name=f"of {who.name}"))
    seconds, chance = MINUTES * 60, random.Random(7)
    logs: list[float] = []
    with at_work(any_store_url, tmp_path) as (url, desks, watched):
        for desk in desks:
            desk.press("m\r")
            desk.drain(0.5)
        key, number = added.key or "", added.number_id or ""
        sending = Sending(Job(url, key, number, seconds, connections=2, rate=RATE))
        began, due = time.monotonic(), 0.0
        while not sending.over:
            for desk in desks:
                desk.press(chance.choice(ACTS))
                desk.drain(0.25)
            if time.monotonic() - began >= due:
                due += seconds / SAMPLES
                logs.append(wal_mb(store))
                for each in watched:
                    each.look()
        sent = sending.result()
        wait_until_queued(store)
        with store.read() as conn:
            queued = counts(conn).queue
            assert checks.check(conn).faults == ()
        for who, desk in zip(map(Actor.person, PEOPLE), desks, strict=True):
            # Not before: they undo whatever they can.
            store.do(partial(saved_views.save, who=who, slot=1, view=View()))
            go_home(desk, queued)
        expected = [international(row.phone) for row in islice(each_row(store, View()), LAST)]
        for desk in desks:
            shown = phones_on(desk)
            assert len(shown) >= min(queued, 20), desk.screen.text()
            assert shown == expected[: len(shown)], desk.screen.text()
    store.close()
    print(
        f"\n{sent.accepted:,} leads in {seconds:.0f} s, PUT p99 {sent.p99:.0f} ms; {queued} queued"
    )
    print(f"log at most {max(logs):.1f} MB")
    assert sent.lost == 0 and sent.accepted >= 0.9 * seconds * RATE, sent.statuses
    assert max(logs) <= WAL_MB, logs
    for each in watched:
        each.check()
