"""`optdesk integration map` and `test`: where a sender's fields stand, and a lead to try it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from app.cli.attempts import request_id
from app.cli.output import Column
from app.cli.session import Session, session_of
from app.sending import send
from screens.sample_request import HOOK_PATH, TEST_LEAD
from storage import attempts, integration
from storage.errors import NotFound, Refused, WrongUsage
from storage.ids import public
from storage.integration import IntegrationView
from storage.mapping_rules import FIELDS, Rule, with_rule
from storage.store import Store
from storage.words import AttemptView

TRIED = 6
"""On so many of the last requests rules are tried."""


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
    of: Annotated[
        str,
        typer.Option(
            "--of", metavar="REQ_ID", help="Show the values of a request and their paths."
        ),
    ] = "",
    dry: Annotated[
        bool,
        typer.Option("--try", help="Show what becomes of the last requests; change nothing."),
    ] = False,
) -> None:
    """Say where in a sender's body a field stands; without arguments, show what was said.

    Such as: optdesk integration map phone=data/fields/Mobile --try
    """
    session = session_of(ctx)
    store = session.store()
    with store.read() as conn:
        shown = integration.show(conn)
    if shown is None:
        raise NotFound("There is no Opt-In API.", "Add it: optdesk integration add")
    if of:
        _show_values(session, store, of, shown)
        return
    wanted = _wanted(shown.rules, [_rule(each) for each in rules or ()], clear or ())
    if dry:
        _show_tried(session, store, wanted)
        return
    if wanted != tuple(shown.rules):
        store.do(lambda conn: integration.edit(conn, session.who, rules=wanted))
    session.out.item(
        {"rules": [{"field": rule.field, "path": rule.path} for rule in wanted]},
        "\n".join(f"{rule.field} is at {rule.path}" for rule in wanted)
        or "No rule: fields are known by their names alone.",
    )


def _wanted(kept: Sequence[Rule], said: Sequence[Rule], clear: Sequence[str]) -> tuple[Rule, ...]:
    """The rules with what was said; of one field the first that was said comes first."""
    for field in clear:
        _check(field)
    found = tuple(rule for rule in kept if rule.field not in clear)
    for rule in reversed(said):
        found = with_rule(found, rule.path, rule.field)
    return found


def _show_values(session: Session, store: Store, request: str, shown: IntegrationView) -> None:
    """The values of a captured request, to be pointed at by their paths."""
    from server.replay import pairs

    with store.read() as conn:
        row = attempts.get(conn, request_id(request)).row
    ruled = {rule.path: rule.field for rule in reversed(shown.rules)}
    session.out.rows(
        (
            Column("path", lambda row: row["path"]),
            Column("called", lambda row: row["called"]),
            Column("value", lambda row: row["value"]),
            Column("what it is", lambda row: row["field"] + (" (rule)" if row["ruled"] else "")),
        ),
        (
            {
                "path": pair.path,
                "called": pair.label,
                "value": pair.value,
                "field": ruled.get(pair.path) or pair.known_as,
                "ruled": pair.path in ruled,
            }
            for pair in pairs(row.body, row.media, shown.default_region)
        ),
        "This body holds no values that could be pointed at.",
    )


def _show_tried(session: Session, store: Store, rules: Sequence[Rule]) -> None:
    """What rules would make of the last requests at the secret URL."""
    from server.replay import try_rules

    with store.read() as conn:
        last = attempts.page(conn, AttemptView(door="hook"), limit=TRIED).rows
    session.out.rows(
        (
            Column("request", lambda row: row["request_id"]),
            Column("would be", lambda row: "taken in" if row["taken"] else "refused"),
            Column("because", lambda row: row["says"]),
        ),
        (
            {"request_id": public("req", each.request_id), "taken": each.ok, "says": each.sentence}
            for each in try_rules(store, rules, [row.id for row in last])
        ),
        "No request came to the secret URL yet.",
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
