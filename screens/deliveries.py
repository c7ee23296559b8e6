"""Activity > Deliveries: what became of each event at each endpoint."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.content import Content
from textual.message import Message

from screens.backstage import backstage, say
from screens.clock import BRIEF, in_brief
from screens.commands import ActsOn, Context, verbs_in
from screens.delivery_verbs import DeliveryVerbs
from screens.empty import nothing_matches
from screens.keymap import bindings
from screens.log_place import LogPlace
from screens.picker import Choice, Picker
from screens.sending_again import SendingAgain
from storage.words import DeliveriesView
from widgets.display import glyphs
from widgets.log_columns import Cell, Column
from widgets.log_reader import Unhurried
from widgets.log_window import Page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from storage.delivery_log import DeliveryRow
    from storage.store import Store

_TONES = {"delivered": "good", "failed": "bad", "cancelled": "dim", "pending": "warn"}


class EndpointsKnown(Message):
    """Which endpoints there are was read."""

    def __init__(self, urls: Mapping[int, str]) -> None:
        super().__init__()
        self.urls = urls


class DeliveryPages(Unhurried):
    """The delivery log as a view lets it through."""

    def __init__(self, store: Store, view: DeliveriesView) -> None:
        self._store = store
        self._view = view

    def page(self, *, before: int | None, after: int | None, limit: int) -> Page[DeliveryRow]:
        """See `widgets.log_reader.Pages`."""
        from storage import delivery_log

        with self._store.read() as conn:
            found = delivery_log.page(conn, self._view, before=before, after=after, limit=limit)
        return Page(found.rows, found.on)

    def newest(self) -> int:
        """See `widgets.log_reader.Pages`."""
        from storage import delivery_log

        with self._store.read() as conn:
            return delivery_log.newest(conn)


class Deliveries(LogPlace, DeliveryVerbs, SendingAgain):
    """All deliveries, the newest first."""

    BINDINGS: ClassVar = bindings(Context.LOG, Context.DELIVERY, Context.DELIVERIES)
    contexts = (Context.LOG, Context.DELIVERY, Context.DELIVERIES)
    title = "Deliveries"
    columns: ClassVar[tuple[Column[Any], ...]] = (
        Column("Time", BRIEF, BRIEF, lambda row: Cell(in_brief(row.at), "dim"), goes=4),
        Column("Event", 10, 13, lambda row: Cell(row.event.removeprefix("sms."))),
        Column("About", 13, 16, lambda row: Cell(row.phone, "dim"), goes=2),
        Column("Status", 9, 9, lambda row: Cell(row.status, _TONES.get(row.status, "plain"))),
        Column("Tries", 5, 5, lambda row: Cell(str(row.tries), "dim"), goes=1),
        Column("Answer, next try", 20, 0, lambda row: _answer(row)),
        Column("Endpoint", 14, 24, lambda row: Cell(_host(row.url), "dim"), goes=3),
    )

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._view = DeliveriesView()

    # What the log shows.

    def pages(self) -> DeliveryPages:
        """The deliveries that the filter and the search let through."""
        store = backstage(self).store
        assert store is not None  # noqa: S101 - asked for only when it is open
        return DeliveryPages(store, self._view.searching(self.searched))

    @property
    def filter_word(self) -> str:
        """What the filter lets through."""
        return " ".join(part for part in (self._view.only, _host(self._view.url)) if part)

    def nothing(self) -> tuple[str, str]:
        """Why it is empty."""
        back = backstage(self).keymap.key_of("log.escape")
        if self.searched:
            return nothing_matches(self.searched, back)
        if self.filter_word:
            return f"No delivery is {self.filter_word}.", f"{back} shows all deliveries."
        return "No delivery yet.", "Each event that goes to a webhook endpoint is listed here."

    def clear_filter(self) -> bool:
        """Lets everything through."""
        filtered = bool(self.filter_word)
        self._view = DeliveriesView()
        return filtered

    def only(self, view: DeliveriesView) -> None:
        """Shows what another filter lets through."""
        self._view = view
        self.show_view()

    @property
    def idle_verbs(self) -> frozenset[str]:
        """Without a row nothing can be done about one."""
        row = self.delivery
        if row is not None:
            return self.idle_for(row)
        here = [each for where in self.contexts for each in verbs_in(where)]
        return frozenset(each.id for each in here if each.acts_on is not ActsOn.NOTHING)

    @property
    def delivery(self) -> DeliveryRow | None:
        """The delivery under the cursor."""
        row: DeliveryRow | None = self.table.row
        return row

    def open_row(self, row: DeliveryRow) -> None:
        """Shows a delivery whole."""
        from screens.open_delivery import OpenDelivery

        def left(wish: Message | None) -> None:
            if wish is not None:
                self.post_message(wish)

        self.app.push_screen(OpenDelivery(row), left)

    # What the keys do.

    def action_delivery_span(self) -> None:
        """Send a span of time again, to the endpoint shown or to that of the row."""
        row, view = self.delivery, self._view
        if view.endpoint_id is not None:
            self.ask_for_span(view.endpoint_id, view.url)
        elif row is not None:
            self.ask_for_span(row.endpoint_id, row.url)
        else:
            say(self, "There is no endpoint here to send to.")

    def action_log_filter(self) -> None:
        """Ask what to let through; the endpoints are read first."""
        backstage(self).work(self, _read_endpoints)

    @on(EndpointsKnown)
    def endpoints_known(self, event: EndpointsKnown) -> None:
        """Offer the choices."""
        event.stop()

        def chosen(view: DeliveriesView | None) -> None:
            if view is not None:
                self.only(view)

        self.app.push_screen(DeliveryFilter(self._view, event.urls), chosen)


class DeliveryFilter(Picker[DeliveriesView]):
    """Choosing what is ticked already lets go of it again.

    Args:
        view: What is let through at present.
        urls: The endpoints' addresses by id. Untrusted.
    """

    placeholder = "show only…"

    def __init__(self, view: DeliveriesView, urls: Mapping[int, str]) -> None:
        super().__init__()
        self._wanted = {"all": DeliveriesView()}
        tick = glyphs().marked
        choices = [Choice("all", "All deliveries", mark=" " if view != DeliveriesView() else tick)]
        for only in ("waiting", "failed", "delivered"):
            on = view.only == only
            self._wanted[only] = replace(view, only="" if on else only)
            choices.append(Choice(only, only.capitalize(), "status", tick if on else " "))
        for ident, url in urls.items():
            on = view.endpoint_id == ident
            key = str(ident)
            self._wanted[key] = replace(
                view, endpoint_id=None if on else ident, url="" if on else url
            )
            choices.append(Choice(key, url, "endpoint", tick if on else " "))
        self.offer(choices)

    def title_text(self) -> Content:
        """What is chosen."""
        return Content("Show only")

    def choose(self, choice: Choice) -> None:
        """Give back what to let through."""
        self.dismiss(self._wanted[choice.key])


def _answer(row: DeliveryRow) -> Cell:
    if row.status in ("pending", "sending") and not row.tries:
        return Cell("under way", "dim")
    if row.status == "pending":
        return Cell(f"{row.answer_status or 'no answer'}, {in_brief(row.due_at)}", "warn")
    return Cell(f"{row.answer_status or ''} {row.answer}".strip(), "dim")


def _host(url: str) -> str:
    """What tells one endpoint from another in a narrow column."""
    return url.split("://", 1)[-1]


def _read_endpoints(store: Store) -> EndpointsKnown:
    from storage import endpoints

    with store.read() as conn:
        return EndpointsKnown({row.id: row.url for row in endpoints.listing(conn)})
