"""Watches that a SQLite store's file and its log stay what they were, beneath SQLite.

SQLite notices neither that its file is deleted, replaced or overwritten nor that its log is: it
goes on answering from what it remembers, and what it then commits is lost. So after each commit
and every few seconds the guard looks at the files themselves.
"""

from __future__ import annotations

import os
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from storage.engine import connect_sqlite, sqlite_module
from storage.errors import StoreDamaged, StoreReplaced
from storage.pages import HEADER_BYTES, State, read_header, read_state

LOOK_AGAIN_SECONDS = (0.001, 0.01, 0.05, 0.1, 0.3)
"""What looks wrong is looked at again: another process may be in the middle of writing it."""

_PIECE = 1 << 20
"""Bytes of a file that are read at a time."""

_LOG_HEADER = 32
_FRAME_HEADER = 24
_INDEX_HEADER = struct.Struct("=IIIBBHII8x8s8x")
"""Of the log's index: version, unused, changes, initialised, byte order, page size, frames,
pages, checksum, salts, checksum. https://www.sqlite.org/walformat.html section 2.1."""


class _Descriptors:
    """One descriptor for each file, closed with its last user.

    POSIX drops all locks that a process has on a file as soon as it closes any descriptor of it,
    SQLite's locks included. So none is closed while a store in this process has the file open.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[tuple[int, int], tuple[int, int]] = {}

    def take(self, path: Path) -> tuple[int, tuple[int, int]]:
        """A descriptor for reading, and which file it is of."""
        with self._lock:
            found = os.stat(path)  # noqa: PTH116 - as everywhere in this module
            ident = (found.st_dev, found.st_ino)
            if ident in self._held:
                descriptor, users = self._held[ident]
            else:
                descriptor, users = os.open(path, os.O_RDONLY | os.O_CLOEXEC), 0
                found = os.fstat(descriptor)
                ident = (found.st_dev, found.st_ino)
            self._held[ident] = (descriptor, users + 1)
            return descriptor, ident

    def give_back(self, ident: tuple[int, int]) -> None:
        """Ends one use."""
        with self._lock:
            descriptor, users = self._held.pop(ident)
            if users > 1:
                self._held[ident] = (descriptor, users - 1)
            else:
                os.close(descriptor)


_descriptors = _Descriptors()


def first_bytes(path: Path) -> bytes:
    """The start of a file, read without harm to a store that has it open in this process.

    Raises:
        OSError: It cannot be read.
    """
    descriptor, ident = _descriptors.take(path)
    try:
        return os.pread(descriptor, HEADER_BYTES, 0)
    finally:
        _descriptors.give_back(ident)


def holds(path: Path, wanted: bytes) -> bool:
    """Whether bytes stand anywhere in a file, read in the same way.

    Raises:
        OSError: It cannot be read.
    """
    descriptor, ident = _descriptors.take(path)
    try:
        place = 0
        while piece := os.pread(descriptor, _PIECE + len(wanted), place):
            if wanted in piece:
                return True
            place += _PIECE
        return False
    finally:
        _descriptors.give_back(ident)


class _Watched:
    """One of the files, and whether its name still leads to it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.fd, self._ident = _descriptors.take(path)

    def stat(self) -> os.stat_result | None:
        """What the name leads to, or None where that is another file or none."""
        try:
            found = os.stat(self.path)  # noqa: PTH116 - asked on every commit; Path.stat costs three times as much
        except OSError:
            return None
        return found if (found.st_dev, found.st_ino) == self._ident else None

    def close(self) -> None:
        _descriptors.give_back(self._ident)


