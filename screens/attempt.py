"""One attempt of the intake log, whole."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from screens.asked import ContactAsked
from screens.attempt_text import attempt_text
from screens.attempt_verbs import AttemptVerbs, Resent
from screens.backstage import WorkFailed, backstage
from screens.commands import Context
from screens.keymap import Hint, bindings
from screens.opened import Opened
from widgets.display import titled

if TYPE_CHECKING:
    from storage.attempts import AttemptDetail, AttemptRow
    from storage.store import Store


class AttemptRead(Message):
    """An attempt was read whole."""

    def __init__(self, detail: AttemptDetail, step: str) -> None:
        super().__init__()
        self.detail = detail
        self.step = step


class OpenAttempt(Opened, AttemptVerbs):
    """Fills the screen. Gives back a wish that only the frame can fulfil, or nothing.

    Args:
        row: What the log knows of it.
    """

    CSS_PATH: ClassVar = ["dialog.tcss", "attempt.tcss"]
    BINDINGS: ClassVar = bindings(Context.ATTEMPT)
    contexts = (Context.ATTEMPT, Context.DIALOG)

    def __init__(self, row: AttemptRow) -> None:
        super().__init__(classes="attempt")
        self._row = row
        self._detail: AttemptDetail | None = None
        self._step = ""

    @property
    def attempt(self) -> AttemptRow:
        """It."""
        return self._row

    def title_text(self) -> Content:
        """What became of whom."""
        who = self._row.name or self._row.phone or self._row.sender or self._row.request_id
        return Content(f"{self._row.outcome.capitalize()} · {titled(who)}")

    def compose_body(self) -> ComposeResult:
        """One text that scrolls."""
        with VerticalScroll():
            yield Static("", classes="attempt-text", markup=False)

    def hints(self) -> list[Hint]:
        """What makes sense for this attempt."""
        idle = self.idle_for(self._row)
        return [hint for hint in super().hints() if hint.verb_id not in idle]

    def on_mount(self) -> None:
        """What is known at once, the rest as soon as it is read."""
        self.query_one(VerticalScroll).focus()
        self._draw()
        self._read()

    def on_resize(self) -> None:
        """Long facts are wrapped anew."""
        if self.is_mounted:
            self.call_after_refresh(self._draw)

    def _read(self) -> None:
        backstage(self).work(self, partial(_read, ident=self._row.id))

    @on(AttemptRead)
    def attempt_read(self, event: AttemptRead) -> None:
        """The rest is here."""
        event.stop()
        self._detail, self._step = event.detail, self._help() or event.step
        self._draw()

    @on(WorkFailed)
    def reading_failed(self, event: WorkFailed) -> None:
        """It is gone, or could not be read; what the log knew stays."""
        event.stop()
        self._step = str(event.error)
        self._draw()

    @on(Resent)
    def look_again(self) -> None:
        """It has one more replay now."""
        self._read()

    @on(ContactAsked)
    def leave_for(self, event: ContactAsked) -> None:
        """The frame goes to the contact."""
        event.stop()
        self.dismiss(ContactAsked(event.contact_id))

    def _help(self) -> str:
        """What the desk itself can do about a refusal."""
        from storage.refusals import ABOUT_FIELDS

        if self._row.outcome != "refused" or self._row.code not in ABOUT_FIELDS:
            return ""
        keymap = backstage(self).keymap
        mend, again = keymap.key_of("attempt.mend"), keymap.key_of("attempt.replay")
        if self._row.door != "hook":
            return f"{mend} mends this one; the sender has to name its fields as documented."
        show = keymap.key_of("attempt.map")
        return f"{show} shows Optdesk which value is what, then {again} sends it again."

    def _draw(self) -> None:
        room = self.query_one(VerticalScroll).scrollable_content_region.width
        text = attempt_text(self._row, self._detail, room, self._step)
        self.query_one(".attempt-text", Static).update(text)

    # What the keys do.

    def action_attempt_down(self) -> None:
        """Scroll down."""
        self.query_one(VerticalScroll).scroll_down(animate=False)

    def action_attempt_up(self) -> None:
        """Scroll up."""
        self.query_one(VerticalScroll).scroll_up(animate=False)

    def action_attempt_page_down(self) -> None:
        """Scroll a page down."""
        self.query_one(VerticalScroll).scroll_page_down(animate=False)

    def action_attempt_page_up(self) -> None:
        """Scroll a page up."""
        self.query_one(VerticalScroll).scroll_page_up(animate=False)


def _read(store: Store, *, ident: int) -> AttemptRead:
    from storage import attempts
    from storage.refusals import why

    with store.read() as conn:
        detail = attempts.get(conn, ident)
    told = detail.row.outcome != "accepted" and detail.row.code
    return AttemptRead(detail, why(detail.row.code).next_step if told else "")
