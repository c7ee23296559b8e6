"""A terminal for programs under measurement: a pty, and a model of what its screen shows."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.cells import cell_len

WAIT_SECONDS = 60.0
"""How long something may take to be shown before the measuring gives up."""

_FRAME_END = b"\x1b[?2026l"
_REST_SECONDS = 0.002
"""How long the rest of a frame is waited for before what came of it is looked at."""
_MOST_PIECES = 64
_ANSWERS = ((b"\x1b[?2026$p", b"\x1b[?2026;2$y"),)
"""What a present terminal says when it is asked whether it draws frames as a whole."""
_PIECE = re.compile(
    rb"\x1b\[(?P<private>[?>=<]?)(?P<numbers>[0-9;:]*)(?P<inner>[ -/]*)(?P<final>[@-~])"
    rb"|\x1b[\]PX^_].*?(?:\x07|\x1b\\)"
    rb"|\x1b[()][0-9A-B]|\x1b[=>78DEHM]"
    rb"|(?P<control>[\x00-\x1a\x1c-\x1f\x7f])"
    rb"|(?P<text>[^\x00-\x1f\x7f]+)",
    re.DOTALL,
)


class NotShown(Exception):
    """What was waited for did not appear."""


class ScreenModel:
    """The characters that a terminal shows, and their backgrounds.

    It knows what Textual writes: absolute positions, text, colours, clearing.
    """

    def __init__(self, columns: int, lines: int) -> None:
        self.columns, self.lines = columns, lines
        self._cells = [[" "] * columns for _ in range(lines)]
        self._paper = [[b""] * columns for _ in range(lines)]
        self._x = self._y = 0
        self._background = b""
        self._rest = b""

    def feed(self, data: bytes) -> None:
        """Takes what the program wrote."""
        data = self._rest + data
        done = 0
        for found in _PIECE.finditer(data):
            if found.start() != done:
                break
            if found.end() == len(data) and found["text"] is not None:
                # A character may be cut in two.
                whole = _whole_characters(found["text"])
                self._write(whole.decode("utf-8", "replace"))
                done += len(whole)
                break
            done = found.end()
            if found["text"] is not None:
                self._write(found["text"].decode("utf-8", "replace"))
            elif found["control"] is not None:
                self._control(found["control"])
            elif found["final"] is not None and not found["private"] and not found["inner"]:
                self._command(found["final"], found["numbers"])
        self._rest = data[done:]
        if len(self._rest) > 4096:
            # Nothing that is known begins like this: go on behind it.
            self._rest = self._rest[1:]

    def line(self, y: int) -> str:
        """The text of a line, counted from 0."""
        return "".join(self._cells[y])

    def cells(self, y: int) -> list[str]:
        """A line, cell by cell; the second half of a wide character is empty."""
        return self._cells[y]

    def text(self) -> str:
        """The text of the whole screen."""
        return "\n".join(map("".join, self._cells))

    def background(self, x: int, y: int) -> bytes:
        """The background of a cell, in the program's own words."""
        return self._paper[y][x]

    def _control(self, control: bytes) -> None:
        if control == b"\r":
            self._x = 0
        elif control == b"\n":
            self._y = min(self._y + 1, self.lines - 1)
        elif control == b"\b":
            self._x = max(0, self._x - 1)

    def _command(self, final: bytes, numbers: bytes) -> None:
        if final == b"m":
            self._style(numbers)
            return
        values = [int(part) if part.isdigit() else 0 for part in numbers.split(b";")]
        if final in b"Hf":
            self._y = min(max(values[0], 1), self.lines) - 1
            self._x = min(max(values[1] if len(values) > 1 else 1, 1), self.columns) - 1
        elif final == b"G":
            self._x = min(max(values[0], 1), self.columns) - 1
        elif final == b"A":
            self._y = max(0, self._y - max(values[0], 1))
        elif final == b"B":
            self._y = min(self.lines - 1, self._y + max(values[0], 1))
        elif final == b"C":
            self._x = min(self.columns - 1, self._x + max(values[0], 1))
        elif final == b"D":
            self._x = max(0, self._x - max(values[0], 1))
        elif final == b"J" and values[0] == 2:
            for y in range(self.lines):
                self._clear(y, 0, self.columns)
        elif final == b"K":
            start, end = ((self._x, self.columns), (0, self._x + 1), (0, self.columns))[values[0]]
            self._clear(self._y, start, end)

    def _style(self, numbers: bytes) -> None:
        if numbers in (b"", b"0"):
            self._background = b""
            return
        parts = numbers.split(b";")
        place = 0
        while place < len(parts):
            part = parts[place]
            if part == b"0":
                self._background = b""
            elif part in (b"38", b"48", b"58"):
                size = 5 if parts[place + 1 : place + 2] == [b"2"] else 3
                if part == b"48":
                    self._background = b";".join(parts[place : place + size])
                place += size - 1
            elif part == b"49":
                self._background = b""
            elif len(part) == 2 and part[:1] == b"4":
                self._background = part
            place += 1

    def _clear(self, y: int, start: int, end: int) -> None:
        self._cells[y][start:end] = " " * (end - start)
        self._paper[y][start:end] = [self._background] * (end - start)

    def _write(self, text: str) -> None:
        cells, paper = self._cells[self._y], self._paper[self._y]
        if text.isascii():
            end = min(self._x + len(text), self.columns)
            cells[self._x : end] = text[: end - self._x]
            paper[self._x : end] = [self._background] * (end - self._x)
            self._x = min(end, self.columns)
            return
        for char in text:
            width = cell_len(char)
            if self._x + width > self.columns:
                return
            if width == 0:
                continue
            cells[self._x] = char
            paper[self._x] = self._background
            if width == 2:
                cells[self._x + 1] = ""
                paper[self._x + 1] = self._background
            self._x += width


