"""What integrations, triage and messages need: the second revision."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.times import UtcTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_STAGES = "'confirming', 'queued', 'grouped', 'suppressed', 'failed', 'deleted'"


def big() -> sa.types.TypeEngine[int]:
    """A 63-bit integer, spelled so that SQLite takes it for the row's own number."""
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """To this revision."""
    change_contacts()
    make_tables()
    change_tables()


def change_contacts() -> None:
    """One more stage, and where a contact came from."""
    if op.get_bind().dialect.name == "sqlite":
        _rebuild_contacts()
    else:
        op.drop_constraint("stage_known", "contacts", type_="check")
        op.create_check_constraint("stage_known", "contacts", f"stage IN ({_STAGES}, 'awaiting')")
        op.add_column(
            "contacts", sa.Column("source", sa.Text(), server_default=sa.text("''"), nullable=False)
        )


def _rebuild_contacts() -> None:
    """Copies the table, because SQLite cannot change a check."""
    conn = op.get_bind()
    made = conn.exec_driver_sql(
        "SELECT sql FROM sqlite_master WHERE tbl_name = 'contacts' AND sql IS NOT NULL"
        " ORDER BY type = 'index'"
    )
    table, *indexes = (row[0] for row in made)
    old = f"stage IN ({_STAGES})"
    if old not in table:
        raise RuntimeError("the table of contacts is not as revision 0001 made it")
    columns = [row[1] for row in conn.exec_driver_sql("PRAGMA table_info(contacts)")]
    listed = ", ".join(columns)
    conn.exec_driver_sql("ALTER TABLE contacts RENAME TO contacts_before")
    conn.exec_driver_sql(table.replace(old, f"stage IN ({_STAGES}, 'awaiting')"))
    conn.exec_driver_sql("ALTER TABLE contacts ADD COLUMN source TEXT DEFAULT '' NOT NULL")
    conn.exec_driver_sql(f"INSERT INTO contacts ({listed}) SELECT {listed} FROM contacts_before")  # noqa: S608 - our own names
    conn.exec_driver_sql("DROP TABLE contacts_before")
    for index in indexes:
        conn.exec_driver_sql(index)


