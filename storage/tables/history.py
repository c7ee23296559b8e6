"""What was done and consented to."""

from datetime import datetime

from sqlalchemy import Column, Index, Integer, String, text
from sqlmodel import Field

from storage.tables.columns import Base, blob, ident, link, moment, words


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
