"""What can be done about a delivery: send it again, go to its contact, copy its id."""

from __future__ import annotations

from abc import abstractmethod
from functools import partial
from typing import TYPE_CHECKING

from textual import on
from textual.message import Message
from textual.widget import Widget

from screens.asked import ContactAsked
from screens.backstage import backstage, copy, say

if TYPE_CHECKING:
    from storage.delivery_log import DeliveryRow
    from storage.store import Store
    from storage.words import Actor

ON_ITS_WAY = ("pending", "sending")


class DeliveredAgain(Message):
    """A delivery goes out again."""

    def __init__(self, row: DeliveryRow) -> None:
        super().__init__()
        self.row = row


class DeliveryVerbs(Widget):
    """Carries out the verbs of the delivery log and of an open delivery."""

    @property
    @abstractmethod
    def delivery(self) -> DeliveryRow | None:
        """The delivery that the verbs are about."""

    @staticmethod
    def idle_for(row: DeliveryRow) -> frozenset[str]:
        """Verbs that make no sense for a delivery."""
        idle = {"delivery.replay"} if row.status in ON_ITS_WAY else set()
        return frozenset(idle if row.contact_id else idle | {"delivery.contact"})

    def action_delivery_replay(self) -> None:
        """Send it again, with the same id."""
        row = self.delivery
        if row is not None:
            backstage(self).work(self, partial(_again, who=backstage(self).actor, ident=row.id))

    def action_delivery_contact(self) -> None:
        """Go to the contact that the event is about."""
        row = self.delivery
        if row is None:
            return
        if row.contact_id:
            self.post_message(ContactAsked(row.contact_id))
        else:
            say(self, "This event is about no contact.")

    def action_delivery_copy(self) -> None:
        """Copy the id that the receiver sees."""
        row = self.delivery
        if row is not None:
            from storage.ids import public

            ident = public("evt", row.event_id)
            copy(self, ident, ident)

    @on(DeliveredAgain)
    def delivered_again(self, event: DeliveredAgain) -> None:
        """Say so."""
        event.stop()
        say(self, "It goes out again, with the same webhook-id.")


def _again(store: Store, *, who: Actor, ident: int) -> DeliveredAgain:
    from storage import delivery_log

    return DeliveredAgain(store.do(lambda conn: delivery_log.replay(conn, who, ident)))
