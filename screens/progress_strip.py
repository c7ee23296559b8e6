"""How far an act on many contacts has got."""

from __future__ import annotations

from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static

from screens.acting import Running
from screens.backstage import backstage
from widgets.display import ascii_only, clean, thousands

SHOWN_AFTER = 0.3
"""Seconds that an act may take before its progress is shown."""


class ProgressStrip(Static):
    """One line, there only while a long act is under way."""

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
        self.display = False

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

    def _draw(self, running: Running) -> None:
        share = running.done / running.total if running.total else 0.0
        left = (running.total - running.done) / running.per_second if running.done else 0.0
        count = f"{thousands(running.done)} of {thousands(running.total)}"
        rest = f"  {left:.0f} s left" if running.done else ""
        if running.cancel.is_set():
            stop = "stopping…"
        else:
            stop = f"{backstage(self).keymap.key_of('list.escape')} stops it"
        name = clean(running.deed.name)
        taken = len(name) + len(count) + len(rest) + len(stop) + 10
        room = max(6, min(30, self.size.width - taken))
        full, empty = ("#", ".") if ascii_only() else ("━", "─")
        bar = full * round(share * room)
        self.update(
            Content.assemble(
                (f" {name}  ", "bold"),
                (bar, "$primary"),
                (empty * (room - len(bar)), "$text-muted"),
                f"  {count}{rest}  ",
                (stop, "$text-muted"),
            )
        )
