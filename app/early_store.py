"""Where the store will be, found out without reading all settings."""

from __future__ import annotations

import os
from pathlib import Path

from app.options import DeskOptions
from storage.errors import OptdeskError

_SQLITE = "sqlite:///"


def early_store(options: DeskOptions) -> Path | None:
    """The file of the SQLite store that the settings will name.

    Only a first look depends on it: the settings are read afterwards, and what is wrong with
    them is told then.

    Returns:
        The file, or None where it is another kind of store or only the settings can tell.
    """
    url = options.store_url or os.environ.get("OPTDESK_STORE") or _written(options)
    if not url:
        return None
    if url.startswith(_SQLITE):
        url = url.removeprefix(_SQLITE)
    return None if "://" in url or "?" in url else Path(url).expanduser().absolute()


def _written(options: DeskOptions) -> str:
    from app import locations

    named = options.config or os.environ.get("OPTDESK_CONFIG")
    path = Path(named).expanduser() if named else locations.config_file()
    try:
        if path.exists():
            from app.settings_file import SettingsFile

            found = SettingsFile(path, named=bool(named)).values.get("store")
            if found is not None:
                return str(found)
        return locations.default_store()
    except (OptdeskError, OSError):
        return ""
