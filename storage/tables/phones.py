"""Who has a phone number. Read and written through `storage.phone_index` alone.

A number is kept as an integer, the digits of its E.164 form: half as long as the text.
"""

from sqlalchemy import Index

from storage.tables.columns import Base, ident, link

_NO_ROW_IDS = {"sqlite_with_rowid": False}
"""Otherwise the number would be the row's id, and SQLite leaves ids behind in its inner pages, as
signposts, when their rows are gone: also those of people who were erased."""


class PhoneHolder(Base, table=True):
    """The contact with a number that is not deleted. There is one at most."""

    __tablename__ = "phones"
    __table_args__ = _NO_ROW_IDS

    number: int = ident()
    contact_id: int = link()


class NewPhone(Base, table=True):
    """The same, of those who came in last; SQLite alone. See `storage.phone_index`."""

    __tablename__ = "phones_new"
    __table_args__ = _NO_ROW_IDS

    number: int = ident()
    contact_id: int = link()


class YoungPhone(Base, table=True):
    """The same, of those who came in before them; SQLite alone."""

    __tablename__ = "phones_young"
    __table_args__ = _NO_ROW_IDS

    number: int = ident()
    contact_id: int = link()


class FormerPhone(Base, table=True):
    """A number of a contact that was deleted and is still on record."""

    __tablename__ = "phones_former"
    __table_args__ = (Index("ix_phones_former_number", "number"),)

    contact_id: int = ident()
    number: int = link()
