"""`optdesk contacts`: the queue and the groups without the desk, by the same rules.

The verbs that change something are in `app.cli.contact_acts`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli import contact_acts
from app.cli.choosing import Search, ViewName, WhatFirst
from app.cli.output import Column, Row, written
from app.cli.session import noun, session_of
from app.cli.values import none_of
from app.exits import INTERRUPTED
from storage.errors import OptdeskError, WrongUsage
from storage.words import Place

if TYPE_CHECKING:
    from storage.fates import Fate

app = noun("contacts")


@app.command("list")
def list_(
    ctx: typer.Context,
    view: ViewName = None,
    search: Search = None,
    order: WhatFirst = None,
    saved: Annotated[
        str | None,
        typer.Option("--saved", metavar="NAME", help="A view that you keep, by name or key."),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many.")] = None,
) -> None:
    """List contacts; the Opt-in queue when no view is named.

    Such as: optdesk contacts list --search 'label:hot -is:favorite' --limit 20
    """
    from app.cli import choosing
    from app.cli.shapes import CONTACT_COLUMNS, contact_fields
    from storage.windows import each_row

    session = session_of(ctx)
    store = session.store()
    if saved is not None and view is not None:
        raise WrongUsage("Name a view or a kept one, not both.")
    named = f"saved:{saved}" if saved is not None else view or Place.QUEUE.value
    listed = choosing.view_of(session, named, search, order)
    rows = map(contact_fields, each_row(store, listed, limit))
    session.out.rows(CONTACT_COLUMNS, rows, f"Nobody here: {listed.description}.")


@app.command()
def show(
    ctx: typer.Context,
    contact: Annotated[str, typer.Argument(help="An id (con_…) or a number, in any spelling.")],
) -> None:
    """Show one contact: consent, messages and changes."""
    from app.cli.shapes import profile_fields, profile_lines
    from storage.profile import find_contact, profile

    session = session_of(ctx)
    with session.store().read() as conn:
        found = profile(conn, find_contact(conn, contact))
    fields = profile_fields(found)
    session.out.item(fields, profile_lines(fields))


@app.command()
def export(
    ctx: typer.Context,
    view: ViewName = None,
    search: Search = None,
    order: WhatFirst = None,
    form: Annotated[
        str | None, typer.Option("--format", metavar="FORMAT", help="csv or jsonl.")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Where to; standard output if left out, or for -."),
    ] = None,
) -> None:
    """Write the contacts of a view as CSV or JSON lines; test numbers are left out.

    In CSV an apostrophe stands before what a spreadsheet would take for a formula or a number, so
    before every phone: '+12025550146. `optdesk dnc import` takes it off again.
    """
    from app.cli import choosing
    from app.cli.acting import cancelled_by_ctrl_c, shown_progress
    from storage import export as exporting

    session = session_of(ctx)
    store = session.store()
    listed = choosing.view_of(session, view or Place.QUEUE.value, search, order)
    if str(file) == "-":
        file = None
    form = form or ("jsonl" if session.out.as_json and file is None else "csv")
    if form not in exporting.FORMATS:
        raise none_of(exporting.FORMATS, form, "--format")
    if file is None:
        with written():
            exporting.write(store, listed, sys.stdout, form=form)
        return
    with cancelled_by_ctrl_c() as cancel:
        try:
            with exporting.private_file(file) as stream:
                count = exporting.write(
                    store, listed, stream, form=form, progress=shown_progress(), cancel=cancel
                )
        except OSError as error:
            raise OptdeskError(f"{file} cannot be written: {error.strerror}.") from error
    session.out.item(
        {"exported": count, "file": str(file), "cancelled": cancel.is_set()},
        f"{count:,} contacts are in {file}, which only you can read.",
    )
    if cancel.is_set():
        raise SystemExit(INTERRUPTED)


@app.command()
def why(
    ctx: typer.Context,
    person: Annotated[str, typer.Argument(help="A number in any spelling, a name, or con_….")],
) -> None:
    """Tell where somebody went: moved, suppressed, refused, deleted, by whom and when.

    Such as: optdesk contacts why 415-555-0123
    """
    from storage.access import load_access
    from storage.fates import in_words, where_is

    session = session_of(ctx)
    with session.store().read() as conn:
        answer = where_is(conn, person, load_access(conn).default_region)
    session.out.item(
        {
            "seen": answer.seen,
            "found": [_fate(each) for each in answer.fates],
            "suggestions": [_fate(each) for each in answer.suggestions],
        },
        in_words(answer, person),
    )


def _fate(fate: Fate) -> dict[str, Any]:
    from storage.times import stamp

    return {
        "id": fate.public_id,
        "phone": fate.phone,
        "name": fate.name,
        "what": fate.what,
        "sentence": fate.sentence,
        "at": stamp(fate.at) if fate.at else None,
    }


@app.command("changes")
def changes_(
    ctx: typer.Context,
    mine: Annotated[bool, typer.Option("--mine", help="Yours that can be undone.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest first.")] = 50,
) -> None:
    """List what was done, by whom and when; with --mine what undo will take back."""
    from storage import changes, undo_stack
    from storage.ids import public
    from storage.times import stamp

    session = session_of(ctx)
    with session.store().read() as conn:
        found = undo_stack.stack(conn, session.who, limit) if mine else changes.newest(conn, limit)
    session.out.rows(
        (
            Column("id", lambda row: row["id"]),
            Column("when", lambda row: row["at"]),
            Column("who", lambda row: row["actor"]),
            Column("what", lambda row: row["what"]),
            Column("", _undone),
        ),
        (
            {
                "id": public("chg", each.id),
                "at": stamp(each.at),
                "actor": each.actor,
                "what": each.sentence,
                "contacts": each.size,
                "undone": each.undone,
                "undone_by": each.undone_by or None,
                "undone_at": stamp(each.undone_at) if each.undone_at else None,
            }
            for each in found
        ),
        "Nothing was done yet.",
    )


def _undone(row: Row) -> str:
    if not row["undone"]:
        return ""
    return f"undone by {row['undone_by']} {row['undone_at']}" if row["undone_by"] else "undone"


app.add_typer(contact_acts.verbs)
