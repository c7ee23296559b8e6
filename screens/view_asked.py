"""Going to a view from anywhere. Light: the frame around the places needs it at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from storage.store import Store
    from storage.words import Actor, View


class ViewAsked(Message):
    """The person wants to go to a view."""

    def __init__(self, view: View) -> None:
        super().__init__()
        self.view = view


def read_slot(store: Store, *, who: Actor, slot: int) -> ViewAsked:
    """The view that a person keeps on a number key. For background threads.

    Raises:
        NotFound: None is kept there.
    """
    from storage import saved_views

    with store.read() as conn:
        return ViewAsked(saved_views.at(conn, who, slot).view)
