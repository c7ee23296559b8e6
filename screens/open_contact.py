"""The open contact of a list: made ready unseen, and read ahead of the person."""

from __future__ import annotations

from asyncio import get_running_loop
from types import MappingProxyType
from typing import TYPE_CHECKING

from screens.backstage import backstage
from screens.place import Told
from screens.table_verbs import TableVerbs
from widgets.bare import show_inside

if TYPE_CHECKING:
    from asyncio import TimerHandle
    from collections.abc import Mapping

    from textual.widget import AwaitMount

    from screens.contact_panel import ContactPanel
    from storage.words import ContactRow

PANEL_SECONDS = 1.5
"""Seconds after which the open contact is made ready: the list can be read by then."""

REST_SECONDS = 0.06
"""So long the cursor rests before profiles are read ahead for it."""

NEWS_SECONDS = 0.6
"""So long the store rests before they are read again: the open contact comes first."""


class OpenContact(TableVerbs):
    """A list with a contact beside it, or over it, that follows the cursor."""

    _panel: ContactPanel | None = None
    """Remembered, not looked for: every change of the store asks for it."""

    _panel_made: AwaitMount
    _foresight: TimerHandle | None = None
    """Reads whom the person may look at next, once the cursor has come to rest."""

    _looks: Mapping[int, tuple[str, ...]] = MappingProxyType({})
    """Who else looks at which contact."""

    def on_mount(self) -> None:
        """The open contact can wait until the list is there."""
        self.set_timer(PANEL_SECONDS, self.make_panel)

    def on_unmount(self) -> None:
        """Nobody looks at anybody next."""
        if self._foresight is not None:
            self._foresight.cancel()

    async def action_contact_open(self) -> None:
        """Open the contact under the cursor, or close it."""
        if self.panel is not None:
            self._close_panel()
        elif self.table.total != 0:
            await self.open_panel(self.table.cursor_contact)

    def _close_panel(self) -> None:
        if self.panel is not None:
            self.panel.close()
            self.post_message(Told())

    def step_back(self) -> bool:
        """Out of the open contact."""
        if self.panel is None:
            return False
        self._close_panel()
        return True

    def uncover_list(self) -> None:
        """Closes the open contact where it lies over the list."""
        if not self.screen.has_class("-wide"):
            self._close_panel()

    async def open_panel(self, contact: ContactRow | None) -> None:
        """Shows a contact beside the list; from then on it follows the cursor."""
        panel = await self.make_panel()
        if self.panel is None:
            show_inside(panel, True)
            self.post_message(Told())
        # While it was being made the cursor may have moved, or come to where it was sent: nobody
        # tells of that again.
        contact = self.table.cursor_contact or contact
        panel.show(contact)
        self._tell_panel()
        self.foresee()
        if contact is not None:
            backstage(self).look_at(contact.id, open_=True)

    async def make_panel(self) -> ContactPanel:
        """The open contact, made where it is not there yet, and not seen until it is opened."""
        if self._panel is None:
            from screens.contact_panel import ContactPanel

            panel = ContactPanel()
            panel.display = False
            self._panel = panel
            self._panel_made = self.query_one(".split").mount(panel)
            self.foresee()
        if not self._panel.is_mounted:
            await self._panel_made
        return self._panel

    def foresee(self, seconds: float = REST_SECONDS) -> None:
        """Reads soon whom the person may look at next, unless something happens before.

        Args:
            seconds: How long nothing may happen before that.
        """
        if self._foresight is not None:
            self._foresight.cancel()
        if self._panel is not None:
            self._foresight = get_running_loop().call_later(seconds, self._expect)

    def _expect(self) -> None:
        self._foresight = None
        if self._panel is None or not self._panel.is_attached or not self.display:
            return
        row = self.table.cursor_contact
        at_cursor = [] if row is None else [row]
        self._panel.expect(self.table.neighbours if self.panel else at_cursor)
        if self.panel is None:
            self.table.expect_less(self._panel.takes_of_list)

    def _tell_panel(self) -> None:
        if self.panel is not None:
            self.panel.others_look(self._looks)

    @property
    def panel(self) -> ContactPanel | None:
        """The open contact, if one is open."""
        panel = self._panel
        return panel if panel is not None and panel.display else None

    def action_panel_down(self) -> None:
        """Scroll the open contact."""
        if self.panel is not None:
            self.panel.scroll_relative(y=3, animate=False)

    def action_panel_up(self) -> None:
        """Scroll the open contact back."""
        if self.panel is not None:
            self.panel.scroll_relative(y=-3, animate=False)

    def action_panel_next_section(self) -> None:
        """To the next section of the open contact."""
        if self.panel is not None:
            self.panel.go_section(1)

    def action_panel_previous_section(self) -> None:
        """To the section before."""
        if self.panel is not None:
            self.panel.go_section(-1)

    def action_panel_older(self) -> None:
        """Older notes, messages and acts of the open contact."""
        if self.panel is not None:
            self.panel.show_older()
