"""`optdesk labels`: the shared marks on contacts."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.acting import cancelled_by_ctrl_c, report_all, shown_progress
from app.cli.output import Column
from app.cli.session import noun, session_of
from app.exits import INTERRUPTED
from storage import labels, relabelling, renaming_labels
from storage.labels import COLOURS, LabelRow

app = noun("labels")

Label = Annotated[str, typer.Argument(metavar="LABEL", help="Its name or id.")]
_COLOURS = f"One of: {', '.join(COLOURS)}."


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
            Column("letter", lambda row: row["letter"]),
            Column("contacts", lambda row: f"{row['contacts']:,}", right=True),
        ),
        map(_row, found),
        "There is no label yet. Make one with: optdesk labels create NAME",
    )


@app.command()
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="What it is called.")],
    colour: Annotated[str, typer.Option(help=_COLOURS)] = "",
    letter: Annotated[str, typer.Option(help="The key that sets it in the desk.")] = "",
) -> None:
    """Make a label."""
    session = session_of(ctx)
    made = session.store(create=True).do(
        lambda conn: labels.create(conn, session.who, name, colour, letter)
    )
    session.out.item(_row(made), f"There is a label “{made.name}” now, in {made.colour}.")


@app.command()
def rename(
    ctx: typer.Context,
    label: Label,
    name: Annotated[str, typer.Argument(help="What it shall be called.")],
) -> None:
    """Give a label another name."""
    session = session_of(ctx)
    store = session.store()
    with store.read() as conn:
        found = labels.find(conn, label)
    with cancelled_by_ctrl_c() as cancel:
        outcome = renaming_labels.rename(
            store, session.who, found.id, name, progress=shown_progress(), cancel=cancel
        )
    with store.read() as conn:
        row = labels.by_id(conn, found.id)
    if outcome.cancelled:
        session.out.item(_row(row), f"Stopped: the label is still “{row.name}”.")
        raise SystemExit(INTERRUPTED)
    session.out.item(_row(row), f"The label “{found.name}” is “{row.name}” now.")


@app.command()
def colour(
    ctx: typer.Context,
    label: Label,
    colour: Annotated[str, typer.Argument(help=_COLOURS)],
) -> None:
    """Give a label another colour."""
    session = session_of(ctx)
    changed = session.store().do(
        lambda conn: labels.recolour(conn, session.who, labels.find(conn, label).id, colour)
    )
    session.out.item(_row(changed), f"The label “{changed.name}” is {changed.colour} now.")


@app.command()
def letter(
    ctx: typer.Context,
    label: Label,
    letter: Annotated[str, typer.Argument(help="a to z or a digit; left out: none.")] = "",
) -> None:
    """Choose the key that sets a label in the desk."""
    session = session_of(ctx)
    changed = session.store().do(
        lambda conn: labels.set_letter(conn, session.who, labels.find(conn, label).id, letter)
    )
    said = f"has the letter {changed.letter}" if changed.letter else "has no letter of its own"
    session.out.item(_row(changed), f"The label “{changed.name}” {said} now.")


@app.command()
def merge(
    ctx: typer.Context,
    label: Label,
    into: Annotated[str, typer.Argument(help="The label that takes its place.")],
) -> None:
    """Put another label in the place of one, which is deleted; undo takes it back."""
    session = session_of(ctx)
    store = session.store()
    with store.read() as conn:
        found, other = labels.find(conn, label), labels.find(conn, into)
    with cancelled_by_ctrl_c() as cancel:
        outcome = relabelling.merge(
            store, session.who, found.id, other.id, progress=shown_progress(), cancel=cancel
        )
    report_all(session, "merged", outcome, extra={"label": other.name})


@app.command()
def delete(ctx: typer.Context, label: Label) -> None:
    """Delete a label and take it off everybody; undo brings it back."""
    session = session_of(ctx)
    store = session.store()
    with store.read() as conn:
        found = labels.find(conn, label)
    with cancelled_by_ctrl_c() as cancel:
        outcome = relabelling.delete(
            store, session.who, found.id, progress=shown_progress(), cancel=cancel
        )
    report_all(session, "unlabelled", outcome, extra={"label": found.name})


def _row(label: LabelRow) -> dict[str, object]:
    return {
        "id": label.public_id,
        "name": label.name,
        "colour": label.colour,
        "letter": label.letter,
        "contacts": label.count,
    }
