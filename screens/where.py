"""Where did it go? A number or a name, answered in plain sentences."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual import on
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, OptionList, Static

from screens.asked import ContactAsked, PlaceAsked, RefusedAsked
from screens.backstage import WorkFailed, backstage
from screens.latch import Latch
from screens.navigation import DNC
from screens.picker import Choice, Picker
from widgets.display import safe, titled
from widgets.phones import international

if TYPE_CHECKING:
    from storage.fates import Answer, Fate
    from storage.store import Store

_LISTED = frozenset({"queued", "grouped", "confirming", "failed", "awaiting"})
"""What has a row among all contacts."""


class Answered(Message):
    """What became of a person was read."""

    def __init__(self, asked: str, answer: Answer) -> None:
        super().__init__()
        self.asked = asked
        self.answer = answer


class WhereIs(Picker[Message]):
    """Answers as it is typed; gives back the wish to see the contact, list or attempt.

    Args:
        asked: What is asked for at first. Untrusted.
    """

    placeholder = "a number in any spelling, or a name"
    taking = "go there"
    nothing = "Type a number or a name."
    remark_first = True

    def __init__(self, asked: str = "") -> None:
        super().__init__()
        self._asked = asked
        self._fates: dict[str, Fate] = {}
        self._latch = Latch(self._look)
        self._answered = ""
        """What the sentences that are shown answer."""
        self._wanted = ""
        """What enter was pressed for before it was answered."""

    @property
    def words(self) -> Mapping[str, str]:
        """Enter goes nowhere from somebody who is in no list any more."""
        words = super().words
        choice = self.highlighted if self._shown else None
        if choice is None or self._way_to(choice) is not None:
            return words
        return {**words, "picker.choose": ""}

    def title_text(self) -> Content:
        """The question."""
        return Content("Where did it go?")

    def on_mount(self) -> None:
        """What was asked for stands there."""
        super().on_mount()
        self.query_one(Input).value = self._asked

    def relist(self) -> None:
        """The store answers, not the list."""
        self._wanted = ""
        self._latch.ask()

    def _look(self) -> None:
        if self.typed:
            backstage(self).work(self, partial(_answer, asked=self.typed))
        else:
            self._latch.done()
            self._show((), "Type a number or a name.")

    @on(Answered)
    def answered(self, event: Answered) -> None:
        """The sentences, the newest first."""
        event.stop()
        self._latch.done()
        if event.asked != self.typed:
            return
        self._answered = event.asked
        answer = event.answer
        fates = sorted(answer.fates, key=lambda fate: -fate.at.timestamp() if fate.at else 0.0)
        if not answer.seen:
            said = f"“{titled(event.asked)}” was never seen here."
            self._show(answer.suggestions, said + (" Perhaps:" if answer.suggestions else ""))
        else:
            self._show(fates, "")
            if self._wanted == event.asked:
                super().action_picker_choose()

    @on(WorkFailed)
    def unread(self, event: WorkFailed) -> None:
        """It cannot be told."""
        event.stop()
        self._latch.done()
        self._show((), str(event.error))

    def _show(self, fates: object, said: str) -> None:
        found = list(fates) if isinstance(fates, (list, tuple)) else []
        self._fates = {str(place): fate for place, fate in enumerate(found)}
        self.offer_all([Choice(key, _sentence(fate)) for key, fate in self._fates.items()])
        remark = self.query_one(".nothing", Static)
        remark.update(safe(said))
        remark.display = bool(said)

    def offer_all(self, choices: list[Choice]) -> None:
        """Lists these, whatever was typed."""
        self._choices = tuple(choices)
        self.list_all()

    def _line(self, choice: Choice) -> Content:
        width, words = self.list_width, safe(choice.text)
        # A sentence takes the lines that it needs; a blank cell keeps its end from the edge.
        return words if cell_len(words.plain) > width else words.pad_right(1)

    def action_picker_choose(self) -> None:
        """Goes where the first sentence says, once it answers what was typed."""
        if self._answered == self.typed:
            super().action_picker_choose()
        else:
            self._wanted = self.typed

    def choose(self, choice: Choice) -> None:
        """To the contact, the list or the attempt."""
        way = self._way_to(choice)
        if way is not None:
            self.dismiss(way)

    def _way_to(self, choice: Choice) -> Message | None:
        fate = self._fates[choice.key]
        if fate.what in _LISTED and fate.contact_id is not None:
            return ContactAsked(fate.contact_id)
        if fate.what == "refused":
            return RefusedAsked()
        return PlaceAsked(DNC) if fate.what == "suppressed" else None

    @on(OptionList.OptionHighlighted)
    def led(self) -> None:
        """The keys say whether enter leads anywhere."""
        self.show_hints()


def _sentence(fate: Fate) -> str:
    phone = international(fate.phone) if fate.phone else ""
    who = f"{fate.name} ({phone})" if fate.name and phone else fate.name or phone
    return f"{who} {fate.sentence}."


def _answer(store: Store, *, asked: str) -> Answered:
    from storage.access import load_access
    from storage.fates import where_is

    with store.read() as conn:
        return Answered(asked, where_is(conn, asked, load_access(conn).default_region))
