"""One delivery of an event, whole: what is sent, what came back, every try."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.content import Content
from textual.message import Message

from screens.asked import ContactAsked
from screens.attempt_text import readable, whole
from screens.backstage import Letter, backstage
from screens.clock import clock
from screens.commands import Context
from screens.delivery_verbs import ON_ITS_WAY, DeliveredAgain, DeliveryVerbs
from screens.keymap import Hint, bindings
from screens.reading import Reading, fact, heading
from widgets.display import clean, lines, safe

if TYPE_CHECKING:
    from screens.backstage import Backstage
    from storage.delivery_log import DeliveryRow, DeliveryView, TryRow
    from storage.store import Store

TONES = {"delivered": "bold $success", "failed": "bold $error", "cancelled": "$text-muted"}


class DeliveryRead(Message):
    """A delivery was read whole."""

    def __init__(self, view: DeliveryView, letter: Letter) -> None:
        super().__init__()
        self.view = view
        self.letter = letter


class OpenDelivery(Reading, DeliveryVerbs):
    """What went to an endpoint and what it answered.

    Args:
        row: What the log knows of it.
    """

    BINDINGS: ClassVar = bindings(Context.DELIVERY)
    contexts = (Context.DELIVERY, Context.READING, Context.DIALOG)

    def __init__(self, row: DeliveryRow) -> None:
        super().__init__()
        self._row = row
        self._view: DeliveryView | None = None
        self._letter: Letter | None = None

    @property
    def delivery(self) -> DeliveryRow:
        """It."""
        return self._row

    def title_text(self) -> Content:
        """What it tells of whom."""
        return Content(clean(f"{self._row.event} {self._row.phone}".strip()))

    def hints(self) -> list[Hint]:
        """What makes sense for this delivery."""
        idle = self.idle_for(self._row) - {"delivery.replay"}
        return [hint for hint in super().hints() if hint.verb_id not in idle]

    def look(self) -> None:
        """Reads it."""
        back = backstage(self)
        back.work(self, partial(_read, back=back, ident=self._row.id))

    @on(DeliveryRead)
    def delivery_read(self, event: DeliveryRead) -> None:
        """Show it; look again while it is on its way."""
        event.stop()
        self._row, self._view, self._letter = event.view.row, event.view, event.letter
        self.settled()
        self.draw()
        self.show_hints()
        if self._row.status in ON_ITS_WAY:
            self.look_soon()

    @on(DeliveredAgain)
    def look_again(self) -> None:
        """It is on its way once more."""
        self.look()

    @on(ContactAsked)
    def leave_for(self, event: ContactAsked) -> None:
        """The frame goes to the contact."""
        event.stop()
        self.go_to_contact(event.contact_id)

    def text(self, room: int) -> Iterator[Content]:
        """Facts, tries, request."""
        row, view, letter = self._row, self._view, self._letter
        yield fact("status", _status(row), room)
        if row.status == "pending":
            yield fact("next try", Content(clock(row.due_at)), room)
        yield fact("event", safe(f"{row.event}, {clock(row.at)}"), room)
        if row.phone:
            yield fact("about", safe(row.phone), room)
        yield fact("endpoint", safe(row.url), room)
        yield fact("delivery", Content(row.public_id), room)
        if view is None or letter is None:
            return
        yield Content("")
        yield heading("Tries")
        if not view.tries:
            yield Content.styled(_WAITS.get(row.status, "None yet."), "$text-muted")
        for each in view.tries:
            yield from _try(each)
        yield Content("")
        yield heading("Request")
        yield safe(f"POST {row.url}")
        for name, value in letter.headers:
            yield Content.assemble((f"{clean(name)}: ", "$text-muted"), clean(value))
        yield Content("")
        yield whole(readable(letter.body))


_WAITS = {
    "pending": "None yet. Deliveries need a desk or optdesk serve that is running.",
    "sending": "The first one is under way.",
}


def _status(row: DeliveryRow) -> Content:
    tries = f", tried {row.tries} times" if row.tries > 1 else ""
    return Content.assemble((clean(row.status), TONES.get(row.status, "bold")), tries)


def _try(each: TryRow) -> Iterator[Content]:
    said = f"{each.status}" if each.status else "no answer"
    good = each.status is not None and 200 <= each.status < 300
    yield Content.assemble(
        (clock(each.at), "$text-muted"),
        "  ",
        (said, "$success" if good else "$text-error"),
        (f"  {each.took_ms:,} ms", "$text-muted"),
    )
    if each.answer.strip():
        answer = lines(each.answer)
        yield Content("\n").join(Content.assemble("  ", line) for line in answer.split("\n"))


def _read(store: Store, *, back: Backstage, ident: int) -> DeliveryRead:
    from storage import delivery_log

    with store.read() as conn:
        view = delivery_log.show(conn, ident)
    return DeliveryRead(view, back.letter(view))
