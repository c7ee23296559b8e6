"""Watching a SQLite file: inotify tells that its log grew, the sequence tells whether it counts."""

from __future__ import annotations

import errno
import os
import select
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from storage.engine import connect_sqlite, may_write, sqlite_module
from storage.errors import OptdeskError, StoreError
from storage.faults import explain
from storage.feed import ECHO_REST_SECONDS, POLL_SECONDS, Reports, Watched

AGAIN_SECONDS = (0.002, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32)
"""Pauses before looking again after a hint: the log grows, is synced, and then can be seen."""

REST_SECONDS = 0.001
"""Between two looks, so that the many writes of one commit are one hint."""

STAT_SECONDS = 0.1
"""How often the log's size and time are looked at where nothing reports them."""


class _Hints:
    """Waits until the store's log has changed, or for a while.

    inotify watches the folder for the log's coming and going, and the log for growth. Where
    there is none, the log is looked at ten times a second, which costs less than a query.
    """

    def __init__(self, path: Path, wake_fd: int) -> None:
        self._wal = path.with_name(path.name + "-wal")
        self._names = {path.name, self._wal.name}
        self._seen = self._state()
        self._inotify = _open_inotify()
        self._log_watch = -1
        self._poll = select.poll()
        self._poll.register(wake_fd, select.POLLIN)
        if self._inotify is not None:
            self._poll.register(self._inotify.fileno(), select.POLLIN)
            self._watch_folder()
            self._watch_log()

    def wait(self, seconds: float) -> bool:
        """Sleep until there is a hint, at most `seconds`. Returns whether there was one."""
        if self._inotify is None:
            return self._wait_looking(seconds)
        if not self._poll.poll(seconds * 1000):
            return False
        return self._read_events()

    def close(self) -> None:
        """Let go of the watches."""
        if self._inotify is not None:
            self._inotify.close()

    def _watch_folder(self) -> None:
        from inotify_simple import flags

        moves = flags.CREATE | flags.DELETE | flags.MOVED_TO | flags.MOVED_FROM
        self._add(self._wal.parent, moves)

    def _watch_log(self) -> None:
        from inotify_simple import flags

        self._log_watch = self._add(self._wal, flags.MODIFY)

    def _add(self, path: Path, mask: int) -> int:
        try:
            return int(self._inotify.add_watch(path, mask))
        except OSError as error:
            if error.errno not in {errno.ENOENT, errno.ENOSPC, errno.EACCES}:
                raise
            return -1

    def _read_events(self) -> bool:
        hint = False
        for event in self._inotify.read(timeout=0):
            if event.wd == self._log_watch:
                hint = True
            elif event.name in self._names:
                hint = True
                self._watch_log()
        return hint

    def _wait_looking(self, seconds: float) -> bool:
        left = seconds
        while left > 0:
            nap = min(left, STAT_SECONDS)
            if self._poll.poll(nap * 1000):
                return False
            left -= nap
            state = self._state()
            if state != self._seen:
                self._seen = state
                return True
        return False

    def _state(self) -> tuple[int, int, int] | None:
        try:
            found = os.stat(self._wal)  # noqa: PTH116 - ten times a second
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino


def _open_inotify() -> Any:
    try:
        from inotify_simple import INotify

        return INotify()
    except (ImportError, OSError):
        # Another system than Linux, or the user's instances are used up.
        return None


class _Sequence:
    """Reads the store's sequence on a connection of its own."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._conn: Any = None
        self.errors: tuple[type[Exception], ...] = (sqlite_module().Error, OSError)

    @property
    def is_open(self) -> bool:
        """Whether it holds the file that it was opened with, whatever its name leads to now."""
        return self._conn is not None

    def read(self) -> int:
        """The sequence of the last commit that can be seen."""
        if self._conn is None:
            # The same library as the engines': a second one would break the file's locks.
            self._conn = connect_sqlite(self._path)
            self._conn.execute("PRAGMA busy_timeout = 1000")
            self._conn.execute("PRAGMA query_only = ON")
            self._conn.execute("PRAGMA cache_size = 16")
        seq = int(self._conn.execute("SELECT seq FROM store_state").fetchall()[0][0])
        if not may_write(self._path):
            # The way to open it changes when somebody who may write to it begins or ends.
            self.close()
        return seq

    def close(self) -> None:
        """Let go of the file."""
        if self._conn is not None:
            self._conn.close()
            self._conn = None


def watch(store: Watched, file: Path, reports: Reports) -> None:
    """Watch the SQLite file of a store until the feed closes."""
    path = file.resolve()
    look = _Look(store, _Sequence(path), reports)
    hints = _Hints(path, reports.wake_fd)
    pauses: Iterator[float] = iter(())
    try:
        look(polled=True)
        while not reports.closing():
            pause, held = next(pauses, None), reports.held()
            wait = POLL_SECONDS if pause is None else pause
            hint = hints.wait(wait if held is None else min(wait, held))
            if reports.closing():
                break
            if hint:
                pauses = iter(AGAIN_SECONDS)
            own = look(polled=pause is None and held is None and not hint)
            time.sleep(ECHO_REST_SECONDS if own else REST_SECONDS)
    finally:
        hints.close()
        look.sequence.close()


class _Look:
    """Reads the sequence and passes on what is new."""

    def __init__(self, store: Watched, sequence: _Sequence, reports: Reports) -> None:
        self.sequence = sequence
        self._store = store
        self._reports = reports
        self._seen = -1

    def __call__(self, *, polled: bool) -> bool:
        """Look once. Returns whether there was nothing but a commit of this process."""
        known = self._reports.known()
        try:
            if polled or not self.sequence.is_open:
                self._store.look()
            seq = self.sequence.read()
        except StoreError as error:
            self._reports.failed(error)
            return False
        except self.sequence.errors as error:
            self.sequence.close()
            self._reports.failed(self._diagnosis(error))
            return False
        self._reports.well()
        moved, self._seen = seq != self._seen, seq
        news = self._reports.saw(seq, polled=known if polled else None)
        return moved and not news

    def _diagnosis(self, error: Exception) -> OptdeskError:
        try:
            self._store.look()
        except StoreError as found:
            return found
        return explain(error, str(self._store.path))
