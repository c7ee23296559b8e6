"""A body of many parts takes no more time for each than one of few."""

from __future__ import annotations

import json
import time

import pytest

from tests.server.test_mapping import check

pytestmark = pytest.mark.trial


def _many(n: int, turn: int) -> list[tuple[bytes, str]]:
    """Bodies of so many parts; what names are not new in each turn would be known already."""
    return [
        (json.dumps({f"field {turn}.{k}": "x" for k in range(n)}).encode(), "application/json"),
        (json.dumps({"phone": ["1"] * n}).encode(), "application/json"),
        ("&".join(f"phone=+120255{k:05}" for k in range(n)).encode(), "text/plain"),
        (
            "&".join(f"a{turn}[{k}][b]=c" for k in range(n)).encode(),
            "application/x-www-form-urlencoded",
        ),
        (b"name=" + b"van " * n + b"&phone=" + b"1 " * n, "application/x-www-form-urlencoded"),
        (b"--a\r\n\r\n" * n + b"--a--", "multipart/form-data; boundary=a"),
        (
            b'--a\r\nContent-Disposition: x; "' + b";" * 5 * n + b"\r\n\r\n\r\n--a--",
            "multipart/form-data; boundary=a",
        ),
        (json.dumps({f"{turn}{k}": "2025550146" for k in range(n)}).encode(), "application/json"),
    ]


def test_the_time_grows_no_faster_than_the_body() -> None:
    best: dict[int, list[float]] = {}
    turns = [(n, _many(n, turn)) for turn in range(3) for n in (1000, 10_000)]
    for n, bodies in turns:
        spent = []
        for body, media in bodies:
            began = time.process_time()
            check(body, media)
            spent.append(time.process_time() - began)
        best[n] = list(map(min, best.get(n, spent), spent))
    for place, (small, large) in enumerate(zip(best[1000], best[10_000], strict=True)):
        assert large < 40 * small + 0.05, (place, small, large)
