"""What an endpoint receives: the contract's body, signed after Standard Webhooks."""

from __future__ import annotations

import base64
import hmac
import json
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


_SECRET_PREFIX = "whsec_"  # noqa: S105 - what all of them begin with


class Signer:
    """Signs with one secret, after Standard Webhooks.

    By hand: the library takes twice as long, which is a twentieth of what a delivery costs. That
    it verifies what is signed here, and npm's as well, is what tests are for.

    Args:
        secret: `whsec_…`.
    """

    def __init__(self, secret: str) -> None:
        self._key = base64.b64decode(secret.removeprefix(_SECRET_PREFIX))

    def sign(self, ident: str, seconds: int, body: bytes) -> str:
        """A signature of what is sent.

        Args:
            ident: The `webhook-id`.
            seconds: The `webhook-timestamp`, since 1970.
            body: What follows the headers.
        """
        signed = hmac.digest(self._key, f"{ident}.{seconds}.".encode() + body, "sha256")
        return "v1," + base64.b64encode(signed).decode()


def headers_of(
    parcel: Parcel, body: bytes, signers: tuple[Signer, ...], moment: datetime
) -> dict[str, str]:
    """The headers of one try, beside `FIXED_HEADERS`.

    Args:
        parcel: What is sent.
        body: As `body_of` made it.
        signers: One for each secret that signs.
        moment: Now.
    """
    ident, seconds = event_id(parcel), int(moment.timestamp())
    return {
        "webhook-id": ident,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join([one.sign(ident, seconds, body) for one in signers]),
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
