"""Rate limits, and whose address they count."""

from __future__ import annotations

import pytest

from server import listener
from server.peers import Proxies, block_of, read_address
from server.rates import Rates
from storage import attempts, keys
from storage.store import Store
from storage.words import Actor
from tests.server.served import Served, serving
from tests.waiting import soon

ME = Actor.person("ana")


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def passes(rates: Rates, caller: str = "a") -> bool:
    """Lets a caller in where it may."""
    if rates.wait(caller) > 0:
        return False
    rates.count(caller)
    return True


def test_exactly_the_limit_passes_in_any_second() -> None:
    clock = Clock()
    rates = Rates(5, clock)
    assert [passes(rates) for _ in range(8)] == [True] * 5 + [False] * 3
    clock.now += 0.999
    assert not passes(rates)
    assert rates.wait("a") == pytest.approx(0.001)
    clock.now += 0.001
    assert [passes(rates) for _ in range(8)] == [True] * 5 + [False] * 3


def test_who_keeps_knocking_still_gets_its_share() -> None:
    clock = Clock()
    rates = Rates(10, clock)
    came_in = 0
    for _ in range(1000):
        came_in += passes(rates)
        clock.now += 0.01
    assert came_in == 100


def test_callers_do_not_count_for_each_other_and_are_forgotten() -> None:
    clock = Clock()
    rates = Rates(1, clock)
    for n in range(10_000):
        assert passes(rates, f"caller {n}")
        clock.now += 0.001
    assert len(rates._passed) < 6000


def test_no_limit_lets_everything_through() -> None:
    rates = Rates(0)
    assert all(passes(rates) for _ in range(1000))


def statuses(served: Served, n: int, **headers: str) -> list[int]:
    """What so many requests are answered."""
    return [served.put(**headers).status_code for _ in range(n)]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """What a listener counts its seconds with."""
    made = Clock()
    monkeypatch.setattr(listener, "Rates", lambda limit: Rates(limit, made))
    return made


def test_a_key_has_a_limit_of_its_own(sqlite_store: Store, clock: Clock) -> None:
    with serving(sqlite_store, rate_per_key=4) as served:
        other = sqlite_store.do(lambda conn: keys.create(conn, ME, "other"))
        assert statuses(served, 7) == [200] * 4 + [429] * 3
        assert statuses(served, 1, x_api=other.key) == [200]
        answer = served.put()
        assert answer.json()["error_code"] == "RATE_LIMITED"
        assert answer.headers["Retry-After"] == "1"
        clock.now += 1.0
        assert statuses(served, 5) == [200] * 4 + [429]

        def limited() -> int:
            with sqlite_store.read() as conn:
                return [row.code for row in attempts.listing(conn)].count("RATE_LIMITED")

        soon(lambda: limited() >= 5)
        assert limited() == 5


@pytest.mark.usefixtures("clock")
def test_an_address_counts_as_forwarded_only_when_a_trusted_proxy_says_so(
    sqlite_store: Store,
) -> None:
    with serving(sqlite_store, rate_per_peer=2, trusted_proxies=("127.0.0.0/8",)) as served:
        assert statuses(served, 3, X_Forwarded_For="203.0.113.1") == [200, 200, 429]
        assert statuses(served, 1, X_Forwarded_For="203.0.113.2") == [200]
        # Only what the proxy itself wrote counts, not what the sender had written before.
        assert statuses(served, 1, X_Forwarded_For="9.9.9.9, 203.0.113.1") == [429]
        with sqlite_store.read() as conn:
            assert {row.peer for row in attempts.listing(conn)} == {"203.0.113.1", "203.0.113.2"}


@pytest.mark.usefixtures("clock")
def test_without_a_trusted_proxy_the_connection_counts(sqlite_store: Store) -> None:
    with serving(sqlite_store, rate_per_peer=2) as served:
        found = [statuses(served, 1, X_Forwarded_For=f"203.0.113.{n}")[0] for n in range(4)]
        assert found == [200, 200, 429, 429]


@pytest.mark.parametrize(
    ("peer", "forwarded", "sender"),
    [
        ("198.51.100.1", ["203.0.113.1"], "198.51.100.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.1"], "203.0.113.1"),
        ("10.0.0.1", ["203.0.113.1, 10.0.0.2"], "203.0.113.1"),
        ("10.0.0.1", ["203.0.113.1", "203.0.113.2"], "203.0.113.2"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", ["203.0.113.1, nonsense"], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.1:4711"], "203.0.113.1"),
        ("10.0.0.1", ["[2001:db8::1]:443"], "2001:db8::1"),
        ("::ffff:10.0.0.1", ["203.0.113.1"], "203.0.113.1"),
        ("10.0.0.1", ["\udcff"], "10.0.0.1"),
    ],
)
def test_the_sender_is_the_nearest_address_that_is_no_proxy(
    peer: str, forwarded: list[str], sender: str
) -> None:
    assert Proxies(["10.0.0.0/8"]).sender(peer, forwarded) == sender


def test_limits_see_ipv6_networks_and_mapped_addresses_as_one() -> None:
    assert block_of("2001:db8:1:2:3::4") == block_of("2001:db8:1:2:ffff::1")
    assert block_of("2001:db8:1:2::1") != block_of("2001:db8:1:3::1")
    assert block_of("::ffff:203.0.113.1") == block_of("203.0.113.1") == "203.0.113.1"
    assert read_address("\udcff") is None
