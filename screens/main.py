"""The frame: sidebar, the place that is shown, status line, keys."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import UPDATE_PERIOD
from textual.widgets import Static

from screens import navigation
from screens.asked import (
    ContactAsked,
    DeliveriesAsked,
    PlaceAsked,
    RefusedAsked,
    SwitchAsked,
    Switched,
    SwitchRefused,
)
from screens.backstage import (
    NEWS_SECONDS,
    Captioned,
    HealthChanged,
    ListenerChanged,
    ListenerKind,
    LooksChanged,
    RowsReadable,
    ServedElsewhere,
    StoreChanged,
    StoreOpened,
    WorkFailed,
    backstage,
    say,
)
from screens.commands import Context
from screens.keymap import Hint
from screens.latch import Latch
from screens.main_verbs import Ledge
from screens.overview import Overview, OverviewRead, at_first_look, read_overview
from screens.place import Told
from screens.places import Places
from screens.progress_strip import ProgressStrip
from screens.status import status_parts
from screens.turning import Turning
from storage.errors import OptdeskError
from storage.words import AttemptView, DeliveriesView
from widgets.bare import SilentColumn, SilentRow
from widgets.display import safe
from widgets.finding import once
from widgets.key_footer import KeyFooter
from widgets.seen import FrameTimer, SeenCompositor
from widgets.status_line import StatusLine
from widgets.words import Words

if TYPE_CHECKING:
    from storage.store import Store
    from storage.words import Actor


STYLES = Path(__file__).with_suffix(".tcss")
"""For the app: Textual does not load the style sheet of an app's first screen itself."""

DIALOG_STYLES = tuple(
    STYLES.with_name(f"{name}.tcss")
    for name in ("dialog", "ask", "picker", "attempt", "new_address", "reading", "sample")
)
"""For the app: read before a dialog opens that would read them itself."""


HURRIED_NEWS_SECONDS = 0.1
"""Between two words that the store has changed, while rows come and go in a burst."""

SECONDS = 0.25
"""Between two looks at the figures; nobody reads faster. A look costs as much as three leads."""

ROWS_FIRST_SECONDS = 0.02
"""How long the figures wait for the rows: both want the same core."""

NAME_CELLS = 44
"""Cells of the footer for a verb with the name of the act that it is about, where there is room."""

LEAST_NAME = 24
"""Cells of it that are shown before any other word of the footer that comes later."""

ROOMY = 30
"""Lines from which on there is room for blank ones."""


class LookFailed(Message):
    """The figures could not be read."""

    def __init__(self, error: OptdeskError) -> None:
        super().__init__()
        self.error = error


SIDEBAR_FROM = 70
"""Columns from which on the sidebar is there without being asked for."""

TINY = 40
"""Columns below which the footer has room for little more than what the keys do here."""


