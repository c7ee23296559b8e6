"""`optdesk numbers`: the numbers we text from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer
from sqlalchemy.engine import Connection

from app.cli.output import Column
from app.cli.session import noun, session_of
from storage import numbers
from storage.ids import public
from storage.numbers import NumberRow
from storage.phones import international
from storage.times import stamp
from storage.words import Actor

app = noun("numbers")

Number = Annotated[str, typer.Argument(help="Its num_… id, or the number in E.164.")]


@app.command()
def add(
    ctx: typer.Context,
    phone: Annotated[str, typer.Argument(help="The number in E.164, such as +14155550123.")],
    ident: Annotated[
        str | None, typer.Option("--id", metavar="NUM", help="Its id, if senders know one.")
    ] = None,
    name: Annotated[str, typer.Option(help="What you call it.")] = "",
    approved: Annotated[
        bool, typer.Option("--approved", help="Its carrier has approved it already.")
    ] = False,
) -> None:
    """Add a number; it is pending until it is approved."""
    session = session_of(ctx)
    made = session.store(create=True).do(
        lambda conn: numbers.add(
            conn, session.who, phone, number_id=ident, name=name, approved=approved
        )
    )
    hint = "" if approved else f" Once its carrier agrees: optdesk numbers approve {made.id}"
    session.out.item(_row(made), f"{made.phone} is {made.id}, {made.status}.{hint}")


@app.command("list")
def list_(ctx: typer.Context) -> None:
    """List the numbers."""
    session = session_of(ctx)
    with session.store().read() as conn:
        found = numbers.listing(conn)
    session.out.rows(
        (
            Column("id", lambda row: row["id"]),
            Column("number", lambda row: international(row["phone"])),
            Column("name", lambda row: row["name"]),
            Column("status", lambda row: row["status"]),
            Column("added", lambda row: row["created_at"]),
        ),
        map(_row, found),
        "There is no number yet. Add one with: optdesk numbers add +1…",
    )


@app.command()
def approve(ctx: typer.Context, number: Number) -> None:
    """Note that the carrier lets us text from a number."""
    _set(ctx, number, numbers.approve)


@app.command()
def reject(ctx: typer.Context, number: Number) -> None:
    """Note that the carrier does not let us text from a number."""
    _set(ctx, number, numbers.reject)


@app.command()
def remove(ctx: typer.Context, number: Number) -> None:
    """Remove a number; not the last approved one while the Opt-In API is on."""
    _set(ctx, number, numbers.remove)


def _set(
    ctx: typer.Context, number: str, verb: Callable[[Connection, Actor, str], NumberRow]
) -> None:
    session = session_of(ctx)
    changed = session.store().do(lambda conn: verb(conn, session.who, number))
    session.out.item(_row(changed), f"{changed.phone} ({changed.id}) is {changed.status} now.")


def _row(number: NumberRow) -> dict[str, Any]:
    campaign = number.campaign_id
    return {
        "id": number.id,
        "phone": number.phone,
        "name": number.name,
        "status": number.status.value,
        "campaign_id": None if campaign is None else public("cam", campaign),
        "created_at": stamp(number.created_at),
    }
