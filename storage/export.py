"""Contacts as a file: CSV that is safe to open in a spreadsheet, or JSON lines."""

from __future__ import annotations

import csv
import json
import os
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from storage.errors import Refused, WrongUsage
from storage.paths import spelled_out
from storage.times import stamp
from storage.windows import Readable, count_exactly, each_row
from storage.words import Badge, ContactRow, View

if TYPE_CHECKING:
    from storage.bulk import Progress

FORMATS = ("csv", "jsonl")

COLUMNS = (
    "id",
    "phone",
    "first_name",
    "last_name",
    "stage",
    "group",
    "labels",
    "favorite",
    "kind",
    "received_at",
    "badges",
)

EVERY = 1000
"""Rows between two reports of progress."""

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "'", "＝", "＋", "－", "＠")
"""How a formula may begin; Japanese spreadsheets take the full-width signs for the same."""

_INSIDE = re.compile(f"(?<=[;\t\r\n])(?= *[{re.escape(''.join(_DANGEROUS))}])")
"""Where one may begin within a cell: half the world's spreadsheets divide lines at semicolons,
and to them a quote in the middle of a line means itself."""


def fields(row: ContactRow) -> dict[str, Any]:
    """A contact for programs, as `contacts list --json` prints it."""
    return {
        "id": row.public_id,
        "phone": row.phone,
        "first_name": row.first_name,
        "last_name": row.last_name,
        "stage": row.stage.value,
        "favorite": row.favorite,
        "labels": [label.name for label in row.labels],
        "group": row.group,
        "kind": row.kind.value,
        "received_at": stamp(row.received_at),
        "badges": [badge.value for badge in row.badges],
    }


def write(
    store: Readable,
    view: View,
    stream: IO[str],
    *,
    form: str = "csv",
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> int:
    """Writes the contacts of a view, read in pieces; test numbers are left out.

    Args:
        store: Where they are.
        view: Which they are, and in which order.
        stream: Where they are written.
        form: One of `FORMATS`.
        progress: Told how many are through, and of how many.
        cancel: Set it to stop; what is written stays.

    Returns:
        How many were written.

    Raises:
        WrongUsage: There is no such format.
    """
    if form not in FORMATS:
        raise WrongUsage(f"“{form}” is no format.", f"One of: {', '.join(FORMATS)}.")
    total = 0
    if progress is not None:
        with store.read() as conn:
            total = count_exactly(conn, view)
    table = csv.writer(stream, lineterminator="\r\n")
    if form == "csv":
        table.writerow(COLUMNS)
    count = seen = 0
    for row in each_row(store, view):
        seen += 1
        if Badge.TEST not in row.badges:
            if form == "csv":
                table.writerow(_cells(row))
            else:
                stream.write(json.dumps(fields(row), ensure_ascii=True) + "\n")
            count += 1
        if seen % EVERY == 0:
            if progress is not None:
                progress(seen, max(total, seen))
            if cancel is not None and cancel.is_set():
                return count
    if progress is not None:
        progress(seen, seen)
    return count


def new_file(path: Path) -> Path:
    """Where an export may be written: a file that is not there yet, in a folder that is.

    Raises:
        Refused: There is such a file, or no such folder.
    """
    path = spelled_out(path)
    if path.exists() or path.is_symlink():
        raise Refused(f"“{path}” is there already.", "Choose another name.")
    if not path.name or not path.parent.is_dir():
        raise Refused(f"There is no folder “{path.parent}”.", "Choose another one.")
    return path


def to_file(
    store: Readable,
    view: View,
    path: Path,
    *,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> int | None:
    """Writes a view to a new file: JSON lines where its name ends so, else CSV.

    It has its name only once it is whole, and nobody else may read it.

    Returns:
        How many contacts were written; None where it was stopped, and nothing is left.

    Raises:
        Refused: It cannot be written there.
    """
    path = new_file(path)
    part = path.with_name(f".{path.name}.part")
    form = "jsonl" if path.suffix in (".jsonl", ".ndjson", ".json") else "csv"
    try:
        with private_file(part) as stream:
            count = write(store, view, stream, form=form, progress=progress, cancel=cancel)
        if cancel is not None and cancel.is_set():
            return None
        part.rename(path)
    except OSError as error:
        raise Refused(f"“{path}” cannot be written: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)
    return count


def _cells(row: ContactRow) -> Sequence[str]:
    said = fields(row)
    said["labels"] = "; ".join(said["labels"])
    said["badges"] = "; ".join(said["badges"])
    said["favorite"] = "yes" if row.favorite else ""
    return [safe_cell(said[name] or "") for name in COLUMNS]


def safe_cell(text: str) -> str:
    """Text as a cell that no spreadsheet takes for a formula or a number.

    What could be taken so gets an apostrophe in front, and what begins with one a second, so that
    taking one off gives the text again. The same goes for what stands behind a semicolon.
    """
    text = "".join(" " if char < " " and char not in "\t\r\n" else char for char in text)
    text = _INSIDE.sub("'", text)
    return f"'{text}" if text.lstrip(" \n").startswith(_DANGEROUS) else text


@contextmanager
def private_file(path: Path) -> Iterator[IO[str]]:
    """A new or emptied file of text that nobody else may read.

    Raises:
        OSError: It cannot be written.
    """
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.fchmod(handle, 0o600)
    with open(handle, "w", encoding="utf-8", newline="") as stream:  # noqa: PTH123 - of a handle
        yield stream
