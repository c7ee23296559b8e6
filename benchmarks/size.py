"""A queue of a million beside one of a thousand; the table beside Textual's own."""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

from benchmarks import log, servers, table
from benchmarks.desks import (
    LAST,
    MANY_ROWS,
    TOP,
    DeskTerminal,
    cursor_line,
    has_cursor,
    phone_on,
    row_lines,
    rows_shown,
)
from benchmarks.figures import Figure, Report, median, p95
from benchmarks.stores import BenchStore, Stores
from benchmarks.terminal import ScreenModel
from storage.search import fold

GROWTH = 1.5
KEY_MS = 25.0
SEARCH_MS = 80.0
BYTES = 0.1
SMALL = 1000
STEPS = 120
HEADER = 1
ORDERS = 12
TIMES = 10
SEARCHES = (
    "garcia",
    "nowak",
    "björn",
    "smith",
    "+4473",
    "emilia",
    "wright",
    "linda",
    "+1212",
    "zoe",
)


@dataclass
class _Seen:
    """What was measured of one desk. Times are in milliseconds."""

    open_ms: list[float] = field(default_factory=list)
    step_ms: list[float] = field(default_factory=list)
    jump_ms: list[float] = field(default_factory=list)
    search_ms: list[float] = field(default_factory=list)
    order_ms: list[float] = field(default_factory=list)
    mark_ms: list[float] = field(default_factory=list)
    profile_ms: list[float] = field(default_factory=list)
    leaf_ms: list[float] = field(default_factory=list)
    """From one profile to the next."""
    megabytes: float = 0.0


def run(report: Report, stores: Stores, *, quick: bool) -> None:
    """Uses both desks in the same way."""
    large = 100_000 if quick else 1_000_000
    report.section("size", f"{large:,} queued beside {SMALL:,}")
    made = {size: stores.new("sqlite", size, log=True) for size in (SMALL, large)}
    seen = {size: _Seen() for size in made}
    for _ in range(1 if quick else 3):
        for size, store in made.items():
            _open(seen[size], store, stores)
    for size, store in made.items():
        with DeskTerminal(store.url, stores.folder) as desk:
            _use(seen[size], desk.open())
    _report(report, seen, large)
    logs = {}
    for size, store in made.items():
        with DeskTerminal(store.url, stores.folder) as desk:
            logs[size] = log.use(desk.open(), store.url)
    log.report(report, logs, GROWTH)
    _beside_the_stock_table(report, made[SMALL], made[large], large)
    for store in made.values():
        stores.drop(store)


def _open(seen: _Seen, store: BenchStore, stores: Stores) -> None:
    with DeskTerminal(store.url, stores.folder) as desk:
        shown = desk.until(lambda screen: rows_shown(screen) >= MANY_ROWS)
        seen.open_ms.append((shown - desk.started) * 1000)


def _use(seen: _Seen, desk: DeskTerminal) -> None:
    desk.press("g")
    desk.settle(0.3, 3)
    for _ in range(STEPS):
        desk.drain(0.02)
        seen.step_ms.append(_step(desk))
    for key in "GgGgGg":
        desk.drain(0.1)
        seen.jump_ms.append(_jump(desk, key))
    for _ in range(ORDERS):
        desk.drain(0.3)
        seen.order_ms.append(_order(desk))
    for _ in range(TIMES):
        seen.mark_ms.append(_mark_all(desk))
        desk.press("\x1b")
        desk.settle(0.3, 3)
    for _ in range(TIMES):
        desk.press("gjj")
        desk.settle(0.3, 3)
        seen.profile_ms.append(_profile(desk, "\r"))
        for _ in range(3):
            desk.drain(0.2)
            seen.leaf_ms.append(_profile(desk, "j"))
        desk.press("\r")
        desk.settle(0.3, 3)
    for text in SEARCHES:
        seen.search_ms.extend(_type(desk, text))
    desk.drain(1.0)
    seen.megabytes = servers.resident_mb(desk.pid)


def _step(desk: DeskTerminal) -> float:
    """One row down, at the lower edge with the rows moving up."""
    before = _chosen(desk.screen)
    pressed = desk.press("j")
    return (desk.until(lambda screen: _chosen(screen) not in ("", before), 10) - pressed) * 1000


def _chosen(screen: ScreenModel) -> str:
    line = cursor_line(screen)
    return "" if line is None else phone_on(screen, line)


def _jump(desk: DeskTerminal, key: str) -> float:
    before = phone_on(desk.screen, TOP)
    pressed = desk.press(key)

    def moved(screen: ScreenModel) -> bool:
        return phone_on(screen, TOP) not in ("", before) and (
            has_cursor(screen, LAST if key == "G" else TOP)
        )

    return (desk.until(moved, 10) - pressed) * 1000


def _order(desk: DeskTerminal) -> float:
    """The same rows in the next order: newest, oldest, favorites first."""
    before = [phone_on(desk.screen, y) for y in range(TOP, LAST + 1)]
    said = desk.screen.line(HEADER)
    pressed = desk.press("o")

    def moved(screen: ScreenModel) -> bool:
        rows = [phone_on(screen, y) for y in range(TOP, LAST + 1)]
        return screen.line(HEADER) != said and rows != before and "" not in rows

    return (desk.until(moved, 10) - pressed) * 1000


