"""`optdesk demo --story compliance`: told to its end, in the desk and without one."""

from __future__ import annotations

import subprocess
from datetime import timedelta

import pytest

from app.demo_story import ALLOWED, IDA, ROSA, TOM, Story
from app.options import Captions
from storage import delivery_log, text_log, tries
from storage.words import DeliveriesView, TextView
from tests import programs
from tests.screens.hand import at_desk

CHAPTERS = [f"{n}/8" for n in range(1, 9)]


class Told(Captions):
    """Remembers what was said."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[str, str]] = []

    def say(self, text: str, place: str = "") -> None:
        self.told.append((text, place))
        super().say(text, place)

    @property
    def chapters(self) -> list[str]:
        return list(dict.fromkeys(text.split()[0] for text, _place in self.told if text))


async def test_the_story_is_told_in_a_small_desk_and_ends_in_calm(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The endpoint is tried again at once, so that nobody waits for the second try.
    monkeypatch.setattr(tries, "SCHEDULE", (timedelta(0), *[timedelta(seconds=0.2)] * 50))
    captions = Told()
    story = Story("ana", captions, speed=20)
    try:
        async with at_desk(
            sqlite_url,
            size=(80, 24),
            prepare=story.prepare,
            on_listening=story.begin,
            settings={"webhook_allow": ALLOWED},
            captions=captions,
            throwaway=True,
        ) as hand:
            main = hand.desk.main
            seen: set[str] = set()
            while captions.told[-1:] != [("", "")] or main.caption.display:
                seen.add(main.places.current)
                assert main.caption.size.height <= 3
                await hand.pilot.pause(0.01)
            assert captions.chapters == CHAPTERS
            assert {"messages", "webhooks", "deliveries", "all"} <= seen
            assert "not going out" not in hand.text and "to judge" not in hand.status
            with hand.store.read() as conn:
                for person in (ROSA, TOM, IDA):
                    rows = text_log.page(conn, TextView(search=person.phone), limit=9).rows
                    assert {row.inbound for row in rows} == {True, False}, person.first
                events = delivery_log.page(conn, DeliveriesView(), limit=20).rows
            assert {row.status for row in events} == {"delivered"}
            assert max(row.tries for row in events) > 1
            assert len(events) == len(set(story.receiver.heard)) == 6
    finally:
        story.end()


@pytest.mark.trial
def test_without_a_terminal_it_is_told_in_lines() -> None:
    ran = programs.run(
        *("-m", "app.main", "demo", "--story", "compliance", "--speed", "60"),
        stdin=subprocess.DEVNULL,
    )
    assert ran.returncode == 0, ran.stderr
    told = [line.split()[0] for line in ran.stdout.splitlines()]
    assert list(dict.fromkeys(told)) == CHAPTERS


def test_an_unknown_story_is_wrong_usage() -> None:
    ran = programs.run(*("-m", "app.main", "demo", "--story", "romance"), stdin=subprocess.DEVNULL)
    assert ran.returncode == 2
    assert "no story" in ran.stderr
