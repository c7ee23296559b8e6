"""`optdesk groups`: where contacts are moved to."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.output import Column
from app.cli.session import noun, session_of
from storage import groups
from storage.groups import GroupRow
from storage.ids import public

app = noun("groups")


@app.command("list")
def list_(ctx: typer.Context) -> None:
    """List the groups and how many contacts each holds."""
    session = session_of(ctx)
    with session.store().read() as conn:
        found = groups.listing(conn)
    session.out.rows(
        (
            Column("group", lambda row: row["name"]),
            Column("contacts", lambda row: f"{row['contacts']:,}", right=True),
        ),
        map(_row, found),
        "There is no group yet. Make one with: optdesk groups create NAME",
    )


@app.command()
def create(
    ctx: typer.Context, name: Annotated[str, typer.Argument(help="What it is called.")]
) -> None:
    """Make a group."""
    session = session_of(ctx)
    made = session.store(create=True).do(lambda conn: groups.create(conn, session.who, name))
    session.out.item(_row(made), f"There is a group “{made.name}” now.")


def _row(group: GroupRow) -> dict[str, object]:
    return {"id": public("grp", group.id), "name": group.name, "contacts": group.count}
