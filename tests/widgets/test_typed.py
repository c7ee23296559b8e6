"""What is typed or pasted takes the cells that it was measured to take."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.app import App, ComposeResult
from textual.color import Color
from textual.strip import Strip

from tests.widgets.hostile import NAMES
from widgets.display import NoControls
from widgets.typed import Line, level
from widgets.typed_page import Page

FAMILY = "👩\u200d👩\u200d👧"


def as_drawn(strip: Strip) -> str:
    return "".join(part.text for part in NoControls().apply(list(strip), Color(0, 0, 0)))


def cells(text: str) -> int:
    """What a terminal that joins nothing needs."""
    return sum(map(cell_len, text))


@given(st.text(max_size=30))
@example(f"a{FAMILY} b")
@example("\u200dx")
@example("❤\ufe0f👍🏽🇩🇪")
@example("e" + "\u0301" * 40 + "x")
def test_a_level_line_is_as_wide_as_it_was_measured(text: str) -> None:
    strip = Strip([Segment(text)])
    width = strip.cell_length
    assert cells(as_drawn(level(strip))) == width


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Zoë 李 “sale” 👩", "Zoë 李 “sale” 👩"),
        (f"the {FAMILY} group", "the 👩 group"),
        ("❤\ufe0f!", "❤ !"),
        ("ab\u202ecd", "a\ufffdcd"),
        ("a\x1b[2J", "\ufffd[2J"),
    ],
)
def test_what_hides_in_a_line_shows_and_the_rest_stays(text: str, shown: str) -> None:
    assert level(Strip([Segment(text)])).text == shown


class Form(App[None]):
    """A line and a page to type in."""

    def compose(self) -> ComposeResult:
        yield Line(compact=True)
        yield Page(compact=True)


ODD = [name[:60] for name in NAMES if cells(name[:60]) != cell_len(name[:60])]


@pytest.mark.parametrize("kind", [Line, Page])
async def test_a_line_that_strangers_wrote_moves_nothing_beside_it(
    kind: type[Line] | type[Page],
) -> None:
    assert ODD
    app = Form()
    async with app.run_test(size=(40, 8)) as pilot:
        asked = app.query_one(kind)
        asked.focus()
        for text in [FAMILY, f"x{FAMILY}y", *ODD[:12]]:
            asked.clear()
            app.post_message(events.Paste(text))
            await pilot.pause()
            for strip in app.screen._compositor.render_strips():
                assert cells(as_drawn(strip)) == app.size.width, text
