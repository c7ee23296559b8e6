"""Themes of a person's own: one TOML file for each, in the folder `themes` beside the settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from textual.color import Color, ColorParseError
from textual.theme import Theme

from app.settings_file import SettingsFile
from storage.errors import WrongUsage

_COLOURS = (
    *("primary", "secondary", "accent", "warning", "error", "success"),
    *("foreground", "background", "surface", "panel", "boost"),
)


def own_themes(folder: Path) -> tuple[list[Theme], list[str]]:
    """Reads the themes of a folder.

    Returns:
        The themes that can be used, each named as its file, and a sentence for each that cannot,
        with the line.
    """
    themes, wrong = [], []
    # A folder that is missing or closed holds none.
    for path in sorted(folder.glob("*.toml")):
        try:
            themes.append(_theme(SettingsFile(path, named=True)))
        except WrongUsage as error:
            wrong.append(str(error))
    return themes, wrong


def _theme(file: SettingsFile) -> Theme:
    values = dict(file.values)
    variables = values.pop("variables", {})
    dark = values.pop("dark", True)
    if not isinstance(dark, bool):
        raise _complaint(file, "should be true or false", "dark")
    if not isinstance(variables, dict):
        raise _complaint(file, "should be a table", "variables")
    for name, value in values.items():
        if name not in _COLOURS:
            raise _complaint(file, f"is no colour of a theme. One of: {', '.join(_COLOURS)}", name)
        _check(file, value, name)
    for name, value in variables.items():
        if not isinstance(value, str):
            raise _complaint(file, "should be text", "variables", name)
    if "primary" not in values:
        raise WrongUsage(f"{file.path}, line 1: a theme needs a colour “primary”.")
    return Theme(name=file.path.stem, dark=dark, variables=variables, **values)


def _check(file: SettingsFile, value: Any, name: str) -> None:
    try:
        if not isinstance(value, str):
            raise ColorParseError(str(value))
        Color.parse(value)
    except ColorParseError:
        raise _complaint(file, "is no colour, such as #6fb8a8 or ansi_green", name) from None


def _complaint(file: SettingsFile, said: str, *place: str) -> WrongUsage:
    return WrongUsage(f"{file.path}, line {file.line_of(*place)}: {'.'.join(place)} {said}.")
