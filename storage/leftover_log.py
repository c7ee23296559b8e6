"""Sees whether the write-ahead log beside a SQLite file belongs to it, before SQLite replays it.

After a kill, the log holds what was acknowledged last, and SQLite writes it into the file at the
next start. It does the same with the log of another database, or one that was left behind when an
older copy was put in the file's place, and then the file is destroyed. What tells them apart is
the row of `store_state`: it has a secret of its own in each store, and every commit raises its
`seq`. The file must stand where the log begins, or somewhere inside of it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import BinaryIO

from storage.pages import HEADER_BYTES, State, read_header, read_state

_LOG_HEADER = 32
_FRAME_HEADER = 24
_LOG_MAGIC = 0x377F0682
"""Its last bit says in which byte order the checksums were made."""

LOOKS = 3
"""How often what looks wrong is looked at: a program that is running may be writing to both."""

_MOST_LOOKS = 30
"""How often at all, where the log is begun anew between two glances."""


@dataclass(frozen=True, slots=True)
class _Log:
    """What of a log concerns the store."""

    page_size: int
    first: State | None
    """The state after the first commit that holds one."""
    last: State | None
    strange: bool
    """Whether the page of the state held something else, or the header belongs elsewhere."""


def belongs(path: Path, driver: ModuleType) -> bool:
    """Whether the log beside a store may be replayed into it.

    Writes nothing and leaves no lock behind. Where nothing can be said, such as when a kill or a
    power cut came in the middle of a copy from log to file, SQLite's word is taken for it: True.

    Args:
        path: The store's file.
        driver: The SQLite module that opens it elsewhere in this process.
    """
    log = path.with_name(path.name + "-wal")
    wrong = 0
    try:
        if log.stat().st_size <= _LOG_HEADER:
            return True
        for _ in range(_MOST_LOOKS):
            # On suspicion once more, then also without what SQLite itself would leave out.
            fits = _fits(path, log, driver, thorough=wrong > 0)
            if fits:
                return True
            # What a running program wrote while it was being read says nothing; a thorough look
            # takes so long that under load it never ends before that happens.
            wrong = 0 if fits is None else wrong + 1
            if wrong == LOOKS:
                return False
    except OSError:
        return True
    # Only who has file and log open begins it anew, again and again: it was left behind by nobody.
    return True


def _fits(path: Path, log: Path, driver: ModuleType, *, thorough: bool) -> bool | None:
    """Whether the log continues what the file holds; None where it was begun anew meanwhile."""
    with log.open("rb") as file:
        # Before the file: all that the log held before it was begun is in there.
        header = file.read(_LOG_HEADER)
        found = _state_in_file(path, driver)
        if found is None:
            return True
        root, state, page_size, application = found
        frames = _valid_frames(file) if thorough else None
        read = _read_log(file, root, application, frames)
        file.seek(0)
        if file.read(_LOG_HEADER) != header:
            return None
    if read is None:
        return True
    if read.page_size != page_size or read.strange:
        return False
    if read.first is None or read.last is None:
        return True
    if {read.first.secret, read.last.secret} != {state.secret}:
        return False
    return read.first.seq - 1 <= state.seq <= read.last.seq


def _state_in_file(path: Path, driver: ModuleType) -> tuple[int, State, int, int] | None:
    """Page and content of the state as the file alone has it, page size and application."""
    uri = f"{path.as_uri()}?mode=ro&immutable=1"  # Neither lock nor log.
    try:
        with closing(driver.connect(uri, uri=True)) as conn:
            [(root,)] = conn.execute(
                "SELECT rootpage FROM sqlite_schema WHERE name = 'store_state'"
            ).fetchall()
            [(seq, secret)] = conn.execute("SELECT seq, secret FROM store_state").fetchall()
            [(page_size,)] = conn.execute("PRAGMA page_size").fetchall()
            [(application,)] = conn.execute("PRAGMA application_id").fetchall()
    except (driver.Error, ValueError):
        return None
    if not (isinstance(seq, int) and isinstance(secret, bytes)):
        return None  # A power cut tore the page while the log was copied into it.
    return int(root), State(seq, secret), int(page_size), int(application)


def _read_log(file: BinaryIO, root: int, application: int, frames: int | None) -> _Log | None:
    """Reads what concerns the store; None where there is nothing that would be replayed."""
    file.seek(0)
    header = file.read(_LOG_HEADER)
    if len(header) < _LOG_HEADER:
        return None
    magic, _, page_size = struct.unpack_from(">III", header)
    if magic & ~1 != _LOG_MAGIC or not 512 <= page_size <= 65536:
        return None
    first: State | None = None
    last: State | None = None
    waiting: State | None = None
    committed, strange, strange_waiting = False, False, False
    for number, page, commit in _frames(file, header, page_size, frames):
        if number == root:
            waiting = read_state(_content(file, page, page_size))
            strange_waiting = strange_waiting or waiting is None
        elif number == 1:
            said = read_header(_content(file, page, HEADER_BYTES))
            strange_waiting = strange_waiting or said is None or said.is_foreign_to(application)
        if commit:
            committed, strange = True, strange or strange_waiting
            first, last = first or waiting, waiting or last
    return _Log(page_size, first, last, strange) if committed else None


def _frames(
    file: BinaryIO, header: bytes, page_size: int, limit: int | None
) -> Iterator[tuple[int, int, int]]:
    """Page number, place of the content and size after commit (or 0) of each frame in force."""
    at, count = _LOG_HEADER, 0
    while limit is None or count < limit:
        file.seek(at)
        raw = file.read(_FRAME_HEADER)
        if len(raw) < _FRAME_HEADER or raw[8:16] != header[16:24]:
            return
        number, size = struct.unpack_from(">II", raw)
        yield number, at + _FRAME_HEADER, size
        at += _FRAME_HEADER + page_size
        count += 1


def _content(file: BinaryIO, at: int, size: int) -> bytes:
    file.seek(at)
    return file.read(size)


def _valid_frames(file: BinaryIO) -> int:
    """How many frames have a checksum that fits, which are those that SQLite replays."""
    file.seek(0)
    header = file.read(_LOG_HEADER)
    magic, _, page_size = struct.unpack_from(">III", header)
    order = ">" if magic & 1 else "<"
    sums = _checksum(header[:24], (0, 0), order)
    if sums != struct.unpack_from(">II", header, 24):
        return 0
    count = 0
    while True:
        raw = file.read(_FRAME_HEADER + page_size)
        if len(raw) < _FRAME_HEADER + page_size or raw[8:16] != header[16:24]:
            return count
        sums = _checksum(raw[:8] + raw[_FRAME_HEADER:], sums, order)
        if sums != struct.unpack_from(">II", raw, 16):
            return count
        count += 1


def _checksum(raw: bytes, sums: tuple[int, int], order: str) -> tuple[int, int]:
    one, two = sums
    words = struct.unpack(f"{order}{len(raw) // 4}I", raw)
    for first, second in zip(words[::2], words[1::2], strict=True):
        one = (one + first + two) & 0xFFFFFFFF
        two = (two + second + one) & 0xFFFFFFFF
    return one, two
