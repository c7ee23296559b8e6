"""Widgets whose changes are in the next frame without a detour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.dom import NoScreen

if TYPE_CHECKING:
    from textual.widget import Widget as Base
else:
    # Textual takes the styles of the first base that is a widget, and that is another one.
    Base = object


class Prompt(Base):
    """Hands what is to be painted to the screen as soon as it is known.

    Textual lets a widget send a message to itself, then one to the screen, then the screen one to
    itself, until the timer of the frames is woken: with a lead that comes in, these were a third
    of all messages.
    """

    def check_idle(self) -> None:
        """Called when there is something to do once no message waits."""
        if not self._hand_over():
            super().check_idle()

    def _hand_over(self) -> bool:
        """Whether all there is to do is to paint, and the screen has taken that over."""
        if not self._repaint_required or not self._is_mounted or not self.display:
            return False
        if self._layout_required or self._scroll_required or self._refresh_styles_required:
            return False
        try:
            screen = self.screen
        except NoScreen:
            return False
        if self._next_callbacks or self.app._batch_count or not screen.is_current:
            return False
        if self not in screen._compositor:
            return False
        self._repaint_required = False
        screen._dirty_widgets.add(self)
        screen._update_timer.resume()
        return True
