"""Texts, who carries them, and who must not be texted."""

from datetime import datetime

from sqlalchemy import ARRAY, BigInteger, Column, Index, Integer, Text, text
from sqlmodel import Field

from storage.tables.columns import (
    Base,
    blob,
    count,
    ident,
    link,
    moment,
    term,
    words,
    words_with_default,
)

WAITING = "status IN ('pending', 'sending', 'sent')"
"""Which messages wait. A query must say it in these words, or SQLite reads the whole table."""

TEXT_FAILED = "status IN ('failed', 'blocked')"

PROVIDED = "provider_id <> '' AND gateway NOT IN ('', 'simulated')"
"""Which messages a provider knows by an id of its own. A query must say it in these words."""


class Message(Base, table=True):
    """One text, to or from a contact. Its status only moves forward."""

    __tablename__ = "messages"
    __table_args__ = (
        Index("ix_messages_contact", "contact_id", "id"),
        Index(
            "ix_messages_waiting",
            "due_at",
            "id",
            sqlite_where=text(WAITING),
            postgresql_where=text(WAITING),
        ),
        Index(
            "uq_messages_provider",
            "gateway",
            "provider_id",
            unique=True,
            sqlite_where=text(PROVIDED),
            postgresql_where=text(PROVIDED),
        ),
        Index(
            "ix_messages_review",
            "id",
            sqlite_where=text("review = 'open'"),
            postgresql_where=text("review = 'open'"),
        ),
        Index(
            "ix_messages_unknown",
            "id",
            sqlite_where=text("status = 'unknown'"),
            postgresql_where=text("status = 'unknown'"),
        ),
        Index(
            "ix_messages_inbound",
            "id",
            sqlite_where=text("direction = 'in'"),
            postgresql_where=text("direction = 'in'"),
        ),
        Index(
            "ix_messages_failed",
            "id",
            sqlite_where=text(TEXT_FAILED),
            postgresql_where=text(TEXT_FAILED),
        ),
    )

    id: int = ident()
    contact_id: int = link()
    number_id: str = words()
    phone: str = words()
    direction: str = words("out")
    purpose: str = words("compliance")
    body: str = words()
    status: str = words("pending")
    """`pending`, `sending`, `sent` (handed over, no receipt yet), `accepted`, `delivered`,
    `failed`, `blocked`, `unknown`, `cancelled`."""
    claimed_by: str = words("")
    provider_id: str = term("")
    error: str = words("")
    due_at: datetime = moment()
    """When to send it while pending; when to stop waiting once sending or sent."""
    created_at: datetime = moment()
    changed_at: datetime = moment()
    gateway: str = term("", stored="")
    """Which gateway carried it."""
    review: str = words_with_default()
    """Of an inbound text that resembles an opt-out: `open`, `confirmed` or `dismissed`."""
    tries: int = count()
    """How often it was handed over in vain."""


class Handover(Base, table=True):
    """Texts that a courier on PostgreSQL holds in its hands; see `storage.handovers`."""

    __tablename__ = "handovers"

    id: int = ident()
    """Of the first of them."""
    worker: str = words()
    until: datetime = moment()
    """When to stop waiting for what becomes of them."""
    texts: list[int] = Field(
        sa_column=Column(Text().with_variant(ARRAY(BigInteger), "postgresql"), nullable=False)
    )
    """Their ids."""


class GatewayState(Base, table=True):
    """How a gateway does, for every process to show."""

    __tablename__ = "gateway_state"

    name: str = term(primary_key=True)
    state: str = words("closed")
    """Of its circuit: `closed` (it works), `open` or `half_open`."""
    reason: str = words("")
    until: datetime | None = moment(null=True)
    changed_at: datetime = moment()


class Suppression(Base, table=True):
    """A number that must not be texted, and by whose word."""

    __tablename__ = "suppressions"
    __table_args__ = (
        Index("ix_suppressions_phone", "phone"),
        Index("ix_suppressions_at", "at", "phone_hash", "source"),
    )

    phone_hash: bytes = blob(primary_key=True)
    """Keyed by the store's secret; see `storage.suppressions.phone_hash`."""
    source: str = term(primary_key=True)
    """`staff`, `stop`, `import` or `erasure`."""
    phone: str | None = term(null=True)
    """Absent where only the hash may be kept."""
    reason: str = words("")
    actor: str = words("")
    at: datetime = moment()
    import_id: int | None = link(null=True)
    """The import that brought it."""


class SuppressionImport(Base, table=True):
    """A Do Not Contact list that was read from a file."""

    __tablename__ = "suppression_imports"

    id: int = ident()
    name: str = words()
    """The file's name. Untrusted."""
    digest: bytes = blob()
    """Of the file, so that an import that was cut off goes on where it stopped."""
    actor: str = words()
    lines: int = count()
    """How many lines are through."""
    added: int = count()
    known: int = count()
    skipped: int = count()
    done: bool = Field(default=False)
    started_at: datetime = moment()
    changed_at: datetime = moment()


class GatewayScript(Base, table=True):
    """What the simulated gateway shall do with a number: `optdesk sms simulate`."""

    __tablename__ = "gateway_script"

    phone: str = term(primary_key=True)
    """E.164, or `*` for every number not named."""
    outcome: str = words()
    """`accept`, `deliver`, `block`, `landline`, `fail`, `silent`, `error` or `lost`."""
    delay_ms: int = Field(default=0, sa_column=Column(Integer, nullable=False))
    reply: str = words_with_default()
    """What the person texts back; empty for nothing."""
