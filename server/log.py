"""The listener's log. No key, token, name or whole number is ever written to it.

Nothing is shown unless a program sets it up with `log_to_stderr`: inside the desk, a line on the
terminal would end up in the middle of a screen.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import structlog

from storage.store import StoreHealth

if TYPE_CHECKING:
    from storage.store import Store

_ROOT = "optdesk"
_HEALTH_SECONDS = 10.0


def logger(name: str) -> Any:
    """A structured logger below `optdesk`."""
    return structlog.wrap_logger(
        logging.getLogger(f"{_ROOT}.{name}"),
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=True),
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def log_to_stderr() -> None:
    """Writes the log to standard error, one JSON object a line."""
    root = logging.getLogger(_ROOT)
    root.setLevel(logging.INFO)
    root.propagate = False
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    root.handlers[:] = [handler]


logging.getLogger(_ROOT).addHandler(logging.NullHandler())

_log = logger("server")


def note_unexpected(where: str, error: BaseException) -> None:
    """Logs a fault by its type and place alone: its message may quote what a sender wrote."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    spot = f"{place.tb_frame.f_code.co_name}:{place.tb_lineno}" if place else ""
    _log.error("unexpected", where=where, error=type(error).__name__, at=spot)


class HealthLog:
    """Writes to the log when a store falls ill or recovers, each at most every ten seconds.

    What is held back for that is written afterwards, unless it has passed: the last line is what
    holds. A listener for `Store.on_health`; may be called from any thread.

    Args:
        store: What is said of it now is logged at once where it is ill.
    """

    def __init__(self, store: Store) -> None:
        self._lock = threading.Lock()
        self._now = self._last = StoreHealth()
        self._said: dict[StoreHealth, float] = {}
        self._later: threading.Timer | None = None
        if not store.health.ok:
            self(store.health)

    def __call__(self, health: StoreHealth) -> None:
        """Takes note of how the store does."""
        with self._lock:
            self._now = health
            self._write()

    def _write(self) -> None:
        """Writes how the store does, or sees to it that it is written later. Under the lock."""
        health = self._now
        if health == self._last:
            return
        moment = time.monotonic()
        self._said = {said: at for said, at in self._said.items() if moment - at < _HEALTH_SECONDS}
        if health in self._said:
            if self._later is None:
                wait = self._said[health] + _HEALTH_SECONDS - moment
                self._later = threading.Timer(wait, self._catch_up)
                self._later.daemon = True
                self._later.start()
            return
        self._last = health
        self._said[health] = moment
        if health.ok:
            _log.info("store", says="The store works again.")
        else:
            _log.error("store", says=health.sentence, next_step=health.next_step)

    def _catch_up(self) -> None:
        with self._lock:
            self._later = None
            self._write()


def quiet_loop(loop: asyncio.AbstractEventLoop) -> None:
    """Makes a loop report its faults by type alone."""

    def report(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, ConnectionError):
            return
        if error is not None:
            note_unexpected("the event loop", error)
        else:
            # The message may hold the representation of anything.
            _log.error("unexpected", where="the event loop", error="")

    loop.set_exception_handler(report)


def quiet_library() -> logging.Logger:
    """A logger for aiohttp that says nothing: its messages hold tracebacks and requests."""
    silent = logging.getLogger(f"{_ROOT}.aiohttp")
    silent.propagate = False
    silent.disabled = True
    return silent
