"""Choosing the colours, with a look at them before."""

from __future__ import annotations

from textual import on
from textual.content import Content
from textual.widgets import OptionList

from screens.picker import Choice, Picker


class ThemePicker(Picker[str]):
    """Shows each theme as it comes under the cursor; esc brings the former one back."""

    placeholder = "find a theme"
    taking = "keep"

    def title_text(self) -> Content:
        """What it is."""
        return Content("Colours")

    def on_mount(self) -> None:
        """Optdesk's own first, then those that come with Textual."""
        self._before = self.app.theme
        names = sorted(self.app.available_themes, key=lambda name: (not _own(name), name))
        names.remove(self._before)
        self.offer(
            [
                Choice(name, name, "now" if name == self._before else "")
                for name in (self._before, *names)
            ]
        )
        super().on_mount()

    @on(OptionList.OptionHighlighted)
    def preview(self) -> None:
        """Shows the theme under the cursor."""
        choice = self.highlighted
        if choice is not None:
            self.app.theme = choice.key

    def choose(self, choice: Choice) -> None:
        """Keep it."""
        self.dismiss(choice.key)

    def action_dialog_close(self) -> None:
        """Back to the former one."""
        self.app.theme = self._before
        super().action_dialog_close()


def _own(name: str) -> bool:
    return name.startswith("optdesk")
