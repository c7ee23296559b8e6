"""Activity > Webhooks: the addresses that are told of opt-ins and opt-outs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.content import Content
from textual.message import Message

from screens.ask import ask
from screens.asked import DeliveriesAsked
from screens.backstage import WorkFailed, backstage, copy, say
from screens.clock import clock
from screens.commands import Context, verb
from screens.confirm import Confirm
from screens.keymap import bindings
from screens.row_list import RowList
from screens.rows_place import Column, Row, RowsPlace
from screens.sending_again import SendingAgain
from screens.webhook_form import adding, editing
from screens.webhook_secret import WebhookSecret
from widgets.display import safe

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy.engine import Connection

    from storage.delivery_log import DeliveryRow
    from storage.endpoints import EndpointRow, Secret
    from storage.store import Store
    from storage.words import Actor


class EndpointsRead(Message):
    """The endpoints were read."""

    def __init__(self, rows: Sequence[EndpointRow]) -> None:
        super().__init__()
        self.rows = rows


class EndpointChanged(Message):
    """Something about an endpoint was changed."""

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self.sentence = sentence


class SecretMade(Message):
    """An endpoint has a new secret; this is the only time it is known."""

    def __init__(self, made: Secret, *, rotated: bool) -> None:
        super().__init__()
        self.made = made
        self.rotated = rotated


class PingSent(Message):
    """A test event is on its way."""

    def __init__(self, row: DeliveryRow) -> None:
        super().__init__()
        self.row = row


class Webhooks(RowsPlace, SendingAgain):
    """The endpoints, the oldest first."""

    BINDINGS: ClassVar = bindings(Context.WEBHOOKS)
    contexts = (Context.WEBHOOKS,)
    title = "Webhooks"
    columns = (
        Column("State", 20, goes=3),
        Column("Address"),
        Column("Told of", 22, goes=1),
        Column("Body", 4, goes=2),
    )
    nothing = "No webhook endpoint yet. {key} adds an address of yours that is told of opt-ins."
    create_verb = "webhook.add"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._rows: dict[str, EndpointRow] = {}

    def read(self, store: Store) -> Message:
        """Reads the endpoints."""
        from storage import endpoints

        with store.read() as conn:
            return EndpointsRead(endpoints.listing(conn))

    @on(EndpointsRead)
    def endpoints_read(self, event: EndpointsRead) -> None:
        """Shows them."""
        event.stop()
        self._rows = {row.public_id: row for row in event.rows}
        self.show([_row(row) for row in event.rows])

    @property
    def _here(self) -> EndpointRow | None:
        return self._rows.get(self.query_one(RowList).key)

    # What the keys do.

    def action_webhook_add(self) -> None:
        """Ask for the address, then add it."""
        back = backstage(self)
        ask(self, adding(back.actor, back.delivers_inside))

    def action_webhook_edit(self) -> None:
        """Change the address, the events or the body's form."""
        row = self._here
        if row is not None:
            back = backstage(self)
            ask(self, editing(back.actor, back.delivers_inside, row))

    def action_webhook_toggle(self) -> None:
        """Deliver to it again, or no longer."""
        row = self._here
        if row is not None:
            who = backstage(self).actor
            self._do(partial(_switch, who=who, ident=row.id, on=not row.active))

    def action_webhook_rotate(self) -> None:
        """Give it a new secret, after asking."""
        row = self._here
        if row is None:
            return
        job = partial(_rotate, who=backstage(self).actor, ident=row.id)
        question = Confirm(
            verb("webhook.rotate"),
            Content("Make a new signing secret?"),
            Content.assemble(
                safe(row.url),
                "\nFor a day both secrets sign each delivery; after that only the new one does. "
                "Give the receiver the new one before that.",
            ),
        )
        self.app.push_screen(question, lambda yes: self._do(job) if yes else None)

    def action_webhook_remove(self) -> None:
        """Ask, then remove it."""
        row = self._here
        if row is None:
            return
        job = partial(_remove, who=backstage(self).actor, ident=row.id)
        question = Confirm(
            verb("webhook.remove"),
            Content("Remove this endpoint?"),
            Content.assemble(
                safe(row.url),
                "\nWhat waits for it is never delivered, and its secret is forgotten. "
                "This cannot be undone.",
            ),
        )
        self.app.push_screen(question, lambda yes: self._do(job) if yes else None)

    def action_webhook_test(self) -> None:
        """Send it a test event and show the answer."""
        row = self._here
        if row is not None:
            self._do(partial(_ping, who=backstage(self).actor, ident=row.id))

    def action_webhook_log(self) -> None:
        """Show what became of its events."""
        row = self._here
        if row is not None:
            self.post_message(DeliveriesAsked(row.id, row.url))

    def action_webhook_replay(self) -> None:
        """Send it a span of time again."""
        row = self._here
        if row is not None:
            self.ask_for_span(row.id, row.url)

    def action_webhook_copy(self) -> None:
        """Copy its address."""
        row = self._here
        if row is not None:
            copy(self, row.url, row.url)

    def _do(self, job: Callable[[Store], Message]) -> None:
        backstage(self).work(self, job)

    # What came of it.

    @on(SecretMade)
    def secret_made(self, event: SecretMade) -> None:
        """Show it, this once."""
        event.stop()
        self.look_again()
        endpoint = event.made.endpoint
        self.app.push_screen(WebhookSecret(endpoint.url, event.made.secret, rotated=event.rotated))

    @on(EndpointChanged)
    def changed(self, event: EndpointChanged) -> None:
        """Say so."""
        event.stop()
        self.look_again()
        say(self, event.sentence)

    @on(PingSent)
    def ping_sent(self, event: PingSent) -> None:
        """Open the delivery; the answer appears there."""
        event.stop()
        from screens.open_delivery import OpenDelivery

        self.app.push_screen(OpenDelivery(event.row), self._left)

    def _left(self, wish: Message | None) -> None:
        if wish is not None:
            self.post_message(wish)

    @on(WorkFailed)
    def look_after_failure(self) -> None:
        """The frame tells why; somebody else may have changed it."""
        self.look_again()


