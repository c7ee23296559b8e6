"""Bodies of platforms and tools, a line each in `recorded.jsonl`, as `shapes` has them in code."""

from __future__ import annotations

import json
from pathlib import Path

from tests.server.senders.shapes import ADA, JSON, Shape


def _read(line: str) -> Shape:
    said = json.loads(line)
    body = said["body"]
    return Shape(
        said["name"],
        body if isinstance(body, str) else json.dumps(body),
        said.get("media", JSON),
        tuple(said.get("lead", ADA)),
        region=said.get("region", "US"),
        source=said.get("source", ""),
    )


RECORDED = [
    _read(line)
    for line in Path(__file__).with_name("recorded.jsonl").read_text("utf-8").splitlines()
]
