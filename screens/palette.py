"""Any verb or place, found by name, with its keys."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from screens.backstage import backstage
from screens.commands import Context, show_key
from screens.keymap import offered
from screens.picker import Choice, Picker

GO = "go:"
"""Begins the keys of choices that are places."""


class Palette(Picker[str]):
    """Gives back the id of a verb, or `go:` and the key of a place.

    Args:
        where: The contexts that the person is in.
        places: Keys and names of the places to go to; names are untrusted.
    """

    placeholder = "find a verb or a place"

    def __init__(self, where: tuple[Context, ...], places: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._where = where
        self._places = places

    def title_text(self) -> Content:
        """What it is."""
        return Content("All verbs and places")

    def on_mount(self) -> None:
        """Verbs of this place first, then places."""
        keymap = backstage(self).keymap
        verbs = [
            Choice(each.id, each.title, _keys(keymap.keys_of(each)), also=each.help)
            for each in offered(self._where)
        ]
        places = [Choice(GO + key, f"Go to {name}") for key, name in self._places]
        self.offer([*verbs, *places])
        super().on_mount()

    def choose(self, choice: Choice) -> None:
        """Do it."""
        self.dismiss(choice.key)


def _keys(keys: Sequence[str]) -> str:
    return " ".join(show_key(key) for key in keys[:2])
