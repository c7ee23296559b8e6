"""What `optdesk doctor` looks at: this machine, then the check list of the store."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

from app.settings import Settings
from server import reach
from storage import checklist, engine
from storage.checklist import Item, State
from storage.errors import OptdeskError
from storage.store import Store


def examine(settings: Settings) -> Iterator[Item]:
    """Everything that can keep leads from arriving, the nearest cause first."""
    try:
        store = Store.open(settings.store, create=False, migrate=False)
    except OptdeskError as error:
        yield Item("store", State.BAD, error.sentence, error.next_step)
        return
    try:
        yield Item(
            "store",
            State.BAD if store.read_only else State.OK,
            f"{store.name} {'can only be read' if store.read_only else 'is open'}.",
            "Give this user the right to write to it." if store.read_only else "",
        )
        if store.path is not None:
            yield _files(store.path)
            yield _sqlite()
        listener = reach.listener(settings.host, settings.port, store.fingerprint())
        public = reach.public(settings.public_base_url) if settings.public_base_url else None
        with store.read() as conn:
            yield from checklist.examine(conn, listener=listener, public=public)
        yield Item(
            "gateway", State.WARN, "The gateway is simulated: texts are recorded and none is sent."
        )
    except OptdeskError as error:
        yield Item("store", State.BAD, error.sentence, error.next_step)
    finally:
        store.close()


def _files(path: Path) -> Item:
    """Whether others on this machine can read the store."""
    beside = [path.with_name(path.name + end) for end in ("", "-wal", "-shm")]
    open_ones = [each for each in beside if each.exists() and _is_open_to_others(each)]
    if open_ones:
        listed = " ".join(str(each) for each in open_ones)
        return Item("files", State.BAD, f"Others can read {listed}.", f"chmod 600 {listed}")
    if _is_open_to_others(path.parent):
        return Item(
            "files", State.WARN, f"Others can look into {path.parent}.", f"chmod 700 {path.parent}"
        )
    return Item("files", State.OK, "Nobody else can read the store's files.")


def _is_open_to_others(path: Path) -> bool:
    return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)


def _sqlite() -> Item:
    if engine.sqlite_is_sound():
        return Item("sqlite", State.OK, f"SQLite is {engine.sqlite_version()}.")
    return Item(
        "sqlite",
        State.WARN,
        f"SQLite is {engine.sqlite_version()}, which can damage a store in rare cases.",
        "Install SQLite 3.51.3 or newer, or the Python package pysqlite3.",
    )
