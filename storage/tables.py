"""The tables behind the words. Rows are written by the verbs of this room alone."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    text,
)
from sqlmodel import Field, SQLModel

from storage.times import UtcTime
from storage.words import NumberStatus, Stage


class Base(SQLModel):
    """What every table shares: nothing is validated, so no validator is built at import."""

    model_config = {"defer_build": True}


BigInt = BigInteger().with_variant(Integer, "sqlite")
"""A 63-bit integer; spelled `INTEGER` in SQLite, where only that is the row's own number."""


def one_of(column: str, values: Any) -> CheckConstraint:
    """A check that a text column holds one of an enumeration's values."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


def ident(**options: Any) -> Any:
    """A primary key filled by `storage.ids`."""
    return Field(sa_column=Column(BigInt, primary_key=True, autoincrement=False, **options))


def link(*, null: bool = False, primary_key: bool = False) -> Any:
    """An id of a row in another table."""
    return Field(
        default=None if null else ...,
        sa_column=Column(BigInt, nullable=null, primary_key=primary_key, autoincrement=False),
    )


def moment(*, null: bool = False) -> Any:
    """A moment in UTC."""
    return Field(default=None if null else ..., sa_column=Column(UtcTime, nullable=null))


def words(default: Any = ..., *, null: bool = False) -> Any:
    """Text of any length."""
    return Field(default=default, sa_column=Column(Text, nullable=null))


def words_with_default(default: str = "") -> Any:
    """Text that older rows hold a default for."""
    return Field(
        default=default,
        sa_column=Column(Text, nullable=False, server_default=text(f"'{default}'")),
    )


def count(default: int = 0) -> Any:
    """A small integer that older rows hold a default for."""
    return Field(
        default=default,
        sa_column=Column(Integer, nullable=False, server_default=text(str(default))),
    )


def blob(*, null: bool = False, primary_key: bool = False) -> Any:
    """Bytes."""
    return Field(
        default=None if null else ...,
        sa_column=Column(LargeBinary, nullable=null, primary_key=primary_key),
    )


class StoreState(Base, table=True):
    """The one row that says where the store stands. Locked last, so that it orders commits."""

    __tablename__ = "store_state"

    id: int = Field(primary_key=True)
    seq: int = Field(sa_column=Column(BigInt, nullable=False))
    """Counts committed writes; the truth behind the change feed."""
    access_seq: int = Field(sa_column=Column(BigInt, nullable=False))
    """Counts changes of integration, keys and numbers: what the doors decide by."""
    chain_seq: int = Field(sa_column=Column(BigInt, nullable=False))
    """The place of the newest consent event."""
    chain_head: bytes = blob()
    """The hash of the newest consent event."""
    secret: bytes = blob()
    """Keys the hashes of phone numbers that must be known but not kept."""
    created_at: datetime = moment()
    chain_base_seq: int = Field(sa_column=Column(BigInt, nullable=False, server_default=text("0")))
    """The last consent event that was let go after its time; the ledger begins behind it."""
    chain_base_head: bytes | None = blob(null=True)
    """The hash of that event; NULL while none was let go."""


class Tally(Base, table=True):
    """A counter kept in the transaction that changes what it counts.

    Names: `stage:<stage>`, `group:<id>`, `label:<id>`, `hour:<hours since 1970>` (arrivals).
    """

    __tablename__ = "tallies"

    name: str = Field(sa_column=Column(Text, primary_key=True))
    n: int = Field(sa_column=Column(BigInt, nullable=False))


BADGED = "badges <> 0"
"""Which contacts wear a badge. A query must say it in these words, like those below."""

RARE_KIND = "kind NOT IN ('mobile', 'mobile_or_landline')"
"""Contacts whose line is not of the common kinds."""

RARE_SOURCE = "source NOT IN ('', 'api')"
"""Contacts that a recognised sender brought."""


class Contact(Base, table=True):
    """A person known by one canonical E.164 number."""

    __tablename__ = "contacts"
    __table_args__ = (
        one_of("stage", Stage),
        Index("uq_contacts_phone", "phone", "live", unique=True),
        Index("ix_contacts_stage", "stage", "id"),
        Index(
            "ix_contacts_queue_favorite",
            "favorite",
            "id",
            sqlite_where=text("stage = 'queued'"),
            postgresql_where=text("stage = 'queued'"),
        ),
        Index(
            "ix_contacts_starred",
            "id",
            "stage",
            "group_id",
            sqlite_where=text("favorite = 1"),
            postgresql_where=text("favorite = 1"),
        ),
        Index(
            "ix_contacts_group",
            "group_id",
            "id",
            sqlite_where=text("group_id IS NOT NULL"),
            postgresql_where=text("group_id IS NOT NULL"),
        ),
        Index(
            "ix_contacts_badged",
            "id",
            "badges",
            sqlite_where=text(BADGED),
            postgresql_where=text(BADGED),
        ),
        Index(
            "ix_contacts_kind",
            "kind",
            "id",
            sqlite_where=text(RARE_KIND),
            postgresql_where=text(RARE_KIND),
        ),
        Index(
            "ix_contacts_source",
            "source",
            "id",
            sqlite_where=text(RARE_SOURCE),
            postgresql_where=text(RARE_SOURCE),
        ),
    )

    id: int = ident()
    phone: str = words()
    first_name: str = words("")
    last_name: str = words("")
    stage: str = words()
    kind: str = words()
    region: str = words("")
    """ISO 3166 alpha-2 of the number, or empty."""
    group_id: int | None = link(null=True)
    favorite: int = Field(default=0, sa_column=Column(Integer, nullable=False))
    """0 or 1; an integer so that it can lead an index on both stores."""
    badges: int = Field(default=0, sa_column=Column(Integer, nullable=False))
    number_id: str = words("")
    """The messaging number that the person opted in to."""
    haystack: str = words()
    """What search looks through; see `storage.search.haystack`."""
    received_at: datetime = moment()
    changed_at: datetime = moment()
    version: int = Field(default=1, sa_column=Column(Integer, nullable=False))
    live: int | None = Field(
        default=1, sa_column=Column(Integer, nullable=True, server_default=text("1"))
    )
    """1 while it is not deleted, then NULL: unique with the phone.

    Not a condition on `stage`, because then each step of a contact's way would rewrite the index
    of phones, at a random place.
    """
    source: str = words_with_default()
    """Which sender brought it: `api`, or the name of a recognised sender such as `zapier`."""


class SearchPending(Base, table=True):
    """Contacts whose haystack the search index does not hold yet."""

    __tablename__ = "search_pending"

    contact_id: int = link(primary_key=True)


class ConsentEvent(Base, table=True):
    """One act of consent or its withdrawal. Never updated; each hashes the one before.

    `hash = sha256(prev_hash | seq | at | kind | contact | number | request | evidence_hash)`,
    `evidence_hash = sha256(evidence)`, so that erasing `evidence` leaves the chain whole.
    """

    __tablename__ = "consent_events"
    __table_args__ = (Index("ix_consent_contact", "contact_id"),)

    seq: int = ident()
    at: datetime = moment()
    kind: str = words()
    """`opt_in`, `repeat`, later `confirmed`, `opt_out`, `opt_back_in`."""
    contact_id: int = link()
    number_id: str = words("")
    request_id: int | None = link(null=True)
    evidence: str | None = words(null=True)
    """JSON with a salt: method, phone, addresses, user agent, page, wording, unknown fields."""
    evidence_hash: bytes = blob()
    prev_hash: bytes = blob()
    hash: bytes = blob()


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
    code: str = words("")
    """The error code answered, or empty."""
    reason: str = words("")
    contact_id: int | None = link(null=True)
    peer: str = words("")
    user_agent: str = words("")
    body: str = words("")
    """As received, cut at the size limit; never holds a credential."""
    sender: str = words_with_default()
    """The recognised sender, such as `zapier`; empty where none was."""
    media: str = words_with_default()
    """The media type that the request named."""
    headers: str = words_with_default()
    """JSON: the headers that tell something, credentials left out."""
    replay_of: int | None = link(null=True)
    """The refused attempt that this one mends."""
    phone: str = words_with_default()
    """Whom a refused attempt was about, in E.164 where the door could tell; else empty."""


class RefusedPending(Base, table=True):
    """Refused attempts that the intake log's index does not hold as they are now."""

    __tablename__ = "refused_pending"

    attempt_id: int = ident()


