"""The first tables."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

from storage import search
from storage.times import UtcTime, now

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def big() -> sa.types.TypeEngine[int]:
    """A 63-bit integer, spelled so that SQLite takes it for the row's own number."""
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """To this revision."""
    make_tables()
    search.create_index(op.get_bind())
    op.get_bind().execute(
        sa.text(
            "INSERT INTO store_state"
            " (id, seq, access_seq, chain_seq, chain_head, secret, created_at)"
            " VALUES (1, 0, 0, 0, :head, :secret, :moment)"
        ).bindparams(
            sa.bindparam("head", bytes(32), sa.LargeBinary()),
            sa.bindparam("secret", secrets.token_bytes(32), sa.LargeBinary()),
            sa.bindparam("moment", now(), UtcTime()),
        )
    )


def make_tables() -> None:
    """Every table, with its indexes."""
    op.create_table(
        "api_keys",
        sa.Column("id", big(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hint", sa.Text(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("last_used_at", UtcTime(), nullable=True),
        sa.Column("revoked_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("uq_api_keys_hash", "api_keys", ["key_hash"], unique=True)
    op.create_table(
        "attempts",
        sa.Column("id", big(), autoincrement=False, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("door", sa.Text(), nullable=False),
        sa.Column("key_id", big(), autoincrement=False, nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("contact_id", big(), autoincrement=False, nullable=True),
        sa.Column("peer", sa.Text(), nullable=False),
        sa.Column("user_agent", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "campaign_groups",
        sa.Column("campaign_id", big(), autoincrement=False, nullable=False),
        sa.Column("group_id", big(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("campaign_id", "group_id"),
    )
    op.create_table(
        "campaigns",
        sa.Column("id", big(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "change_items",
        sa.Column("change_id", big(), autoincrement=False, nullable=False),
        sa.Column("contact_id", big(), autoincrement=False, nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("group_id", big(), autoincrement=False, nullable=True),
        sa.Column("favorite", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("change_id", "contact_id"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_change_items_contact", "change_items", ["contact_id", "change_id"], unique=False
    )
    op.create_table(
        "changes",
        sa.Column("id", big(), autoincrement=False, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("actor_kind", sa.String(length=16), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("undoable", sa.Boolean(), nullable=False),
        sa.Column("undone", sa.Boolean(), nullable=False),
        sa.Column("undoes", big(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_changes_actor", "changes", ["actor", "id"], unique=False)
    op.create_table(
        "consent_events",
        sa.Column("seq", big(), autoincrement=False, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("contact_id", big(), autoincrement=False, nullable=False),
        sa.Column("number_id", sa.Text(), nullable=False),
        sa.Column("request_id", big(), autoincrement=False, nullable=True),
        sa.Column("evidence", sa.Text(), nullable=True),
        sa.Column("evidence_hash", sa.LargeBinary(), nullable=False),
        sa.Column("prev_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index("ix_consent_contact", "consent_events", ["contact_id"], unique=False)
    op.create_table(
        "contact_labels",
        sa.Column("contact_id", big(), autoincrement=False, nullable=False),
        sa.Column("label_id", big(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("contact_id", "label_id"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_contact_labels_label", "contact_labels", ["label_id", "contact_id"], unique=False
    )
    op.create_table(
        "contacts",
        sa.Column("id", big(), autoincrement=False, nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("last_name", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("group_id", big(), autoincrement=False, nullable=True),
        sa.Column("favorite", sa.Integer(), nullable=False),
        sa.Column("badges", sa.Integer(), nullable=False),
        sa.Column("number_id", sa.Text(), nullable=False),
        sa.Column("haystack", sa.Text(), nullable=False),
        sa.Column("received_at", UtcTime(), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("live", sa.Integer(), server_default=sa.text("1"), nullable=True),
        sa.CheckConstraint(
            "stage IN ('confirming', 'queued', 'grouped', 'suppressed', 'failed', 'deleted')",
            name="stage_known",
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ix_contacts_group",
        "contacts",
        ["group_id", "id"],
        unique=False,
        sqlite_where=sa.text("group_id IS NOT NULL"),
        postgresql_where=sa.text("group_id IS NOT NULL"),
    )
    op.create_index(
        "ix_contacts_queue_favorite",
        "contacts",
        ["favorite", "id"],
        unique=False,
        sqlite_where=sa.text("stage = 'queued'"),
        postgresql_where=sa.text("stage = 'queued'"),
    )
    op.create_index("ix_contacts_stage", "contacts", ["stage", "id"], unique=False)
    op.create_index(
        "uq_contacts_phone",
        "contacts",
        ["phone", "live"],
        unique=True,
    )
    op.create_table(
        "gateway_script",
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("delay_ms", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("phone"),
    )
    op.create_table(
        "groups",
        sa.Column("id", big(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("folded"),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("key_id", big(), autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("key_id", "key"),
    )
    op.create_table(
        "integrations",
        sa.Column("id", big(), autoincrement=False, nullable=False),
        sa.Column("live", sa.Integer(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("default_region", sa.Text(), nullable=False),
        sa.Column("brand", sa.Text(), nullable=False),
        sa.Column("program", sa.Text(), nullable=False),
        sa.Column("number_id", sa.Text(), nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("uq_integrations_live", "integrations", ["live"], unique=True)
    op.create_table(
        "labels",
        sa.Column("id", big(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("colour", sa.Text(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("folded"),
    )
    op.create_table(
        "messages",
        sa.Column("id", big(), autoincrement=False, nullable=False),
        sa.Column("contact_id", big(), autoincrement=False, nullable=False),
        sa.Column("number_id", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("claimed_by", sa.Text(), nullable=False),
        sa.Column("provider_id", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_messages_contact", "messages", ["contact_id", "id"], unique=False)
    op.create_index(
        "ix_messages_waiting",
        "messages",
        ["due_at", "id"],
        unique=False,
        sqlite_where=sa.text("status IN ('pending', 'sending', 'sent')"),
        postgresql_where=sa.text("status IN ('pending', 'sending', 'sent')"),
    )
    op.create_table(
        "numbers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("campaign_id", big(), autoincrement=False, nullable=True),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.CheckConstraint(
            "status IN ('pending', 'approved', 'rejected', 'removed')", name="status_known"
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "outbox",
        sa.Column("id", big(), autoincrement=False, nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("contact_id", big(), autoincrement=False, nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("number_id", sa.Text(), nullable=False),
        sa.Column("campaign_id", big(), autoincrement=False, nullable=True),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "retired_tokens",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("retired_at", UtcTime(), nullable=False),
        sa.Column("hits", sa.Integer(), nullable=False),
        sa.Column("last_hit_at", UtcTime(), nullable=True),
        sa.Column("last_sender", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash"),
    )
    op.create_table(
        "search_pending",
        sa.Column("contact_id", big(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("contact_id"),
    )
    op.create_table(
        "store_state",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("seq", big(), nullable=False),
        sa.Column("access_seq", big(), nullable=False),
        sa.Column("chain_seq", big(), nullable=False),
        sa.Column("chain_head", sa.LargeBinary(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "suppressions",
        sa.Column("phone_hash", sa.LargeBinary(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("phone_hash", "source"),
    )
    op.create_index("ix_suppressions_phone", "suppressions", ["phone"], unique=False)
    op.create_table(
        "tallies",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("n", big(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )


def downgrade() -> None:
    """There is no way back: a store is restored from the backup made before its upgrade."""
    raise NotImplementedError("restore the backup made before the upgrade")
