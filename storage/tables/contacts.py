"""People, and how they are put in order."""

from datetime import datetime

from sqlalchemy import Column, Index, Integer, Text, text
from sqlmodel import Field

from storage.tables.columns import (
    Base,
    ident,
    link,
    moment,
    one_of,
    term,
    words,
    words_with_default,
)
from storage.words import Stage

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
        # PostgreSQL writes each version of a row into all indexes that hold it: a move of many took
        # a sixth longer with one more. A group's contacts are found by their group.
        Index("ix_contacts_stage", "stage", "id", postgresql_where=text("stage <> 'grouped'")),
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
    phone: str = term()
    """Canonical E.164. Who has it is looked up in `storage.phone_index`."""
    first_name: str = words("")
    last_name: str = words("")
    stage: str = term()
    kind: str = term()
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
    source: str = term("", stored="")
    """Which sender brought it: `api`, or the name of a recognised sender such as `zapier`."""


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
