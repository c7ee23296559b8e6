"""One timer for many waits: each ends in its time, and nobody else's cancelling is taken for it."""

from __future__ import annotations

import asyncio

import pytest

from server.webhooks.deadline import Deadline


async def test_each_ends_in_its_time_and_by_its_own() -> None:
    deadline, ends = Deadline(0.05), asyncio.Event()

    async def wait(what: asyncio.Event) -> str:
        try:
            with deadline:
                await what.wait()
        except TimeoutError:
            return "too late"
        return "in time"

    late = [asyncio.create_task(wait(asyncio.Event())) for _ in range(3)]
    quick = asyncio.create_task(wait(ends))
    await asyncio.sleep(0)
    ends.set()
    assert await quick == "in time"
    await asyncio.sleep(0)
    later = asyncio.create_task(wait(asyncio.Event()))
    assert await asyncio.gather(*late, later) == ["too late"] * 4
    assert not any(task.cancelling() for task in late)
    deadline.close()


async def test_who_is_cancelled_by_another_is_not_late() -> None:
    deadline = Deadline(30)

    async def wait() -> None:
        with deadline:
            await asyncio.Event().wait()

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    deadline.close()


async def test_what_fails_within_it_fails_as_it_does() -> None:
    deadline = Deadline(30)
    with pytest.raises(ValueError, match="mine"), deadline:
        raise ValueError("mine")
    deadline.close()
