"""What a driver raises becomes a sentence that is true."""

from __future__ import annotations

import errno

import pytest
from sqlalchemy.exc import OperationalError, PendingRollbackError

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
