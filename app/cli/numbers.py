"""`optdesk numbers`: the numbers we text from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer
from sqlalchemy.engine import Connection

from app.cli.output import Column
from app.cli.session import noun, session_of
from storage import compliance, numbers
from storage.errors import WrongUsage
from storage.ids import public
from storage.numbers import Dropped, NumberRow
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
            Column("campaign", lambda row: row["campaign_id"] or ""),
            Column("added", lambda row: row["created_at"]),
        ),
        map(_row, found),
        "There is no number yet. Add one with: optdesk numbers add +1…",
    )


@app.command()
def approve(ctx: typer.Context, number: Number) -> None:
    """Note that the carrier lets us text from a number."""
    session = session_of(ctx)
    changed = session.store().do(lambda conn: numbers.approve(conn, session.who, number))
    session.out.item(_row(changed), f"{changed.phone} ({changed.id}) is approved now.")


@app.command()
def reject(ctx: typer.Context, number: Number) -> None:
    """Note that the carrier does not let us text from a number."""
    _drop(ctx, number, numbers.reject)


@app.command()
def remove(ctx: typer.Context, number: Number) -> None:
    """Remove a number; not the last approved one while the Opt-In API is on."""
    _drop(ctx, number, numbers.remove)


@app.command("set")
def set_(
    ctx: typer.Context,
    number: Number,
    name: Annotated[str | None, typer.Option(help="What you call it.")] = None,
    campaign: Annotated[
        str | None, typer.Option(metavar="CAM", help="The cam_… it belongs to, or none.")
    ] = None,
) -> None:
    """Change a number's name or the campaign it belongs to."""
    session = session_of(ctx)

    def change(conn: Connection) -> NumberRow:
        row = numbers.get(conn, number)
        if name is not None:
            row = numbers.rename(conn, session.who, row.id, name)
        if campaign is not None:
            named = None if campaign in ("", "none") else campaign
            row = numbers.set_campaign(conn, session.who, row.id, named)
        return row

    if name is None and campaign is None:
        raise WrongUsage("There is nothing to set.", "Give --name, --campaign or both.")
    row = _row(session.store().do(change))
    session.out.item(
        row,
        f"{row['phone']} ({row['id']}) is called “{row['name']}” and belongs to "
        f"{row['campaign_id'] or 'no campaign'}.",
    )


@app.command()
def text(
    ctx: typer.Context,
    number: Number,
    brand: Annotated[str | None, typer.Option(help="Who texts; empty for the usual.")] = None,
    program: Annotated[str | None, typer.Option(help="What about; empty for the usual.")] = None,
    frequency: Annotated[
        str | None, typer.Option(help="How often, such as “4 msgs/month”; empty for the usual.")
    ] = None,
    template: Annotated[
        str | None,
        typer.Option(
            help="The text, with {brand}, {program} and {frequency}; empty for the usual."
        ),
    ] = None,
    help_text: Annotated[
        str | None, typer.Option("--help-text", help="What HELP is answered with, likewise.")
    ] = None,
) -> None:
    """Show or change a number's compliance text."""
    session = session_of(ctx)
    store = session.store()
    entered = {
        "brand": brand,
        "program": program,
        "frequency": frequency,
        "template": template,
        "help": help_text,
    }
    if any(value is not None for value in entered.values()):
        shown = store.do(lambda conn: compliance.edit(conn, session.who, number, **entered))
    else:
        with store.read() as conn:
            shown = compliance.show(conn, number)
    measured = shown.measured
    fields = {
        "id": shown.number_id,
        "phone": shown.phone,
        "text": shown.text,
        "help": shown.help,
        "characters": measured.characters,
        "encoding": measured.encoding,
        "segments": measured.segments,
        "missing": list(shown.missing),
    }
    pieces = f"{measured.segments} segment" + ("" if measured.segments == 1 else "s")
    lines = [
        shown.text,
        f"({measured.characters} characters, {measured.encoding}, {pieces})",
        f"HELP: {shown.help}",
    ]
    if shown.missing:
        lines.append(f"Missing: {', '.join(shown.missing)}. The Opt-In API cannot be switched on.")
    session.out.item(fields, "\n".join(lines))


def _drop(
    ctx: typer.Context, number: str, verb: Callable[[Connection, Actor, str], Dropped]
) -> None:
    session = session_of(ctx)
    dropped = session.store().do(lambda conn: verb(conn, session.who, number))
    moved = {"moved_to": dropped.moved_to.id if dropped.moved_to else None}
    session.out.item(_row(dropped.number) | moved, dropped.sentence)


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
