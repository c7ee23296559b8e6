"""`optdesk integration`: the Opt-In API connection."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

import typer

from app.cli.mapping import map_fields, test
from app.cli.session import Session, noun, session_of
from screens.sample_request import PATH, curl
from storage import attempts, compliance, double_opt_in, integration
from storage.attempts import RecentSender
from storage.errors import WrongUsage
from storage.integration import IntegrationView
from storage.times import now, stamp

app = noun("integration")

LATELY = timedelta(days=7)
"""Who sent for so long back is told of."""


Brand = Annotated[str | None, typer.Option(help="Who texts, for the compliance text.")]
Program = Annotated[str | None, typer.Option(help="What about, for the compliance text.")]
Region = Annotated[
    str | None, typer.Option(help="Of numbers that come without a country, as two letters.")
]
Number = Annotated[
    str | None,
    typer.Option(metavar="NUM", help="The messaging number to opt people in to: id or E.164."),
]


@app.command()
def add(
    ctx: typer.Context,
    brand: Brand = None,
    program: Program = None,
    region: Region = None,
    number: Number = None,
) -> None:
    """Add the Opt-In API, switched on, with all that a first lead needs."""
    session = session_of(ctx)
    settings = session.settings
    store = session.store(create=True)
    made = store.do(
        lambda conn: integration.add(
            conn,
            session.who,
            brand=brand,
            program=program,
            default_region=region,
            simulated=settings.gateway == "simulated",
            number_id=number,
        )
    )
    with store.read() as conn:
        fields = _fields(session, integration.show(conn))
    lines = [
        "The Opt-In API is on.",
        f"Senders put leads to {fields['api_url']}, naming the number {made.number_id}.",
        f"Tools such as Zapier, Make or a form post them to the secret URL: {fields['url']}",
    ]
    if made.key:
        fields["key"] = made.key
        fields["curl"] = curl(session.base_url, made.key, made.number_id)
        lines += [
            f"The first API key is {made.key}. It is not shown again.",
            "While the desk or `optdesk serve` runs, this sends a first lead:",
            "",
            *fields["curl"].split("\n"),
        ]
    session.out.item(fields, "\n".join(lines))


@app.command()
def edit(
    ctx: typer.Context,
    brand: Brand = None,
    program: Program = None,
    region: Region = None,
    number: Number = None,
    redirect: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="Where a browser goes after a form; empty for the thank-you page."
        ),
    ] = None,
    thanks: Annotated[
        str | None, typer.Option(metavar="TEXT", help="What the thank-you page says.")
    ] = None,
) -> None:
    """Change what is named and leave the rest; in force in every process at once."""
    session = session_of(ctx)
    said = (brand, program, region, number, redirect, thanks)
    if all(each is None for each in said):
        raise WrongUsage("There is nothing to change.", "See: optdesk integration edit --help")
    view = session.store().do(
        lambda conn: integration.edit(
            conn,
            session.who,
            brand=brand,
            program=program,
            default_region=region,
            number_id=number,
            redirect=redirect,
            thanks=thanks,
        )
    )
    fields = _fields(session, view)
    session.out.item(fields, _described(fields, reveal=False))


@app.command()
def show(
    ctx: typer.Context,
    reveal: Annotated[
        bool, typer.Option("--reveal", help="Show the secret URL whole; --json always does.")
    ] = False,
) -> None:
    """Show whether it is on, its address and its last arrival."""
    session = session_of(ctx)
    # On a new machine the answer is "none", not that there is no store.
    with session.store(create=True).read() as conn:
        fields = _fields(session, integration.show(conn))
    session.out.item(fields, _described(fields, reveal=reveal))


@app.command()
def on(ctx: typer.Context) -> None:
    """Switch it on, in every process at once."""
    session = session_of(ctx)
    fields = _switched(session, on=True)
    session.out.item(fields, _switch_sentence(fields))


@app.command()
def off(ctx: typer.Context) -> None:
    """Switch it off: leads are refused with 503 until it is on again; contacts stay."""
    session = session_of(ctx)
    with session.store().read() as conn:
        view = integration.show(conn)
        senders = attempts.senders_at_stake(conn, now() - LATELY)
    if view is not None and view.active:
        for use in senders:
            seen = f"Sender of the last {LATELY.days} days, {use.title}"
            session.out.note(f"{seen}: {use.when_off}")
        session.agree("Deactivate the Opt-In API? New leads are turned away until it is on again.")
    fields = _switched(session, on=False) | {"senders": [_sender(use) for use in senders]}
    session.out.item(fields, _switch_sentence(fields))


@app.command()
def regenerate(ctx: typer.Context) -> None:
    """Make a new secret URL; the old one is dead at once, everywhere."""
    session = session_of(ctx)
    with session.store().read() as conn:
        senders = attempts.senders_at_stake(conn, now() - LATELY, door="hook")
    session.do_for_good(
        lambda conn: integration.regenerate(conn, session.who),
        "Regenerate the URL? The old one is dead at once.",
    )
    with session.store().read() as conn:
        fields = _fields(session, integration.show(conn))
    used = ", ".join(dict.fromkeys(use.title for use in senders))
    lines = [
        f"The new URL is {fields['url']}",
        "Copy it now and update your integration tool (Zapier, Make, Facebook Lead Ads, etc.).",
        "The old URL is dead: leads do not sync until the new one is in place.",
        *([f"The old URL was used lately by: {used}."] if used else []),
    ]
    session.out.item(fields | {"senders": [_sender(use) for use in senders]}, "\n".join(lines))


@app.command()
def delete(ctx: typer.Context) -> None:
    """Remove it for good; contacts, numbers and keys stay."""
    session = session_of(ctx)
    session.do_for_good(
        lambda conn: integration.delete(conn, session.who),
        "Delete the Opt-In API? Its URL is dead at once; the contacts stay.",
    )
    session.out.item(
        _fields(session, None) | {"deleted": True},
        "The Opt-In API is deleted. The contacts stay. "
        "To build a fresh one: optdesk integration add",
    )


def _switched(session: Session, *, on: bool) -> dict[str, Any]:
    store = session.store()
    changed = store.do(lambda conn: integration.switch(conn, session.who, on=on))
    with store.read() as conn:
        return _fields(session, integration.show(conn)) | {"changed": changed}


def _switch_sentence(fields: dict[str, Any]) -> str:
    return f"The Opt-In API is {'now' if fields['changed'] else 'already'} {fields['status']}."


def _sender(use: RecentSender) -> dict[str, Any]:
    """A sender for programs."""
    return {
        "sender": use.sender,
        "title": use.title,
        "door": use.door,
        "count": use.count,
        "last_at": stamp(use.last_at),
        "when_off": use.when_off,
    }


def _fields(session: Session, found: IntegrationView | None) -> dict[str, Any]:
    """The integration for programs."""
    if found is None:
        return {"status": "none", "url": None, "api_url": None}
    base = session.base_url
    return {
        "status": "on" if found.active else "off",
        "url": f"{base}/hooks/opt-in/{found.token}",
        "api_url": f"{base}{PATH}",
        "number_id": found.number_id,
        "brand": found.brand,
        "program": found.program,
        "default_region": found.default_region,
        "redirect": found.redirect,
        "thanks": found.thanks,
        "rules": [{"field": rule.field, "path": rule.path} for rule in found.rules],
        "double_opt_in": found.confirm_hours > 0,
        "confirm_hours": found.confirm_hours or None,
        "created_at": stamp(found.created_at),
        "changed_at": stamp(found.changed_at),
        "last_arrival": stamp(found.last_arrival) if found.last_arrival else None,
        "hourly": list(found.hourly),
    }


def _described(fields: dict[str, Any], *, reveal: bool) -> str:
    if fields["status"] == "none":
        return "There is no Opt-In API yet. Add it with: optdesk integration add"
    url = fields["url"] if reveal else f"{_masked(fields['url'])}   (--reveal shows it)"
    return "\n".join(
        (
            f"The Opt-In API is {fields['status']}.",
            f"Address:       {fields['api_url']}",
            f"Secret URL:    {url}",
            f"Number:        {fields['number_id']}",
            f"Brand:         {fields['brand'] or f'{compliance.BRAND} (none given)'}",
            f"Program:       {fields['program'] or f'{compliance.PROGRAM} (none given)'}",
            f"Region:        {fields['default_region']}",
            f"Double opt-in: {_double(fields)}",
            f"After a form:  {fields['redirect'] or 'the thank-you page'}",
            f"Last arrival:  {fields['last_arrival'] or 'none yet'}",
            f"Last 24 hours: {sum(fields['hourly']):,}",
        )
    )


def _double(fields: dict[str, Any]) -> str:
    hours = fields["confirm_hours"]
    return f"on, waits {hours} h for a YES" if hours else "off"


def _masked(url: str) -> str:
    start, _, token = url.rpartition("/")
    return f"{start}/********{token[-4:]}"


@app.command("double-opt-in")
def double(
    ctx: typer.Context,
    state: Annotated[str, typer.Argument(metavar="on|off", help="Whether a YES is asked for.")],
    hours: Annotated[
        int, typer.Option(min=1, help="How long it is waited for.")
    ] = double_opt_in.USUAL_HOURS,
) -> None:
    """Ask who opts in for a YES, or not."""
    if state not in ("on", "off"):
        raise WrongUsage(f"“{state}” is neither on nor off.")
    session = session_of(ctx)
    session.store().do(
        lambda conn: double_opt_in.switch(conn, session.who, on=state == "on", hours=hours)
    )
    session.out.item({"double_opt_in": state == "on", "hours": hours}, f"Double opt-in is {state}.")


app.command("map")(map_fields)
app.command("test")(test)
