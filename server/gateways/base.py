"""What every gateway offers: texts are handed over, receipts come back, now or later."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from multidict import MultiDict
from sqlalchemy.engine import Connection

from storage.inbound import Inbound
from storage.texts import Outgoing, Receipt

Report = Callable[[Receipt], None]


class Gateway(ABC):
    """What carries texts to phones. Lives in the listener's event loop."""

    name: str
    """As the settings call it."""

    trouble: str = ""
    """A sentence while texts cannot be handed over, else empty."""

    @abstractmethod
    async def open(self, report: Report) -> None:
        """Begins.

        Args:
            report: Takes the receipts that come after a text was handed over; called in the
                event loop.
        """

    def consult(self, conn: Connection) -> None:  # noqa: B027 - most gateways need nothing
        """Reads what it wants to know of the store, in the transaction that claims texts for it.

        Called in the writer's thread, before those texts are handed over.
        """

    @abstractmethod
    async def hand_over(self, texts: Sequence[Outgoing]) -> list[Receipt]:
        """Hands texts over; returns one receipt for each.

        `sent` says that a receipt will follow, `retry` that the text was surely not taken and
        may be handed over again, `kept` that it was not even tried, `unknown` that nobody can
        tell.
        """

    @abstractmethod
    async def close(self) -> None:
        """Ends. Receipts that have not come yet are lost; the texts then count as unconfirmed."""


@dataclass(frozen=True, slots=True)
class StatusReport:
    """What a provider says later of a text it took."""

    gateway: str
    provider_id: str
    phone: str
    """Whom the text went to, as the provider writes it."""
    status: str
    """As in `storage.texts.Receipt`."""
    error: str = ""


class Callbacks(ABC):
    """A gateway whose provider calls us, and signs what it says."""

    signature_header: str
    """Where the signature stands."""

    @abstractmethod
    def genuine(self, url: str, signature: str, fields: MultiDict[str]) -> bool:
        """Whether the provider signed a request.

        Args:
            url: The address as the provider knows it.
            signature: What the request claims; may be anything.
            fields: The form that came with it.
        """

    @abstractmethod
    def status_of(self, fields: MultiDict[str]) -> StatusReport | None:
        """What a status callback says, or None where it moves nothing."""

    @abstractmethod
    def inbound_of(self, fields: MultiDict[str]) -> Inbound | None:
        """The text that a callback brings, or None where nobody can be answered."""
