"""What a desk remembers from one start to the next: theme, place, order, contact."""

from __future__ import annotations

import json
import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

SAVE_SECONDS = 0.5
"""How soon after a change the file is written, so that a killed desk forgets next to nothing."""

LARGEST = 64 * 1024
"""Bytes of the file that are read; it has a few hundred."""


class Memory:
    """Values by name, kept in a file of this user's alone.

    A file that cannot be read or written is no trouble: the desk then starts as if new.
    """

    def __init__(self) -> None:
        self._path: Path | None = None
        self._values: dict[str, Any] = {}
        self._kept: dict[str, Any] = {}
        self._saving = threading.Lock()
        self._soon: threading.Timer | None = None

    def open(self, path: Path) -> None:
        """Reads the file, where there is one, and keeps it from now on."""
        self._path = path
        with suppress(OSError, ValueError, RecursionError):
            with path.open("rb") as file:
                found = json.loads(file.read(LARGEST))
            if isinstance(found, dict):
                self._values, self._kept = found, dict(found)

    def recall(self, name: str) -> Any:
        """A value, or None. It may be of any shape: others may have written the file."""
        return self._values.get(name)

    def remember(self, name: str, value: Any) -> None:
        """Keeps a value that JSON can hold; the file follows soon."""
        if self._values.get(name) == value:
            return
        self._values[name] = value
        if self._path is not None and self._soon is None:
            self._soon = threading.Timer(SAVE_SECONDS, self.save)
            self._soon.daemon = True
            self._soon.start()

    def save(self) -> None:
        """Writes what has changed: the whole file or nothing of it."""
        # From here on a change asks for another writing.
        self._soon = None
        with self._saving:
            self._save()

    def _save(self) -> None:
        values = dict(self._values)
        if self._path is None or values == self._kept:
            return
        new = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        with suppress(OSError):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            new.unlink(missing_ok=True)
            handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="ascii") as file:
                json.dump(values, file)
            new.replace(self._path)
            self._kept = values
