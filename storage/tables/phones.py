"""Who has a phone number. Read and written through `storage.phone_index` alone.

A number is kept as an integer, the digits of its E.164 form: half as long as the text, and the
row's own place in SQLite.
"""

from sqlalchemy import Index

from storage.tables.columns import Base, ident, link


class PhoneHolder(Base, table=True):
    """The contact with a number that is not deleted. There is one at most."""

    __tablename__ = "phones"

    number: int = ident()
    contact_id: int = link()


class NewPhone(Base, table=True):
    """The same, of those who came in last; SQLite alone. See `storage.phone_index`."""

    __tablename__ = "phones_new"

    number: int = ident()
    contact_id: int = link()


class YoungPhone(Base, table=True):
    """The same, of those who came in before them; SQLite alone."""

    __tablename__ = "phones_young"

    number: int = ident()
    contact_id: int = link()


class FormerPhone(Base, table=True):
    """A number of a contact that was deleted and is still on record."""

    __tablename__ = "phones_former"
    __table_args__ = (Index("ix_phones_former_number", "number"),)

    contact_id: int = ident()
    number: int = link()
