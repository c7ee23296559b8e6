"""What a value of a captured request is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from screens.picker import Choice, Picker
from widgets.display import safe

if TYPE_CHECKING:
    from storage.mapping_rules import Pair


class FieldPicker(Picker[str]):
    """Gives back the field's name.

    Args:
        pair: The value. Untrusted.
    """

    placeholder = "what is it?"

    def __init__(self, pair: Pair) -> None:
        from storage.mapping_rules import FIELDS

        super().__init__()
        self._pair = pair
        self.offer([Choice(field, f"It is {words}", also=field) for field, words in FIELDS.items()])

    def title_text(self) -> Content:
        """The value that was pointed at."""
        return Content.assemble("What is “", safe(self._pair.value, 40), "”?")

    def choose(self, choice: Choice) -> None:
        """Give it back."""
        self.dismiss(choice.key)
