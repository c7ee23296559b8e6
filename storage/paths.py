"""The names of files as people write them."""

from __future__ import annotations

import os
from pathlib import Path


def spelled_out(written: str | Path) -> Path:
    """A name with the home folder in the place of `~`; as it is where there is no such home."""
    return Path(os.path.expanduser(written))  # noqa: PTH111 - Path.expanduser raises then


def real_path(written: str | Path) -> Path:
    """The file itself, with its whole name.

    SQLite keeps a store's log beside the file that a link leads to, not beside the link.
    """
    return Path(os.path.realpath(spelled_out(written)))
