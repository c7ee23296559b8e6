"""How acts that are not done to contacts alone are taken back: the shape of an entry."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy.engine import Connection

from storage.changes import ChangeRow
from storage.words import Actor, Outcome

if TYPE_CHECKING:
    from storage.bulk import Progress
    from storage.store import Store


Turn = Callable[[Connection, ChangeRow], None]
"""Takes an act back, or does it again, in one transaction. Raises `Refused` where it cannot."""

Step = Callable[[Connection, ChangeRow, Sequence[int]], Sequence[int]]
"""Turns a chunk of the contacts of a change; returns those that it reached."""

Afterwards = Callable[["Store", ChangeRow, bool, "Progress | None", "threading.Event | None"], bool]
"""Goes on in further transactions; told whether the act was undone, where to report to and what
stops it. Returns whether it came to the end."""

Anew = Callable[["Store", Actor, ChangeRow, "Progress | None", "threading.Event | None"], Outcome]
"""Does an act again, told where to report to and what stops it."""


@dataclass(frozen=True, slots=True)
class Reversal:
    """How one sort of act is taken back and done again."""

    undo: Turn
    redo: Turn | None = None
    """None: it is done anew by `anew`."""
    undo_step: Step | None = None
    """For each chunk of the contacts that the act noted, after `undo`."""
    afterwards: Afterwards | None = None
    """What follows in further transactions."""
    anew: Anew | None = None
    """Does the act again as one of its own."""
