"""A circuit breaker: a provider in trouble is left alone, then tried with one text."""

from __future__ import annotations

from collections.abc import Sequence

from storage.texts import Receipt

FAILURES = 5
"""Texts in a row that the provider did not take, after which it is left alone."""

FIRST_SECONDS = 15.0
LONGEST_SECONDS = 60.0
"""No longer than a lead waits for its receipt: it may be one text alone that is not taken."""

_TROUBLE = ("retry", "unknown")


class CircuitBreaker:
    """Closed while the provider works, open while it is left alone, half open for a try."""

    def __init__(self) -> None:
        self.state = "closed"
        self.reason = ""
        self.opened_for = 0.0
        self._until = 0.0
        self._failures = 0

    def room(self, clock: float, wanted: int) -> int:
        """How many texts may be claimed now.

        Args:
            clock: Monotonic seconds.
            wanted: How many the courier would take.
        """
        if self.state == "closed":
            return wanted
        if clock < self._until:
            return 0
        self.state = "half_open"
        return 1

    @property
    def trying(self) -> bool:
        """Whether a single text is to show if the provider works again."""
        return self.state == "half_open"

    def wait(self, clock: float) -> float:
        """Seconds until texts may be claimed."""
        return max(0.0, self._until - clock) if self.state == "open" else 0.0

    def learn(self, clock: float, receipts: Sequence[Receipt]) -> bool:
        """Takes note of what the provider said; returns whether the state changed."""
        before = self.state
        for receipt in receipts:
            if receipt.status == "kept":
                continue
            if receipt.status in _TROUBLE:
                self._failures += 1
                self.reason = receipt.error
            else:
                self._failures = 0
                self.state, self.opened_for, self.reason = "closed", 0.0, ""
        if self._failures and (self._failures >= FAILURES or before == "half_open"):
            longer = self.opened_for * 2 if before == "half_open" else FIRST_SECONDS
            self.opened_for = min(LONGEST_SECONDS, max(FIRST_SECONDS, longer))
            self.state, self._until = "open", clock + self.opened_for
            self._failures = 0
        return self.state != before
