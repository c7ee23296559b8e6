"""Measures what Optdesk promises: `python -m benchmarks [SECTION …] [--quick]`.

Every figure is measured beside what it is compared with, in one run. A missed target is printed
and fails nothing: figures depend on the machine and on what else it does.

A section of many minutes can be run a piece at a time: `size --store postgresql --part orders`.
"""

from __future__ import annotations

import argparse
import importlib
import time
from pathlib import Path

from benchmarks.figures import Report, machine
from benchmarks.size import PARTS
from benchmarks.stores import KINDS, stores

SECTIONS = {
    "ingest": "benchmarks.ingest",
    "hook": "benchmarks.hook",
    "live": "benchmarks.live",
    "size": "benchmarks.size",
    "bulk": "benchmarks.moving",
    "webhooks": "benchmarks.webhooks",
    "start": "benchmarks.start",
}
BY_STORE = {"ingest", "size"}
"""Sections that can be asked of one kind of store."""


def main() -> None:
    """Runs the sections that were asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__.split("\n")[0]
    )
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=" ".join(SECTIONS))
    parser.add_argument("--quick", action="store_true", help="smaller and shorter, a first look")
    parser.add_argument(
        "--store", choices=KINDS, help=f"one kind of store alone ({', '.join(sorted(BY_STORE))})"
    )
    parser.add_argument(
        "--part",
        action="append",
        choices=PARTS,
        help="of `size`, that part alone; may be given more than once",
    )
    parser.add_argument(
        "--keep", type=Path, metavar="FOLDER", help="keep filled stores there for the next run"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the figures in a file, too")
    asked = parser.parse_args()
    for unknown in set(asked.sections) - set(SECTIONS):
        parser.error(f"there is no section “{unknown}”; choose from {' '.join(SECTIONS)}")
    sections = asked.sections or [*SECTIONS]
    if asked.store and not BY_STORE.issuperset(sections):
        parser.error(f"--store is for {' and '.join(sorted(BY_STORE))}")
    if asked.part and sections != ["size"]:
        parser.error("--part is for size")
    began, report = time.perf_counter(), Report()
    print(", ".join(f"{name} {value}" for name, value in machine().items()))
    with stores(asked.keep, (asked.store,) if asked.store else KINDS) as made:
        for name in sections:
            more = {"parts": asked.part} if asked.part else {}
            importlib.import_module(SECTIONS[name]).run(report, made, quick=asked.quick, **more)
    report.close()
    print(f"{time.perf_counter() - began:.0f} s in all.")
    if asked.json:
        report.save(asked.json)


if __name__ == "__main__":
    main()
