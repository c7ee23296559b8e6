"""`optdesk dnc`: Do Not Contact, the numbers that must not be texted."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from app.cli.output import Column
from app.cli.session import noun, session_of
from storage import suppressions
from storage.times import stamp

app = noun("dnc")


@app.command()
def add(
    ctx: typer.Context,
    phones: Annotated[list[str], typer.Argument(metavar="PHONE...", help="Numbers in E.164.")],
    reason: Annotated[str, typer.Option(help="Why, for people to read.")] = "",
) -> None:
    """Text these numbers no more; their contacts leave the queue and their group at once."""
    session = session_of(ctx)
    added = session.store(create=True).do(
        lambda conn: suppressions.add(conn, session.who, phones, reason=reason)
    )
    known = len(phones) - added
    session.out.item(
        {"added": added, "known": known},
        f"{added} added" + (f", {known} on the list already." if known else "."),
    )


@app.command("list")
def list_(
    ctx: typer.Context,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest first.")] = 1000,
) -> None:
    """List the numbers that must not be texted."""
    session = session_of(ctx)
    with session.store().read() as conn:
        found = suppressions.listing(conn, limit)
    rows: list[dict[str, Any]] = [
        {
            "phone": row.phone,
            "source": row.source,
            "reason": row.reason,
            "actor": row.actor,
            "at": stamp(row.at),
        }
        for row in found
    ]
    session.out.rows(
        (
            Column("number", lambda row: row["phone"] or "(erased)"),
            Column("by", lambda row: row["source"]),
            Column("who", lambda row: row["actor"]),
            Column("when", lambda row: row["at"]),
            Column("reason", lambda row: row["reason"]),
        ),
        rows,
        "Nobody is on the Do Not Contact list.",
    )
