"""The change feed: tells the screens of this process that the store has changed.

What the operating system or the server reports is a hint. The truth is `store_state.seq`,
which every committed write raises; it is read on each hint, and every two seconds without one.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from storage.errors import OptdeskError

POLL_SECONDS = 2.0
"""How often the sequence is read while nothing is reported."""

ECHO_REST_SECONDS = 0.01
"""How long nobody looks after the echo of a commit of this process: under load there are hundreds
in a second."""

ANEW_SECONDS = 1.0
"""After so long the watching begins anew where the system did not let it go on."""

SCREEN_SECONDS = 0.1
"""The least time between two refreshes of a screen."""


FOLLOWED_SECONDS = 0.02
"""How long the news of a commit wait for the commit that follows it: a lead comes in, and some
milliseconds later the receipt of its text, which puts it into the queue."""


class Watched(Protocol):
    """What the feed needs of a store."""

    url: str
    path: Path | None

    def look(self) -> None:
        """Raises a StoreError when the store's files are no longer those that were opened."""

    def failed(self, error: OptdeskError) -> None:
        """Takes note that the store cannot be used."""

    def recovered(self) -> None:
        """Takes note that it can be used again."""


class ChangeFeed:
    """Calls its subscribers whenever this or another process has committed a write.

    Args:
        store: The store to watch.
    """

    def __init__(self, store: Watched) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._subscribers: dict[object, Callable[[], None]] = {}
        self._announced = 0
        self._expected: set[int] = set()
        """Commits of this process that may be seen in the store before they are told of."""
        self._held_until: float | None = None
        """When those who wait for a commit that follows are told at the latest."""
        self._ill = False
        self._closing = threading.Event()
        # Written to when the watching thread shall look up: it sleeps in poll().
        self._wake_reader, self._wake_writer = os.pipe()
        self._thread = threading.Thread(target=self._run, name="optdesk-feed", daemon=True)

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Calls `callback` after every change, from any thread; it means “look again”.

        It must return at once: notify or post, nothing more. See `Throttle`.

        Returns:
            A function that ends the subscription.
        """
        key = object()
        with self._lock:
            self._subscribers[key] = callback

        def unsubscribe() -> None:
            with self._lock:
                self._subscribers.pop(key, None)

        return unsubscribe

    def expect(self, seq: int | None) -> None:
        """Takes note of a commit that is about to be made here, and is followed; or of none."""
        with self._lock:
            if seq is None:
                self._expected.clear()
            else:
                self._expected.add(seq)

    def local_commit(self, seq: int | None = None, *, followed: bool = False) -> None:
        """Tells the subscribers of a commit of this process, at once.

        Args:
            seq: The sequence that the commit wrote. With it, the echo of the commit that comes
                back from the system is known for one.
            followed: Another one follows soon: they are told of both together, unless it takes
                longer than `FOLLOWED_SECONDS`.
        """
        if seq is None:
            self._call_subscribers()
            return
        with self._lock:
            self._expected = {other for other in self._expected if other > seq}
        if followed:
            with self._lock:
                if seq > self._announced:
                    self._announced = seq
                    self._held_until = self._held_until or time.monotonic() + FOLLOWED_SECONDS
        else:
            self._announce(seq)

    def tell_what_is_held(self) -> float | None:
        """Tells the subscribers of what was held back for long enough.

        Returns:
            Seconds until there is something to tell; None where nothing is held back.
        """
        with self._lock:
            if self._held_until is None:
                return FOLLOWED_SECONDS if self._expected else None
            left = self._held_until - time.monotonic()
        if left > 0:
            return left
        self._call_subscribers()
        return None

    def start(self) -> None:
        """Begin to watch for the commits of other processes."""
        self._thread.start()

    def close(self) -> None:
        """Stop watching. No callback is running or called after it returns."""
        self._closing.set()
        with self._lock:
            self._subscribers.clear()
        os.write(self._wake_writer, b"x")
        if self._thread.ident is not None:
            self._thread.join()
        os.close(self._wake_reader)
        os.close(self._wake_writer)

    def _run(self) -> None:
        if self._store.path is None:
            from storage.feed_postgresql import watch as watch_server

            watch_server(self._store, Reports(self))
        else:
            from storage.feed_sqlite import watch as watch_file

            while not self._closing.is_set():
                try:
                    watch_file(self._store, self._store.path, Reports(self))
                except OSError:
                    # Such as for want of file descriptors. Who does not watch hears of nobody.
                    self._closing.wait(ANEW_SECONDS)

    def _announce(self, seq: int, *, polled: int | None = None) -> None:
        with self._lock:
            if seq in self._expected and polled is None:
                return
            # A sequence that falls was not overtaken by a commit of this process when a poll
            # finds it below what was known when it began: the store was set back, by a restore
            # or a failover.
            set_back = polled is not None and seq < min(polled, self._announced)
            if seq <= self._announced and not set_back:
                return
            self._announced = seq
        self._call_subscribers()

    def _call_subscribers(self) -> None:
        with self._lock:
            self._held_until = None
            subscribers = list(self._subscribers.items())
        for key, callback in subscribers:
            try:
                callback()
            except RuntimeError:
                # The subscriber's event loop has been closed: it will not listen again.
                with self._lock:
                    self._subscribers.pop(key, None)


class Reports:
    """What the watching thread says to its feed."""

    def __init__(self, feed: ChangeFeed) -> None:
        self._feed = feed
        self.wake_fd = feed._wake_reader
        """Readable when `closing` has changed."""

    def closing(self) -> bool:
        """Whether the watching shall end."""
        return self._feed._closing.is_set()

    def known(self) -> int:
        """The last sequence that was told of. A poll asks before it looks at the store."""
        return self._feed._announced

    def saw(self, seq: int, *, polled: int | None = None) -> bool:
        """The store stands at `seq`. Returns whether that was news.

        Args:
            seq: What was found.
            polled: What was `known` before a poll looked; None where a hint led here.
        """
        before = self._feed._announced
        self._feed._announce(seq, polled=polled)
        return self._feed._announced != before

    def held(self) -> float | None:
        """Seconds until this has to be called again for news that wait; see `ChangeFeed`."""
        return self._feed.tell_what_is_held()

    def look_again(self) -> None:
        """Something may have been missed."""
        self._feed._call_subscribers()

    def failed(self, error: OptdeskError) -> None:
        """The store cannot be watched."""
        self._feed._store.failed(error)
        if not self._feed._ill:
            self._feed._ill = True
            self._feed._call_subscribers()

    def well(self) -> None:
        """The store can be watched, perhaps again."""
        if self._feed._ill:
            self._feed._ill = False
            self._feed._store.recovered()
            self._feed._call_subscribers()


class Throttle:
    """Lets a burst through as its first call at once and then at most one each interval.

    The last call of a burst is never lost. Safe to call from any thread.

    Args:
        action: What to do; called in the caller's thread or a timer's.
        every: Seconds between two actions.
        later: Starts a function after some seconds; an event loop's `call_later` will do where
            every call comes from its thread.
    """

    def __init__(
        self,
        action: Callable[[], None],
        every: float = SCREEN_SECONDS,
        later: Callable[[float, Callable[[], None]], object] | None = None,
    ) -> None:
        self._action = action
        self.every = every
        """Seconds between two actions; may be changed at any time."""
        self._later = later or _start_timer
        self._lock = threading.Lock()
        self._last = -every
        self._waiting = False
        self._closed = False

    def __call__(self) -> None:
        """Act now or, soon after the last time, when the interval is over."""
        with self._lock:
            if self._waiting or self._closed:
                return
            moment = time.monotonic()
            wait = self._last + self.every - moment
            if wait > 0:
                self._waiting = True
            else:
                self._last = moment
        if wait > 0:
            self._later(wait, self._trail)
        else:
            self._action()

    def close(self) -> None:
        """Let nothing through any more."""
        with self._lock:
            self._closed = True

    def _trail(self) -> None:
        with self._lock:
            # From here on a call belongs to the next interval.
            self._waiting = False
            self._last = time.monotonic()
            if self._closed:
                return
        self._action()


def _start_timer(seconds: float, action: Callable[[], None]) -> None:
    timer = threading.Timer(seconds, action)
    timer.daemon = True
    timer.start()
