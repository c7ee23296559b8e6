"""What was closed is kept by nobody: a desk is as small in the evening as in the morning."""

from __future__ import annotations

import asyncio
import gc
from weakref import ref

import pytest
from textual.app import ScreenStackError
from textual.css.query import NoMatches
from textual.dom import DOMNode
from textual.widgets._toast import Toast, ToastHolder

from app.desk import Desk
from app.options import DeskOptions
from screens.navigation import (
    ALL,
    CAMPAIGNS,
    DELIVERIES,
    DNC,
    INTAKE,
    INTEGRATIONS,
    KEYS,
    MESSAGES,
    NUMBERS,
    WEBHOOKS,
)
from screens.places import MOST_KEPT
from storage.store import Store
from tests.factories import make_queued
from tests.screens.hand import at_desk

ELSEWHERE = (
    *(ALL, DNC, INTEGRATIONS, CAMPAIGNS, INTAKE, MESSAGES, WEBHOOKS, DELIVERIES, NUMBERS, KEYS),
)


def still_there(parts: list[ref[DOMNode]]) -> list[str]:
    """Names of the parts that somebody keeps."""
    # A loop keeps what was called off until its time comes, at most a minute.
    for handle in asyncio.get_running_loop()._scheduled:  # type: ignore[attr-defined]
        if handle.cancelled():
            handle._context = None
    gc.collect()
    return [type(part).__name__ for each in parts if (part := each()) is not None]


async def test_nothing_is_left_of_a_place_a_contact_and_a_dialog(
    sqlite_store: Store, sqlite_url: str
) -> None:
    assert len(ELSEWHERE) > MOST_KEPT + 1
    make_queued(sqlite_store, 3)
    async with at_desk(sqlite_url) as hand:
        await hand.press("/", "a", "escape", "escape", "enter")
        await hand.until(lambda: hand.panel != "")
        await hand.press("m")
        await hand.until(lambda: hand.dialog == "MoveTo")
        parts = [ref(part) for part in hand.desk.screen.walk_children()]
        parts += [ref(part) for part in hand.place.walk_children(with_self=True)]
        await hand.press("escape", "escape")
        for key in ELSEWHERE:
            await hand.desk.main.go(key)
        # A thread that was reading, or a timer of a moment, may keep one that long.
        await hand.until(lambda: still_there(parts) == [])


async def test_a_list_that_was_closed_reads_ahead_for_nobody(
    sqlite_store: Store, sqlite_url: str
) -> None:
    make_queued(sqlite_store, 3)
    async with at_desk(sqlite_url) as hand:
        await hand.press("enter")
        await hand.until(lambda: hand.panel != "")
        closed = hand.contacts
        closed.foresee(3600.0)
        await hand.press("escape")
        for key in ELSEWHERE:
            await hand.desk.main.go(key)
        await hand.until(lambda: not closed.is_attached)
        assert closed._foresight is None or closed._foresight.cancelled()


async def test_toasts_that_others_take_over_leave_nothing_behind(sqlite_url: str) -> None:
    async with at_desk(sqlite_url) as hand:
        for said in range(12):
            hand.desk.notify(f"Said {said}.")
            await hand.pilot.pause()
        await hand.until(lambda: len(hand.desk.screen.query(ToastHolder)) == 1)
        assert len(hand.desk.screen.query(Toast)) == 1


@pytest.mark.parametrize("error", [NoMatches(), ScreenStackError()])
def test_what_is_missing_while_a_desk_is_taken_apart_is_no_fault(
    error: Exception, sqlite_url: str
) -> None:
    desk = Desk(DeskOptions(store_url=sqlite_url))
    desk._fatal_error = lambda: None  # type: ignore[method-assign]
    desk.exit(return_code=7)
    desk._handle_exception(error)
    assert desk.return_code == 7
    desk._handle_exception(ValueError())
    assert desk.return_code == 1


def test_what_is_missing_in_a_desk_that_stands_is_a_fault(sqlite_url: str) -> None:
    desk = Desk(DeskOptions(store_url=sqlite_url))
    desk._fatal_error = lambda: None  # type: ignore[method-assign]
    desk._handle_exception(NoMatches())
    assert desk.return_code == 1


async def test_a_toast_from_before_a_dialog_does_not_show_around_a_newer_one(
    sqlite_url: str,
) -> None:
    async with at_desk(sqlite_url) as hand:
        hand.desk.notify(
            "Said at some length, over two lines, before the dialog was opened at all."
        )
        await hand.press(":")
        hand.desk.notify("Said in it.")
        await hand.until(lambda: "Said in it." in hand.text)
        below, above = hand.desk.screen_stack
        await hand.until(lambda: len(above.query(ToastHolder)) == 1)
        await hand.until(lambda: not below.query(ToastHolder))


async def test_a_toast_shows_once_beside_a_dialog_and_again_when_that_is_closed(
    sqlite_url: str,
) -> None:
    async with at_desk(sqlite_url) as hand:
        hand.desk.notify("Said before.")
        await hand.until(lambda: hand.text.count("Said before.") == 1)
        hand.desk.main.query_one("ToastRack").add_class("-up")
        await hand.press(":")
        below, above = hand.desk.screen_stack
        await hand.until(lambda: len(above.query(ToastHolder)) == 1)
        await hand.until(lambda: not below.query(ToastHolder))
        await hand.until(lambda: hand.text.count("Said before.") == 1)
        await hand.press("escape")
        await hand.until(lambda: hand.text.count("Said before.") == 1)
