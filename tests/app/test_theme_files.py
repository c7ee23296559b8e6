"""Themes of a person's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.theme_files import own_themes
from storage.store import Store
from tests.factories import make_queued
from tests.screens.hand import at_desk

DUSK = """
primary = "#8fb7d9"
background = "ansi_black"
dark = true

[variables]
"footer-key-foreground" = "#e3b567"
"""


def test_a_file_is_a_theme_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "dusk.toml").write_text(DUSK, encoding="utf-8")
    (tmp_path / "notes.txt").write_text("none", encoding="utf-8")
    (theme,), wrong = own_themes(tmp_path)
    assert (theme.name, theme.primary, theme.dark) == ("dusk", "#8fb7d9", True)
    assert theme.variables == {"footer-key-foreground": "#e3b567"}
    assert wrong == []
    assert own_themes(tmp_path / "missing") == ([], [])


@pytest.mark.parametrize(
    ("written", "line", "said"),
    [
        ('primary = "#8fb7d9"\nsecondary = "bluish"\n', 2, "secondary is no colour"),
        ('primary = "#8fb7d9"\nsecondary = 7\n', 2, "secondary is no colour"),
        ('primary = "#8fb7d9"\n\nglow = "#ffffff"\n', 3, "glow is no colour of a theme"),
        ('primary = "#8fb7d9"\ndark = "yes"\n', 2, "dark should be true or false"),
        ('primary = "#8fb7d9"\n[variables]\nborder = 7\n', 3, "should be text"),
        ('secondary = "#8fb7d9"\n', 1, "needs a colour “primary”"),
        ('primary = "#8fb7d9"\nsecondary =\n', 2, ""),
    ],
)
def test_a_bad_file_names_the_line_and_harms_no_other(
    tmp_path: Path, written: str, line: int, said: str
) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text(written, encoding="utf-8")
    (tmp_path / "dusk.toml").write_text(DUSK, encoding="utf-8")
    themes, (wrong,) = own_themes(tmp_path)
    assert [theme.name for theme in themes] == ["dusk"]
    assert wrong.startswith(f"{bad}, line {line}: ")
    assert said in wrong


async def test_own_and_ansi_themes_can_be_looked_at_and_chosen(
    sqlite_store: Store, sqlite_url: str, tmp_path: Path
) -> None:
    make_queued(sqlite_store, 2)
    config = tmp_path / "here" / "config.toml"
    (config.parent / "themes").mkdir(parents=True)
    (config.parent / "themes" / "dusk.toml").write_text(DUSK, encoding="utf-8")
    (config.parent / "themes" / "bad.toml").write_text("primary = 7\n", encoding="utf-8")
    config.write_text("reduced_motion = true\n", encoding="utf-8")
    async with at_desk(sqlite_url, config=str(config)) as hand:
        assert any("bad.toml, line 1" in toast for toast in hand.toasts)
        assert hand.desk.animation_level == "none"
        before = hand.desk.theme
        await hand.press("colon", *"colours", "enter")
        await hand.until(lambda: hand.dialog == "ThemePicker")
        await hand.type("ansi-dark")
        assert hand.desk.theme == "ansi-dark"
        assert "ansi-dark" in hand.text
        await hand.press("escape")
        assert hand.desk.theme == before
        await hand.press("colon", *"colours", "enter")
        await hand.until(lambda: hand.dialog == "ThemePicker")
        await hand.type("dusk")
        await hand.press("enter")
        assert hand.desk.theme == "dusk"
