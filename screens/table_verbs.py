"""The verbs that the contact table carries out itself, under the names of the registry."""

from __future__ import annotations

from collections.abc import Callable

from screens.place import Place, Told
from widgets.contact_table import ContactTable
from widgets.finding import once


def _through(name: str) -> Callable[[TableVerbs], None]:
    def act(self: TableVerbs) -> None:
        getattr(self.table, name)()
        self.tell_modes()

    return act


class ContactList(ContactTable, inherit_bindings=False):
    """The contact table without keys of its own: they come from the registry."""


class TableVerbs(Place):
    """A place with a contact table in it."""

    table = once(ContactList)

    _told_modes: tuple[str, ...] = ()

    def tell_modes(self) -> None:
        """Says so when a range or following began or ended."""
        if self.modes != self._told_modes:
            self._told_modes = self.modes
            self.post_message(Told())

    action_list_down = _through("action_cursor_down")
    action_list_up = _through("action_cursor_up")
    action_list_next = _through("action_cursor_down")
    action_list_previous = _through("action_cursor_up")
    action_list_half_down = _through("action_half_page_down")
    action_list_half_up = _through("action_half_page_up")
    action_list_page_down = _through("action_page_down")
    action_list_page_up = _through("action_page_up")
    action_list_top = _through("action_go_top")
    action_list_bottom = _through("action_go_bottom")
    action_list_follow = _through("action_toggle_follow")
    action_mark_step = _through("action_mark_and_step")
    action_mark_toggle = _through("action_toggle_mark")
    action_mark_range = _through("action_toggle_range")
    action_mark_all = _through("action_mark_all")
