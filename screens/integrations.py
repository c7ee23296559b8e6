"""Workflows > Integrations: the Opt-In API, its whole life."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from screens.ask import ask
from screens.asked import PlaceAsked, RefusedAsked, SwitchAsked
from screens.backstage import backstage, copy, say
from screens.check_list import check_list
from screens.commands import Context
from screens.double_opt_in import (
    DoubleOptIn,
    DoubleOptInRead,
    DoubleOptInSet,
    read_double_opt_in,
    setting,
)
from screens.integration_card import Card, CardFacts, facts, invitation, secret_url
from screens.keymap import bindings
from screens.latch import Latch
from screens.navigation import KEYS, NUMBERS
from screens.new_address import Address, NewAddress, Tested, send_test
from screens.overview import Overview
from screens.panel_facts import Facts, FactsRead, old_url_lines, read_facts
from screens.place import Place
from screens.regenerating import Deleted, Regenerated, ask_to_delete, ask_to_regenerate
from screens.sample import Sample
from screens.sample_request import PATH
from screens.setup import (
    IntegrationAdded,
    IntegrationEdited,
    RegenerateAsked,
    editing,
    set_up,
)
from widgets.display import glyphs, plural, safe

if TYPE_CHECKING:
    from storage.integration import Before
    from storage.store import Store

LOOK_EVERY = 2.0
"""Seconds between two looks at a store that changes."""

LOOK_ANYWAY = 15.0
"""Seconds after which the panel looks again though nothing changed."""

MOST_OLD = 3
"""Senders with an old URL that are named in the panel."""

_ABOUT_IT = frozenset(
    f"integration.{verb}"
    for verb in (
        "toggle",
        "reveal",
        "copy",
        "edit",
        "confirm",
        "regenerate",
        "delete",
        "test",
        "sample",
    )
)
"""The verbs that need an integration."""


class SetupReady(Message):
    """What the set-up proposes was read."""

    def __init__(self, number: str, before: Before) -> None:
        super().__init__()
        self.number = number
        self.before = before


class FactsFailed(Message):
    """The panel's facts could not be read; the frame tells why."""


