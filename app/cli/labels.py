"""`optdesk labels`: the shared marks on contacts."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.output import Column
from app.cli.session import noun, session_of
from storage import labels
from storage.ids import public
from storage.labels import COLOURS, LabelRow

app = noun("labels")


@app.command("list")
def list_(ctx: typer.Context) -> None:
    """List the labels and how many contacts wear each."""
    session = session_of(ctx)
    with session.store().read() as conn:
        found = labels.listing(conn)
    session.out.rows(
        (
            Column("label", lambda row: row["name"]),
            Column("colour", lambda row: row["colour"]),
            Column("contacts", lambda row: f"{row['contacts']:,}", right=True),
        ),
        map(_row, found),
        "There is no label yet. Make one with: optdesk labels create NAME",
    )


@app.command()
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="What it is called.")],
    colour: Annotated[str, typer.Option(help=f"One of: {', '.join(COLOURS)}.")] = "",
) -> None:
    """Make a label."""
    session = session_of(ctx)
    made = session.store(create=True).do(
        lambda conn: labels.create(conn, session.who, name, colour)
    )
    session.out.item(_row(made), f"There is a label “{made.name}” now, in {made.colour}.")


def _row(label: LabelRow) -> dict[str, object]:
    return {
        "id": public("lbl", label.id),
        "name": label.name,
        "colour": label.colour,
        "contacts": label.count,
    }
