"""Identifiers: 63-bit integers that follow arrival, written as `con_` and 16 hex digits.

The upper 41 bits are milliseconds since 2020 (good until 2089), the lower 22 start at random
in each millisecond and count up inside a process. So a newer row has a larger id, no index is
written at a random place, and two processes need no agreement.
"""

from __future__ import annotations

import os
import random
import re
import threading
import time
from datetime import UTC, datetime

SERIAL_BITS = 22
"""Bits below the millisecond."""

LARGEST = 2**63 - 1
"""More than any id, and what a store takes as a number."""

_LAST_MS = LARGEST >> SERIAL_BITS
"""Milliseconds since 2020 that an id can carry. A clock that shows more has gone mad."""

EPOCH_MS = 1_577_836_800_000
"""2020-01-01 in milliseconds since 1970."""

_SHAPE = re.compile(r"^(?:[a-z]{3}_)?([0-9a-f]{16})$")


class IdMint:
    """Makes ids that never repeat and never fall within one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0
        # Asking the system anew for every millisecond costs five times as much. It need not be
        # secret: it only keeps two processes apart.
        self._chance = random.Random()  # noqa: S311
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._chance.seed)

    def take(self, at_ms: int | None = None) -> int:
        """The next id.

        Args:
            at_ms: Milliseconds since 1970 to carry; now when left out.
        """
        return self.take_many(1, at_ms)[0]

    def take_many(self, count: int, at_ms: int | None = None) -> range:
        """The next ids, as `take` gives them one by one."""
        if at_ms is None:
            at_ms = time.time_ns() // 1_000_000
        at_ms = max(1, at_ms - EPOCH_MS)
        if at_ms > _LAST_MS:
            # No store takes such an id, nor any that is counted up from it when the clock is right
            # again: better to count up from the last good one.
            at_ms = 1
        with self._lock:
            if at_ms > self._last >> SERIAL_BITS:
                first = (at_ms << SERIAL_BITS) | self._chance.getrandbits(SERIAL_BITS - 1)
            else:
                # The same millisecond, or a clock set back: count up from the last id.
                first = self._last + 1
            self._last = first + count - 1
        return range(first, first + count)


_mint = IdMint()
new_id = _mint.take
new_ids = _mint.take_many


def id_at(moment: datetime) -> int:
    """The smallest id that a row made at `moment` can have."""
    since = max(0, int(moment.timestamp() * 1000) - EPOCH_MS)
    return min(since << SERIAL_BITS, LARGEST)


def moment_of(ident: int) -> datetime:
    """When an id was made, in UTC, to the millisecond."""
    return datetime.fromtimestamp(((ident >> SERIAL_BITS) + EPOCH_MS) / 1000, UTC)


def public(prefix: str, ident: int) -> str:
    """An id as people and senders see it, such as `con_0190a1b2c3d4e5f6`."""
    return f"{prefix}_{ident:016x}"


def parse(text: str) -> int | None:
    """The integer behind a public id, or None when the text is none."""
    found = _SHAPE.match(text)
    ident = int(found[1], 16) if found else LARGEST + 1
    return ident if ident <= LARGEST else None
