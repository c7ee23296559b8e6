"""What was measured, what it should be, and on which machine."""

from __future__ import annotations

import json
import os
import platform
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from storage.engine import sqlite_version


@dataclass(frozen=True)
class Figure:
    """One figure of a report."""

    name: str
    value: float
    unit: str = ""
    """Empty for a ratio."""
    at_most: float | None = None
    at_least: float | None = None
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where there is none."""
        if self.at_most is not None:
            return self.value <= self.at_most
        if self.at_least is not None:
            return self.value >= self.at_least
        return None

    def line(self) -> str:
        """The figure as a line of the report."""
        target = ""
        if self.at_most is not None:
            target = f"at most {_number(self.at_most)} {self.unit}".strip()
        elif self.at_least is not None:
            target = f"at least {_number(self.at_least)} {self.unit}".strip()
        verdict = {True: "met", False: "MISSED", None: ""}[self.met]
        value = f"{_number(self.value)} {self.unit}".strip()
        return f"  {self.name:<58} {value:>14}   {target:<16} {verdict:<7} {self.note}".rstrip()


@dataclass
class Report:
    """All figures of a run, printed as they come."""

    figures: dict[str, list[Figure]] = field(default_factory=dict)
    _section: str = ""

    def section(self, name: str, title: str) -> None:
        """Begins a section."""
        self._section = name
        self.figures[name] = []
        print(f"\n{name}: {title}", flush=True)

    def add(self, figure: Figure) -> None:
        """Prints a figure and keeps it."""
        self.figures[self._section].append(figure)
        print(figure.line(), flush=True)

    def say(self, text: str) -> None:
        """Prints a remark."""
        print(f"  {text}", flush=True)

    def close(self) -> None:
        """Prints how many targets were met."""
        judged = [
            figure for part in self.figures.values() for figure in part if figure.met is not None
        ]
        met = sum(bool(figure.met) for figure in judged)
        print(f"\n{met} of {len(judged)} targets met.", flush=True)

    def save(self, path: Path) -> None:
        """Keeps the figures as JSON."""
        said = {name: [asdict(figure) for figure in part] for name, part in self.figures.items()}
        path.write_text(json.dumps({"machine": machine(), "figures": said}, indent=1) + "\n")


def _number(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def median(values: Sequence[float]) -> float:
    """The median; 0 of nothing."""
    return statistics.median(values) if values else 0.0


def p95(values: Sequence[float]) -> float:
    """The 95th percentile; 0 of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))] if ordered else 0.0


def machine() -> dict[str, str]:
    """What the figures were measured on."""
    return {
        "processor": _processor(),
        "cores": str(len(os.sched_getaffinity(0))),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "sqlite": sqlite_version(),
        "million additions": f"{_speed():.0f} ms",
        "load": f"{os.getloadavg()[0]:.1f}",
        "date": time.strftime("%Y-%m-%d"),
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _speed() -> float:
    """How long this interpreter takes to count: tells a fast hour of a machine from a slow one."""
    taken = []
    for _ in range(3):
        began = time.perf_counter()
        total = 0
        for place in range(1_000_000):
            total += place
        taken.append((time.perf_counter() - began) * 1000)
    return min(taken)