def make_tables() -> None:
    """The new tables, with their indexes."""
    op.create_table(
        "campaign_contacts",
        sa.Column("campaign_id", big(), autoincrement=False, nullable=False),
        sa.Column("contact_id", big(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("campaign_id", "contact_id"),
    )
    op.create_index(
        "ix_campaign_contacts_contact", "campaign_contacts", ["contact_id"], unique=False
    )
    op.create_table(
        "deliveries",
        sa.Column("id", big(), autoincrement=False, nullable=False),
        sa.Column("endpoint_id", big(), autoincrement=False, nullable=False),
        sa.Column("event_id", big(), autoincrement=False, nullable=False),
        sa.Column("contact_id", big(), autoincrement=False, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("claimed_by", sa.Text(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=False),
        sa.Column("answer_status", sa.Integer(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("took_ms", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ix_deliveries_failed",
        "deliveries",
        ["id"],
        unique=False,
        sqlite_where=sa.text("status IN ('failed', 'cancelled')"),
        postgresql_where=sa.text("status IN ('failed', 'cancelled')"),
    )
    op.create_index("ix_deliveries_endpoint", "deliveries", ["endpoint_id", "id"], unique=False)
    op.create_index("ix_deliveries_event", "deliveries", ["event_id"], unique=False)
    op.create_index(
        "ix_deliveries_order",
        "deliveries",
        ["endpoint_id", "contact_id", "id"],
        unique=False,
        sqlite_where=sa.text("status IN ('pending', 'sending')"),
        postgresql_where=sa.text("status IN ('pending', 'sending')"),
    )
    op.create_index(
        "ix_deliveries_waiting",
        "deliveries",
        ["endpoint_id", "due_at", "id"],
        unique=False,
        sqlite_where=sa.text("status IN ('pending', 'sending')"),
        postgresql_where=sa.text("status IN ('pending', 'sending')"),
    )
    op.create_table(
        "delivery_tries",
        sa.Column("id", big(), autoincrement=False, nullable=False),
        sa.Column("delivery_id", big(), autoincrement=False, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("took_ms", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ix_delivery_tries_delivery", "delivery_tries", ["delivery_id", "id"], unique=False
    )
    op.create_table(
        "endpoints",
        sa.Column("id", big(), autoincrement=False, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("events", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("old_secret", sa.Text(), nullable=False),
        sa.Column("old_secret_until", UtcTime(), nullable=True),
        sa.Column("seed_body", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("failing_since", UtcTime(), nullable=True),
        sa.Column("disabled_why", sa.Text(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.Column("removed_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "gateway_state",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("until", UtcTime(), nullable=True),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "notes",
        sa.Column("id", big(), autoincrement=False, nullable=False),
        sa.Column("contact_id", big(), autoincrement=False, nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_notes_contact", "notes", ["contact_id", "id"], unique=False)
    op.create_table(
        "retired_hits",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("hits", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("first_at", UtcTime(), nullable=False),
        sa.Column("last_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", "sender"),
    )
    op.create_table(
        "saved_views",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("slot", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("view", sa.Text(), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "slot"),
    )
    op.create_table(
        "seats",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("contact_id", big(), autoincrement=False, nullable=True),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("seen_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "suppression_imports",
        sa.Column("id", big(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("lines", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("added", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("known", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("skipped", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def change_tables() -> None:
    """New columns and indexes of tables that were there."""
    op.add_column(
        "attempts", sa.Column("sender", sa.Text(), server_default=sa.text("''"), nullable=False)
    )
    op.add_column(
        "attempts", sa.Column("media", sa.Text(), server_default=sa.text("''"), nullable=False)
    )
    op.add_column(
        "attempts", sa.Column("headers", sa.Text(), server_default=sa.text("''"), nullable=False)
    )
    op.add_column("attempts", sa.Column("replay_of", big(), autoincrement=False, nullable=True))
    op.create_index("ix_attempts_contact", "attempts", ["contact_id", "id"], unique=False)
    op.create_index(
        "ix_attempts_code",
        "attempts",
        ["code", "id"],
        unique=False,
        sqlite_where=sa.text("code <> ''"),
        postgresql_where=sa.text("code <> ''"),
    )
    op.create_index(
        "ix_attempts_replays",
        "attempts",
        ["replay_of", "id"],
        unique=False,
        sqlite_where=sa.text("replay_of IS NOT NULL"),
        postgresql_where=sa.text("replay_of IS NOT NULL"),
    )
    op.create_index(
        "ix_attempts_refused",
        "attempts",
        ["id"],
        unique=False,
        sqlite_where=sa.text("outcome = 'refused'"),
        postgresql_where=sa.text("outcome = 'refused'"),
    )
    op.create_index(
        "ix_contacts_badged",
        "contacts",
        ["id", "badges"],
        unique=False,
        sqlite_where=sa.text("badges <> 0"),
        postgresql_where=sa.text("badges <> 0"),
    )
    op.create_index(
        "ix_contacts_kind",
        "contacts",
        ["kind", "id"],
        unique=False,
        sqlite_where=sa.text("kind NOT IN ('mobile', 'mobile_or_landline')"),
        postgresql_where=sa.text("kind NOT IN ('mobile', 'mobile_or_landline')"),
    )
    op.create_index(
        "ix_contacts_source",
        "contacts",
        ["source", "id"],
        unique=False,
        sqlite_where=sa.text("source NOT IN ('', 'api')"),
        postgresql_where=sa.text("source NOT IN ('', 'api')"),
    )
    op.create_index(
        "ix_contacts_starred",
        "contacts",
        ["id", "stage", "group_id"],
        unique=False,
        sqlite_where=sa.text("favorite = 1"),
        postgresql_where=sa.text("favorite = 1"),
    )
    op.add_column(
        "labels", sa.Column("letter", sa.Text(), server_default=sa.text("''"), nullable=False)
    )
    op.add_column(
        "messages", sa.Column("gateway", sa.Text(), server_default=sa.text("''"), nullable=False)
    )
    op.add_column(
        "messages", sa.Column("review", sa.Text(), server_default=sa.text("''"), nullable=False)
    )
    op.add_column(
        "messages", sa.Column("tries", sa.Integer(), server_default=sa.text("0"), nullable=False)
    )
    op.create_index(
        "ix_messages_review",
        "messages",
        ["id"],
        unique=False,
        sqlite_where=sa.text("review = 'open'"),
        postgresql_where=sa.text("review = 'open'"),
    )
    op.create_index(
        "ix_messages_inbound",
        "messages",
        ["id"],
        unique=False,
        sqlite_where=sa.text("direction = 'in'"),
        postgresql_where=sa.text("direction = 'in'"),
    )
    op.create_index(
        "ix_messages_failed",
        "messages",
        ["id"],
        unique=False,
        sqlite_where=sa.text("status IN ('failed', 'blocked')"),
        postgresql_where=sa.text("status IN ('failed', 'blocked')"),
    )
    op.create_index(
        "ix_messages_unknown",
        "messages",
        ["id"],
        unique=False,
        sqlite_where=sa.text("status = 'unknown'"),
        postgresql_where=sa.text("status = 'unknown'"),
    )
    op.create_index(
        "uq_messages_provider",
        "messages",
        ["gateway", "provider_id"],
        unique=True,
        sqlite_where=sa.text("provider_id <> '' AND gateway NOT IN ('', 'simulated')"),
        postgresql_where=sa.text("provider_id <> '' AND gateway NOT IN ('', 'simulated')"),
    )
    op.add_column(
        "numbers", sa.Column("options", sa.Text(), server_default=sa.text("'{}'"), nullable=False)
    )
    op.add_column(
        "outbox", sa.Column("spread", sa.Integer(), server_default=sa.text("1"), nullable=False)
    )
    op.create_index(
        "ix_outbox_new",
        "outbox",
        ["id"],
        unique=False,
        sqlite_where=sa.text("spread = 0"),
        postgresql_where=sa.text("spread = 0"),
    )
    op.add_column(
        "store_state",
        sa.Column("chain_base_seq", big(), server_default=sa.text("0"), nullable=False),
    )
    op.add_column("store_state", sa.Column("chain_base_head", sa.LargeBinary(), nullable=True))
    op.create_index(
        "ix_suppressions_at", "suppressions", ["at", "phone_hash", "source"], unique=False
    )
    op.add_column("suppressions", sa.Column("import_id", big(), autoincrement=False, nullable=True))
