"""Help: the keys of where the person is, then all others. Made from the verb registry."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import ClassVar, cast

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from screens.backstage import backstage
from screens.commands import Context, verb
from screens.dialog import Dialog
from screens.keymap import HelpLine, Hint, bindings
from screens.signs import TITLE, signs
from widgets.display import clean
from widgets.typed import Line

KEYS_WIDTH = 15
IDS_WIDTH = 24
"""Cells of the longest verb's id, and a gap before it."""

IDS_FROM = 76
"""From this width on there is room for the ids by which the settings change keys."""


class Finder(Line):
    """The line that is typed into; the key that opened the help goes past it.

    Args:
        closing: Keys that it leaves alone.
    """

    def __init__(self, closing: tuple[str, ...]) -> None:
        super().__init__(placeholder="type to search the help", compact=True, select_on_focus=False)
        self.cursor_blink = False
        self._past = closing

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Whether a key is text."""
        if key in self._past or character in self._past:
            return False
        return super().check_consume_key(key, character)


class Help(Dialog[None]):
    """The help. The key that opened it closes it.

    Args:
        where: The contexts that the person is in, the nearest first.
        names: What verbs are about at present, by verb id. Untrusted.
    """

    # Before the line that is typed into, which has a use for some of them.
    BINDINGS: ClassVar = [
        replace(cast("Binding", each), priority=True) for each in bindings(Context.HELP)
    ]
    contexts = (Context.HELP,)

    def __init__(self, where: tuple[Context, ...], names: Mapping[str, str] | None = None) -> None:
        super().__init__(classes="help")
        self._where = where
        self._names = names or {}
        self._typed = ""

    def title_text(self) -> Content:
        """Where the person is."""
        return Content(f"Help · {self._where[0].value}")

    def compose_body(self) -> ComposeResult:
        """A line to search in, and one long text that scrolls."""
        yield Finder(backstage(self).keymap.keys_of(verb("desk.help")))
        with VerticalScroll(can_focus=False):
            yield Static(self._text(self.app.size.width), classes="help-text")

    def hints(self) -> list[Hint]:
        """The keys of the help alone."""
        return [hint for hint in super().hints() if hint.verb_id != "desk.help"]

    def on_mount(self) -> None:
        """What is typed is searched for; the keys scroll all the same."""
        self.query_one(Input).focus()

    @on(Input.Changed)
    def search(self, event: Input.Changed) -> None:
        """Typing leaves the lines that hold every word."""
        event.stop()
        self._typed = event.value
        self.query_one(".help-text", Static).update(self._text(self.app.size.width))
        self.query_one(VerticalScroll).scroll_home(animate=False)

    @on(Input.Submitted)
    def searched(self, event: Input.Submitted) -> None:
        """Enter changes nothing."""
        event.stop()

    def on_resize(self, event: events.Resize) -> None:
        """Lines are wrapped to the width there is."""
        for text in self.query(".help-text").results(Static):
            # Not in the middle of the layout that the resize brings.
            self.call_after_refresh(text.update, self._text(event.size.width))

    def _text(self, screen_width: int) -> Content:
        width = max(30, min(screen_width, 104) - 8)
        others = [context for context in Context if context not in self._where]
        sections = [(each.value, self._of(each)) for each in self._where]
        if Context.LIST in self._where:
            sections.append((TITLE, signs()))
        sections += [(each.value, self._of(each)) for each in others]
        if Context.LIST not in self._where:
            sections.append((TITLE, signs()))
        parts: list[Content] = []
        for title, every in sections:
            lines = self._found(title, every)
            if lines:
                parts += [Content.styled(title, "bold $primary"), Content("\n")]
                for line in lines:
                    parts += self._line(line, width)
                parts.append(Content("\n"))
        if not parts:
            parts = [Content("Nothing in the help matches.")]
        return Content("").join(parts)

    def _of(self, context: Context) -> list[HelpLine]:
        return [self._named(line) for line in backstage(self).keymap.help_lines(context)]

    def _found(self, about: str, lines: list[HelpLine]) -> list[HelpLine]:
        words = self._typed.casefold().split()
        if not words:
            return lines
        return [
            line
            for line in lines
            if all(
                word in f"{line.keys} {line.help} {line.id} {about}".casefold() for word in words
            )
        ]

    def _named(self, line: HelpLine) -> HelpLine:
        name = self._names.get(line.id)
        return line if name is None else HelpLine(line.id, line.keys, clean(f"{line.help}: {name}"))

    @staticmethod
    def _line(line: HelpLine, width: int) -> Iterator[Content]:
        ids = width >= IDS_FROM
        room = width - KEYS_WIDTH - (IDS_WIDTH if ids else 0)
        first, *rest = textwrap.wrap(line.help, room) or [""]
        yield Content.styled(f"{line.keys:>{KEYS_WIDTH - 2}}  ", "bold $footer-key-foreground")
        yield Content(f"{first:<{room}}")
        if ids:
            yield Content.styled(f"{line.id:>{IDS_WIDTH}}", "$text-muted")
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
