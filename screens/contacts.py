"""A list of contacts: the Opt-in queue, all, or a group."""

from __future__ import annotations

from asyncio import get_running_loop
from collections import deque
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from screens.asked import GroupAsked
from screens.backstage import backstage, say
from screens.commands import ActsOn, Context, verbs_in
from screens.consent import ConsentActs
from screens.contact_campaigns import ContactCampaigns
from screens.empty import why_empty
from screens.keymap import bindings
from screens.open_contact import NEWS_SECONDS
from screens.overview import Overview
from screens.pill import Pill
from screens.place import Told
from screens.progress_strip import ProgressStrip
from screens.resuming import remember
from screens.table_verbs import ContactList
from storage.glimpses import Key
from storage.words import Order, View
from widgets.bare import SilentColumn, SilentRow
from widgets.contact_table import ContactTable
from widgets.display import clean, safe, thousands
from widgets.finding import once
from widgets.others import signs
from widgets.words import Words

if TYPE_CHECKING:
    from asyncio import TimerHandle
    from collections.abc import Mapping

    from storage.glimpses import Rows
    from storage.words import ContactRow

NOTHING = ActsOn.NOTHING

SAID_SECONDS = 0.03
"""So long the words about another view wait for its rows at most."""

_ORDERS = {Order.NEWEST: "newest", Order.OLDEST: "oldest", Order.FAVORITE: "favorites"}

TOAST_LINES = 3
"""Lines that most toasts need at most."""


