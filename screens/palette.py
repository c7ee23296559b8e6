"""Any verb or place, found by name, with its keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual import on
from textual.content import Content
from textual.widgets import OptionList

from screens import navigation
from screens.backstage import backstage
from screens.commands import Context, Verb, show_key
from screens.keymap import offered
from screens.picker import MOST_SHOWN, Choice, Picker, matching

GO = "go:"
"""Begins the keys of choices that are places."""

PLACES = {
    Context.INTEGRATIONS: navigation.INTEGRATIONS,
    Context.CAMPAIGNS: navigation.CAMPAIGNS,
    Context.DNC: navigation.DNC,
    Context.INTAKE: navigation.INTAKE,
    Context.TEXT: navigation.MESSAGES,
    Context.WEBHOOKS: navigation.WEBHOOKS,
    Context.DELIVERIES: navigation.DELIVERIES,
    Context.NUMBERS: navigation.NUMBERS,
    Context.KEYS: navigation.KEYS,
    Context.LIST: navigation.ALL,
}
"""Where the verbs of other contexts can be given."""

WHOLE_NAMES = {navigation.ALL: "All contacts"}
"""Places whose word in the sidebar says enough only under its heading."""

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
        self._elsewhere: tuple[Choice, ...] = ()
        self._where = where
        self._places = places

    def title_text(self) -> Content:
        """What it is."""
        return Content("All verbs and places")

    @property
    def words(self) -> Mapping[str, str]:
        """Enter does a verb of this place, and goes to a place or where a verb can be given."""
        chosen = self.highlighted if self._shown else None
        if chosen is not None and chosen.key.startswith(GO):
            return {"picker.choose": "go there"}
        return super().words

    @on(OptionList.OptionHighlighted)
    def another_choice(self) -> None:
        """Enter does something else with it."""
        self.show_hints()

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
        called = [(key, WHOLE_NAMES.get(key, name)) for key, name in self._places]
        places = [Choice(GO + key, f"Go to {name}", name=name) for key, name in called]
        order = {key: place for place, key in enumerate(self._recent)}
        every = [*verbs, *places]
        self._elsewhere = self._of_other_places({each.key for each in verbs})
        self.offer(sorted(every, key=lambda choice: order.get(choice.key, len(order))))
        super().on_mount()

    def _of_other_places(self, here: set[str]) -> tuple[Choice, ...]:
        """Verbs that can be given elsewhere; to choose one leads there, where its key is known."""
        keymap, found = backstage(self).keymap, dict[str, Choice]()
        for context, place in PLACES.items():
            for each in offered((context,)):
                said = f"in {context.value}: {_keys(keymap.keys_of(each)[:1])}"
                words = f"{each.help} {each.command}"
                found.setdefault(each.id, Choice(GO + place, each.title, said, also=words))
        return tuple(choice for ident, choice in found.items() if ident not in here)

    def relist(self) -> None:
        """What is typed is looked for in other places too, behind what can be done here."""
        found = matching(self._choices, self.typed)
        if self.typed:
            found += matching(self._elsewhere, self.typed)
        self._list(found[:MOST_SHOWN], stay=not self.typed)

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
