"""The views that a person keeps on the number keys: going there, keeping, renaming, forgetting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import Binding
from textual.content import Content

from screens.backstage import backstage
from screens.commands import Context
from screens.keymap import bindings
from screens.picker import Choice, Picker
from widgets.display import clean

if TYPE_CHECKING:
    from storage.saved_views import Saved
    from storage.words import View

SLOTS = range(1, 10)
"""The number keys."""


class What(Enum):
    """What is wished for a kept view."""

    GO = "go there"
    FORGET = "free its key"
    RENAME = "call it otherwise"


@dataclass(frozen=True, slots=True)
class Wish:
    """A kept view, and what to do with it."""

    saved: Saved
    what: What = What.GO


class SavedViews(Picker[Wish]):
    """Lists the kept views.

    Args:
        views: By their keys.
    """

    # Before the line that is typed into, which has a use for the key too.
    BINDINGS: ClassVar = [
        replace(cast("Binding", each), priority=True) for each in bindings(Context.VIEWS)
    ]
    contexts = (Context.PICKER, Context.VIEWS, Context.DIALOG)
    placeholder = "find a view"
    taking = "go there"

    def __init__(self, views: Sequence[Saved]) -> None:
        super().__init__()
        self._views = {str(saved.slot): saved for saved in views}
        self.offer([_choice(saved) for saved in views])

    @property
    def nothing(self) -> str:  # type: ignore[override]
        """How a first view comes to be."""
        if self._views:
            return "No view of that name."
        return f"No view is kept yet. {backstage(self).keymap.key_of('view.save')} keeps one."

    def title_text(self) -> Content:
        """What they are."""
        return Content("Your views")

    def choose(self, choice: Choice) -> None:
        """Go there."""
        self.dismiss(Wish(self._views[choice.key]))

    def action_view_forget(self) -> None:
        """Free its key."""
        choice = self.highlighted
        if choice is not None:
            self.dismiss(Wish(self._views[choice.key], What.FORGET))

    def action_view_rename(self) -> None:
        """Give it another name."""
        choice = self.highlighted
        if choice is not None:
            self.dismiss(Wish(self._views[choice.key], What.RENAME))


class SaveView(Picker[tuple[int, str]]):
    """Asks for a number key and a name; gives back both.

    Args:
        view: What is to be kept.
        views: What is kept already.
    """

    placeholder = "name, if you like"
    taking = "keep"

    def __init__(self, view: View, views: Sequence[Saved]) -> None:
        super().__init__()
        self._view = view
        taken = {saved.slot: saved for saved in views}
        self._free = next((slot for slot in SLOTS if slot not in taken), 1)
        self.offer(
            [
                _choice(taken[slot]) if slot in taken else Choice(str(slot), "free", mark=str(slot))
                for slot in SLOTS
            ]
        )

    def title_text(self) -> Content:
        """What is kept."""
        return Content(f"Keep “{clean(self._view.description)}”")

    def on_mount(self) -> None:
        """The first free key is offered."""
        super().on_mount()
        self.point_at(str(self._free))

    def relist(self) -> None:
        """A name is typed: it narrows nothing."""
        self.list_all()

    def choose(self, choice: Choice) -> None:
        """Keep it there."""
        self.dismiss((int(choice.key), self.typed))


def _choice(saved: Saved) -> Choice:
    sentence = saved.view.description
    said = saved.name if saved.name == sentence else f"{saved.name}: {sentence}"
    return Choice(str(saved.slot), said, mark=str(saved.slot), also=str(saved.slot))
