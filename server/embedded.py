"""The listener inside the desk: its own thread and event loop, so that no screen delays it."""

from __future__ import annotations

import asyncio
import errno
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from server import neighbour, runtime
from server.listener import Listener
from server.log import note_unexpected, quiet_loop
from server.settings import ListenerSettings
from storage.errors import OptdeskError, StoreError
from storage.store import Store

_LOOK_SECONDS = 2.0
"""How often a listener that could not start looks again."""

Kind = Literal["starting", "listening", "attached", "failed", "stopped"]


@dataclass(frozen=True, slots=True)
class ListenerState:
    """How the listener stands: what is, never what should be."""

    kind: Kind
    """`attached`: another Optdesk on this store listens there, and does our work."""
    url: str
    sentence: str = ""
    """Why it is not listening; for people."""


class EmbeddedListener:
    """A listener with a life of its own.

    While its port is held by somebody else it keeps looking, and takes over when the port
    becomes free.

    Args:
        store: Open, and kept open until `stop` has returned.
        settings: How to behave.
        on_state: Told of each new state, in the listener's thread. It must return at once.
    """

    def __init__(
        self,
        store: Store,
        settings: ListenerSettings,
        on_state: Callable[[ListenerState], None] | None = None,
    ) -> None:
        self._store = store
        self._settings = settings
        self._on_state = on_state
        self._listener: Listener | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = asyncio.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="optdesk-listener", daemon=True)
        self.state = ListenerState("starting", settings.url())

    def start(self) -> None:
        """Starts; returns at once."""
        self._thread.start()

    def stop(self, timeout: float = 5.0) -> bool:
        """Answers what is in hand and ends; returns whether that was done in time."""
        if self._thread.ident is None:
            return True
        self._ready.wait(timeout)
        if self._loop is not None:
            # A loop that is closed has nothing left to stop.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            runtime.run(self._live())
        except Exception as error:  # noqa: BLE001 - the thread's end: the desk has to be told
            note_unexpected("the embedded listener", error)
            self._say("failed", f"The listener stopped with {type(error).__name__}.")
        finally:
            self._ready.set()

    async def _live(self) -> None:
        self._loop = asyncio.get_running_loop()
        quiet_loop(self._loop)
        self._ready.set()
        while not self._stopping.is_set():
            try:
                if await self._may_bind():
                    await self._listen()
            except StoreError as error:
                self._say("failed", str(error))
            except OptdeskError as error:
                self._say("failed", str(error))
                await self._stopping.wait()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), _LOOK_SECONDS)
        self._say("stopped")

    async def _may_bind(self) -> bool:
        """Whether the port may be ours; while it was held, asks its holder again."""
        if self.state.kind not in ("attached", "failed"):
            return True
        return not await self._tell_who_holds_it()

    async def _tell_who_holds_it(self) -> bool:
        loop, settings = asyncio.get_running_loop(), self._settings
        fingerprint = await loop.run_in_executor(None, self._store.fingerprint)
        found = await loop.run_in_executor(None, neighbour.ask, settings.host, settings.port)
        if found is None:
            return False
        same = found.is_optdesk and found.store == fingerprint
        self._say("attached" if same else "failed", found.sentence(settings.url(), fingerprint))
        return True

    async def _listen(self) -> None:
        listener = Listener(self._store, self._settings)
        try:
            await listener.start()
        except OSError as error:
            if error.errno != errno.EADDRINUSE or not await self._tell_who_holds_it():
                reason = neighbour.why_not(error)
                self._say("failed", f"Cannot listen on {self._settings.url()}: {reason}.")
            return
        runtime.settle_down(screen=True)
        self._say("listening", url=listener.url)
        try:
            await self._stopping.wait()
        finally:
            await listener.stop()

    def _say(self, kind: Kind, sentence: str = "", url: str = "") -> None:
        state = ListenerState(kind, url or self._settings.url(), sentence)
        if state == self.state:
            return
        self.state = state
        if self._on_state is not None:
            self._on_state(state)
