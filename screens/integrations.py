"""Workflows > Integrations: the Opt-In API, its switch, its address, what came in."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from screens.backstage import ListenerKind, ListenerReport, backstage, copy, say
from screens.clock import clock
from screens.commands import Context
from screens.keymap import bindings
from screens.overview import Overview
from screens.place import Place
from screens.sample import Sample
from screens.sample_request import PATH
from screens.status import listener_sign
from screens.switching import SwitchAsked
from widgets.display import ascii_only, clean, plural
from widgets.sparkline import sparkline

if TYPE_CHECKING:
    from storage.integration import Added
    from storage.store import Store
    from storage.words import Actor


LABEL = 12
"""Cells of the card's first column."""

SECRET_URL_ANSWERS: bool = False
"""Whether the listener has a door behind the secret URL; before that it is not shown."""

_ABOUT_IT = {
    "integration.toggle": "switch",
    "integration.copy": "copy address",
    "integration.sample": "sample request",
}
"""The verbs that need an integration, as the advice below the card names them."""


class IntegrationAdded(Message):
    """It was added, with what a first lead needs."""

    def __init__(self, added: Added) -> None:
        super().__init__()
        self.added = added


class Card(Static, can_focus=True):
    """The Opt-In API in one box; a click on the switch line switches."""

    SWITCH_LINE = 0

    def on_click(self, event: events.Click) -> None:
        """The first line holds the switch."""
        if event.y - self.gutter.top == self.SWITCH_LINE:
            self.post_message(SwitchAsked())


