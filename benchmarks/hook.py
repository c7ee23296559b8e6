"""The hook door beside the API door, and what mapping a body costs."""

from __future__ import annotations

import json
import time

from benchmarks import servers
from benchmarks.figures import Figure, Report, median
from benchmarks.load import Job, send
from benchmarks.stores import Stores
from server.mapping.mapper import Mapped, map_lead
from server.mapping.reading import read_body
from storage import integration
from storage.store import Store

SHARE_OF_API = 0.70
MAPPING_MS = 0.5
BODY_BYTES = 4096


def run(report: Report, stores: Stores, *, quick: bool) -> None:
    """Races the doors of one listener in turns, then maps in this process."""
    report.section("hook", "the secret URL beside the API door, JSON, every request a new number")
    rounds, seconds = (2, 1.5) if quick else (5, 4.0)
    made = stores.new("sqlite", 0)
    opened = Store(made.url, read_only=True)
    with opened.read() as conn:
        view = integration.show(conn)
    assert view is not None
    rates: dict[str, list[float]] = {"": [], view.token: []}
    first = 0
    try:
        with servers.optdesk(made.url) as served:
            for _ in range(rounds):
                for token, found in rates.items():
                    job = Job(served.url, made.key, made.number_id, seconds, 0.5, first=first)
                    job.token, job.tagged = token, True
                    result = send(job)
                    if set(result.statuses) != {"200"} or result.lost:
                        raise RuntimeError(f"{result.statuses}, {result.lost} not answered")
                    first += result.answered + 1000
                    found.append(result.per_second)
    finally:
        opened.close()
        stores.drop(made)
    api, hook = median(rates[""]), median(rates[view.token])
    report.say(f"API door {api:,.0f} req/s, hook door {hook:,.0f} req/s")
    report.add(Figure("share of the API door", hook / api, at_least=SHARE_OF_API))
    for name, body in (("flat", _flat()), ("labelled fields", _labelled())):
        spent = _map_ms(body, 50 if quick else 300)
        report.add(Figure(f"mapping {len(body):,} bytes, {name}", spent, "ms", at_most=MAPPING_MS))


def _map_ms(body: bytes, times: int) -> float:
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        found = map_lead(read_body(body, "application/json").tree, (), "US")
        spent.append((time.perf_counter() - began) * 1000)
        assert isinstance(found, Mapped)
    return median(spent)


_LEAD = {"First Name": "Ada", "Last Name": "Byron", "Phone Number": "(202) 555-0146"}


def _flat() -> bytes:
    said, n = dict(_LEAD), 0
    while len(json.dumps(said)) < BODY_BYTES - 60:
        said[f"Question number {n}"] = f"An answer of some words {n}"
        n += 1
    return json.dumps(said).encode()


def _labelled() -> bytes:
    fields = [
        {"key": f"q{n}", "label": label, "type": "INPUT_TEXT", "value": value}
        for n, (label, value) in enumerate(_LEAD.items())
    ]
    while len(json.dumps({"data": {"fields": fields}})) < BODY_BYTES - 110:
        n = len(fields)
        fields.append(
            {"key": f"q{n}", "label": f"Question {n}", "type": "INPUT_TEXT", "value": "words"}
        )
    return json.dumps({"data": {"fields": fields}}).encode()
