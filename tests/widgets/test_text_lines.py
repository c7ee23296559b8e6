"""Lines that scroll: what they show, and what they paint when they become others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from rich.style import Style as RichStyle
from textual.app import App, ComposeResult
from textual.content import Content
from textual.geometry import Offset, Region
from textual.selection import Selection
from textual.strip import Strip
from textual.widget import Widget

from widgets.text_lines import TextLines


class Page(App[None]):
    """Nothing but lines."""

    def compose(self) -> ComposeResult:
        yield TextLines()

    @property
    def lines(self) -> TextLines:
        return self.query_one(TextLines)

    @property
    def shown(self) -> list[str]:
        lines = self.lines
        return [lines.render_line(y).text.rstrip() for y in range(lines.size.height)]

    @property
    def bar_seen(self) -> bool:
        """Whether the cells of the scrollbar differ from the ground of the lines."""
        bar, (_, ground) = self.lines.vertical_scrollbar, self.lines.background_colors
        cells = [cell for strip in bar.render_lines(bar.size.region) for cell in strip]
        return {cell.style for cell in cells} != {RichStyle(bgcolor=ground.rich_color)}


def numbered(count: int) -> list[Content]:
    return [Content(f"line {number}") for number in range(count)]


@pytest.fixture
def painted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[Region, ...]]]:
    """The regions that lines asked to be painted; a whole layout is one without regions."""
    asked: list[tuple[Region, ...]] = []
    plain = Widget.refresh

    def noted(self: Widget, *regions: Region, **how: bool) -> Widget:
        if isinstance(self, TextLines):
            asked.append(() if how.get("layout") else regions)
        return plain(self, *regions, **how)

    monkeypatch.setattr(TextLines, "refresh", noted)
    yield asked


async def test_only_the_lines_that_are_others_are_painted(
    painted: list[tuple[Region, ...]],
) -> None:
    app = Page()
    async with app.run_test(size=(20, 10)) as pilot:
        app.lines.show_lines(numbered(6))
        await pilot.pause()
        painted.clear()
        app.lines.show_lines([*numbered(2), Content("another"), *numbered(5)[3:]])
        assert painted == [(Region(0, 2, app.lines.room, 1), Region(0, 5, app.lines.room, 1))]
        await pilot.pause()
        assert app.shown[:6] == ["line 0", "line 1", "another", "line 3", "line 4", ""]


async def test_fewer_lines_leave_no_room_below_the_last_one() -> None:
    app = Page()
    async with app.run_test(size=(20, 10)) as pilot:
        app.lines.show_lines(numbered(50))
        await pilot.pause()
        assert app.bar_seen
        app.lines.scroll_to(y=40, animate=False, immediate=True)
        await pilot.pause()
        assert app.shown[-1] == "line 49"
        app.lines.show_lines(numbered(12))
        await pilot.pause()
        assert app.shown[-1] == "line 11"
        app.lines.show_lines(numbered(3))
        await pilot.pause()
        assert app.shown[0] == "line 0"
        assert not app.bar_seen


async def test_what_is_chosen_with_the_mouse_can_be_copied() -> None:
    app = Page()
    async with app.run_test(size=(20, 10)) as pilot:
        app.lines.show_lines(numbered(6))
        await pilot.pause()
        chosen = Selection(Offset(5, 1), Offset(6, 3))
        app.screen.selections = {app.lines: chosen}
        await pilot.pause()
        assert app.screen.get_selected_text() == "1\nline 2\nline 3"
        grounds = {str(each.style.bgcolor) for each in app.lines.render_line(2) if each.style}
        assert grounds != {
            str(each.style.bgcolor) for each in app.lines.render_line(5) if each.style
        }


async def test_lines_and_scrollbar_look_as_textual_would_paint_them() -> None:
    class Edged(Page):
        CSS = "TextLines { border-left: solid red; padding: 0 1 0 2; scrollbar-gutter: stable; }"

    app = Edged()
    async with app.run_test(size=(30, 10)) as pilot:
        written = [
            Content.assemble((f"word {n}", "$text-muted"), ("  x", "bold $error"))
            for n in range(40)
        ]
        for lines, top in ((written, 0), (written, 7), (written[:3], 0)):
            app.lines.show_lines(lines)
            app.lines.scroll_to(y=top, animate=False, immediate=True)
            await pilot.pause()
            parts: list[Widget] = [app.lines]
            if app.bar_seen:
                parts.append(app.lines.vertical_scrollbar)
            for part in parts:
                crop = part.outer_size.region
                ours = seen(part.render_lines(crop))
                part._styles_cache.clear()
                assert ours == seen(Widget.render_lines(part, crop))


def seen(strips: list[Strip]) -> list[list[tuple[str, object, object]]]:
    """What each cell shows; the colour of a blank is nobody's concern."""
    return [
        [
            (char, style.bgcolor, char != " " and (style.color, style.bold, style.reverse))
            for text, style, _ in strip
            if style is not None
            for char in text
        ]
        for strip in strips
    ]
