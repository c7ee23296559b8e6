"""Help: the keys of where the person is, then all others. Made from the verb registry."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from screens.backstage import backstage
from screens.commands import Context
from screens.dialog import Dialog
from screens.keymap import HelpLine, Hint, bindings

KEYS_WIDTH = 15
IDS_FROM = 76
"""From this width on there is room for the ids by which the settings change keys."""


class Help(Dialog[None]):
    """The help. The key that opened it closes it.

    Args:
        where: The contexts that the person is in, the nearest first.
    """

    BINDINGS: ClassVar = bindings(Context.HELP)
    contexts = (Context.HELP,)

    def __init__(self, where: tuple[Context, ...]) -> None:
        super().__init__(classes="help")
        self._where = where

    def title_text(self) -> Content:
        """Where the person is."""
        return Content(f"Help · {self._where[0].value}")

    def compose_body(self) -> ComposeResult:
        """One long text that scrolls."""
        with VerticalScroll():
            yield Static(self._text(self.app.size.width), classes="help-text")

    def hints(self) -> list[Hint]:
        """The keys of the help alone."""
        return [hint for hint in super().hints() if hint.verb_id != "desk.help"]

    def on_mount(self) -> None:
        """The keys scroll it."""
        self.query_one(VerticalScroll).focus()

    def on_resize(self, event: events.Resize) -> None:
        """Lines are wrapped to the width there is."""
        for text in self.query(".help-text").results(Static):
            # Not in the middle of the layout that the resize brings.
            self.call_after_refresh(text.update, self._text(event.size.width))

    def _text(self, screen_width: int) -> Content:
        width = max(30, min(screen_width, 104) - 8)
        others = [context for context in Context if context not in self._where]
        parts: list[Content] = []
        for context in (*self._where, *others):
            lines = backstage(self).keymap.help_lines(context)
            if lines:
                parts += [Content.styled(context.value, "bold $primary"), Content("\n")]
                for line in lines:
                    parts += self._line(line, width)
                parts.append(Content("\n"))
        return Content("").join(parts)

    @staticmethod
    def _line(line: HelpLine, width: int) -> Iterator[Content]:
        ids = width >= IDS_FROM
        room = width - KEYS_WIDTH - (22 if ids else 0)
        first, *rest = textwrap.wrap(line.help, room) or [""]
        yield Content.styled(f"{line.keys:>{KEYS_WIDTH - 2}}  ", "bold $footer-key-foreground")
        yield Content(f"{first:<{room}}")
        if ids:
            yield Content.styled(f"{line.id:>22}", "$text-muted")
        for more in rest:
            yield Content("\n" + " " * KEYS_WIDTH + more)
        yield Content("\n")

    # What the keys do.

    def action_help_close(self) -> None:
        """Close."""
        self.dismiss(None)

    def action_desk_help(self) -> None:
        """The key that opened it."""
        self.dismiss(None)

    def action_help_down(self) -> None:
        """Scroll down."""
        self.query_one(VerticalScroll).scroll_down(animate=False)

    def action_help_up(self) -> None:
        """Scroll up."""
        self.query_one(VerticalScroll).scroll_up(animate=False)

    def action_help_page_down(self) -> None:
        """Scroll a page down."""
        self.query_one(VerticalScroll).scroll_page_down(animate=False)

    def action_help_page_up(self) -> None:
        """Scroll a page up."""
        self.query_one(VerticalScroll).scroll_page_up(animate=False)
