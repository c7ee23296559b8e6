"""`optdesk campaigns`: what draws on groups."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from app.cli import choosing
from app.cli.acting import act_on, cancelled_by_ctrl_c, report_all, shown_progress
from app.cli.output import Column
from app.cli.session import noun, session_of
from storage import campaigns, deleting_campaigns, groups
from storage.campaign_acts import JoinCampaign, LeaveCampaign, refuse_queued
from storage.campaigns import CampaignRow

app = noun("campaigns")

Campaign = Annotated[str, typer.Argument(metavar="CAMPAIGN", help="Its name or id.")]
Group = Annotated[str, typer.Argument(metavar="GROUP", help="Its name or id.")]
Contacts = Annotated[
    list[str] | None,
    typer.Argument(metavar="CONTACT", help="Ids or numbers; - reads them, one a line."),
]
ViewName = Annotated[
    str | None,
    typer.Option("--view", metavar="VIEW", help="All in all, group:NAME or saved:NAME."),
]
Search = Annotated[
    str | None,
    typer.Option("--search", metavar="TEXT", help="All that match, by name, number or label."),
]


@app.command("list")
def list_(ctx: typer.Context) -> None:
    """List the campaigns."""
    session = session_of(ctx)
    with session.store().read() as conn:
        found = campaigns.listing(conn)
    session.out.rows(
        (
            Column("campaign", lambda row: row["name"]),
            Column("state", lambda row: "active" if row["active"] else "not active"),
            Column("groups", lambda row: ", ".join(row["groups"])),
            Column("id", lambda row: row["id"]),
        ),
        map(_row, found),
        "There is no campaign yet. Make one with: optdesk campaigns create NAME",
    )


@app.command()
def show(ctx: typer.Context, campaign: Campaign) -> None:
    """Show a campaign and how many contacts it may text."""
    session = session_of(ctx)
    with session.store().read() as conn:
        found = campaigns.find(conn, campaign)
        eligible = campaigns.eligible(conn, found)
    names = ", ".join(group.name for group in found.groups) or "no group"
    session.out.item(
        _row(found) | {"eligible": eligible},
        f"{found.name}: {'active' if found.active else 'not active'}, draws on {names};"
        f" {eligible:,} eligible.",
    )


@app.command()
def create(
    ctx: typer.Context, name: Annotated[str, typer.Argument(help="What it is called.")]
) -> None:
    """Make a campaign; it is not active yet."""
    session = session_of(ctx)
    made = session.store(create=True).do(lambda conn: campaigns.create(conn, session.who, name))
    session.out.item(_row(made), f"There is a campaign “{made.name}” now, {made.public_id}.")


@app.command()
def rename(
    ctx: typer.Context,
    campaign: Campaign,
    name: Annotated[str, typer.Argument(help="What it shall be called.")],
) -> None:
    """Give a campaign another name."""
    session = session_of(ctx)
    renamed = session.store().do(
        lambda conn: campaigns.rename(conn, session.who, campaigns.find(conn, campaign), name)
    )
    session.out.item(_row(renamed), f"The campaign is “{renamed.name}” now.")


@app.command()
def delete(ctx: typer.Context, campaign: Campaign) -> None:
    """Delete a campaign that is not active; undo brings it back."""
    session = session_of(ctx)
    store = session.store()
    with store.read() as conn:
        found = campaigns.find(conn, campaign)
    with cancelled_by_ctrl_c() as cancel:
        outcome = deleting_campaigns.delete(
            store, session.who, found.id, progress=shown_progress(), cancel=cancel
        )
    report_all(session, "contacts", outcome, extra={"campaign": found.name})


@app.command()
def attach(ctx: typer.Context, campaign: Campaign, group: Group) -> None:
    """Let a campaign draw on a group."""
    _draw(ctx, campaign, group, campaigns.attach)


@app.command()
def detach(ctx: typer.Context, campaign: Campaign, group: Group) -> None:
    """Let a campaign draw on a group no longer."""
    _draw(ctx, campaign, group, campaigns.detach)


def _draw(ctx: typer.Context, campaign: str, group: str, verb: Any) -> None:
    session = session_of(ctx)
    store = session.store()
    store.do(
        lambda conn: verb(
            conn, session.who, campaigns.find(conn, campaign), groups.find(conn, group).id
        )
    )
    with store.read() as conn:
        found = campaigns.find(conn, campaign)
    names = ", ".join(each.name for each in found.groups) or "no group"
    session.out.item(_row(found), f"{found.name} draws on {names} now.")


@app.command()
def activate(ctx: typer.Context, campaign: Campaign) -> None:
    """Activate a campaign."""
    _switch(ctx, campaign, on=True)


@app.command()
def deactivate(ctx: typer.Context, campaign: Campaign) -> None:
    """Deactivate a campaign."""
    _switch(ctx, campaign, on=False)


def _switch(ctx: typer.Context, campaign: str, *, on: bool) -> None:
    session = session_of(ctx)
    found = session.store().do(
        lambda conn: campaigns.switch(conn, session.who, campaigns.find(conn, campaign), on)
    )
    session.out.item(_row(found), f"{found.name} is {'active' if on else 'not active'} now.")


@app.command()
def add(
    ctx: typer.Context,
    campaign: Campaign,
    contacts: Contacts = None,
    view: ViewName = None,
    search: Search = None,
) -> None:
    """Add contacts to a campaign by themselves; queued ones must be moved to a group first."""
    session = session_of(ctx)
    store = session.store()
    with store.read() as conn:
        found = campaigns.find(conn, campaign)
    choice = choosing.choose(session, contacts or [], view, search)
    for part in choice.parts:
        refuse_queued(store, part.target)
    act_on(session, JoinCampaign(found.id), "added", choice, extra={"campaign": found.name})


@app.command()
def remove(
    ctx: typer.Context,
    campaign: Campaign,
    contacts: Contacts = None,
    view: ViewName = None,
    search: Search = None,
) -> None:
    """Take out contacts that were added by themselves."""
    session = session_of(ctx)
    with session.store().read() as conn:
        found = campaigns.find(conn, campaign)
    choice = choosing.choose(session, contacts or [], view, search)
    act_on(session, LeaveCampaign(found.id), "removed", choice, extra={"campaign": found.name})


def _row(row: CampaignRow) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "name": row.name,
        "active": row.active,
        "groups": [group.name for group in row.groups],
        "contacts": row.contacts,
    }
