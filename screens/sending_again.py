"""Sending an endpoint what happened in a span of time once more."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from textual import on
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from screens.ask import Ask, Field, ask
from screens.backstage import backstage, say
from screens.place import Told
from screens.when import moment_of
from storage.errors import Refused
from widgets.display import clean, plural

if TYPE_CHECKING:
    from collections.abc import Callable

    from storage.errors import OptdeskError
    from storage.store import Store
    from storage.words import Actor

_TELL_EVERY = 0.2
"""Seconds between two words on how far it came."""

_WHAT = {"all": False, "failed": True}


class SpanChosen(Message):
    """A span of time was chosen."""

    def __init__(self, ident: int, since: datetime, until: datetime, failed: bool) -> None:
        super().__init__()
        self.ident = ident
        self.since = since
        self.until = until
        self.failed = failed


class SentSoFar(Message):
    """So many events were queued again."""

    def __init__(self, count: int, *, done: bool) -> None:
        super().__init__()
        self.count = count
        self.done = done


class NotSentAgain(Message):
    """They could not be sent again."""

    def __init__(self, error: OptdeskError) -> None:
        super().__init__()
        self.error = error


class SendingAgain(Widget):
    """Asks for a span and carries it out, with progress in the status line."""

    _sent: int | None = None

    @property
    def modes(self) -> tuple[str, ...]:
        """How far it came."""
        return () if self._sent is None else (f"sending again: {self._sent:,}",)

    def ask_for_span(self, ident: int, url: str) -> None:
        """Asks from when to when."""
        ask(
            self,
            Ask(
                "Send a span of time again",
                [
                    Field("since", "From", "such as 2 h, 30 min, 3 d, 14:00 or 2026-03-28 12:00"),
                    Field("until", "To", "empty: now", required=False),
                    Field("what", "What: all, or failed (what it has not taken)", value="failed"),
                ],
                partial(_span, ident=ident),
                preview=_span_in_words,
                intro=f"To {clean(url)}",
                doing="send",
            ),
        )

    @on(SpanChosen)
    def send_again(self, event: SpanChosen) -> None:
        """In the background, in chunks."""
        event.stop()
        if self._sent is not None:
            say(self, "Wait until the span before is through.", severity="warning")
            return
        self._told(0)
        job = partial(_send, who=backstage(self).actor, span=event, tell=self.post_message)
        backstage(self).work(self, job, NotSentAgain)

    @on(SentSoFar)
    def sent_so_far(self, event: SentSoFar) -> None:
        """In the status line, at the end in a toast."""
        event.stop()
        self._told(None if event.done else event.count)
        if event.done:
            verb = "is" if event.count == 1 else "are"
            say(self, f"{plural(event.count, 'event')} {verb} sent again.")

    @on(NotSentAgain)
    def not_sent_again(self, event: NotSentAgain) -> None:
        """Say why; what was queued until then goes out."""
        event.stop()
        self._told(None)
        say(self, str(event.error), title=event.error.title, severity="warning")

    def _told(self, count: int | None) -> None:
        self._sent = count
        self.post_message(Told())


def _span_in_words(values: Mapping[str, str]) -> Content:
    if not values["since"]:
        return Content("")
    try:
        since, until = _read(values)
    except Refused as error:
        return Content.styled(clean(error.sentence), "$text-warning")
    return Content.styled(f"{since:%Y-%m-%d %H:%M:%S} to {until:%Y-%m-%d %H:%M:%S}", "$text-muted")


def _read(values: Mapping[str, str]) -> tuple[datetime, datetime]:
    now = datetime.now().astimezone()
    since, until = moment_of(values["since"], now), moment_of(values["until"] or "now", now)
    if since >= until:
        raise Refused("The span ends before it begins.", "Say an earlier beginning.")
    return since, until


def _span(_store: Store, values: Mapping[str, str], *, ident: int) -> SpanChosen:
    since, until = _read(values)
    if values["what"] not in _WHAT:
        raise Refused(f"“{values['what']}” is neither all nor failed.", "Say all or failed.")
    return SpanChosen(ident, since, until, _WHAT[values["what"]])


def _send(
    store: Store, *, who: Actor, span: SpanChosen, tell: Callable[[Message], object]
) -> SentSoFar:
    from storage import delivery_log

    told = time.monotonic()

    def progress(count: int) -> None:
        nonlocal told
        if time.monotonic() - told >= _TELL_EVERY:
            told = time.monotonic()
            tell(SentSoFar(count, done=False))

    count = delivery_log.replay_span(
        store, who, span.ident, span.since, span.until, failed_only=span.failed, progress=progress
    )
    return SentSoFar(count, done=True)
