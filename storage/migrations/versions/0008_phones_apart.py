"""Who has a phone number stands in tables of its own: the eighth revision."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_ON_POSTGRESQL = (
    "CASE WHEN phone ~ '^[+][1-9][0-9]{0,14}$' THEN CAST(substr(phone, 2) AS BIGINT) END"
)
_ON_SQLITE = (
    "CASE WHEN phone GLOB '+[1-9]*' AND substr(phone, 2) NOT GLOB '*[^0-9]*'"
    " AND length(phone) <= 16 THEN CAST(substr(phone, 2) AS INTEGER) END"
)


def big() -> sa.types.TypeEngine[int]:
    """A 63-bit integer."""
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """To this revision."""
    for name in ("phones", "phones_new", "phones_young"):
        op.create_table(
            name,
            sa.Column("number", big(), autoincrement=False, nullable=False),
            sa.Column("contact_id", big(), autoincrement=False, nullable=False),
            sa.PrimaryKeyConstraint("number"),
            # SQLite leaves the ids of rows that are gone behind in its inner pages.
            sqlite_with_rowid=False,
        )
    op.create_table(
        "phones_former",
        sa.Column("contact_id", big(), autoincrement=False, nullable=False),
        sa.Column("number", big(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("contact_id"),
    )
    conn = op.get_bind()
    number = _ON_POSTGRESQL if conn.dialect.name == "postgresql" else _ON_SQLITE
    # In their own order, so that the pages are full.
    conn.exec_driver_sql(
        f"INSERT INTO phones (number, contact_id) SELECT {number}, id FROM contacts"  # noqa: S608
        f" WHERE live = 1 AND {number} IS NOT NULL ORDER BY 1"
    )
    conn.exec_driver_sql(
        f"INSERT INTO phones_former (contact_id, number) SELECT id, {number} FROM contacts"  # noqa: S608
        f" WHERE live IS NULL AND {number} IS NOT NULL ORDER BY id"
    )
    op.create_index("ix_phones_former_number", "phones_former", ["number"])
    op.drop_index("uq_contacts_phone", table_name="contacts")
    # Programs that do not know of these tables can write no contact any more.
    conn.exec_driver_sql("ALTER TABLE contacts DROP COLUMN live")


def downgrade() -> None:
    """There is no way back: a store is restored from the backup made before its upgrade."""
    raise NotImplementedError("restore the backup made before the upgrade")
