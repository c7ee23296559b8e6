"""What the person did last: any of it that the rules allow can be undone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from screens.backstage import say
from screens.clock import clock
from screens.picker import Choice, Picker

if TYPE_CHECKING:
    from storage.changes import ChangeRow


class OwnActs(Picker[int]):
    """Gives back the id of an act to undo.

    Args:
        acts: What the person did, the newest first.
    """

    placeholder = "find an act"
    taking = "undo"
    nothing = "You have done nothing here yet."

    def __init__(self, acts: Sequence[ChangeRow]) -> None:
        super().__init__()
        self._acts = {str(act.id): act for act in acts}
        self.offer([_choice(act) for act in acts])

    def title_text(self) -> Content:
        """Whose acts."""
        return Content("What you did")

    def choose(self, choice: Choice) -> None:
        """Undo it, or say why not."""
        act = self._acts[choice.key]
        if act.undone:
            when = f", {clock(act.undone_at)}" if act.undone_at else ""
            say(self, f"That was undone already{when}.", severity="warning")
        elif not act.undoable:
            say(self, "That cannot be undone.", severity="warning")
        else:
            self.dismiss(act.id)


def _choice(act: ChangeRow) -> Choice:
    state = "undone " if act.undone else "" if act.undoable else "stays "
    said = act.sentence[:1].upper() + act.sentence[1:]
    return Choice(str(act.id), said, f"{state}{clock(act.at)}")
