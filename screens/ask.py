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
from textual.widgets import Button, Input, Label, Static

from screens.backstage import WorkFailed, backstage
from screens.commands import Context
from screens.dialog import Complaint, Dialog
from screens.keymap import bindings
from widgets.typed import Line

if TYPE_CHECKING:
    from textual.widget import Widget

    from storage.store import Store

LEAST = 2
"""Lines of the form that are always there: one to fill in, and what it is called."""


@dataclass(frozen=True, slots=True)
class Field:
    """One line to fill in."""

    key: str
    label: str
    placeholder: str = ""
    required: bool = True
    value: str = ""
    """What stands there at first. Untrusted."""


@dataclass(frozen=True, slots=True)
class Other:
    """Something else that people look for in a form; it leads away from it."""

    word: str
    """What its button says."""
    doing: str
    """What enter does there, as the line of keys says it."""
    wish: Callable[[], Message]
    """What the form gives back for it."""


class Done(Message):
    """What the form was for is done."""

    def __init__(self, said: Message) -> None:
        super().__init__()
        self.said = said


class Form(VerticalScroll, inherit_bindings=False):
    """The lines to fill in, and what is said above and below them."""

    def on_resize(self) -> None:
        """The line that is typed in stays in sight."""
        self._show_line()

    def watch_virtual_size(self) -> None:
        """A bar beside it makes lines narrower, and so more of them."""
        self._show_line()

    def _show_line(self) -> None:
        line = self.screen.focused
        if line is not None:
            self.call_after_refresh(line.scroll_visible, animate=False)


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
        other: Something else, above the lines.
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
        other: Other | None = None,
    ) -> None:
        super().__init__(classes="ask")
        self._other = other
        self._most = 0
        """Lines that the form may take."""
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
        if self._other is not None and isinstance(self.focused, Button):
            return {"form.next": self._other.doing}
        at_last = len(self._fields) == 1 or (
            self.focused is not None and self.focused.id == f"field-{self._fields[-1].key}"
        )
        return {"form.next": self._doing if at_last else "next"}

    def on_descendant_focus(self) -> None:
        """Enter may do something else there."""
        self.show_hints()

    def _fit(self) -> None:
        """The keys stay in sight, and so does the line that is typed in."""
        # None where it was closed meanwhile.
        for form in self.query(Form):
            complaint = self.query_one(Complaint)
            complaint.styles.max_height = max(1, self.room_for(form, complaint) - LEAST)
            most = max(LEAST, self.room_for(form))
            if most != self._most:
                self._most = most
                form.styles.max_height = most

    def compose_body(self) -> ComposeResult:
        """A label and a line for each field, and room for a complaint."""
        with Form(classes="form", can_focus=False):
            if self._intro:
                yield Static(Content(self._intro), classes="intro")
            if self._other is not None:
                other = Button(Content(self._other.word), classes="other", compact=True)
                # Two answers in a row are two.
                other.active_effect_duration = 0
                yield other
            for each in self._fields:
                yield Label(Content(each.label), classes="field-label")
                line = Line(
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
        # What is around the form may take more lines or fewer with each layout.
        self.screen_layout_refresh_signal.subscribe(self, lambda _: self._fit())

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
        """To the line before, or to what stands above them."""
        self._step(-1)

    def action_form_down(self) -> None:
        """To the next line, but never done."""
        self._step(1)

    def _step(self, by: int) -> None:
        stops = list(self.query("Input, Button"))
        if self.focused in stops:
            at = stops.index(self.focused) + by
            if 0 <= at < len(stops):
                stops[at].focus()
            else:
                self.query_one(Complaint).scroll_relative(y=by, animate=False)

    @on(Button.Pressed, ".other")
    def away(self, event: Button.Pressed) -> None:
        """To something else, unless that would lose what was typed."""
        event.stop()
        if self._other is None or self._busy:
            return
        if self.values != {key: value.strip() for key, value in self._first_values().items()}:
            self._complain("Save what you changed first: enter on the last line.", "")
        else:
            self.dismiss(self._other.wish())

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
