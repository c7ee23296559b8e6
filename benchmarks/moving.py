"""Moving a hundred thousand contacts: beside the textbook's loop and the single `UPDATE`, and what
leads notice of it.

`python -m benchmarks.moving` with arguments is one such mover, in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any

from benchmarks import servers
from benchmarks.figures import Figure, Report, median
from benchmarks.load import Job, Result, Sending
from benchmarks.stores import ME, BenchStore, Stores
from storage import groups, labels
from storage.search import label_mark
from storage.store import Store
from storage.words import Target, View

SHARE = 0.2
TIMES = 3.0
DELAY_MS = 100.0
RATE = 50
_KINDS = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


@dataclass
class _Moved:
    """What a mover said."""

    seconds: float
    done: int
    steps: int
    """How often it told of its progress."""


_WAYS = {
    "sqlite": ("textbook", "marked", "view", "label", "update", "update-label"),
    "postgresql": ("textbook", "marked", "label", "update", "update-label"),
}


def run(report: Report, stores: Stores, *, quick: bool) -> None:
    """Moves them in every way."""
    wanted = 20_000 if quick else 100_000
    size = 100_000 if quick else 1_000_000
    report.section("bulk", f"moving {wanted:,} contacts of {size:,} to a group")
    for kind in _KINDS:
        times(report, stores, kind, size, wanted, rounds=3 if quick else 1)
    for kind in _KINDS:
        delays(report, stores, kind, size, wanted)


def times(
    report: Report, stores: Stores, kind: str, size: int, wanted: int, *, rounds: int
) -> None:
    """How long each way takes while nobody asks for anything: medians of rounds of all of them."""
    taken: dict[str, list[_Moved]] = {way: [] for way in _WAYS[kind]}
    for _ in range(rounds):
        for way, moved in taken.items():
            moved.append(_measured(stores, kind, size, way, wanted, leads=False)[0])
    each = {way: median([one.seconds / one.done for one in all_]) for way, all_ in taken.items()}
    for way, called, other, beside, most in (
        ("marked", "marked one by one", "textbook", "of the textbook's time", SHARE),
        ("view", "the whole view", "textbook", "of the textbook's time", SHARE),
        ("marked", "moved", "update", "times the single UPDATE", TIMES),
        ("label", "labelled", "update-label", "times the single UPDATE", TIMES),
    ):
        if way not in taken:
            continue
        last = taken[way][-1]
        note = f"{each[way] * 1e6:.0f} µs beside {each[other] * 1e6:.0f} for each of {last.done:,}"
        note += f", {last.steps} steps of progress"
        name, ratio = f"{_KINDS[kind]}, {called}: {beside}", each[way] / each[other]
        report.add(Figure(name, ratio, at_most=most, note=note))


def delays(report: Report, stores: Stores, kind: str, size: int, wanted: int) -> None:
    """How long leads wait meanwhile."""
    for embedded in (False, True):
        moved, sent = _measured(stores, kind, size, "marked", wanted, leads=True, embedded=embedded)
        assert sent is not None
        where = "by the same process" if embedded else "by another process"
        note = f"p99 {sent.p99:.0f} ms, {moved.seconds:.2f} s, {sent.late} of {sent.answered} late"
        figure = f"{_KINDS[kind]}, leads taken in {where}: longest PUT"
        report.add(Figure(figure, sent.longest, "ms", at_most=DELAY_MS, note=note))


def _measured(
    stores: Stores,
    kind: str,
    size: int,
    way: str,
    wanted: int,
    *,
    leads: bool,
    embedded: bool = False,
) -> tuple[_Moved, Result | None]:
    made = stores.new(kind, size)
    try:
        if not leads:
            with _mover(made, way, wanted) as mover:
                return _go(mover), None
        if embedded:
            with _mover(made, way, wanted, listen=True) as mover:
                return _go_beside_leads(mover, mover.said["url"], made)
        with servers.optdesk(made.url) as served, _mover(made, way, wanted) as mover:
            return _go_beside_leads(mover, served.url, made)
    finally:
        stores.drop(made)


class _Mover:
    """A process that moves when it is told to."""

    def __init__(self, command: list[str]) -> None:
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=servers.environment(), cwd=servers.HERE.parent,
        )  # fmt: skip
        self.said = self.read()

    def __enter__(self) -> _Mover:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)

    def start(self) -> None:
        """Lets it go."""
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()

    def read(self) -> dict[str, Any]:
        """Waits for what it says next."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the mover failed")
        return dict(json.loads(line))


def _mover(made: BenchStore, way: str, wanted: int, *, listen: bool = False) -> _Mover:
    command = [sys.executable, "-m", "benchmarks.moving", "--store", made.url, "--way", way]
    command += ["--contacts", str(wanted), *(["--listen"] if listen else [])]
    return _Mover(command)


def _go(mover: _Mover) -> _Moved:
    mover.start()
    return _Moved(**mover.read())


