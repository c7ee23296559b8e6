"""What a desk remembers from one start to the next: theme, place, order, contact."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

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
        """Keeps a value that JSON can hold."""
        self._values[name] = value

    def save(self) -> None:
        """Writes what has changed: the whole file or nothing of it."""
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
