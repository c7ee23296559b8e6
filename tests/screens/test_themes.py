"""Every colour of Optdesk's own themes can be read on every ground that it stands on."""

from __future__ import annotations

import pytest
from textual.color import Color
from textual.theme import Theme

from screens.themes import THEMES
from storage.labels import COLOURS
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
