"""What is asked before the secret URL or the whole integration is given up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from textual.content import Content
from textual.message import Message

from screens.backstage import backstage
from screens.clock import clock
from screens.commands import verb
from screens.confirm import Confirm
from widgets.display import plural, safe

if TYPE_CHECKING:
    from textual.widget import Widget

    from storage.store import Store
    from storage.words import Actor

LATELY = timedelta(days=7)
MOST_NAMED = 6
"""Senders that are named."""


class Regenerated(Message):
    """The integration has a new secret URL."""

    def __init__(self, token: str, senders: Sequence[str]) -> None:
        super().__init__()
        self.token = token
        self.senders = tuple(senders)
        """Who used the old one lately. Untrusted."""


class Deleted(Message):
    """The integration is gone."""


def ask_to_regenerate(owner: Widget) -> None:
    """Asks, then makes a new URL. What comes of it comes to the owner as `Regenerated`."""
    question = Confirm(
        verb("integration.regenerate"),
        Content("Regenerate the URL?"),
        Content(
            "The old URL is dead at once, and leads sent to it are lost. Paste the new one into "
            "Zapier, Make, Facebook Lead Ads or your form right away. This cannot be undone."
        ),
        learn=_tell_users,
    )
    _ask(owner, question, partial(_regenerate, who=backstage(owner).actor))


def ask_to_delete(owner: Widget) -> None:
    """Asks, then deletes the integration. What comes of it comes to the owner as `Deleted`."""
    question = Confirm(
        verb("integration.delete"),
        Content("Delete the Opt-In API?"),
        Content(
            "Its URL is dead at once, and the API door takes nothing in. The contacts stay, also "
            "those in the Opt-in queue, and so do phone numbers, API keys, brand and program. A "
            "new Opt-In API gets a new URL and no field rules. This cannot be undone."
        ),
        safe="Keep it",
    )
    _ask(owner, question, partial(_delete, who=backstage(owner).actor))


def _ask(owner: Widget, question: Confirm, job: Callable[[Store], Message]) -> None:
    def decided(yes: bool | None) -> None:
        if yes:
            backstage(owner).work(owner, job)

    owner.app.push_screen(question, decided)


def _regenerate(store: Store, *, who: Actor) -> Regenerated:
    from storage import integration
    from storage.errors import StoreError

    # The old URL ends first: to read who used it takes a while in a long log, or may fail.
    token = store.do(lambda conn: integration.regenerate(conn, who))
    senders: list[str] = []
    with suppress(StoreError):
        senders = _users(store)
    return Regenerated(token, senders)


def _users(store: Store) -> list[str]:
    """Who used the URL lately, a line each. Untrusted."""
    from storage import attempts
    from storage.times import now

    with store.read() as conn:
        found = attempts.senders_at_stake(conn, now() - LATELY, door="hook")
    return [
        f"{each.title}: {plural(each.count, 'request')} in the last 7 days, "
        f"last {clock(each.last_at)}"
        for each in found
    ][:MOST_NAMED]


def _tell_users(store: Store) -> Content:
    users = _users(store)
    head = "It is used by:" if users else "Nobody used it in the last 7 days."
    return Content("\n  ").join([Content(head), *(safe(user) for user in users)])


def _delete(store: Store, *, who: Actor) -> Deleted:
    from storage import integration

    store.do(lambda conn: integration.delete(conn, who))
    return Deleted()
