"""`optdesk attempts`: the intake log."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.output import Column
from app.cli.session import noun, session_of
from app.cli.values import none_of
from storage import attempts
from storage.attempts import AttemptDetail, AttemptRow
from storage.errors import NotFound, Refused, WrongUsage
from storage.ids import parse, public
from storage.refusals import ABOUT_FIELDS, why
from storage.times import stamp
from storage.words import AttemptView

app = noun("attempts")

_PATIENCE = 60.0
"""Seconds that a list may search for: a script wants all, however long it takes."""

_OUTCOMES = ("accepted", "duplicate", "refused")
_DOORS = ("api", "hook")

Request = Annotated[str, typer.Argument(metavar="REQ_ID", help="Its req_… id.")]


@app.command("list")
def list_(
    ctx: typer.Context,
    outcome: Annotated[
        str, typer.Option(help="Only those that were accepted, duplicate or refused.")
    ] = "",
    door: Annotated[str, typer.Option(help="Only those at the api or the hook door.")] = "",
    sender: Annotated[str, typer.Option(help="Only those of a sender, such as zapier.")] = "",
    code: Annotated[str, typer.Option(help="Only those with an error code.")] = "",
    search: Annotated[
        str, typer.Option(help="A request id, phone, name, or any words of the request.")
    ] = "",
    before: Annotated[
        str, typer.Option(metavar="REQ_ID", help="Only those older than this one.")
    ] = "",
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many.")] = 50,
) -> None:
    """List requests and what became of them, the newest first."""
    session = session_of(ctx)
    _one_of(outcome, _OUTCOMES, "--outcome")
    _one_of(door, _DOORS, "--door")
    view = AttemptView(outcome, door, sender, code.upper(), search)
    edge = request_id(before) if before else None
    with session.store().read() as conn:
        found = attempts.page(conn, view, before=edge, limit=limit, patience=_PATIENCE)
    session.out.rows(
        (
            Column("time", lambda row: row["at"]),
            Column("request", lambda row: row["request_id"]),
            Column("door", lambda row: row["door"]),
            Column("sender", lambda row: row["sender"] or row["user_agent"]),
            Column("outcome", lambda row: row["outcome"]),
            Column("who", lambda row: row["name"] or row["phone"]),
            Column("why", lambda row: row["why"]),
        ),
        map(fields_of, found.rows),
        f"Nothing found: {view.description}.",
    )
    if found.searched_to is not None:
        session.out.note(
            f"Searched back to {public('req', found.searched_to)}; for older ones add --before it."
        )
    elif found.more:
        session.out.note(f"There are older ones: --before {found.rows[-1].request_id}")


@app.command()
def show(ctx: typer.Context, request: Request) -> None:
    """Show one request: who sent it, what was in it and why it was refused."""
    session = session_of(ctx)
    with session.store().read() as conn:
        found = attempts.get(conn, request_id(request))
    fields = fields_of(found.row) | {
        "key_id": None if found.key_id is None else public("key", found.key_id),
        "headers": dict(found.headers),
        "body": found.row.body,
        "contact": _contact(found),
        "replays": [row.request_id for row in found.replays],
        "mended_by": next(
            (row.request_id for row in found.replays if row.outcome != "refused"), None
        ),
        "next_step": _next_step(found.row),
    }
    session.out.item(fields, _described(fields))


def _next_step(row: AttemptRow) -> str:
    if row.outcome == "refused" and row.door == "hook" and row.code in ABOUT_FIELDS:
        return (
            f"Its values: optdesk integration map --of {row.request_id}; say which is what: "
            f"optdesk integration map FIELD=PATH; then: optdesk attempts replay {row.request_id}"
        )
    return why(row.code).next_step if row.code else ""


@app.command()
def replay(
    ctx: typer.Context,
    request: Request,
    body: Annotated[
        str, typer.Option(metavar="FILE", help="A mended body; - reads it from standard input.")
    ] = "",
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="Give a field; may be said again."),
    ] = None,
) -> None:
    """Send a refused request through its door's checks again, mended or as it was.

    Such as: optdesk attempts replay req_… --set phone=+14155550123
    """
    from server.replay import replay as again

    session = session_of(ctx)
    said = dict(map(_setting, set_ or ()))
    done = again(session.store(), request_id(request), _mended(body), session.who, said)
    fields = {
        "request_id": public("req", done.request_id),
        "replay_of": public("req", request_id(request)),
        "outcome": done.outcome,
        "code": done.code,
        "contact_id": None if done.contact_id is None else public("con", done.contact_id),
    }
    if done.outcome == "refused":
        raise Refused(done.sentence, f"See: optdesk attempts show {fields['request_id']}")
    session.out.item(fields, f"{done.sentence} It is {fields['request_id']} now.")


def _setting(text: str) -> tuple[str, str]:
    name, given, value = text.partition("=")
    if not given or not name.strip():
        raise WrongUsage(f"“{text}” gives no field.", "Write --set phone=+12025550123")
    return name.strip(), value


def _mended(place: str) -> str | None:
    if not place:
        return None
    try:
        raw = sys.stdin.buffer.read() if place == "-" else Path(place).read_bytes()
    except OSError as error:
        raise WrongUsage(f"“{place}” cannot be read: {error.strerror}.") from None
    return raw.decode("utf-8", "replace")


def request_id(text: str) -> int:
    """The integer behind a request's id.

    Raises:
        NotFound: It is none.
    """
    ident = parse(text.strip().lower())
    if ident is None:
        raise NotFound(f"“{text}” is no request's id.", "See: optdesk attempts list")
    return ident


def fields_of(row: AttemptRow) -> dict[str, Any]:
    """An attempt for programs."""
    return {
        "request_id": row.request_id,
        "at": stamp(row.at),
        "door": row.door,
        "sender": row.sender,
        "outcome": row.outcome,
        "code": row.code,
        "reason": row.reason,
        "why": row.why,
        "contact_id": None if row.contact_id is None else public("con", row.contact_id),
        "phone": row.phone,
        "name": row.name,
        "peer": row.peer,
        "user_agent": row.user_agent,
        "media": row.media,
        "replay_of": None if row.replay_of is None else public("req", row.replay_of),
    }


def _one_of(said: str, known: tuple[str, ...], option: str) -> None:
    if said and said not in known:
        raise none_of(known, said, option)


def _contact(found: AttemptDetail) -> dict[str, Any] | None:
    contact = found.contact
    if contact is None:
        return None
    return {
        "id": public("con", contact.id),
        "phone": contact.phone,
        "name": contact.name,
        "stage": contact.stage.value,
    }


def _described(fields: dict[str, Any]) -> str:
    contact = fields["contact"]
    lines = [
        f"Request:   {fields['request_id']} at {fields['at']}",
        f"Door:      {fields['door']}, from {fields['peer'] or 'an unknown address'}",
        f"Sender:    {fields['sender'] or 'not recognised'} ({fields['user_agent'] or 'no name'})",
        f"Outcome:   {fields['outcome']} {fields['code']}".rstrip(),
    ]
    if fields["why"]:
        lines.append(f"Because:   {fields['why']}")
    if fields["next_step"]:
        lines.append(f"Next step: {fields['next_step']}")
    if contact is not None:
        lines.append(f"Contact:   {contact['id']} {contact['phone']} {contact['name']}".rstrip())
    if fields["replay_of"]:
        word = "Tries: " if fields["outcome"] == "refused" else "Mends: "
        lines.append(f"{word}    {fields['replay_of']}")
    if fields["mended_by"]:
        lines.append(f"Mended by: {fields['mended_by']}")
    if tries := [tried for tried in fields["replays"] if tried != fields["mended_by"]]:
        lines.append(f"Tried as:  {', '.join(tries)}, and refused again")
    lines += [f"           {name}: {value}" for name, value in fields["headers"].items()]
    from widgets.plain import clean

    # Each is one line, whatever a sender wrote into it.
    return "\n".join([*map(clean, lines), "", _body(fields["body"])])


def _body(body: str) -> str:
    """A body for people: JSON with a line for each member, other text as it is."""
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return body or "(no body)"
