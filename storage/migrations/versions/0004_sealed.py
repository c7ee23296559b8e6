"""The ends of the consent ledger are sealed: the fourth revision."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.consent import BASE, END, sealed

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision."""
    seal_the_ledger()


def seal_the_ledger() -> None:
    """Both its ends, as they are."""
    for name in ("chain_seal", "chain_base_seal"):
        op.add_column("store_state", sa.Column(name, sa.LargeBinary(), nullable=True))
    conn = op.get_bind()
    row = conn.execute(
        sa.text(
            "SELECT secret, chain_seq, chain_head, chain_base_seq, chain_base_head"
            " FROM store_state WHERE id = 1"
        )
    ).one()
    secret, base = bytes(row.secret), row.chain_base_head
    conn.execute(
        sa.text("UPDATE store_state SET chain_seal = :seal, chain_base_seal = :base WHERE id = 1"),
        {
            "seal": sealed(secret, END, row.chain_seq, bytes(row.chain_head)),
            "base": None if base is None else sealed(secret, BASE, row.chain_base_seq, bytes(base)),
        },
    )


def downgrade() -> None:
    """There is no way back: a store is restored from the backup made before its upgrade."""
    raise NotImplementedError("restore the backup made before the upgrade")
