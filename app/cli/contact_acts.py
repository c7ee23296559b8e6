"""`optdesk contacts`: the verbs that change contacts."""

from __future__ import annotations

import re
import sys
from typing import Annotated

import typer

from app.cli.choosing import Contacts, Search, ViewName
from app.cli.help_page import Noun
from app.cli.session import Session, session_of
from storage.errors import NotFound, WrongUsage

# Each verb imports what it works with, so that help and a list need not wait for what acts.

verbs = Noun()

_NAMES_A_CONTACT = re.compile(r"con_\w+|\+?[\d\s().-]+")


@verbs.command()
def star(
    ctx: typer.Context, contacts: Contacts = None, view: ViewName = None, search: Search = None
) -> None:
    """Make contacts favorites."""
    from app.cli.acting import act_on
    from storage.acts import Star

    act_on(session_of(ctx), Star(True), "starred", contacts, view, search)


@verbs.command()
def unstar(
    ctx: typer.Context, contacts: Contacts = None, view: ViewName = None, search: Search = None
) -> None:
    """Make contacts favorites no longer."""
    from app.cli.acting import act_on
    from storage.acts import Star

    act_on(session_of(ctx), Star(False), "unstarred", contacts, view, search)


LabelName = Annotated[
    str | None, typer.Option("--label", "--name", metavar="LABEL", help="Which label.")
]


@verbs.command()
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
    from app.cli import choosing
    from app.cli.acting import act_on
    from storage import labels
    from storage.acts import AddLabel

    session = session_of(ctx)
    name, contacts = _label_and_contacts(name, contacts)
    choice = choosing.choose(session, contacts, view, search)
    found = session.store().do(lambda conn: labels.ensure(conn, session.who, name))
    act_on(session, AddLabel(found.id), "labelled", choice, extra={"label": found.name})


@verbs.command()
def unlabel(
    ctx: typer.Context,
    contacts: Contacts = None,
    name: LabelName = None,
    view: ViewName = None,
    search: Search = None,
) -> None:
    """Take a label off contacts."""
    from app.cli import choosing
    from app.cli.acting import act_on
    from storage import labels
    from storage.acts import RemoveLabel

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


@verbs.command()
def move(
    ctx: typer.Context,
    to: Annotated[str, typer.Option("--to", metavar="GROUP", help="Where to; made if missing.")],
    contacts: Contacts = None,
    view: ViewName = None,
    search: Search = None,
) -> None:
    """Move contacts to a group; they leave the queue.

    Such as: optdesk contacts move --to Spring --search label:hot
    """
    from app.cli import choosing
    from app.cli.acting import act_on
    from storage import groups
    from storage.acts import Move

    session = session_of(ctx)
    choice = choosing.choose(session, contacts or [], view, search)
    group = session.store().do(lambda conn: groups.ensure(conn, session.who, to))
    act_on(session, Move(group.id), "moved", choice, extra={"group": group.name})


@verbs.command()
def note(
    ctx: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[CONTACT]... [TEXT]",
            help="Contacts, then what the note says; - reads it from standard input.",
            show_default=False,
        ),
    ] = None,
    text: Annotated[
        str | None,
        typer.Option(
            "--text",
            metavar="TEXT",
            help="What it says; all arguments are contacts then, and - a list of them.",
        ),
    ] = None,
    view: ViewName = None,
    search: Search = None,
) -> None:
    """Write an internal note on contacts.

    Such as: optdesk contacts note +14155550123 "call back"
    """
    from app.cli import choosing
    from app.cli.acting import act_on
    from storage import notes

    session = session_of(ctx)
    contacts = list(words or [])
    if text is None:
        if not contacts:
            raise WrongUsage("What shall the note say?", "optdesk contacts note CONTACT TEXT")
        text = contacts.pop()
        if not (contacts or view or search) and _NAMES_A_CONTACT.fullmatch(text):
            raise WrongUsage("What shall the note say?", "optdesk contacts note CONTACT TEXT")
        if text == "-":
            text = sys.stdin.read()
    choice = choosing.choose(session, contacts, view, search)
    act_on(session, notes.writing(session.who, text), "noted", choice)


Note = Annotated[str, typer.Argument(metavar="NOTE", help="Its id (not_…), as `show` prints it.")]


