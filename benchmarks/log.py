"""The intake log on the screen: opening it, scrolling, filtering, searching as you type."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from benchmarks.desks import LAST as END
from benchmarks.desks import LEFT, TOP, DeskTerminal, cursor_line, has_cursor
from benchmarks.figures import Figure, Report, median, p95
from benchmarks.terminal import ScreenModel
from storage import attempts
from storage.store import Store
from storage.words import AttemptView

KEY_MS = 25.0
SEARCH_MS = 80.0
STEPS = 60
PAGES = 20
TIMES = 4
KINDS = {
    "a common word": ("garcia", "shopping"),
    "words of a few": ("wójcik z", "linda hill"),
    "a word of none": ("qqxyzzy", "shoppingx"),
    "a phone": ("+1212555", "447911"),
}
"""What is typed, letter by letter."""
LAST = END - 2
"""The last row; below it the reason of the row under the cursor is told whole."""
HEADER = TOP - 1
"""The line with the names of the columns."""
_WHO = "Who, or why not"
_PAGE_DOWN = "\x1b[6~"
MOST_ROWS = 300
"""Rows that may be shown at first: those of people are there before others that are newer."""
_COMPARED = 20
"""Letters of a row that are compared; what is longer may be cut off."""


@dataclass
class Seen:
    """What was measured of one desk. Times are in milliseconds."""

    open_ms: list[float] = field(default_factory=list)
    step_ms: list[float] = field(default_factory=list)
    page_ms: list[float] = field(default_factory=list)
    jump_ms: list[float] = field(default_factory=list)
    filter_ms: list[float] = field(default_factory=list)
    search_ms: dict[str, list[float]] = field(default_factory=dict)

    @property
    def letters_ms(self) -> list[float]:
        """Of every letter typed."""
        return [spent for times in self.search_ms.values() for spent in times]


def use(desk: DeskTerminal, store_url: str) -> Seen:
    """Uses the intake log of a desk that is open on a store."""
    seen = Seen()
    for _ in range(TIMES):
        seen.open_ms.append(_go(desk, "Intake log"))
        _go(desk, "Opt-in queue")
    _go(desk, "Intake log")
    for _ in range(STEPS):
        desk.drain(0.02)
        seen.step_ms.append(_moved(desk, "j"))
    for _ in range(PAGES):
        desk.drain(0.05)
        seen.page_ms.append(_moved(desk, _PAGE_DOWN))
    desk.press("g")
    desk.settle(0.2, 3)
    for key in "GgGgGg":
        desk.drain(0.1)
        seen.jump_ms.append(_moved(desk, key))
    for _ in range(TIMES):
        seen.filter_ms.append(_filtered(desk))
    with_store = Store.open(store_url)
    try:
        for kind, texts in KINDS.items():
            seen.search_ms[kind] = [
                spent for text in texts for spent in _type(desk, with_store, text)
            ]
    finally:
        with_store.close()
    return seen


def report(report: Report, seen: dict[int, Seen], growth: float) -> None:
    """Adds the figures of a small log and a large one."""
    (little, small), (large, big) = sorted(seen.items())
    for name, few, many in (
        ("opened → rows readable", small.open_ms, big.open_ms),
        ("key → paint", small.step_ms, big.step_ms),
    ):
        note = f"{median(few):.0f} and {median(many):.0f} ms"
        share = median(many) / median(few)
        report.add(
            Figure(f"intake log: {name}, {large:,} to {little:,}", share, at_most=growth, note=note)
        )
    for size, found in seen.items():
        log = f"{size:,}: intake log"
        for act, times, limit in (
            ("key → paint", found.step_ms, KEY_MS),
            ("a page down", found.page_ms, KEY_MS),
            ("from one end to the other", found.jump_ms, None),
            ("filtered", found.filter_ms, None),
            ("search as you type, key → result painted", found.letters_ms, SEARCH_MS),
        ):
            note = f"p50 {median(times):.0f} ms, {len(times)} times"
            report.add(Figure(f"{log}, {act}, p95", p95(times), "ms", at_most=limit, note=note))
        for kind, times in found.search_ms.items():
            note = f"p50 {median(times):.0f} ms, {len(times)} letters"
            report.add(Figure(f"{log}, {kind}, p95", p95(times), "ms", note=note))


def _timed(desk: DeskTerminal, keys: str, shown: Callable[[ScreenModel], object]) -> float:
    pressed = desk.press(keys)
    return (desk.until(shown, 20) - pressed) * 1000


def _go(desk: DeskTerminal, place: str) -> float:
    """To a place by the palette; the time of the last key."""
    desk.press(":")
    desk.until(lambda screen: "Intake log" in screen.text(), 10)
    desk.press(place)
    desk.settle(0.2, 3)
    in_log = place == "Intake log"
    spent = _timed(
        desk,
        "\r",
        lambda screen: (_WHO in screen.line(HEADER)) == in_log and len(_rows(screen)) > LAST - TOP,
    )
    desk.settle(0.2, 3)
    return spent


def _moved(desk: DeskTerminal, key: str) -> float:
    """The cursor on another row, and every row there."""
    before = _cursor(desk.screen)
    return _timed(
        desk,
        key,
        lambda screen: (
            _cursor(screen) not in (before, (None, ""))
            and len(_rows(screen)) > LAST - TOP
            and (key != "G" or has_cursor(screen, LAST))
        ),
    )


def _cursor(screen: ScreenModel) -> tuple[int | None, str]:
    line = cursor_line(screen)
    return line, "" if line is None else "".join(screen.cells(line)[LEFT:])


def _filtered(desk: DeskTerminal) -> float:
    """Refused ones alone, once they are chosen."""
    desk.press("f")
    desk.until(lambda screen: "Show only" in screen.text(), 10)
    desk.press("refused")
    desk.settle(0.2, 3)
    spent = _timed(
        desk,
        "\r",
        lambda screen: (
            len(_rows(screen)) > LAST - TOP
            and all(" refused " in screen.line(y) for y in range(TOP, LAST + 1))
        ),
    )
    desk.settle(0.2, 3)
    desk.press("\x1b")
    desk.settle(0.2, 3)
    return spent


def _type(desk: DeskTerminal, store: Store, text: str) -> Iterator[float]:
    """Types a search letter by letter; yields how long each took to show what it finds."""
    desk.press("/")
    desk.settle(0.2, 3)
    for end in range(1, len(text) + 1):
        wanted = _found(store, text[:end])
        if _shows(desk.screen, wanted):
            # Nothing on the screen would tell that the rows are new.
            desk.press(text[end - 1])
        else:
            yield _timed(desk, text[end - 1], partial(_shows, wanted=wanted))
        desk.settle(0.2, 10)
    desk.press("\x1b")
    desk.settle(0.2, 3)


def _found(store: Store, text: str) -> set[str]:
    """How the rows begin that a search finds, however long it takes."""
    with store.read() as conn:
        page = attempts.page(conn, AttemptView(search=text), limit=MOST_ROWS, patience=60)
    return {
        _letters(row.why if row.outcome == "refused" else row.name or row.phone)
        for row in page.rows
    }


def _shows(screen: ScreenModel, wanted: set[str]) -> bool:
    """Whether some of what is looked for is on the screen, and nothing else."""
    if not wanted:
        return "Nothing matches" in screen.text()
    rows = _rows(screen)
    return bool(rows) and wanted.issuperset(map(_letters, rows))


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))[:_COMPARED]


def _rows(screen: ScreenModel) -> list[str]:
    """What the rows say of people, or all that they say where that is no column of its own."""
    at = max(LEFT, "".join(cell or " " for cell in screen.cells(HEADER)).find(_WHO))
    lines = ("".join(screen.cells(y)[at:]).strip() for y in range(TOP, LAST + 1))
    return [line for line in lines if line]
