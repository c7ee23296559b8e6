"""`optdesk consent`: prove who agreed to what, and that nobody has changed it since."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import Annotated

import typer

from app.cli.session import noun, session_of
from storage import consent, receipts
from storage.errors import Refused
from storage.profile import find_contact
from storage.times import now

app = noun("consent")

Contact = Annotated[
    str, typer.Argument(metavar="CONTACT", help="Its con_… id, or the number in E.164.")
]

_DAYS_A_YEAR = 365.25
_BAR = 30


@app.command()
def verify(ctx: typer.Context) -> None:
    """Check the whole ledger; names every change, gap and cut. Exit code 1 when it is broken."""
    session = session_of(ctx)
    shows = sys.stderr.isatty() and not session.out.as_json
    with session.store().read() as conn:
        report = consent.verify(conn, _bar if shows else None)
    if shows:
        sys.stderr.write("\n")
    fields = {"events": report.events, "ok": not report.faults, "faults": list(report.faults)}
    if report.faults:
        listed = "\n".join(f"  {fault}" for fault in report.faults)
        session.out.item(fields, f"The consent ledger is broken:\n{listed}")
        raise typer.Exit(1)
    session.out.item(fields, f"All {report.events:,} consent events are whole and in order.")


@app.command()
def receipt(ctx: typer.Context, contact: Contact) -> None:
    """Write the evidence for one contact, with the head of the ledger."""
    session = session_of(ctx)
    with session.store().read() as conn:
        made = receipts.receipt(conn, find_contact(conn, contact))
    session.out.item(made, receipts.as_text(made))


@app.command()
def export(ctx: typer.Context, contact: Contact) -> None:
    """Write everything about one person, as JSON."""
    from app.cli.output import as_json

    session = session_of(ctx)
    with session.store().read() as conn:
        made = receipts.everything(conn, find_contact(conn, contact))
    session.out.line(as_json(made))


@app.command()
def prune(
    ctx: typer.Context,
    years: Annotated[
        float, typer.Option(min=0, help="Keep it so long after a person's last event.")
    ] = 5.0,
) -> None:
    """Forget the evidence of people not heard of for years; the ledger still verifies."""
    session = session_of(ctx)
    if years < 1:
        raise Refused("Consent has to be kept for a year at least.", "Give --years 5.")
    before = now() - timedelta(days=years * _DAYS_A_YEAR)
    store = session.store()
    session.confirm("Forget the evidence of old consents?")
    beyond: int | None = 0
    while beyond is not None:
        at = beyond
        beyond = store.do(lambda conn, at=at: consent.let_go(conn, before, at), patient=True)  # type: ignore[misc]
    with store.read() as conn:
        report = consent.verify(conn)
    fields = {"events": report.events, "ok": not report.faults}
    session.out.item(fields, f"{report.events:,} consent events are kept.")


def _bar(done: int, total: int) -> None:
    share = done / total if total else 1.0
    filled = int(share * _BAR)
    sys.stderr.write(f"\r[{'#' * filled}{'.' * (_BAR - filled)}] {share:4.0%} {done:,}")
    sys.stderr.flush()
