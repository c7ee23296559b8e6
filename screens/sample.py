"""The sample request, ready to copy. A key in it is shown this once."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from screens.backstage import backstage, copy
from screens.commands import Context
from screens.dialog import Dialog
from screens.keymap import bindings
from screens.sample_request import PLACE_OF_KEY, curl, for_width


class Sample(Dialog[None]):
    """Fills the screen from edge to edge, so that the text can be marked with the mouse too.

    Args:
        title: What happened.
        base_url: Where the listener answers.
        number_id: The messaging number to opt in to.
        key: The new API key; without one its place is shown.
        note: One more sentence, such as that the listener does not answer yet.
        taken: Leads were taken in already, perhaps this one.
    """

    CSS_PATH: ClassVar = ["dialog.tcss", "sample.tcss"]
    BINDINGS: ClassVar = bindings(Context.SAMPLE)
    contexts = (Context.SAMPLE, Context.DIALOG)

    def __init__(
        self,
        title: str,
        base_url: str,
        number_id: str,
        key: str = "",
        note: str = "",
        *,
        taken: bool = False,
    ) -> None:
        super().__init__(classes="sample")
        self._title = title
        self._key = key
        self._note = note
        self._taken = taken
        self.command = curl(base_url, key or PLACE_OF_KEY, number_id)

    def title_text(self) -> Content:
        """What happened."""
        return Content(self._title)

    def compose_body(self) -> ComposeResult:
        """What to do with it, then the command."""
        with VerticalScroll():
            yield Static(self._intro(), classes="sample-intro")
            yield Static(self._laid_out(self.app.size.width), classes="sample-command")

    def on_mount(self) -> None:
        """The keys scroll where it does not fit."""
        self.query_one(VerticalScroll).focus()

    def on_resize(self, event: events.Resize) -> None:
        """The command is laid out for the width there is."""
        for text in self.query(".sample-command").results(Static):
            # Not in the middle of the layout that the resize brings.
            self.call_after_refresh(text.update, self._laid_out(event.size.width))

    def _laid_out(self, width: int) -> Content:
        return Content("\n".join(for_width(self.command, max(24, width))))

    def _intro(self) -> Content:
        parts = [Content("Paste this into another terminal; the lead appears in the Opt-in queue.")]
        if self._key:
            parts.append(
                Content.styled("The key is shown this once: keep it now if you need it.", "bold")
            )
        else:
            create = backstage(self).keymap.key_of("key.create")
            parts.append(
                Content(f"Put an API key for {PLACE_OF_KEY}: API keys, then {create}, makes one.")
            )
        if self._taken:
            parts.append(Content("Each number opts in once: change mobile_phone for another lead."))
        if self._note:
            parts.append(Content.styled(self._note, "$text-warning"))
        return Content("\n").join(parts)

    def action_sample_copy(self) -> None:
        """Copy it whole."""
        copy(self, self.command, "The whole request. Paste it into another terminal.")
