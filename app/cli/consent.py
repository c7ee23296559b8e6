"""`optdesk consent`: prove who agreed to what, and that nobody has changed it since."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from app.cli.session import noun, session_of
from storage import consent, receipts, retention
from storage.errors import WrongUsage
from storage.profile import find_contact

app = noun("consent")

Contact = Annotated[
    str, typer.Argument(metavar="CONTACT", help="Its con_… id, or the number in E.164.")
]

_BAR = 30


@app.command()
def verify(
    ctx: typer.Context,
    receipt: Annotated[
        Path | None,
        typer.Option(help="A receipt as JSON, kept elsewhere: what it names must still be there."),
    ] = None,
) -> None:
    """Check the whole ledger; names every change, gap and cut. Exit code 1 when it is broken."""
    session = session_of(ctx)
    witness = _witness(receipt) if receipt else None
    shows = sys.stderr.isatty() and not session.out.as_json
    with session.store().read() as conn:
        report = consent.verify(conn, _bar if shows else None, witness)
    if shows:
        sys.stderr.write("\n")
    fields = {"events": report.events, "ok": not report.faults, "faults": list(report.faults)}
    fields["let_go"] = report.let_go
    if report.faults:
        listed = "\n".join(f"  {fault}" for fault in report.faults)
        session.out.item(fields, f"The consent ledger is broken:\n{listed}")
        raise typer.Exit(1)
    before = (
        f" {report.let_go:,} before them were let go after their time." if report.let_go else ""
    )
    session.out.item(
        fields, f"All {report.events:,} consent events are whole and in order.{before}"
    )


def _witness(path: Path) -> consent.Head | None:
    """The head of the ledger that a receipt names; None where there was no event yet."""
    try:
        ledger = json.loads(path.read_bytes())["ledger"]
        found = consent.Head(int(ledger["events"]), bytes.fromhex(ledger["head"]))
    except OSError as error:
        raise WrongUsage(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, KeyError, TypeError):
        raise WrongUsage(
            f"{path} is no receipt of consent.",
            "Make one with: optdesk consent receipt CONTACT --json",
        ) from None
    return found if found.seq > 0 else None


@app.command()
def receipt(ctx: typer.Context, contact: Contact) -> None:
    """Write the evidence for one contact, with the head of the ledger.

    Such as: optdesk consent receipt +14155550123 --json > receipt.json
    """
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
        float | None,
        typer.Option(min=0, help="Keep it so long after a person's last event; 5 at least."),
    ] = None,
) -> None:
    """Forget the evidence of people not heard of for years; the ledger still verifies."""
    session = session_of(ctx)
    kept = session.settings.consent_years or consent.MINIMUM_YEARS if years is None else years
    retention.edge(kept)
    store = session.store()
    session.confirm(f"Forget the evidence of people not heard of for {kept:g} years?")
    forgotten = retention.let_go_all(lambda verb: store.do(verb, patient=True), session.who, kept)
    with store.read() as conn:
        report = consent.verify(conn)
    fields = {"events": report.events, "forgotten": forgotten, "ok": not report.faults}
    session.out.item(
        fields, f"{forgotten:,} events lost their evidence; {report.events:,} are in the ledger."
    )


def _bar(done: int, total: int) -> None:
    share = done / total if total else 1.0
    filled = int(share * _BAR)
    sys.stderr.write(f"\r[{'#' * filled}{'.' * (_BAR - filled)}] {share:4.0%} {done:,}")
    sys.stderr.flush()
