"""Asking for a few lines of text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Label, Static

from screens.backstage import WorkFailed, backstage
from screens.commands import Context
from screens.dialog import Complaint, Dialog
from screens.keymap import bindings

if TYPE_CHECKING:
    from textual.widget import Widget

    from storage.store import Store


@dataclass(frozen=True, slots=True)
class Field:
    """One line to fill in."""

    key: str
    label: str
    placeholder: str = ""
    required: bool = True
    value: str = ""
    """What stands there at first. Untrusted."""


class Done(Message):
    """What the form was for is done."""

    def __init__(self, said: Message) -> None:
        super().__init__()
        self.said = said


class Ask(Dialog[Message]):
    """A small form. Enter goes to the next line, on the last one it is done.

    It stays open until its job is done, so that what a rule has against it can be mended. Then it
    gives back the message that the job returned; see `ask`.

    Args:
        title: What it is about.
        fields: The lines to fill in.
        job: What to do with the values, in the background.
        preview: What the values amount to, shown below them as they are typed.
        intro: A sentence above the lines.
        doing: What enter does on the last line, as the line of keys says it.
    """

    CSS_PATH: ClassVar = ["dialog.tcss", "ask.tcss"]
    BINDINGS: ClassVar = bindings(Context.FORM)
    VERTICAL_BREAKPOINTS = [(0, "-low"), (22, "-high")]
    contexts = (Context.FORM, Context.DIALOG)

    def __init__(
        self,
        title: str,
        fields: Sequence[Field],
        job: Callable[[Store, Mapping[str, str]], Message],
        *,
        preview: Callable[[Mapping[str, str]], Content] | None = None,
        intro: str = "",
        doing: str = "save",
    ) -> None:
        super().__init__(classes="ask")
        self._title = title
        self._fields = tuple(fields)
        self._job = job
        self._preview = preview
        self._intro = intro
        self._doing = doing
        self._busy = False

    def title_text(self) -> Content:
        """What it is about."""
        return Content(self._title)

    @property
    def words(self) -> Mapping[str, str]:
        """Enter goes on, and on the last line it does what the form is for."""
        at_last = len(self._fields) == 1 or (
            self.focused is not None and self.focused.id == f"field-{self._fields[-1].key}"
        )
        return {"form.next": self._doing if at_last else "next"}

    def on_descendant_focus(self) -> None:
        """Enter may do something else there."""
        self.show_hints()

    def compose_body(self) -> ComposeResult:
        """A label and a line for each field, and room for a complaint."""
        with VerticalScroll(classes="form", can_focus=False):
            if self._intro:
                yield Static(Content(self._intro), classes="intro")
            for each in self._fields:
                yield Label(Content(each.label), classes="field-label")
                line = Input(
                    value=each.value,
                    placeholder=each.placeholder,
                    id=f"field-{each.key}",
                    compact=True,
                    select_on_focus=False,
                )
                line.cursor_blink = False
                yield line
            if self._preview is not None:
                yield Static(self._preview(self._first_values()), classes="preview")
        yield Complaint()

    def on_mount(self) -> None:
        """Begin with the first line."""
        self.query(Input).first().focus()

    @on(Input.Changed)
    def typed(self, event: Input.Changed) -> None:
        """What the values amount to changes with them; what was complained of is being mended."""
        event.stop()
        self.query_one(Complaint).say("")
        if self._preview is not None and self.is_mounted:
            self.query_one(".preview", Static).update(self._preview(self.values))

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

    def action_form_back(self) -> None:
        """To the line before."""
        lines = list(self.query(Input))
        if isinstance(self.focused, Input):
            lines[max(0, lines.index(self.focused) - 1)].focus()

    def action_form_down(self) -> None:
        """To the next line, but never done."""
        lines = list(self.query(Input))
        if isinstance(self.focused, Input):
            lines[min(len(lines) - 1, lines.index(self.focused) + 1)].focus()

    @property
    def values(self) -> dict[str, str]:
        """What stands in the lines."""
        return {
            each.key: self.query_one(f"#field-{each.key}", Input).value.strip()
            for each in self._fields
        }

    def _first_values(self) -> dict[str, str]:
        return {each.key: each.value for each in self._fields}

    def _finish(self) -> None:
        if self._busy:
            return
        values = self.values
        for each in self._fields:
            if each.required and not values[each.key]:
                self._complain(f"{each.label} is needed.", each.key)
                return
        self._busy = True
        job = self._job
        backstage(self).work(self, lambda store: Done(job(store, values)))

    @on(Done)
    def done(self, event: Done) -> None:
        """It is carried out."""
        event.stop()
        self.dismiss(event.said)

    @on(WorkFailed)
    def refused(self, event: WorkFailed) -> None:
        """A rule has something against it; what was typed stays."""
        event.stop()
        self._busy = False
        self._complain(str(event.error), "")

    def _complain(self, sentence: str, key: str) -> None:
        self.query_one(Complaint).say(sentence)
        if key:
            self.query_one(f"#field-{key}", Input).focus()


def ask(owner: Widget, form: Ask) -> None:
    """Opens a form; what comes of it is posted to the owner."""

    def heard(said: Message | None) -> None:
        if said is not None:
            owner.post_message(said)

    owner.app.push_screen(form, heard)
