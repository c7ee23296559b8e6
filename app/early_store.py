"""Where the store will be, found out without reading all settings."""

from __future__ import annotations

import os
from pathlib import Path

from app.options import DeskOptions
from storage.errors import OptdeskError
from storage.paths import real_path, spelled_out

_SQLITE = "sqlite:///"


def early_url(options: DeskOptions) -> str:
    """The store that the settings will name, as it was written there; empty if unknown.

    Only a first look and what is remembered depend on it: the settings are read afterwards, and
    what is wrong with them is told then.
    """
    return options.store_url or os.environ.get("OPTDESK_STORE") or _written(options)


def early_store(url: str) -> Path | None:
    """The file of a SQLite store.

    Returns:
        The file, or None where it is another kind of store or only the settings can tell.
    """
    url = url.removeprefix(_SQLITE)
    return None if not url or "://" in url or "?" in url else real_path(url)


def _written(options: DeskOptions) -> str:
    from app import locations

    named = options.config or os.environ.get("OPTDESK_CONFIG")
    path = spelled_out(named) if named else locations.config_file()
    try:
        if path.exists():
            from app.settings_file import SettingsFile

            found = SettingsFile(path, named=bool(named)).values.get("store")
            if found is not None:
                return str(found)
        return locations.default_store()
    except (OptdeskError, OSError):
        return ""
