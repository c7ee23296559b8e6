"""A backup is whole, private and taken while leads come in."""

from __future__ import annotations

import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select

from storage import checks, schema
from storage.drafts import draft_of
from storage.errors import Refused
from storage.store import Store
from storage.tables import Contact
from tests import programs
from tests.factories import lead, put, switched_on
from tests.waiting import PATIENCE


def phones(store: Store) -> set[str]:
    with store.read() as conn:
        return set(conn.scalars(select(Contact.__table__.c.phone)))  # type: ignore[attr-defined]


def test_a_backup_under_load_ends_and_holds_what_was_acknowledged_before(
    sqlite_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Few pages at a time, so that many leads come in between the first page and the last.
    monkeypatch.setattr(schema, "_BACKUP_PAGES", 5)
    switched_on(sqlite_store)
    put(sqlite_store, *[lead() for _ in range(200)])
    assert sqlite_store.path is not None
    before = phones(sqlite_store)
    enough = threading.Event()

    def load() -> int:
        n = 0
        while not enough.is_set():
            n += len(put(sqlite_store, lead()))
        return n

    target = tmp_path / "copy.db"
    with ThreadPoolExecutor(3) as pool:
        loads = [pool.submit(load), pool.submit(load)]
        copied = pool.submit(schema.backup_to, sqlite_store.path, target)
        try:
            assert copied.result(timeout=PATIENCE) == target
        finally:
            enough.set()
        assert sum(each.result() for each in loads) > 0
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    restored = Store.open(f"sqlite:///{target}")
    try:
        assert before <= phones(restored)
        with restored.read() as conn:
            assert checks.check(conn).faults == ()
    finally:
        restored.close()
    assert [each.name for each in tmp_path.glob("*.part")] == []


def test_a_backup_overwrites_nothing(sqlite_store: Store, tmp_path: Path) -> None:
    assert sqlite_store.path is not None
    target = tmp_path / "mine.txt"
    target.write_text("mine")
    with pytest.raises(Refused, match="is there already"):
        schema.backup_to(sqlite_store.path, target)
    assert target.read_text() == "mine"
    assert list(tmp_path.glob("*.part")) == []


_KILLED = """
import os, sys
from pathlib import Path
from storage import schema
schema._sync = lambda _path: os.kill(os.getpid(), 9)
schema.backup(Path(sys.argv[1]), "by-hand")
"""


def test_what_a_kill_left_of_a_backup_is_taken_away_by_the_next_one(sqlite_store: Store) -> None:
    path = sqlite_store.path
    assert path is not None
    switched_on(sqlite_store)
    put(sqlite_store, lead())
    assert programs.run("-c", _KILLED, str(path)).returncode == -9
    (dead,) = path.parent.glob("*.part")
    dead.with_name(f"{dead.name}-journal").write_bytes(b"a page")
    others = [
        path.with_name(f"{path.name}.notes.part"),
        path.with_name(f"another.db.{'0' * 8}.part"),
    ]
    for each in others:
        each.write_text("mine")
    with draft_of(path.with_name(f"{path.name}.by-hand.backup")) as written:
        written.write_bytes(b"half a store")
        made = schema.backup(path, "by-hand")
        assert written.exists()
    assert sorted(path.parent.glob("*.part*")) == sorted(others)
    assert checks_out(made)


def checks_out(backup: Path) -> bool:
    """Whether a backup is a store that nothing is wrong with."""
    opened = Store.open(f"sqlite:///{backup}")
    with opened.read() as conn:
        faults = checks.check(conn).faults
    opened.close()
    return not faults
