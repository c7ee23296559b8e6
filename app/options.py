"""What the command line hands to the desk. Light: the frame is painted before settings are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.settings import Settings
    from storage.store import Store


class Captions:
    """Carries what a story says to whoever shows it. From any thread."""

    def __init__(self) -> None:
        self._heard: Callable[[str, str], object] | None = None

    def listen(self, heard: Callable[[str, str], object]) -> None:
        """From now on `heard` is called with each caption and the place where it can be seen."""
        self._heard = heard

    def say(self, text: str, place: str = "") -> None:
        """Says what is going on."""
        if self._heard is not None:
            self._heard(text, place)


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
    settings: Mapping[str, object] | None = None
    """Settings that go before those of the person."""
    captions: Captions | None = None
    """What a story says while it plays."""
    on_settings: Callable[[Settings], None] | None = None
    """Called in a background thread once the settings are read, before the store is opened."""
    on_listening: Callable[[Store, str], None] | None = None
    """Called in a background thread once the listener's address is known: (store, address)."""
