"""`optdesk serve`: listener and courier without a terminal."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import sys
import threading
from typing import Protocol

from server import neighbour, runtime
from server.listener import Listener
from server.log import HealthLog, log_to_stderr, logger, quiet_loop
from server.settings import ListenerSettings
from storage.errors import OptdeskError, StoreError
from storage.seats import Presence, SeatView
from storage.store import Store

_EXIT_SECONDS = 4.0
"""How long after a signal the process may live, whatever still hangs."""

_log = logger("serve")


class Chosen(Protocol):
    """The application's settings; see `ListenerSettings.of` for the rest of them."""

    @property
    def store(self) -> str:
        """The store's URL."""
        ...


def run(chosen: Chosen) -> int:
    """Listens until a signal ends it; says `listening on URL` on standard output when ready.

    SIGTERM, SIGINT and SIGHUP stop it: what is in hand is answered, the rest is not taken.

    Args:
        chosen: The application's settings.

    Returns:
        The exit code: 0 after a signal; 1 when the port cannot be had, with a sentence that says
        who holds it (also where that is an Optdesk on the same store, which serves it already:
        two could not share the port, and whoever started this one wants to know); 3 when the
        store cannot be used.
    """
    log_to_stderr()
    settings = ListenerSettings.of(chosen)
    try:
        store = Store.open(chosen.store)
    except OptdeskError as error:
        return _fail(error)
    try:
        return runtime.run(_serve(store, settings))
    except OptdeskError as error:
        return _fail(error)
    finally:
        store.close()


async def _serve(store: Store, settings: ListenerSettings) -> int:
    loop = asyncio.get_running_loop()
    quiet_loop(loop)
    stopping = asyncio.Event()

    def stop() -> None:
        _exit_in_time()
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, stop)
    store.on_health(HealthLog(store))
    listener = Listener(store, settings)
    try:
        await listener.start()
    except OSError as error:
        return await _explain(error, store, settings)
    presence = Presence(store, "serve", address=listener.url, met=_tell_who_else)
    presence.start()
    runtime.settle_down(screen=False)
    _log.info("listening", url=listener.url, store=store.kind)
    _announce(listener.url)
    await stopping.wait()
    await listener.stop()
    await loop.run_in_executor(None, presence.close)
    _log.info("stopped")
    return 0


def _announce(url: str) -> None:
    """Says that it is ready; leads are taken also where nobody can be told."""
    try:
        sys.stdout.write(f"listening on {url}\n")
        sys.stdout.flush()
    except OSError:
        # The reader is gone, or its disk is full. What is left to say would be tried again at the
        # end, in vain.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _tell_who_else(seats: tuple[SeatView, ...]) -> None:
    for seat in seats:
        _log.warning("not alone", says=seat.sentence)


async def _explain(error: OSError, store: Store, settings: ListenerSettings) -> int:
    url = settings.url()
    loop = asyncio.get_running_loop()
    if error.errno == errno.EADDRINUSE:
        holder = await loop.run_in_executor(None, neighbour.ask, settings.host, settings.port)
        sentence = (holder or neighbour.Neighbour(False)).sentence(url, store.fingerprint())
        step = "Stop it, or choose another port with --port."
    else:
        sentence = f"Cannot listen on {url}: {neighbour.why_not(error)}."
        step = "Choose another --host or --port."
    sys.stderr.write(f"{sentence} {step}\n")
    return 1


def _fail(error: OptdeskError) -> int:
    sys.stderr.write(f"{error}\n")
    return 3 if isinstance(error, StoreError) else error.exit_code


def _exit_in_time() -> None:
    """Ends the process when a store or sender that hangs would keep it alive."""
    timer = threading.Timer(_EXIT_SECONDS, os._exit, (0,))
    timer.daemon = True
    timer.start()
