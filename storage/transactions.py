"""What is known of a transaction of the writer once it was made, or sent."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.exc import StatementError

from storage.jobs import Answers, Item, Single


@dataclass(frozen=True, slots=True)
class Made:
    """A transaction that was committed."""

    answers: Answers
    seq: int | None = None
    """Its place in the store; None where it told nobody."""
    synced: bool = True
    """It is on the disk, or need not be; else that is left to who waits for the disk."""
    flushed: bool = False
    """It is on PostgreSQL's disk, and with it all before it."""


@dataclass(slots=True)
class Sent:
    """A transaction whose end is not waited for."""

    jobs: list[Single | Item]
    answers: Answers
    behind: bool
    """Its commit does not wait for the disk."""
    followed: bool
    error: StatementError | None = None
    """Why it failed."""
    wrong: bool = False
    """It rested on a guess that was wrong."""