def _row(row: EndpointRow) -> Row:
    state, style = state_of(row)
    told = "all events" if len(row.events) == _ALL else " ".join(map(_short, row.events))
    return Row(
        row.public_id, (state, row.url, told, "seed" if row.seed_body else "full"), (style, "", "")
    )


_ALL = 3
"""How many events there are to be told of."""


def state_of(row: EndpointRow) -> tuple[str, str]:
    """How an endpoint does, in a few words, and the style they are shown in."""
    if not row.active:
        return f"disabled: {row.disabled_why}" if row.disabled_why else "disabled", "$text-warning"
    if row.failing_since is not None:
        return f"failing {clock(row.failing_since)}", "$text-error"
    if row.old_secret_until is not None:
        return "ok, two secrets sign", "$success"
    return "ok", "$success"


def _short(event: str) -> str:
    return event.removeprefix("sms.")


def _switch(store: Store, *, who: Actor, ident: int, on: bool) -> EndpointChanged:
    from storage import endpoints

    store.do(lambda conn: endpoints.switch(conn, who, ident, on=on))
    return EndpointChanged(
        "The endpoint is enabled. What waited for it goes out now."
        if on
        else "The endpoint is disabled. What waits for it is kept."
    )


def _rotate(store: Store, *, who: Actor, ident: int) -> SecretMade:
    from storage import endpoints

    return SecretMade(store.do(lambda conn: endpoints.rotate(conn, who, ident)), rotated=True)


def _remove(store: Store, *, who: Actor, ident: int) -> EndpointChanged:
    from storage import endpoints

    gone = store.do(lambda conn: endpoints.remove(conn, who, ident))
    endpoints.clear_left_over(store)
    return EndpointChanged(f"{gone.url} is removed.")


def _ping(store: Store, *, who: Actor, ident: int) -> PingSent:
    from storage import delivery_log

    def ping(conn: Connection) -> DeliveryRow:
        return delivery_log.show(conn, delivery_log.test(conn, who, ident)).row

    return PingSent(store.do(ping))
