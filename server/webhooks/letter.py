"""What an endpoint receives: the contract's body, signed after Standard Webhooks."""

from __future__ import annotations

import json
from datetime import datetime
from functools import lru_cache

from standardwebhooks import Webhook

from storage.deliveries import Parcel
from storage.delivery_log import DeliveryView
from storage.ids import public
from storage.times import stamp

FIXED_HEADERS = {
    "Content-Type": "application/json",
    "User-Agent": "Optdesk-Webhooks/1",
    "Accept-Encoding": "identity",
}
"""The headers of every try."""


def body_of(parcel: Parcel, *, seed: bool) -> bytes:
    """The body, the same at each try.

    Args:
        parcel: What happened.
        seed: Without `type`, as the seed's documentation prints it.
    """
    return _body(
        parcel.event,
        parcel.contact_id,
        parcel.phone,
        parcel.number_id,
        parcel.campaign_id,
        parcel.at,
        seed,
    )


@lru_cache(maxsize=1024)
def _body(
    event: str,
    contact_id: int,
    phone: str,
    number_id: str,
    campaign_id: int | None,
    at: datetime,
    seed: bool,
) -> bytes:
    # Made once for all the endpoints that are told of it.
    said: dict[str, object] = {"event": event}
    if not seed:
        said["type"] = event
    said["timestamp"] = stamp(at)
    said["data"] = {
        "contact_id": public("con", contact_id) if contact_id else None,
        "phone_number": phone or None,
        "opt_in_number_id": number_id or None,
        "campaign_id": None if campaign_id is None else public("cam", campaign_id),
    }
    return json.dumps(said).encode()


def event_id(parcel: Parcel) -> str:
    """The `webhook-id`: one for each event, however often it is tried."""
    return public("evt", parcel.event_id)


def headers_of(
    parcel: Parcel, body: bytes, signers: tuple[Webhook, ...], moment: datetime
) -> dict[str, str]:
    """The headers of one try, beside `FIXED_HEADERS`.

    Args:
        parcel: What is sent.
        body: As `body_of` made it.
        signers: One for each secret that signs.
        moment: Now, in UTC; the library reads any other zone wrongly.
    """
    ident, text = event_id(parcel), body.decode()
    return {
        "webhook-id": ident,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(signer.sign(ident, moment, text) for signer in signers),
    }


def described(view: DeliveryView) -> str:
    """The request of a delivery as the log shows it: the body, without what signs it."""
    row = view.row
    parcel = Parcel(
        row.id,
        row.endpoint_id,
        row.tries,
        row.event_id,
        row.event,
        row.contact_id,
        row.phone,
        view.number_id,
        view.campaign_id,
        row.at,
    )
    return body_of(parcel, seed=view.seed_body).decode()