class IdempotencyKey(Base, table=True):
    """The first answer to a request that named a key, kept for 24 hours."""

    __tablename__ = "idempotency_keys"

    key_id: int = link(primary_key=True)
    key: str = Field(sa_column=Column(Text, primary_key=True))
    body_hash: bytes = blob()
    status: int = Field(sa_column=Column(Integer, nullable=False))
    answer: str = words()
    at: datetime = moment()


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
    provider_id: str = words("")
    error: str = words("")
    due_at: datetime = moment()
    """When to send it while pending; when to stop waiting once sending or sent."""
    created_at: datetime = moment()
    changed_at: datetime = moment()
    gateway: str = words_with_default()
    """Which gateway carried it."""
    review: str = words_with_default()
    """Of an inbound text that resembles an opt-out: `open`, `confirmed` or `dismissed`."""
    tries: int = count()
    """How often it was handed over in vain."""


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


class Group(Base, table=True):
    """A named set that campaigns may use."""

    __tablename__ = "groups"

    id: int = ident()
    name: str = words()
    folded: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    """The name as it is compared: `storage.search.fold`."""
    created_at: datetime = moment()


class Label(Base, table=True):
    """A shared mark."""

    __tablename__ = "labels"

    id: int = ident()
    name: str = words()
    folded: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    colour: str = words("")
    created_at: datetime = moment()
    letter: str = words_with_default()
    """The key that sets it in the picker; empty for the next free one."""


