"""How often something is done that nobody could follow at any pace."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from textual.app import App

from tests.waiting import PATIENCE
from widgets import allowance, seen
from widgets.allowance import Allowance
from widgets.seen import FrameTimer


def test_a_few_go_at_once_and_then_so_many_a_second(monkeypatch: pytest.MonkeyPatch):
    clock = [100.0]
    monkeypatch.setattr(allowance, "monotonic", lambda: clock[0])
    told = Allowance(3, 10)
    assert [told.wait() for _ in range(3)] == [0, 0, 0]
    assert told.wait() == pytest.approx(0.1)
    clock[0] += 0.125
    assert told.wait() == 0
    assert told.wait() > 0
    clock[0] += 60
    assert [told.wait() > 0 for _ in range(4)] == [False, False, False, True]


async def test_what_a_key_brings_is_painted_without_a_pause(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(seen, "HASTE_SECONDS", 60.0)
    painted: list[float] = []
    app = App[None]()
    async with app.run_test():

        def paint() -> None:
            frames.pause()
            painted.append(1)

        frames = FrameTimer(app, 30.0, callback=paint, pause=True)
        frames._start()
        frames.resume()
        await until(lambda: len(painted) == 1)
        frames.resume()
        await asyncio.sleep(0.05)
        # Nobody typed: the next frame waits for its turn.
        assert len(painted) == 1
        frames.hasten()
        await until(lambda: len(painted) == 2)
        frames.resume()
        await until(lambda: len(painted) == 3)
        frames.stop()


async def until(come: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not come():
            await asyncio.sleep(0)
