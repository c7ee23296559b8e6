"""The desk in a terminal, and what can be read off its screen."""

from __future__ import annotations

import re
import time
from pathlib import Path

from benchmarks import servers
from benchmarks.terminal import NotShown, ScreenModel, Terminal

SIZE = (120, 40)
TOP = 4
"""The first line of the table's rows."""
LAST = SIZE[1] - 3
"""The last one; status and footer lie below."""
LEFT = 24
"""Where the table begins; the sidebar lies before."""
BAR = "▌"
"""What stands before the cursor's row."""
MANY_ROWS = 10

_PHONE = re.compile(r"\+\d[\d ()\-/.]{6,}\d")
_ANSWERS = ("listening", "served elsewhere")
_LISTENING = re.compile(r"listening ([0-9.]+:\d+)")


def optdesk_command() -> list[str]:
    """The installed command."""
    found = Path(servers.OPTDESK[0]).parent / "optdesk"
    return [str(found)] if found.exists() else list(servers.OPTDESK)


class DeskTerminal(Terminal):
    """A desk on a store.

    Args:
        store_url: The store.
        home: Where its settings would lie.
        port: For its listener; 0 takes a free one.
        actor: Who sits there; the system's user where it is left out.
    """

    def __init__(self, store_url: str, home: Path, port: int = 0, actor: str = "") -> None:
        environment = servers.environment() | {"HOME": str(home)}
        command = [*optdesk_command(), "--store", store_url, "--port", str(port)]
        command += ["--as", actor] if actor else []
        super().__init__(command, environment, SIZE, servers.HERE.parent)

    def open(self, rows: int = MANY_ROWS) -> DeskTerminal:
        """Waits until rows can be read and the listener listens."""
        self.until(lambda screen: rows_shown(screen) >= rows)
        self.until(lambda screen: any(said in screen.text() for said in _ANSWERS))
        self.settle(0.5, 5)
        return self

    def url(self) -> str:
        """Where its listener listens."""
        found = _LISTENING.search(self.screen.text())
        if found is None:
            raise NotShown("The desk does not say where it listens.")
        return f"http://{found[1]}"

    def cursor_to(self, y: int, keys: str) -> float:
        """Presses keys and waits until the cursor is on a line; returns milliseconds."""
        pressed = self.press(keys)
        return (self.until(lambda screen: has_cursor(screen, y), 10) - pressed) * 1000

    def drain(self, seconds: float) -> None:
        """Reads what comes for a while."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            self.pump(left)


def rows_shown(screen: ScreenModel) -> int:
    """How many contacts can be read."""
    return sum(_PHONE.search(screen.line(y)) is not None for y in range(TOP, LAST + 1))


def row_lines(screen: ScreenModel) -> list[str]:
    """The table's lines."""
    return ["".join(screen.cells(y)[LEFT:]) for y in range(TOP, LAST + 1)]


def phone_on(screen: ScreenModel, y: int) -> str:
    """The number on a line, which tells contacts apart."""
    found = _PHONE.search(screen.line(y))
    return found[0] if found else ""


def has_cursor(screen: ScreenModel, y: int) -> bool:
    """Whether the cursor is on a line."""
    return BAR in screen.cells(y)[LEFT - 1 :]


def cursor_line(screen: ScreenModel) -> int | None:
    """On which line the cursor is."""
    return next((y for y in range(TOP, LAST + 1) if has_cursor(screen, y)), None)


def has_text(screen: ScreenModel) -> bool:
    """Whether a frame worth the name is painted."""
    return sum(bool(screen.line(y).strip()) for y in range(screen.lines)) >= 5
