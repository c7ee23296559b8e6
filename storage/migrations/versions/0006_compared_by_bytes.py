"""What machines write is compared by bytes, and checks cost SQLite less: the sixth revision."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TERMS = {
    "attempts": ("code", "sender"),
    "contacts": ("phone", "stage", "kind", "source"),
    "gateway_script": ("phone",),
    "gateway_state": ("name",),
    "idempotency_keys": ("key",),
    "messages": ("provider_id", "gateway"),
    "numbers": ("id",),
    "seats": ("id",),
    "suppressions": ("source", "phone"),
    "tallies": ("name",),
}
"""Indexed columns that hold no text of people's."""

CHECKS = {
    "contacts": (
        "stage",
        ("confirming", "queued", "grouped", "suppressed", "failed", "deleted", "awaiting"),
    ),
    "numbers": ("status", ("pending", "approved", "rejected", "removed")),
}
"""Columns by table that hold one of some words."""


def upgrade() -> None:
    """To this revision."""
    conn = op.get_bind()
    if conn.dialect.name == "sqlite":
        lighten_checks(conn)
    else:
        compare_by_bytes(conn)


def lighten_checks(conn: sa.Connection) -> None:
    """Writes them with `OR`, as for `IN` SQLite fills a table with each row.

    It is the way that SQLite describes for what changes nothing in the rows: the statement that
    made the table is written anew, and every connection told to read it again. The check says the
    same as before, so it may stay where SQLite was built to let nobody write there.
    """
    conn.exec_driver_sql("PRAGMA writable_schema = ON")
    if not conn.exec_driver_sql("PRAGMA writable_schema").scalar_one():
        return
    for table, (column, values) in CHECKS.items():
        listed = ", ".join(f"'{value}'" for value in values)
        either = " OR ".join(f"{column} = '{value}'" for value in values)
        conn.exec_driver_sql(
            "UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name = ?",
            (f"CHECK ({column} IN ({listed}))", f"CHECK ({either})", table),
        )
    version = conn.exec_driver_sql("PRAGMA schema_version").scalar_one()
    conn.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    conn.exec_driver_sql("PRAGMA writable_schema = OFF")


def compare_by_bytes(conn: sa.Connection) -> None:
    """Builds their indexes anew; the tables stay as they are.

    What is known of how their values are spread goes with it, so they are looked at again. The
    index of phones keeps room: see where it is declared.
    """
    conn.exec_driver_sql("ALTER INDEX uq_contacts_phone SET (fillfactor = 70)")
    for table, columns in TERMS.items():
        changed = ", ".join(f'ALTER COLUMN {name} TYPE text COLLATE "C"' for name in columns)
        conn.exec_driver_sql(f"ALTER TABLE {table} {changed}")
        if conn.exec_driver_sql(f"SELECT EXISTS (SELECT FROM {table})").scalar_one():  # noqa: S608 - our own names
            conn.exec_driver_sql(f"ANALYZE {table} ({', '.join(columns)})")


def downgrade() -> None:
    """There is no way back: a store is restored from the backup made before its upgrade."""
    raise NotImplementedError("restore the backup made before the upgrade")
