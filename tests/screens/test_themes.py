"""Every colour of Optdesk's own themes can be read on its ground, and every style is at hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.color import Color
from textual.theme import Theme

from app.background import import_the_rest
from app.desk import Desk
from app.options import DeskOptions
from screens.dialog import Dialog
from screens.main import DIALOG_STYLES
from screens.themes import THEMES
from storage.labels import COLOURS
from storage.store import Store
from tests.factories import make_queued
from tests.screens.hand import at_desk
from widgets.table_palette import READABLE, contrast, label_hue


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_letters_have_the_contrast_that_wcag_asks_for(theme: Theme) -> None:
    of = theme.variables
    inks = [theme.foreground, theme.primary, theme.accent, theme.warning, theme.error]
    inks += [theme.success, of["text-muted"], of["footer-key-foreground"]]
    grounds = [theme.background, theme.surface, theme.panel, of["block-cursor-background"]]
    poor = {
        f"{ink} on {ground}"
        for ink in inks
        for ground in grounds
        if contrast(Color.parse(ink or ""), Color.parse(ground or "")) < READABLE
    }
    assert not poor
    assert contrast(Color.parse(theme.background or ""), Color.parse(theme.error or "")) >= READABLE


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_labels_can_be_read_in_every_colour(theme: Theme) -> None:
    for ground in (theme.background, theme.surface):
        base = Color.parse(ground or "")
        for name in COLOURS:
            assert contrast(Color.parse(label_hue(name, base)), base) >= READABLE, name


def test_the_styles_of_every_dialog_are_read_before_it_opens() -> None:
    import_the_rest()
    kinds: list[Any] = [Dialog]
    named: set[str] = set()
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        named |= {Path(path).name for path in kind.CSS_PATH}
    assert named == {path.name for path in DIALOG_STYLES}
    assert all(path.is_file() for path in DIALOG_STYLES)


@pytest.mark.parametrize(
    ("colours", "theme"),
    [("standard", "ansi-dark"), ("256", "optdesk-night"), ("truecolor", "optdesk-night")],
)
def test_a_terminal_of_sixteen_colours_gets_a_theme_of_its_own(
    sqlite_url: str, colours: str, theme: str
) -> None:
    desk = Desk(DeskOptions(store_url=sqlite_url, port=0, actor="ana"))
    desk.suit(colours)
    assert desk.theme == theme


@pytest.mark.parametrize("theme", ["ansi-dark", "ansi-light", "optdesk-night"])
async def test_what_a_dialog_is_about_stays_to_be_seen_behind_it(
    theme: str, sqlite_store: Store, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPTDESK_THEME", theme)
    make_queued(sqlite_store, 1)
    async with at_desk(sqlite_url) as hand:
        for key in ("m", "l", ":"):
            await hand.press(key)
            await hand.until(lambda: hand.dialog)
            assert "Opt-in queue, newest first" in hand.text
            await hand.press("escape")
