"""Containers of which nothing is seen but what they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.style import Style
from textual.containers import Horizontal, Vertical
from textual.events import Key
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip

if TYPE_CHECKING:
    from textual.widget import Widget as Base
else:
    # Textual takes the styles of the first base that is a widget, and that is another one.
    Base = object


class Bare(Base):
    """A container without border, padding or words: its lines are all one blank strip.

    Textual renders every container under a change line by line, and a desk has ten of them under
    each line: that was a third of the cost of a frame.
    """

    _blank: Strip | None = None
    _blank_of: object = None

    def render_lines(self, crop: Region) -> list[Strip]:
        """Blank lines."""
        background = self.background_colors[1]
        filters = self.get_line_filters()
        wanted = (crop.width, background, tuple(filters))
        if self._blank is None or self._blank_of != wanted:
            blank = Strip.blank(crop.width, Style(bgcolor=background.rich_color))
            for each in filters:
                blank = blank.apply_filter(each, background)
            self._blank, self._blank_of = blank, wanted
        return [self._blank] * crop.height

    def _size_updated(
        self,
        size: Size,
        virtual_size: Size,
        container_size: Size,
        layout: bool = True,
    ) -> bool:
        # Textual would lay out all things a second time, in case a scrollbar comes or goes.
        return super()._size_updated(size, virtual_size, container_size, layout=False)


class BareRow(Bare, Horizontal):
    """Things side by side."""


class BareColumn(Bare, Vertical):
    """Things one below the other."""


def show_inside(widget: Base, shown: bool) -> None:
    """Shows a widget or hides it, in a container that is as large with it as without it.

    Textual arranges everything around that container anew as well, up to the screen.
    """
    parent = widget.parent
    around = [] if parent is None else [node._nodes for node in parent.ancestors]
    before = [nodes._updates for nodes in around]
    widget.display = shown
    for nodes, updates in zip(around, before, strict=True):
        nodes._updates = updates


class Silent(Base):
    """A container that has no business of its own: what rises from below is handed on at once.

    A message takes its turn in the queue of each container on its way up: each key that no part
    takes, and of a change of the table three.
    """

    def post_message(self, message: Message) -> bool:
        """To whom it may concern."""
        parent = self.parent
        if parent is not None and message.bubble and not _is_textuals(message):
            return parent.post_message(message)
        return super().post_message(message)


class SilentRow(Silent, BareRow):
    """Things side by side."""


class SilentColumn(Silent, BareColumn):
    """Things one below the other."""


def _is_textuals(message: Message) -> bool:
    """Whether it may be for the container itself, such as that it shall close. No key is."""
    return type(message).__module__.startswith("textual.") and not isinstance(message, Key)