def _go_beside_leads(mover: _Mover, url: str, made: BenchStore) -> tuple[_Moved, Result]:
    # Long enough for any move; what comes after it is quick and hides no delay. The first leads,
    # for which a server gets ready, are over when it begins.
    job = Job(url, made.key, made.number_id, seconds=11, warm_seconds=1, connections=8, rate=RATE)
    sending = Sending(job)
    time.sleep(1.5)
    moved = _go(mover)
    return moved, sending.result()


# The process that moves.


def main() -> None:
    """Prepares, says so, moves when told to, and says how long it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", required=True)
    parser.add_argument("--way", choices=_WAYS["sqlite"], required=True)
    parser.add_argument("--contacts", type=int, required=True)
    parser.add_argument("--listen", action="store_true")
    asked = parser.parse_args()
    store = Store.open(asked.store)
    listener = None
    said: dict[str, Any] = {}
    if asked.listen:
        listener, said["url"] = _listen(store)
    group = store.do(lambda conn: groups.create(conn, ME, "Moved"))
    label = store.do(lambda conn: labels.create(conn, ME, "Marked"))
    ids = _scattered(store, asked.contacts)
    print(json.dumps(said), flush=True)
    if sys.stdin.readline():
        print(json.dumps(_move(store, asked.way, group.id, label.id, ids)), flush=True)
    # Leads may still be on their way; who started this says when it is over.
    sys.stdin.readline()
    if listener is not None:
        listener.stop()
    store.close()


def _listen(store: Store) -> tuple[Any, str]:
    from server.embedded import EmbeddedListener
    from server.settings import ListenerSettings

    listener = EmbeddedListener(store, ListenerSettings(port=0))
    listener.start()
    while listener.state.kind == "starting":
        time.sleep(0.01)
    return listener, listener.state.url


def _scattered(store: Store, wanted: int) -> list[int]:
    """Ids of queued contacts from the whole queue, as a person's marks would lie."""
    from sqlalchemy import text

    with store.read() as conn:
        everybody = conn.execute(
            text("SELECT id FROM contacts WHERE stage = 'queued' ORDER BY id DESC")
        )
        ids = [row[0] for row in everybody]
    return ids[:: max(1, len(ids) // wanted)][:wanted]


def _move(store: Store, way: str, group_id: int, label_id: int, ids: list[int]) -> dict[str, Any]:
    if way == "textbook":
        return _move_by_the_book(store, group_id, ids)
    if way == "update":
        return _update(store, "stage = 'grouped', group_id = ?", group_id, ids)
    if way == "update-label":
        return _update(store, "haystack = haystack || ?", label_mark("marked"), ids)
    from storage.acts import AddLabel, Move
    from storage.bulk import perform

    # A view holds whoever it holds: all of it is moved, and counted by the contact.
    target = Target(view=View(), top=1 << 62) if way == "view" else Target(ids=tuple(ids))
    act = AddLabel(label_id) if way == "label" else Move(group_id)
    steps: list[int] = []
    began = time.perf_counter()
    outcome = perform(
        store,
        ME,
        act,
        target,
        seen=View(),
        progress=lambda done, _all: steps.append(done),
    )
    return {"seconds": time.perf_counter() - began, "done": outcome.done, "steps": len(steps)}


def _move_by_the_book(store: Store, group_id: int, ids: list[int]) -> dict[str, Any]:
    """Loads each contact, changes it, commits: no trail, no undo, no counters."""
    from sqlmodel import Session, col, select

    from storage.engine import sqlite_path, store_url, write_engine
    from storage.tables import Contact

    url = store_url(store.url)
    engine = write_engine(url, sqlite_path(url))
    began = time.perf_counter()
    with Session(engine) as session:
        for start in range(0, len(ids), 500):
            chosen = select(Contact).where(col(Contact.id).in_(ids[start : start + 500]))
            for contact in session.exec(chosen):
                contact.stage = "grouped"
                contact.group_id = group_id
                contact.version += 1
                session.add(contact)
        session.commit()
    return {"seconds": time.perf_counter() - began, "done": len(ids), "steps": 0}


def _update(store: Store, values: str, value: Any, ids: list[int]) -> dict[str, Any]:
    """Changes them by one statement: no trail, no undo, no counters, and all else waits."""
    from storage.dialects import among_packed, packed
    from storage.driver import run as write
    from storage.engine import sqlite_path, store_url, write_engine
    from storage.rows import moment_value
    from storage.times import now

    url = store_url(store.url)
    began = time.perf_counter()
    with write_engine(url, sqlite_path(url)).begin() as conn:
        done = write(
            conn,
            f"UPDATE contacts SET {values}, version = version + 1, changed_at = ?"
            f" WHERE {among_packed(conn, 'id')}",
            (value, moment_value(conn, now()), packed(conn, ids)),
        )
    return {"seconds": time.perf_counter() - began, "done": done, "steps": 0}


if __name__ == "__main__":
    main()
