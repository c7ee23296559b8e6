"""Measures what Optdesk promises: `python -m benchmarks [SECTION …] [--quick]`.

Every figure is measured beside what it is compared with, in one run. A missed target is printed
and fails nothing: figures depend on the machine and on what else it does.
"""

from __future__ import annotations

import argparse
import importlib
import time
from pathlib import Path

from benchmarks.figures import Report, machine
from benchmarks.stores import stores

SECTIONS = {
    "ingest": "benchmarks.ingest",
    "hook": "benchmarks.hook",
    "live": "benchmarks.live",
    "size": "benchmarks.size",
    "bulk": "benchmarks.moving",
    "webhooks": "benchmarks.webhooks",
    "start": "benchmarks.start",
}


def main() -> None:
    """Runs the sections that were asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__.split("\n")[0]
    )
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=" ".join(SECTIONS))
    parser.add_argument("--quick", action="store_true", help="smaller and shorter, a first look")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the figures in a file, too")
    asked = parser.parse_args()
    for unknown in set(asked.sections) - set(SECTIONS):
        parser.error(f"there is no section “{unknown}”; choose from {' '.join(SECTIONS)}")
    began, report = time.perf_counter(), Report()
    print(", ".join(f"{name} {value}" for name, value in machine().items()))
    with stores() as made:
        for name in asked.sections or SECTIONS:
            importlib.import_module(SECTIONS[name]).run(report, made, quick=asked.quick)
    report.close()
    print(f"{time.perf_counter() - began:.0f} s in all.")
    if asked.json:
        report.save(asked.json)


if __name__ == "__main__":
    main()
