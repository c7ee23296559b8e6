"""What makes the tests quick without changing what they prove."""

from __future__ import annotations

import gc
import os
import shutil
import sys
from functools import cache
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

MEMORY = Path("/dev/shm")
COLLECT_AFTER = 200_000
"""Objects kept after which garbage is looked for."""
ROOM = 4 * 1024**3
"""Bytes that must be free in memory before stores are kept there."""
THOROUGH = os.environ.get("THOROUGH") == "1"
"""Set by `make trials`, which runs the tests marked `deep` again."""


def examples(many: int) -> int:
    """How many examples a `deep` test tries: all of them in the trials, a quarter elsewhere.

    Args:
        many: How many are worth the minutes of a trial.
    """
    return many if THOROUGH else max(5, many // 4)


def cores() -> int:
    """How many this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def folders_in_memory() -> str | None:
    """A folder in memory for stores, where syncing costs nothing; None where there is none.

    What a sync is worth is tried in tests/trials, on a real disk and on a recorded log.
    """
    if "PYTEST_DEBUG_TEMPROOT" in os.environ:
        return os.environ["PYTEST_DEBUG_TEMPROOT"]
    if not (MEMORY.is_dir() and os.access(MEMORY, os.W_OK)):
        return None
    return str(MEMORY) if shutil.disk_usage(MEMORY).free > ROOM else None


def collect_seldom() -> None:
    """Takes what was imported out of the collector's sight, once, and for the whole run.

    A desk and a listener do so when they are built. Here each of hundreds would freeze the
    garbage of those before it, and the process would grow without end.
    """
    from app.cli import root
    from server import runtime

    # A command would have it looked for ten times as often in all tests that follow.
    root._COLLECT_AFTER = COLLECT_AFTER
    gc.collect()
    gc.freeze()
    # A desk of a test lasts a second; its garbage may wait for that of a few others, and what
    # outlives that is mostly there for good.
    gc.set_threshold(COLLECT_AFTER, 20, 5)

    def settle_down(*, screen: bool) -> None:
        sys.setswitchinterval(runtime._SWITCH_SECONDS)

    runtime.settle_down = settle_down


def collect_once_more() -> None:
    """Lets what the last tests left be found, once.

    Pytest looks for it five times, in all that has come together. On a busy machine that took a
    worker longer than it is given to end, and it was interrupted.
    """
    gc.collect()
    gc.freeze()


def parse_styles_once() -> None:
    """Lets every app of this process share what was read from the style sheets."""
    from textual.css.model import RuleSet
    from textual.css.stylesheet import Stylesheet

    parse = Stylesheet._parse_rules
    known: dict[tuple[Any, ...], list[RuleSet]] = {}
    # A sheet is given another dictionary with each theme, and never changes one.
    kept: WeakKeyDictionary[Stylesheet, tuple[dict[str, str], frozenset[Any]]]
    kept = WeakKeyDictionary()

    def variables(sheet: Stylesheet) -> frozenset[Any]:
        given = sheet._variables
        before, items = kept.get(sheet, (None, frozenset[Any]()))
        if before is not given:
            items = frozenset(given.items())
            kept[sheet] = (given, items)
        return items

    def parse_once(sheet: Stylesheet, *args: Any, **options: Any) -> list[RuleSet]:
        key = (variables(sheet), args, frozenset(options.items()))
        if key not in known:
            known[key] = parse(sheet, *args, **options)
        return known[key]

    Stylesheet._parse_rules = parse_once  # type: ignore[assignment, method-assign]


def build_commands_once() -> None:
    """Lets a command that is run a hundred times in this process read its own signature once."""
    from typer import main

    main.get_command = cache(main.get_command)


def wait_in_short_steps() -> None:
    """Lets a pilot look every 4 ms, not every 20, whether the app has become idle."""
    from textual import _wait

    _wait.SLEEP_GRANULARITY = 0.004
    _wait.SLEEP_IDLE = 0.001
