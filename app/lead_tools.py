"""What screens ask about senders' bodies, answered by the server's own code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from storage.mapping_rules import Pair, Replayed, Rule, Tried

if TYPE_CHECKING:
    from storage.store import Store
    from storage.words import Actor


class ServerLeadTools:
    """`screens.lead_tools.LeadTools`. The server is imported when it is first asked."""

    def pairs(self, body: str, media: str, region: str = "US") -> list[Pair]:
        """Every value in a captured body, in its order."""
        from server.replay import pairs

        return pairs(body, media, region)

    def try_rules(
        self, store: Store, rules: Sequence[Rule], attempts: Sequence[int]
    ) -> list[Tried]:
        """What the door would make of captured attempts under other rules."""
        from server.replay import try_rules

        return try_rules(store, rules, attempts)

    def replay(self, store: Store, attempt_id: int, body: str | None, who: Actor) -> Replayed:
        """Sends a refused attempt through its door's checks again."""
        from server.replay import replay

        return replay(store, attempt_id, body, who)
