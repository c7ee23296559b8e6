"""Stores to measure on, of either kind and any size, in a folder that goes afterwards."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

from benchmarks.servers import HERE
from storage import integration
from storage.engine import store_url
from storage.store import Store
from storage.tallies import read_tallies, stage_tally
from storage.words import Actor, Stage
from tests.postgresql import server_in

ME = Actor.person("bench")
KINDS = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


@dataclass(frozen=True)
class BenchStore:
    """A store that takes leads."""

    url: str
    key: str
    number_id: str


class Stores:
    """Makes stores; filled ones are filled once and copied.

    Args:
        folder: Where they lie.
        kept: Where filled ones lie, and stay for whoever comes next; in `folder` when left out.
        kinds: Which kinds of store are asked for.
    """

    def __init__(
        self, folder: Path, kept: Path | None = None, kinds: Collection[str] = KINDS
    ) -> None:
        self.folder = folder
        self.kinds = {kind: name for kind, name in KINDS.items() if kind in kinds}
        """Those that are asked for, and what people call them."""
        self._kept = kept
        self._made = 0
        self._server: Any = None
        self._database_folder = folder
        self._copies: list[str] = []

    def new(self, kind: str = "sqlite", contacts: int = 0, *, log: bool = False) -> BenchStore:
        """A store with the integration switched on and so many contacts in the queue.

        Args:
            kind: `sqlite` or `postgresql`.
            contacts: How many it holds.
            log: With the whole intake log in its search, as after a while of use.
        """
        self._made += 1
        url = (
            self._copy(kind, contacts, log) if contacts else self._place(kind, f"store{self._made}")
        )
        store = Store.open(url)
        try:
            added = store.do(lambda conn: integration.add(conn, ME))
        finally:
            store.close()
        return BenchStore(url, added.key or "", added.number_id or "num_test")

    def drop(self, made: BenchStore) -> None:
        """Gives back the room that a store takes."""
        if made.url.startswith("sqlite"):
            for path in self.folder.glob(Path(made.url.removeprefix("sqlite:///")).name + "*"):
                path.unlink()
        else:
            name = store_url(made.url).database
            self._admin(f"DROP DATABASE {name} WITH (FORCE)")

    def close(self) -> None:
        """Stops the database server."""
        if self._server is not None:
            if self._kept is not None:
                for name in self._copies:
                    self._admin(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            self._server.cleanup()
            if self._kept is None:
                shutil.rmtree(self._database_folder, ignore_errors=True)

    def _place(self, kind: str, name: str) -> str:
        if kind == "sqlite":
            return f"sqlite:///{self.folder / name}.db"
        self._copies.append(name)
        self._admin(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self._admin(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'")
        return self._database(name)

    def _copy(self, kind: str, contacts: int, log: bool) -> str:
        template = self._template(kind, contacts, log)
        name = f"copy{self._made}"
        if kind == "sqlite":
            made = self.folder / f"{name}.db"
            shutil.copyfile(template.removeprefix("sqlite:///"), made)
            made.chmod(0o600)
            # Or the first sync that is measured would write all of the copy to the disk.
            with made.open("rb+") as copied:
                os.fsync(copied.fileno())
            return f"sqlite:///{made}"
        self._copies.append(name)
        self._admin(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self._admin(f"CREATE DATABASE {name} TEMPLATE {_filled_name(contacts, log)}")
        # The same: or what is measured would share the disk with the copy, and wait for it.
        self._admin("CHECKPOINT")
        return self._database(name)

    def _template(self, kind: str, contacts: int, log: bool) -> str:
        """A filled store to copy; it is filled where there is none yet."""
        name = _filled_name(contacts, log)
        folder = self._kept or self.folder
        there = folder / f"{name}.{kind}.filled"
        file = folder / f"{name}.db"
        template = f"sqlite:///{file}" if kind == "sqlite" else self._database(name)
        if there.exists():
            return template
        if kind == "sqlite":
            file.unlink(missing_ok=True)
        else:
            self._place(kind, name)
            self._copies.remove(name)
        began = time.perf_counter()
        _fill(template, contacts, log)
        print(f"  (filled a {kind} store of {contacts:,} in {time.perf_counter() - began:.0f} s)")
        there.touch()
        return template

    def _database(self, name: str) -> str:
        url = store_url(self._postgresql()).set(database=name, drivername="postgresql")
        return url.render_as_string(hide_password=False)

    def _admin(self, statement: str) -> None:
        engine = create_engine(store_url(self._postgresql()), isolation_level="AUTOCOMMIT")
        with engine.connect() as conn:
            conn.execute(text(statement))
        engine.dispose()

    def _postgresql(self) -> str:
        if self._server is None:
            # A socket's path may have about a hundred characters.
            if self._kept is None:
                folder = Path(tempfile.mkdtemp(prefix="bench-pg-"))
            else:
                folder = self._kept / "pg"
                folder.mkdir(exist_ok=True)
            self._database_folder = folder
            self._server = server_in(folder, keep=self._kept is not None)
        return str(self._server.get_uri())


def _fill(url: str, contacts: int, log: bool) -> None:
    # In its own process, so that what it needs of memory is gone afterwards.
    command = [sys.executable, "-m", "benchmarks.fill", "--store", url]
    command += ["--contacts", str(contacts), *(["--log"] if log else [])]
    filled = subprocess.run(command, check=False, capture_output=True, text=True, cwd=HERE.parent)
    if filled.returncode:
        raise SystemExit(f"A store could not be filled:\n{filled.stderr}")


def _filled_name(contacts: int, log: bool) -> str:
    return f"filled{contacts}{'_log' if log else ''}"


@contextlib.contextmanager
def stores(kept: Path | None = None, kinds: Collection[str] = KINDS) -> Iterator[Stores]:
    """Stores that are gone afterwards, but for filled ones that are kept."""
    if kept is not None:
        kept = kept.absolute()
        kept.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="optdesk-bench-") as folder:
        made = Stores(Path(folder), kept, kinds)
        try:
            yield made
        finally:
            made.close()


def wait_until_queued(store: Store, seconds: float = 60.0) -> float:
    """Waits until no lead is on its way any more; returns when that was.

    Raises:
        TimeoutError: It took too long.
    """
    name = stage_tally(Stage.CONFIRMING)
    limit = time.perf_counter() + seconds
    while time.perf_counter() < limit:
        with store.read() as conn:
            left = read_tallies(conn, [name])[name]
        if left <= 0:
            return time.perf_counter()
        time.sleep(0.005)
    raise TimeoutError("Leads are still on their way.")
