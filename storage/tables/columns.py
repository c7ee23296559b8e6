"""How columns are declared."""

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, Integer, LargeBinary, Text, text
from sqlmodel import Field, SQLModel

from storage.times import UtcTime


class Base(SQLModel):
    """What every table shares: nothing is validated, so no validator is built at import."""

    model_config = {"defer_build": True}


BigInt = BigInteger().with_variant(Integer, "sqlite")
"""A 63-bit integer; spelled `INTEGER` in SQLite, where only that is the row's own number."""


_BYTEWISE = Text().with_variant(Text(collation="C"), "postgresql")


def one_of(column: str, values: Any) -> CheckConstraint:
    """A check that a text column holds one of an enumeration's values.

    Not written with `IN`, for which SQLite fills a table of them with each row.
    """
    either = " OR ".join(f"{column} = '{value}'" for value in values)
    return CheckConstraint(either, name=f"{column}_known")


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


def term(
    default: Any = ..., *, null: bool = False, primary_key: bool = False, stored: str | None = None
) -> Any:
    """Text of machines that is looked up: PostgreSQL compares it by bytes, as SQLite does.

    That is quicker than by the rules of a language, and gives the same order everywhere.

    Args:
        default: What a new row holds where nothing is said.
        null: Whether there may be none.
        primary_key: Whether it is the key, or a part of it.
        stored: A default that older rows hold.
    """
    return Field(
        default=default,
        sa_column=Column(
            _BYTEWISE,
            primary_key=primary_key,
            nullable=null,
            server_default=None if stored is None else text(f"'{stored}'"),
        ),
    )


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
