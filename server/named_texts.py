"""Texts that leads have just left, which a courier can claim without looking for what is due."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from storage.texts import Outgoing

LOOK_SECONDS = 1.0
"""How often a courier looks for whatever is due, beside the texts it knows of: those of other
processes, and those that were put off."""

_MOST = 1_000
"""Texts known at most; beyond them, whatever is due is looked for."""


class NamedTexts:
    """What a courier knows to wait. Only a hint: each waits in the store, and may have left it."""

    def __init__(self) -> None:
        self._texts: dict[int, Outgoing] = {}
        """By their ids, in the order they came."""
        self._early: dict[int, None] = {}
        """Those that were found before they were told of: the store shows a lead to who looks
        while its commit is still on the way to the disk."""
        self._others = True
        """Others may wait as well."""
        self._looked_at = 0.0

    def __len__(self) -> int:
        return len(self._texts)

    def add(self, text: Outgoing | None) -> bool:
        """Takes note of a text; None for one that is not known.

        Returns:
            Whether there is something to claim because of it.
        """
        if text is not None and text.message_id in self._early:
            del self._early[text.message_id]
            return False
        if text is None or len(self._texts) >= _MOST:
            self._others = True
        else:
            self._texts[text.message_id] = text
        return True

    def look(self) -> None:
        """Has the next claim look for whatever is due: what was known is not certain any more."""
        self._texts.clear()
        self._others = True

    def take(self, room: int, moment: float) -> list[Outgoing]:
        """The texts to claim next by their names; none where whatever is due is to be looked for.

        Args:
            room: So many at most.
            moment: Now, by a clock that nobody sets.
        """
        if self._others or not self._texts or moment - self._looked_at > LOOK_SECONDS:
            self._others, self._looked_at = False, moment
            return []
        taken = [*islice(self._texts.values(), room)]
        for text in taken:
            del self._texts[text.message_id]
        return taken

    def found(self, texts: Iterable[Outgoing]) -> int:
        """Takes note of what was claimed when whatever is due was looked for.

        Returns:
            How many of them were known.
        """
        known = 0
        for text in texts:
            if self._texts.pop(text.message_id, None) is None:
                self._early[text.message_id] = None
            else:
                known += 1
        for one in [*islice(self._early, max(0, len(self._early) - _MOST))]:
            del self._early[one]
        return known
