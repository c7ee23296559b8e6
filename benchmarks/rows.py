"""The rows behind believable contacts, made a block at a time, in any process."""

from __future__ import annotations

import gc
import hashlib
import json
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from benchmarks.people import names, phone
from storage.consent import Chain, event_hash
from storage.ids import IdMint
from storage.search import haystack
from storage.tallies import group_tally, hour_tally, label_tally, stage_tally
from storage.times import from_micros
from storage.words import BADGE_BITS, UNTEXTED, Badge, Kind, Stage

BLOCK = 10_000
"""Contacts in a block."""
NUMBER = "num_00000000000000f1"
AGENTS = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15",
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/124.0 Mobile",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/124.0",
)
BADGES = {
    Kind.LANDLINE: BADGE_BITS[Badge.LANDLINE],
    Kind.UNASSIGNED: BADGE_BITS[Badge.UNASSIGNED],
}
SOURCES = ("api", "zapier", "make", "typeform", "elementor", "shopify", "calendly")
SHARES = (78.0, 12.0, 5.0, 3.0, 1.5, 0.4, 0.1)
"""How many of a hundred contacts each of `SOURCES` brings."""
MARKED = ((0.01, Badge.UNCONFIRMED), (0.003, Badge.PRIVATE_IP), (0.0001, Badge.TEST))
"""The badges that do not follow from the number, and how many wear each."""
NOTED = 0.04
"""The share of contacts that somebody wrote a note on."""
NOTES = ("Asked for a call after six.", "Prefers e-mail.", "Came back from the fair. Müller knows.")
REFUSED = 0.03
"""The share of attempts that were refused before the same person came through."""
REFUSALS = (
    ("INVALID_PHONE_FORMAT", "", "555{0}"),
    ("MISSING_REQUIRED_FIELD", "ip_address", "{0}"),
    ("INTEGRATION_INACTIVE", "", "{0}"),
)
"""Codes, reasons, and what was sent as the number."""
CAMPAIGNS = ("spring", "newsletter", "shopping", "autumn-sale")
"""Pages that people come from."""
_json = lru_cache(maxsize=65536)(json.dumps)

COLUMNS = {
    "contacts": (
        "id", "phone", "first_name", "last_name", "stage", "kind", "region", "group_id", "favorite",
        "badges", "number_id", "haystack", "received_at", "changed_at", "version",
        "source",
    ),
    "consent_events": (
        "seq", "at", "kind", "contact_id", "number_id", "request_id", "evidence", "evidence_hash",
        "prev_hash", "hash",
    ),
    "attempts": (
        "id", "at", "door", "key_id", "outcome", "code", "reason", "contact_id", "peer",
        "user_agent", "body", "sender",
    ),
    "messages": (
        "id", "contact_id", "number_id", "phone", "direction", "purpose", "body", "status",
        "claimed_by", "provider_id", "error", "due_at", "created_at", "changed_at",
    ),
    "contact_labels": ("contact_id", "label_id"),
    "notes": ("id", "contact_id", "author", "body", "created_at", "changed_at"),
}  # fmt: skip


@dataclass(frozen=True)
class Recipe:
    """What every block is made by."""

    seed: int
    labels: Sequence[tuple[int, str, str]]
    """Id, name and folded name."""
    groups: Sequence[tuple[int, str, str]]
    grouped: float
    """The share of contacts that are in a group and no longer in the queue."""
    body: str
    """The compliance text."""
    time: Callable[[int], Any]
    """From microseconds since 1970 to what the store keeps."""


@dataclass
class Block:
    """Rows in the order of `COLUMNS`, and the counters that belong to them."""

    contacts: list[tuple[Any, ...]] = field(default_factory=list)
    attempts: list[tuple[Any, ...]] = field(default_factory=list)
    messages: list[tuple[Any, ...]] = field(default_factory=list)
    contact_labels: list[tuple[Any, ...]] = field(default_factory=list)
    notes: list[tuple[Any, ...]] = field(default_factory=list)
    consents: list[tuple[int, int, int, str, bytes]] = field(default_factory=list)
    """Microseconds, contact, request, evidence and its hash: not linked to the chain yet."""
    tallies: Counter[str] = field(default_factory=Counter)


def link(chain: Chain, block: Block, recipe: Recipe) -> list[tuple[Any, ...]]:
    """The consent events of a block, each hashing the one before."""
    rows = []
    for micros, contact, request, evidence, digest in block.consents:
        before = chain.head
        chain.seq += 1
        chain.head = event_hash(
            before, chain.seq, from_micros(micros), "opt_in", contact, NUMBER, request, digest
        )
        rows.append((
            chain.seq, recipe.time(micros), "opt_in", contact, NUMBER, request, evidence, digest,
            before, chain.head,
        ))  # fmt: skip
    return rows


def make_block(recipe: Recipe, number: int, moments: Sequence[int]) -> Block:
    """Make one block.

    Args:
        recipe: What it is made by.
        number: Which one it is.
        moments: When its contacts arrived, rising.
    """
    # Thousands of tuples and no cycle among them: collecting would cost a third.
    gc.disable()
    maker = _Maker(recipe, number)
    for place, moment in enumerate(moments, number * BLOCK):
        maker.add(place, moment)
    gc.enable()
    return maker.finished()


