"""What the store and the desks on it keep about themselves."""

from datetime import datetime

from sqlalchemy import Column, Index, Integer, Text, text
from sqlmodel import Field

from storage.tables.columns import Base, BigInt, blob, count, ident, link, moment, term, words


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
    chain_seal: bytes | None = blob(null=True)
    """Of the newest consent event; see `storage.consent.sealed`."""
    chain_base_seal: bytes | None = blob(null=True)
    """Of the last one that was let go; NULL while none was."""
    attempts_to: int = Field(
        default=0, sa_column=Column(BigInt, nullable=False, server_default=text("0"))
    )
    """The last attempt that the intake log's index reaches to; 0 while it holds none."""


class Tally(Base, table=True):
    """A counter kept in the transaction that changes what it counts.

    Names: `stage:<stage>`, `group:<id>`, `label:<id>`, `hour:<hours since 1970>` (arrivals).
    """

    __tablename__ = "tallies"

    name: str = term(primary_key=True)
    n: int = Field(sa_column=Column(BigInt, nullable=False))


class SearchPending(Base, table=True):
    """Contacts whose haystack the search index does not hold yet."""

    __tablename__ = "search_pending"

    contact_id: int = link(primary_key=True)


class AttemptsIndexed(Base, table=True):
    """A stretch of the intake log that its index holds; see `storage.attempt_index`."""

    __tablename__ = "attempts_indexed"
    __table_args__ = (Index("ix_attempts_indexed_last", "last_id"),)

    number: int = ident()
    """Its place among the stretches, which follow each other as their attempts do."""
    first_id: int = link()
    last_id: int = link()
    members: bytes = blob()
    """The attempts that its documents stand for."""


class AttemptPending(Base, table=True):
    """Attempts in an indexed stretch that the index does not hold as they are now."""

    __tablename__ = "attempts_pending"

    attempt_id: int = ident()


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

    id: str = term(primary_key=True)
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
    revision: int = count()
    """Of the tables, the newest that its program knows; 0 of programs older than the seventh."""
