"""What an endpoint receives: the contract's body, signed after Standard Webhooks."""

from __future__ import annotations

import hmac
import json
from base64 import b64decode, b64encode
from datetime import datetime
from functools import lru_cache

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


_PREFIX = "whsec_"


def signing_key(secret: str) -> bytes:
    """What a secret as people see it, `whsec_…`, signs with."""
    return b64decode(secret.removeprefix(_PREFIX))


def headers_of(
    parcel: Parcel, body: bytes, keys: tuple[bytes, ...], moment: datetime
) -> dict[str, str]:
    """The headers of one try, beside `FIXED_HEADERS`, signed after Standard Webhooks.

    By hand: the library takes ten times as long, and signs wrongly what is not in UTC.

    Args:
        parcel: What is sent.
        body: As `body_of` made it.
        keys: By `signing_key`, one for each secret that signs.
        moment: Now.
    """
    ident, seconds = event_id(parcel), str(int(moment.timestamp()))
    signed = f"{ident}.{seconds}.".encode() + body
    return {
        "webhook-id": ident,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join([_signature(key, signed) for key in keys]),
    }


def _signature(key: bytes, signed: bytes) -> str:
    return "v1," + b64encode(hmac.digest(key, signed, "sha256")).decode()


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