class _Maker:
    def __init__(self, recipe: Recipe, number: int) -> None:
        self._recipe = recipe
        self._rng = random.Random(f"{recipe.seed} {number}")
        self._mint = IdMint()
        self._block = Block()
        self._hours: Counter[int] = Counter()
        self._stages: Counter[str] = Counter()
        self._groups: Counter[int] = Counter()
        self._worn: Counter[int] = Counter()

    def finished(self) -> Block:
        tallies = self._block.tallies
        tallies.update({hour_tally(hour): n for hour, n in self._hours.items()})
        tallies.update({stage_tally(stage): n for stage, n in self._stages.items()})
        tallies.update({group_tally(group): n for group, n in self._groups.items()})
        tallies.update({label_tally(label): n for label, n in self._worn.items()})
        return self._block

    def add(self, place: int, micros: int) -> None:
        rng, block, time = self._rng, self._block, self._recipe.time
        contact = self._mint.take(micros // 1000)
        # As unlike as ids of one moment are, and as unique.
        request, message = contact ^ 0x155555, contact ^ 0x2AAAAA
        source = rng.choices(SOURCES, SHARES)[0]
        number, kind, region = phone(rng, place)
        first, last = names(rng, region)
        worn = self._labels(contact)
        stage, group = self._stage()
        at, settled = time(micros), time(micros + 1_200_000)
        address = f"{11 + contact % 201}.{contact % 241}.{contact % 251}.7"
        block.contacts.append((
            contact, number, first, last, stage, kind.value,
            "" if kind is Kind.UNASSIGNED else region, group, 1 if rng.random() < 0.03 else 0,
            self._badges(kind), NUMBER, haystack(first, last, number, worn), at, settled, 2, source,
        ))  # fmt: skip
        evidence = (
            f'{{"salt":"{rng.getrandbits(96):024x}","door":"api","phone":"{number}",'
            f'"ip_address":"{address}","user_agent":"{AGENTS[contact % len(AGENTS)]}"}}'
        )
        digest = hashlib.sha256(evidence.encode()).digest()
        block.consents.append((micros, contact, request, evidence, digest))
        agent = AGENTS[contact % len(AGENTS)]
        about = f'"ip_address":"{address}","user_agent":"{agent}"{_page(rng)}'
        block.attempts.append((
            request, at, "api", 1, "accepted", "", "", contact, address, "node-fetch/3",
            _body(number, first, last, about), source,
        ))  # fmt: skip
        if rng.random() < REFUSED:
            code, reason, sent = rng.choice(REFUSALS)
            block.attempts.append((
                contact ^ 0x3FFFFF, at, "api", 1, "refused", code, reason, None, address,
                "node-fetch/3", _body(sent.format(number), first, last, about), source,
            ))  # fmt: skip
        if rng.random() < NOTED:
            block.notes.append(
                (contact ^ 0x0FFFFF, contact, "anna", rng.choice(NOTES), settled, settled)
            )
        if kind not in UNTEXTED:
            block.messages.append((
                message, contact, NUMBER, number, "out", "compliance", self._recipe.body,
                "accepted", "", f"SIM{message:016x}", "", at, at, settled,
            ))  # fmt: skip
        self._hours[micros // 3_600_000_000] += 1

    def _badges(self, kind: Kind) -> int:
        bits = BADGES.get(kind, 0)
        for share, badge in MARKED:
            if self._rng.random() < share:
                bits |= BADGE_BITS[badge]
        return bits

    def _labels(self, contact: int) -> list[str]:
        """One contact in five wears a label, one in thirty two; the first ones most often."""
        labels, chance = self._recipe.labels, self._rng.random()
        if chance > 0.2 or not labels:
            return []
        wanted = 2 if chance < 0.033 else 1
        places = sorted({int(len(labels) * self._rng.random() ** 2) for _ in range(wanted)})
        for place in places:
            self._block.contact_labels.append((contact, labels[place][0]))
            self._worn[labels[place][0]] += 1
        return [labels[place][2] for place in places]

    def _stage(self) -> tuple[str, int | None]:
        group = None
        if self._recipe.grouped and self._rng.random() < self._recipe.grouped:
            group = self._rng.choice(self._recipe.groups)[0]
            self._groups[group] += 1
        stage = Stage.QUEUED.value if group is None else Stage.GROUPED.value
        self._stages[stage] += 1
        return stage, group


def _page(rng: random.Random) -> str:
    """Where two of three say that they opted in, most of them from an advertisement."""
    chance = rng.random()
    if chance > 0.66:
        return ""
    campaign = CAMPAIGNS[int(chance * 1_000) % len(CAMPAIGNS)]
    click = f"&gclid={rng.getrandbits(96):024x}" if chance < 0.5 else ""
    return f',"source_url":"https://shop.example.com/{campaign}?utm_source=google{click}"'


def _body(phone: str, first: str, last: str, about: str) -> str:
    return (
        f'{{"mobile_phone":"{phone}","first_name":{_json(first)},"last_name":{_json(last)},'
        f'"opt_in_number_id":"{NUMBER}",{about}}}'
    )