class Integrations(Place):
    """My integrations."""

    DEFAULT_CSS = Path(__file__).with_suffix(".tcss").read_text(encoding="utf-8")
    BINDINGS: ClassVar = bindings(Context.INTEGRATIONS)
    contexts = (Context.INTEGRATIONS,)

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes="integrations")
        self.overview = Overview()

    def compose(self) -> ComposeResult:
        """Title, section, card."""
        yield Static(Content("Integrations"), classes="title")
        with VerticalScroll(can_focus=False):
            yield Static(Content("My integrations"), classes="section")
            yield Card("", classes="card", markup=False)
            yield Static(Content(""), classes="advice")

    def on_mount(self) -> None:
        """Nothing is known yet."""
        self._draw()

    @property
    def sentence(self) -> str:
        """Where one is."""
        return "Integrations"

    @property
    def idle_verbs(self) -> frozenset[str]:
        """There is something to add, or something to switch."""
        if self.overview.integration is None:
            return frozenset(_ABOUT_IT)
        return frozenset(("integration.add",))

    def take_focus(self) -> None:
        """The card takes the keys."""
        self.query_one(Card).focus()

    def overview_read(self, overview: Overview) -> None:
        """The integration was read."""
        self.overview = overview
        self._draw()

    # What the keys do.

    def action_integration_add(self) -> None:
        """Add it, with everything that a first lead needs."""
        if not self.overview.known:
            return
        if self.overview.integration is not None:
            say(self, "There is an Opt-In API already; only one can exist.")
            return
        back = backstage(self)
        back.work(self, partial(_add, who=back.actor))

    def action_integration_toggle(self) -> None:
        """On, or off after asking."""
        if self.overview.integration is None:
            self.action_integration_add()
        else:
            self.post_message(SwitchAsked())

    def action_integration_copy(self) -> None:
        """Copy the address of the API door."""
        if self.overview.integration is not None:
            address = backstage(self).base_url + PATH
            copy(self, address, address)

    def action_integration_sample(self) -> None:
        """Show the sample request; the key is known to nobody any more."""
        integration = self.overview.integration
        if integration is not None:
            self._show_sample("Sample request", integration.number_id)

    def action_rows_down(self) -> None:
        """Scroll, where the card does not fit."""
        self.query_one(VerticalScroll).scroll_down(animate=False)

    def action_rows_up(self) -> None:
        """Scroll back."""
        self.query_one(VerticalScroll).scroll_up(animate=False)

    @on(IntegrationAdded)
    def added(self, event: IntegrationAdded) -> None:
        """Show how to send a first lead."""
        event.stop()
        title = "The Opt-In API is on. Send it a first lead:"
        self._show_sample(title, event.added.number_id, event.added.key or "")

    def _show_sample(self, title: str, number_id: str, key: str = "") -> None:
        back = backstage(self)
        note = "" if back.listener.answers else f"Not yet: {back.listener.sentence}"
        known = self.overview.integration
        taken = known is not None and known.last_arrival is not None
        self.app.push_screen(Sample(title, back.base_url, number_id, key, note, taken=taken))

    # Drawing.

    def listener_changed(self) -> None:
        """The listener says something new."""
        self._draw()

    def _draw(self) -> None:
        card, advice = self.query_one(Card), self.query_one(".advice", Static)
        card.set_class(self._on, "-on")
        if not self.overview.known:
            card.update(Content("Opening the store…"))
            advice.update(Content(""))
        elif self.overview.integration is None:
            card.update(self._invitation())
            advice.update(Content(""))
        else:
            card.update(self._facts())
            advice.update(self._advice())

    @property
    def _on(self) -> bool:
        return self.overview.integration is not None and self.overview.integration.active

    def _invitation(self) -> Content:
        key = backstage(self).keymap.key_of("integration.add")
        return Content.assemble(
            ("+ Add opt-in API", "bold $primary"),
            (f"   {key}", "bold $footer-key-foreground"),
            "\n\nLets web forms and tools send you people who opted in. Adding it makes what a "
            "first lead needs and shows a request to try it with.",
        )

    def _facts(self) -> Content:
        back, view = backstage(self), self.overview.integration
        assert view is not None  # noqa: S101 - asked before
        total = sum(view.hourly)
        rows = [
            Content.assemble(
                ("Opt-In API", "bold"),
                "   ",
                _toggle(view.active),
            ),
            Content(""),
            _row("address", Content(back.base_url + PATH)),
            *([_row("secret URL", self._secret_url(view.token))] if SECRET_URL_ANSWERS else ()),
            _row("listener", _listener(back.listener)),
            _row("last lead", Content(clock(view.last_arrival))),
            _row(
                "24 hours",
                Content.assemble(
                    (sparkline(view.hourly), "$primary"), f"  {plural(total, 'lead')}"
                ),
            ),
        ]
        return Content("\n").join(rows)

    def _secret_url(self, token: str) -> Content:
        path = f"/hooks/opt-in/{_masked(token)}"
        whole = backstage(self).base_url + path
        room = self.query_one(Card).content_size.width - LABEL
        return Content(whole if len(whole) <= room else f"…{path}")

    def on_resize(self) -> None:
        """What is shortened may fit now."""
        self._draw()

    def _advice(self) -> Content:
        keymap = backstage(self).keymap
        parts = [
            Content.assemble(
                (keymap.key_of(ident), "bold $footer-key-foreground"), f" {words}", "   "
            )
            for ident, words in _ABOUT_IT.items()
        ]
        switch = keymap.key_of("desk.switch")
        return Content.assemble(
            *parts, ("\n" + f"{switch} switches it from any screen.", "$text-muted")
        )


def _row(word: str, value: Content) -> Content:
    return Content.assemble((f"{word:<{LABEL}}", "$text-muted"), value)


def _toggle(on: bool) -> Content:
    full, empty = ("(x)", "( )") if ascii_only() else ("●", "○")
    return Content.assemble(
        (f"{empty if on else full} OFF", "$text-muted" if on else "bold $warning"),
        "  ",
        (f"{full if on else empty} ON", "bold $success" if on else "$text-muted"),
    )


def _masked(token: str) -> str:
    return ("*" if ascii_only() else "•") * 8 + token[-4:]


_TONES = {"good": "$success", "bad": "$error", "plain": "$text-muted"}


def _listener(report: ListenerReport) -> Content:
    sign, tone = listener_sign(report)
    words = {
        ListenerKind.LISTENING: f"listening on {report.address}",
        ListenerKind.STARTING: "starting…",
        ListenerKind.STOPPED: "stopped",
    }
    return Content.assemble(
        (sign, _TONES[tone]), " ", clean(words.get(report.kind, report.sentence))
    )


def _add(store: Store, *, who: Actor) -> IntegrationAdded:
    from storage import integration

    return IntegrationAdded(store.do(lambda conn: integration.add(conn, who)))
