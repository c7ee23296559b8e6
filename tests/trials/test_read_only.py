"""A store on a file system that nobody can write to."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.counts import counts
from storage.errors import StoreReadOnly
from storage.store import Store
from tests.factories import lead, make_queued, put
from tests.server.served import Served
from tests.server.test_serve import address_of, serve

pytestmark = pytest.mark.trial


@pytest.fixture
def frozen(tmp_path: Path) -> Iterator[Path]:
    """A folder that can be filled until it is mounted read-only."""
    folder = tmp_path / "frozen"
    folder.mkdir()
    yield folder
    subprocess.run(["umount", folder], check=False, capture_output=True)


def freeze(folder: Path) -> None:
    for options in (["--bind", str(folder)], ["-o", "remount,ro,bind"]):
        done = subprocess.run(["mount", *options, str(folder)], check=False, capture_output=True)
        if done.returncode:
            pytest.skip("SKIPPED: mounting a folder read-only needs root's rights")


@pytest.mark.parametrize("left", ["nothing", "a log", "a log and its index"])
def test_a_store_on_a_read_only_mount_can_be_looked_at(frozen: Path, left: str) -> None:
    path = frozen.parent / "made.db"
    store = Store.open(f"sqlite:///{path}")
    make_queued(store, 7)
    if left == "nothing":
        store.close()
    for end in {"nothing": [""], "a log": ["", "-wal"]}.get(left, ["", "-wal", "-shm"]):
        shutil.copyfile(f"{path}{end}", f"{frozen}/optdesk.db{end}")
    freeze(frozen)
    url = f"sqlite:///{frozen}/optdesk.db"
    kept = Store.open(url)
    assert kept.read_only
    with kept.read() as conn:
        assert counts(conn).queue == 7
    with pytest.raises(StoreReadOnly, match="everything can be looked at"):
        put(kept, lead())
    with serve(url) as process:
        served = Served(kept, address_of(process), "", "")
        ready = served.get("/readyz")
        assert ready.status_code == 503
        assert "is read-only" in ready.json()["store"]["sentence"]
        assert served.put().status_code in (401, 503)
        served.session.close()
    kept.close()
    store.close()
