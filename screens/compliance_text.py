"""The texts of one messaging number: what it sends, as it is typed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.widgets import Label, Static

from screens.ask import LEAST, Ask, Field, Form
from screens.dialog import Complaint
from widgets.display import ascii_only, clean, lines, plural
from widgets.typed import Line

if TYPE_CHECKING:
    from storage.compliance import NumberTexts, Texts, Usual
    from storage.store import Store
    from storage.words import Actor


COMPLAINT = 2
"""Lines of a complaint that stay in sight beside the preview."""


class TextsRead(Message):
    """A number's texts were read, to be changed."""

    def __init__(self, shown: NumberTexts, usual: Usual) -> None:
        super().__init__()
        self.shown = shown
        self.usual = usual


class ComplianceText(Ask):
    """The lines scroll; the preview below them stays in sight, as far as there is room.

    Args:
        who: By whose hand.
        read: The number's texts, and what stands for a blank line.
        saved: Makes the message that says so.
    """

    def __init__(self, who: Actor, read: TextsRead, saved: Callable[[str], Message]) -> None:
        entered, usual = read.shown.entered, read.usual
        super().__init__(
            f"What {read.shown.phone} sends",
            [
                _line("brand", "Brand", usual.brand or "Optdesk", entered.brand),
                _line("program", "Program", usual.program or "our text alerts", entered.program),
                _line("frequency", "How often", "Msg frequency varies", entered.frequency),
                _line(
                    "template",
                    "Text; {brand} {program} {frequency} are filled in",
                    "the usual one",
                    entered.template,
                ),
                _line("help", "Answer to HELP", "the usual one", entered.help),
            ],
            partial(_save, who=who, number_id=read.shown.number_id, saved=saved),
            preview=partial(_preview, usual=usual),
        )

    def compose_body(self) -> ComposeResult:
        """The lines, the preview, room for a complaint."""
        with Form(classes="form", can_focus=False):
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
        assert self._preview is not None  # noqa: S101 - given above
        yield Static(self._preview(self._first_values()), classes="preview")
        yield Complaint()

    def _fit(self) -> None:
        """The preview gives way where there is little room."""
        for preview in self.query(".preview"):
            form, complaint = self.query_one(Form), self.query_one(Complaint)
            least = LEAST + (COMPLAINT if complaint.display else 0)
            room = self.room_for(form, preview, complaint) - least
            preview.styles.max_height = max(1, room)
        super()._fit()


def read_texts(store: Store, *, number_id: str) -> TextsRead:
    """Reads a number's texts. For background threads."""
    from storage import compliance

    with store.read() as conn:
        return TextsRead(compliance.show(conn, number_id), compliance.usual(conn))


def _line(key: str, label: str, usual: str, value: str) -> Field:
    return Field(key, label, clean(usual), required=False, value=value)


def _texts(values: Mapping[str, str]) -> Texts:
    from storage.compliance import Texts

    return Texts(**values)


def _preview(values: Mapping[str, str], *, usual: Usual) -> Content:
    from storage.compliance import preview

    shown = preview(_texts(values), usual)
    measured = shown.measured
    size = (
        f"{plural(measured.characters, 'character')}, {measured.encoding}, "
        f"{plural(measured.segments, 'segment')}"
    )
    return Content("\n").join(
        [lines(shown.text), Content.styled(size, "$text-muted"), _lack(shown)]
    )


def _lack(shown: NumberTexts) -> Content:
    good, bad = ("ok", "!!") if ascii_only() else ("✓", "✗")
    if not shown.missing:
        return Content.styled(f"{good} It says all that the law asks for.", "$success")
    return Content.styled(f"{bad} It lacks: {', '.join(shown.missing)}", "bold $text-error")


def _save(
    store: Store,
    values: Mapping[str, str],
    *,
    who: Actor,
    number_id: str,
    saved: Callable[[str], Message],
) -> Message:
    from storage import compliance

    after = store.do(lambda conn: compliance.edit(conn, who, number_id, **values))
    sentence = f"{after.phone} sends the new text from now on."
    if after.missing:
        lacking = ", ".join(after.missing)
        sentence = f"Saved. While it lacks {lacking}, the Opt-In API cannot be switched on."
    return saved(sentence)
