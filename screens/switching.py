"""Switching the Opt-In API on and off: the same from every screen."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from textual.content import Content

from screens.asked import Switched, SwitchRefused
from screens.backstage import backstage, say
from screens.commands import verb
from screens.overview import Overview
from widgets.display import clean, glyphs, plural, safe

if TYPE_CHECKING:
    from textual.widget import Widget

    from storage.store import Store
    from storage.words import Actor

_CONSEQUENCE = (
    "New leads are turned away until it is on again. "
    "Everyone in the Opt-in queue stays, and STOP is still obeyed."
)


LATELY = timedelta(days=7)
MOST_NAMED = 8
"""Senders that are named."""


def switch(owner: Widget, overview: Overview) -> None:
    """On at once; off after asking. What becomes of it comes to the owner as `Switched`."""
    integration = overview.integration
    if not overview.known:
        say(owner, "The store is still being opened.", severity="warning")
    elif integration is None:
        key = backstage(owner).keymap.key_of("integration.add")
        say(owner, f"There is no Opt-In API yet. Integrations, then {key}, adds it.")
    elif not integration.active:
        _switch(owner, on=True)
    else:
        _ask(owner)


def _ask(owner: Widget) -> None:
    from screens.confirm import Confirm

    if isinstance(owner.app.screen, Confirm):
        # The key that raised a question does not answer it.
        return
    question = Confirm(
        verb("desk.switch"),
        Content("Deactivate the Opt-In API?"),
        Content(_CONSEQUENCE),
        safe="Keep it on",
        learn=_tell_senders,
    )
    owner.app.push_screen(question, lambda yes: _switch(owner, on=False) if yes else None)


def _tell_senders(store: Store) -> Content:
    """What each sender seen lately will do while it is off."""
    from storage import attempts
    from storage.times import now

    with store.read() as conn:
        found = attempts.senders_at_stake(conn, now() - LATELY)
    sign = f"{glyphs().bullet} "
    lines = [
        Content.assemble(sign, safe(each.title, 40), f": {clean(each.when_off)}")
        for each in found[:MOST_NAMED]
    ]
    more = len(found) - MOST_NAMED
    lines += [Content(f"{sign}and {plural(more, 'more sender')}")] if more > 0 else []
    head = "What the senders of the last 7 days will do:" if lines else ""
    return Content("\n").join([Content(head), *lines]) if lines else Content("")


def _switch(owner: Widget, *, on: bool) -> None:
    back = backstage(owner)
    back.work(owner, partial(_write, who=back.actor, on=on), SwitchRefused)


def tell_refusal(owner: Widget, event: SwitchRefused) -> None:
    """Says which rule, and what to do about it on the desk."""
    from screens.refusal import Refusal
    from storage.errors import NotFound, Refused

    keymap = backstage(owner).keymap
    here = ""
    if isinstance(event.error, Refused) and not isinstance(event.error, NotFound):
        add, approve = keymap.key_of("number.add"), keymap.key_of("number.approve")
        here = f"Settings, Phone numbers: {add} adds a number, {approve} approves it."
    owner.app.push_screen(Refusal(event.error, here))


def _write(store: Store, *, who: Actor, on: bool) -> Switched:
    from storage import integration

    changed = store.do(lambda conn: integration.switch(conn, who, on=on))
    return Switched(on, changed)