@verbs.command("edit-note")
def edit_note(
    ctx: typer.Context,
    note: Note,
    text: Annotated[str, typer.Argument(help="What it shall say; - reads standard input.")],
) -> None:
    """Change what a note of your own says."""
    from app.cli.shapes import note_fields
    from storage import notes

    session = session_of(ctx)
    text = sys.stdin.read() if text == "-" else text
    changed = session.store().do(lambda conn: notes.edit(conn, session.who, _note_id(note), text))
    session.out.item(note_fields(changed), "The note is changed.")


@verbs.command("delete-note")
def delete_note(ctx: typer.Context, note: Note) -> None:
    """Delete a note of your own; undo brings it back."""
    from app.cli.shapes import note_fields
    from storage import notes

    session = session_of(ctx)
    gone = session.store().do(lambda conn: notes.remove(conn, session.who, _note_id(note)))
    session.out.item(note_fields(gone), "The note is deleted.")


def _note_id(text: str) -> int:
    from storage.ids import parse

    ident = parse(text) if text.startswith("not_") else None
    if ident is None:
        raise NotFound(f"There is no note “{text}”.", "See: optdesk contacts show CONTACT")
    return ident


@verbs.command()
def delete(
    ctx: typer.Context, contacts: Contacts = None, view: ViewName = None, search: Search = None
) -> None:
    """Delete contacts; `contacts undo` brings them back."""
    from app.cli.acting import act_on
    from storage.acts import Delete

    act_on(session_of(ctx), Delete(), "deleted", contacts, view, search)


@verbs.command("purge-test")
def purge_test(ctx: typer.Context) -> None:
    """Delete every contact that a test number or a test request made; undo brings them back."""
    from app.cli import choosing
    from app.cli.acting import act_on
    from storage.acts import Delete
    from storage.bulk import tests_until_now

    session = session_of(ctx)
    tests = choosing.Choice((choosing.Part(tests_until_now(session.store()), None),))
    act_on(session, Delete(of_tests=True), "purged", tests)


@verbs.command("dnc")
def do_not_contact(
    ctx: typer.Context,
    contacts: Contacts = None,
    reason: Annotated[str, typer.Option(help="Why, for people to read.")] = "",
    view: ViewName = None,
    search: Search = None,
) -> None:
    """Put contacts on Do Not Contact; they leave the queue and their group at once."""
    from app.cli import choosing
    from app.cli.acting import act_on
    from storage.acts import DoNotContact

    session = session_of(ctx)
    choice = choosing.choose(session, contacts or [], view, search)
    session.confirm("These contacts will not be texted again until they are released.")
    act = DoNotContact(session.who.name, " ".join(reason.split()))
    act_on(session, act, "suppressed", choice)


@verbs.command()
def erase(
    ctx: typer.Context,
    contact: Annotated[str, typer.Argument(help="An id (con_…) or a number, in any spelling.")],
    digits: Annotated[
        str, typer.Option(help="The last four digits of its number; asked for when left out.")
    ] = "",
) -> None:
    """Erase a person for good: nothing but a hash stays, so that the number is never texted."""
    from storage import erase as erasing
    from storage.profile import find_contact

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


@verbs.command("undo")
def undo_(
    ctx: typer.Context,
    change: Annotated[
        str,
        typer.Argument(help="One of your acts (chg_…), as `changes` prints it; else the last."),
    ] = "",
) -> None:
    """Take back your latest act on contacts, or one of your acts."""
    from app.cli.acting import cancelled_by_ctrl_c, report_all, shown_progress
    from storage import undo
    from storage.ids import parse

    session = session_of(ctx)
    ident = parse(change) if change.startswith("chg_") else None
    if change and ident is None:
        raise NotFound(f"There is no act “{change}”.", "See: optdesk contacts changes --mine")
    with cancelled_by_ctrl_c() as cancel:
        done = undo.undo(
            session.store(), session.who, ident, progress=shown_progress(), cancel=cancel
        )
    report_all(session, "undone", done)


@verbs.command()
def redo(ctx: typer.Context) -> None:
    """Do again what you took back last."""
    from app.cli.acting import cancelled_by_ctrl_c, report_all, shown_progress
    from storage import undo

    session = session_of(ctx)
    with cancelled_by_ctrl_c() as cancel:
        done = undo.redo(session.store(), session.who, progress=shown_progress(), cancel=cancel)
    report_all(session, "redone", done)
