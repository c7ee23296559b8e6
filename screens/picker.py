"""Choosing from a list by typing: the base of palette, groups, labels and themes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from screens.backstage import backstage
from screens.commands import ActsOn, Context, verb
from screens.dialog import Dialog
from screens.keymap import bindings
from widgets.display import clean, fitted, glyphs
from widgets.table_palette import label_hue
from widgets.typed import Line

R = TypeVar("R")

WIDTH = 68
"""Cells of a dialog where there is room for them; see `dialog.tcss`."""

AROUND = 8
"""Cells of its frame, its padding, a scrollbar and a blank before it."""

LEAST = 3
"""Lines of the list where there is room for no more, or for hardly any."""

TALLEST = 22
"""Lines of the list where there is room for them."""

ABOVE_AND_BELOW = 9
"""Lines of frame, title, line to type in and keys, and one of the desk behind."""

MOST_SHOWN = 200
"""Choices listed at once; typing brings up the others."""


NO_MATCH = "Nothing matches."

COLOURLESS = "none"
"""The ink of a label without a colour: it has its dot like the others."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of the list. All of its text may be a stranger's."""

    key: str
    text: str
    aside: str = ""
    """At the right: a count or keys."""
    mark: str = ""
    """In front: a box or a sign."""
    also: str = ""
    """Found by this text too."""
    ink: str = ""
    """The colour of a label, shown as a dot in front of the text."""
    name: str = ""
    """What its text is about, where people type that alone; it goes before what fits no better."""


