"""What the command line hands to the desk. Light: the frame is painted before settings are read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from storage.store import Store


@dataclass(frozen=True, slots=True)
class DeskOptions:
    """The flags of `optdesk` and `optdesk demo`. None means: as the settings say."""

    store_url: str | None = None
    host: str | None = None
    port: int | None = None
    tls_cert: str | None = None
    tls_key: str | None = None
    config: str | None = None
    actor: str | None = None
    """Who acts at this desk: `--as`, else the OS user."""
    throwaway: bool = False
    """The store goes when the desk closes; the status line says so."""
    prepare: Callable[[Store], None] | None = None
    """Called in a background thread as soon as the store is open, before the listener starts."""
    on_listening: Callable[[Store, str], None] | None = None
    """Called in a background thread once the listener's address is known: (store, address)."""
