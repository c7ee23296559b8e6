"""The views that are kept on number keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from screens.asked import ViewAsked

if TYPE_CHECKING:
    from storage.store import Store
    from storage.words import Actor


def read_slot(store: Store, *, who: Actor, slot: int, keeps: str) -> ViewAsked:
    """The view that a person keeps on a number key. For background threads.

    Args:
        store: Where they are kept.
        who: Whose views.
        slot: The number.
        keeps: The key that keeps a view.

    Raises:
        NotFound: None is kept there.
    """
    from storage import saved_views
    from storage.errors import NotFound

    try:
        with store.read() as conn:
            return ViewAsked(saved_views.at(conn, who, slot).view)
    except NotFound as error:
        raise NotFound(error.sentence, f"{keeps} keeps the one that is shown.") from error