class ContactLabel(Base, table=True):
    """A label on a contact."""

    __tablename__ = "contact_labels"
    __table_args__ = (
        Index("ix_contact_labels_label", "label_id", "contact_id"),
        {"sqlite_with_rowid": False},
    )

    contact_id: int = link(primary_key=True)
    label_id: int = link(primary_key=True)


class Campaign(Base, table=True):
    """A messaging campaign that draws on groups."""

    __tablename__ = "campaigns"

    id: int = ident()
    name: str = words()
    active: bool = Field(default=False)
    created_at: datetime = moment()


class CampaignGroup(Base, table=True):
    """A group that a campaign draws on."""

    __tablename__ = "campaign_groups"

    campaign_id: int = link(primary_key=True)
    group_id: int = link(primary_key=True)


class CampaignContact(Base, table=True):
    """A contact that was added to a campaign by itself."""

    __tablename__ = "campaign_contacts"
    __table_args__ = (Index("ix_campaign_contacts_contact", "contact_id"),)

    campaign_id: int = link(primary_key=True)
    contact_id: int = link(primary_key=True)


class Note(Base, table=True):
    """What a person wrote about a contact."""

    __tablename__ = "notes"
    __table_args__ = (Index("ix_notes_contact", "contact_id", "id"),)

    id: int = ident()
    contact_id: int = link()
    author: str = words()
    body: str = words()
    created_at: datetime = moment()
    changed_at: datetime = moment()


class SavedView(Base, table=True):
    """A view that a person keeps on a number key."""

    __tablename__ = "saved_views"

    owner: str = Field(sa_column=Column(Text, primary_key=True))
    slot: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    """1 to 9."""
    name: str = words("")
    view: str = words()
    """JSON: place, group, search and order."""
    changed_at: datetime = moment()


class Seat(Base, table=True):
    """A process on the store: a desk or a listener, and where its person is looking."""

    __tablename__ = "seats"

    id: str = Field(sa_column=Column(Text, primary_key=True))
    kind: str = words()
    """`desk` or `serve`."""
    actor: str = words("")
    host: str = words("")
    pid: int = count()
    address: str = words("")
    """Of its listener, where it has one."""
    contact_id: int | None = link(null=True)
    """The contact that its person has open."""
    started_at: datetime = moment()
    seen_at: datetime = moment()


class GatewayState(Base, table=True):
    """How a gateway does, for every process to show."""

    __tablename__ = "gateway_state"

    name: str = Field(sa_column=Column(Text, primary_key=True))
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
    source: str = Field(sa_column=Column(Text, primary_key=True))
    """`staff`, `stop`, `import` or `erasure`."""
    phone: str | None = words(null=True)
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


class MessagingNumber(Base, table=True):
    """A number we text from."""

    __tablename__ = "numbers"
    __table_args__ = (one_of("status", NumberStatus),)

    id: str = Field(sa_column=Column(Text, primary_key=True))
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


class Change(Base, table=True):
    """One recorded act: audit trail and undo stack in one."""

    __tablename__ = "changes"
    __table_args__ = (
        Index("ix_changes_actor", "actor", "id"),
        Index(
            "ix_changes_undoes",
            "undoes",
            sqlite_where=text("undoes IS NOT NULL"),
            postgresql_where=text("undoes IS NOT NULL"),
        ),
    )

    id: int = ident()
    at: datetime = moment()
    actor_kind: str = Field(sa_column=Column(String(16), nullable=False))
    actor: str = words()
    verb: str = words()
    """`move`, `delete`, `star`, `unstar`, `label`, `unlabel`, `undo`, `redo`, `integration.on` …"""
    subject: str = words("")
    """What it was done to or with, such as a group's name. Untrusted."""
    details: str = words("{}")
    """JSON: what the inverse needs beside the items."""
    size: int = Field(default=0, sa_column=Column(Integer, nullable=False))
    """How many contacts it changed."""
    undoable: bool = Field(default=False)
    undone: bool = Field(default=False)
    undoes: int | None = link(null=True)
    """The change that an undo or redo is about."""


class ChangeItem(Base, table=True):
    """A contact that a change touched, as it was before."""

    __tablename__ = "change_items"
    __table_args__ = (
        Index("ix_change_items_contact", "contact_id", "change_id"),
        {"sqlite_with_rowid": False},
    )

    change_id: int = link(primary_key=True)
    contact_id: int = link(primary_key=True)
    stage: str = words()
    group_id: int | None = link(null=True)
    favorite: int = Field(sa_column=Column(Integer, nullable=False))


class GatewayScript(Base, table=True):
    """What the simulated gateway shall do with a number: `optdesk sms simulate`."""

    __tablename__ = "gateway_script"

    phone: str = Field(sa_column=Column(Text, primary_key=True))
    """E.164, or `*` for every number not named."""
    outcome: str = words()
    """`accept`, `deliver`, `block`, `landline`, `fail`, `silent` or `error`."""
    delay_ms: int = Field(default=0, sa_column=Column(Integer, nullable=False))
    reply: str = words_with_default()
    """What the person texts back; empty for nothing."""
