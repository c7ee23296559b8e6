"""Where Optdesk keeps its files. Every folder of its own is for its user alone."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from storage.errors import StoreError

_PRIVATE = 0o700

_NOWHERE = Path(os.devnull) / "optdesk"
"""The folder of a user without a home: there is none, and nobody can make it."""

_ELSEWHERE = "Name another store with --store or OPTDESK_STORE."


def config_file() -> Path:
    """The settings file that is read when no other is named; it need not exist.

    Where it does, it and its folder are closed to others: it may hold a store's password.
    """
    from platformdirs import user_config_path

    path = _folder(user_config_path) / "config.toml"
    if path.exists():
        with suppress(OSError):
            _close(path.parent, _PRIVATE)
            _close(path, 0o600)
    return path


def data_folder() -> Path:
    """The folder of the default store, made private.

    Raises:
        StoreError: It cannot be made.
    """
    from platformdirs import user_data_path

    path = _folder(user_data_path)
    if path == _NOWHERE:
        raise StoreError("There is no home folder to keep a store in.", _ELSEWHERE)
    return private_folder(path)


def default_store() -> str:
    """The URL of the store that is used when none is named; its folder is made."""
    return f"sqlite:///{data_folder() / 'optdesk.db'}"


def papers_folder() -> Path:
    """The folder that evidence is written into; it is made when something is."""
    from platformdirs import user_data_path

    return _folder(user_data_path) / "evidence"


def memory_file(store: str) -> Path:
    """What this user's desks remember of a store; it need not exist.

    Args:
        store: The store as `app.early_store` names it.
    """
    from hashlib import sha256

    from platformdirs import user_state_path

    # Neither a password nor where the store is needs to be known by the name of a file.
    name = sha256(store.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return _folder(user_state_path) / f"desk-{name}.json"


def private_folder(path: Path) -> Path:
    """Makes a folder 0700, also one that is there already and belongs to this user.

    Raises:
        StoreError: It cannot be made.
    """
    try:
        path.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
        _close(path, _PRIVATE)
    except OSError as error:
        raise StoreError(
            f"The folder {path} cannot be made: {error.strerror}.",
            _ELSEWHERE,
        ) from error
    return path


def _folder(of: Callable[..., Path]) -> Path:
    """One of this user's folders; one that is not there, where the user has no home."""
    try:
        return of("optdesk", appauthor=False)
    except RuntimeError:
        return _NOWHERE


def _close(path: Path, mode: int) -> None:
    """Gives a file or folder of this user a mode."""
    found = path.stat()
    if found.st_uid == os.getuid() and stat.S_IMODE(found.st_mode) != mode:
        path.chmod(mode)
