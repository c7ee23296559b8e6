"""What carries the texts."""

from __future__ import annotations

from server.gateways.base import Gateway
from storage.errors import WrongUsage
from storage.store import Store


def make_gateway(name: str, store: Store) -> Gateway:
    """The gateway that the settings name.

    Raises:
        WrongUsage: There is none of that name.
    """
    if name == "simulated":
        from server.gateways.simulated import SimulatedGateway

        return SimulatedGateway(store)
    raise WrongUsage(f"There is no gateway called “{name}”.", "Known: simulated.")
