"""Runs migrations in the transaction that `storage.schema` opened, on either store."""

from __future__ import annotations

from alembic import context

from storage import tables

config = context.config
target = tables.Contact.metadata


def run() -> None:
    """Runs what is asked for on the connection handed over in `config.attributes`."""
    connection = config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=target,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        include_object=lambda _thing, name, *_: (
            not str(name).startswith(("contacts_fts", "attempts_fts"))
        ),
    )
    context.run_migrations()


run()
