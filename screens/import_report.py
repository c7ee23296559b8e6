"""What came of importing a Do Not Contact list, and the lists that were imported before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from screens.clock import clock
from screens.commands import Context
from screens.dialog import Dialog
from screens.keymap import bindings
from screens.picker import Choice, Picker
from widgets.display import clean, plural, safe

if TYPE_CHECKING:
    from storage.dnc_import import Imported, ImportRow
    from storage.number_lists import Line


class ImportReport(Dialog[None]):
    """Counts, then each skipped line with its reason.

    Args:
        name: What the list is called. Untrusted.
        done: What came of it.
        skipped: The first of the skipped lines. Untrusted.
    """

    BINDINGS: ClassVar = bindings(Context.REPORT)
    contexts = (Context.REPORT, Context.DIALOG)

    def __init__(self, name: str, done: Imported, skipped: Sequence[Line]) -> None:
        super().__init__(classes="report")
        self._called = name
        self._done = done
        self._skipped = tuple(skipped)

    def title_text(self) -> Content:
        """Which list."""
        return Content(f"Imported “{clean(self._called)}”")

    def compose_body(self) -> ComposeResult:
        """What became of its lines."""
        yield Static(Content(self._counts()), classes="dialog-text")
        if self._skipped:
            with VerticalScroll(can_focus=False, classes="skipped"):
                yield Static(Content("\n").join(self._lines()))

    def _counts(self) -> str:
        done = self._done
        said = [
            f"{done.added:,} added, {done.known:,} on the list already, {done.skipped:,} skipped.",
            f"{plural(done.contacts, 'contact')} left the queue or a group.",
        ]
        if done.resumed:
            said.append(f"{done.resumed:,} lines were taken in by an earlier run.")
        if done.cancelled:
            said.append("Stopped there; the same file goes on from there.")
        return "\n".join(said)

    def _lines(self) -> list[Content]:
        lines = [
            Content.assemble(
                (f"line {line.number:,}: ", "$text-muted"), line.reason, ": ", safe(line.text, 60)
            )
            for line in self._skipped
        ]
        more = self._done.skipped - len(self._skipped)
        return [*lines, Content(f"and {more:,} more")] if more > 0 else lines

    def action_report_down(self) -> None:
        """Scroll down."""
        for text in self.query(VerticalScroll):
            text.scroll_relative(y=3, animate=False)

    def action_report_up(self) -> None:
        """Scroll up."""
        for text in self.query(VerticalScroll):
            text.scroll_relative(y=-3, animate=False)


class ImportedLists(Picker[None]):
    """The lists that were imported, with their age.

    Args:
        lists: The newest first.
    """

    placeholder = "find a list"
    nothing = "No list was imported yet."
    taking = ""

    def __init__(self, lists: Sequence[ImportRow]) -> None:
        super().__init__()
        self.offer(
            [
                Choice(
                    str(each.id),
                    f"{each.name}: {each.added:,} added, {each.skipped:,} skipped",
                    f"{'' if each.done else 'unfinished, '}{_age(each)}, {clock(each.started_at)}",
                )
                for each in lists
            ]
        )

    def title_text(self) -> Content:
        """What they are."""
        return Content("Imported Do Not Contact lists")

    def choose(self, choice: Choice) -> None:
        """Seen."""
        self.dismiss(None)


def _age(taken: ImportRow) -> str:
    days = taken.age.days
    return f"{plural(days, 'day')} old" if days > 0 else "under a day old"
