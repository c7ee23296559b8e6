"""`optdesk doctor`: why do no leads arrive?"""

from __future__ import annotations

import typer

from app.cli.checks import examine
from app.cli.session import session_of, verb_alone
from storage.checklist import State
from storage.errors import StoreError

app = verb_alone("doctor")

_SIGNS = {State.OK: "ok    ", State.WARN: "note  ", State.BAD: "NO    "}


@app.command()
def doctor(ctx: typer.Context) -> None:
    """Look at everything that can keep leads from arriving, and say what to do."""
    session = session_of(ctx)
    findings = []
    for finding in examine(session.settings, named=session.names_address):
        findings.append(finding)
        if session.out.as_json:
            continue
        session.out.text(f"{_SIGNS[finding.state]}{finding.check:<15} {finding.sentence}")
        if finding.next_step:
            session.out.text(f"{'':<22}{finding.next_step}")
    well = all(finding.ok is not False for finding in findings)
    if session.out.as_json:
        checks = [
            {
                "check": finding.check,
                "state": finding.state.value,
                "ok": finding.ok,
                "says": finding.sentence,
                "next_step": finding.next_step,
            }
            for finding in findings
        ]
        session.out.item({"ok": well, "checks": checks}, "")
    if not well:
        unusable = any(finding.check == "store" and finding.ok is False for finding in findings)
        raise typer.Exit(StoreError.exit_code if unusable else 1)