class FileGuard:
    """Says when a store that is open is no longer the one that was opened.

    A connection of its own sees to it that SQLite lets go of neither log nor index while the
    guard stands, so that their disappearing always means trouble. May be used from any thread.

    Args:
        path: The store's file.
        read_only: Whether nothing will be written: then only the file is watched.
    """

    def __init__(self, path: Path, *, read_only: bool) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._trouble: StoreReplaced | None = None
        self._conn: Any = connect_sqlite(path)
        self._conn.execute("PRAGMA query_only = ON")
        self._conn.execute("PRAGMA cache_size = 16")
        secrets = self._conn.execute("SELECT secret FROM store_state").fetchall()
        if len(secrets) != 1:
            self._conn.close()
            raise StoreDamaged(f"The store {path} lacks its state.", "Restore a backup.")
        [(self._secret,)] = secrets
        self._schema = -1
        self._root = 0
        self._file = _Watched(path)
        self._log: _Watched | None = None
        self._index: _Watched | None = None
        if not read_only:
            self._log = _Watched(path.with_name(path.name + "-wal"))
            self._index = _Watched(path.with_name(path.name + "-shm"))
        self._seen: tuple[int, int] | None = None
        self._size = 0
        self._seq = 0
        self.look()

    def check(self) -> None:
        """Looks at what costs microseconds; thoroughly where the file was written to since.

        Raises:
            StoreReplaced: The files are not those that were opened. Where they were overwritten
                or the log is gone, for good: nothing may be written by this process any more.
        """
        if self._trouble is not None:
            raise self._trouble
        found = self._file.stat()
        if found is None:
            raise self._replaced("was deleted or replaced")
        if (found.st_size, found.st_ctime_ns) != self._seen or not self._log_is_whole():
            self.look()

    def check_name(self) -> None:
        """Like `check`, for readers: only whether the name still leads to the file."""
        if self._trouble is not None:
            raise self._trouble
        if self._file.stat() is None:
            raise self._replaced("was deleted or replaced")

    def look(self) -> None:
        """Looks at all that can be looked at.

        Raises:
            StoreReplaced: See `check`.
        """
        with self._lock:
            if self._trouble is not None:
                raise self._trouble
            found = self._file.stat()
            if found is None:
                raise self._replaced("was deleted or replaced")
            # Noted before looking: what is written in between will be looked at next time.
            seen = (found.st_size, found.st_ctime_ns)
            if not self._settled(self._file_is_ours):
                self._give_up("was overwritten")
            if not self._settled(self._log_is_whole):
                self._lose_the_log()
            self._seen = seen

    def close(self) -> None:
        """Lets go of the files. Last of all connections of the store."""
        if self._trouble is not None:
            return  # See `_give_up`.
        self._conn.close()
        for each in (self._file, self._log, self._index):
            if each is not None:
                each.close()

    def _settled(self, looks_well: Callable[[], bool]) -> bool:
        for pause in LOOK_AGAIN_SECONDS:
            if looks_well():
                return True
            time.sleep(pause)
        return looks_well()

    def _file_is_ours(self) -> bool:
        fd = self._file.fd
        header = read_header(os.pread(fd, HEADER_BYTES, 0))
        if header is None:
            return False
        size = os.fstat(fd).st_size
        # While a log is copied into it, a file may be shorter than it says, yet never shorter
        # than it was; only after it was vacuumed it is as short as it says.
        if size < header.size and size < self._size:
            return False
        if header.schema != self._schema:
            self._root, self._schema = self._root_page(), header.schema
        state = self._state_in_file(header.page_size)
        if state is None or state.secret != self._secret or state.seq < self._seq:
            return False
        self._size, self._seq = size, state.seq
        return True

    def _root_page(self) -> int:
        """The page of `store_state`; 0 where the schema cannot be read."""
        query = "SELECT rootpage FROM sqlite_schema WHERE name = 'store_state'"
        try:
            found = self._conn.execute(query).fetchall()
        except sqlite_module().Error:
            return 0
        return int(found[0][0]) if found else 0

    def _state_in_file(self, page_size: int) -> State | None:
        if not self._root:
            return None
        at = (self._root - 1) * page_size
        page = os.pread(self._file.fd, page_size, at)
        # Twice the same, or it is being written.
        return read_state(page) if os.pread(self._file.fd, page_size, at) == page else None

    def _log_is_whole(self) -> bool:
        """Whether the log holds as many pages as its index says, and of the same life."""
        if self._log is None or self._index is None:
            return True
        there = self._log.stat()
        if there is None or self._index.stat() is None:
            return False
        index = os.pread(self._index.fd, 96, 0)
        if index[:48] != index[48:]:
            return False  # It is being written.
        _, _, _, ready, _, page_size, frames, _, salts = _INDEX_HEADER.unpack_from(index)
        if not ready or not frames:
            return True
        page_size = (page_size & 0xFE00) + ((page_size & 1) << 16)
        if there.st_size < _LOG_HEADER + frames * (_FRAME_HEADER + page_size):
            return False
        return bool(os.pread(self._log.fd, 8, 16) == salts)

    def _lose_the_log(self) -> None:
        assert self._log is not None and self._index is not None  # noqa: S101 - or it were whole
        if self._log.stat() is None and self._index.stat() is not None:
            # SQLite still holds the log that was deleted. What it holds was acknowledged, so
            # it goes where it belongs before nobody has it any more.
            self._conn.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            self._give_up("lost its log: the file was deleted or replaced")
        self._give_up("lost its log: it was overwritten or deleted")

    def _give_up(self, what: str) -> None:
        """Stops this process from writing to the store, for good."""
        # The last connection that is closed would copy the log into a file that it does not
        # belong to any more. So this one is never closed, not even when Python ends.
        import ctypes

        ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._conn))
        self._trouble = self._replaced(what)
        raise self._trouble

    def _replaced(self, what: str) -> StoreReplaced:
        name = self._path.name
        return StoreReplaced(
            f"The store {self._path} {what} while it was open.",
            "Nothing more is written. Stop Optdesk; if another file shall take its place,"
            f" remove {name}-wal and {name}-shm beside it; start again.",
        )
