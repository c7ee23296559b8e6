"""A secret URL just made: to copy, to mark, to scan, to try."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from screens.asked import PlaceAsked
from screens.backstage import Answer, backstage, copy
from screens.commands import Context
from screens.dialog import Dialog
from screens.keymap import bindings
from screens.navigation import QUEUE
from screens.qr import LEAST_QUIET, QUIET, qr_code, qr_size
from screens.sample import Sample
from screens.sample_request import TEST_LEAD
from widgets.display import ascii_only, clean, safe
from widgets.key_footer import KeyFooter

if TYPE_CHECKING:
    from textual.widget import Widget

    from storage.store import Store

_TITLE_LINES = 2
_WHOLE = frozenset({"title", "keys"})
_FRAMES = (
    (QUIET, _WHOLE),
    (QUIET, frozenset({"keys"})),
    (LEAST_QUIET, frozenset({"keys"})),
    (LEAST_QUIET, frozenset[str]()),
)
"""Borders of the code and what stands around it, the first that fits is taken."""


@dataclass(frozen=True, slots=True)
class Address:
    """What is shown of a new secret URL."""

    title: str
    url: str
    key: str = ""
    """A new API key, shown this once."""
    number_id: str = ""
    warning: str = ""
    """What the change broke. Untrusted where it quotes senders."""
    still: Sequence[str] = ()
    """Who used the old URL lately. Untrusted."""
    note: str = ""
    """One more sentence, such as that the listener does not answer yet."""


class Tested(Message):
    """The test request was answered, or not."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


