"""One row may say of many texts that they are being handed over, and PostgreSQL's index by stage
leaves out whom a group holds: the seventh revision."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from storage.times import UtcTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "handovers",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("until", UtcTime(), nullable=False),
        sa.Column(
            "texts",
            sa.Text().with_variant(postgresql.ARRAY(sa.BigInteger()), "postgresql"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    # Of a program that does not know of them: 0, as it says nothing of itself.
    op.add_column(
        "seats", sa.Column("revision", sa.Integer(), server_default=sa.text("0"), nullable=False)
    )
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index("ix_contacts_stage", table_name="contacts")
        ungrouped = sa.text("stage <> 'grouped'")
        op.create_index(
            "ix_contacts_stage", "contacts", ["stage", "id"], postgresql_where=ungrouped
        )


def downgrade() -> None:
    """There is no way back: a store is restored from the backup made before its upgrade."""
    raise NotImplementedError("restore the backup made before the upgrade")
