"""`optdesk groups`: where contacts are moved to."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.acting import cancelled_by_ctrl_c, report_all, shown_progress
from app.cli.output import Column
from app.cli.session import noun, session_of
from storage import groups, regrouping
from storage.groups import GroupRow
from storage.ids import public

app = noun("groups")

Group = Annotated[str, typer.Argument(metavar="GROUP", help="Its name or id.")]


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
def show(ctx: typer.Context, group: Group) -> None:
    """Show a group and the campaigns that draw on it."""
    session = session_of(ctx)
    with session.store().read() as conn:
        found = groups.find(conn, group)
        drawing = groups.campaigns_of(conn, found.id)
    campaigns = [{"id": public("cam", row.id), "name": row.name} for row in drawing]
    people = f"{found.count:,} contact{'' if found.count == 1 else 's'}"
    names = ", ".join(f"“{row.name}”" for row in drawing) or "none"
    session.out.item(
        _row(found) | {"campaigns": campaigns},
        f"{found.name}: {people}. Campaigns that draw on it: {names}.\n"
        f"Its contacts: optdesk contacts list --view “group:{found.name}”",
    )


@app.command()
def create(
    ctx: typer.Context, name: Annotated[str, typer.Argument(help="What it is called.")]
) -> None:
    """Make a group."""
    session = session_of(ctx)
    made = session.store(create=True).do(lambda conn: groups.create(conn, session.who, name))
    session.out.item(_row(made), f"There is a group “{made.name}” now.")


@app.command()
def rename(
    ctx: typer.Context,
    group: Group,
    name: Annotated[str, typer.Argument(help="What it shall be called.")],
) -> None:
    """Give a group another name."""
    session = session_of(ctx)
    renamed = session.store().do(
        lambda conn: groups.rename(conn, session.who, groups.find(conn, group).id, name)
    )
    session.out.item(_row(renamed), f"The group is “{renamed.name}” now.")


@app.command()
def merge(
    ctx: typer.Context,
    group: Group,
    into: Annotated[str, typer.Argument(help="The group that takes its contacts.")],
) -> None:
    """Move everybody of a group to another and delete the first; undo takes it back."""
    session = session_of(ctx)
    store = session.store()
    with store.read() as conn:
        found, other = groups.find(conn, group), groups.find(conn, into)
    with cancelled_by_ctrl_c() as cancel:
        outcome = regrouping.merge(
            store, session.who, found.id, other.id, progress=shown_progress(), cancel=cancel
        )
    report_all(session, "moved", outcome, extra={"group": other.name})


@app.command()
def delete(ctx: typer.Context, group: Group) -> None:
    """Delete a group that holds nobody; undo brings it back."""
    session = session_of(ctx)
    gone = session.store().do(
        lambda conn: groups.delete(conn, session.who, groups.find(conn, group).id)
    )
    session.out.item(_row(gone), f"The group “{gone.name}” is deleted.")


def _row(group: GroupRow) -> dict[str, object]:
    return {"id": group.public_id, "name": group.name, "contacts": group.count}
