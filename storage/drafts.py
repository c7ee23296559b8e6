"""Drafts of backups: what a kill left of one is taken away before the next one is made.

Such a draft holds people as the store does, and nobody would look for them there.
"""

from __future__ import annotations

import glob
import os
import re
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_DRAFT = re.compile(r"\.[0-9a-f]{8}\.part")


@contextmanager
def draft_of(target: Path) -> Iterator[Path]:
    """An empty file beside its later place, for its owner alone; gone at the end.

    Raises:
        OSError: There can be none.
    """
    draft = target.with_name(f"{target.name}.{secrets.token_hex(4)}.part")
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with suppress(OSError):  # Not every disk knows such locks.
            _hold(descriptor, wait=True)
        yield draft
    finally:
        os.close(descriptor)
        draft.unlink(missing_ok=True)


def take_away_dead(beside: Path) -> None:
    """Takes away the drafts beside a file that nobody writes any more."""
    for draft in beside.parent.glob(f"{glob.escape(beside.name)}.*.part"):
        if _DRAFT.fullmatch(draft.name[-len(".01234567.part") :]):
            with suppress(OSError):  # Somebody writes it, or it is somebody else's.
                _take_away(draft)


def _take_away(draft: Path) -> None:
    descriptor = os.open(draft, os.O_RDONLY)
    try:
        # An empty one was made a moment ago, or holds nobody.
        if _hold(descriptor, wait=False) and os.fstat(descriptor).st_size:
            draft.with_name(f"{draft.name}-journal").unlink(missing_ok=True)
            draft.unlink()
    finally:
        os.close(descriptor)


def _hold(descriptor: int, *, wait: bool) -> bool:
    """Keeps a file from being taken away, for as long as it is open.

    Returns:
        Whether nobody else does. Only Linux can tell: elsewhere SQLite could not lock it as well.

    Raises:
        OSError: Somebody does.
    """
    if not sys.platform.startswith("linux"):
        return False
    import fcntl

    fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    return True