class Integrations(Place):
    """My integrations."""

    DEFAULT_CSS = Path(__file__).with_suffix(".tcss").read_text(encoding="utf-8")
    BINDINGS: ClassVar = bindings(Context.INTEGRATIONS)
    contexts = (Context.INTEGRATIONS,)

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes="integrations")
        self.overview = Overview()
        self._facts = Facts()
        self._latch = Latch(self._look)
        self._resting = False
        self._revealed = False

    def compose(self) -> ComposeResult:
        """Title, section, card, what needs attention."""
        yield Static(Content("Integrations"), classes="title")
        with VerticalScroll(can_focus=False):
            yield Static(Content("My integrations"), classes="section")
            yield Card("", classes="card", markup=False)
            yield Static("", classes="old-url", markup=False)
            yield Static(Content("No new contacts?"), classes="section checks-title")
            yield Static("", classes="checks", markup=False)

    def on_mount(self) -> None:
        """Nothing is known yet."""
        self._draw()
        # What is said of the last lead and of the listener grows old though nothing is written.
        self.set_interval(LOOK_ANYWAY, self._look_anyway)

    @property
    def sentence(self) -> str:
        """Where one is."""
        return "Integrations"

    @property
    def idle_verbs(self) -> frozenset[str]:
        """There is something to add, or something to switch."""
        return _ABOUT_IT if self.overview.integration is None else frozenset(("integration.add",))

    def take_focus(self) -> None:
        """The card takes the keys."""
        self.query_one(Card).focus()

    def left(self) -> None:
        """The secret is hidden again."""
        self._revealed = False
        self._draw()

    # What is known.

    def overview_read(self, overview: Overview) -> None:
        """The integration was read."""
        self.overview = overview
        self._draw()

    def store_changed(self) -> None:
        """Look again, at most every other second."""
        if not self._resting:
            self._resting = True
            self.set_timer(LOOK_EVERY, self._rested)
            self._latch.ask()

    def _rested(self) -> None:
        self._resting = False
        if self.display:
            self._latch.ask()

    def _look_anyway(self) -> None:
        if self.display and self.overview.known:
            self._latch.ask()

    def _look(self) -> None:
        back = backstage(self)
        back.work(self, partial(read_facts, reach=back.reach), lambda _: FactsFailed())

    @on(FactsRead)
    def facts_read(self, event: FactsRead) -> None:
        """Show them."""
        event.stop()
        self._latch.done()
        self._facts = event.facts
        self._draw()

    @on(FactsFailed)
    def facts_failed(self, event: FactsFailed) -> None:
        """What was known stays."""
        event.stop()
        self._latch.done()

    def listener_changed(self) -> None:
        """The listener says something new."""
        self._draw()
        self._latch.ask()

    # What the keys do.

    def action_integration_add(self) -> None:
        """Set it up; what the set-up proposes is read first."""
        if not self.overview.known:
            return
        if self.overview.integration is not None:
            say(self, "There is an Opt-In API already; only one can exist.")
            return
        backstage(self).work(self, _read_proposals)

    @on(SetupReady)
    def set_up(self, event: SetupReady) -> None:
        """The guided set-up."""
        event.stop()
        back = backstage(self)
        form = set_up(
            back.actor, simulated=back.simulated, number=event.number, before=event.before
        )
        ask(self, form)

    @on(IntegrationAdded)
    def added(self, event: IntegrationAdded) -> None:
        """Show the address, and try it."""
        event.stop()
        self._show_address(
            Address(
                "The Opt-In API is on.",
                self._url(event.added.token),
                event.added.key or "",
                event.added.number_id,
                note=self._not_yet,
            )
        )

    def action_integration_toggle(self) -> None:
        """On, or off after asking."""
        if self.overview.integration is None:
            self.action_integration_add()
        else:
            self.post_message(SwitchAsked())

    def action_integration_reveal(self) -> None:
        """Show the secret URL whole, or hide it."""
        if self.overview.integration is not None:
            self._revealed = not self._revealed
            self._draw()

    def action_integration_copy(self) -> None:
        """Copy the secret URL; it is shown in the toast only where it is shown anyway."""
        view = self.overview.integration
        if view is not None:
            url = self._url(view.token)
            copy(self, url, url if self._revealed else "The secret URL.")

    def action_integration_address(self) -> None:
        """Copy the address of the API door."""
        if self.overview.integration is not None:
            address = backstage(self).base_url + PATH
            copy(self, address, address)

    def action_integration_edit(self) -> None:
        """Change what was set up."""
        view, back = self.overview.integration, backstage(self)
        if view is not None:
            number = self._facts.e164 or view.number_id
            ask(self, editing(back.actor, view, number))

    @on(IntegrationEdited)
    def edited(self, event: IntegrationEdited) -> None:
        """Say so."""
        event.stop()
        self._latch.ask()
        say(self, "The Opt-In API is changed; it is in force at once.")

    def action_integration_confirm(self) -> None:
        """Ask for a YES or not; how it is set is read first."""
        if self.overview.integration is not None:
            backstage(self).work(self, read_double_opt_in)

    @on(DoubleOptInRead)
    def double_opt_in_read(self, event: DoubleOptInRead) -> None:
        """Off, or on for so many hours."""
        event.stop()

        def chosen(hours: int | None) -> None:
            if hours is not None:
                back = backstage(self)
                back.work(self, setting(back.actor, hours))

        self.app.push_screen(DoubleOptIn(event.on, event.hours), chosen)

    @on(DoubleOptInSet)
    def double_opt_in_set(self, event: DoubleOptInSet) -> None:
        """Say so."""
        event.stop()
        say(self, event.sentence)

    @on(RegenerateAsked)
    def regenerate_asked(self, event: RegenerateAsked) -> None:
        """From the form that edits it."""
        event.stop()
        self.action_integration_regenerate()

    def action_integration_regenerate(self) -> None:
        """Ask, then make a new secret URL."""
        if self.overview.integration is not None:
            ask_to_regenerate(self)

    @on(Regenerated)
    def regenerated(self, event: Regenerated) -> None:
        """Show the new URL at once, and who has to be told."""
        event.stop()
        view = self.overview.integration
        self._show_address(
            Address(
                "The URL is new.",
                self._url(event.token),
                "",
                "" if view is None else view.number_id,
                "The old URL is dead: leads sent to it are lost until the new one is pasted."
                + (" It was used lately by:" if event.senders else ""),
                event.senders,
                self._not_yet,
            )
        )

    def action_integration_delete(self) -> None:
        """Ask, then delete."""
        if self.overview.integration is not None:
            ask_to_delete(self)

    @on(Deleted)
    def deleted(self, event: Deleted) -> None:
        """Say what stays."""
        event.stop()
        say(self, "The Opt-In API is deleted. The contacts stay.", severity="warning")

    def action_integration_test(self) -> None:
        """Send a test lead to the secret URL."""
        view = self.overview.integration
        if view is not None:
            send_test(self, self._url(view.token))

    @on(Tested)
    def tested(self, event: Tested) -> None:
        """Say what was answered."""
        event.stop()
        answer = event.answer
        said = f"{answer.status} in {answer.seconds * 1000:,.0f} ms. " if answer.status else ""
        after = " The test lead is in the Opt-in queue." if answer.taken else ""
        say(
            self,
            f"{said}{answer.sentence.rstrip('.')}.{after}",
            title="Test request",
            severity="information" if answer.taken else "warning",
        )

    def action_integration_sample(self) -> None:
        """Show the sample request; the key is known to nobody any more."""
        view, back = self.overview.integration, backstage(self)
        if view is not None:
            taken = view.last_arrival is not None
            title, note = "Sample request", self._not_yet
            self.app.push_screen(
                Sample(title, back.base_url, view.number_id, "", note, taken=taken)
            )

    def action_integration_refused(self) -> None:
        """To the refused attempts."""
        self.post_message(RefusedAsked())

    def action_integration_numbers(self) -> None:
        """To the phone numbers."""
        self.post_message(PlaceAsked(NUMBERS))

    def action_integration_keys(self) -> None:
        """To the API keys."""
        self.post_message(PlaceAsked(KEYS))

    def action_rows_down(self) -> None:
        """Scroll, where it does not fit."""
        self.query_one(VerticalScroll).scroll_down(animate=False)

    def action_rows_up(self) -> None:
        """Scroll back."""
        self.query_one(VerticalScroll).scroll_up(animate=False)

    def action_rows_top(self) -> None:
        """To the top."""
        self.query_one(VerticalScroll).scroll_home(animate=False)

    def action_rows_bottom(self) -> None:
        """To the end."""
        self.query_one(VerticalScroll).scroll_end(animate=False)

    def _url(self, token: str) -> str:
        return secret_url(backstage(self).base_url, token)

    @property
    def _not_yet(self) -> str:
        listener = backstage(self).listener
        return "" if listener.answers else f"Not yet: {listener.sentence or 'it is starting.'}"

    def _show_address(self, address: Address) -> None:
        def left(wish: Message | None) -> None:
            if wish is not None:
                self.post_message(wish)

        self.app.push_screen(NewAddress(address), left)

    # Drawing.

    def on_resize(self) -> None:
        """What is shortened may fit now, once the card knows its new width."""
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        card, back = self.query_one(Card), backstage(self)
        view = self.overview.integration
        card.set_class(view is not None and view.active, "-on")
        if not self.overview.known:
            card.update(Content(f"Opening the store{glyphs().ellipsis}"))
        elif view is None:
            card.update(invitation(back.keymap.key_of("integration.add")))
        else:
            shown = CardFacts(
                view, back.base_url, back.listener, self._facts.number, self._revealed
            )
            card.update(facts(shown, self._room_in(card)))
        self._draw_attention(view is not None)

    def _room_in(self, card: Card) -> int:
        """Cells in a line of the card beside a scrollbar, be it there yet or not.

        The card's own width tells of its last frame, when the scrollbar may just be coming.
        """
        scroll, most = self.query_one(VerticalScroll), card.styles.max_width
        beside = (
            scroll.size.width - scroll.styles.scrollbar_size_vertical - card.styles.margin.width
        )
        return min(beside, int(most.value) if most else beside) - card.gutter.width

    def _draw_attention(self, there: bool) -> None:
        uses, room = self._facts.old_url, self.size.width - 8
        old, checks = self.query_one(".old-url", Static), self.query_one(".checks", Static)
        old.display = bool(uses)
        if uses:
            hits = plural(sum(use.hits for use in uses), "time")
            lines = [safe(line, room) for line in old_url_lines(uses[:MOST_OLD])]
            more = len(uses) - MOST_OLD
            lines += [Content(f"and {more} more")] if more > 0 else []
            head = Content.styled(f"! An old URL was used {hits} in the last 7 days:", "bold")
            if there:
                key = backstage(self).keymap.key_of("integration.copy")
                style = "bold $footer-key-foreground"
                lines.append(
                    Content.assemble((key, style), " copies the one in force; paste it there.")
                )
            old.update(Content("\n  ").join([head, *lines]))
        items = self._facts.items if there else ()
        checks.display = self.query_one(".checks-title").display = bool(items)
        if items:
            checks.update(check_list(items, backstage(self).keymap, room))


def _read_proposals(store: Store) -> SetupReady:
    from storage import integration, numbers
    from storage.words import NumberStatus

    with store.read() as conn:
        known, before = numbers.listing(conn), integration.before(conn)
    approved = [number.phone for number in known if number.status is NumberStatus.APPROVED]
    return SetupReady(approved[0] if approved else "", before)
