"""The log: what it says, and what it must never say."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from server import log
from storage.store import Store, StoreHealth
from tests.factories import next_phone
from tests.server.served import Served, serving
from tests.waiting import soon


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What is written to standard error while the log goes there."""
    page = io.StringIO()
    monkeypatch.setattr("sys.stderr", page)
    root = logging.getLogger("optdesk")
    before = (root.handlers[:], root.propagate, root.level)
    log.log_to_stderr()
    yield page
    root.handlers[:], root.propagate = before[0], before[1]
    root.setLevel(before[2])


def test_an_unforeseen_fault_is_logged_by_type_and_place_alone(written: io.StringIO) -> None:
    def fail() -> None:
        raise ValueError("+14155550123 Ana secret-token")

    try:
        fail()
    except ValueError as error:
        log.note_unexpected("a test", error)
    said = json.loads(written.getvalue())
    assert said["error"] == "ValueError"
    assert said["at"].startswith("fail:")
    for secret in ("4155550123", "Ana", "secret-token"):
        assert secret not in written.getvalue()


def test_faults_of_the_event_loop_are_logged_by_type_alone(written: io.StringIO) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        log.quiet_loop(loop)
        loop.call_soon(lambda: 1 / 0)
        loop.call_exception_handler({"message": "+14155550123"})
        await asyncio.sleep(0.01)

    asyncio.run(main())
    assert "ZeroDivisionError" in written.getvalue()
    assert "4155550123" not in written.getvalue()


def test_what_was_held_back_of_a_store_that_comes_and_goes_is_said_at_last(
    sqlite_store: Store, written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def said() -> list[str]:
        return [json.loads(line)["says"] for line in written.getvalue().splitlines()]

    monkeypatch.setattr(log, "_HEALTH_SECONDS", 0.3)
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(log, "time", SimpleNamespace(monotonic=lambda: clock.now))
    note = log.HealthLog(sqlite_store)
    well, held, gone = (StoreHealth(), StoreHealth(False, "held"), StoreHealth(False, "gone"))
    for health in (held, well, gone):
        note(health)
    recovered = "The store works again."
    assert said() == ["held", recovered, "gone"]
    for health in (well, gone, well):
        note(health)
    assert said() == ["held", recovered, "gone"], "the same again is held back"
    clock.now += 1.0
    soon(lambda: len(said()) > 3)
    assert said()[3:] == [recovered]


def test_nothing_a_sender_wrote_is_in_the_log(
    store: Store, written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(store) as served:
        phone = next_phone()
        secrets = [phone[2:], "Wilhelmina", "198.51.100.7", served.key, served.number_id]
        served.put(served.body(mobile_phone=phone, first_name="Wilhelmina"))
        served.put(served.body(mobile_phone=phone, first_name="Wilhelmina"))
        served.put(b"{Wilhelmina")
        served.raw(b"GET /Wilhelmina HTTP/1.1\r\n" + served.key.encode() + b"\r\n\r\n")
        monkeypatch.setattr("server.doors.api.parse_e164", lambda phone: int(phone + "x"))
        served.put(served.body(mobile_phone=phone, first_name="Wilhelmina"))
        served.session.close()
    page = written.getvalue()
    assert "ValueError" in page
    for secret in secrets:
        assert secret not in page


def test_without_being_asked_nothing_is_shown(
    served: Served, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.doors.api.parse_e164", lambda _phone: 1 / 0)
    assert served.put().status_code == 503
    served.raw(b"nonsense\r\n\r\n")
    assert capfd.readouterr() == ("", "")
