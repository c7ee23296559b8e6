"""Acts on many contacts: progress, cancelling, other work meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from storage import bulk, groups
from storage.store import Store
from storage.words import Actor
from tests.factories import make_queued
from tests.screens.hand import at_desk
from tests.waiting import PATIENCE

BO = Actor.person("bo")


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Chunks of ten; the second one waits for the gate to be opened."""
    opened = threading.Event()
    monkeypatch.setattr(bulk, "CHUNK", 10)
    chunks = bulk.chunks

    def slowly(*args: Any) -> Iterator[Any]:
        for number, ids in enumerate(chunks(*args)):
            if number == 1:
                opened.wait(PATIENCE)
            yield ids

    monkeypatch.setattr(bulk, "chunks", slowly)
    yield opened
    opened.set()


async def test_a_long_act_shows_its_progress_and_the_desk_goes_on(
    sqlite_store: Store, sqlite_url: str, gate: threading.Event
) -> None:
    make_queued(sqlite_store, 40)
    sqlite_store.do(lambda conn: groups.create(conn, BO, "Spring"))
    async with at_desk(sqlite_url) as hand:
        await hand.press("*")
        await hand.until(lambda: "40 marked" in hand.status)
        await hand.press("m", "enter")
        await hand.until(lambda: "move to “Spring”" in hand.text and "10 of 40" in hand.text)
        assert "esc stops it" in hand.text
        await hand.press("d")
        assert hand.toasts[-1] == "Still busy: move to “Spring”."
        await hand.press("]")
        await hand.until(lambda: hand.place.sentence.startswith("Spring"))
        await hand.press("[")
        gate.set()
        await hand.until(lambda: "Spring 40" in hand.sidebar)
        await hand.until(lambda: "10 of 40" not in hand.text)
        assert hand.toasts[-1].startswith("Moved 40 contacts to “Spring”.")


async def test_esc_stops_it_and_keeps_what_is_done(
    sqlite_store: Store, sqlite_url: str, gate: threading.Event
) -> None:
    make_queued(sqlite_store, 40)
    sqlite_store.do(lambda conn: groups.create(conn, BO, "Spring"))
    async with at_desk(sqlite_url) as hand:
        await hand.press("*")
        await hand.until(lambda: "40 marked" in hand.status)
        await hand.press("m", "enter")
        await hand.until(lambda: "10 of 40" in hand.text)
        await hand.press("escape")
        await hand.until(lambda: "stopping…" in hand.text)
        gate.set()
        await hand.until(lambda: hand.toasts)
        assert "Cancelled after" in hand.toasts[-1] and "what was done stays" in hand.toasts[-1]
        await hand.until(lambda: "Spring 10" in hand.sidebar or "Spring 20" in hand.sidebar)
        await hand.press("u")
        await hand.until(lambda: "Spring 0" in hand.sidebar)


async def test_the_line_of_keys_says_what_esc_does_meanwhile(
    sqlite_store: Store, sqlite_url: str, gate: threading.Event
) -> None:
    make_queued(sqlite_store, 40)
    sqlite_store.do(lambda conn: groups.create(conn, BO, "Spring"))
    async with at_desk(sqlite_url) as hand:
        await hand.press("*")
        await hand.until(lambda: hand.text.splitlines()[-1].startswith(" esc unmark"))
        await hand.press("m", "enter")
        await hand.until(lambda: hand.text.splitlines()[-1].startswith(" esc stop "))
        gate.set()
        await hand.until(lambda: "esc stop" not in hand.text)
