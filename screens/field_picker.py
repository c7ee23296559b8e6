"""What a value of a captured request is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from screens.picker import Choice, Picker
from widgets.display import safe

if TYPE_CHECKING:
    from collections.abc import Container

    from storage.mapping_rules import Pair

_FEWEST_DIGITS = 7
"""Digits of a value that may be a phone."""


def likely(value: str, settled: Container[str]) -> list[str]:
    """What a value may well be, of the fields that a lead needs; the likeliest first.

    Args:
        value: As the sender wrote it.
        settled: The fields that other values are.
    """
    if sum(map(str.isdigit, value)) >= _FEWEST_DIGITS and not any(map(str.isalpha, value)):
        wanted = ["phone"]
    elif "full_name" in settled:
        wanted = []
    else:
        wanted = ["first_name", "last_name"]
        if len(value.split()) > 1 and not any(field in settled for field in wanted):
            wanted.insert(0, "full_name")
    return [field for field in wanted if field not in settled]


class FieldPicker(Picker[str]):
    """Gives back the field's name.

    Args:
        pair: The value. Untrusted.
        settled: The fields that other values are.
    """

    placeholder = "what is it?"

    def __init__(self, pair: Pair, settled: Container[str] = ()) -> None:
        from storage.mapping_rules import FIELDS

        super().__init__()
        self._pair = pair
        first = likely(pair.value, settled)
        fields = [*first, *(field for field in FIELDS if field not in first)]
        self.offer([Choice(field, f"It is {FIELDS[field]}", also=field) for field in fields])

    def title_text(self) -> Content:
        """The value that was pointed at."""
        return Content.assemble("What is “", safe(self._pair.value, 40), "”?")

    def choose(self, choice: Choice) -> None:
        """Give it back."""
        self.dismiss(choice.key)
