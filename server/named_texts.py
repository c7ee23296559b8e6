"""Texts that leads have just left, which a courier can claim without looking for what is due."""

from __future__ import annotations

from storage.texts import Outgoing

LOOK_SECONDS = 1.0
"""How often a courier looks for whatever is due, beside the texts it knows of: those of other
processes, and those that were put off."""

_MOST = 1_000
"""Texts known at most; beyond them, whatever is due is looked for."""


class NamedTexts:
    """What a courier knows to wait. Only a hint: each waits in the store, and may have left it."""

    def __init__(self) -> None:
        self._texts: list[Outgoing] = []
        self._others = True
        """Others may wait as well."""
        self._looked_at = 0.0

    def __len__(self) -> int:
        return len(self._texts)

    def add(self, text: Outgoing | None) -> None:
        """Takes note of a text; None for one that is not known."""
        if text is None or len(self._texts) >= _MOST:
            self.look()
        elif not self._others:
            self._texts.append(text)

    def look(self) -> None:
        """Has the next claim look for whatever is due."""
        self._texts.clear()
        self._others = True

    def take(self, room: int, moment: float) -> list[Outgoing]:
        """The texts to claim next by their names; none where whatever is due is to be looked for.

        Args:
            room: So many at most.
            moment: Now, by a clock that nobody sets.
        """
        if self._others or moment - self._looked_at > LOOK_SECONDS:
            self._texts.clear()
            self._others, self._looked_at = False, moment
            return []
        taken, self._texts = self._texts[:room], self._texts[room:]
        return taken
