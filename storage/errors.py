"""What can go wrong, each with a title, a sentence and a next step."""

from __future__ import annotations


class OptdeskError(Exception):
    """Something a person should read.

    Args:
        sentence: What happened, whole, with the names of the things involved.
        next_step: What to do about it; may be empty.
    """

    title = "Something went wrong"
    exit_code = 1

    def __init__(self, sentence: str, next_step: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.next_step = next_step

    def __str__(self) -> str:
        return f"{self.sentence} {self.next_step}".strip()


class Refused(OptdeskError):
    """A rule forbids it. Nothing was changed."""

    title = "Not possible"


class NotFound(Refused):
    """What was named does not exist."""

    title = "Not found"


class WrongUsage(OptdeskError):
    """A command, setting or value that cannot be understood."""

    title = "Cannot be understood"
    exit_code = 2


class StoreError(OptdeskError):
    """The store cannot be used."""

    title = "The store cannot be used"
    exit_code = 3


class StoreUnavailable(StoreError):
    """The store cannot be used now but may be later: locked, full, stopped, overloaded."""

    title = "The store does not answer"


class StoreReadOnly(StoreUnavailable):
    """The store can be read but not written."""

    title = "The store is read-only"


class StoreReplaced(StoreError):
    """The store's file was deleted or replaced while it was open."""

    title = "The store was replaced"


class StoreTooNew(StoreError):
    """The store was written by a newer Optdesk."""

    title = "The store is newer than this program"


class StoreDamaged(StoreError):
    """The store's file is cut, overwritten or no database at all."""

    title = "The store is damaged"
