"""Labels: which of the contacts wear them, put on, taken off, made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from textual.content import Content
from textual.widgets import Input

from screens.commands import Context
from screens.keymap import bindings
from screens.picker import Choice, Picker
from widgets.display import plural, thousands

_NEW = "new:"
"""Begins the keys of labels that do not exist yet."""


class Worn(Enum):
    """How many of the contacts wear a label. The value is the box in front of it."""

    ALL = "[x]"
    SOME = "[-]"
    NONE = "[ ]"
    UNKNOWN = "[?]"
    """So many contacts that nobody counted."""


@dataclass(frozen=True, slots=True)
class LabelChoice:
    """A label there is. The name is untrusted."""

    id: int
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Labelling:
    """What to do: labels to put on, to make and put on, to take off."""

    add: tuple[int, ...] = ()
    create: tuple[str, ...] = ()
    remove: tuple[int, ...] = ()


class Labels(Picker[Labelling]):
    """Tick labels; enter carries it out. With nothing ticked, enter takes the one shown.

    Opens at once, so that what is typed meanwhile is not taken for verbs; the labels follow.

    Args:
        count: How many contacts it is about.
    """

    BINDINGS: ClassVar = bindings(Context.LABELS)
    contexts = (Context.LABELS, Context.PICKER, Context.DIALOG)
    placeholder = "label, or a new name"
    nothing = "No label yet. Type a name to make one."

    def __init__(self, count: int) -> None:
        super().__init__()
        self._labels: dict[str, LabelChoice] = {}
        self._worn: Mapping[int, int] | None = None
        self.filled = False
        """The labels there are have been read."""
        self._count = count
        self._ticked: dict[str, bool] = {}
        """What the person changed so far: the choice's key, and whether it is wanted."""

    def fill(self, labels: Sequence[LabelChoice], worn: Mapping[int, int] | None) -> None:
        """Gives the labels there are.

        Args:
            labels: All of them.
            worn: How many of the contacts wear each, by label id; None where nobody counted.
        """
        self._labels = {str(label.id): label for label in labels}
        self._worn = worn
        self.filled = True
        self._relabel()

    @property
    def known(self) -> dict[int, str]:
        """The names of the labels there are. Untrusted."""
        return {label.id: label.name for label in self._labels.values()}

    def title_text(self) -> Content:
        """Whose labels."""
        return Content(f"Labels of {plural(self._count, 'contact')}")

    def worn(self, key: str) -> Worn:
        """How things stand before anything is ticked."""
        if key not in self._labels:
            return Worn.NONE
        if self._worn is None:
            return Worn.UNKNOWN
        n = self._worn.get(int(key), 0)
        if not n:
            return Worn.NONE
        return Worn.ALL if n >= self._count else Worn.SOME

    def offer_new(self, typed: str) -> Choice | None:
        """A new label, unless one of that name is there or ticked already."""
        names = [label.name for label in self._labels.values()]
        names += [key.removeprefix(_NEW) for key in self._ticked if key not in self._labels]
        known = any(name.casefold() == typed.casefold() for name in names)
        if not typed or known or not self.filled:
            return None
        return Choice(_NEW + typed, f"New label “{typed}”", mark=" + ")

    def choose(self, choice: Choice) -> None:
        """Carry out what is ticked, or the one choice; a new one is always meant."""
        if not self._ticked or (choice.key.startswith(_NEW) and choice.key not in self._ticked):
            self._tick(choice)
        wanted = self._ticked
        self.dismiss(
            Labelling(
                add=tuple(int(key) for key, on in wanted.items() if on and key in self._labels),
                create=tuple(key.removeprefix(_NEW) for key in wanted if key not in self._labels),
                remove=tuple(int(key) for key, on in wanted.items() if not on),
            )
        )

    def action_label_tick(self) -> None:
        """Tick or untick, and go on with the whole list."""
        choice = self.highlighted
        if choice is None:
            return
        self._tick(choice)
        self._relabel()
        self.query_one(Input).value = ""

    def _tick(self, choice: Choice) -> None:
        key = choice.key
        if key not in self._ticked:
            self._ticked[key] = self.worn(key) is not Worn.ALL
        elif key in self._labels:
            self._ticked[key] = not self._ticked[key]
        else:
            del self._ticked[key]

    def _box(self, key: str) -> str:
        on = self._ticked.get(key)
        if on is None:
            return self.worn(key).value
        return Worn.ALL.value if on else Worn.NONE.value

    def _relabel(self) -> None:
        made = [key for key in self._ticked if key not in self._labels]
        self.offer(
            [
                *(Choice(key, key.removeprefix(_NEW), "new", Worn.ALL.value) for key in made),
                *(
                    Choice(key, label.name, thousands(label.count), self._box(key))
                    for key, label in self._labels.items()
                ),
            ]
        )
