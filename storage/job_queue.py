"""Who goes next: jobs wait here for the writer, and it takes those that share a transaction."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence

from storage.errors import StoreUnavailable
from storage.jobs import Item, Single, is_urgent

MOST_WAITING = 20_000
"""Jobs that may wait; more are refused, so that an overload is answered and not hoarded."""

MOST_AT_ONCE = 500
"""Jobs in one transaction, so that none waits for an endless one."""

MOST_BESIDE_URGENT = 100
"""The same where one of them cannot wait."""

MOST_PASSED_OVER = 3
"""How many transactions may go before a job that is patient."""

RETRY_SECONDS = 1.0
"""How often a store in trouble is tried while nobody asks."""


class JobQueue:
    """Jobs of any thread, for the one that writes.

    Args:
        name: The store's name in sentences.
        rest: Seconds that the store is left alone between two patient jobs.
    """

    def __init__(self, name: str, rest: float) -> None:
        self._name = name
        self._rest = rest
        self._jobs: list[Single | Item] = []
        self._urgent = 0
        """How many of them are."""
        self._patient: deque[Single] = deque()
        self._passed_over = 0
        self._patient_after = 0.0
        self._wake = threading.Condition()
        self._closing = False

    def __len__(self) -> int:
        return len(self._jobs) + len(self._patient)

    @property
    def hurries(self) -> bool:
        """Whether jobs wait that are not patient."""
        return bool(self._jobs)

    @property
    def over(self) -> bool:
        """Whether nothing waits, and nothing ever will."""
        with self._wake:
            return self._closing and not len(self)

    def put(self, job: Single | Item, *, patient: bool = False) -> None:
        """Lets a job wait.

        Raises:
            StoreUnavailable: Too many wait already, or no more are taken.
        """
        with self._wake:
            if self._closing:
                raise StoreUnavailable(f"The store {self._name} is closing.")
            if patient and isinstance(job, Single):
                job.patient = True
                self._patient.append(job)
                self._wake.notify()
                return
            if len(self._jobs) >= MOST_WAITING:
                raise StoreUnavailable(
                    f"The store {self._name} is overloaded.", "Send more slowly."
                )
            job.since = time.monotonic()
            self._jobs.append(job)
            self._urgent += is_urgent(job)
            if len(self._jobs) == 1:
                self._wake.notify()

    def put_back(self, jobs: Sequence[Single | Item]) -> None:
        """Lets jobs wait on that were taken and are to be tried again, before all others."""
        with self._wake:
            # A patient one is taken alone.
            if len(jobs) == 1 and isinstance(jobs[0], Single) and jobs[0].patient:
                self._patient.appendleft(jobs[0])
                return
            self._jobs[:0] = jobs
            self._urgent += sum(map(is_urgent, jobs))

    def close(self) -> None:
        """Takes no more; what waits is still to be done."""
        with self._wake:
            self._closing = True
            self._wake.notify()

    def rest(self) -> None:
        """Leaves the store alone for a moment, as far as patient jobs go."""
        self._patient_after = time.monotonic() + self._rest

    def take(self, *, trying: bool) -> list[Single | Item]:
        """Waits for jobs that go together.

        Args:
            trying: Give up after `RETRY_SECONDS`: the store is to be tried again.

        Returns:
            The jobs; none when that time has passed, or when it is closing and all is done.
        """
        with self._wake:
            while not self._jobs:
                wait = 0.0
                if self._patient:
                    wait = self._patient_after - time.monotonic()
                    if wait <= 0 or self._closing:
                        return [self._take_patient()]
                elif self._closing:
                    return []
                elif trying:
                    wait = RETRY_SECONDS
                if not self._wake.wait(wait or None) and not self._patient:
                    return []
            return self._take_turn()

    def _take_turn(self) -> list[Single | Item]:
        if self._patient and self._passed_over >= MOST_PASSED_OVER and not self._urgent:
            return [self._take_patient()]
        self._passed_over = self._passed_over + 1 if self._patient else 0
        most = MOST_AT_ONCE
        if self._urgent:
            most = MOST_BESIDE_URGENT
            self._jobs.sort(key=is_urgent, reverse=True)
            self._urgent = max(0, self._urgent - most)
        jobs, self._jobs = self._jobs[:most], self._jobs[most:]
        return jobs

    def _take_patient(self) -> Single:
        self._passed_over = 0
        job = self._patient.popleft()
        job.since = job.since or time.monotonic()
        return job
