"""A queue of a million beside one of a thousand; the table beside Textual's own."""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import partial

from benchmarks import log, servers, table
from benchmarks.desks import (
    LAST,
    LEFT,
    MANY_ROWS,
    SIZE,
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
from benchmarks.terminal import NotShown, ScreenModel
from storage.search import fold

GROWTH = 1.5
KEY_MS = 25.0
SEARCH_MS = 80.0
BYTES = 0.1
SMALL = 1000
PARTS = ("open", "keys", "orders", "marks", "profiles", "search", "log", "table")
STEPS = 120
HEADER = 1
ORDERS = 12
UNMOVED = 5.0
"""Seconds after which rows that are the same are taken to be painted."""
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

    step_ms: list[float] = field(default_factory=list)
    jump_ms: list[float] = field(default_factory=list)
    search_ms: list[float] = field(default_factory=list)
    order_ms: list[float] = field(default_factory=list)
    middle_ms: list[float] = field(default_factory=list)
    """The same from the middle of the list."""
    mark_ms: list[float] = field(default_factory=list)
    profile_ms: list[float] = field(default_factory=list)
    leaf_ms: list[float] = field(default_factory=list)
    """From one profile to the next."""
    megabytes: float = 0.0


def run(report: Report, stores: Stores, *, quick: bool, parts: Collection[str] = PARTS) -> None:
    """Uses both desks in the same way, on each kind of store."""
    large = 100_000 if quick else 1_000_000
    for kind, name in stores.kinds.items():
        report.section(f"size, {name}", f"{large:,} queued beside {SMALL:,}")
        made = {size: stores.new(kind, size, log=True) for size in (SMALL, large)}
        if "open" in parts:
            _report_open(report, _opened(made, stores, 1 if quick else 3))
        if _USES.keys() & set(parts):
            _report(report, {size: _used(made[size], stores, parts) for size in made}, large)
        if "log" in parts:
            log.report(report, {size: _log(made[size], stores) for size in made}, GROWTH)
        if "table" in parts:
            _beside_the_stock_table(report, made[SMALL], made[large], large)
        for store in made.values():
            stores.drop(store)


def _opened(made: dict[int, BenchStore], stores: Stores, rounds: int) -> dict[int, list[float]]:
    """How long each takes until rows can be read, in turns."""
    taken: dict[int, list[float]] = {size: [] for size in made}
    for _ in range(rounds):
        for size, store in made.items():
            with DeskTerminal(store.url, stores.folder) as desk:
                shown = desk.until(lambda screen: rows_shown(screen) >= MANY_ROWS)
                taken[size].append((shown - desk.started) * 1000)
    return taken


def _used(store: BenchStore, stores: Stores, parts: Collection[str]) -> _Seen:
    seen = _Seen()
    with DeskTerminal(store.url, stores.folder) as desk:
        desk.open()
        # What a desk does behind its first rows is done by then.
        desk.drain(3.0)
        for part, use in _USES.items():
            if part in parts:
                use(seen, desk)
        desk.drain(1.0)
        seen.megabytes = servers.resident_mb(desk.pid)
    return seen


def _log(store: BenchStore, stores: Stores) -> log.Seen:
    with DeskTerminal(store.url, stores.folder) as desk:
        return log.use(desk.open(), store.url)


def _use_keys(seen: _Seen, desk: DeskTerminal) -> None:
    desk.press("g")
    desk.settle(0.3, 3)
    for _ in range(STEPS):
        desk.drain(0.02)
        seen.step_ms.append(_step(desk))
    for key in "GgGgGg":
        desk.drain(0.1)
        seen.jump_ms.append(_jump(desk, key))


def _use_orders(seen: _Seen, desk: DeskTerminal) -> None:
    seen.order_ms.extend(_orders(desk))
    _to_the_middle(desk)
    seen.middle_ms.extend(_orders(desk))


def _orders(desk: DeskTerminal) -> list[float]:
    taken = []
    for _ in range(ORDERS):
        desk.drain(0.3)
        took = _order(desk)
        if took is not None:
            taken.append(took)
    return taken


def _to_the_middle(desk: DeskTerminal) -> None:
    """Draws the scrollbar down and puts the cursor on a row there."""
    desk.press("g")
    desk.settle(0.3, 3)
    # The bar begins beside the headings.
    bar, first, middle, inside = SIZE[0], TOP, (TOP + LAST) // 2, LEFT + 20
    for report in (
        f"\x1b[<0;{bar};{first}M",
        f"\x1b[<32;{bar};{middle}M",
        f"\x1b[<0;{bar};{middle}m",
        f"\x1b[<0;{inside};{middle}M\x1b[<0;{inside};{middle}m",
    ):
        desk.press(report)
        desk.settle(0.3, 5)


def _use_marks(seen: _Seen, desk: DeskTerminal) -> None:
    for _ in range(TIMES):
        seen.mark_ms.append(_mark_all(desk))
        desk.press("\x1b")
        desk.settle(0.3, 3)


def _use_profiles(seen: _Seen, desk: DeskTerminal) -> None:
    for _ in range(TIMES):
        desk.press("gjj")
        desk.settle(0.3, 3)
        seen.profile_ms.append(_profile(desk, "\r"))
        for _ in range(3):
            desk.drain(0.2)
            seen.leaf_ms.append(_profile(desk, "j"))
        desk.press("\r")
        desk.settle(0.3, 3)


def _use_search(seen: _Seen, desk: DeskTerminal) -> None:
    for text in SEARCHES:
        seen.search_ms.extend(_type(desk, text))


_USES = {
    "keys": _use_keys,
    "orders": _use_orders,
    "marks": _use_marks,
    "profiles": _use_profiles,
    "search": _use_search,
}


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


def _order(desk: DeskTerminal) -> float | None:
    """The same rows in the next order: newest, oldest, favorites first.

    None where far from both ends the same rows stand around the cursor in both, as none of them
    is a favorite: then nothing tells when they were painted anew.
    """
    before = [phone_on(desk.screen, y) for y in range(TOP, LAST + 1)]
    said = desk.screen.line(HEADER)
    pressed = desk.press("o")

    def moved(screen: ScreenModel) -> bool:
        rows = [phone_on(screen, y) for y in range(TOP, LAST + 1)]
        return screen.line(HEADER) != said and rows != before and "" not in rows

    try:
        return (desk.until(moved, UNMOVED) - pressed) * 1000
    except NotShown:
        rows = [phone_on(desk.screen, y) for y in range(TOP, LAST + 1)]
        if rows == before and desk.screen.line(HEADER) != said:
            return None
        raise


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


def _report_open(report: Report, taken: dict[int, list[float]]) -> None:
    (little, small), (large, big) = ((size, median(times)) for size, times in taken.items())
    note = f"{small:.0f} and {big:.0f} ms"
    name = f"open → rows readable, {large:,} to {little:,}"
    report.add(Figure(name, big / small, at_most=GROWTH, note=note))


def _report(report: Report, seen: dict[int, _Seen], large: int) -> None:
    small, big = seen[SMALL], seen[large]
    rows = (
        ("key → paint, p95", p95(small.step_ms), p95(big.step_ms), "ms"),
        ("resident memory", small.megabytes, big.megabytes, "MB"),
    )
    for what, little, much, unit in rows:
        if little:
            note = f"{little:.0f} and {much:.0f} {unit}"
            name = f"{what}, {large:,} to {SMALL:,}"
            report.add(Figure(name, much / little, at_most=GROWTH, note=note))
    for size, found in seen.items():
        for act, times, limit in (
            ("key → paint", found.step_ms, KEY_MS),
            ("from one end to the other", found.jump_ms, None),
            ("another order", found.order_ms, KEY_MS),
            ("another order, from the middle of the list", found.middle_ms, KEY_MS),
            ("all marked", found.mark_ms, KEY_MS),
            ("profile opened", found.profile_ms, KEY_MS),
            ("next profile", found.leaf_ms, KEY_MS),
            ("search as you type, key → result painted", found.search_ms, SEARCH_MS),
        ):
            if times:
                note = f"p50 {median(times):.0f} ms, {len(times)} times"
                name = f"{size:,}: {act}, p95"
                report.add(Figure(name, p95(times), "ms", at_most=limit, note=note))


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
