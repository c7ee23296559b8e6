"""The way to one endpoint: its connections, how many at once, and one request."""

from __future__ import annotations

import asyncio
import re
import time
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from aiohttp import ClientError

from server.webhooks.deadline import Deadline
from server.webhooks.guard import Guard
from server.webhooks.letter import FIXED_HEADERS, Signer, body_of, headers_of
from server.webhooks.wire import Wire
from storage.deliveries import LONGEST_ANSWER, Parcel, Target, Tried
from storage.times import now

TRY_SECONDS = 15.0
"""How long a try may take, from the name server to the end of the answer."""

MOST_AT_ONCE = 64
"""Requests that one endpoint gets at once."""

_MOST_AHEAD = 256
"""Parcels that are claimed for a quick endpoint, so that it never waits for the store."""

_QUICK_MS = 250
"""What a quick endpoint takes for a parcel, with the wait for a free connection."""

_HANDFUL = 4
"""The share of its parcels that has to be free before a lane asks for more. A slow endpoint would
have the store look for one at a time."""

_AT_FIRST = 16
_FEWEST = 2

_ANSWER_SECONDS = 2.0
"""How long the rest of an answer is waited for once its status is known."""

_ILL_AFTER = 8
"""Failures in a row after which an endpoint counts as dead for now."""

_ERRNO = re.compile(r"Multiple exceptions: |\[Errno \d+\] ")

_ILL_PAUSE_SECONDS = 0.2
"""How long a dead endpoint is left alone between two handfuls of requests."""


class Lane:
    """One endpoint's own connections, so that none waits for another's.

    Args:
        target: The endpoint.
        guard: Decides where to connect to.
    """

    def __init__(self, target: Target, guard: Guard) -> None:
        self.target = target
        self.rests_until = 0.0
        """On the loop's clock: nothing is claimed before."""
        self._limit = _AT_FIRST
        self._busy = 0
        self._failures = 0
        self._signers = tuple(Signer(secret) for secret in target.secrets)
        self._deadline = Deadline(TRY_SECONDS)
        self._wire = Wire(
            target.url,
            FIXED_HEADERS,
            MOST_AT_ONCE,
            guard.socket_factory(urlsplit(target.url).hostname or ""),
            LONGEST_ANSWER,
            _ANSWER_SECONDS,
        )

    @property
    def room(self) -> int:
        """How many more parcels it can take: none while they are too few to be asked for."""
        free = self._limit - self._busy
        return free if free >= max(1, self._limit // _HANDFUL) else 0

    @property
    def busy(self) -> int:
        """How many requests are under way."""
        return self._busy

    async def post(self, parcel: Parcel) -> Tried:
        """Tries one parcel; never raises but when cancelled."""
        self._busy += 1
        try:
            tried = await self._try(parcel)
        finally:
            self._busy -= 1
        self._learn(tried)
        return tried

    async def close(self) -> None:
        """Drops the connections."""
        self._deadline.close()
        await self._wire.close()

    def _learn(self, tried: Tried) -> None:
        """More at once while it takes them, few while it fails: no stampede after an outage."""
        if tried.done:
            self._failures = 0
            if tried.took_ms < _QUICK_MS:
                self._limit = min(_MOST_AHEAD, self._limit + 1)
            elif self._limit > MOST_AT_ONCE:
                self._limit -= 1
            return
        self._failures += 1
        self._limit = max(_FEWEST, self._limit // 2)
        if self._failures >= _ILL_AFTER:
            self.rests_until = asyncio.get_running_loop().time() + _ILL_PAUSE_SECONDS

    async def _try(self, parcel: Parcel) -> Tried:
        body = body_of(parcel, seed=self.target.seed_body)
        headers = headers_of(parcel, body, self._signers, now())
        started = time.monotonic()
        status, retry_after = None, None
        try:
            with self._deadline:
                answer = await self._wire.post(body, headers)
        except TimeoutError:
            said = f"no answer within {TRY_SECONDS:.0f} s"
        except (ClientError, OSError, ValueError) as error:
            said = _fault(error)
        else:
            status, said = answer.status, answer.body.decode("utf-8", "replace")
            retry_after = _seconds(answer.headers.get("Retry-After", ""))
        return Tried(
            parcel.delivery_id,
            parcel.endpoint_id,
            parcel.tries,
            status,
            said,
            int((time.monotonic() - started) * 1000),
            retry_after,
        )


def _fault(error: Exception) -> str:
    """What went wrong, in a clause."""
    reason = getattr(error, "os_error", None) or error
    if isinstance(reason, OSError) and reason.strerror:
        return str(reason.strerror)
    # Several addresses, each with a fault of its own.
    return _ERRNO.sub("", str(reason)) or type(error).__name__


def _seconds(retry_after: str) -> float | None:
    """How long an endpoint asks to be left alone, or None where it does not say."""
    if not retry_after:
        return None
    written = retry_after.strip()
    if written.isascii() and written.isdigit():
        return float(written[:9])
    try:
        moment = parsedate_to_datetime(written)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    return max(0.0, (moment - now()).total_seconds())
