"""Reads the settings file and remembers on which line each value stands."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from storage.errors import WrongUsage

_LARGEST = 1_000_000
"""Bytes that are read; nobody writes so many settings by hand."""


class SettingsFile:
    """A settings file as it was read: its values and the lines they stand on.

    Args:
        path: The file; it need not exist unless it was named.
        named: Whether a person named it.

    Raises:
        WrongUsage: It cannot be read or is no TOML; the sentence names the line.
    """

    def __init__(self, path: Path, *, named: bool) -> None:
        self.path = path
        self.values: dict[str, Any] = {}
        self._lines: list[str] = []
        try:
            with path.open("rb") as stream:
                said = stream.read(_LARGEST + 1)
            # Editors of Windows put a byte order mark in front.
            text = said.decode("utf-8-sig")
        except (FileNotFoundError, NotADirectoryError):
            if named:
                raise WrongUsage(f"The settings file {path} does not exist.") from None
            return
        except OSError as error:
            raise WrongUsage(f"{path} cannot be read: {error.strerror}.") from error
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            raise WrongUsage(f"{path}, line {line}: this is not UTF-8 text.") from None
        if len(said) > _LARGEST:
            raise WrongUsage(f"{path} is too large for a settings file.")
        self._lines = text.splitlines()
        self.values = self._parse(text)

    def _parse(self, text: str) -> dict[str, Any]:
        try:
            return tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            found = re.fullmatch(r"(.*?) \(at line (\d+), column \d+\)", str(error))
            said, line = (found[1], found[2]) if found else (str(error), str(len(self._lines)))
            said = said.removesuffix(" (at end of document)")
            raise WrongUsage(f"{self.path}, line {line}: {uncapitalised(said)}.") from None
        except (ValueError, RecursionError):
            # A number of thousands of digits, or as many brackets.
            line = self._lines.index(max(self._lines, key=len)) + 1
            raise WrongUsage(f"{self.path}, line {line}: this is too long to be read.") from None

    def line_of(self, *place: str) -> int:
        """The line on which a value stands, counted from 1; the first line when it hides."""
        table, name = place[:-1], place[-1]
        inside: tuple[str, ...] = ()
        for number, line in enumerate(self._lines, start=1):
            if header := re.match(r"\s*\[\s*([^\[\]]+?)\s*\]", line):
                inside = (header[1].strip("\"'"),)
                if inside == place:
                    return number
            elif re.match(rf"\s*[\"']?{re.escape(name)}[\"']?\s*[=.]", line) and inside == table:
                return number
        # An inline table, such as keys = { … }.
        return self.line_of(*table) if table else 1


def uncapitalised(sentence: str) -> str:
    """A sentence as it goes on after a colon: small letter, no full stop."""
    sentence = sentence.rstrip(".")
    return sentence[:1].lower() + sentence[1:]
