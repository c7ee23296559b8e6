"""How soon the desk is there, beside `posting` on the same machine."""

from __future__ import annotations

from pathlib import Path

from benchmarks import servers
from benchmarks.desks import MANY_ROWS, SIZE, DeskTerminal, has_text, rows_shown
from benchmarks.figures import Figure, Report, median
from benchmarks.stores import Stores
from benchmarks.terminal import NotShown, Terminal

FRAME = 0.4
ROWS = 0.8


def run(report: Report, stores: Stores, *, quick: bool) -> None:
    """Starts both in turns."""
    sizes = (1000, 100_000) if quick else (1000, 1_000_000)
    report.section("start", "from the command to what can be seen, in a terminal of 120 by 40")
    # The first round warms caches up and does not count.
    rounds = 3 if quick else 9
    made = {size: stores.new("sqlite", size) for size in sizes}
    peer: list[float] = []
    frames: dict[int, list[float]] = {size: [] for size in sizes}
    rows: dict[int, list[float]] = {size: [] for size in sizes}
    for turn in range(rounds + 1):
        first = _posting(stores.folder)
        if first is None:
            report.say("posting does not run here: no figures")
            return
        if turn:
            peer.append(first)
        for size in sizes:
            frame, readable = _desk(made[size].url, stores.folder)
            if turn:
                frames[size].append(frame)
                rows[size].append(readable)
    theirs = median(peer)
    report.say(f"posting paints its first frame after {theirs * 1000:.0f} ms")
    for size in sizes:
        frame, readable = median(frames[size]), median(rows[size])
        name = f"{size:,} queued: first frame, of posting's"
        note = f"{frame * 1000:.0f} ms"
        report.add(Figure(name, frame / theirs, at_most=FRAME, note=note))
        name = f"{size:,} queued: rows readable, of posting's first frame"
        note = f"{readable * 1000:.0f} ms"
        report.add(Figure(name, readable / theirs, at_most=ROWS, note=note))
        stores.drop(made[size])


def _posting(home: Path) -> float | None:
    command = [str(Path(servers.peer_python()).parent / "posting")]
    environment = servers.peer_environment() | {"HOME": str(home)}
    with Terminal(command, environment, SIZE, home) as terminal:
        try:
            return terminal.until(has_text) - terminal.started
        except NotShown:
            return None


def _desk(store_url: str, home: Path) -> tuple[float, float]:
    with DeskTerminal(store_url, home) as desk:
        frame = desk.until(has_text) - desk.started
        return frame, desk.until(lambda screen: rows_shown(screen) >= MANY_ROWS) - desk.started