class Picker(Dialog[R], Generic[R]):
    """A line to type in and the choices that match it, the best first."""

    CSS_PATH: ClassVar = ["dialog.tcss", "picker.tcss"]
    BINDINGS: ClassVar = bindings(Context.PICKER)
    contexts: ClassVar[tuple[Context, ...]] = (Context.PICKER, Context.DIALOG)

    lapses = True
    placeholder = "type to find"
    nothing = NO_MATCH
    """Said where there is nothing to choose from; see `NO_MATCH` for what does not match."""
    taking = "choose"
    """What enter does to the choice, as the line of keys says it."""
    remark_first = False
    """Whether what is said besides stands above the list."""

    def __init__(self) -> None:
        super().__init__(classes="picker")
        self._choices: tuple[Choice, ...] = ()
        self._shown: list[Choice] = []
        self._most = 0
        """Lines that the list may take."""

    @property
    def words(self) -> Mapping[str, str]:
        """What enter does; nothing can be done to a choice where there is none."""
        if self._shown:
            return {"picker.choose": self.taking}
        here = (verb(hint.verb_id) for hint in backstage(self).keymap.hints(*self.contexts))
        return {each.id: "" for each in here if each.acts_on is ActsOn.CURSOR}

    def compose_body(self) -> ComposeResult:
        """The line, the list, and what is said besides."""
        line = self.make_line()
        line.cursor_blink = False
        yield line
        choices = OptionList(markup=False, compact=True)
        choices.can_focus = False
        most = max(LEAST, self.app.size.height - ABOVE_AND_BELOW)
        choices.styles.max_height = min(TALLEST, most)
        remark = Static(Content(self.nothing), classes="nothing")
        yield from (remark, choices) if self.remark_first else (choices, remark)

    def make_line(self) -> Input:
        """The line to type in."""
        return Line(placeholder=self.placeholder, compact=True, select_on_focus=False)

    def on_mount(self) -> None:
        """The line has the focus and keeps it."""
        self.query_one(Input).focus()
        self.relist()
        # What is around the list may take more lines or fewer with each layout.
        self.screen_layout_refresh_signal.subscribe(self, lambda _: self._fit())

    @property
    def typed(self) -> str:
        """What was typed, without blanks around it."""
        return self.query_one(Input).value.strip()

    @property
    def highlighted(self) -> Choice | None:
        """The choice under the cursor."""
        place = self.query_one(OptionList).highlighted
        return self._shown[place] if place is not None and place < len(self._shown) else None

    def offer(self, choices: Sequence[Choice]) -> None:
        """Gives the choices, in their order."""
        self._choices = tuple(choices)
        if self.is_mounted:
            self.relist()

    def offer_new(self, typed: str) -> Choice | None:
        """One more choice for what was typed, such as making something new."""
        return None

    def relist(self) -> None:
        """Lists what matches; the cursor stays on its choice where that is still listed."""
        found = matching(self._choices, self.typed)[:MOST_SHOWN]
        fresh = self.offer_new(self.typed)
        self._list([*found, fresh] if fresh else found, stay=not self.typed)

    def list_all(self) -> None:
        """Lists every choice, whatever was typed."""
        self._list(list(self._choices), stay=True)

    def point_at(self, key: str) -> None:
        """Puts the cursor on a choice."""
        keys = [choice.key for choice in self._shown]
        if key in keys:
            self.query_one(OptionList).highlighted = keys.index(key)

    def _list(self, shown: list[Choice], *, stay: bool) -> None:
        before, self._shown = self.highlighted, shown
        options = self.query_one(OptionList)
        options.set_options([Option(self._line(choice)) for choice in self._shown])
        options.display = bool(self._shown)
        nothing = self.query_one(".nothing", Static)
        nothing.update(Content(NO_MATCH if self._choices else self.nothing))
        nothing.display = not self._shown
        self.show_hints()
        keys = [choice.key for choice in self._shown]
        if keys:
            stays = stay and before is not None and before.key in keys
            options.highlighted = keys.index(before.key) if stays and before else 0

    def _line(self, choice: Choice) -> Content:
        width = self.list_width
        aside = clean(choice.aside)
        mark = f"{choice.mark} " if choice.mark else ""
        dot = f"{glyphs().bullet} " if choice.ink else ""
        taken = cell_len(aside) + cell_len(mark) + cell_len(dot) + 1
        text = fitted(choice.text, max(4, width - taken))
        hue = label_hue(choice.ink, self.background_colors[1])
        # In the terminal's own colours nothing is muted, so that the chosen line keeps one ink.
        ink = "" if self.app.native_ansi_color else "$text-muted"
        return Content.assemble(mark, (dot, hue), text, " ", (aside, ink))

    @property
    def list_width(self) -> int:
        """Cells in a line of the list."""
        return max(10, min(WIDTH, self.app.size.width) - AROUND)

    @on(Input.Changed)
    def narrow(self, event: Input.Changed) -> None:
        """Typing narrows the list."""
        event.stop()
        self.relist()

    @on(Input.Submitted)
    def submitted(self, event: Input.Submitted) -> None:
        """Enter in the line takes the choice."""
        event.stop()
        self.action_picker_choose()

    @on(OptionList.OptionSelected)
    def clicked(self, event: OptionList.OptionSelected) -> None:
        """A click takes a choice."""
        event.stop()
        self.action_picker_choose()

    def on_resize(self, event: events.Resize) -> None:
        """Lines are as wide as the list."""
        if self.is_mounted and self.query(OptionList):
            self.relist()

    def _fit(self) -> None:
        for choices in self.query(OptionList):
            room = max(LEAST, self.app.size.height - ABOVE_AND_BELOW)
            most = max(1, min(TALLEST, room, self.room_for(choices)))
            if most != self._most:
                self._most = most
                choices.styles.max_height = most
                self.call_after_refresh(choices.scroll_to_highlight)

    @abstractmethod
    def choose(self, choice: Choice) -> None:
        """Takes a choice."""

    # What the keys do.

    def action_picker_down(self) -> None:
        """One choice down."""
        self.query_one(OptionList).action_cursor_down()

    def action_picker_up(self) -> None:
        """One choice up."""
        self.query_one(OptionList).action_cursor_up()

    def action_picker_choose(self) -> None:
        """Takes the choice under the cursor."""
        choice = self.highlighted
        if choice is not None:
            self.choose(choice)


def matching(choices: Sequence[Choice], typed: str) -> list[Choice]:
    """The choices that hold every word that was typed; those that begin with it come first."""
    words = typed.casefold().split()
    if not words:
        return list(choices)
    found = [
        choice
        for choice in choices
        if all(word in f"{choice.text} {choice.also}".casefold() for word in words)
    ]
    start = " ".join(words)

    def rank(choice: Choice) -> tuple[int, bool]:
        return min(_fit(text, start) for text in (choice.name, choice.text)), not choice.name

    return sorted(found, key=rank)


def _fit(text: str, start: str) -> int:
    """How well a text fits what was typed; 0 is best."""
    text = text.casefold()
    if text == start:
        return 0
    if text.startswith(start):
        return 1
    return 2 if any(part.startswith(start.split(maxsplit=1)[0]) for part in text.split()) else 3
