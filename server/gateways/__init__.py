"""What carries the texts."""

from __future__ import annotations

from server.gateways.base import Gateway
from server.settings import ListenerSettings
from storage.errors import WrongUsage
from storage.store import Store


def make_gateway(settings: ListenerSettings, store: Store) -> Gateway:
    """The gateway that the settings name.

    Raises:
        WrongUsage: There is none of that name, or it lacks a setting.
    """
    name = settings.gateway
    if name == "simulated":
        from server.gateways.simulated import SimulatedGateway

        return SimulatedGateway(store)
    if name == "twilio":
        try:
            from server.gateways.twilio import TwilioGateway
        except ImportError:
            raise WrongUsage(
                "The gateway twilio needs the package of that name.",
                "Install it: pip install 'optdesk[twilio]'",
            ) from None
        return TwilioGateway(store, settings)
    raise WrongUsage(f"There is no gateway called “{name}”.", "Known: simulated, twilio.")
