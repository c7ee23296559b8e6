"""What screens may ask of those who read senders' bodies. The app gives them who answers.

Screens do not know the listener; what it makes of a body comes to them through this protocol.
Every call may read or write the store: make it in a job of the backstage, never on the screen's
own time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from storage.mapping_rules import Pair, Replayed, Rule, Tried
    from storage.store import Store
    from storage.words import Actor


class LeadTools(Protocol):
    """Mapping by example, and sending a refused attempt through the door again."""

    def pairs(self, body: str, media: str, region: str = "US") -> list[Pair]:
        """Every value in a captured body, in its order, for a person to point at.

        Args:
            body: As the intake log keeps it.
            media: As the attempt names it; may be empty.
            region: The country of phones that name none.
        """

    def try_rules(
        self, store: Store, rules: Sequence[Rule], attempts: Sequence[int]
    ) -> list[Tried]:
        """What the door would make of captured attempts under other rules.

        Args:
            store: Where they are; it is only read.
            rules: All that would be in force.
            attempts: Their ids; those that are not there or not the hook door's are left out.
        """

    def replay(self, store: Store, attempt_id: int, body: str | None, who: Actor) -> Replayed:
        """Sends a refused attempt through its door's checks again.

        Args:
            store: Where it is.
            attempt_id: The refused attempt.
            body: The mended body, or None for the one that was kept.
            who: By whose hand.

        Raises:
            Refused: It was accepted already, or the integration is off.
            NotFound: There is no such attempt, or no integration.
        """
