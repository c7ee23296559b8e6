"""What a log tells its screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.message import Message

from storage.errors import OptdeskError

if TYPE_CHECKING:
    from widgets.log_table import LogTable


class LogMessage(Message):
    """Something that a log tells."""

    def __init__(self, table: LogTable[Any]) -> None:
        super().__init__()
        self.table = table

    @property
    def control(self) -> LogTable[Any]:
        """The log."""
        return self.table


class LogMessages:
    """The messages of a log, to be had from its class."""

    class Opened(LogMessage, namespace="log_table"):
        """Enter or a double click: the person wants to see the row whole."""

        def __init__(self, table: LogTable[Any], row: Any) -> None:
            super().__init__(table)
            self.row = row

    class CursorMoved(LogMessage, namespace="log_table"):
        """The cursor is on another row, or its row changed; None in an empty log."""

        def __init__(self, table: LogTable[Any], row: Any) -> None:
            super().__init__(table)
            self.row = row

    class ArrivalsWaiting(LogMessage, namespace="log_table"):
        """So many rows arrived that the reader has not seen yet; 0 takes the pill away."""

        def __init__(self, table: LogTable[Any], count: int, more: bool) -> None:
            super().__init__(table)
            self.count = count
            self.more = more
            """There are more than `count`."""

    class ReadFailed(LogMessage, namespace="log_table"):
        """The log could not be read. The rows read before stay on the screen."""

        def __init__(self, table: LogTable[Any], error: OptdeskError) -> None:
            super().__init__(table)
            self.error = error
