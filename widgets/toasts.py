"""Takes toasts away whole."""

from __future__ import annotations

from textual.notifications import Notifications
from textual.widgets._toast import ToastHolder, ToastRack

_show = ToastRack.show


def clear_them_away() -> None:
    """Lets toasts that go take their place with them, in all desks of this process.

    Textual's own leaves it when another toast comes before it is time: an empty widget with a task
    of its own for each, which every layout goes through again.
    """
    ToastRack.show = _show_and_clear_away  # type: ignore[assignment, method-assign]


def _show_and_clear_away(rack: ToastRack, notifications: Notifications) -> None:
    wanted = {rack._toast_id(notification) for notification in notifications}
    for holder in rack.query(ToastHolder):
        if holder.id not in wanted:
            holder.remove()
    _show(rack, notifications)
