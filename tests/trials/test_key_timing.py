"""Wrong credentials take equally long to refuse, however much of a live one they begin with."""

from __future__ import annotations

import random
import socket
import statistics
import time
from collections.abc import Callable, Sequence
from math import erfc, sqrt
from uuid import UUID

import pytest

from storage import integration
from storage.store import Store
from tests.server.served import serving

pytestmark = pytest.mark.trial

ROUNDS = 2500
"""Requests of each sort; the sorts take turns, in an order drawn anew for each round."""
SHARED = (0, 8, 16, 31, 35)
SEED = 20240328

TOLD_APART = 0.015
"""A share of the median below which a difference is no more than what the machine does."""
SURE = 1e-5


def test_no_wrong_key_is_told_from_another_by_its_time(sqlite_store: Store) -> None:
    with serving(sqlite_store) as served, served.connect() as line:
        sorts = _spoilt(served.key, _hexadecimal)
        body = b"{}"
        head = b"PUT /v1/public/opt-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"

        def request(key: str) -> bytes:
            return head + b"x-api: %b\r\nContent-Length: %d\r\n\r\n%b" % (key.encode(), 2, body)

        _tell_and_judge("API key", _measured(line, sorts, request, b"401"))


def test_no_wrong_url_is_told_from_another_by_its_time(sqlite_store: Store) -> None:
    with serving(sqlite_store) as served, served.connect() as line:
        with served.store.read() as conn:
            shown = integration.show(conn)
        assert shown is not None
        sorts = _spoilt(shown.token, _letters)
        head = b"POST /hooks/opt-in/%b HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"

        def request(token: str) -> bytes:
            return head % token.encode() + b"Content-Length: 2\r\n\r\n{}"

        _tell_and_judge("secret URL", _measured(line, sorts, request, b"404"))


def _hexadecimal(chance: random.Random, like: str) -> str:
    made = str(UUID(int=chance.getrandbits(128), version=4))
    return "".join(have if have == "-" else new for have, new in zip(like, made, strict=True))


def _letters(chance: random.Random, like: str) -> str:
    return "".join(chance.choices("abcdefghjkmnpqrstuvwxyz23456789", k=len(like)))


def _spoilt(
    live: str, other: Callable[[random.Random, str], str]
) -> dict[int, Callable[[random.Random], str]]:
    """Makers of wrong credentials by how many first characters they share with a live one."""

    def spoilt(chance: random.Random, shared: int) -> str:
        made = other(chance, live)
        if shared < len(live) and made[shared] == live[shared]:
            made = made[:shared] + ("1" if live[shared] == "0" else "0") + made[shared + 1 :]
        return live[:shared] + made[shared:]

    return {
        shared: lambda chance, shared=shared: spoilt(chance, shared)  # type: ignore[misc]
        for shared in SHARED
        if shared < len(live)
    }


def _measured(
    line: socket.socket,
    sorts: dict[int, Callable[[random.Random], str]],
    request: Callable[[str], bytes],
    status: bytes,
) -> dict[int, list[int]]:
    """Nanoseconds from sending a request to its answer, by the characters that were shared."""
    chance = random.Random(SEED)
    took: dict[int, list[int]] = {shared: [] for shared in sorts}
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for turn in range(ROUNDS + 100):
        order = list(sorts)
        chance.shuffle(order)
        for shared in order:
            sent = request(sorts[shared](chance))
            begin = time.perf_counter_ns()
            line.sendall(sent)
            answer = line.recv(4096)
            spent = time.perf_counter_ns() - begin
            assert answer[9:12] == status, answer
            if turn >= 100:
                took[shared].append(spent)
    return took


def _tell_and_judge(what: str, took: dict[int, list[int]]) -> None:
    none, *more = took
    usual = statistics.median(took[none])
    print(f"\n{what}: nothing shared, median {usual / 1000:.1f} us of {len(took[none])}")
    for shared in more:
        apart = statistics.median(took[shared]) - usual
        p = _mann_whitney(took[none], took[shared])
        print(f"{what}: {shared} characters shared, {apart / 1000:+.2f} us, p = {p:.3f}")
        assert p > SURE or abs(apart) < TOLD_APART * usual, (shared, apart, p)


def _mann_whitney(some: Sequence[int], others: Sequence[int]) -> float:
    """How probable two samples are that lie so far apart, if both are of one sort."""
    ranked = sorted([(value, 0) for value in some] + [(value, 1) for value in others])
    ranks, at = 0.0, 0
    while at < len(ranked):
        end = at
        while end < len(ranked) and ranked[end][0] == ranked[at][0]:
            end += 1
        ranks += (at + end + 1) / 2 * sum(1 for _, sort in ranked[at:end] if sort == 0)
        at = end
    n, m = len(some), len(others)
    spread = sqrt(n * m * (n + m + 1) / 12)
    return erfc(abs(ranks - n * (n + m + 1) / 2) / spread / sqrt(2))
