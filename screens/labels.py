"""Labels: which of the contacts wear them, put on, taken off, made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import ClassVar, cast

from textual import events, on
from textual.binding import Binding
from textual.content import Content
from textual.message import Message
from textual.widgets import Input

from screens.commands import Context
from screens.keymap import bindings
from screens.picker import COLOURLESS, Choice, Picker
from widgets.display import thousands
from widgets.typed import Line

_NEW = "new:"
"""Begins the keys of labels that do not exist yet."""


class Worn(Enum):
    """How many of the contacts wear a label. The value is the box in front of it."""

    ALL = "[x]"
    SOME = "[-]"
    NONE = "[ ]"


@dataclass(frozen=True, slots=True)
class LabelChoice:
    """A label there is. The name is untrusted."""

    id: int
    name: str
    count: int
    colour: str = ""
    letter: str = ""
    """The key that ticks it while nothing is typed."""


@dataclass(frozen=True, slots=True)
class Labelling:
    """What to do: labels to put on, to make and put on, to take off."""

    add: tuple[int, ...] = ()
    create: tuple[str, ...] = ()
    remove: tuple[int, ...] = ()


class LetterLine(Line):
    """A line in which the letters of labels tick them, until something is typed.

    `/` comes before a name that begins with such a letter.
    """

    letters: frozenset[str] = frozenset()
    typing = False

    class Pressed(Message):
        """The letter of a label was pressed."""

        def __init__(self, letter: str) -> None:
            super().__init__()
            self.letter = letter

    async def _on_key(self, event: events.Key) -> None:
        character = event.character or ""
        if self.letters and not self.value and not self.typing:
            if character in self.letters:
                self.post_message(self.Pressed(character))
            elif character == "/":
                self.typing = True
            else:
                await super()._on_key(event)
                return
            event.stop()
            event.prevent_default()
            return
        await super()._on_key(event)


class Labels(Picker[Labelling]):
    """Tick labels; enter carries it out. With nothing ticked, enter takes the one shown.

    Opens at once, so that what is typed meanwhile is not taken for verbs; the labels follow.

    Args:
        whom: Whom it is about, cleaned.
        manage: Shows all labels, to be changed; then fills this picker again.
    """

    # Before the line that is typed into, which has a use for some of them.
    BINDINGS: ClassVar = [
        replace(cast("Binding", each), priority=True) for each in bindings(Context.LABELS)
    ]
    hosts = True
    contexts = (Context.PICKER, Context.LABELS, Context.DIALOG)
    placeholder = "label, or a new name"
    taking = "apply"
    nothing = "No label yet. Type a name to make one."

    def __init__(self, whom: str, manage: Callable[[], None] | None = None) -> None:
        super().__init__()
        self._labels: dict[str, LabelChoice] = {}
        self._worn: Mapping[int, Worn] = {}
        self._manage = manage
        self.filled = False
        """The labels there are have been read."""
        self._whom = whom
        self._ticked: dict[str, bool] = {}
        """What the person changed so far: the choice's key, and whether it is wanted."""

    def make_line(self) -> Input:
        """Letters tick."""
        return LetterLine(placeholder=self.placeholder, compact=True, select_on_focus=False)

    def fill(self, labels: Sequence[LabelChoice], worn: Mapping[int, Worn]) -> None:
        """Gives the labels there are.

        Args:
            labels: All of them.
            worn: How many of the contacts wear each, by label id.
        """
        self._labels = {str(label.id): label for label in labels}
        # A label may have been deleted while its tick waited.
        self._ticked = {
            key: on
            for key, on in self._ticked.items()
            if key in self._labels or key.startswith(_NEW)
        }
        self._worn = worn
        self.filled = True
        self._tell_letters()
        self._relabel()

    def on_mount(self) -> None:
        """The labels may have been read before there was a line."""
        self._tell_letters()
        super().on_mount()

    def _tell_letters(self) -> None:
        letters = frozenset(label.letter for label in self._labels.values() if label.letter)
        for line in self.query(LetterLine):
            line.letters = letters
            if letters:
                line.placeholder = f"letters tick; / and {self.placeholder}"

    @property
    def known(self) -> dict[int, str]:
        """The names of the labels there are. Untrusted."""
        return {label.id: label.name for label in self._labels.values()}

    def title_text(self) -> Content:
        """Whose labels."""
        return Content(f"Labels of {self._whom}")

    def worn(self, key: str) -> Worn:
        """How things stand before anything is ticked."""
        return self._worn.get(int(key), Worn.NONE) if key in self._labels else Worn.NONE

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

    @on(LetterLine.Pressed)
    def letter_pressed(self, event: LetterLine.Pressed) -> None:
        """Tick the label of that letter."""
        event.stop()
        for key, label in self._labels.items():
            if label.letter == event.letter:
                self._tick(Choice(key, label.name))
        self._relabel()

    def action_label_edit(self) -> None:
        """All labels, to be changed; the ticks stay."""
        if self._manage is not None:
            self._manage()

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
                    Choice(
                        key,
                        label.name,
                        _aside(label),
                        self._box(key),
                        ink=label.colour or COLOURLESS,
                    )
                    for key, label in self._labels.items()
                ),
            ]
        )


def _aside(label: LabelChoice) -> str:
    return f"{thousands(label.count)}  {label.letter or ' '}"
