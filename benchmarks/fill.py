"""Fills an empty store with believable contacts: `python -m benchmarks.fill --contacts 1000000`."""

from __future__ import annotations

import argparse
import multiprocessing
import random
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path

# Run as a file, Python looks for `benchmarks` beside it and not above.
sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.bulk import Loader, loader_for
from benchmarks.people import MOST
from benchmarks.rows import BLOCK, COLUMNS, NUMBER, Block, Recipe, link, make_block
from storage.compliance import compose
from storage.errors import OptdeskError, Refused
from storage.ids import IdMint
from storage.search import fold
from storage.store import Store
from storage.times import now
from storage.words import NumberStatus

DAYS = 90
"""How far back the arrivals reach."""
RHYTHM = (2, 1, 1, 1, 1, 2, 4, 7, 10, 12, 13, 13, 12, 12, 12, 11, 11, 12, 13, 13, 11, 8, 5, 3)
"""Arrivals in each hour of a day, in proportion."""
LABELS = ("VIP", "Spring sale", "Call back", "Wholesale", "Événement", "Zürich", "news", "2024")
GROUPS = ("Customers", "Spring campaign", "Événements", "Wholesale", "Trial users", "東京")
HANDS = 3
"""Processes that make rows, where there are enough of them to be worth it."""


@dataclass
class Plan:
    """What to make."""

    contacts: int
    labels: int = len(LABELS)
    groups: int = len(GROUPS)
    grouped: float = 0.0
    """The share of contacts that are in a group and no longer in the queue."""
    seed: int = 1
    log: bool = False
    """The intake log is in its search, as after a while of use."""


def fill(url: str, plan: Plan, say: Callable[[str], None] = lambda text: None) -> dict[str, float]:
    """Fill an empty store.

    Returns:
        Seconds that each step took.

    Raises:
        OptdeskError: The store cannot be opened, or already holds contacts.
    """
    seconds: dict[str, float] = {}
    began = time.monotonic()

    def step(name: str) -> None:
        nonlocal began
        seconds[name] = time.monotonic() - began
        began = time.monotonic()
        say(f"{name}: {seconds[name]:.1f} s")

    if plan.contacts > MOST:
        raise Refused(f"There are numbers for {MOST} contacts, not for {plan.contacts}.")
    Store.open(url).close()
    with loader_for(url) as load:
        if load.holds_contacts():
            raise Refused(f"The store {url} already holds contacts.", "Name a new one.")
        load.begin()
        _put_rows(load, plan)
        step("rows")
        load.build_indexes()
        step("indexes")
        load.build_search()
        step("search")
        if plan.log:
            load.build_log_search()
            step("search of the log")
        load.commit()
        step("commit")
    return seconds


def _put_rows(load: Loader, plan: Plan) -> None:
    mint = IdMint()
    recipe = Recipe(
        seed=plan.seed,
        labels=[(mint.take(), name, fold(name)) for name in _named(LABELS, plan.labels)],
        groups=[(mint.take(), name, fold(name)) for name in _named(GROUPS, plan.groups)],
        grouped=plan.grouped if plan.groups else 0.0,
        body=compose("Northwind", "offers"),
        time=load.time,
    )
    _put_settings(load, recipe)
    chain = load.chain()
    tallies: Counter[str] = Counter()
    for block in _blocks(plan, recipe):
        load.put("contacts", COLUMNS["contacts"], block.contacts)
        load.put("consent_events", COLUMNS["consent_events"], link(chain, block, recipe))
        load.put("attempts", COLUMNS["attempts"], block.attempts)
        load.put("messages", COLUMNS["messages"], block.messages)
        load.put("contact_labels", COLUMNS["contact_labels"], block.contact_labels)
        load.put("notes", COLUMNS["notes"], block.notes)
        tallies.update(block.tallies)
    load.put("tallies", ("name", "n"), list(tallies.items()))
    load.finish_rows(chain)


def _put_settings(load: Loader, recipe: Recipe) -> None:
    at = load.time(int((now() - timedelta(days=DAYS)).timestamp() * 1_000_000))
    named = ("id", "name", "folded", "created_at")
    load.put("groups", named, [(*group, at) for group in recipe.groups])
    load.put("labels", (*named, "colour"), [(*label, at, "") for label in recipe.labels])
    load.put(
        "numbers",
        ("id", "phone", "name", "status", "created_at", "changed_at"),
        [(NUMBER, "+12025550100", "Main", NumberStatus.APPROVED.value, at, at)],
    )


def _blocks(plan: Plan, recipe: Recipe) -> Iterator[Block]:
    """All blocks in order, made ahead by other processes where there are many."""
    moments = _moments(random.Random(plan.seed), plan.contacts)
    parts = enumerate(iter(lambda: list(islice(moments, BLOCK)), []))
    if plan.contacts <= HANDS * BLOCK:
        yield from (make_block(recipe, number, part) for number, part in parts)
        return
    with ProcessPoolExecutor(HANDS, multiprocessing.get_context("spawn")) as hands:
        ahead: deque[Future[Block]] = deque()
        for number, part in parts:
            ahead.append(hands.submit(make_block, recipe, number, part))
            if len(ahead) > 2 * HANDS:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()


def _named(known: tuple[str, ...], wanted: int) -> list[str]:
    more = [f"{known[place % len(known)]} {place // len(known) + 1}" for place in range(wanted)]
    return [*known, *more[len(known) :]][:wanted]


def _moments(rng: random.Random, wanted: int) -> Iterator[int]:
    """Microseconds since 1970, rising, in the rhythm of days up to the present hour."""
    end = int(now().timestamp())
    hours = range(DAYS * 24, 0, -1)
    weights = [RHYTHM[(end - back * 3600) // 3600 % 24] for back in hours]
    total = sum(weights)
    reached = given = 0
    for back, weight in zip(hours, weights, strict=True):
        reached += weight
        here = wanted * reached // total - given
        given += here
        start = (end - back * 3600) * 1_000_000
        yield from sorted(start + rng.randrange(3_600_000_000) for _ in range(here))


def main(arguments: Iterable[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="fill", description=__doc__)
    parser.add_argument("--store", required=True, help="sqlite:///file, postgresql://… or a path")
    parser.add_argument("--contacts", type=int, required=True)
    parser.add_argument("--labels", type=int, default=len(LABELS))
    parser.add_argument("--groups", type=int, default=len(GROUPS))
    parser.add_argument("--grouped", type=float, default=0.0, metavar="SHARE")
    parser.add_argument("--log", action="store_true", help="with the intake log's search")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(None if arguments is None else list(arguments))
    plan = Plan(asked.contacts, asked.labels, asked.groups, asked.grouped, asked.seed, asked.log)
    try:
        seconds = fill(asked.store, plan, say=lambda text: print(text, file=sys.stderr))
    except OptdeskError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(f"{asked.contacts} contacts in {sum(seconds.values()):.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
