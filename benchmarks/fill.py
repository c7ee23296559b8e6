"""Fills an empty store with believable contacts: `python -m benchmarks.fill --contacts 1000000`."""

from __future__ import annotations

import argparse
import gc
import hashlib
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

# Run as a file, Python looks for `benchmarks` beside it and not above.
sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.bulk import Loader, loader_for
from benchmarks.people import names, phones
from storage.compliance import compose
from storage.consent import Chain, event_hash
from storage.errors import OptdeskError, Refused
from storage.ids import IdMint
from storage.search import fold, haystack
from storage.store import Store
from storage.tallies import group_tally, hour_tally, label_tally, stage_tally
from storage.times import from_micros, now
from storage.words import BADGE_BITS, UNTEXTED, Badge, Kind, NumberStatus, Stage

DAYS = 90
"""How far back the arrivals reach."""
BLOCK = 10_000
"""Contacts made before they are handed to the store."""
RHYTHM = (2, 1, 1, 1, 1, 2, 4, 7, 10, 12, 13, 13, 12, 12, 12, 11, 11, 12, 13, 13, 11, 8, 5, 3)
"""Arrivals in each hour of a day, in proportion."""
LABELS = (
    "VIP",
    "Spring sale",
    "Call back",
    "Wholesale",
    "Événement",
    "Zürich",
    "newsletter",
    "2024",
)
GROUPS = ("Customers", "Spring campaign", "Événements", "Wholesale", "Trial users", "東京")
AGENTS = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15",
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/124.0 Mobile",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/124.0",
)
NUMBER = "num_00000000000000f1"
BADGES = {
    Kind.LANDLINE: BADGE_BITS[Badge.LANDLINE],
    Kind.UNASSIGNED: BADGE_BITS[Badge.UNASSIGNED],
}
_json = lru_cache(maxsize=65536)(json.dumps)


@dataclass
class Plan:
    """What to make."""

    contacts: int
    labels: int = len(LABELS)
    groups: int = len(GROUPS)
    grouped: float = 0.0
    """The share of contacts that are in a group and no longer in the queue."""
    seed: int = 1


@dataclass
class Rows:
    """One block of rows, in the order of `COLUMNS`."""

    contacts: list[tuple[Any, ...]] = field(default_factory=list)
    consent_events: list[tuple[Any, ...]] = field(default_factory=list)
    attempts: list[tuple[Any, ...]] = field(default_factory=list)
    messages: list[tuple[Any, ...]] = field(default_factory=list)
    contact_labels: list[tuple[Any, ...]] = field(default_factory=list)


COLUMNS = {
    "contacts": (
        "id", "phone", "first_name", "last_name", "stage", "kind", "region", "group_id", "favorite",
        "badges", "number_id", "haystack", "received_at", "changed_at", "version",
    ),
    "consent_events": (
        "seq", "at", "kind", "contact_id", "number_id", "request_id", "evidence", "evidence_hash",
        "prev_hash", "hash",
    ),
    "attempts": (
        "id", "at", "door", "key_id", "outcome", "code", "reason", "contact_id", "peer",
        "user_agent", "body",
    ),
    "messages": (
        "id", "contact_id", "number_id", "phone", "direction", "purpose", "body", "status",
        "claimed_by", "provider_id", "error", "due_at", "created_at", "changed_at",
    ),
    "contact_labels": ("contact_id", "label_id"),
}  # fmt: skip


