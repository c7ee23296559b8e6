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


def read_shapes(file: str) -> list[Shape]:
    """The bodies in a file beside this one."""
    lines = Path(__file__).with_name(file).read_text("utf-8").splitlines()
    return [_read(line) for line in lines]


RECORDED = [*read_shapes("recorded.jsonl"), *read_shapes("tried.jsonl")]
"""Bodies that were tried one by one."""
