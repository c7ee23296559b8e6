"""The guided set-up of the Opt-In API, and changing what was set up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from textual.content import Content
from textual.message import Message

from screens.ask import Ask, Field, Other
from storage.words import REGION
from widgets.display import clean, plural
from widgets.phones import as_kept

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from storage.integration import Added, Before, IntegrationView
    from storage.store import Store
    from storage.words import Actor

PROGRAM = "empty: our text alerts"
NUMBERS = "Settings > Phone numbers adds and approves one."


class IntegrationAdded(Message):
    """It was added, with what a first lead needs."""

    def __init__(self, added: Added) -> None:
        super().__init__()
        self.added = added


class IntegrationEdited(Message):
    """It was changed; in force at once."""


class RegenerateAsked(Message):
    """The person wants a new secret URL."""


def set_up(who: Actor, *, simulated: bool, number: str, before: Before) -> Ask:
    """The form that adds the Opt-In API; enter on each line takes what it proposes.

    Args:
        who: By whose hand.
        simulated: Whether the gateway is the simulated one.
        number: The first approved messaging number, or an empty string.
        before: What the integration said that was there before.
    """
    if number or not simulated:
        hint = "an approved number, such as +1 415 555 0123"
    else:
        hint = "empty: a simulated one; texts go nowhere"
    return Ask(
        "Set up the Opt-In API",
        [
            Field("brand", "Brand, as the text names you", "empty: Optdesk", False, before.brand),
            Field("program", "What people opt in to", PROGRAM, False, before.program),
            Field("number", "Messaging number", hint, required=False, value=number),
            Field(
                "region",
                "Region of numbers without a country",
                "empty: US",
                required=False,
                value="" if before.region == REGION else before.region,
            ),
        ],
        partial(_add, who=who, simulated=simulated),
        preview=compliance_preview,
        intro="Web forms and tools will send you people who opted in. Each gets this text first:",
        doing="set it up",
    )


def editing(who: Actor, view: IntegrationView, number: str) -> Ask:
    """The form that changes the Opt-In API.

    Args:
        who: By whose hand.
        view: As it is.
        number: Its messaging number in E.164.
    """
    return Ask(
        "Edit the Opt-In API",
        [
            Field("brand", "Brand, as the text names you", "empty: Optdesk", False, view.brand),
            Field("program", "What people opt in to", PROGRAM, False, view.program),
            Field("number", "Messaging number", "such as +1 415 555 0123", True, number),
            Field(
                "region",
                "Region of numbers without a country",
                f"such as {REGION}",
                True,
                view.default_region,
            ),
            Field(
                "redirect",
                "Page that a browser is sent to after a form",
                "empty: a thank-you page",
                False,
                view.redirect,
            ),
        ],
        partial(_edit, who=who),
        preview=compliance_preview,
        other=Other("Regenerate URL", "regenerate", RegenerateAsked),
    )


def compliance_preview(values: Mapping[str, str]) -> Content:
    """The text that each person gets, with what it costs in segments."""
    from storage.compliance import compose
    from storage.segments import length_of

    text = compose(values["brand"], values["program"])
    length = length_of(text)
    note = ", with signs that make it longer" if length.unicode else ""
    sizes = f"{plural(length.characters, 'character')}, {plural(length.segments, 'segment')}{note}"
    return Content.assemble(clean(text), "\n", (sizes, "$text-muted"))


def _add(
    store: Store, values: Mapping[str, str], *, who: Actor, simulated: bool
) -> IntegrationAdded:
    from storage import integration

    def add(conn: Connection) -> Added:
        return integration.add(
            conn,
            who,
            brand=values["brand"],
            program=values["program"],
            default_region=values["region"] or REGION,
            simulated=simulated,
            number_id=as_kept(values["number"]) or None,
        )

    with _by_place():
        return IntegrationAdded(store.do(add))


def _edit(store: Store, values: Mapping[str, str], *, who: Actor) -> IntegrationEdited:
    from storage import integration

    def edit(conn: Connection) -> IntegrationView:
        return integration.edit(
            conn,
            who,
            brand=values["brand"],
            program=values["program"],
            default_region=values["region"],
            number_id=as_kept(values["number"]),
            redirect=values["redirect"],
        )

    with _by_place():
        store.do(edit)
    return IntegrationEdited()


@contextmanager
def _by_place() -> Iterator[None]:
    """Where a rule names a command for numbers, names their place on the desk instead."""
    from storage.errors import Refused

    try:
        yield
    except Refused as error:
        if "optdesk numbers" not in error.next_step:
            raise
        raise type(error)(error.sentence, NUMBERS) from error