class NewAddress(Dialog[Message]):
    """Fills the screen from edge to edge, so that the URL can be marked with the mouse.

    Args:
        address: What to show.
    """

    CSS_PATH: ClassVar = ["dialog.tcss", "new_address.tcss"]
    BINDINGS: ClassVar = bindings(Context.ADDRESS)
    contexts = (Context.ADDRESS, Context.DIALOG)

    def __init__(self, address: Address) -> None:
        super().__init__(classes="address")
        self._address = address
        self._as_code = False
        self._footer_lines = 1
        self._test: Answer | None = None
        self._testing = False

    def title_text(self) -> Content:
        """What happened."""
        return Content(self._address.title)

    def compose_body(self) -> ComposeResult:
        """The URL and all that belongs to it."""
        with VerticalScroll():
            yield Static("", classes="address-words before", markup=False)
            yield Static(Content(self._address.url), classes="address-url")
            yield Static("", classes="address-words after", markup=False)
            yield Static("", classes="address-code", markup=False)

    def on_mount(self) -> None:
        """The keys scroll where it does not fit."""
        self.query_one(VerticalScroll).focus()
        self._draw()

    def on_resize(self) -> None:
        """Another width."""
        if self.is_mounted:
            self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        room = max(10, self.app.size.width - 4)
        self.query_one(".before", Static).update(Content("\n").join(self._before(room)))
        self.query_one(".after", Static).update(Content("\n").join(self._after()))
        code = self.query_one(".address-code", Static)
        if self._as_code:
            self._show_code()
        else:
            self._frame(_WHOLE)
        for text in self.query(Static):
            if text.has_class("address-words") or text.has_class("address-url"):
                text.display = not self._as_code
        code.display = self._as_code

    def _before(self, room: int) -> Iterator[Content]:
        shown = self._address
        if shown.warning:
            yield Content.styled(clean(shown.warning), "bold $text-warning")
            for line in shown.still:
                yield Content.assemble("  ", safe(line, room))
            yield Content("")
        yield Content("Paste this into Zapier, Make, Facebook Lead Ads or your form:")

    def _after(self) -> Iterator[Content]:
        shown = self._address
        if shown.key:
            copy_key = backstage(self).keymap.key_of("address.copy_key")
            yield Content.assemble(
                "API key for your own backend, ",
                ("shown this once", "bold"),
                "; ",
                (copy_key, "bold $footer-key-foreground"),
                " copies it:",
            )
            yield Content(shown.key)
            yield Content("")
        if shown.note:
            yield Content.styled(clean(shown.note), "$text-warning")
        yield self._test_line()

    def _test_line(self) -> Content:
        if self._testing:
            return Content("Test request: sending…" if not ascii_only() else "Test request: ...")
        if self._test is None:
            test = backstage(self).keymap.key_of("integration.test")
            return Content.assemble((test, "bold $footer-key-foreground"), " sends a test lead.")
        answer = self._test
        said = f"{answer.status} in {answer.seconds * 1000:,.0f} ms. " if answer.status else ""
        sign, style = ("✓", "$success") if answer.taken else ("✗", "$error")
        if ascii_only():
            sign = "ok" if answer.taken else "!!"
        after = ". It is in the Opt-in queue." if answer.taken else ""
        return Content.assemble(
            (f"{sign} ", f"bold {style}"), "Test request: ", said, clean(answer.sentence), after
        )

    def _show_code(self) -> None:
        """The code, with as much around it as leaves room for it."""
        url, size = self._address.url, self.app.size
        footer = self.query_one(KeyFooter)
        self._footer_lines = footer.outer_size.height or self._footer_lines
        for quiet, frame in _FRAMES:
            cells, lines = qr_size(url, quiet)
            taken = _TITLE_LINES * ("title" in frame) + self._footer_lines * ("keys" in frame)
            if cells <= size.width and lines <= size.height - taken:
                self._frame(frame)
                self.query_one(".address-code", Static).update(qr_code(url, quiet))
                return
        self._frame(_WHOLE)
        self.query_one(".address-code", Static).update(
            f"The QR code needs {cells} columns and {lines} lines; there are {size.width} "
            f"and {size.height}. Enlarge the terminal, or copy the URL.{self._in_blocks()}"
        )

    def _in_blocks(self) -> str:
        """That the code would be smaller in other characters, where it would."""
        if not ascii_only():
            return ""
        cells, lines = qr_size(self._address.url, LEAST_QUIET, in_ascii=False)
        return f" Without the setting ascii, {cells} columns and {lines} lines are enough."

    def _frame(self, parts: frozenset[str]) -> None:
        self.query_one(".dialog-title").display = "title" in parts
        self.query_one(KeyFooter).display = "keys" in parts

    # What the keys do.

    def action_address_copy(self) -> None:
        """Copy the URL."""
        copy(self, self._address.url, self._address.url)

    def action_address_copy_key(self) -> None:
        """Copy the new key."""
        if self._address.key:
            copy(self, self._address.key, "The API key.")

    def action_address_code(self) -> None:
        """The URL as a code for a camera, or as text."""
        self._as_code = not self._as_code
        self._draw()

    def action_dialog_close(self) -> None:
        """Back one layer: from the code to the words, for the key among them is shown once."""
        if self._as_code:
            self.action_address_code()
        else:
            super().action_dialog_close()

    def action_address_queue(self) -> None:
        """Close it and go to the queue."""
        self.dismiss(PlaceAsked(QUEUE))

    def action_integration_test(self) -> None:
        """Send a test lead, as a sender would."""
        if not self._testing:
            self._testing = True
            self._as_code = False
            self._draw()
            send_test(self, self._address.url)

    @on(Tested)
    def tested(self, event: Tested) -> None:
        """Show the answer."""
        event.stop()
        self._testing, self._test = False, event.answer
        self._draw()

    def action_integration_sample(self) -> None:
        """Show the sample request of the API door."""
        shown, base = self._address, backstage(self).base_url
        sample = Sample("Sample request", base, shown.number_id, shown.key, shown.note)
        self.app.push_screen(sample)


def send_test(owner: Widget, url: str) -> None:
    """Sends a test lead over HTTP; the answer comes to the owner as `Tested`."""
    back = backstage(owner)

    def job(_store: Store) -> Tested:
        return Tested(back.send(url, TEST_LEAD))

    back.work(owner, partial(job))
