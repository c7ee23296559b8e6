"""A SQLite store whose files are touched by others: beneath an open store, and before it opens."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from storage import contact_rows, labels, leftover_log, schema
from storage.counts import counts
from storage.engine import PAGE_BYTES, sqlite_module, store_url, write_engine
from storage.errors import StoreDamaged, StoreError, StoreReplaced
from storage.store import Store
from storage.words import Actor
from tests import programs
from tests.factories import lead, make_queued, put
from tests.waiting import PATIENCE, soon


def log_of(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def index_of(path: Path) -> Path:
    return path.with_name(path.name + "-shm")


def overwrite(path: Path, content: bytes) -> None:
    """Like `cp` over it: the same file with another content."""
    with path.open("r+b") as file:
        file.truncate(0)
        file.write(content)


def dd(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(bytes(100))


def replace_log(path: Path) -> None:
    copy = path.with_name("copy")
    shutil.copyfile(log_of(path), copy)
    copy.replace(log_of(path))


def by_hand(store: Store, statement: str) -> None:
    """What somebody does to a store without this program."""
    engine = write_engine(store_url(store.url), store.path)
    with engine.begin() as conn:
        conn.execute(text(statement))
    engine.dispose()


def file_of(store: Store) -> Path:
    assert store.path is not None
    return store.path


def how_many(store: Store) -> int:
    with store.read() as conn:
        return counts(conn).all


@pytest.fixture
def other_store(tmp_path: Path) -> bytes:
    store = Store.open(f"sqlite:///{tmp_path}/other.db")
    make_queued(store, 20)
    store.close()
    return file_of(store).read_bytes()


DAMAGE: dict[str, Callable[[Path, bytes, bytes], object]] = {
    "truncated": lambda path, *_: os.truncate(path, 0),
    "cut in half": lambda path, *_: os.truncate(path, path.stat().st_size // 2),
    "another store copied over it": lambda path, other, _old: overwrite(path, other),
    "an older copy of its own copied over it": lambda path, _other, old: overwrite(path, old),
    "its header overwritten": lambda path, *_: dd(path),
    "its log deleted": lambda path, *_: log_of(path).unlink(),
    "its index deleted": lambda path, *_: index_of(path).unlink(),
    "its log truncated": lambda path, *_: os.truncate(log_of(path), 0),
    "its log overwritten": lambda path, *_: dd(log_of(path)),
    "its log replaced": lambda path, *_: replace_log(path),
}


LOG_IS_SAVED = ("its log deleted", "its log replaced")


@pytest.mark.parametrize("name", DAMAGE)
def test_nothing_is_acknowledged_after_a_file_was_touched_and_nothing_written(
    sqlite_store: Store, other_store: bytes, name: str
) -> None:
    path = file_of(sqlite_store)
    old = path.read_bytes()
    make_queued(sqlite_store, 5)
    sqlite_store.do(lambda _conn: None)
    with closing(sqlite_module().connect(path)) as conn:
        conn.execute("PRAGMA wal_checkpoint(PASSIVE)")
    make_queued(sqlite_store, 5)
    DAMAGE[name](path, other_store, old)
    touched = path.read_bytes()
    for _ in range(2):
        with pytest.raises(StoreReplaced, match="while it was open"):
            put(sqlite_store, lead())
    assert not sqlite_store.health.ok
    sqlite_store.close()
    if name not in LOG_IS_SAVED:
        assert path.read_bytes() == touched


@pytest.mark.parametrize("name", ["another store copied over it", "its log overwritten"])
def test_a_touched_file_is_noticed_while_nobody_writes(
    sqlite_store: Store, other_store: bytes, name: str
) -> None:
    make_queued(sqlite_store, 5)
    DAMAGE[name](file_of(sqlite_store), other_store, b"")
    soon(lambda: not sqlite_store.health.ok, within=8)
    assert "while it was open" in sqlite_store.health.sentence


@pytest.mark.parametrize("name", LOG_IS_SAVED)
def test_what_a_deleted_log_held_is_saved(sqlite_store: Store, tmp_path: Path, name: str) -> None:
    path = file_of(sqlite_store)
    make_queued(sqlite_store, 30)
    DAMAGE[name](path, b"", b"")
    with pytest.raises(StoreReplaced, match="lost its log"):
        put(sqlite_store, lead())
    sqlite_store.close()
    saved = tmp_path / "saved.db"
    shutil.copyfile(path, saved)
    again = Store.open(f"sqlite:///{saved}")
    assert how_many(again) >= 30
    again.close()


def test_work_of_others_on_the_same_file_raises_no_alarm(
    sqlite_store: Store, sqlite_url: str
) -> None:
    second = Store.open(sqlite_url)
    for _ in range(4):
        make_queued(second, 40)
        make_queued(sqlite_store, 40)
        with closing(sqlite_module().connect(file_of(second))) as conn:
            conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            conn.execute("VACUUM")
            conn.execute("PRAGMA wal_checkpoint(RESTART)")
        second.look()
        sqlite_store.look()
    second.close()
    assert how_many(sqlite_store) == 320
    assert sqlite_store.health.ok


def place(store: Store) -> int:
    """The number of the newest transaction."""
    with store.read() as conn:
        return int(conn.execute(text("SELECT seq FROM store_state")).scalar_one())


def killed(store: Store, folder: Path) -> Path:
    """The files as `kill -9` would leave them now, in another folder."""
    folder.mkdir(exist_ok=True)
    path = folder / "killed.db"
    shutil.copyfile(file_of(store), path)
    shutil.copyfile(log_of(file_of(store)), log_of(path))
    return path


def test_a_log_that_a_kill_left_behind_is_always_taken_back(
    sqlite_store: Store, tmp_path: Path
) -> None:
    made, luck = 0, random.Random(7)
    for turn in range(12):
        made += len(make_queued(sqlite_store, luck.choice([1, 3, 80, 300])))
        if turn % 3:
            mode = luck.choice(["PASSIVE", "RESTART", "TRUNCATE"])
            with closing(sqlite_module().connect(file_of(sqlite_store))) as conn:
                conn.execute(f"PRAGMA wal_checkpoint({mode})")
        path = killed(sqlite_store, tmp_path / str(turn))
        if turn % 2:
            # A power cut may leave the end of the log torn.
            with log_of(path).open("ab") as log:
                log.write(log_of(path).read_bytes()[32:5000] + b"torn")
        again = Store.open(f"sqlite:///{path}")
        assert how_many(again) == made
        again.close()


def test_a_page_torn_by_a_power_cut_while_the_log_was_copied_is_mended_from_the_log(
    sqlite_store: Store, tmp_path: Path
) -> None:
    """Where its number takes a byte more, the row of the state moves, and with it the page's head.

    A disk writes sectors, not pages: either of both may be the only one that it wrote.
    """
    longer = 128

    def label_until(seq: int) -> None:
        while place(sqlite_store) < seq:
            name = f"label {place(sqlite_store)}"
            sqlite_store.do(partial(labels.create, who=Actor.person("ana"), name=name))

    label_until(longer - 2)
    with closing(sqlite_module().connect(file_of(sqlite_store))) as conn:
        conn.execute("PRAGMA wal_checkpoint(RESTART)")
    label_until(longer)
    before = killed(sqlite_store, tmp_path / "before")
    with closing(sqlite_module().connect(file_of(sqlite_store))) as conn:
        conn.execute("PRAGMA wal_checkpoint(PASSIVE)")
        query = "SELECT (rootpage - 1) * page_size, page_size FROM sqlite_schema, pragma_page_size"
        [(start, size)] = conn.execute(f"{query} WHERE name = 'store_state'")
    old, new = before.read_bytes(), file_of(sqlite_store).read_bytes()
    sectors = range(start, start + size, 512)
    written = [at for at in sectors if old[at : at + 512] != new[at : at + 512]]
    assert len(written) == 2
    for at in written:
        path = killed(sqlite_store, tmp_path / str(at))
        path.write_bytes(old[:at] + new[at : at + 512] + old[at + 512 :])
        again = Store.open(f"sqlite:///{path}")
        assert place(again) == longer
        again.close()


def foreign_log(folder: Path) -> bytes:
    """The log of a database that has nothing to do with Optdesk."""
    path = folder / "songs.db"
    with closing(sqlite_module().connect(path, isolation_level=None)) as conn:
        conn.execute("PRAGMA journal_mode = WAL")
        conn.execute("CREATE TABLE songs (title TEXT)")
        conn.execute("INSERT INTO songs VALUES ('x')")
        return log_of(path).read_bytes()


@pytest.mark.parametrize("which", ["songs", "another store", "newer", "older"])
def test_a_log_that_is_not_its_own_is_refused_before_it_is_replayed(
    sqlite_store: Store, tmp_path: Path, which: str
) -> None:
    make_queued(sqlite_store, 3)
    path = killed(sqlite_store, tmp_path / "kept")
    if which == "songs":
        log_of(path).write_bytes(foreign_log(tmp_path))
    elif which == "another store":
        other = Store.open(f"sqlite:///{tmp_path}/other.db")
        make_queued(other, 3)
        shutil.copyfile(log_of(file_of(other)), log_of(path))
        other.close()
    else:
        with closing(sqlite_module().connect(file_of(sqlite_store))) as conn:
            make_queued(sqlite_store, 3)
            conn.execute("PRAGMA wal_checkpoint(RESTART)")
        make_queued(sqlite_store, 3)
        now = killed(sqlite_store, tmp_path / "now")
        if which == "newer":
            # A backup was put back beside the log of what came later.
            shutil.copyfile(log_of(now), log_of(path))
        else:
            shutil.copyfile(now, path)
    before = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    with pytest.raises(StoreDamaged, match="is not its own") as caught:
        Store.open(f"sqlite:///{path}")
    assert caught.value.exit_code == 3
    assert f"move {log_of(path).name}" in caught.value.next_step
    assert {file.name: file.read_bytes() for file in path.parent.iterdir()} == before
    log_of(path).unlink()
    again = Store.open(f"sqlite:///{path}")
    assert again.health.ok
    again.close()


@pytest.mark.parametrize("glance", ["_state_in_file", "_read_log"])
def test_a_store_that_somebody_writes_to_all_the_time_can_be_opened(
    sqlite_store: Store, sqlite_url: str, monkeypatch: pytest.MonkeyPatch, glance: str
) -> None:
    """A busy listener begins its log anew several times a second."""
    usual = getattr(leftover_log, glance)

    def busy(*asked: Any) -> Any:
        found = usual(*asked)
        with closing(sqlite_module().connect(file_of(sqlite_store))) as conn:
            make_queued(sqlite_store, 2)
            conn.execute("PRAGMA wal_checkpoint(RESTART)")
            make_queued(sqlite_store, 2)
        return found

    monkeypatch.setattr(leftover_log, glance, busy)
    make_queued(sqlite_store, 3)
    second = Store.open(sqlite_url)
    assert how_many(second) == how_many(sqlite_store)
    second.close()


def test_a_store_may_be_opened_by_a_link_to_it(sqlite_store: Store, tmp_path: Path) -> None:
    make_queued(sqlite_store, 1)
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    link = folder / "leads.db"
    link.symlink_to(os.path.relpath(str(sqlite_store.path), folder))
    store = Store.open(str(link))
    try:
        assert store.path == sqlite_store.path
        make_queued(store, 1)
        with sqlite_store.read() as conn:
            assert counts(conn).all == 2
    finally:
        store.close()
    assert list(folder.iterdir()) == [link]


def test_a_store_says_on_its_file_what_it_is(sqlite_store: Store) -> None:
    with sqlite_store.read() as conn:
        assert conn.execute(text("PRAGMA application_id")).scalar_one() == 0x4F707464


def test_a_store_with_other_columns_is_named_when_it_is_opened(any_store_url: str) -> None:
    store = Store.open(any_store_url)
    by_hand(store, "ALTER TABLE notes RENAME COLUMN body TO wording")
    store.close()
    with pytest.raises(StoreDamaged, match=r"notes\.body is missing") as caught:
        Store.open(any_store_url)
    assert schema.HEAD in caught.value.sentence


def without_log(path: Path) -> None:
    """As a backup tool writes it: without a write-ahead log."""
    with closing(sqlite_module().connect(path)) as conn:
        conn.execute("PRAGMA journal_mode = DELETE")


OTHER_HANDS = {
    "newer": "UPDATE alembic_version SET version_num = '9999'",
    "of other columns": "ALTER TABLE notes RENAME COLUMN body TO wording",
}


@pytest.mark.parametrize("killed_with_a_log", [True, False])
@pytest.mark.parametrize("what", OTHER_HANDS)
def test_a_store_that_is_refused_keeps_every_byte(
    sqlite_store: Store, tmp_path: Path, what: str, killed_with_a_log: bool
) -> None:
    by_hand(sqlite_store, OTHER_HANDS[what])
    path = killed(sqlite_store, tmp_path / "kept")
    if not killed_with_a_log:
        without_log(path)
    before = {file.name: file.read_bytes() for file in (path, log_of(path)) if file.exists()}
    assert len(before) == 1 + killed_with_a_log
    with pytest.raises(StoreError, match=r"newer Optdesk|notes\.body is missing"):
        Store.open(f"sqlite:///{path}")
    after = {file.name: file.read_bytes() for file in (path, log_of(path)) if file.exists()}
    assert after == before


def test_a_store_whose_search_index_is_damaged_is_named(
    sqlite_store: Store, tmp_path: Path
) -> None:
    make_queued(sqlite_store, 3)
    path = killed(sqlite_store, tmp_path / "kept")
    without_log(path)
    with closing(sqlite_module().connect(path)) as conn:
        conn.execute("DELETE FROM contacts_fts_config")
        conn.execute("UPDATE contacts_fts_data SET block = x'aa' WHERE id = 10")
        conn.commit()
    with pytest.raises(StoreDamaged, match="is damaged"):
        Store.open(f"sqlite:///{path}")


def test_a_store_with_one_broken_page_is_named_with_its_newest_backup_and_not_touched(
    sqlite_store: Store, tmp_path: Path
) -> None:
    make_queued(sqlite_store, 50)
    for label, age in (("z", 200), ("a", 100)):
        backup = schema.backup(file_of(sqlite_store), label)
        os.utime(backup, (time.time() - age,) * 2)
    with closing(sqlite_module().connect(file_of(sqlite_store))) as conn:
        (page,) = conn.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'labels'")
    path = file_of(sqlite_store)
    sqlite_store.close()
    with path.open("r+b") as file:
        file.seek((page[0] - 1) * PAGE_BYTES)
        file.write(b"\xaa" * 64)
    before = path.read_bytes()
    with pytest.raises(StoreDamaged, match="is damaged") as caught:
        Store.open(f"sqlite:///{path}")
    assert str(backup) in caught.value.next_step
    assert path.read_bytes() == before


def page_size(path: Path) -> int:
    with closing(sqlite_module().connect(path)) as conn:
        return int(conn.execute("PRAGMA page_size").fetchone()[0])


def test_a_store_whose_pages_are_smaller_than_a_new_ones_is_used_and_watched_as_it_is(
    sqlite_store: Store, tmp_path: Path
) -> None:
    path, older = file_of(sqlite_store), tmp_path / "older.db"
    make_queued(sqlite_store, 3)
    sqlite_store.close()
    assert page_size(path) == PAGE_BYTES
    with closing(sqlite_module().connect(path)) as conn:
        conn.execute("PRAGMA page_size = 4096")
        conn.execute("VACUUM INTO ?", (str(older),))
    store = Store.open(f"sqlite:///{older}")
    try:
        assert [result.outcome for result in put(store, lead(), lead())] == ["accepted"] * 2
        assert store.health.ok
        older.unlink()
        with pytest.raises(StoreReplaced):
            put(store, lead())
    finally:
        store.close()


def test_a_store_whose_columns_go_while_it_is_open_stays_ill_until_they_are_back(
    store: Store,
) -> None:
    make_queued(store, 1)
    by_hand(store, "ALTER TABLE attempts RENAME COLUMN peer TO host")
    with pytest.raises(StoreDamaged, match="column"):
        put(store, lead())
    time.sleep(1.3)  # Longer than a store in trouble is tried by itself.
    assert not store.health.ok
    with pytest.raises(StoreDamaged, match=r"attempts\.peer is missing"):
        put(store, lead())
    by_hand(store, "ALTER TABLE attempts RENAME COLUMN host TO peer")
    put(store, lead())
    assert store.health.ok


def test_a_contact_in_a_stage_of_another_world_is_a_sentence(sqlite_store: Store) -> None:
    [ident] = make_queued(sqlite_store, 1)

    def spoil(conn: object) -> None:
        conn.execute(text("PRAGMA ignore_check_constraints = ON"))  # type: ignore[attr-defined]
        conn.execute(text("UPDATE contacts SET stage = 'out'"))  # type: ignore[attr-defined]

    sqlite_store.do(spoil)
    with sqlite_store.read() as conn, pytest.raises(StoreDamaged, match="stage"):
        contact_rows.rows_of(conn, [ident])


_SWAPPED = """
import os, shutil, sys
from storage import engine
from storage.counts import counts
from storage.errors import StoreReplaced
from storage.store import Store
from tests.factories import lead, put, switched_on

store = Store.open(sys.argv[1])
switched_on(store)
put(store, *[lead() for _ in range(40)])
connect = engine.connect_sqlite

def swap(path):
    engine.connect_sqlite = connect
    shutil.copyfile(path, f"{path}.copy")
    os.replace(f"{path}.copy", path)
    return connect(path)

with store.read() as first:
    engine.connect_sqlite = swap
    try:
        with store.read():
            print("read")
    except StoreReplaced:
        print("replaced")
    print(sum(counts(first).by_stage.values()), flush=True)
os._exit(0)
"""


def test_a_store_replaced_just_before_a_reader_opens_it_is_not_read(
    sqlite_url: str,
) -> None:
    with programs.start("-c", _SWAPPED, sqlite_url, stdout=subprocess.PIPE) as ended:
        said, _ = ended.communicate(timeout=PATIENCE)
    assert (said, ended.returncode) == ("replaced\n40\n", 0)