class Contacts(ContactCampaigns, ConsentActs):
    """One view of contacts, with its own cursor, marks and search."""

    DEFAULT_CSS = Path(__file__).with_suffix(".tcss").read_text(encoding="utf-8")
    SCOPED_CSS = False
    BINDINGS: ClassVar = bindings(Context.LIST)
    contexts = (Context.LIST,)
    takes_back = True

    _order = once(Words, ".order")
    _sign = once(Words, ".search-sign")
    _count = once(Words, ".count")
    _pill = once(Pill)
    _nobody = once(Static, ".empty")

    def __init__(
        self,
        view: View,
        at: Key | None = None,
        *,
        id: str | None = None,  # noqa: A002 - Textual's name
    ) -> None:
        super().__init__(id=id, classes="contacts")
        self.set_class(view.group_id is not None, "-group")
        self.set_reactive(Contacts.view, view)
        self.overview = Overview()
        self._marks = ""
        self._next = deque()
        self._stale = False
        self._at = at
        self._unsaid: TimerHandle | None = None
        """Ends the wait for the rows of another view, until which nothing is said about it."""
        self._set_aside = False
        """A contact was open when a search found nobody; it is again when there is somebody."""

    def compose(self) -> ComposeResult:
        """Head line, list, open contact."""
        with SilentRow(classes="head"):
            yield Static(safe(self.view.title), classes="title")
            yield Words(classes="count")
            yield Words(classes="search-sign")
            yield Static(Content("search"), classes="search-rest")
            yield Words(classes="order")
            yield Pill(classes="pill")
        if self.view.group_id is not None:
            yield Words(classes="draws")
        with SilentRow(classes="split"), SilentColumn(classes="list"):
            yield ContactList(view=self.view)
            yield Static("", classes="empty", markup=False)
            yield ProgressStrip()

    @property
    def hurried(self) -> bool:
        """Whether rows come and go in a burst."""
        return self.table.hurried

    @property
    def proven(self) -> ContactRow | None:
        """The contact whose evidence is asked for."""
        return self.table.cursor_contact

    def on_mount(self) -> None:
        """Nothing is known yet."""
        self._pill.display = False
        self._show_order()
        self._show_empty()
        if self._at is not None:
            self.table.go_to(self._at.id, favorite=self._at.favorite)
        if self.view.search:
            self.call_later(self.show_view, self.view)

    # What the frame tells.

    def rows_readable(self, rows: Rows) -> None:
        """The list can be read."""
        self.table.attach(rows)

    def store_changed(self) -> None:
        """Look again."""
        self.table.refresh_from_store()
        if self._panel is not None:
            self._panel.look_again()
            self.foresee(NEWS_SECONDS)

    def overview_read(self, overview: Overview) -> None:
        """Groups may have other names, the empty list other reasons."""
        self.overview = overview
        self._show_empty()
        self._show_campaigns()

    def _show_campaigns(self) -> None:
        for group in self.overview.figures.groups:
            if group.id == self.view.group_id:
                self._call_it(group.name)
                said = ", ".join(each.words for each in group.campaigns)
                said = f"campaigns: {said}" if said else "no campaign draws on this group"
                self.query_one(".draws", Words).say(safe(said))

    def _call_it(self, name: str) -> None:
        """The group that is shown may have been given another name, here or elsewhere."""
        if name != self.view.group_name:
            self.view = replace(self.view, group_name=name)
            self.query_one(".title", Static).update(safe(self.view.title))

    def remember(self) -> None:
        """The view and the contact under the cursor."""
        self._tell_others()
        row = self.table.cursor_contact
        at = self._at if row is None else Key.of(row)
        remember(backstage(self).memory, self.view, at)

    def _tell_others(self) -> None:
        row = self.table.cursor_contact
        is_open = self.panel is not None
        backstage(self).look_at(None if row is None else row.id, open_=is_open)

    def others_look(self, looks: Mapping[int, tuple[str, ...]]) -> None:
        """A sign in the rows, a sentence in the open contact."""
        self._looks = looks
        self.table.show_signs(signs(looks))
        self._tell_panel()

    def take_focus(self) -> None:
        """The keys are for the list."""
        self.table.focus()

    @property
    def low(self) -> bool:
        """Whether the cursor is where toasts come up; beside an open contact they cover that."""
        return self.panel is None and self.table.cursor_among_last(TOAST_LINES)

    @property
    def sentence(self) -> str:
        """The view."""
        return self.view.description

    @property
    def sentences(self) -> tuple[str, ...]:
        """The view, then without what the title says, then without what the headings say."""
        short = self.sentence.removeprefix(self.view.title).lstrip(", ")
        found = short.rpartition(", ")[0]
        return self.sentence, short, found or _ORDERS[self.view.order]

    @property
    def marks(self) -> str:
        """How many are marked."""
        return self._marks

    async def go_to(self, contact_id: int) -> None:
        """Puts the cursor on a contact and opens it."""
        self.clear_search()
        before = self.table.cursor_contact
        self.table.go_to(contact_id)
        await self.make_panel()
        # The list tells of a contact once, and may have done so before there was anything open.
        found = [row for row in (self.table.cursor_contact, before) if row is not None]
        await self.open_panel(next((row for row in found if row.id == contact_id), None))

    # The view.

    def watch_view(self, view: View) -> None:
        """Another search or order."""
        self.table.show(view)
        self._show_empty()
        self.remember()
        if self._unsaid is None:
            self._unsaid = get_running_loop().call_later(SAID_SECONDS, self._say_view)

    def _say_view(self) -> None:
        """Says what is shown; with its rows, it is one frame."""
        if self._unsaid is not None:
            self._unsaid.cancel()
            self._unsaid = None
            # Whoever says it before there is anything to say it on is said it by the mounting.
            if self.is_attached and self.is_mounted:
                self._show_order()
                self.post_message(Told())

    @property
    def idle_verbs(self) -> frozenset[str]:
        """Nothing can be done to nobody."""
        if self.table.total:
            return frozenset()
        return frozenset(each.id for each in verbs_in(Context.LIST) if each.acts_on is not NOTHING)

    @property
    def ways_out(self) -> tuple[tuple[str, str], ...]:
        """Out of a long act, a range or marks, and out of the open contact."""
        if self.contexts_now != self.contexts:
            return ()
        found: list[tuple[str, str]] = []
        if self.acting and self.strip.display:
            found.append(("list.escape", "stop"))
        elif self.table.range_active:
            found.append(("list.escape", "end range"))
        elif self.table.marks_count or self.table.marks_counting:
            found.append(("list.escape", "unmark"))
        if self.panel is not None:
            found += [("contact.open", "close"), ("panel.down", "scroll")]
        return tuple(found)

    @property
    def modes(self) -> tuple[str, ...]:
        """A range that grows, following arrivals, and a list that could not be read again."""
        table = self.table
        return (
            *(("range",) * table.range_active),
            *(("following",) * table.following),
            *(("not up to date",) * self._stale),
        )

    async def on_click(self, event: events.Click) -> None:
        """A click on the resting search line goes there, one on the order takes the next."""
        clicked = frozenset() if event.widget is None else event.widget.classes
        if clicked & {"search-rest", "search-sign"}:
            await self.action_list_search()
        elif "order" in clicked:
            self.action_list_order()

    def action_list_order(self) -> None:
        """The next order."""
        orders = list(_ORDERS)
        self.view = self.view.ordered(orders[(orders.index(self.view.order) + 1) % len(orders)])

    def _show_order(self) -> None:
        shown = Content.assemble(("by ", "$text-muted"), _ORDERS[self.view.order])
        self._order.say(shown)
        sign = backstage(self).keymap.key_of("list.search")
        self._sign.say(Content(sign))

    def action_group_edit(self) -> None:
        """Do something to the group that is shown."""
        if self.view.group_id is None:
            say(self, "This is no group. Go to one, or to its line in the sidebar.")
        else:
            self.post_message(GroupAsked(self.view.group_id))

    # What the table tells.

    @on(ContactTable.Turned)
    def view_arrived(self, event: ContactTable.Turned) -> None:
        """The words about the view come with its rows."""
        event.stop()
        self._say_view()

    @on(ContactTable.TotalChanged)
    async def counted(self, event: ContactTable.TotalChanged) -> None:
        """The head line counts; nobody is open where there is nobody."""
        event.stop()
        self.call_after_refresh(backstage(self).rows_shown)
        shown = thousands(event.total, more=event.more)
        self._count.say(Content(shown))
        self._show_empty()
        self.post_message(Told())
        if event.total:
            if self._set_aside:
                await self.open_panel(self.table.cursor_contact)
            self._set_aside = False
        elif not event.more and self.step_back():
            self._set_aside = bool(self.view.search)

    @on(ContactTable.ArrivalsWaiting)
    def arrivals(self, event: ContactTable.ArrivalsWaiting) -> None:
        """A counted pill; nothing else moves."""
        event.stop()
        pill = self._pill
        pill.display = event.count > 0
        arrow = "↓" if event.below else "↑"
        pill.say(Content(clean(f"{arrow} {thousands(event.count, more=event.more)} new")))

    @on(Pill.Clicked)
    def to_arrivals(self, event: Pill.Clicked) -> None:
        """Like the key."""
        event.stop()
        self.table.go_to_arrivals()

    @on(ContactTable.MarksChanged)
    def marked(self, event: ContactTable.MarksChanged) -> None:
        """The status line counts the marks."""
        event.stop()
        self._marks = thousands(event.count, more=event.more) if event.count else ""
        self.post_message(Told())

    @on(ContactTable.CursorMoved)
    def moved(self, event: ContactTable.CursorMoved) -> None:
        """The open contact follows the cursor."""
        event.stop()
        # Moving ends following.
        self.tell_modes()
        self.remember()
        if self.panel is not None:
            self.panel.show(event.contact)
        self.foresee()

    @on(ContactTable.Opened)
    async def opened(self, event: ContactTable.Opened) -> None:
        """A double click."""
        event.stop()
        await self.open_panel(event.contact)

    @on(ContactTable.OrderAsked)
    def order_asked(self, event: ContactTable.OrderAsked) -> None:
        """A heading was clicked."""
        event.stop()
        self.view = self.view.ordered(event.order)

    @on(ContactTable.StarPressed)
    def star_pressed(self, event: ContactTable.StarPressed) -> None:
        """A click on the star."""
        event.stop()
        self.star_one(event.contact)

    @on(ContactTable.ReadFailed)
    def unread(self, event: ContactTable.ReadFailed) -> None:
        """The list is older than the store, and says so."""
        event.stop()
        if not self._stale:
            say(self, str(event.error), title="The list cannot be read", severity="error")
        self._stale = True
        self.post_message(Told())

    @on(ContactTable.ReadAgain)
    def read_again(self, event: ContactTable.ReadAgain) -> None:
        """The list is as the store is."""
        event.stop()
        self._stale = False
        self.post_message(Told())

    @on(ContactTable.Refused)
    def refused(self, event: ContactTable.Refused) -> None:
        """What was asked for cannot be done."""
        event.stop()
        say(self, event.sentence, severity="warning")

    def _show_empty(self) -> None:
        total = self.table.total if self.table.is_mounted else None
        empty = self._nobody
        is_empty = total is None or total == 0
        if total is None and self.overview.known:
            # Being read; a word here would only flicker.
            is_empty = False
        empty.display = is_empty
        self.table.set_class(is_empty, "-empty")
        if is_empty:
            headline, step = why_empty(self.view, self.overview, backstage(self).keymap)
            empty.update(
                Content.assemble(safe(headline).stylize("bold"), "\n\n", (step, "$text-muted"))
            )
