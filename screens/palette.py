"""Any verb or place, found by name, with its keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.content import Content

from screens.backstage import backstage
from screens.commands import Context, Verb, show_key
from screens.keymap import offered
from screens.picker import Choice, Picker

GO = "go:"
"""Begins the keys of choices that are places."""

KEPT = 5
"""How many of the last choices stand first."""

RECENT = "palette"
"""The name by which they are remembered."""


class Palette(Picker[str]):
    """Gives back the id of a verb, or `go:` and the key of a place.

    Args:
        where: The contexts that the person is in.
        places: Keys and names of the places to go to; names are untrusted.
        names: What verbs are about at present, by verb id. Untrusted.
    """

    placeholder = "find a verb or a place"
    taking = "do it"

    def __init__(
        self,
        where: tuple[Context, ...],
        places: Sequence[tuple[str, str]],
        names: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__()
        self._names = names or {}
        self._where = where
        self._places = places

    def title_text(self) -> Content:
        """What it is."""
        return Content("All verbs and places")

    def on_mount(self) -> None:
        """What was chosen last, then verbs of this place, then places."""
        keymap = backstage(self).keymap
        verbs = [
            Choice(
                each.id,
                self._title(each),
                _keys(keymap.keys_of(each)),
                also=f"{each.help} {each.command}",
            )
            for each in offered(self._where)
        ]
        places = [Choice(GO + key, f"Go to {name}", name=name) for key, name in self._places]
        order = {key: place for place, key in enumerate(self._recent)}
        every = [*verbs, *places]
        self.offer(sorted(every, key=lambda choice: order.get(choice.key, len(order))))
        super().on_mount()

    def _title(self, each: Verb) -> str:
        name = self._names.get(each.id)
        return each.title if name is None else f"{each.title}: {name}"

    @property
    def _recent(self) -> list[str]:
        """What was chosen last, the newest first."""
        found = backstage(self).memory.recall(RECENT)
        return [key for key in found if isinstance(key, str)] if isinstance(found, list) else []

    def choose(self, choice: Choice) -> None:
        """Do it."""
        older = (key for key in self._recent if key != choice.key)
        backstage(self).memory.remember(RECENT, [choice.key, *older][:KEPT])
        self.dismiss(choice.key)


def _keys(keys: Sequence[str]) -> str:
    return " ".join(show_key(key) for key in keys[:2])
