"""The request of a webhook delivery, for screens to show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from screens.backstage import Letter

if TYPE_CHECKING:
    from storage.delivery_log import DeliveryView


def letter(view: DeliveryView) -> Letter:
    """The headers and the body. Time and signature are made anew for each try, and never kept."""
    from server.webhooks.letter import FIXED_HEADERS, described
    from storage.ids import public

    return Letter(
        (
            ("Content-Type", "application/json"),
            ("User-Agent", FIXED_HEADERS["User-Agent"]),
            ("webhook-id", public("evt", view.row.event_id)),
            ("webhook-timestamp", "the seconds of each try"),
            ("webhook-signature", "v1,… made for each try; two while a secret rotates"),
        ),
        described(view),
    )
