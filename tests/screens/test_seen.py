"""What is rendered of a screen: as much as is seen, and exactly what Textual would."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from functools import partial
from types import MethodType

from textual._compositor import Compositor
from textual.geometry import Region
from textual.strip import Strip

from screens.main import MainScreen
from storage.store import Store
from tests.factories import make_queued
from tests.screens.hand import at_desk
from widgets.seen import SeenCompositor

_NOTHING_THERE = re.compile(r"\x1b\[\d+;\d+H(?=\x1b\[\d+;\d+H|\n|$)")
"""Textual also goes to places where it then writes nothing."""


async def test_a_change_is_painted_as_textual_would_paint_it(
    sqlite_store: Store, sqlite_url: str
) -> None:
    make_queued(sqlite_store, 60)
    dice = random.Random(5)
    async with at_desk(sqlite_url, size=(80, 24)) as hand:
        seen = hand.desk.main._compositor
        assert isinstance(seen, SeenCompositor)
        hand.desk.notify("A toast lies over the rows.")
        await hand.pilot.pause()
        for _ in range(60):
            x, y = dice.randrange(78), dice.randrange(22)
            changed = {Region(x, y, dice.randint(1, 80 - x), dice.randint(1, 24 - y))}
            changed.add(Region(dice.randrange(40), dice.randrange(24), dice.randint(1, 40), 1))
            assert _painted(hand.desk.main, changed) == _painted_by_textual(hand.desk.main, changed)


async def test_what_was_asked_for_before_it_was_painted_is_painted_all_the_same(
    sqlite_store: Store, sqlite_url: str
) -> None:
    async with at_desk(sqlite_url, size=(80, 24)) as hand:
        await hand.until(lambda: "The Opt-in queue is empty." in hand.text)
        screen, table = hand.desk.main, hand.table
        compositor = screen._compositor
        compositor.reflow(screen, screen.size)
        compositor._dirty_regions.clear()
        hand.contacts._nobody.styles.display = "none"
        table.styles.height = "1fr"
        # As Textual does once something is to be painted that was not laid out yet.
        compositor._full_map_invalidated = True
        assert table in compositor.full_map
        assert table in compositor.reflow(screen, screen.size).resized
        middle = table.region.height // 2 + table.region.y
        assert any(middle in region.line_range for region in compositor._dirty_regions)


def _painted(screen: MainScreen, changed: set[Region]) -> str:
    screen._compositor._dirty_regions = set(changed)
    update = screen._compositor.render_partial_update()
    assert update is not None
    return _NOTHING_THERE.sub("", update.render_segments(screen.app.console))


def _painted_by_textual(screen: MainScreen, changed: set[Region]) -> str:
    compositor = screen._compositor
    compositor._dirty_regions = set(changed)
    ours = compositor._render_chops
    compositor._render_chops = MethodType(Compositor._render_chops, compositor)  # type: ignore[method-assign]
    try:
        update = Compositor.render_partial_update(compositor)
    finally:
        compositor._render_chops = ours  # type: ignore[method-assign]
    assert update is not None
    return _NOTHING_THERE.sub("", update.render_segments(screen.app.console))


async def test_what_others_cover_is_not_rendered(sqlite_store: Store, sqlite_url: str) -> None:
    make_queued(sqlite_store, 60)
    async with at_desk(sqlite_url, size=(80, 24)) as hand:
        rendered: list[tuple[object, int]] = []
        main = hand.desk.main
        for widget in main._compositor.visible_widgets:
            widget.render_lines = partial(_noted, widget.render_lines, rendered)  # type: ignore[method-assign]
        table = main._compositor.visible_widgets[hand.table][0]
        main._compositor._dirty_regions = {Region(table.x, table.y + 3, 10, 1)}
        main._compositor.render_partial_update()
        assert rendered == [(hand.table, 1)]


def _noted(
    lines: Callable[[Region], list[Strip]], rendered: list[tuple[object, int]], crop: Region
) -> list[Strip]:
    rendered.append((lines.__self__, crop.height))  # type: ignore[attr-defined]
    return lines(crop)
