"""What every gateway offers: texts are handed over, receipts come back, now or later."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from storage.messages import Outgoing, Receipt

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

    @abstractmethod
    async def hand_over(self, texts: Sequence[Outgoing]) -> list[Receipt]:
        """Hands texts over; returns one receipt for each.

        `sent` says that a receipt will follow, `retry` that the text was surely not taken and
        may be handed over again, `unknown` that nobody can tell.
        """

    @abstractmethod
    async def close(self) -> None:
        """Ends. Receipts that have not come yet are lost; the texts then count as unconfirmed."""
