"""Moving a hundred thousand contacts: beside the textbook's loop, and what leads notice of it.

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
from benchmarks.figures import Figure, Report
from benchmarks.load import Job, Result, Sending
from benchmarks.stores import ME, BenchStore, Stores
from storage import groups
from storage.store import Store
from storage.words import Target, View

SHARE = 0.2
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


def run(report: Report, stores: Stores, *, quick: bool) -> None:
    """Moves them in every way."""
    wanted = 20_000 if quick else 100_000
    size = 100_000 if quick else 1_000_000
    report.section("bulk", f"moving {wanted:,} contacts of {size:,} to a group")
    for kind, name in _KINDS.items():
        # The textbook's time is its own: nobody asks it for anything meanwhile.
        textbook, _ = _measured(stores, kind, size, "textbook", wanted, leads=False)
        for way, called in (("marked", "marked one by one"), ("view", "the whole view")):
            if kind == "postgresql" and way == "view":
                continue
            moved, _ = _measured(stores, kind, size, way, wanted, leads=False)
            note = f"{moved.seconds:.2f} s for {moved.done:,}, {moved.steps} steps of progress"
            each = (moved.seconds / moved.done) / (textbook.seconds / textbook.done)
            report.add(
                Figure(f"{name}, {called}: of the textbook's time", each, at_most=SHARE, note=note)
            )
        for embedded in (False, True):
            moved, sent = _measured(
                stores, kind, size, "marked", wanted, leads=True, embedded=embedded
            )
            assert sent is not None
            where = "by the same process" if embedded else "by another process"
            note = (
                f"p99 {sent.p99:.0f} ms, {moved.seconds:.2f} s, {sent.late} of {sent.answered} late"
            )
            figure = f"{name}, leads taken in {where}: longest PUT"
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
    # Long enough for any move; what comes after it is quick and hides no delay.
    job = Job(url, made.key, made.number_id, seconds=12, connections=8, rate=RATE)
    sending = Sending(job)
    time.sleep(1.5)
    moved = _go(mover)
    return moved, sending.result()


# The process that moves.


def main() -> None:
    """Prepares, says so, moves when told to, and says how long it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", required=True)
    parser.add_argument("--way", choices=("marked", "view", "textbook"), required=True)
    parser.add_argument("--contacts", type=int, required=True)
    parser.add_argument("--listen", action="store_true")
    asked = parser.parse_args()
    store = Store.open(asked.store)
    listener = None
    said: dict[str, Any] = {}
    if asked.listen:
        listener, said["url"] = _listen(store)
    group = store.do(lambda conn: groups.create(conn, ME, "Moved"))
    ids = _scattered(store, asked.contacts)
    print(json.dumps(said), flush=True)
    if sys.stdin.readline():
        print(json.dumps(_move(store, asked.way, group.id, ids)), flush=True)
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


def _move(store: Store, way: str, group_id: int, ids: list[int]) -> dict[str, Any]:
    if way == "textbook":
        return _move_by_the_book(store, group_id, ids)
    from storage.acts import Move
    from storage.bulk import perform

    # A view holds whoever it holds: all of it is moved, and counted by the contact.
    target = Target(ids=tuple(ids)) if way == "marked" else Target(view=View(), top=1 << 62)
    steps: list[int] = []
    began = time.perf_counter()
    outcome = perform(
        store,
        ME,
        Move(group_id),
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


if __name__ == "__main__":
    main()
