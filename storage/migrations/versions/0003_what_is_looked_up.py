"""What is looked up quickly: the third revision."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage import refused_index

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def big() -> sa.types.TypeEngine[int]:
    """A 63-bit integer, spelled so that SQLite takes it for the row's own number."""
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """To this revision."""
    index_changes()
    change_attempts()
    let_people_reply()
    index_refused()


def index_changes() -> None:
    """Which act undid another."""
    op.create_index(
        "ix_changes_undoes",
        "changes",
        ["undoes"],
        unique=False,
        sqlite_where=sa.text("undoes IS NOT NULL"),
        postgresql_where=sa.text("undoes IS NOT NULL"),
    )


def change_attempts() -> None:
    """Whom a refused attempt was about, and indexes for the log's filters."""
    op.add_column(
        "attempts", sa.Column("phone", sa.Text(), server_default=sa.text("''"), nullable=False)
    )
    op.create_index(
        "ix_attempts_sender",
        "attempts",
        ["sender", "id"],
        unique=False,
        sqlite_where=sa.text("sender NOT IN ('', 'script')"),
        postgresql_where=sa.text("sender NOT IN ('', 'script')"),
    )
    op.create_index(
        "ix_attempts_hook",
        "attempts",
        ["id"],
        unique=False,
        sqlite_where=sa.text("door = 'hook'"),
        postgresql_where=sa.text("door = 'hook'"),
    )


def let_people_reply() -> None:
    """What the simulated gateway lets people text back."""
    op.add_column(
        "gateway_script",
        sa.Column("reply", sa.Text(), server_default=sa.text("''"), nullable=False),
    )


def index_refused() -> None:
    """An index of what they say, and notes of what it has to take in while the store is in use."""
    op.create_table(
        "refused_pending",
        sa.Column("attempt_id", big(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("attempt_id"),
    )
    conn = op.get_bind()
    refused_index.index.create(conn)
    conn.execute(
        sa.text(
            "INSERT INTO refused_pending (attempt_id)"
            " SELECT id FROM attempts WHERE outcome = 'refused'"
        )
    )


def downgrade() -> None:
    """There is no way back: a store is restored from the backup made before its upgrade."""
    raise NotImplementedError("restore the backup made before the upgrade")
