"""`optdesk contacts`: the queue and the groups without the desk, by the same rules."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli import choosing
from app.cli.acting import act_on, cancelled_by_ctrl_c, report_all, shown_progress
from app.cli.output import Column, Row, written
from app.cli.session import Session, noun, session_of
from app.cli.shapes import (
    CONTACT_COLUMNS,
    contact_fields,
    note_fields,
    profile_fields,
    profile_lines,
)
from app.exits import INTERRUPTED
from storage import changes, groups, labels, notes, undo, undo_stack
from storage import erase as erasing
from storage import export as exporting
from storage.access import load_access
from storage.acts import AddLabel, Delete, DoNotContact, Move, RemoveLabel, Star
from storage.bulk import tests_until_now
from storage.errors import NotFound, OptdeskError, WrongUsage
from storage.fates import Fate, in_words, where_is
from storage.ids import parse, public
from storage.profile import find_contact, profile
from storage.times import stamp
from storage.windows import each_row
from storage.words import Order, Place

app = noun("contacts")

Contacts = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="CONTACT",
        help="Ids (con_…) or numbers; - reads them from standard input, one a line.",
        show_default=False,
    ),
]
ViewName = Annotated[
    str | None,
    typer.Option(
        "--view", metavar="VIEW", help="All in queue, all, dnc, group:NAME or saved:NAME."
    ),
]
Search = Annotated[
    str | None,
    typer.Option("--search", metavar="TEXT", help="All that match, by name, number or label."),
]
WhatFirst = Annotated[
    Order | None, typer.Option(help="What comes first; newest, or a kept view's own order.")
]


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
    """List contacts; the Opt-in queue when no view is named."""
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
    session = session_of(ctx)
    with session.store().read() as conn:
        found = profile(conn, find_contact(conn, contact))
    fields = profile_fields(found)
    session.out.item(fields, profile_lines(fields))


@app.command()
def star(
    ctx: typer.Context, contacts: Contacts = None, view: ViewName = None, search: Search = None
) -> None:
    """Make contacts favorites."""
    act_on(session_of(ctx), Star(True), "starred", contacts, view, search)


@app.command()
def unstar(
    ctx: typer.Context, contacts: Contacts = None, view: ViewName = None, search: Search = None
) -> None:
    """Make contacts favorites no longer."""
    act_on(session_of(ctx), Star(False), "unstarred", contacts, view, search)


LabelName = Annotated[
    str | None, typer.Option("--label", "--name", metavar="LABEL", help="Which label.")
]


@app.command()
def label(
    ctx: typer.Context,
    contacts: Contacts = None,
    name: LabelName = None,
    view: ViewName = None,
    search: Search = None,
) -> None:
    """Put a label on contacts; it is made where it is missing.

    The label may also stand first: optdesk contacts label hot +14155550123
    """
    session = session_of(ctx)
    name, contacts = _label_and_contacts(name, contacts)
    choice = choosing.choose(session, contacts, view, search)
    found = session.store().do(lambda conn: labels.ensure(conn, session.who, name))
    act_on(session, AddLabel(found.id), "labelled", choice, extra={"label": found.name})


@app.command()
def unlabel(
    ctx: typer.Context,
    contacts: Contacts = None,
    name: LabelName = None,
    view: ViewName = None,
    search: Search = None,
) -> None:
    """Take a label off contacts."""
    session = session_of(ctx)
    name, contacts = _label_and_contacts(name, contacts)
    with session.store().read() as conn:
        found = labels.find(conn, name)
    choice = choosing.choose(session, contacts, view, search)
    act_on(session, RemoveLabel(found.id), "unlabelled", choice, extra={"label": found.name})


def _label_and_contacts(name: str | None, contacts: list[str] | None) -> tuple[str, list[str]]:
    contacts = list(contacts or [])
    if name is None:
        if not contacts:
            raise WrongUsage("Which label?", "Name it: --label NAME")
        name = contacts.pop(0)
    return name, contacts


@app.command()
def move(
    ctx: typer.Context,
    to: Annotated[str, typer.Option("--to", metavar="GROUP", help="Where to; made if missing.")],
    contacts: Contacts = None,
    view: ViewName = None,
    search: Search = None,
) -> None:
    """Move contacts to a group; they leave the queue."""
    session = session_of(ctx)
    choice = choosing.choose(session, contacts or [], view, search)
    group = session.store().do(lambda conn: groups.ensure(conn, session.who, to))
    act_on(session, Move(group.id), "moved", choice, extra={"group": group.name})


@app.command()
def note(
    ctx: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="CONTACT... [TEXT]",
            help="Contacts, then what the note says; - reads it from standard input.",
            show_default=False,
        ),
    ] = None,
    text: Annotated[
        str | None,
        typer.Option("--text", metavar="TEXT", help="What it says; then - is a list of contacts."),
    ] = None,
    view: ViewName = None,
    search: Search = None,
) -> None:
    """Write an internal note on contacts."""
    session = session_of(ctx)
    contacts = list(words or [])
    if text is None:
        if not contacts:
            raise WrongUsage("What shall the note say?", "optdesk contacts note CONTACT TEXT")
        text = contacts.pop()
        if text == "-":
            text = sys.stdin.read()
    choice = choosing.choose(session, contacts, view, search)
    act_on(session, notes.writing(session.who, text), "noted", choice)


Note = Annotated[str, typer.Argument(metavar="NOTE", help="Its id (not_…), as `show` prints it.")]


@app.command("edit-note")
def edit_note(
    ctx: typer.Context,
    note: Note,
    text: Annotated[str, typer.Argument(help="What it shall say; - reads standard input.")],
) -> None:
    """Change what a note of your own says."""
    session = session_of(ctx)
    text = sys.stdin.read() if text == "-" else text
    changed = session.store().do(lambda conn: notes.edit(conn, session.who, _note_id(note), text))
    session.out.item(note_fields(changed), "The note is changed.")


@app.command("delete-note")
def delete_note(ctx: typer.Context, note: Note) -> None:
    """Delete a note of your own; undo brings it back."""
    session = session_of(ctx)
    gone = session.store().do(lambda conn: notes.remove(conn, session.who, _note_id(note)))
    session.out.item(note_fields(gone), "The note is deleted.")


def _note_id(text: str) -> int:
    ident = parse(text) if text.startswith("not_") else None
    if ident is None:
        raise NotFound(f"There is no note “{text}”.", "See: optdesk contacts show CONTACT")
    return ident


@app.command()
def delete(
    ctx: typer.Context, contacts: Contacts = None, view: ViewName = None, search: Search = None
) -> None:
    """Delete contacts; `contacts undo` brings them back."""
    act_on(session_of(ctx), Delete(), "deleted", contacts, view, search)


@app.command("purge-test")
def purge_test(ctx: typer.Context) -> None:
    """Delete every contact that a test number or a test request made; undo brings them back."""
    session = session_of(ctx)
    tests = choosing.Choice((choosing.Part(tests_until_now(), None),))
    act_on(session, Delete(of_tests=True), "purged", tests)


@app.command("dnc")
def do_not_contact(
    ctx: typer.Context,
    contacts: Contacts = None,
    reason: Annotated[str, typer.Option(help="Why, for people to read.")] = "",
    view: ViewName = None,
    search: Search = None,
) -> None:
    """Put contacts on Do Not Contact; they leave the queue and their group at once."""
    session = session_of(ctx)
    choice = choosing.choose(session, contacts or [], view, search)
    session.confirm("These contacts will not be texted again until they are released.")
    act = DoNotContact(session.who.name, " ".join(reason.split()))
    act_on(session, act, "suppressed", choice)


@app.command()
def erase(
    ctx: typer.Context,
    contact: Annotated[str, typer.Argument(help="An id (con_…) or a number, in any spelling.")],
    digits: Annotated[
        str, typer.Option(help="The last four digits of its number; asked for when left out.")
    ] = "",
) -> None:
    """Erase a person for good: nothing but a hash stays, so that the number is never texted."""
    session = session_of(ctx)
    store = session.store()
    with store.read() as conn:
        ident = find_contact(conn, contact)
    if not digits:
        digits = _asked_digits(session)
    with store.read() as conn:
        erasing.check(conn, ident, digits)
    session.confirm("Everything about this person leaves the store.")
    done = erasing.erase(store, session.who, ident, digits)
    session.out.item(
        {
            "erased": done.contacts,
            "attempts": done.attempts,
            "messages": done.messages,
            "remarks": list(done.remarks),
        },
        "\n".join(["Erased. The number is never texted again.", *done.remarks]),
    )


def _asked_digits(session: Session) -> str:
    if session.flags.yes or not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise WrongUsage(
            "Erasing needs the last four digits of the number.", "Give them: --digits 1234"
        )
    sys.stderr.write("The last four digits of the number: ")
    sys.stderr.flush()
    return sys.stdin.readline().strip()


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
        Path | None, typer.Option("-o", "--output", help="Where to; standard output if left out.")
    ] = None,
) -> None:
    """Write the contacts of a view as CSV or JSON lines; test numbers are left out.

    In CSV an apostrophe stands before what a spreadsheet would take for a formula or a number, so
    before every phone: '+12025550146. `optdesk dnc import` takes it off again.
    """
    session = session_of(ctx)
    store = session.store()
    listed = choosing.view_of(session, view or Place.QUEUE.value, search, order)
    form = form or ("jsonl" if session.out.as_json and file is None else "csv")
    if form not in exporting.FORMATS:
        raise WrongUsage(f"“{form}” is no format.", "Use csv or jsonl.")
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
    """Tell where somebody went: moved, suppressed, refused, deleted, by whom and when."""
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


@app.command("undo")
def undo_(
    ctx: typer.Context,
    change: Annotated[
        str, typer.Argument(help="An act of yours (chg_…), as `changes` prints it; else the latest")
    ] = "",
) -> None:
    """Take back your latest act on contacts, or one of your acts."""
    session = session_of(ctx)
    ident = parse(change) if change.startswith("chg_") else None
    if change and ident is None:
        raise NotFound(f"There is no act “{change}”.", "See: optdesk contacts changes --mine")
    with cancelled_by_ctrl_c() as cancel:
        done = undo.undo(
            session.store(), session.who, ident, progress=shown_progress(), cancel=cancel
        )
    report_all(session, "undone", done)


@app.command()
def redo(ctx: typer.Context) -> None:
    """Do again what you took back last."""
    session = session_of(ctx)
    with cancelled_by_ctrl_c() as cancel:
        done = undo.redo(session.store(), session.who, progress=shown_progress(), cancel=cancel)
    report_all(session, "redone", done)
