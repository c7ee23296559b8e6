"""Mending the body of a refused attempt, and sending it again."""

from __future__ import annotations

import json
import re
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.widgets import Static, TextArea

from screens.attempt_text import readable
from screens.attempt_verbs import send_again
from screens.backstage import WorkFailed, backstage
from screens.commands import Context
from screens.dialog import Complaint, Dialog
from screens.keymap import Hint, bindings
from widgets.display import clean, safe
from widgets.typed_page import Page

if TYPE_CHECKING:
    from storage.attempts import AttemptRow
    from storage.mapping_rules import Replayed

_UNSEEN = re.compile("[\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


class Sent(Message):
    """It was sent again."""

    def __init__(self, what: Replayed) -> None:
        super().__init__()
        self.what = what


class Mend(Dialog["Replayed"]):
    """The body to change; it stays open until the door takes it.

    Args:
        row: The refused attempt.
    """

    CSS_PATH: ClassVar = ["dialog.tcss", "attempt.tcss"]
    BINDINGS: ClassVar = bindings(Context.MEND)
    contexts = (Context.MEND, Context.DIALOG)

    def __init__(self, row: AttemptRow) -> None:
        super().__init__(classes="mend")
        self._row = row
        self._first = editable(row.body)
        self._busy = False

    def title_text(self) -> Content:
        """What is mended."""
        return Content(clean(f"Mend {self._row.request_id} and send it again"))

    def compose_body(self) -> ComposeResult:
        """Why it was refused, and the body."""
        yield Static(safe(self._row.why), classes="mend-why")
        area = Page(self._first, soft_wrap=True, compact=True)
        area.cursor_blink = False
        yield area
        yield Complaint()

    def hints(self) -> list[Hint]:
        """Keys that are no letters, for letters are typed."""
        return [*backstage(self).keymap.hints(*self.contexts, typing=True)]

    def on_mount(self) -> None:
        """The body takes the keys."""
        self.query_one(TextArea).focus()

    def action_mend_send(self) -> None:
        """Send it, as it was where nothing was changed."""
        if self._busy:
            return
        self._busy = True
        self._say("Sending…")
        text = self.query_one(TextArea).text
        body = None if text == self._first else text
        back = backstage(self)
        job = partial(send_again, tools=back.lead_tools, row=self._row, body=body, who=back.actor)
        back.work(self, lambda store: Sent(job(store)))

    @on(Sent)
    def sent(self, event: Sent) -> None:
        """Done, or still to be mended."""
        event.stop()
        self._busy = False
        if event.what.outcome == "refused":
            self._say(event.what.sentence)
        else:
            self.dismiss(event.what)

    @on(WorkFailed)
    def not_sent(self, event: WorkFailed) -> None:
        """It could not be sent."""
        event.stop()
        self._busy = False
        self._say(str(event.error))

    def _say(self, sentence: str) -> None:
        self.query_one(Complaint).say(sentence)


def editable(body: str) -> str:
    """A body laid out for editing; in JSON what cannot be seen stands as an escape."""
    text = readable(body)
    if text is body:
        return body
    return _UNSEEN.sub(lambda found: json.dumps(found.group())[1:-1], text)
