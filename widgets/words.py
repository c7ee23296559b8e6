"""A few words in a row of others, which change often."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from widgets.seen import Prompt


class Words(Prompt, Static):
    """Text that asks for a new layout only when it becomes wider or narrower.

    A layout paints the whole screen anew, which a count that goes up need not do.
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__("", id=id, classes=classes, markup=False)
        self._said = Content("")

    def say(self, content: Content) -> None:
        """Shows other words."""
        if content.is_same(self._said):
            return
        grows = self.styles.auto_dimensions
        resized = grows and content.cell_length != self._said.cell_length
        self._said = content
        self.update(content, layout=resized)