def _mark_all(desk: DeskTerminal) -> float:
    """All that match, with their count in the status line and a mark on each row seen."""
    pressed = desk.press("*")

    def marked(screen: ScreenModel) -> bool:
        lines = row_lines(screen)
        return " marked" in screen.line(LAST + 1) and all("✓" in line for line in lines)

    return (desk.until(marked, 10) - pressed) * 1000


def _profile(desk: DeskTerminal, key: str) -> float:
    """The whole profile of the contact under the cursor, down to its consent, beside the table."""
    before = _beside(desk.screen)
    pressed = desk.press(key)

    def shown(screen: ScreenModel) -> bool:
        beside = _beside(screen)
        # The date behind it would pass for more of the number.
        phone = _chosen(screen).split("  ")[0]
        return beside != before and bool(phone) and phone in beside and "Consent" in beside

    return (desk.until(shown, 10) - pressed) * 1000


def _beside(screen: ScreenModel) -> str:
    lines = [screen.line(y).partition("│") for y in range(TOP - 2, LAST + 1)]
    return "\n".join(right for _, line, right in lines if line)


def _type(desk: DeskTerminal, text: str) -> Iterator[float]:
    """Types a search letter by letter; yields how long each took to show what it finds."""
    desk.press("/")
    desk.settle(0.3, 3)
    for end in range(1, len(text) + 1):
        wanted = fold(text[:end]).lstrip("+")
        if _all_match(desk.screen, wanted):
            # The rows fit already: nothing on the screen would tell that they are new.
            desk.press(text[end - 1])
            desk.settle(0.2, 3)
            continue
        pressed = desk.press(text[end - 1])
        yield (desk.until(partial(_all_match, wanted=wanted), 10) - pressed) * 1000
        desk.drain(0.15)
    desk.press("\x1b")
    desk.settle(0.3, 3)
    desk.press("\x1b")
    desk.until(lambda screen: rows_shown(screen) >= MANY_ROWS, 10)
    desk.settle(0.3, 3)


def _all_match(screen: ScreenModel, wanted: str) -> bool:
    # Where something is cut off, the match may lie behind it.
    lines = [fold(line) for line in row_lines(screen) if line.strip() and "…" not in line]
    if wanted.isdigit():
        lines = ["".join(char for char in line if char.isdigit()) for line in lines]
    return bool(lines) and all(wanted in line for line in lines)


def _report(report: Report, seen: dict[int, _Seen], large: int) -> None:
    small, big = seen[SMALL], seen[large]
    rows = (
        ("open → rows readable", median(small.open_ms), median(big.open_ms), "ms"),
        ("key → paint, p95", p95(small.step_ms), p95(big.step_ms), "ms"),
        ("resident memory", small.megabytes, big.megabytes, "MB"),
    )
    for name, little, much, unit in rows:
        note = f"{little:.0f} and {much:.0f} {unit}"
        report.add(
            Figure(f"{name}, {large:,} to {SMALL:,}", much / little, at_most=GROWTH, note=note)
        )
    for size, found in seen.items():
        note = f"p50 {median(found.step_ms):.0f} ms, {len(found.step_ms)} keys"
        name = f"{size:,}: key → paint, p95"
        report.add(Figure(name, p95(found.step_ms), "ms", at_most=KEY_MS, note=note))
        report.add(
            Figure(f"{size:,}: from one end to the other, median", median(found.jump_ms), "ms")
        )
        for act, times in (
            ("another order", found.order_ms),
            ("all marked", found.mark_ms),
            ("profile opened", found.profile_ms),
            ("next profile", found.leaf_ms),
        ):
            note = f"p50 {median(times):.0f} ms, {len(times)} times"
            report.add(Figure(f"{size:,}: {act}, p95", p95(times), "ms", note=note))
        note = f"p50 {median(found.search_ms):.0f} ms, {len(found.search_ms)} letters"
        name = f"{size:,}: search as you type, key → result painted, p95"
        report.add(Figure(name, p95(found.search_ms), "ms", at_most=SEARCH_MS, note=note))


def _beside_the_stock_table(report: Report, small: BenchStore, big: BenchStore, large: int) -> None:
    # Its rows cost the same at any size, but loading them takes minutes.
    arguments = ["--sizes", str(SMALL), str(large), "--stock", str(SMALL)]
    arguments += ["--store", f"{SMALL}={small.url}", "--store", f"{large}={big.url}"]
    printed = io.StringIO()
    began = time.perf_counter()
    with contextlib.redirect_stdout(printed):
        found = table.main(arguments)
    ours = {figures.rows: figures for figures in found if figures.table == "ours"}
    theirs = {figures.rows: figures for figures in found if figures.table == "stock"}
    rows = max(theirs)
    note = f"{ours[rows].bytes_per_row:,.0f} and {theirs[rows].bytes_per_row:,.0f} bytes"
    share = ours[rows].bytes_per_row / theirs[rows].bytes_per_row
    report.add(
        Figure("a row scrolled, of the stock table's bytes", share, at_most=BYTES, note=note)
    )
    for rows, figures in ours.items():
        note = f"load {figures.load_ms:.0f} ms, far jump p95 {figures.far_p95_ms:.0f} ms"
        report.add(
            Figure(
                f"{rows:,}: the table alone, key → paint, p95", figures.key_p95_ms, "ms", note=note
            )
        )
    report.say(f"(the table alone took {time.perf_counter() - began:.0f} s)")
