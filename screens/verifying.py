"""Walking the whole consent ledger, with its progress and what was found."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import ProgressBar, Static

from screens.backstage import WorkFailed, backstage
from screens.dialog import Dialog
from storage.errors import OptdeskError
from widgets.display import ascii_only, clean, safe

if TYPE_CHECKING:
    from storage.consent import ChainReport
    from storage.store import Store

_TELL_EVERY = 0.1
"""Seconds between two words on how far it came."""


class Walked(Message):
    """So much of the ledger was walked."""

    def __init__(self, done: int, total: int) -> None:
        super().__init__()
        self.done = done
        self.total = total


class Verified(Message):
    """The whole ledger was walked."""

    def __init__(self, report: ChainReport) -> None:
        super().__init__()
        self.report = report


class _Left(OptdeskError):
    """Nobody waits for the result any more."""


class Verifying(Dialog[None]):
    """Esc stops it; nothing is changed either way."""

    def __init__(self) -> None:
        super().__init__(classes="verifying")
        self._left = False

    def title_text(self) -> Content:
        """What it does."""
        return Content("Verify the consent ledger")

    def compose_body(self) -> ComposeResult:
        """A bar, then the result."""
        yield ProgressBar(show_eta=False, show_percentage=False)
        with VerticalScroll(classes="consequence"):
            yield Static(Content("Reading…"), classes="verdict")

    def on_mount(self) -> None:
        """Begin."""
        self.query_one(VerticalScroll).focus()
        job = partial(_verify, tell=self.post_message, is_left=lambda: self._left)
        backstage(self).work(self, job)

    def on_unmount(self) -> None:
        """Nobody looks any more."""
        self._left = True

    @on(Walked)
    def walked(self, event: Walked) -> None:
        """How far it came."""
        event.stop()
        self.query_one(ProgressBar).update(total=max(1, event.total), progress=event.done)
        self._say(Content(f"{event.done:,} of {event.total:,} events"))

    @on(Verified)
    def verified(self, event: Verified) -> None:
        """What was found."""
        event.stop()
        report = event.report
        self.query_one(ProgressBar).update(total=1, progress=1)
        good, bad = ("ok", "!!") if ascii_only() else ("✓", "✗")
        if not report.faults:
            self._say(
                Content.styled(
                    f"{good} All {report.events:,} consent events are whole and in order.",
                    "bold $success",
                )
            )
            return
        self._say(
            Content("\n").join(
                [
                    Content.styled(f"{bad} The consent ledger is broken:", "bold $text-error"),
                    *(Content(f"  {clean(fault)}") for fault in report.faults),
                ]
            )
        )

    @on(WorkFailed)
    def failed(self, event: WorkFailed) -> None:
        """It could not be read to its end."""
        event.stop()
        self._say(safe(str(event.error)))

    def _say(self, text: Content) -> None:
        self.query_one(".verdict", Static).update(text)


def _verify(
    store: Store, *, tell: Callable[[Message], object], is_left: Callable[[], bool]
) -> Verified:
    from storage import consent

    told = 0.0

    def progress(done: int, total: int) -> None:
        nonlocal told
        if is_left():
            raise _Left("The verification was stopped.")
        if time.monotonic() - told >= _TELL_EVERY:
            told = time.monotonic()
            tell(Walked(done, total))

    with store.read() as conn:
        return Verified(consent.verify(conn, progress))
