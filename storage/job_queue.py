"""Who goes next: jobs wait here for the writer, and it takes those that share a transaction."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence

from storage.bell import Bell
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
        bell: Rung for a writer that does not wait here: see `take_if`.
    """

    def __init__(self, name: str, rest: float, bell: Bell | None = None) -> None:
        self._name = name
        self._rest = rest
        self._bell = bell
        self._jobs: list[Single | Item] = []
        self._urgent = 0
        """How many of them are."""
        self._patient: deque[Single] = deque()
        self._passed_over = 0
        self._patient_after = 0.0
        self._wake = threading.Condition()
        self._closing = False
        self._ring_at = 0
        """So many jobs make the bell ring; 0 for none."""

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

    def put(self, *jobs: Single | Item, patient: bool = False) -> None:
        """Lets jobs wait, all of them or none.

        Raises:
            StoreUnavailable: Too many wait already, or no more are taken.
        """
        with self._wake:
            if self._closing:
                raise StoreUnavailable(f"The store {self._name} is closing.")
            if patient:
                for job in jobs:
                    if isinstance(job, Single):
                        job.patient = True
                        self._patient.append(job)
                self._wake.notify()
                return
            if len(self._jobs) + len(jobs) > MOST_WAITING:
                raise StoreUnavailable(
                    f"The store {self._name} is overloaded.", "Send more slowly."
                )
            idle, moment = not self._jobs, time.monotonic()
            for job in jobs:
                job.since = moment
            self._jobs.extend(jobs)
            self._urgent += sum(map(is_urgent, jobs))
            if idle:
                self._wake.notify()
            if self._bell is not None and self._ring_at and self._are_enough(self._ring_at):
                self._ring_at = 0
                self._bell.ring()

    def put_back(self, jobs: Sequence[Single | Item]) -> None:
        """Lets jobs wait on that were taken and are to be tried again, before all others."""
        with self._wake:
            # A patient one is taken alone.
            patient = [job for job in jobs if isinstance(job, Single) and job.patient]
            self._patient.extendleft(reversed(patient))
            others = [job for job in jobs if isinstance(job, Item) or not job.patient]
            self._jobs[:0] = others
            self._urgent += sum(map(is_urgent, others))

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

    def take_if(self, least: int) -> list[Single | Item]:
        """Takes jobs that go together if so many wait, or one that cannot.

        Returns:
            The jobs; none where there are fewer. Then the bell rings as soon as there are enough.
        """
        with self._wake:
            enough = self._are_enough(least)
            self._ring_at = 0 if enough else least
            return self._take_turn() if enough else []

    def _are_enough(self, least: int) -> bool:
        return len(self._jobs) >= least or bool(self._urgent)

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
