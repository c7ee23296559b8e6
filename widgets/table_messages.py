"""What the contact table tells its screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.message import Message

from storage.errors import OptdeskError
from storage.words import ContactRow, Order, View

if TYPE_CHECKING:
    from widgets.contact_table import ContactTable
    from widgets.table_canvas import TableCanvas


class TableMessage(Message):
    """Something that a contact table tells."""

    def __init__(self, table: TableCanvas) -> None:
        super().__init__()
        self.table = cast("ContactTable", table)

    @property
    def control(self) -> ContactTable:
        """The table."""
        return self.table


class TableMessages:
    """The messages of a contact table, to be had from its class."""

    class Opened(TableMessage, namespace="contact_table"):
        """Enter or a double click: the person wants to see the contact."""

        def __init__(self, table: TableCanvas, contact: ContactRow) -> None:
            super().__init__(table)
            self.contact = contact

    class StarPressed(TableMessage, namespace="contact_table"):
        """A click on the ★ of a contact."""

        def __init__(self, table: TableCanvas, contact: ContactRow) -> None:
            super().__init__(table)
            self.contact = contact

    class OrderAsked(TableMessage, namespace="contact_table"):
        """A click on a heading: the person wants another order."""

        def __init__(self, table: TableCanvas, order: Order) -> None:
            super().__init__(table)
            self.order = order

    class CursorMoved(TableMessage, namespace="contact_table"):
        """The cursor is on another contact, or its contact changed."""

        def __init__(self, table: TableCanvas, contact: ContactRow | None) -> None:
            super().__init__(table)
            self.contact = contact
            """None in an empty list, and while a far row is being read."""

    class MarksChanged(TableMessage, namespace="contact_table"):
        """Contacts were marked or unmarked."""

        def __init__(self, table: TableCanvas, count: int, more: bool) -> None:
            super().__init__(table)
            self.count = count
            self.more = more
            """They are still being counted; there are at least `count`."""

    class ArrivalsWaiting(TableMessage, namespace="contact_table"):
        """So many contacts arrived that the reader has not seen yet; 0 takes the pill away."""

        def __init__(self, table: TableCanvas, count: int, more: bool, below: bool) -> None:
            super().__init__(table)
            self.count = count
            self.more = more
            """There are more than `count`."""
            self.below = below
            """They wait below, because the oldest come first."""

    class TotalChanged(TableMessage, namespace="contact_table"):
        """The view has another number of rows, or another view is shown."""

        def __init__(self, table: TableCanvas, view: View, total: int, more: bool) -> None:
            super().__init__(table)
            self.view = view
            self.total = total
            self.more = more
            """There are more than `total`."""

    class Turned(TableMessage, namespace="contact_table"):
        """The rows of another view are here."""

    class RangeChanged(TableMessage, namespace="contact_table"):
        """Marking a range began or ended."""

        def __init__(self, table: TableCanvas, on: bool) -> None:
            super().__init__(table)
            self.on = on

    class FollowChanged(TableMessage, namespace="contact_table"):
        """The table began or ceased to follow arrivals."""

        def __init__(self, table: TableCanvas, on: bool) -> None:
            super().__init__(table)
            self.on = on

    class Refused(TableMessage, namespace="contact_table"):
        """What was asked for cannot be done; `sentence` says why."""

        def __init__(self, table: TableCanvas, sentence: str) -> None:
            super().__init__(table)
            self.sentence = sentence

    class ReadFailed(TableMessage, namespace="contact_table"):
        """The store could not be read. The rows read before stay on the screen."""

        def __init__(self, table: TableCanvas, error: OptdeskError) -> None:
            super().__init__(table)
            self.error = error

    class ReadAgain(TableMessage, namespace="contact_table"):
        """The store could be read again after `ReadFailed`."""
