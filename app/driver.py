"""The terminal's keys, heard without looking for them ten times a second."""

from __future__ import annotations

import os
import re
import select
from codecs import getincrementaldecoder
from collections.abc import Iterable
from contextlib import suppress
from threading import Event
from time import monotonic, sleep
from typing import Any

from textual import constants, events
from textual._ansi_sequences import SYNC_END, SYNC_START
from textual._parser import ParseError
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

TICK_SECONDS = 0.1
"""How often the parser of keys is asked for what it waited too long for."""

AWAKE_SECONDS = max(1.0, 3 * constants.ESCAPE_DELAY)
"""So long after the last key the parser may be waiting for the rest of one."""

HASTE_SECONDS = 0.1
"""So long after a key a frame is written before anything else is done."""

PASTE_SECONDS = 3.0
"""After so long a silence within a paste its end is not waited for any more."""

_MOMENT = 1e-5

_MOST = 4096

_ESC = "\x1b"

_GOES_ON = ("[", "O", _ESC)
"""What a key's sequence may have after its first character, where a slow line parts the two."""


_PASTE, _PASTED = f"{_ESC}[200~", f"{_ESC}[201~"
"""What a terminal sends before and after what is pasted."""

_INK = re.compile("\x1b\\[[0-?]*[ -/]*[@-~]")
"""Colours and the like, copied along with a text."""

_CONTROLS = dict.fromkeys({*range(32), *range(127, 160)} - set(map(ord, "\t\r\n")))


class Keys(XTermParser):
    """Textual's parser of keys, but for two things.

    What is typed after `esc` is not taken for a key pressed with alt. A terminal sends alt and a
    letter together. Two keys come one after the other, also within the tenth of a second in which
    `esc` may still become something else.

    What is pasted is text to its end, whatever it holds. Textual takes what follows an escape
    character for keys, and so for verbs. An end that got lost does not turn all keys that follow
    into text: a silence ends it too.
    """

    _esc_ends = False
    _pasted: str | None = None
    """What came so far of what is being pasted; None where nothing is."""
    _pasted_last = 0.0
    """When something of it came, by the monotonic clock."""

    @property
    def pasting(self) -> bool:
        """Whether the end of what is being pasted is still to come."""
        return self._pasted is not None

    def tick(self) -> Iterable[Message]:
        """Ends what was waited for too long."""
        if self._pasted is not None and monotonic() - self._pasted_last > PASTE_SECONDS:
            text, self._pasted = without_controls(self._pasted), None
            if text:
                yield events.Paste(text)
        yield from super().tick()

    def feed(self, data: str) -> Iterable[Message]:
        """What was read becomes keys and pasted texts."""
        if not data:
            yield from super().feed(data)
        while data:
            self._pasted_last = monotonic()
            if self._pasted is not None:
                text, end, data = (self._pasted + data).partition(_PASTED)
                self._pasted = None if end else text
                if end and (text := without_controls(text)):
                    yield events.Paste(text)
                continue
            typed, start, data = data.partition(_PASTE)
            yield from self._typed(typed)
            if start:
                yield from self._end_esc()
                self._pasted = ""

    def _typed(self, keys: str) -> Iterable[Message]:
        if not keys:
            return
        if self._esc_ends and not keys.startswith(_GOES_ON):
            yield from self._end_esc()
        self._esc_ends = keys.endswith(_ESC)
        yield from super().feed(keys)

    def _end_esc(self) -> Iterable[Message]:
        if self._timeout_time is not None:
            self._timeout_time = 0.0
            yield from self.tick()


def without_controls(text: str) -> str:
    """A pasted text without what only a terminal would obey."""
    return _INK.sub("", text).translate(_CONTROLS).strip("\r\n")


class _Bell(Event):
    """An event that ends a wait for a file."""

    def __init__(self) -> None:
        super().__init__()
        self.ear, self._mouth = os.pipe()

    def set(self) -> None:
        super().set()
        os.write(self._mouth, b"x")

    def clear(self) -> None:
        super().clear()
        while select.select([self.ear], [], [], 0)[0]:
            os.read(self.ear, _MOST)

    def close(self) -> None:
        os.close(self.ear)
        os.close(self._mouth)


class QuietDriver(LinuxDriver):
    """Textual's driver, whose thread for keys sleeps while nobody types.

    That thread woke ten times a second, which was two thirds of what an idle desk costs.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._bell = self.exit_event = _Bell()
        self._frame: list[str] = []
        self._typed_at = 0.0
        self._away = False
        """Whether the shell has the terminal: the desk was stopped, and does not go on yet."""

    def suspend_application_mode(self) -> None:
        """Gives the terminal back, for as long as the desk is stopped."""
        # A frame that this interrupts ends only afterwards, and everything is painted anew then.
        self._frame = []
        self._away = True
        self.stop_application_mode()
        super().close()

    def resume_application_mode(self) -> None:
        """Takes the terminal again."""
        if self._away:
            self._away = False
            super().resume_application_mode()

    def _sigcont_application(self, *_: object) -> None:
        """Goes on after SIGTSTP, and after a SIGSTOP, of which nobody is told before."""
        if not self._away:
            self.suspend_application_mode()
            self._must_signal_resume = True
        super()._sigcont_application()

    def write(self, data: str) -> None:
        """Writes; the parts of a frame go to the thread that writes as one, which wakes it once."""
        if not self._frame and data != SYNC_START:
            super().write(data)
            return
        self._frame.append(data)
        if data == SYNC_END:
            whole, self._frame = "".join(self._frame), []
            super().write(whole)
            if monotonic() - self._typed_at < HASTE_SECONDS:
                # The thread that writes has its turn now, and not after a switch interval.
                sleep(_MOMENT)

    def run_input_thread(self) -> None:
        """Reads keys until the bell rings."""
        parser = Keys(self._debug)
        decode = getincrementaldecoder("utf-8")().decode
        awake_until = monotonic() + AWAKE_SECONDS
        try:
            while not self._bell.is_set():
                awake = parser.pasting or monotonic() < awake_until
                pause = TICK_SECONDS if awake else None
                ready, _, _ = select.select([self.fileno, self._bell.ear], [], [], pause)
                if self.fileno in ready:
                    awake_until = monotonic() + AWAKE_SECONDS
                    typed = os.read(self.fileno, _MOST)
                    self._typed_at = monotonic()
                    if not typed:
                        # Nobody can type any more.
                        break
                    self._hear(parser, decode(typed))
                self._hear(parser)
            if select.select([self.fileno], [], [], TICK_SECONDS)[0]:
                self._hear(parser, decode(os.read(self.fileno, _MOST), final=True))
        finally:
            with suppress(EOFError, ParseError):
                list(parser.feed(""))

    def _hear(self, parser: XTermParser, typed: str = "") -> None:
        """Tells the app of keys, and without any of those that were not finished in time."""
        for message in parser.feed(typed) if typed else parser.tick():
            self.process_message(message)

    def close(self) -> None:
        """Lets go of the terminal."""
        super().close()
        self._bell.close()
