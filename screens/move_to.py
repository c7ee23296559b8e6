"""Move to group: an existing one or a new one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content

from screens.picker import Choice, Picker
from widgets.display import thousands

_NEW = "new"


@dataclass(frozen=True, slots=True)
class GroupChoice:
    """A group that contacts can be moved to. The name is untrusted."""

    id: int
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Destination:
    """Where to: a group, or the name of one to be made."""

    group_id: int | None
    name: str


class MoveTo(Picker[Destination]):
    """Filters the groups; a name that no group has makes a new one.

    Args:
        groups: The groups there are.
        whom: Who will be moved, cleaned.
    """

    placeholder = "group, or a new name"
    taking = "move"
    nothing = "No group yet. Type a name to make one."

    def __init__(self, groups: Sequence[GroupChoice], whom: str) -> None:
        super().__init__()
        self._groups = {str(group.id): group for group in groups}
        self._whom = whom
        self.offer(
            [Choice(key, group.name, thousands(group.count)) for key, group in self._groups.items()]
        )

    def title_text(self) -> Content:
        """What will be moved."""
        return Content(f"Move {self._whom} to group")

    def offer_new(self, typed: str) -> Choice | None:
        """A new group, unless one of that name is there."""
        if not typed or any(g.name.casefold() == typed.casefold() for g in self._groups.values()):
            return None
        return Choice(_NEW, f"New group “{typed}”", mark="+")

    def choose(self, choice: Choice) -> None:
        """Give back where to."""
        if choice.key == _NEW:
            self.dismiss(Destination(None, self.typed))
        else:
            group = self._groups[choice.key]
            self.dismiss(Destination(group.id, group.name))
