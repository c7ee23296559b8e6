"""The contact table beside the stock DataTable: `python -m benchmarks.table`.

Each figure comes from a process of its own, with a screen of 120 by 40 whose bytes are counted
instead of drawn.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.app import App

    from storage.store import Store

# As the desk sets it: the default of 60 makes every paint wait for a timer.
os.environ.setdefault("TEXTUAL_FPS", "240")

SIZE = (120, 40)
STEPS = 300
"""Rows that the cursor goes down."""
FAR = 12
"""Jumps into the middle."""


@dataclass
class Figures:
    """What one table does at one size."""

    table: str
    rows: int
    load_ms: float
    """From starting the app with its data at hand to the first painted rows."""
    key_p50_ms: float
    key_p95_ms: float
    bytes_per_row: float
    far_p95_ms: float
    memory_mb: float
    """Resident, above what the empty app needs."""
    resident_mb: float


def main(argv: list[str] | None = None) -> list[Figures]:
    """Measures and prints; returns the figures."""
    options = _options(argv)
    if options.one:
        figures = asyncio.run(_measure(options.one, options.sizes[0], options.store))
        print(json.dumps(asdict(figures)))
        return [figures]
    found: list[Figures] = []
    with tempfile.TemporaryDirectory() as folder:
        for rows in options.sizes:
            store = options.stores.get(rows) or _fill(Path(folder), rows)
            found.append(_in_process("ours", rows, store))
            if rows <= options.stock:
                found.append(_in_process("stock", rows, store))
    _print(found)
    return found


def _options(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 100_000, 1_000_000])
    parser.add_argument(
        "--stock", type=int, default=100_000, help="up to which size the stock table is measured"
    )
    parser.add_argument(
        "--store", action="append", default=[], help="ROWS=URL of a store that is filled already"
    )
    parser.add_argument("--one", choices=["ours", "stock"], help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.one:
        options.store = options.store[0]
    else:
        options.stores = {
            int(rows): url for rows, url in (given.split("=", 1) for given in options.store)
        }
    return options


def _fill(folder: Path, rows: int) -> str:
    url = f"sqlite:///{folder}/{rows}.db"
    command = [sys.executable, "-m", "benchmarks.fill", "--store", url, "--contacts", str(rows)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return url


def _in_process(table: str, rows: int, store: str) -> Figures:
    command = [sys.executable, "-m", "benchmarks.table", "--one", table]
    command += ["--sizes", str(rows), "--store", store]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return Figures(**json.loads(done.stdout.splitlines()[-1]))


def _print(found: list[Figures]) -> None:
    names = {
        "load_ms": "load → paint, ms",
        "key_p50_ms": "key → paint p50, ms",
        "key_p95_ms": "key → paint p95, ms",
        "far_p95_ms": "jump to the middle p95, ms",
        "bytes_per_row": "bytes per row scrolled",
        "memory_mb": "memory of the table, MB",
        "resident_mb": "memory in all, MB",
    }
    stock = {figures.rows: figures for figures in found if figures.table == "stock"}
    for ours in (figures for figures in found if figures.table == "ours"):
        print(f"{ours.rows:,} rows{'':18}{'ours':>10}{'stock':>12}{'ratio':>10}")
        for field, name in names.items():
            mine = getattr(ours, field)
            line = f"  {name:26}{mine:>10,.1f}"
            if ours.rows in stock:
                other = getattr(stock[ours.rows], field)
                line += f"{other:>12,.1f}{mine / other:>10.3f}"
            print(line)
    least, *_, most = [figures for figures in found if figures.table == "ours"]
    print(f"{most.rows:,} rows against {least.rows:,}:")
    for field in ("load_ms", "key_p50_ms", "key_p95_ms", "resident_mb"):
        print(f"  {names[field]:26}{getattr(most, field) / getattr(least, field):>10.2f}")


async def _measure(table: str, rows: int, store: str) -> Figures:
    from benchmarks.screen import Screen
    from storage.store import Store
    from storage.windows import each_row
    from storage.words import View

    opened = Store.open(store)
    newest = next(each_row(opened, View(), limit=1)).name[:8].strip()
    app, widget = (_ours if table == "ours" else _stock)(opened, rows)
    # Everything that is loaded once is loaded before anything is measured.
    async with Screen(SIZE) as empty:
        await empty.settled()
    gc.collect()
    before, began = _resident(), perf_counter()
    async with Screen(SIZE, app) as screen:
        await screen.until(lambda: newest in screen.tail)
        load = perf_counter() - began
        await screen.settled()
        sent = screen.sent
        times = [await screen.press("down") for _ in range(STEPS)]
        sent = screen.sent - sent
        far = []
        for jump in range(FAR):
            middle = rows // (3 if jump % 2 else 2) + jump
            far.append(await screen.done(partial(widget.scroll_to, y=middle, animate=False)))
            await screen.settled()
        resident = _resident()
    opened.close()
    return Figures(
        table,
        rows,
        load * 1000,
        statistics.median(times) * 1000,
        _p95(times) * 1000,
        sent / STEPS,
        _p95(far) * 1000,
        (resident - before) / 2**20,
        resident / 2**20,
    )


def _p95(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.95)]


def _resident() -> int:
    fields = Path("/proc/self/statm").read_text(encoding="ascii").split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")


def _ours(store: Store, rows: int) -> tuple[type[App[None]], Any]:
    from textual.app import App, ComposeResult

    from storage.windows import RowReader
    from widgets import phones
    from widgets.contact_table import ContactTable

    phones.load(["+12025550123"])
    table = ContactTable(RowReader(store))

    class Ours(App[None]):
        def compose(self) -> ComposeResult:
            yield table

        def on_mount(self) -> None:
            table.focus()

    return Ours, table


def _stock(store: Store, rows: int) -> tuple[type[App[None]], Any]:
    from rich.text import Text
    from textual.app import App, ComposeResult
    from textual.widgets import DataTable

    from storage.phones import international
    from storage.windows import each_row
    from storage.words import View

    table: DataTable[Text] = DataTable(cursor_type="row")

    class Stock(App[None]):
        def compose(self) -> ComposeResult:
            yield table

        def on_mount(self) -> None:
            table.add_columns("", "*", "Name", "Phone", "Line", "Labels", "Received")
            for row in each_row(store, View()):
                cells = (
                    "",
                    "*" if row.favorite else "",
                    row.name,
                    international(row.phone),
                    row.kind.value,
                    ", ".join(tag.name for tag in row.labels),
                    f"{row.received_at:%Y-%m-%d}",
                )
                table.add_row(*map(Text, cells))
            table.focus()

    return Stock, table


if __name__ == "__main__":
    main()
