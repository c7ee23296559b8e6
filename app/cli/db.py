"""`optdesk db`: the store itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.session import noun, session_of
from storage import checks, schema
from storage.engine import sqlite_version
from storage.errors import Refused, StoreDamaged
from storage.paths import spelled_out
from storage.store import Store

app = noun("db")


@app.command()
def check(ctx: typer.Context) -> None:
    """Read the whole store and say whether it is sound; changes nothing."""
    session = session_of(ctx)
    store = session.store(migrate=False)
    with store.read() as conn:
        report = checks.check(conn)
    fields = _fields(store) | {
        "contacts": report.contacts,
        "consent_events": report.consent_events,
        "faults": list(report.faults),
    }
    if report.faults:
        if session.out.as_json:
            session.out.item(fields, "")
        raise StoreDamaged(f"In the store {store.name} {'; '.join(report.faults)}.")
    session.out.item(
        fields,
        f"The store {store.name} is sound: schema {schema.HEAD}, "
        f"{report.contacts:,} contacts, {report.consent_events:,} consent events, "
        "each follows from the one before.",
    )


@app.command()
def upgrade(ctx: typer.Context) -> None:
    """Make the store, or bring an older one up to date after a backup."""
    session = session_of(ctx)
    store = session.store(create=True)
    session.out.item(_fields(store), f"The store {store.name} is up to date: schema {schema.HEAD}.")


@app.command()
def backup(
    ctx: typer.Context,
    target: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="Where to; beside the store if left out."),
    ] = None,
) -> None:
    """Copy the store while it is in use, consistently."""
    session = session_of(ctx)
    store = session.store(migrate=False)
    if store.path is None:
        raise Refused("A PostgreSQL store is backed up by PostgreSQL.", "Use pg_dump.")
    if target is None:
        made = schema.backup(store.path, "by-hand")
    else:
        made = schema.backup_to(store.path, spelled_out(target).absolute())
    session.out.item({"backup": str(made)}, f"The backup is {made}.")


def _fields(store: Store) -> dict[str, object]:
    return {
        "store": store.name,
        "kind": store.kind,
        "schema": schema.HEAD,
        "sqlite": sqlite_version() if store.kind == "sqlite" else None,
        "read_only": store.read_only,
    }
