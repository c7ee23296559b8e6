"""How far an act on many contacts has got."""

from __future__ import annotations

from rich.cells import cell_len
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Static

from screens.acting import Running
from screens.backstage import backstage
from widgets.display import ascii_only, clean, fitted, thousands

_NAME = 12
"""Cells that a name needs to say what is under way."""
_LEAST_BAR, _BAR = 6, 30

SHOWN_AFTER = 0.3
"""Seconds that an act may take before its progress is shown."""


class ProgressStrip(Static):
    """One line, there only while a long act is under way."""

    class Shown(Message):
        """It can be seen from now on, or no longer."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, markup=False)
        self._shown: Running | None = None
        self._timer: Timer | None = None

    def begin(self, running: Running) -> None:
        """An act began; its progress is shown unless it is over at once."""
        self._shown = running
        self._timer = self.set_timer(SHOWN_AFTER, self._appear)

    def report(self, running: Running) -> None:
        """It has got further."""
        if running is self._shown and self.display:
            self._draw(running)

    def end(self) -> None:
        """It is over."""
        if self._timer is not None:
            self._timer.stop()
        self._shown = None
        if self.display:
            self.display = False
            self.post_message(self.Shown())

    def on_mount(self) -> None:
        """Nothing is under way at first."""
        self.display = False

    def on_resize(self) -> None:
        """The bar takes what room there is."""
        if self._shown is not None:
            self._draw(self._shown)

    def _appear(self) -> None:
        if self._shown is not None:
            self.display = True
            self._draw(self._shown)
            self.post_message(self.Shown())

    def _draw(self, running: Running) -> None:
        """How to stop it and how far it is are always in sight; the rest as there is room."""
        # A file is looked through before anybody knows how long it is.
        count = running.deed.before
        if running.total or not count:
            count = f"{thousands(running.done)} of {thousands(running.total)}"
        key = backstage(self).keymap.key_of("list.escape")
        stop = "stopping…" if running.cancel.is_set() else f"{key} stops it"
        name = clean(running.deed.name)
        room = self.size.width - len(count) - len(stop) - 4
        left = rate = ""
        if running.done and running.total:
            seconds = (running.total - running.done) / running.per_second
            left, rate = f"  {seconds:.0f} s left", f", {thousands(round(running.per_second))}/s"
        if room < len(left) + _NAME:
            left = ""
        room -= len(left)
        wanted = cell_len(name) + 2
        if room < wanted + len(rate):
            rate = ""
        room -= len(rate)
        named = fitted(name, max(0, min(wanted - 2, room - 2)))
        room -= cell_len(named) + 2
        self.update(
            Content.assemble(
                (f" {named}  ", "bold"),
                *self._bar(running, min(_BAR, room - 2)),
                f"{count}{rate}{left}  ",
                (stop, "$text-muted"),
            )
        )

    @staticmethod
    def _bar(running: Running, cells: int) -> list[tuple[str, str]]:
        """A bar, where there is room for one that says anything."""
        if cells < _LEAST_BAR:
            return []
        share = running.done / running.total if running.total else 0.0
        full, empty = ("#", ".") if ascii_only() else ("━", "─")
        bar = full * round(share * cells)
        return [(bar, "$primary"), (empty * (cells - len(bar)) + "  ", "$text-muted")]
