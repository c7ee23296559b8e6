"""What a driver raises becomes a sentence that is true."""

from __future__ import annotations

import errno

import pytest
from sqlalchemy.exc import OperationalError, PendingRollbackError

from storage.errors import StoreUnavailable
from storage.faults import explain

POSTGRESQL = "postgresql://desk:***@db/optdesk"


@pytest.mark.parametrize(
    ("error", "name", "says"),
    [
        # "fully" in SQLAlchemy's words is no full disk.
        (PendingRollbackError("Please rollback() fully before proceeding"), POSTGRESQL, "reached"),
        (PendingRollbackError("Please rollback() fully before proceeding"), "a.db", "Pending"),
        (OperationalError("", {}, Exception("database or disk is full")), "a.db", "disk is full"),
        (OSError(errno.ENOSPC, "No space left on device"), "a.db", "disk is full"),
        (PermissionError(errno.EACCES, "Permission denied"), "a.db", "opened: permission denied"),
    ],
)
def test_a_fault_is_named_for_what_it_is(error: Exception, name: str, says: str) -> None:
    assert says in explain(error, name).sentence


def test_a_disk_without_room_is_told_from_one_with_an_error(monkeypatch: pytest.MonkeyPatch):
    error = OperationalError("", {}, Exception("disk I/O error"))
    assert "reports an error" in explain(error, "a.db").sentence
    monkeypatch.setattr("storage.faults._is_full", lambda _path: True)
    assert "the disk is full" in explain(error, "a.db").sentence


@pytest.mark.parametrize(
    ("code", "says"),
    [(11 | 1 << 8, "damaged."), (5, "another program"), (13, "disk is full"), (1, "search index")],
)
def test_a_fault_of_the_search_index_is_named_for_what_it_is(code: int, says: str) -> None:
    class Fault(Exception):
        sqlite_errorcode = code

    error = OperationalError("", {}, Fault("vtable constructor failed: contacts_fts"))
    assert says in explain(error, "a.db").sentence


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ('FATAL:  database "nodb" does not exist', "does not exist"),
        ('FATAL:  role "u" does not exist', "refuses this user"),
        ('FATAL:  password authentication failed for user "u"', "refuses this user"),
        ("fe_sendauth: no password supplied", "refuses this user"),
        ('FATAL:  no pg_hba.conf entry for host "192.0.2.1", user "u"', "refuses this user"),
        ("FATAL:  the database system is starting up", "cannot be reached"),
        ("Connection refused\n\tIs the server running on that host?", "cannot be reached"),
        ("server closed the connection unexpectedly", "cannot be reached"),
    ],
)
def test_a_server_that_lets_nobody_in_is_told_from_one_that_is_not_there(said: str, says: str):
    whole = f'connection failed: connection to server at "127.0.0.1", port 5432 failed: {said}'
    found = explain(OperationalError("", {}, Exception(whole)), POSTGRESQL)
    assert says in found.sentence
    assert isinstance(found, StoreUnavailable) is (says == "cannot be reached")


@pytest.mark.parametrize(
    ("state", "says"), [("XX001", "damaged"), ("XX002", "damaged"), ("58030", "its disk")]
)
def test_a_damaged_server_is_not_one_that_cannot_be_reached(state: str, says: str) -> None:
    class Fault(Exception):
        sqlstate = state

    assert says in explain(OperationalError("", {}, Fault()), POSTGRESQL).sentence
