"""Bodies of platforms and tools, a line each in files beside this one."""

from __future__ import annotations

import json
from pathlib import Path

from tests.server.senders.shape import ADA, JSON, Shape


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
    for name in ("recorded.jsonl", "tried.jsonl")
    for line in Path(__file__).with_name(name).read_text("utf-8").splitlines()
]
