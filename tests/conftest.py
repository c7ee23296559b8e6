"""Stores for tests: real SQLite files and a real PostgreSQL."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, settings

from storage import engine, handovers, schema
from storage.engine import store_url
from storage.store import Store
from storage.words import Actor
from tests import pace
from tests.postgresql import server_in

ROOT = Path(__file__).parents[1]

IN_MEMORY = pace.folders_in_memory()
if IN_MEMORY:
    os.environ["PYTEST_DEBUG_TEMPROOT"] = IN_MEMORY

# How quick examples are made and tried says how busy the machine is, and nothing of what is tried.
settings.register_profile(
    "any-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any-machine")

# So does how long a server takes to answer, and who holds its lock to let go of it. And no program
# of another revision comes here. The trials keep to what a user meets.
if not pace.THOROUGH:
    engine.CONNECT_SECONDS = engine.BUSY_SECONDS = 20
    handovers.PATIENCE_SECONDS = 0.0

LAX = """
# Nothing here must survive a power cut, and hundreds of databases come and go.
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
autovacuum = off
"""


def pytest_xdist_auto_num_workers() -> int:
    """Half as many again as cores: a third of the time tests wait for something else."""
    return min(8, pace.cores() * 3 // 2 or 1)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Everything is imported."""
    pace.collect_seldom()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """Every test has been run."""
    pace.collect_once_more()


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One place after the other where nobody has lived, and none of them made yet.

    Most tests need no folder of their own, and making one takes longer than many of them.
    """
    folder = tmp_path_factory.mktemp("homes")
    return (folder / str(n) for n in count())


@pytest.fixture(autouse=True)
def _own_folders(homes: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the settings and stores of whoever runs it."""
    for name in [name for name in os.environ if name.startswith("OPTDESK_")]:
        monkeypatch.delenv(name)
    home = next(homes)
    monkeypatch.setenv("HOME", str(home))
    for variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(variable, str(home / variable.lower()))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite store to copy."""
    path = tmp_path_factory.mktemp("template") / "optdesk.db"
    url = store_url(f"sqlite:///{path}")
    schema.prepare(url, path, create=True, migrate=True)
    return path


@pytest.fixture
def sqlite_url(tmp_path: Path, sqlite_template: Path) -> str:
    """The URL of a fresh SQLite store in a file."""
    path = tmp_path / "optdesk.db"
    shutil.copyfile(sqlite_template, path)
    path.chmod(0o600)
    return f"sqlite:///{path}"


@pytest.fixture(scope="session")
def pg_server() -> Iterator[str]:
    """The URL of a running PostgreSQL, one for each test process."""
    # Not below pytest's own folder, which is deep.
    folder = Path(tempfile.mkdtemp(prefix="optdesk-pg-", dir=IN_MEMORY))
    server = server_in(folder, start=False)
    server.ensure_pgdata_inited()
    with (folder / "postgresql.conf").open("a") as settings:
        settings.write(LAX)
    server.start()
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def pg_admin(pg_server: str) -> Iterator[psycopg.Connection]:
    """A connection that makes databases; one of its own for each would take longer than they do."""
    with psycopg.connect(pg_server, autocommit=True) as conn:
        yield conn


@pytest.fixture(scope="session")
def pg_template(pg_server: str, pg_admin: psycopg.Connection) -> str:
    """The name of a migrated database to copy."""
    pg_admin.execute("CREATE DATABASE optdesk_template TEMPLATE template0 ENCODING 'UTF8'")
    schema.prepare(
        store_url(pg_server).set(database="optdesk_template"), None, create=True, migrate=True
    )
    return "optdesk_template"


@pytest.fixture
def pg_url(pg_server: str, pg_admin: psycopg.Connection, pg_template: str) -> Iterator[str]:
    """The URL of a fresh PostgreSQL store."""
    name = f"t_{secrets.token_hex(6)}"
    pg_admin.execute(f"CREATE DATABASE {name} TEMPLATE {pg_template} STRATEGY FILE_COPY")
    try:
        yield (
            store_url(pg_server)
            .set(database=name, drivername="postgresql")
            .render_as_string(hide_password=False)
        )
    finally:
        pg_admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def any_store_url(request: pytest.FixtureRequest) -> str:
    """The URL of a fresh store, once for each kind."""
    return str(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "pg_url"))


@pytest.fixture
def store(any_store_url: str) -> Iterator[Store]:
    """An open store, once for each kind."""
    opened = Store.open(any_store_url)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_store(sqlite_url: str) -> Iterator[Store]:
    """An open store in a SQLite file."""
    opened = Store.open(sqlite_url)
    yield opened
    opened.close()


@pytest.fixture
def me() -> Actor:
    """A person at a desk."""
    return Actor.person("ana")
