"""An index of the whole intake log, not of what was refused alone: the fifth revision.

It is filled while the store is in use, so that a large store is upgraded as fast as a small one.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage import attempt_index, refused_index

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def big() -> sa.types.TypeEngine[int]:
    """A 63-bit integer, spelled so that SQLite takes it for the row's own number."""
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """To this revision."""
    index_attempts()
    drop_refused()


def index_attempts() -> None:
    """The index, empty, and how far it reaches."""
    op.create_table(
        "attempts_indexed",
        sa.Column("number", big(), autoincrement=False, nullable=False),
        sa.Column("first_id", big(), nullable=False),
        sa.Column("last_id", big(), nullable=False),
        sa.Column("members", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("ix_attempts_indexed_last", "attempts_indexed", ["last_id"], unique=False)
    op.create_table(
        "attempts_pending",
        sa.Column("attempt_id", big(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("attempt_id"),
    )
    op.add_column(
        "store_state",
        sa.Column("attempts_to", big(), server_default=sa.text("0"), nullable=False),
    )
    attempt_index.index.create(op.get_bind())


def drop_refused() -> None:
    """What the third revision made."""
    conn = op.get_bind()
    for name in (refused_index.index.terms.name, refused_index.index.name):
        conn.execute(sa.text(f"DROP TABLE IF EXISTS {name}"))
    op.drop_table("refused_pending")


def downgrade() -> None:
    """There is no way back: a store is restored from the backup made before its upgrade."""
    raise NotImplementedError("restore the backup made before the upgrade")
