"""`optdesk integration`: the Opt-In API connection."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from app.cli.session import Session, noun, session_of
from screens.sample_request import PATH, curl
from storage import integration
from storage.integration import IntegrationView
from storage.times import stamp

app = noun("integration")


@app.command()
def add(
    ctx: typer.Context,
    brand: Annotated[str, typer.Option(help="Who texts, for the compliance text.")] = "",
    program: Annotated[str, typer.Option(help="What about, for the compliance text.")] = "",
    region: Annotated[
        str, typer.Option(help="Of numbers that come without a country, as two letters.")
    ] = "US",
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
            default_region=region.upper(),
            simulated=settings.gateway == "simulated",
        )
    )
    with store.read() as conn:
        fields = _fields(session, integration.show(conn))
    lines = [
        "The Opt-In API is on.",
        f"Senders put leads to {fields['api_url']}, naming the number {made.number_id}.",
    ]
    if made.key:
        fields["key"] = made.key
        fields["curl"] = curl(settings.base_url, made.key, made.number_id)
        lines += [
            f"The first API key is {made.key}. It is not shown again.",
            "While the desk or `optdesk serve` runs, this sends a first lead:",
            "",
            *fields["curl"].split("\n"),
        ]
    session.out.item(fields, "\n".join(lines))


@app.command()
def show(ctx: typer.Context) -> None:
    """Show whether it is on, its address and its last arrival."""
    session = session_of(ctx)
    # On a new machine the answer is "none", not that there is no store.
    with session.store(create=True).read() as conn:
        fields = _fields(session, integration.show(conn))
    session.out.item(fields, _described(fields))


@app.command()
def on(ctx: typer.Context) -> None:
    """Switch it on, in every process at once."""
    _switch(session_of(ctx), on=True)


@app.command()
def off(ctx: typer.Context) -> None:
    """Switch it off: leads are refused with 503 until it is on again; contacts stay."""
    _switch(session_of(ctx), on=False)


def _switch(session: Session, *, on: bool) -> None:
    store = session.store()
    changed = store.do(lambda conn: integration.switch(conn, session.who, on=on))
    with store.read() as conn:
        fields = _fields(session, integration.show(conn)) | {"changed": changed}
    word = "now" if changed else "already"
    session.out.item(fields, f"The Opt-In API is {word} {fields['status']}.")


def _fields(session: Session, found: IntegrationView | None) -> dict[str, Any]:
    """The integration for programs."""
    if found is None:
        return {"status": "none", "url": None, "api_url": None}
    base = session.settings.base_url
    return {
        "status": "on" if found.active else "off",
        "url": f"{base}/hooks/opt-in/{found.token}",
        "api_url": f"{base}{PATH}",
        "number_id": found.number_id,
        "brand": found.brand,
        "program": found.program,
        "default_region": found.default_region,
        "created_at": stamp(found.created_at),
        "changed_at": stamp(found.changed_at),
        "last_arrival": stamp(found.last_arrival) if found.last_arrival else None,
        "hourly": list(found.hourly),
    }


def _described(fields: dict[str, Any]) -> str:
    if fields["status"] == "none":
        return "There is no Opt-In API yet. Add it with: optdesk integration add"
    return "\n".join(
        (
            f"The Opt-In API is {fields['status']}.",
            f"Address:       {fields['api_url']}",
            f"Secret URL:    {fields['url']}",
            f"Number:        {fields['number_id']}",
            f"Last arrival:  {fields['last_arrival'] or 'none yet'}",
            f"Last 24 hours: {sum(fields['hourly']):,}",
        )
    )
