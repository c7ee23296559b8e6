"""Events told to other systems."""

from datetime import datetime

from sqlalchemy import Column, Index, Integer, text
from sqlmodel import Field

from storage.tables.columns import Base, count, ident, link, moment, words


class OutboxEvent(Base, table=True):
    """An event for webhooks, written with the change it tells of."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index(
            "ix_outbox_new",
            "id",
            sqlite_where=text("spread = 0"),
            postgresql_where=text("spread = 0"),
        ),
    )

    id: int = ident()
    event: str = words()
    contact_id: int = link()
    phone: str = words()
    number_id: str = words("")
    campaign_id: int | None = link(null=True)
    at: datetime = moment()
    spread: int = count(1)
    """0 until a delivery was made for each endpoint; written as 1 where there is no endpoint."""


class Endpoint(Base, table=True):
    """An address that events are delivered to."""

    __tablename__ = "endpoints"

    id: int = ident()
    url: str = words()
    events: str = words()
    """The names of the events it is told of, separated by spaces."""
    secret: str = words()
    """`whsec_…`; signs, so it must be read back."""
    old_secret: str = words("")
    """Signs as well while a secret is rotated."""
    old_secret_until: datetime | None = moment(null=True)
    seed_body: bool = Field(default=False)
    """Leave the body as the documentation prints it, without `type`."""
    active: bool = Field(default=True)
    failing_since: datetime | None = moment(null=True)
    disabled_why: str = words("")
    created_at: datetime = moment()
    changed_at: datetime = moment()
    removed_at: datetime | None = moment(null=True)


DELIVERY_WAITS = "status IN ('pending', 'sending')"

DELIVERY_FAILED = "status IN ('failed', 'cancelled')"
"""Which deliveries wait. A query must say it in these words."""


class Delivery(Base, table=True):
    """An event on its way to one endpoint."""

    __tablename__ = "deliveries"
    __table_args__ = (
        Index(
            "ix_deliveries_waiting",
            "endpoint_id",
            "due_at",
            "id",
            sqlite_where=text(DELIVERY_WAITS),
            postgresql_where=text(DELIVERY_WAITS),
        ),
        Index(
            "ix_deliveries_order",
            "endpoint_id",
            "contact_id",
            "id",
            sqlite_where=text(DELIVERY_WAITS),
            postgresql_where=text(DELIVERY_WAITS),
        ),
        Index("ix_deliveries_event", "event_id"),
        Index("ix_deliveries_endpoint", "endpoint_id", "id"),
        Index(
            "ix_deliveries_failed",
            "id",
            sqlite_where=text(DELIVERY_FAILED),
            postgresql_where=text(DELIVERY_FAILED),
        ),
    )

    id: int = ident()
    endpoint_id: int = link()
    event_id: int = link()
    contact_id: int = link()
    """Events of one contact reach an endpoint in order."""
    status: str = words("pending")
    """`pending`, `sending`, `delivered`, `failed` or `cancelled`."""
    tries: int = count()
    claimed_by: str = words("")
    due_at: datetime = moment()
    """When to try while pending; when a claim lapses while sending."""
    answer_status: int | None = Field(default=None, sa_column=Column(Integer, nullable=True))
    """The last HTTP status."""
    answer: str = words("")
    """The beginning of the last answer, or what went wrong. Untrusted."""
    took_ms: int = count()
    created_at: datetime = moment()
    changed_at: datetime = moment()


class DeliveryTry(Base, table=True):
    """One request to an endpoint and its answer."""

    __tablename__ = "delivery_tries"
    __table_args__ = (Index("ix_delivery_tries_delivery", "delivery_id", "id"),)

    id: int = ident()
    delivery_id: int = link()
    at: datetime = moment()
    status: int | None = Field(default=None, sa_column=Column(Integer, nullable=True))
    answer: str = words("")
    took_ms: int = count()