def _whole_characters(data: bytes) -> bytes:
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte < 0x80:
            return data
        if byte >= 0xC0:
            size = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return data if size <= back else data[:-back]
    return data


class Terminal:
    """A program in a pty.

    Args:
        command: What to run.
        environment: Its environment.
        size: Columns and lines.
        folder: Where it runs.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: dict[str, str],
        size: tuple[int, int] = (120, 40),
        folder: Path | None = None,
    ) -> None:
        self.screen = ScreenModel(*size)
        self.received = 0
        """Bytes that the program wrote."""
        self.frames = 0
        """Frames that it finished."""
        self.started = time.perf_counter()
        self.pid, self._fd = _fork(command, environment, size, folder)
        os.set_blocking(self._fd, False)
        self._tail = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the program, politely at first."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            os.kill(self.pid, number)
            limit = time.perf_counter() + 8
            while time.perf_counter() < limit:
                with contextlib.suppress(NotShown):
                    self.pump(0.02)
                if os.waitpid(self.pid, os.WNOHANG)[0]:
                    os.close(self._fd)
                    return

    def press(self, keys: str | bytes) -> float:
        """Types keys; returns when."""
        os.write(self._fd, keys.encode() if isinstance(keys, str) else keys)
        return time.perf_counter()

    def pump(self, seconds: float, frame: Callable[[float], None] | None = None) -> bool:
        """Reads what was written within a while; returns whether there was anything.

        Args:
            seconds: How long to wait for something.
            frame: Called with the time for each frame that is finished.
        """
        pieces = self._read(seconds)
        for data, moment in pieces:
            self._take(data, moment, frame)
        return bool(pieces)

    def _read(self, seconds: float) -> list[tuple[bytes, float]]:
        """What there is, and when each piece came; of a frame that has begun, all.

        A pseudo-terminal hands on 4 KB at a time. To look at each piece takes this program longer
        than any terminal, and the frame would count as painted that much later.
        """
        pieces: list[tuple[bytes, float]] = []
        while select.select([self._fd], [], [], max(0.0, seconds))[0]:
            try:
                data = os.read(self._fd, 1 << 20)
            except BlockingIOError:
                break
            except OSError as error:
                raise NotShown("The program has ended.") from error
            pieces.append((data, time.perf_counter()))
            if len(pieces) == _MOST_PIECES:
                break
            seconds = 0.0 if data.endswith(_FRAME_END) else _REST_SECONDS
        return pieces

    def _take(self, data: bytes, moment: float, frame: Callable[[float], None] | None) -> None:
        self.received += len(data)
        for question, answer in _ANSWERS:
            if question in data:
                os.write(self._fd, answer)
        # The mark at a frame's end may come in two parts.
        data = self._tail + data
        kept = _begun_mark(data)
        self._tail = data[len(data) - kept :]
        data = data[: len(data) - kept]
        while (end := data.find(_FRAME_END)) >= 0:
            self.screen.feed(data[: end + len(_FRAME_END)])
            data = data[end + len(_FRAME_END) :]
            self.frames += 1
            if frame is not None:
                frame(moment)
        self.screen.feed(data)

    def until(self, shown: Callable[[ScreenModel], object], seconds: float = WAIT_SECONDS) -> float:
        """Waits for a frame; returns when it was there.

        Raises:
            NotShown: It did not come in time.
        """
        found: list[float] = []
        if shown(self.screen):
            return time.perf_counter()

        def look(moment: float) -> None:
            if not found and shown(self.screen):
                found.append(moment)

        limit = time.perf_counter() + seconds
        while not found:
            left = limit - time.perf_counter()
            if left <= 0:
                raise NotShown(f"Not shown within {seconds:g} s:\n{self.screen.text()}")
            self.pump(min(left, 0.5), look)
        return found[0]

    def settle(self, quiet: float = 0.5, seconds: float = WAIT_SECONDS) -> None:
        """Reads until nothing was written for a while."""
        limit = time.perf_counter() + seconds
        while self.pump(quiet) and time.perf_counter() < limit:
            pass


def _begun_mark(data: bytes) -> int:
    """How many bytes at the end could be the beginning of a frame's end."""
    for size in range(min(len(data), len(_FRAME_END) - 1), 0, -1):
        if data.endswith(_FRAME_END[:size]):
            return size
    return 0


def _fork(
    command: Sequence[str], environment: dict[str, str], size: tuple[int, int], folder: Path | None
) -> tuple[int, int]:
    import pty

    columns, lines = size
    pid, fd = pty.fork()
    if pid == 0:
        # The size is known before the program asks for it.
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        if folder is not None:
            os.chdir(folder)
        os.execvpe(command[0], list(command), environment)
    return pid, fd
