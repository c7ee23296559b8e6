"""Turns what a database driver raises into sentences."""

from __future__ import annotations

import os

from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from storage.errors import (
    OptdeskError,
    StoreDamaged,
    StoreError,
    StoreReadOnly,
    StoreUnavailable,
)

_AGAIN = "Close that program, or wait; a desk or listener that is open tries again by itself."
_FULL = ("cannot grow: the disk is full", "Free some space; no restart is needed.")
_RESTORE = "Restore a backup before anything more is written to it."

_SQLITE: tuple[tuple[str, type[StoreError], str, str], ...] = (
    (
        "locked",
        StoreUnavailable,
        "is held by another program",
        _AGAIN,
    ),
    (
        "busy",
        StoreUnavailable,
        "is held by another program",
        _AGAIN,
    ),
    (
        "is full",
        StoreUnavailable,
        *_FULL,
    ),
    (
        "no space left",
        StoreUnavailable,
        *_FULL,
    ),
    ("readonly", StoreReadOnly, "is read-only", "Give this user the right to write to it."),
    ("read-only", StoreReadOnly, "is read-only", "Give this user the right to write to it."),
    (
        "disk i/o",
        StoreUnavailable,
        "cannot be written: the disk reports an error",
        "Check the disk.",
    ),
    (
        "unable to open",
        StoreUnavailable,
        "cannot be opened",
        "Check that it exists and may be read.",
    ),
    (
        "malformed",
        StoreDamaged,
        "is damaged",
        _RESTORE,
    ),
    *(
        (sign, StoreDamaged, "is damaged: its search index cannot be read", _RESTORE)
        for sign in ("vtable constructor", "invalid fts5")
    ),
    (
        "could not decode",
        StoreDamaged,
        "is damaged: it holds text that is none",
        _RESTORE,
    ),
    (
        "not a database",
        StoreDamaged,
        "is no Optdesk store",
        _RESTORE,
    ),
    (
        "no such table",
        StoreDamaged,
        "lacks its tables",
        _RESTORE,
    ),
    (
        "no such column",
        StoreDamaged,
        "lacks a column",
        _RESTORE,
    ),
    (
        "has no column",
        StoreDamaged,
        "lacks a column",
        _RESTORE,
    ),
    (
        "encrypted",
        StoreDamaged,
        "is no Optdesk store",
        _RESTORE,
    ),
)

_POSTGRESQL: tuple[tuple[str, type[StoreError], str, str], ...] = (
    ("28", StoreError, "refuses this user", "Check user and password."),
    ("3D000", StoreError, "does not exist", "Create the database first."),
    ("25006", StoreReadOnly, "is read-only", "Connect to the primary server."),
    ("53", StoreUnavailable, "is out of space or connections", "Free some."),
    *(
        (state, StoreUnavailable, "is held by another program", _AGAIN)
        for state in ("55P03", "57014", "40P01", "40001")
    ),
    ("42P01", StoreDamaged, "lacks its tables", "Restore a backup."),
    ("42703", StoreDamaged, "lacks a column", "Restore a backup."),
    ("42501", StoreReadOnly, "may not be written by this user", "Grant it the rights to do so."),
    ("XX001", StoreDamaged, "is damaged", _RESTORE),
    ("XX002", StoreDamaged, "is damaged", _RESTORE),
    ("58", StoreUnavailable, "cannot be used: its disk reports an error", "Check the disk."),
)
"""By how PostgreSQL's codes begin."""

_REFUSED: tuple[tuple[str, str, str], ...] = (
    ("FATAL:  database ", " does not exist", "3D000"),
    ("FATAL:  role ", " does not exist", "28000"),
    ("", "authentication failed for user", "28P01"),
    ("", "no password supplied", "28P01"),
    ("FATAL:  no pg_hba.conf entry", "", "28000"),
    ("FATAL:  permission denied for database", "", "28000"),
)
"""What stands in the words of a server that turns a connection down, and the code for it: the
driver hands none on. In other languages than English it is as if the server were not reached."""

_CODES = {5: "busy", 6: "locked", 8: "readonly", 10: "disk i/o", 11: "malformed", 13: "is full"}
"""The words of SQLite's error codes, of which the last byte says what it is."""


def explain(error: BaseException, name: str) -> OptdeskError:
    """The sentence for what went wrong with the store called `name`.

    Errors that already are sentences come back as they are.
    """
    if isinstance(error, OptdeskError):
        return error
    if isinstance(error, PoolTimeout):
        return StoreUnavailable(
            f"The store {name} is too busy to answer.", "Wait a little, then try again."
        )
    if name.startswith("postgresql"):
        return _postgresql(error, name)
    return _sqlite(error, name)


def gave_way(error: StatementError) -> bool:
    """Whether a transaction was undone for another's sake alone; tried again, it may well do.

    As a deadlock's victim, because the two could not be put in an order, or because what was
    prepared does not fit tables that another program has changed, such as by an upgrade.
    """
    return getattr(error.orig, "sqlstate", None) in ("40P01", "40001", "0A000", "26000")


def is_held(error: BaseException) -> bool:
    """Whether a transaction waited in vain for somebody else's to end."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    if getattr(origin, "sqlstate", None) == "55P03":
        return True
    return type(origin).__name__ == "OperationalError" and "is locked" in str(origin)


def _sqlite(error: BaseException, name: str) -> StoreError:
    # A full disk ends the transaction, and then ending its savepoint fails as well: the
    # first error is the one to tell of.
    cause: BaseException | None = error
    while cause is not None:
        origin = cause.orig if isinstance(cause, DBAPIError) else cause
        said = str(origin).lower()
        # The search index has words of its own for what it met first.
        said = f"{_CODES.get(getattr(origin, 'sqlite_errorcode', 0) & 0xFF, '')} {said}"
        for sign, family, clause, step in _SQLITE:
            if sign in said:
                # As a store is opened, a disk without room is said to be one with an error.
                said_so = _FULL if sign == "disk i/o" and _is_full(name) else (clause, step)
                return family(f"The store {name} {said_so[0]}.", said_so[1])
        if isinstance(origin, OSError) and origin.strerror:
            return StoreUnavailable(
                f"The store {name} cannot be opened: {origin.strerror.lower()}.",
                "Give this user the right to enter its folder, to read it and to write it."
                if isinstance(origin, PermissionError)
                else "Check its name, its folder and its disk.",
            )
        cause = cause.__context__
    kind = type(error.orig if isinstance(error, DBAPIError) else error).__name__
    return StoreUnavailable(f"The store {name} reports {kind}.", "See the log.")


def _is_full(path: str) -> bool:
    """Whether the disk that holds a store has no room left."""
    try:
        return os.statvfs(path).f_bavail == 0
    except OSError:
        return False


def _postgresql(error: BaseException, name: str) -> StoreError:
    # Of a lost connection SQLAlchemy may speak without a word of the driver.
    said = error.orig if isinstance(error, DBAPIError) else error
    state = str(getattr(said, "sqlstate", None) or _state_of(str(said)))
    for sign, family, clause, step in _POSTGRESQL:
        if state.startswith(sign):
            return family(f"The store {name} {clause}.", step)
    return StoreUnavailable(
        f"The store {name} cannot be reached.",
        "See that it runs; a desk or listener tries again by itself until it answers.",
    )


def _state_of(refusal: str) -> str:
    """The code for what a server said that let nobody in; empty where it said something else."""
    for begins, goes_on, state in _REFUSED:
        if begins in refusal and goes_on in refusal:
            return state
    return ""
