"""Asking for a few lines of text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input, Label, Static

from screens.commands import Context
from screens.dialog import Dialog
from screens.keymap import bindings


@dataclass(frozen=True, slots=True)
class Field:
    """One line to fill in."""

    key: str
    label: str
    placeholder: str = ""
    required: bool = True


class Ask(Dialog[dict[str, str]]):
    """A small form. Enter goes to the next line, on the last one it is done.

    Args:
        title: What it is about.
        fields: The lines to fill in.
        check: Says what is wrong with the values, or nothing.
    """

    BINDINGS: ClassVar = bindings(Context.FORM)
    contexts = (Context.FORM, Context.DIALOG)

    def __init__(
        self,
        title: str,
        fields: Sequence[Field],
        check: Callable[[dict[str, str]], str] | None = None,
    ) -> None:
        super().__init__(classes="ask")
        self._title = title
        self._fields = tuple(fields)
        self._check = check

    def title_text(self) -> Content:
        """What it is about."""
        return Content(self._title)

    def compose_body(self) -> ComposeResult:
        """A label and a line for each field, and room for a complaint."""
        for each in self._fields:
            yield Label(Content(each.label), classes="field-label")
            line = Input(placeholder=each.placeholder, id=f"field-{each.key}", compact=True)
            line.cursor_blink = False
            yield line
        yield Static(Content(""), classes="complaint")

    def on_mount(self) -> None:
        """Begin with the first line."""
        self.query(Input).first().focus()

    @on(Input.Submitted)
    def submitted(self, event: Input.Submitted) -> None:
        """Enter in a line."""
        event.stop()
        self.action_form_next()

    def action_form_next(self) -> None:
        """To the next line, or done."""
        lines = list(self.query(Input))
        place = lines.index(self.focused) if isinstance(self.focused, Input) else len(lines)
        if place + 1 < len(lines):
            lines[place + 1].focus()
        else:
            self._finish()

    def _finish(self) -> None:
        values = {
            each.key: self.query_one(f"#field-{each.key}", Input).value.strip()
            for each in self._fields
        }
        for each in self._fields:
            if each.required and not values[each.key]:
                self._complain(f"{each.label} is needed.", each.key)
                return
        complaint = self._check(values) if self._check else ""
        if complaint:
            self._complain(complaint, self._fields[0].key)
        else:
            self.dismiss(values)

    def _complain(self, sentence: str, key: str) -> None:
        self.query_one(".complaint", Static).update(Content(sentence))
        self.query_one(f"#field-{key}", Input).focus()
