"""`optdesk views`: the views that a person keeps on the number keys."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from sqlalchemy.engine import Connection

from app.cli import choosing
from app.cli.output import Column
from app.cli.session import noun, session_of
from storage import saved_views
from storage.saved_views import Saved
from storage.words import Order, Place

app = noun("views")

Kept = Annotated[str, typer.Argument(metavar="VIEW", help="Its key or name.")]


@app.command("list")
def list_(ctx: typer.Context) -> None:
    """List the views that you keep, and their keys."""
    session = session_of(ctx)
    with session.store().read() as conn:
        found = saved_views.listing(conn, session.who)
    session.out.rows(
        (
            Column("key", lambda row: str(row["key"])),
            Column("name", lambda row: row["name"]),
            Column("view", lambda row: row["description"]),
        ),
        map(_row, found),
        "You keep no view yet. Keep one with: optdesk views save NAME --view VIEW --search TEXT",
    )


@app.command()
def save(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="What it is called; left out: what it shows.")] = "",
    view: Annotated[
        str, typer.Option("--view", metavar="VIEW", help="queue, all, dnc, group:NAME or saved:…")
    ] = Place.QUEUE.value,
    search: Annotated[
        str | None, typer.Option("--search", metavar="TEXT", help="What it is narrowed to.")
    ] = None,
    order: Annotated[Order | None, typer.Option(help="What comes first.")] = None,
    key: Annotated[
        int | None, typer.Option(help="1 to 9, in place of what is there; else the first free one.")
    ] = None,
) -> None:
    """Keep a view, with its search and order, on a number key."""
    session = session_of(ctx)
    kept = choosing.view_of(session, view, search, order)
    saved = session.store().do(
        lambda conn: saved_views.save(
            conn, session.who, key or saved_views.free_slot(conn, session.who), kept, name
        )
    )
    session.out.item(_row(saved), f"“{saved.name}” is on {saved.slot} now.")


@app.command()
def rename(
    ctx: typer.Context,
    view: Kept,
    name: Annotated[str, typer.Argument(help="What it shall be called.")],
) -> None:
    """Give a view another name."""
    session = session_of(ctx)

    def call(conn: Connection) -> Saved:
        found = saved_views.find(conn, session.who, view)
        return saved_views.rename(conn, session.who, found.slot, name)

    renamed = session.store().do(call)
    session.out.item(_row(renamed), f"The view on {renamed.slot} is “{renamed.name}” now.")


@app.command()
def forget(ctx: typer.Context, view: Kept) -> None:
    """Forget a view; its key is free again, and undo brings it back."""
    session = session_of(ctx)

    def free(conn: Connection) -> Saved:
        found = saved_views.find(conn, session.who, view)
        saved_views.forget(conn, session.who, found.slot)
        return found

    gone = session.store().do(free)
    session.out.item(_row(gone), f"“{gone.name}” is forgotten; {gone.slot} is free.")


app.command("remove", hidden=True)(forget)


def _row(saved: Saved) -> dict[str, Any]:
    view = saved.view
    return {
        "key": saved.slot,
        "name": saved.name,
        "place": view.place.value,
        "group": view.group_name or None,
        "search": view.search,
        "order": view.order.value,
        "description": view.description,
    }
