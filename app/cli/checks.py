"""What `optdesk doctor` looks at: this machine, then the check list of the store."""

from __future__ import annotations

import shlex
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from app.settings import Settings
from server import reach
from server.gateways import make_gateway
from server.settings import ListenerSettings
from storage import checklist, engine, seats
from storage.checklist import Item, State
from storage.errors import OptdeskError, WrongUsage
from storage.store import Store


def examine(settings: Settings, *, named: bool = False) -> Iterator[Item]:
    """Everything that can keep leads from arriving, the nearest cause first.

    Args:
        settings: Where the listener is looked for, among others.
        named: Whether its address was given just now, so that no other one will do.
    """
    try:
        store = Store.open(settings.store, create=False, migrate=False)
    except OptdeskError as error:
        yield Item("store", State.BAD, error.sentence, error.next_step)
        return
    try:
        health = store.health
        if health.ok:
            yield Item("store", State.OK, f"{store.name} is open.")
        else:
            yield checklist.unhealthy(health.sentence, health.next_step)
        if store.path is not None:
            yield _files(store.path)
            yield _sqlite()
        listener = _listener(store, settings, named=named)
        public = reach.public(settings.public_base_url) if settings.public_base_url else None
        with store.read() as conn:
            yield from checklist.examine(conn, listener=listener, public=public)
        yield _gateway(settings, store)
    except OptdeskError as error:
        yield Item("store", State.BAD, error.sentence, error.next_step)
    finally:
        store.close()


def _gateway(settings: Settings, store: Store) -> Item:
    """Whether the gateway of the settings can be used; nothing is sent to it."""
    if settings.gateway == "simulated":
        said = "The gateway is simulated: texts are recorded and none is sent."
        return Item("gateway", State.WARN, said)
    try:
        make_gateway(ListenerSettings.of(settings), store)
    except WrongUsage as error:
        return Item("gateway", State.BAD, error.sentence, error.next_step)
    if not settings.public_base_url:
        said = f"The gateway is {settings.gateway}, which cannot report back: texts that come in,"
        step = "Set public_base_url to the address under which the provider reaches the listener."
        return Item("gateway", State.BAD, f"{said} STOP among them, do not arrive.", step)
    return Item("gateway", State.OK, f"The gateway is {settings.gateway}.")


def _listener(store: Store, settings: Settings, *, named: bool) -> Item:
    """Whether a listener of the store answers: the configured one, or another that runs."""
    fingerprint = store.fingerprint()
    found = reach.listener(settings.host, settings.port, fingerprint)
    if found.ok or named:
        return found
    with store.read() as conn:
        served = [urlsplit(url) for url in seats.served_at(conn)]
    others = (reach.listener(url.hostname or "", url.port or 80, fingerprint) for url in served)
    return next((other for other in others if other.ok), found)


def _files(path: Path) -> Item:
    """Whether others on this machine can read the store."""
    beside = [path.with_name(path.name + end) for end in ("", "-wal", "-shm")]
    open_ones = [each for each in beside if each.exists() and _is_open_to_others(each)]
    if open_ones:
        listed = " ".join(str(each) for each in open_ones)
        quoted = shlex.join(str(each) for each in open_ones)
        return Item("files", State.BAD, f"Others can read {listed}.", f"chmod 600 {quoted}")
    if _is_open_to_others(path.parent):
        step = f"chmod 700 {shlex.quote(str(path.parent))}"
        return Item("files", State.WARN, f"Others can look into {path.parent}.", step)
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
