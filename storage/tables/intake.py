"""What comes in, through which doors, and with which credentials."""

from datetime import datetime

from sqlalchemy import Column, Index, Integer, Text, text
from sqlmodel import Field

from storage.tables.columns import (
    Base,
    blob,
    count,
    ident,
    link,
    moment,
    one_of,
    term,
    words,
    words_with_default,
)
from storage.words import NumberStatus

NAMED_SENDER = "sender NOT IN ('', 'script')"
"""Which attempts came through a known tool. A query must say it in these words."""


class Attempt(Base, table=True):
    """One authenticated request at a door and what became of it."""

    __tablename__ = "attempts"
    __table_args__ = (
        Index("ix_attempts_contact", "contact_id", "id"),
        Index(
            "ix_attempts_refused",
            "id",
            sqlite_where=text("outcome = 'refused'"),
            postgresql_where=text("outcome = 'refused'"),
        ),
        Index(
            "ix_attempts_code",
            "code",
            "id",
            sqlite_where=text("code <> ''"),
            postgresql_where=text("code <> ''"),
        ),
        Index(
            "ix_attempts_replays",
            "replay_of",
            "id",
            sqlite_where=text("replay_of IS NOT NULL"),
            postgresql_where=text("replay_of IS NOT NULL"),
        ),
        Index(
            "ix_attempts_sender",
            "sender",
            "id",
            sqlite_where=text(NAMED_SENDER),
            postgresql_where=text(NAMED_SENDER),
        ),
        Index(
            "ix_attempts_hook",
            "id",
            sqlite_where=text("door = 'hook'"),
            postgresql_where=text("door = 'hook'"),
        ),
    )

    id: int = ident()
    at: datetime = moment()
    door: str = words()
    key_id: int | None = link(null=True)
    outcome: str = words()
    """`accepted`, `duplicate` or `refused`."""
    code: str = term("")
    """The error code answered, or empty."""
    reason: str = words("")
    contact_id: int | None = link(null=True)
    peer: str = words("")
    user_agent: str = words("")
    body: str = words("")
    """As received, cut at the size limit; never holds a credential."""
    sender: str = term("", stored="")
    """The recognised sender, such as `zapier`; empty where none was."""
    media: str = words_with_default()
    """The media type that the request named."""
    headers: str = words_with_default()
    """JSON: the headers that tell something, credentials left out."""
    replay_of: int | None = link(null=True)
    """The refused attempt that this one mends."""
    phone: str = words_with_default()
    """Whom a refused attempt was about, in E.164 where the door could tell; else empty."""


class IdempotencyKey(Base, table=True):
    """The first answer to a request that named a key, kept for 24 hours."""

    __tablename__ = "idempotency_keys"

    key_id: int = link(primary_key=True)
    key: str = term(primary_key=True)
    body_hash: bytes = blob()
    status: int = Field(sa_column=Column(Integer, nullable=False))
    answer: str = words()
    at: datetime = moment()


class MessagingNumber(Base, table=True):
    """A number we text from."""

    __tablename__ = "numbers"
    __table_args__ = (one_of("status", NumberStatus),)

    id: str = term(primary_key=True)
    phone: str = words()
    name: str = words("")
    status: str = words()
    campaign_id: int | None = link(null=True)
    created_at: datetime = moment()
    changed_at: datetime = moment()
    options: str = words_with_default("{}")
    """JSON: its texts (brand, program, frequency, template, help)."""


class Integration(Base, table=True):
    """The Opt-In API connection. At most one is not deleted."""

    __tablename__ = "integrations"
    __table_args__ = (Index("uq_integrations_live", "live", unique=True),)

    id: int = ident()
    live: int | None = Field(default=1, sa_column=Column(Integer, nullable=True))
    """1 while it exists, NULL once deleted: unique, so there is never a second."""
    active: bool = Field(default=False)
    token: str = words("")
    """The secret of the URL. Empty once deleted."""
    token_hash: bytes = blob()
    default_region: str = words("US")
    brand: str = words("")
    program: str = words("")
    number_id: str = words("")
    """The messaging number that the hook door opts people in to."""
    options: str = words("{}")
    """JSON: mapping rules and redirect."""
    created_at: datetime = moment()
    changed_at: datetime = moment()


class RetiredToken(Base, table=True):
    """A secret URL that no longer works, known by its hash alone."""

    __tablename__ = "retired_tokens"

    token_hash: bytes = blob(primary_key=True)
    why: str = words()
    """`regenerated` or `deleted`."""
    retired_at: datetime = moment()
    hits: int = Field(default=0, sa_column=Column(Integer, nullable=False))
    last_hit_at: datetime | None = moment(null=True)
    last_sender: str = words("")


class RetiredHit(Base, table=True):
    """Uses of a secret URL that no longer works, by sender."""

    __tablename__ = "retired_hits"

    token_hash: bytes = blob(primary_key=True)
    sender: str = Field(sa_column=Column(Text, primary_key=True))
    """The recognised sender, or the start of the user agent. Untrusted."""
    hits: int = count()
    first_at: datetime = moment()
    last_at: datetime = moment()


class ApiKey(Base, table=True):
    """A credential of the API door, kept as a hash."""

    __tablename__ = "api_keys"
    __table_args__ = (Index("uq_api_keys_hash", "key_hash", unique=True),)

    id: int = ident()
    name: str = words()
    key_hash: bytes = blob()
    hint: str = words()
    """The last four characters, to tell keys apart."""
    created_at: datetime = moment()
    last_used_at: datetime | None = moment(null=True)
    revoked_at: datetime | None = moment(null=True)
