"""Whom the writer tells what became of its transactions."""

from __future__ import annotations

from typing import Protocol

from sqlalchemy.engine import Connection

from storage.errors import OptdeskError


class Watcher(Protocol):
    """Whom the writer tells what became of its transactions."""

    def check(self) -> None:
        """Raises a StoreError when the store must not be written, such as a replaced file."""

    def probe(self, conn: Connection) -> None:
        """Raises a StoreError while a store that was found damaged still is."""

    def committing(self, seq: int | None) -> None:
        """A transaction that another soon follows is about to be committed, or is not."""

    def undone(self) -> None:
        """Something was undone, and is tried again: what was read in it may never have been."""

    def committed(self, seq: int, *, followed: bool) -> None:
        """A transaction that wrote something can be read by all; `seq` is its place in the store.

        On PostgreSQL, who waits for its answer may still wait for the disk.
        """

    def failed(self, error: OptdeskError) -> None:
        """A transaction failed; nothing of it is stored."""

    def recovered(self) -> None:
        """The store takes transactions again."""