class Maker:
    """Makes the rows, contact by contact, oldest first."""

    def __init__(self, plan: Plan, chain: Chain, load: Loader) -> None:
        self._rng = random.Random(plan.seed)
        self._plan = plan
        self._chain = chain
        self._time = load.time
        self._mint = IdMint()
        self._people = phones(self._rng)
        self._body = compose("Northwind", "offers")
        mint = IdMint()
        self.labels = [(mint.take(), name, fold(name)) for name in _named(LABELS, plan.labels)]
        self.groups = [(mint.take(), name, fold(name)) for name in _named(GROUPS, plan.groups)]
        self._hours: Counter[int] = Counter()
        self._stages: Counter[str] = Counter()
        self._groups: Counter[int] = Counter()
        self._worn: Counter[int] = Counter()

    def tallies(self) -> dict[str, int]:
        """The counters that belong to the rows made so far."""
        return {
            **{hour_tally(hour): n for hour, n in self._hours.items()},
            **{stage_tally(stage): n for stage, n in self._stages.items()},
            **{group_tally(group): n for group, n in self._groups.items()},
            **{label_tally(label): n for label, n in self._worn.items()},
        }

    def blocks(self) -> Iterator[Rows]:
        """All rows, a block at a time."""
        rows = Rows()
        for made, moment in enumerate(_moments(self._rng, self._plan.contacts), 1):
            self._add(rows, moment)
            if made % BLOCK == 0:
                yield rows
                rows = Rows()
        yield rows

    def _add(self, rows: Rows, micros: int) -> None:
        rng = self._rng
        contact = self._mint.take(micros // 1000)
        # As unlike as ids of one moment are, and as unique.
        request, message = contact ^ 0x155555, contact ^ 0x2AAAAA
        phone, kind, region = next(self._people)
        first, last = names(rng, region)
        worn = self._labels(contact, rows)
        stage, group = self._place()
        at, settled = self._time(micros), self._time(micros + 1_200_000)
        address = f"{11 + contact % 201}.{contact % 241}.{contact % 251}.7"
        agent = AGENTS[contact % len(AGENTS)]
        rows.contacts.append((
            contact, phone, first, last, stage, kind.value,
            "" if kind is Kind.UNASSIGNED else region, group, 1 if rng.random() < 0.03 else 0,
            BADGES.get(kind, 0), NUMBER, haystack(first, last, phone, worn), at, settled, 2,
        ))  # fmt: skip
        rows.consent_events.append(self._consent(micros, contact, request, phone, address, agent))
        body = f'{{"mobile_phone":"{phone}","first_name":{_json(first)},"last_name":{_json(last)}}}'
        rows.attempts.append(
            (request, at, "api", 1, "accepted", "", "", contact, address, "node-fetch/3", body)
        )
        if kind not in UNTEXTED:
            rows.messages.append((
                message, contact, NUMBER, phone, "out", "compliance", self._body, "accepted", "",
                f"SIM{message:016x}", "", at, at, settled,
            ))  # fmt: skip
        self._hours[micros // 3_600_000_000] += 1
        self._stages[stage] += 1
        if group is not None:
            self._groups[group] += 1

    def _labels(self, contact: int, rows: Rows) -> list[str]:
        """One contact in five wears a label, one in thirty two; the first ones most often."""
        chance = self._rng.random()
        if chance > 0.2 or not self.labels:
            return []
        wanted = 2 if chance < 0.033 else 1
        places = {int(len(self.labels) * self._rng.random() ** 2) for _ in range(wanted)}
        for place in places:
            rows.contact_labels.append((contact, self.labels[place][0]))
            self._worn[self.labels[place][0]] += 1
        return [self.labels[place][2] for place in sorted(places)]

    def _place(self) -> tuple[str, int | None]:
        if self._plan.grouped and self._rng.random() < self._plan.grouped:
            return Stage.GROUPED.value, self._rng.choice(self.groups)[0]
        return Stage.QUEUED.value, None

    def _consent(
        self, micros: int, contact: int, request: int, phone: str, address: str, agent: str
    ) -> tuple[Any, ...]:
        evidence = (
            f'{{"salt":"{self._rng.getrandbits(96):024x}","door":"api","phone":"{phone}",'
            f'"ip_address":"{address}","user_agent":"{agent}"}}'
        )
        digest = hashlib.sha256(evidence.encode()).digest()
        chain, before = self._chain, self._chain.head
        chain.seq += 1
        chain.head = event_hash(
            before, chain.seq, from_micros(micros), "opt_in", contact, NUMBER, request, digest
        )
        return (
            chain.seq, self._time(micros), "opt_in", contact, NUMBER, request, evidence, digest,
            before, chain.head,
        )  # fmt: skip


def _named(known: tuple[str, ...], wanted: int) -> list[str]:
    more = (f"{known[place % len(known)]} {place // len(known) + 1}" for place in range(wanted))
    return [*known, *list(more)[len(known) :]][:wanted]


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


def fill(url: str, plan: Plan, say: Any = lambda text: None) -> dict[str, float]:
    """Fill an empty store.

    Returns:
        Seconds that each step took.

    Raises:
        OptdeskError: The store cannot be opened or already holds contacts.
    """
    seconds: dict[str, float] = {}
    began = time.monotonic()

    def step(name: str) -> None:
        nonlocal began
        seconds[name] = time.monotonic() - began
        began = time.monotonic()
        say(f"{name}: {seconds[name]:.1f} s")

    Store.open(url).close()
    with loader_for(url) as load:
        if load.holds_contacts():
            raise Refused(f"The store {url} already holds contacts.", "Name a new one.")
        load.begin()
        maker = Maker(plan, load.chain(), load)
        _settings(load, maker)
        # Millions of tuples and no cycle among them: collecting would cost a third.
        gc.disable()
        for rows in maker.blocks():
            for table, columns in COLUMNS.items():
                load.put(table, columns, getattr(rows, table))
        gc.enable()
        load.put("tallies", ("name", "n"), list(maker.tallies().items()))
        load.finish_rows(maker._chain)
        step("rows")
        load.build_indexes()
        step("indexes")
        load.build_search()
        step("search")
        load.commit()
        step("commit")
    return seconds


def _settings(load: Loader, maker: Maker) -> None:
    at = load.time(int((now() - timedelta(days=DAYS)).timestamp() * 1_000_000))
    named = ("id", "name", "folded", "created_at")
    load.put("groups", named, [(*group, at) for group in maker.groups])
    load.put("labels", (*named, "colour"), [(*label, at, "") for label in maker.labels])
    load.put(
        "numbers",
        ("id", "phone", "name", "status", "created_at", "changed_at"),
        [(NUMBER, "+12025550100", "Main", NumberStatus.APPROVED.value, at, at)],
    )


def main(arguments: Iterable[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="fill", description=__doc__)
    parser.add_argument("--store", required=True, help="sqlite:///file, postgresql://… or a path")
    parser.add_argument("--contacts", type=int, required=True)
    parser.add_argument("--labels", type=int, default=len(LABELS))
    parser.add_argument("--groups", type=int, default=len(GROUPS))
    parser.add_argument("--grouped", type=float, default=0.0, metavar="SHARE")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(None if arguments is None else list(arguments))
    plan = Plan(asked.contacts, asked.labels, asked.groups, asked.grouped, asked.seed)
    try:
        seconds = fill(asked.store, plan, say=lambda text: print(text, file=sys.stderr))
    except OptdeskError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(f"{asked.contacts} contacts in {sum(seconds.values()):.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