class MainScreen(Turning):
    """The desk. It hears the news and hands them to what shows them."""

    AUTO_FOCUS = ""
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (SIDEBAR_FROM, "-normal"), (100, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (ROOMY, "-tall")]

    status = once(StatusLine)
    footer = once(KeyFooter)
    banner = once(Words, "#banner")
    caption = once(Words, "#caption")

    def __init__(self) -> None:
        super().__init__()
        self._compositor = SeenCompositor()
        self._frames: FrameTimer | None = None
        self.overview = Overview()
        self._latch = Latch(self._look, SECONDS, self.set_timer, ROWS_FIRST_SECONDS)
        self._trouble: OptdeskError | None = None

    @property
    def _update_timer(self) -> FrameTimer:
        timer = self._frames
        if timer is None:
            paint = self._on_timer_update
            timer = self._frames = FrameTimer(self, UPDATE_PERIOD, callback=paint, pause=True)
            timer._start()
            self._timers.add(timer)
        return timer

    def hasten(self) -> None:
        """A key was pressed: what it brings is painted without a pause."""
        if self._frames is not None:
            self._frames.hasten()

    def compose(self) -> ComposeResult:
        """The frame."""
        with SilentRow(id="body"):
            with Vertical(id="side"):
                yield Static(Content("Optdesk"), id="brand")
                yield Ledge()
            with SilentColumn(id="main"):
                yield Words(id="caption")
                yield Words(id="banner")
                yield Places()
                yield ProgressStrip(id="turning")
        yield StatusLine()
        yield KeyFooter()

    def on_mount(self) -> None:
        """The frame is true before anything is known."""
        self.banner.display = False
        self.caption.display = False
        self._show_sidebar()
        self._show_status()
        self._show_keys()

    @property
    def here(self) -> tuple[Context, ...]:
        """Where the person is, the nearest first."""
        if self.sidebar.has_focus:
            return (Context.SIDEBAR, Context.DESK)
        return (*self.places.place.contexts_now, Context.DESK)

    @property
    def names(self) -> dict[str, str]:
        """What verbs are about at present, by verb id. Untrusted."""
        about = {"desk.undo": self.overview.undo, "desk.redo": self.overview.redo}
        return {ident: name for ident, name in about.items() if name}

    # News from the backstage.

    @on(RowsReadable)
    async def rows_readable(self, event: RowsReadable) -> None:
        """Lists can be read, though the store is not open yet."""
        event.stop()
        if event.look is not None:
            self.overview = at_first_look(event.look)
            self._show_sidebar()
            self._show_status()
        await self.places.rows_readable(event.rows)

    @on(StoreOpened)
    def store_opened(self, event: StoreOpened) -> None:
        """The store is open: it can be written, too."""
        event.stop()
        self._show_health()
        self.places.store_changed()
        self._latch.ask()

    @on(StoreChanged)
    def store_changed(self, event: StoreChanged) -> None:
        """Look again."""
        event.stop()
        place = self.places.place
        backstage(self).tell_news(HURRIED_NEWS_SECONDS if place.hurried else NEWS_SECONDS)
        self.places.store_changed()
        self._latch.ask()

    @on(HealthChanged)
    def health_changed(self, event: HealthChanged) -> None:
        """The store fell ill or recovered."""
        event.stop()
        self._show_health()
        self._latch.ask()

    @on(ListenerChanged)
    def listener_changed(self, event: ListenerChanged) -> None:
        """The listener says something new."""
        event.stop()
        if event.report.kind is ListenerKind.FAILED:
            say(self, event.report.sentence, title="Not listening", severity="error")
        elif event.report.kind is ListenerKind.ATTACHED:
            say(self, event.report.sentence)
        self.places.listener_changed()
        self._show_status()

    # Figures.

    def _look(self) -> None:
        back = backstage(self)
        back.work(self, partial(_read, who=back.actor), LookFailed)

    @on(OverviewRead)
    async def overview_read(self, event: OverviewRead) -> None:
        """New figures."""
        event.stop()
        first = not self.overview.known
        self.overview = event.overview
        self._trouble = None
        self._latch.done()
        self.places.overview_read(event.overview)
        if first:
            await self._first_run()
            await self._leave_what_is_gone()
        self._show_sidebar()
        self._show_status()
        self._show_keys()
        self._show_health()

    @on(LookFailed)
    def look_failed(self, event: LookFailed) -> None:
        """The banner says why; the figures stay as they were."""
        event.stop()
        self._trouble = event.error
        self._latch.done()
        self._show_health()

    @on(Captioned)
    async def captioned(self, event: Captioned) -> None:
        """A story says what is going on, and shows the place where it can be seen."""
        event.stop()
        self.caption.display = bool(event.text)
        self.caption.say(safe(event.text))
        if event.place and self.app.screen is self and event.place != self.places.current:
            await self.go(event.place)

    @on(ServedElsewhere)
    def served_elsewhere(self, event: ServedElsewhere) -> None:
        """Another process takes leads in as well, at another address."""
        event.stop()
        # What is wrong with the settings was said a moment before, and is to be read first.
        left = [said.time_left for said in self.app._notifications if said.severity == "warning"]
        if left:
            self.set_timer(max(left), partial(say, self, event.sentence))
        else:
            say(self, event.sentence)

    @on(LooksChanged)
    def looks_changed(self, event: LooksChanged) -> None:
        """Other people look elsewhere."""
        event.stop()
        self.places.others_look(event.looks)

    @on(WorkFailed)
    def work_failed(self, event: WorkFailed) -> None:
        """What was asked for was refused, or the store failed."""
        event.stop()
        say(self, str(event.error), title=event.error.title, severity="warning")

    # Wishes.

    @on(PlaceAsked)
    async def place_asked(self, event: PlaceAsked) -> None:
        """To another place."""
        event.stop()
        await self.go(event.key)

    @on(RefusedAsked)
    async def refused_asked(self, event: RefusedAsked) -> None:
        """To the refused attempts."""
        event.stop()
        from screens.intake_log import IntakeLog

        await self.go(navigation.INTAKE)
        log = self.places.place
        if isinstance(log, IntakeLog):
            log.only(AttemptView(outcome="refused"))

    @on(DeliveriesAsked)
    async def deliveries_asked(self, event: DeliveriesAsked) -> None:
        """To what became of one endpoint's events."""
        event.stop()
        from screens.deliveries import Deliveries

        await self.go(navigation.DELIVERIES)
        log = self.places.place
        if isinstance(log, Deliveries):
            log.only(DeliveriesView(endpoint_id=event.endpoint_id, url=event.url))

    @on(ContactAsked)
    async def contact_asked(self, event: ContactAsked) -> None:
        """To a contact among all, opened."""
        event.stop()
        from screens.contacts import Contacts

        await self.go(navigation.ALL)
        contacts = self.places.place
        if isinstance(contacts, Contacts):
            await contacts.go_to(event.contact_id)

    async def _first_run(self) -> None:
        """An empty store opens on the guided set-up, once."""
        store, overview = backstage(self).store, self.overview
        empty = overview.integration is None and not overview.figures.all
        if not empty or store is None or store.read_only or self.app.screen is not self:
            return
        await self.go(navigation.INTEGRATIONS)
        await self.give("integration.add")

    async def _leave_what_is_gone(self) -> None:
        """A group that was shown last may have been deleted since."""
        group = navigation.group_of(self.places.current)
        if group is not None and group not in {each.id for each in self.overview.figures.groups}:
            await self.go(navigation.QUEUE)

    # The switch.

    @on(SwitchAsked)
    def switch(self) -> None:
        """On at once, off after asking."""
        from screens.switching import switch

        switch(self, self.overview)

    @on(Switched)
    def switched(self, event: Switched) -> None:
        """Say so."""
        event.stop()
        say(self, event.sentence, severity="information" if event.on else "warning")
        self._latch.ask()

    @on(SwitchRefused)
    def switch_refused(self, event: SwitchRefused) -> None:
        """Say which rule, and what to do."""
        event.stop()
        from screens.switching import tell_refusal

        tell_refusal(self, event)

    # What is shown.

    def keys_changed(self) -> None:
        """Settings gave verbs other keys."""
        self._show_keys()

    @on(Places.Shown)
    def place_shown(self) -> None:
        """Another place."""
        self._show_sidebar()
        self._show_status()
        self._show_keys()

    @on(Told)
    def told(self, event: Told) -> None:
        """Marks, view or number of rows changed."""
        event.stop()
        self._show_status()
        self._show_keys()

    def on_resize(self) -> None:
        """There may be room for more, or for less."""
        self._show_sidebar()
        self._show_keys()

    @on(ProgressStrip.Shown)
    def long_act(self, event: ProgressStrip.Shown) -> None:
        """What esc does is another thing now."""
        event.stop()
        self._show_keys()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Other keys."""
        self._show_keys()

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        """Other keys."""
        self._show_keys()

    def _show_keys(self) -> None:
        here, idle = self.here, self.places.place.idle_verbs
        keymap = backstage(self).keymap
        hints = keymap.hints(*here, typing=Context.SEARCH in here)
        ways = () if self.sidebar.has_focus else self.places.place.ways_out
        out = [Hint(ident, keymap.key_of(ident), word) for ident, word in ways]
        idle |= {ident for ident, _ in ways}
        if not self.places.place.takes_back:
            idle |= {"desk.undo"}
        kept = [self._named(hint) for hint in hints if hint.verb_id not in idle]
        if TINY <= self.size.width < SIDEBAR_FROM and not (out or self.sidebar.has_focus):
            # Nothing else says here that there are other places.
            kept = [
                replace(hint, kept=True) if hint.verb_id == "desk.places" else hint for hint in kept
            ]
        self.footer.show([*out, *kept])

    def _named(self, hint: Hint) -> Hint:
        """Undo says what it is about."""
        name = self.names.get(hint.verb_id)
        if name is None:
            return hint
        said = safe(f"{hint.word}: {name}", NAME_CELLS).plain
        return Hint(hint.verb_id, hint.key, said, least=LEAST_NAME, short=hint.word)

    def _show_sidebar(self) -> None:
        self.sidebar.current = self.places.current
        airy = self.size.height >= ROOMY
        self.sidebar.show(navigation.entries(self.overview.figures, airy=airy))

    def _show_status(self) -> None:
        back, place = backstage(self), self.places.place
        parts = status_parts(
            back.listener, self.overview, place.marks, place.modes, throwaway=back.throwaway
        )
        self.status.show(parts, *place.sentences)

    def _show_health(self) -> None:
        store = backstage(self).store
        sentence, step = "", ""
        if store is not None and not store.health.ok:
            sentence, step = store.health.sentence, store.health.next_step
        elif self._trouble is not None:
            sentence, step = self._trouble.sentence, self._trouble.next_step
        elif store is not None and store.read_only:
            sentence = "This store is read-only: everything can be looked at, nothing changed."
        elif self.overview.circuit is not None:
            from screens.circuit import circuit_sentence

            sentence = circuit_sentence(self.overview.circuit)
        self.banner.display = bool(sentence)
        if sentence:
            self.banner.say(safe(f"! {sentence} {step}".rstrip()))


def _read(store: Store, *, who: Actor) -> OverviewRead:
    return OverviewRead(read_overview(store, who))
