"""What the frame around the places knows: counts, groups, the integration. One snapshot."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from textual.message import Message

from screens.navigation import Figures, GroupFacts

if TYPE_CHECKING:
    from storage.first_look import FirstLook
    from storage.gateway_state import Circuit
    from storage.integration import IntegrationView
    from storage.store import Store
    from storage.words import Actor


LATELY = timedelta(days=7)
"""Uses of old URLs are told for so long."""


@dataclass(frozen=True, slots=True)
class Overview:
    """The desk in figures."""

    figures: Figures = field(default_factory=Figures)
    integration: IntegrationView | None = None
    undo: str = ""
    """What the person's next undo is about, such as `move 32 contacts to “Spring”`. Untrusted."""
    redo: str = ""
    """The same for redo."""
    circuit: Circuit | None = None
    """The gateway that is in trouble, if one is."""
    known: bool = False
    """False until the store was read for the first time."""


class OverviewRead(Message):
    """The figures were read."""

    def __init__(self, overview: Overview) -> None:
        super().__init__()
        self.overview = overview


def at_first_look(look: FirstLook) -> Overview:
    """What is shown until the store is open."""
    return Overview(
        Figures(
            queue=look.by_stage.get("queued", 0),
            all=look.all,
            groups=tuple(GroupFacts(*group) for group in look.groups),
            integration="none" if look.active is None else "on" if look.active else "off",
        )
    )


def read_overview(store: Store, who: Actor) -> Overview:
    """Reads everything the frame shows. For background threads."""
    from storage import (
        campaigns,
        counts,
        endpoints,
        gateway_state,
        integration,
        retired,
        text_log,
        undo_stack,
    )
    from storage.questions import ask_all
    from storage.times import now

    with store.read() as conn:
        (next_undo, next_redo), found, old, shown, awaited, trouble, failing, drawing = ask_all(
            conn,
            undo_stack.peeking(who),
            counts.counting(conn),
            retired.used_since(conn, now() - LATELY),
            integration.shown(conn),
            text_log.AWAITED,
            gateway_state.trouble(conn),
            endpoints.FAILING,
            campaigns.DRAWING_ON_GROUPS,
        )
    return Overview(
        Figures(
            queue=found.queue,
            all=found.all,
            groups=tuple(
                GroupFacts(row.id, row.name, row.count, drawing.get(row.id, ()))
                for row in found.groups
            ),
            integration="none" if shown is None else "on" if shown.active else "off",
            old_url=old,
            to_judge=awaited.reviews + awaited.unknown,
            failing=failing,
        ),
        shown,
        undo=next_undo or "",
        redo=next_redo or "",
        circuit=trouble[0] if trouble else None,
        known=True,
    )
