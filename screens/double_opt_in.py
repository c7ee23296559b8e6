"""Whether who opts in is asked for a YES, and how long it is waited for."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual.content import Content
from textual.message import Message

from screens.picker import Choice, Picker
from widgets.display import glyphs, plural

if TYPE_CHECKING:
    from collections.abc import Callable

    from storage.store import Store
    from storage.words import Actor

_OFF = "off"
_HOURS = (24, 48, 72, 168)


class DoubleOptInRead(Message):
    """How it is set was read."""

    def __init__(self, on: bool, hours: int) -> None:
        super().__init__()
        self.on = on
        self.hours = hours


class DoubleOptInSet(Message):
    """It was set."""

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self.sentence = sentence


class DoubleOptIn(Picker[int]):
    """Gives back the hours; 0 for off. Any number of hours may be typed.

    Args:
        on: Whether a YES is asked for at present.
        hours: How long it is waited for.
    """

    placeholder = "other hours"

    def __init__(self, on: bool, hours: int) -> None:
        super().__init__()
        tick = glyphs().marked
        listed = sorted({*_HOURS, hours} if on else _HOURS)
        self.offer(
            [
                Choice(_OFF, "Off: one opt-in is enough", "", " " if on else tick),
                *(self._hours(each, tick if on and each == hours else " ") for each in listed),
            ]
        )

    @staticmethod
    def _hours(hours: int, mark: str = " ") -> Choice:
        days = f"{hours // 24} days" if hours >= 72 and hours % 24 == 0 else ""
        return Choice(str(hours), f"On: wait {plural(hours, 'hour')} for a YES", days, mark)

    def relist(self) -> None:
        """A number of hours is that number alone: 1 is neither 168 nor 10."""
        typed = self.typed
        if not (typed.isascii() and typed.isdigit() and len(typed) < 6 and int(typed)):
            super().relist()
            return
        hours = int(typed)
        listed = [each for each in self._choices if each.key == str(hours)]
        self._list(listed or [self._hours(hours)], stay=False)

    def title_text(self) -> Content:
        """What is chosen."""
        return Content("Double opt-in: queue people only after they text YES")

    def choose(self, choice: Choice) -> None:
        """Give back the hours."""
        self.dismiss(0 if choice.key == _OFF else int(choice.key))


def read_double_opt_in(store: Store) -> DoubleOptInRead:
    """Reads how it is set. For background threads."""
    from storage import double_opt_in

    with store.read() as conn:
        return DoubleOptInRead(*double_opt_in.show(conn))


def setting(who: Actor, hours: int) -> Callable[[Store], DoubleOptInSet]:
    """The job that sets it.

    Args:
        who: By whose hand.
        hours: How long a YES is waited for; 0 switches it off.
    """
    return partial(_set, who=who, hours=hours)


def _set(store: Store, *, who: Actor, hours: int) -> DoubleOptInSet:
    from storage import double_opt_in

    if not hours:
        store.do(lambda conn: double_opt_in.switch(conn, who, on=False))
        return DoubleOptInSet("Double opt-in is off: who opts in from now on is queued at once.")
    store.do(lambda conn: double_opt_in.switch(conn, who, on=True, hours=hours))
    return DoubleOptInSet(
        f"Double opt-in is on: who opts in from now on is queued after YES, within "
        f"{plural(hours, 'hour')}."
    )
