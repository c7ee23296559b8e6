"""A store that is missing, locked, full, damaged, newer or replaced says so and is left alone."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url, text
from sqlalchemy.engine import Connection

from storage import checks, engine, groups, labels, phone_index, schema
from storage.counts import counts
from storage.driver import Written, fetch
from storage.errors import (
    StoreDamaged,
    StoreError,
    StoreReplaced,
    StoreTooNew,
    StoreUnavailable,
    WrongUsage,
)
from storage.store import Store
from storage.tallies import add_tallies
from storage.words import Actor
from tests.factories import lead, make_queued, put, switched_on
from tests.postgresql import server_in
from tests.waiting import PATIENCE, soon


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def is_well(store: Store) -> bool:
    return store.health.ok


def test_a_new_store_is_for_its_owner_alone(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/new.db")
    make_queued(store, 2)
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.glob("new.db*")}
    store.close()
    assert set(modes) >= {"new.db", "new.db-wal"}
    assert set(modes.values()) == {0o600}


def test_everything_is_synced_before_it_is_acknowledged(sqlite_store: Store) -> None:
    synchronous = sqlite_store.do(
        lambda conn: conn.execute(text("PRAGMA synchronous")).scalar_one()
    )
    journal = sqlite_store.do(lambda conn: conn.execute(text("PRAGMA journal_mode")).scalar_one())
    assert (synchronous, journal) == (2, "wal")


def test_postgresql_syncs_before_it_acknowledges(pg_url: str) -> None:
    store = Store.open(pg_url)
    try:
        assert (
            store.do(lambda conn: conn.execute(text("SHOW synchronous_commit")).scalar_one())
            == "on"
        )
    finally:
        store.close()


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="SKIPPED: only Linux tells")
def test_a_server_that_takes_nothing_any_more_is_not_waited_for_as_long_as_the_system_would(
    pg_url: str,
) -> None:
    with _by_tcp(pg_url) as url:
        store = Store.open(url)
        with store.read() as conn:
            told = [_patience_of(conn), store.do(_patience_of)]
        store.close()
    assert all(0 < milliseconds < 15_000 for milliseconds in told), told


def _patience_of(conn: Connection) -> int:
    """For how long the system tries to bring a server what it was sent."""
    driver: Any = conn.connection.dbapi_connection
    with socket.socket(fileno=os.dup(driver.fileno())) as line:
        return line.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)


@contextmanager
def _by_tcp(url: str) -> Iterator[str]:
    """A port that leads to a server that listens on a socket alone; gives the URL by which."""
    parsed = make_url(url)
    place = f"{parsed.query['host']}/.s.PGSQL.5432"
    with socket.create_server(("127.0.0.1", 0)) as port:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    theirs, ours = port.accept()[0], socket.socket(socket.AF_UNIX)
                    ours.connect(place)
                    for one, other in ((theirs, ours), (ours, theirs)):
                        threading.Thread(target=_pass_on, args=(one, other), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        number = port.getsockname()[1]
        by_port = parsed.set(host="127.0.0.1", port=number, query={"sslmode": "disable"})
        yield by_port.render_as_string(hide_password=False)
        port.shutdown(socket.SHUT_RDWR)


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    with one, suppress(OSError):
        while said := one.recv(65_536):
            other.sendall(said)
        other.shutdown(socket.SHUT_WR)


def test_a_line_that_the_server_ended_while_nobody_wrote_fails_no_lead(pg_url: str) -> None:
    store = Store.open(pg_url)
    switched_on(store)
    with psycopg.connect(pg_url, autocommit=True) as beside:
        for _ in range(3):
            put(store, lead())
            ended = [pid for (pid,) in beside.execute(_LINES).fetchall()]
            assert ended
            for pid in ended:
                beside.execute("SELECT pg_terminate_backend(%s)", (pid,))
            soon(lambda ended=ended: not any(map(runs, ended)))  # type: ignore[misc]
    put(store, lead())
    store.close()


_LINES = """
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'optdesk'
"""


def plan_of(conn: Connection, asked: Callable[..., Written]) -> list[tuple[Any, ...]]:
    """How PostgreSQL would look for the contact with a number."""
    holders, numbers = asked(conn, ["+14155550123"])
    return fetch(conn, f"EXPLAIN SELECT stage FROM contacts WHERE id IN ({holders})", numbers)


def test_postgresql_looks_rows_up_by_keys_also_before_it_knows_how_many_there_are(
    pg_url: str,
) -> None:
    store = Store.open(pg_url)
    switched_on(store)
    held = store.do(lambda conn: plan_of(conn, phone_index.held_by))
    ever = store.do(lambda conn: plan_of(conn, phone_index.ever_held_by))
    assert not any("Seq Scan" in row[0] for row in [*held, *ever]), (held, ever)
    store.close()


def test_the_sqlite_in_use_is_free_of_the_wal_reset_bug() -> None:
    if engine.sqlite_module().__name__ == "sqlite3" and not engine.sqlite_is_sound():
        pytest.skip("SKIPPED: no sound SQLite can be had on this platform")
    assert engine.sqlite_is_sound()


def test_two_who_make_the_same_store_get_one(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/both.db"
    with ThreadPoolExecutor(4) as pool:
        stores = list(pool.map(lambda _: Store.open(url), range(4)))
    assert len({store.fingerprint() for store in stores}) == 1
    for store in stores:
        store.close()
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith(".")] == []


def test_a_missing_folder_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="does not exist") as caught:
        Store.open(f"sqlite:///{tmp_path}/nowhere/optdesk.db")
    assert "mkdir -m 700" in caught.value.next_step


def test_a_missing_folder_can_be_made_as_it_is_told_whatever_it_is_called(tmp_path: Path) -> None:
    folder = tmp_path / "our leads; it's"
    with pytest.raises(StoreError) as caught:
        Store.open(f"sqlite:///{folder}/optdesk.db")
    words = shlex.split(caught.value.next_step.removeprefix("Make it with: "))
    assert words == ["mkdir", "-m", "700", "-p", str(folder)]


def test_a_missing_store_is_not_made_where_that_was_not_asked(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="There is no store at"):
        Store.open(f"sqlite:///{tmp_path}/none.db", create=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is an empty file"),
        (b"hello, world\n" * 50, "is no database"),
        (b"SQLite format 3\x00" + b"\x07" * 84, "cut short|damaged|no Optdesk store"),
    ],
    ids=["empty", "text", "garbage"],
)
def test_a_file_that_is_no_store_is_named_and_not_touched(
    tmp_path: Path, content: bytes, said: str
) -> None:
    path = tmp_path / "odd.db"
    path.write_bytes(content)
    with pytest.raises(StoreError, match=said) as caught:
        Store.open(f"sqlite:///{path}")
    assert caught.value.exit_code == 3
    assert str(path) in str(caught.value)
    assert path.read_bytes() == content


def test_a_store_cut_short_is_named_and_not_touched(sqlite_url: str) -> None:
    store = Store.open(sqlite_url)
    make_queued(store, 50)
    store.close()
    path = store.path
    assert path is not None
    for end in ("-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(StoreDamaged, match="cut short"):
        Store.open(sqlite_url)
    assert path.read_bytes() == whole[: len(whole) // 2]


def test_a_database_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    connection = engine.sqlite_module().connect(path)
    connection.execute("CREATE TABLE songs (title TEXT)")
    connection.commit()
    connection.close()
    with pytest.raises(StoreDamaged, match="no Optdesk store"):
        Store.open(f"sqlite:///{path}")


def test_a_newer_store_is_refused_untouched(any_store_url: str) -> None:
    store = Store.open(any_store_url)
    store.do(lambda conn: conn.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    store.close()
    with pytest.raises(StoreTooNew, match="newer Optdesk") as caught:
        Store.open(any_store_url)
    assert caught.value.exit_code == 3


def test_a_program_whose_store_is_upgraded_under_it_says_that_it_is_too_old(
    any_store_url: str,
) -> None:
    """It lacks what the older program knows, and looks damaged to it at first."""
    store = Store.open(any_store_url)
    make_queued(store, 1)

    def upgrade(conn: Connection) -> None:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        conn.execute(text("ALTER TABLE contacts RENAME COLUMN region TO country"))

    store.do(upgrade)
    with pytest.raises(StoreError):
        put(store, lead())
    for _ in range(3):
        with pytest.raises(StoreTooNew, match="newer Optdesk"):
            put(store, lead())
    assert store.health.next_step.startswith("Upgrade this program.")
    store.close()


def test_the_head_that_opening_believes_in_is_the_newest_migration() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_heads() == [schema.HEAD]


def test_the_migrations_make_the_tables_that_the_program_declares(store: Store) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext
    from sqlmodel import SQLModel

    def differences(conn: object) -> list[object]:
        options = {
            "include_object": lambda _thing, name, *_: (
                not str(name).startswith(("contacts_fts", "attempts_fts"))
            )
        }
        context = MigrationContext.configure(conn, opts=options)  # type: ignore[arg-type]
        return list(compare_metadata(context, SQLModel.metadata))

    assert store.do(differences) == []


def test_nonsense_is_no_store_url() -> None:
    for url in ("mysql://x/y", "sqlite://", "sqlite:///:memory:", "http://example.org", "://"):
        with pytest.raises(WrongUsage):
            Store.open(url)


def test_no_sentence_about_a_store_holds_its_password() -> None:
    url = "postgresql://ana:s3cret@db/leads?sslpassword=s3cret&password=s3cret&sslmode=require"
    said = engine.shown(engine.store_url(url))
    assert "s3cret" not in said
    assert said.startswith("postgresql://ana:***@db/leads?")
    assert "sslmode=require" in said


def test_a_store_held_for_a_moment_by_another_program_loses_nothing(sqlite_store: Store) -> None:
    switched_on(sqlite_store)
    other = engine.sqlite_module().connect(
        sqlite_store.path, isolation_level=None, check_same_thread=False
    )
    other.execute("BEGIN IMMEDIATE")
    threading.Timer(1.0, lambda: other.execute("ROLLBACK")).start()
    started = time.monotonic()
    [answer] = put(sqlite_store, lead())
    assert answer.outcome == "accepted"
    assert time.monotonic() - started > 0.8
    other.close()


def test_a_store_held_for_long_is_unavailable_and_recovers_by_itself(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    switched_on(sqlite_store)
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.3)
    other = engine.sqlite_module().connect(sqlite_store.path, isolation_level=None, timeout=10)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="held by another program"):
        put(sqlite_store, lead())
    assert not is_well(sqlite_store)
    other.execute("ROLLBACK")
    other.close()
    soon(lambda: is_well(sqlite_store), within=5)
    assert put(sqlite_store, lead())[0].outcome == "accepted"


def test_a_store_held_by_another_program_can_be_opened_and_read(sqlite_store: Store) -> None:
    switched_on(sqlite_store)
    put(sqlite_store, lead())
    other = engine.sqlite_module().connect(sqlite_store.path, isolation_level=None, timeout=10)
    other.execute("BEGIN IMMEDIATE")
    again = Store.open(sqlite_store.url)
    try:
        with again.read() as conn:
            assert sum(counts(conn).by_stage.values()) == 1
    finally:
        again.close()
        other.execute("ROLLBACK")
        other.close()


def test_a_full_disk_refuses_and_the_first_lead_after_it_is_taken(sqlite_store: Store) -> None:
    switched_on(sqlite_store)

    def fill(conn: object) -> None:
        pages = conn.execute(text("PRAGMA page_count")).scalar_one()  # type: ignore[attr-defined]
        conn.execute(text(f"PRAGMA max_page_count = {pages}"))  # type: ignore[attr-defined]

    sqlite_store.do(fill)
    with pytest.raises(StoreUnavailable, match="disk is full"):
        for _ in range(200):
            put(sqlite_store, lead(body="x" * 8000))
    assert not is_well(sqlite_store)
    # The limit belonged to the connection, which is never used again after a failure.
    assert put(sqlite_store, lead())[0].outcome == "accepted"
    assert is_well(sqlite_store)


@pytest.mark.parametrize("how", ["deleted", "replaced"])
def test_nothing_is_acknowledged_once_the_file_is_gone_or_another(
    sqlite_store: Store, how: str
) -> None:
    make_queued(sqlite_store, 1)
    path = sqlite_store.path
    assert path is not None
    if how == "deleted":
        path.unlink()
    else:
        copy = path.with_name("copy.db")
        shutil.copyfile(path, copy)
        copy.rename(path)
    with pytest.raises(StoreReplaced, match="deleted or replaced"):
        put(sqlite_store, lead())
    assert not is_well(sqlite_store)


def test_one_bad_item_does_not_take_its_neighbours_with_it(store: Store) -> None:
    switched_on(store)
    answers: list[object] = []
    ready = threading.Semaphore(0)

    def done(answer: object) -> None:
        answers.append(answer)
        ready.release()

    from storage.intake import take_in

    blocker = store.write(lambda _conn: time.sleep(0.2))
    items = [lead(), lead(evidence={"bad": object()}), lead()]
    for item in items:
        store.write_many(take_in, item, done)
    blocker.result()
    for _ in items:
        assert ready.acquire(timeout=PATIENCE)
    assert sum(isinstance(answer, Exception) for answer in answers) == 1
    with store.read() as conn:
        assert counts(conn).by_stage["confirming"] == 2  # type: ignore[index]


def test_a_verb_that_is_refused_leaves_nothing_behind(store: Store) -> None:
    def half_way(conn: object) -> None:
        conn.execute(text("UPDATE store_state SET chain_seq = 99"))  # type: ignore[attr-defined]
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        store.do(half_way)
    with store.read() as conn:
        assert conn.execute(text("SELECT chain_seq FROM store_state")).scalar_one() == 0


def test_a_verb_that_writes_nothing_announces_nothing(store: Store) -> None:
    heard: list[int] = []
    store.feed.subscribe(lambda: heard.append(1))
    store.do(lambda conn: conn.execute(text("SELECT 1")).scalar_one())
    store.do(lambda conn: None)
    assert heard == []
    switched_on(store)
    soon(lambda: heard)


def test_a_database_that_is_none_is_not_called_a_server_that_is_down(pg_url: str) -> None:
    with pytest.raises(StoreError, match="does not exist"):
        Store.open(str(make_url(pg_url).set(database="that_nobody_made")))


def test_postgresql_stopped_and_started_again_is_found_by_itself(tmp_path: Path) -> None:
    folder = Path("/tmp") / f"optdesk-stop-{os.getpid()}"
    server = server_in(folder)
    try:
        store = Store.open(server.get_uri())
        switched_on(store)
        assert put(store, lead())[0].outcome == "accepted"
        pid = server.get_pid()
        assert pid is not None
        os.kill(pid, signal.SIGQUIT)  # PostgreSQL's immediate shutdown
        # A commit that it could still make, but not answer, would be there afterwards.
        while runs(pid):
            time.sleep(0.05)
        with pytest.raises(StoreUnavailable, match="cannot be reached"):
            put(store, lead())
        server.start()
        soon(lambda: is_well(store), within=5)
        assert put(store, lead())[0].outcome == "accepted"
        with store.read() as conn:
            assert counts(conn).by_stage["confirming"] == 2  # type: ignore[index]
        store.close()
    finally:
        server.cleanup()


def test_a_check_finds_a_counter_that_is_wrong(store: Store) -> None:
    make_queued(store, 3)
    with store.read() as conn:
        report = checks.check(conn)
    assert (report.contacts, report.consent_events, report.faults) == (3, 3, ())
    store.do(
        lambda conn: conn.execute(text("UPDATE tallies SET n = 9 WHERE name = 'stage:queued'"))
    )
    with store.read() as conn:
        assert checks.check(conn).faults == ("the counter stage:queued says 9, but there are 3",)


def test_a_check_counts_groups_and_labels_that_nobody_is_in_and_names_a_broken_chain(
    store: Store,
) -> None:
    me = Actor.person("ana")
    make_queued(store, 1)
    group = store.do(lambda conn: groups.create(conn, me, "Spring")).id
    label = store.do(lambda conn: labels.create(conn, me, "hot")).id

    def faults() -> tuple[str, ...]:
        with store.read() as conn:
            return checks.check(conn).faults

    assert faults() == ()
    names = (f"group:{group}", f"label:{label}")
    store.do(lambda conn: add_tallies(conn, dict.fromkeys(names, 2)))
    assert faults() == tuple(f"the counter {name} says 2, but there are 0" for name in names)
    store.do(lambda conn: add_tallies(conn, dict.fromkeys(names, -2)))
    store.do(lambda conn: conn.execute(text("UPDATE store_state SET chain_seq = 9")))
    assert len(faults()) == 1
