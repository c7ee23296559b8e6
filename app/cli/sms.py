"""`optdesk sms`: what the simulated gateway does with texts."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.output import Column
from app.cli.session import noun, session_of
from storage import messages
from storage.errors import NotFound
from storage.messages import OUTCOMES, Scripted

app = noun("sms")

Phone = Annotated[str, typer.Argument(help="The number in E.164, or '*' for all others.")]


@app.command()
def simulate(
    ctx: typer.Context,
    phone: Phone,
    outcome: Annotated[str, typer.Argument(help=f"One of: {', '.join(OUTCOMES)}.")],
    delay: Annotated[int, typer.Option(min=0, help="Milliseconds until it happens.")] = 0,
) -> None:
    """Say what becomes of texts to a number from now on."""
    session = session_of(ctx)
    store = session.store(create=True)
    made = store.do(lambda conn: messages.script(conn, phone, outcome, delay))
    session.out.item(_row(made), f"Texts to {_named(made.phone)}: {made.outcome}.")


@app.command()
def forget(ctx: typer.Context, phone: Phone) -> None:
    """Let texts to a number be accepted again."""
    session = session_of(ctx)
    if not session.store().do(lambda conn: messages.unscript(conn, phone)):
        raise NotFound(f"Nothing was said about texts to {phone}.", "See: optdesk sms list")
    session.out.item({"phone": phone, "outcome": None}, f"Texts to {_named(phone)}: as usual.")


@app.command("list")
def list_(ctx: typer.Context) -> None:
    """List what was said about numbers."""
    session = session_of(ctx)
    with session.store().read() as conn:
        found = list(messages.scripts(conn).values())
    session.out.rows(
        (
            Column("number", lambda row: row["phone"]),
            Column("outcome", lambda row: row["outcome"]),
            Column("delay", lambda row: f"{row['delay_ms']} ms", right=True),
        ),
        map(_row, found),
        "Nothing was said: every text is accepted.",
    )


def _row(scripted: Scripted) -> dict[str, object]:
    return {
        "phone": scripted.phone,
        "outcome": scripted.outcome,
        "delay_ms": scripted.delay_ms,
    }


def _named(phone: str) -> str:
    return "all other numbers" if phone == "*" else phone
