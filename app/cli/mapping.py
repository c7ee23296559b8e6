"""`optdesk integration map` and `test`: where a sender's fields stand, and a lead to try it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from app.cli.session import session_of
from app.sending import send
from screens.sample_request import HOOK_PATH, TEST_LEAD
from storage import integration
from storage.errors import NotFound, Refused, WrongUsage
from storage.mapping_rules import FIELDS, Rule


def map_fields(
    ctx: typer.Context,
    rules: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FIELD=PATH",
            help=f"Such as phone=data/fields/Mobile; fields: {', '.join(FIELDS)}.",
            show_default=False,
        ),
    ] = None,
    clear: Annotated[
        list[str] | None,
        typer.Option("--clear", metavar="FIELD", help="Take the rules for a field away."),
    ] = None,
) -> None:
    """Say where in a sender's body a field stands; without arguments, show what was said."""
    session = session_of(ctx)
    store = session.store()
    with store.read() as conn:
        shown = integration.show(conn)
    if shown is None:
        raise NotFound("There is no Opt-In API.", "Add it: optdesk integration add")
    kept = tuple(shown.rules)
    for field in clear or ():
        _check(field)
    made = tuple(_rule(each) for each in rules or ())
    said = {rule.field for rule in made} | set(clear or ())
    if said:
        wanted = (*made, *(rule for rule in kept if rule.field not in said))
        kept = store.do(lambda conn: integration.edit(conn, session.who, rules=wanted)).rules
    lines = [f"{rule.field} is at {rule.path}" for rule in kept]
    session.out.item(
        {"rules": [{"field": rule.field, "path": rule.path} for rule in kept]},
        "\n".join(lines) or "No rule: fields are known by their names alone.",
    )


def _rule(written: str) -> Rule:
    field, mark, path = written.partition("=")
    if not mark or not path:
        raise WrongUsage(f"“{written}” is no rule.", "Write it like phone=data/fields/Mobile.")
    _check(field)
    return Rule(field, path)


def _check(field: str) -> None:
    if field not in FIELDS:
        raise WrongUsage(f"“{field}” is no field.", f"One of: {', '.join(FIELDS)}.")


def test(ctx: typer.Context) -> None:
    """Send a test lead to the secret URL and show the answer; the listener must be running."""
    session = session_of(ctx)
    with session.store().read() as conn:
        shown = integration.show(conn)
    if shown is None:
        raise NotFound("There is no Opt-In API.", "Add it: optdesk integration add")
    answer = send(f"{session.base_url.rstrip('/')}{HOOK_PATH}{shown.token}", TEST_LEAD)
    fields: dict[str, Any] = {
        "status": answer.status,
        "taken": answer.taken,
        "says": answer.sentence,
        "seconds": round(answer.seconds, 3),
    }
    if not answer.taken:
        if session.out.as_json:
            session.out.item(fields, "")
        raise Refused(f"{answer.status or 'No answer'}: {answer.sentence}".strip())
    session.out.item(fields, f"{answer.status}: {answer.sentence} ({answer.seconds:.2f} s)")
