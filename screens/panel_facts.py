"""What the integrations panel knows besides the integration: number, old URLs, check list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from textual.message import Message

from screens.clock import clock
from widgets.display import plural

if TYPE_CHECKING:
    from storage.checklist import Item
    from storage.retired import StaleSender
    from storage.store import Store

LATELY = timedelta(days=7)
"""Who sent, and who used an old URL, is told for so long."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Read in one go."""

    number: str = ""
    """The integration's messaging number as people read it."""
    e164: str = ""
    old_url: tuple[StaleSender, ...] = ()
    items: tuple[Item, ...] = ()


class FactsRead(Message):
    """They were read."""

    def __init__(self, facts: Facts) -> None:
        super().__init__()
        self.facts = facts


def read_facts(
    store: Store, reach: Callable[[Store], tuple[Item | None, Item | None]]
) -> FactsRead:
    """Reads them. For background threads; asking whether the listener is reached takes a while.

    Args:
        store: Where.
        reach: Asks the listener, at its own address and at the public one.
    """
    from storage import checklist, integration, numbers, retired
    from storage.phones import international
    from storage.times import now

    listener, public = reach(store)
    with store.read() as conn:
        row = integration.show_row(conn)
        known = {number.id: number for number in numbers.listing(conn)}
        old = [use for use in retired.radar(conn) if use.last_at >= now() - LATELY]
        items = checklist.examine(conn, listener=listener, public=public)
    health = store.health
    if not health.ok:
        items = (checklist.unhealthy(health.sentence, health.next_step), *items)
    own = known.get(row.number_id) if row is not None else None
    return FactsRead(
        Facts(
            "" if own is None else international(own.phone),
            "" if own is None else own.phone,
            tuple(old),
            # Old URLs are told of on their own, sender by sender.
            tuple(item for item in items if item.check != "old URL" or not old),
        )
    )


def old_url_lines(uses: Sequence[StaleSender]) -> list[str]:
    """A line for each sender that still uses an old URL. Untrusted."""
    from storage.senders import title_of

    return [
        f"{title_of(use.sender) or 'unknown'}: {plural(use.hits, 'time')}, "
        f"last {clock(use.last_at)}"
        for use in uses
    ]
